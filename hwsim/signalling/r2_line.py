"""One MFC-R2 line (libopenr2) on one timeslot: line bits and register tones of one end, in simulated time.

The library works on what the channel really carries: bits that arrive with the multiframe, tones as A-law sound. While
registers are exchanging digits the channel is open for sound and moves every 20 ms; else only bits and timers matter.
"""

from __future__ import annotations

import os
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from boardd.contract.errors import ConfigurationError
from hwsim.kernel.sim import Sim, Timer
from hwsim.signalling._native import EPOCH_US, OPENR2, open_door
from hwsim.signalling.r2_deviations import Deviations
from hwsim.signalling.r2_profile import R2Cause, R2Profile
from hwsim.spanbus.channel import BLOCK_BYTES, Channel, ChannelEvent, Ready, Use

VERSION = "1.3."
CHINA = 40
WITH_CHARGE = 0
NATIONAL_SUBSCRIBER = 0
LOG_ERRORS = 1 | 2
MAX_DNIS = 20
AB, CD = 0b1100, 0b0011
IDLE, SEIZED = 0b1000, 0b0000
"""Line bits a and b of the forward side."""
ANSWERED, CLEAR_BACK = 0b0100, 0b1100
"""Those of the backward side."""

_CAUSES = tuple(R2Cause)


class R2EventKind(IntEnum):
    """What a line tells its user; numbers are those of native/r2_door.c."""

    CALL_INIT = 1
    """Seized by the far end."""
    CALL_OFFERED = 2
    """Numbers are complete: accept or refuse."""
    CALL_ACCEPTED = 3
    """KB free was sent or received, and registers are done."""
    CALL_ANSWERED = 4
    CALL_DISCONNECT = 5
    """The far end cleared; `disconnect` is to follow."""
    CALL_END = 6
    """Both ends are idle again."""
    HARDWARE_ALARM = 7
    OS_ERROR = 8
    PROTOCOL_ERROR = 9
    LINE_BLOCKED = 10
    LINE_IDLE = 11
    LOG = 12
    CLEAR_BACK = 101
    """The called party hung up, and may still lift again: our own event, the library knows no such wait."""
    ANSWERED_AGAIN = 102


@dataclass(frozen=True, slots=True)
class R2Event:
    """One event. `cause` goes with CALL_DISCONNECT, `text` with LOG and PROTOCOL_ERROR."""

    kind: R2EventKind
    ani: str = ""
    dnis: str = ""
    cause: R2Cause = R2Cause.NORMAL
    text: str = ""


class R2Context:
    """What all lines of one trunk share. One context per profile and side."""

    def __init__(self, sim: Sim, profile: R2Profile, max_dnis: int = MAX_DNIS) -> None:
        self.ffi, self.lib = open_door(OPENR2)
        self.sim = sim
        self.profile = profile
        version = self.ffi.string(self.lib.openr2_get_version()).decode("latin-1")
        if not version.startswith(VERSION):
            raise ConfigurationError(
                f"{OPENR2.soname} is version {version}; simulated MFC-R2 spans need {VERSION}x"
                f" (package {OPENR2.package})",
                package=OPENR2.package,
                library=OPENR2.soname,
            )
        self.handle = self.lib.openr2_context_new(
            self.ffi.NULL, self.lib.hwr2_callbacks(), self.ffi.NULL, CHINA, profile.max_ani, max_dnis
        )
        self.lib.openr2_context_set_ani_first(self.handle, 0)
        self.lib.openr2_context_set_log_level(self.handle, LOG_ERRORS)
        self._configure()
        self.plan = self._learn(profile.called_lengths)
        self._event = self.ffi.new("hwr2_event *")

    def _learn(self, lengths: Mapping[str, int]) -> int:
        """The number of a table of prefixes in the library, which knows each table once."""
        rules = frozenset(lengths.items())
        if rules not in _PLANS:
            plan = len(_PLANS) + 1
            for prefix, digits in sorted(rules):
                if self.lib.hwr2_plan_rule(plan, prefix.encode(), digits):
                    raise ConfigurationError(f"too many prefixes of called numbers, or {prefix!r} is too long")
            _PLANS[rules] = plan
        return _PLANS[rules]

    def _configure(self) -> None:
        fd = os.memfd_create("openr2")
        try:
            os.write(fd, self.profile.settings.encode())
            path = f"/proc/self/fd/{fd}".encode()
            if self.lib.openr2_context_configure_from_advanced_file(self.handle, path):
                raise ConfigurationError(f"{OPENR2.soname} refuses the settings of the trunk")
        finally:
            os.close(fd)

    def adopt(self, line: R2Line) -> int:
        """A place for a line in the library."""
        index = int(self.lib.hwr2_line_new(line.channel.slot, self.plan))
        if index < 0:
            raise ConfigurationError("too many simulated MFC-R2 lines in one process")
        _LINES[index] = line
        return index

    def tell_time(self) -> None:
        """Let the library's clock show now."""
        self.lib.hwr2_set_time(EPOCH_US + self.sim.now_us)

    def deliver(self) -> None:
        """Hand out what happened."""
        event = self._event
        while self.lib.hwr2_next_event(event):
            line = _LINES.get(event.line)
            if line is not None:
                line.on_native(self._copy(event))

    def _copy(self, event: Any) -> R2Event:
        kind = R2EventKind(event.kind)
        ani, dnis = (self.ffi.string(part).decode("latin-1") for part in (event.ani, event.dnis))
        if kind is R2EventKind.LOG:
            return R2Event(kind, text=ani.rstrip())
        if kind is R2EventKind.CALL_DISCONNECT:
            return R2Event(kind, cause=_CAUSES[event.value])
        if kind is R2EventKind.PROTOCOL_ERROR:
            return R2Event(kind, text=self.ffi.string(self.lib.openr2_proto_get_error(event.value)).decode("latin-1"))
        return R2Event(kind, ani, dnis)


