"""Base of all ports: an open channel of DAHDI with its leg in the engine, and what every kind shares.

Events of a channel come through the engine while it reads the channel (`LineEvent`), and through the watcher for those
that the loop reads. Orders that may block go through the door, one after the other.
"""

from __future__ import annotations

import abc
import errno
from collections.abc import Callable

from boardd.contract.capabilities import Tone
from boardd.contract.driver import ChannelPort, DriverEvent, LineFree, PlayRequest, ReleasedByFar, Trouble, Usable
from boardd.contract.objects import Channel
from boardd.contract.states import ChannelState
from boardd.media.detect.profiles import CHINA
from boardd.media.engine.events import EngineEvent, Found, Hole, LineEvent, PortFailed
from boardd.media.engine.port import EnginePort
from drivers.dahdi._codes import Alarm, Event, Flush, Law
from drivers.dahdi._errors import GONE, DahdiError
from drivers.dahdi._native import Native
from drivers.dahdi.ears import Ears
from drivers.dahdi.health import SoundHealth
from drivers.dahdi.kernel_bridge import NOBODY, Line
from drivers.dahdi.media import Media
from drivers.dahdi.parts import Parts
from drivers.dahdi.session import log
from drivers.dahdi.settings import Echo

S = ChannelState
RESTING = (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN)
REMOVED = "card removed"
REMOVED_CAUSE = 41
TAPS_PER_MS = 8
READ_AGAIN_MS = 1000
ECHO = "echo"
"""Why the kernel may not carry a channel's talk: the engine cancels its echo, or perhaps will."""
OLD_MODULE = (errno.ENOTTY, errno.ENOSYS)


