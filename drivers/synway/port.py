"""What all channels of the driver share: their lock, the maker's state as last known, media, links, numbers.

Operations of the host and events of the card take turns under `lock`, so each sees the channel at rest. An event that
does not continue from the state that we know (one was lost, doubled or late) makes the port ask the card.
"""

from __future__ import annotations

import abc
import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from boardd.contract.capabilities import Capability, Tone
from boardd.contract.driver import ChannelPort, DriverEvent, PlayRequest, Usable
from boardd.contract.errors import DeviceError
from boardd.contract.objects import Channel
from boardd.contract.states import CALL_STATES, ChannelState
from drivers.synway._codes import Event
from drivers.synway._native import VendorEvent
from drivers.synway.flow import Flow
from drivers.synway.media import Media
from drivers.synway.session import Session, log
from drivers.synway.switching import Switch

S = ChannelState
IN_CALL = CALL_STATES | {S.RELEASING}


class SynwayPort(ChannelPort):
    """Base of FXO, FXS, tap and digital ports. `vendor` is the maker's state (section 9) as last known."""

    def __init__(self, info: Channel, session: Session, switch: Switch) -> None:
        super().__init__(info, session.emit)
        self.session = session
        self.switch = switch
        self.ch = info.maker_channel
        self.vendor = 0
        self.lock = asyncio.Lock()
        self.media = Media(session, info.id, self.ch)

    # -- start --------------------------------------------------------------------------------------------------------
    async def prepare(self) -> None:
        """Settings of the channel, once after the library has started."""
        await self.media.prepare()

    @abc.abstractmethod
    async def clear(self) -> None:
        """Force the line on-hook or clear, whatever a dead predecessor left there."""

    @abc.abstractmethod
    def at_rest(self, vendor: int) -> bool:
        """Whether the maker's state is one in which the channel may be announced."""

    @abc.abstractmethod
    def adopt(self, vendor: int) -> None:
        """Take the state that the channel has when it is announced; sets `info.state`."""

    def announced(self, state: ChannelState, reason: str = "") -> None:
        """The state in which the host sees the channel first."""
        self.state = self.info.state = state
        self.info.reason = reason

    # -- events -------------------------------------------------------------------------------------------------------
    async def handle(self, event: VendorEvent) -> None:
        """One event of the card, in order."""
        async with self.lock:
            if event.code == Event.CH_STATE:
                await self._state_event(event.high, event.low)
            elif not await self.media.on_event(event, self.state in IN_CALL):
                await self.on_event(event)

    async def _state_event(self, old: int, new: int) -> None:
        if new == self.vendor:
            self.count("events_repeated")
            return
        if old != self.vendor:
            self.surprised()
            new = await self.session.ask(self.id, self.session.lib.SsmGetChState, self.vendor, self.ch)
        await self._enter(new)

    async def resync(self, vendor: int) -> None:
        """The card has been in state `vendor` for a while although no event said so."""
        async with self.lock:
            if vendor != self.vendor:
                log.warning("state_reconciled", channel=self.id, known=self.vendor, actual=vendor)
                self.surprised()
                await self._enter(vendor)

    def surprised(self) -> None:
        """The card's events did not tell what we see now: some were lost, doubled, late or out of order."""
        self.count("events_missed")

    def count(self, what: str) -> None:
        """Add one to a counter that is shown with the channel."""
        self.counters[what] = self.counters.get(what, 0) + 1

    async def _enter(self, new: int) -> None:
        if new != self.vendor:
            old, self.vendor = self.vendor, new
            await self.on_state(old, new)

    @abc.abstractmethod
    async def on_state(self, old: int, new: int) -> None:
        """The maker's state has changed."""

    async def on_event(self, event: VendorEvent) -> None:
        """An event that is neither state nor media."""

    async def tick(self, period_ms: int) -> None:
        """Every so often: look for what events may have missed."""
        async with self.lock:
            await self.media.tick()

    # -- usable or not ------------------------------------------------------------------------------------------------
    def make_unusable(self, reason: str) -> None:
        """idle -> out_of_service."""
        self.info.reason = reason
        if self.state is not S.OUT_OF_SERVICE and self.step(S.OUT_OF_SERVICE):
            self.emit(Usable(self.id, False, reason))

    def make_usable(self) -> None:
        """out_of_service -> idle."""
        if self.state is S.OUT_OF_SERVICE and self.step(S.IDLE):
            self.info.reason = ""
            self.emit(Usable(self.id, True))

    # -- helpers ------------------------------------------------------------------------------------------------------
    @asynccontextmanager
    async def turn(self, capability: Capability) -> AsyncIterator[None]:
        """The lock, and the state check again: it may have changed while we waited for our turn."""
        async with self.lock:
            self.require(capability)
            yield

    async def read_text(self, what: str) -> str:
        """A text of the channel: `caller`, `caller_name`, `called`, `original_called`."""
        lib, native = self.session.lib, self.session.native
        if what == "caller_name":
            return await self.session.text(self.id, lib.SsmGetCallerName, self.ch) if native.has(what) else ""
        function = {
            "caller": lib.SsmGetCallerId,
            "called": lib.SsmGetPhoNumStr,
            "original_called": lib.SsmGet1stPhoNumStr,
        }[what]
        return await self.session.text(self.id, function, self.ch)

    async def drop_sound(self) -> None:
        """The call is over: end its tasks and links. Failures are logged: they must not keep us from hanging up."""
        try:
            await self.media.release()
            await self.switch.forget(self.id)
        except DeviceError as error:
            log.warning("release_incomplete", channel=self.id, error=error.message)

    # -- ties ---------------------------------------------------------------------------------------------------------
    @property
    def flow(self) -> Flow:
        """Its sound to and from ties."""
        return self.media.flow

    async def carry(self, wanted: Callable[[], tuple[bool, bool]]) -> None:
        """See tie.Carrier."""
        async with self.lock:
            await self.media.carry(*wanted())

    def tell(self, *events: DriverEvent) -> None:
        """Emit events in order."""
        for event in events:
            self.emit(event)

    # -- operations that every kind shares ----------------------------------------------------------------------------
    async def _do_tone(self, tone: Tone | None) -> None:
        async with self.turn(Capability.TONE):
            await self.media.tone(tone)

    async def _do_send_digits(self, digits: str) -> None:
        async with self.turn(Capability.SEND_DIGITS):
            await self.media.send_digits(digits)

    async def _do_play(self, request: PlayRequest) -> None:
        async with self.turn(Capability.PLAY):
            await self.media.play(request)

    async def _do_stop_play(self) -> None:
        async with self.lock:
            await self.media.stop_play()

    async def _do_record(self, path: str) -> None:
        async with self.turn(Capability.RECORD):
            await self.media.record(path)

    async def _do_stop_record(self) -> None:
        async with self.lock:
            await self.media.stop_record()

    async def _do_recorded_samples(self) -> int:
        return await self.media.recorded_samples()