_LINES: weakref.WeakValueDictionary[int, R2Line] = weakref.WeakValueDictionary()
"""By index in the library, which has one queue of events for all contexts."""


_PLANS: dict[frozenset[tuple[str, int]], int] = {}


def _free(lib: Any, chan: Any, index: int) -> None:
    lib.openr2_chan_delete(chan)
    lib.hwr2_line_free(index)


class R2Line:
    """The line of one channel. `on_event(event)` may be called from within any method here."""

    def __init__(self, context: R2Context, channel: Channel, on_event: Callable[[R2Event], None]) -> None:
        self.context = context
        self.channel = channel
        self.deaf = False
        """Fault: the far end's line bits are not looked at (no seizure acknowledgement)."""
        self.in_only = channel.slot in context.profile.in_only
        self._told_bits = 0
        self._clear_back: Timer | None = None
        self.log: deque[str] = deque(maxlen=50)
        self._on_event = on_event
        self._lib, self._ffi = context.lib, context.ffi
        self._timer: Timer | None = None
        self._events: deque[R2Event] = deque()
        self._delivering = False
        self._block = self._ffi.new("uint8_t[]", BLOCK_BYTES)
        self._index = context.adopt(self)
        context.tell_time()
        fd = self._lib.hwr2_line_fd(self._index)
        self._chan = self._lib.openr2_chan_new_from_fd(context.handle, fd, self._ffi.NULL, self._ffi.NULL)
        if self._chan == self._ffi.NULL:
            raise ConfigurationError(
                f"{OPENR2.soname} cannot use its line; another part of this process loaded it first"
            )
        self.deviations = Deviations(self._lib, self._ffi, self._chan, self._index, context.profile)
        weakref.finalize(self, _free, self._lib, self._chan, self._index).atexit = False
        self._lib.hwr2_hook_log(self._chan)
        self._lib.openr2_chan_set_log_level(self._chan, LOG_ERRORS)
        channel.hook = self._channel_ready

    # -- calls ------------------------------------------------------------------------------------------------------
    def set_idle(self) -> None:
        """Send idle (示闲)."""
        self._do(self._lib.openr2_chan_set_idle)

    def set_blocked(self) -> None:
        """Send blocked (闭塞)."""
        self._do(self._lib.openr2_chan_set_blocked)

    def make_call(self, ani: str, dnis: str) -> bool:
        """Seize the line and send the numbers; False when it cannot be seized now."""
        self._open()
        done = self._do(
            self._lib.openr2_chan_make_call,
            self._ffi.new("char[]", ani.encode()) if ani else self._ffi.NULL,
            self._ffi.new("char[]", dnis.encode()),
            NATIONAL_SUBSCRIBER,
        )
        if not done:
            self._close()
        return done

    def accept(self) -> None:
        """KB: subscriber free."""
        self._do(self._lib.openr2_chan_accept_call, WITH_CHARGE)

    def answer(self) -> None:
        """Answer line signal."""
        self._do(self._lib.openr2_chan_answer_call)

    def disconnect(self, cause: R2Cause) -> None:
        """Refuse by KB, clear forward or clear back, whichever the state asks for."""
        self._do(self._lib.openr2_chan_disconnect_call, _CAUSES.index(cause))

    # -- inside -----------------------------------------------------------------------------------------------------
    def on_native(self, event: R2Event) -> None:
        """An event of the library; delivered when it has returned."""
        if event.kind is R2EventKind.LOG:
            self.log.append(event.text)
        else:
            self._events.append(event)

    def _do(self, function: Callable[..., int], *arguments: Any) -> bool:
        self.context.tell_time()
        done = function(self._chan, *arguments) == 0
        self._settle()
        return done

    def _channel_ready(self, channel: Channel) -> None:
        while channel.ready & Ready.EVENT:
            if channel.take_event() is ChannelEvent.BITS_CHANGED:
                self._look_at_bits()
        while (block := channel.read()) is not None:
            self._lib.hwr2_give(self._index, block, len(block))
            self._lib.hwr2_grant(self._index, BLOCK_BYTES)
            self._process()

    def hear_again(self) -> None:
        """After `deaf`: look at the line bits as they are."""
        self.deaf = False
        self._look_at_bits()

    def _look_at_bits(self) -> None:
        """Tell the library of the far end's line bits, unless they have no meaning here."""
        bits, cd = self.channel.rx_bits, self.context.profile.cd
        strange = bits & CD != cd or (self.in_only and bits & AB == SEIZED and self.channel.tx_bits & AB == IDLE)
        if not self.deaf and not strange and not self._waits_for_reanswer(bits & AB):
            self._told_bits = bits & AB
            self._lib.hwr2_receive_bits(self._index, bits | CD)
            self._process()

    def _waits_for_reanswer(self, bits: int) -> bool:
        """Keep clear back from the library for as long as the exchange waits; an answer meanwhile is none."""
        wait_ms = self.context.profile.clear_back_ms
        waiting = self._clear_back is not None and self._clear_back.active
        ours = self.channel.tx_bits & AB == SEIZED and self._told_bits == ANSWERED
        if self._clear_back:
            self._clear_back.cancel()
        if ours and bits == CLEAR_BACK and wait_ms and not waiting:
            self._clear_back = self.context.sim.later(wait_ms, self._look_at_bits_again)
            self._on_event(R2Event(R2EventKind.CLEAR_BACK))
            return True
        if ours and bits == ANSWERED and waiting:
            self._on_event(R2Event(R2EventKind.ANSWERED_AGAIN))
            return True
        return False

    def _look_at_bits_again(self) -> None:
        """The wait is over: clear back is what it says."""
        self._told_bits = self.channel.rx_bits & AB
        self._lib.hwr2_receive_bits(self._index, self.channel.rx_bits | CD)
        self._process()

    def _process(self) -> None:
        self.context.tell_time()
        self._lib.openr2_chan_process_event(self._chan)
        self._settle()

    def _settle(self) -> None:
        """Send bits and tones, set the timer for what the library waits for, deliver events."""
        bits = self._lib.hwr2_sent_bits(self._index)
        if bits:
            self.channel.send_bits((bits & AB) | self.context.profile.cd)
        while size := self._lib.hwr2_take(self._index, self._block, BLOCK_BYTES):
            self.channel.write(self.deviations.wanted(bytes(self._ffi.buffer(self._block, size))))
        if self._timer:
            self._timer.cancel()
            self._timer = None
        wait_ms = self._lib.openr2_chan_get_time_to_next_event(self._chan)
        if wait_ms >= 0:
            self._timer = self.context.sim.later(max(1, wait_ms), self._process)
        self.context.deliver()
        self._deliver()

    def _deliver(self) -> None:
        if self._delivering:
            return
        self._delivering = True
        try:
            while self._events:
                event = self._events.popleft()
                if event.kind is R2EventKind.CALL_INIT:
                    self._open()
                elif event.kind in (R2EventKind.CALL_ACCEPTED, R2EventKind.CALL_END):
                    self._close()
                self._on_event(event)
        finally:
            self._delivering = False

    def _open(self) -> None:
        if self.channel.use is not Use.SOUND:
            self.channel.open_sound()

    def _close(self) -> None:
        self.channel.close()