class DahdiPort(ChannelPort):
    """One channel. `number` is DAHDI's; `fd` -1: closed (the card is gone)."""

    def __init__(self, info: Channel, parts: Parts) -> None:
        super().__init__(info, parts.session.emit)
        self.session = parts.session
        self.sound = parts.sound
        self.switch = parts.switch
        self.bridge = parts.bridge
        self._tones = parts.tones.get(info.id, CHINA)
        self.number = info.maker_channel
        self.fd = -1
        self.sound_health = SoundHealth(lambda: self.session.clock, self.counters, self._trouble)
        self.on_removed: Callable[[], None] = lambda: None
        """The channel says that its card is gone."""
        self._engine: EnginePort | None = None
        self._media: Media | None = None
        self._ears: Ears | None = None
        self._kernel_echo = False
        self._unreadable = False

    @property
    def native(self) -> Native:
        """The library."""
        return self.session.native

    @property
    def attached(self) -> bool:
        """Whether the channel is open."""
        return self.fd >= 0

    @property
    def engine_port(self) -> EnginePort:
        """The leg in the engine. Raises DahdiError when the card is gone."""
        if self._engine is None:
            raise self._gone("engine")
        return self._engine

    @property
    def media(self) -> Media:
        """What is played, recorded, sent. Raises DahdiError when the card is gone."""
        if self._media is None:
            raise self._gone("media")
        return self._media

    @property
    def ears(self) -> Ears:
        """What is listened for. Raises DahdiError when the card is gone."""
        if self._ears is None:
            raise self._gone("detectors")
        return self._ears

    def _gone(self, what: str) -> DahdiError:
        return DahdiError(what, min(GONE), channel=self.id)

    # -- start and end ------------------------------------------------------------------------------------------------
    def open(self, native: Native) -> tuple[int, Law]:
        """On the door thread: open the channel, set it up, clear the line; descriptor and law. Raises DahdiError."""
        fd = native.open_channel(self.number)
        try:
            native.flush(fd, Flush.ALL)
            law = native.params(fd).law
            self.set_up(native, fd)
            self._part(native, fd)
        except DahdiError:
            native.close(fd)
            raise
        return fd, law

    @abc.abstractmethod
    def set_up(self, native: Native, fd: int) -> None:
        """On the door thread: settings of the open channel; force the line on-hook or clear."""

    def _part(self, native: Native, fd: int) -> None:
        """On the door thread: whatever a predecessor let the kernel send here, it is over. The kernel knows that."""
        try:
            native.monitor(fd, NOBODY)
        except DahdiError as error:
            if error.gone:
                raise
            log.warning("kernel_bridge_not_cleared", channel=self.id, error=error.message)

    def unless_old(self, request: str, ask: Callable[[], None]) -> None:
        """On the door thread: a refinement that old modules do not know; without it the channel does a little less."""
        try:
            ask()
        except DahdiError as error:
            if error.errno not in OLD_MODULE:
                raise
            log.warning("request_unknown", channel=self.id, request=request, error=error.message)

    def attach(self, fd: int, law: Law) -> None:
        """The channel is open as `fd`: give it a leg in the engine."""
        self.fd = fd
        self._engine = self.sound.device(fd, law, self._on_engine)
        self._media = Media(self.session, self.sound, self.id, self._engine, self.bridge)
        self._ears = Ears(self.sound, self._engine, self._tones)
        self.bridge.attach(self.id, Line(fd, self.number, law))

    def detach(self) -> None:
        """Give the leg and the channel back."""
        self.sound_health.close()
        self._readable()
        self.bridge.detach(self.id)
        self.switch.forget(self.id)
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.free()
        self._media = self._ears = None
        if self.fd >= 0:
            self.session.watcher.forget(self.fd)
            fd, self.fd = self.fd, -1
            self.session.order("close", self.native.close, fd)

    @abc.abstractmethod
    def begin(self, alarms: Alarm) -> None:
        """The channel is open (and about to be announced): take its first state. `alarms` of the channel."""

    def first(self) -> None:
        """The domain was announced: tell what differs from rest."""

    def announced(self, state: ChannelState, reason: str = "") -> None:
        """The state in which the host sees the channel first."""
        self.state = self.info.state = state
        self.info.reason = reason

    def step(self, new: ChannelState) -> bool:
        """See ChannelPort. What the kernel carries is taken back before a call is not connected any more."""
        if new is not S.CONNECTED:
            self.bridge.connected(self.id, False)
        stepped = super().step(new)
        if self.state is S.CONNECTED:
            self.bridge.connected(self.id, True)
        return stepped

    # -- events -------------------------------------------------------------------------------------------------------
    def _on_engine(self, event: EngineEvent) -> None:
        if isinstance(event, LineEvent):
            self.line_event(event.number)
        elif isinstance(event, Found):
            if self._ears is not None:
                self._ears.take(event)
        elif isinstance(event, PortFailed):
            self._failed(event.errno)
        elif isinstance(event, Hole):
            self.sound_health.hole(event.samples)
        elif self._media is not None:
            self._media.on_event(event)

    def line_event(self, number: int) -> None:
        """An event of the channel."""
        if number == Event.REMOVED:
            self.on_removed()
        elif self.attached:
            self.on_event(number)

    async def compare(self) -> None:
        """Every so often while it is attached: look for what events may have missed."""

    def resume(self, alarms: Alarm) -> None:
        """The card is back, the channel open again: as `begin`, but everybody knows the channel already."""
        self.begin(alarms)
        first, self.state = self.state, S.OUT_OF_SERVICE
        if first is S.IDLE:
            self.make_usable()

    @abc.abstractmethod
    def on_event(self, number: int) -> None:
        """An event of the channel, other than that its card is gone."""

    def _failed(self, number: int) -> None:
        if number in GONE:
            self.on_removed()
            return
        # Once a second, not once a block: a channel that cannot be read must not keep the others waiting.
        log.error("channel_failed", channel=self.id, errno=number)
        if not self._unreadable:
            self._unreadable = True
            self.emit(Trouble(self.id, "channel_broken", True, DahdiError("read", number).message))
        failed = self._engine
        self.session.later(READ_AGAIN_MS, lambda: self._read_again(failed))

    def _read_again(self, failed: EnginePort | None) -> None:
        if failed is None or failed is not self._engine:
            return
        if failed.state.failed and failed.state.running:
            failed.run()
        self.session.later(READ_AGAIN_MS, lambda: self._reads(failed))

    def _reads(self, port: EnginePort) -> None:
        if port is not self._engine:
            return
        if not port.state.failed:
            self._readable()
        elif not port.state.running:
            # Its call has ended meanwhile: whether it can be read again shows with the next one.
            self.session.later(READ_AGAIN_MS, lambda: self._reads(port))

    def _readable(self) -> None:
        if self._unreadable:
            self._unreadable = False
            self.emit(Trouble(self.id, "channel_broken", False))

    # -- the card is gone ---------------------------------------------------------------------------------------------
    def lost(self) -> None:
        """The card was pulled: end the call (origin card); out of service, after the hang-up if there was one."""
        self.abandon()
        self.detach()
        if self.state in RESTING:
            self.make_unusable(REMOVED)
        elif self.state is not S.RELEASING and self.step(S.RELEASING):
            self.emit(ReleasedByFar(self.id, REMOVED_CAUSE, "removed", REMOVED, "card"))

    @abc.abstractmethod
    def abandon(self) -> None:
        """Forget the call: nobody can be told any more."""

    def free_without_card(self) -> None:
        """The host has hung up a call whose card is gone."""
        if self.step(S.IDLE):
            self.emit(LineFree(self.id))
            self.make_unusable(REMOVED)

    # -- helpers ------------------------------------------------------------------------------------------------------
    def make_unusable(self, reason: str) -> None:
        """idle -> out_of_service; the reason may change while it lasts."""
        known, self.info.reason = self.info.reason, reason
        changed = reason != known if self.state is S.OUT_OF_SERVICE else self.step(S.OUT_OF_SERVICE)
        if changed:
            self.emit(Usable(self.id, False, reason))

    def make_usable(self) -> None:
        """out_of_service -> idle."""
        if self.state is S.OUT_OF_SERVICE and self.step(S.IDLE):
            self.info.reason = ""
            self.emit(Usable(self.id, True))

    def _trouble(self, code: str, raised: bool, text: str) -> None:
        self.emit(Trouble(self.id, code, raised, text))

    def tell(self, *events: DriverEvent) -> None:
        """Emit events in order."""
        for event in events:
            self.emit(event)

    def cancel_echo(self) -> None:
        """A conversation begins: by the kernel's canceller where the channel has one, else by the engine's."""
        wanted = self.session.settings.echo
        if wanted is not Echo.OFF:
            # The engine's canceller must know what was sent; the kernel's does.
            self.bridge.hold(self.id, ECHO)
        if wanted in (Echo.AUTO, Echo.KERNEL):
            taps = self.session.settings.echo_tail_ms * TAPS_PER_MS
            self.session.order(
                "ECHOCANCEL",
                self.native.echo_cancel,
                self.fd,
                taps,
                done=self._kernel_cancels,
                failed=lambda _error: self._kernel_cancels(False),
            )
        elif wanted is Echo.ENGINE:
            self._engine_cancels(self.engine_port)

    def _kernel_cancels(self, runs: bool) -> None:
        self._kernel_echo = runs
        auto = self.session.settings.echo is Echo.AUTO
        if not runs and auto and self._engine is not None and self.state is S.CONNECTED:
            self._engine_cancels(self._engine)
        else:
            self.bridge.let_go(self.id, ECHO)

    def _engine_cancels(self, port: EnginePort) -> None:
        self.sound.cancel_echo(port, True)
        if not self.sound.can_cancel_echo:
            self.bridge.let_go(self.id, ECHO)

    def end_sound(self) -> None:
        """The call is over: end its tasks and links. What is listened for stays."""
        if self._media is None or self._ears is None:
            return
        self.switch.forget(self.id)
        self._media.release()
        self._ears.again()
        self.bridge.let_go(self.id, ECHO)
        if self._kernel_echo:
            self._kernel_echo = False
            self.session.order("ECHOCANCEL", self.native.echo_cancel, self.fd, 0)

    def when_quiet(self, then: Callable[[], None]) -> None:
        """Call `then` when everything that was recorded is told."""
        if self._media is None:
            then()
        else:
            self._media.when_written(then)

    # -- operations that every kind shares ----------------------------------------------------------------------------
    async def _do_tone(self, tone: Tone | None) -> None:
        self.media.tone(tone)

    async def _do_send_digits(self, digits: str) -> None:
        self.media.send_digits(digits)

    async def _do_play(self, request: PlayRequest) -> None:
        await self.media.play(request)

    async def _do_stop_play(self) -> None:
        if self._media is not None:
            self._media.stop_play()

    async def _do_record(self, path: str) -> None:
        await self.media.record(path)

    async def _do_stop_record(self) -> None:
        if self._media is not None:
            self._media.stop_record()

    async def _do_recorded_samples(self) -> int:
        return self.media.recorded_samples()
