"""DTMF on a channel: hearing digits, waiting for them, and sending them (fact sheet section 12.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.core.events import Event as EngineEvent
from hwsim.core.events import Kind, Reason
from hwsim.kernel.sim import Timer
from hwsim.vendorlibs.synway.codes import ChType, ErrorCode, Event
from hwsim.vendorlibs.synway.enginehelp import stop_quietly
from hwsim.vendorlibs.synway.refusal import Refusal

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.channel import Channel

MAX_SEND = 50
MIN_DIGIT_MS = 40
DEFAULT_BUFFER = 200
SENDABLE = frozenset("0123456789*#ABCD,")


@dataclass
class WaitTask:
    """SsmSetWaitDtmf: ends at `limit` digits, at one of `ends`, or after the timeout."""

    limit: int
    ends: frozenset[str]
    with_end: bool
    timer: Timer
    got: str = ""


@dataclass
class DigitReceiver:
    """Receive buffer of one channel. `handler` is called for each digit (SsmSetRxDtmfHandler)."""

    channel: Channel
    buffer: str = ""
    total: int = 0
    enabled: bool = False
    handler: Callable[[str], None] | None = None
    wait: WaitTask | None = None
    wait_result: tuple[int, str] = (0, "")
    _needed: bool = False

    def enable(self, on: bool) -> None:
        """SsmEnableRxDtmf."""
        if on != self.enabled and self.channel.leg:
            self.enabled = on
            self._switch()

    def need(self, on: bool) -> None:
        """The card itself wants to hear digits (caller ID), whether the application does or not."""
        self._needed = on
        self._switch()

    def _switch(self) -> None:
        self.channel.sim.engine.dtmf_detect(self.channel.leg, self.enabled or self._needed)

    def clear(self) -> None:
        """SsmClearRxDtmfBuf."""
        self.buffer = ""
        self.total = 0

    def take_first(self) -> str:
        """SsmGet1stDtmfClr: the oldest digit, removed; empty when there is none."""
        first, self.buffer = self.buffer[:1], self.buffer[1:]
        return first

    def on_engine(self, event: EngineEvent) -> None:
        """A digit began on the line; it counts at once."""
        if event.kind == Kind.DTMF_ON and self.enabled:
            self.receive(chr(event.a))

    def receive(self, digit: str) -> None:
        """Put a digit into the buffer, raise E_CHG_RcvDTMF, then interrupt what a digit interrupts."""
        size = self.channel.driver.setting("RxDtmfBufSize", DEFAULT_BUFFER)
        if len(self.buffer) < size:
            self.buffer += digit
            self.total += 1
            self.channel.post(Event.E_CHG_RCV_DTMF, (self.total & 0xFFFF) << 16 | ord(digit))
        if self.handler:
            self.handler(digit)
        self._feed_wait(digit)
        self.channel.on_digit(digit)

    # -- waiting ------------------------------------------------------------------------------------------------------
    def start_wait(self, timeout_ms: int, limit: int, ends: str, with_end: bool) -> None:
        """Begin a wait task; raises Refusal while one runs or when reception is off."""
        if self.wait:
            raise Refusal(ErrorCode.FAILED, "a wait task is running")
        if not self.enabled:
            raise Refusal(ErrorCode.OPERATION_UNOPENED, "DTMF reception is disabled")
        timer = self.channel.sim.later(timeout_ms, self._end_wait, 2)
        self.wait = WaitTask(max(1, limit), frozenset(ends.replace("\0", "")), with_end, timer)
        self.wait_result = (0, "")
        for digit in self.buffer:
            self._feed_wait(digit)

    def _feed_wait(self, digit: str) -> None:
        task = self.wait
        if not task:
            return
        if digit in task.ends:
            task.got += digit if task.with_end else ""
            self._end_wait(3)
            return
        task.got += digit
        if len(task.got) >= task.limit:
            self._end_wait(4)

    def _end_wait(self, result: int) -> None:
        task, self.wait = self.wait, None
        if task:
            task.timer.cancel()
            self.wait_result = (result, task.got)
            self.channel.post(Event.E_PROC_WAIT_DTMF, result)

    def cancel_wait(self) -> bool:
        """SsmCancelWaitDtmf; False when none runs."""
        task, self.wait = self.wait, None
        if task:
            task.timer.cancel()
            self.wait_result = (0, "")
        return task is not None

    def on_remote_hangup(self) -> None:
        """A wait ends when the far end has gone."""
        self._end_wait(5)

    def close(self) -> None:
        """The library goes away."""
        self.cancel_wait()
        self.enable(False)

    def enable_default(self) -> None:
        """Reception as it is after start."""
        default = self.channel.kind in (ChType.FXS, ChType.TAP) or self.channel.driver.personality.dtmf_on
        self.enable(default)


@dataclass
class DigitSender:
    """Sending digits as sound: SsmTxDtmf, and the digits of an FXO dial."""

    channel: Channel
    source: int = 0
    on_ms: int = 80
    off_ms: int = 80
    _done: Callable[[], None] | None = None

    @property
    def active(self) -> bool:
        """Whether digits are being sent."""
        return self.source != 0

    def send(self, digits: str) -> None:
        """SsmTxDtmf; raises Refusal for bad digits or while the channel is sending something."""
        if not digits or len(digits) > MAX_SEND or not set(digits.upper()) <= SENDABLE:
            raise Refusal(ErrorCode.INVALID_PARAMETER, "bad DTMF string")
        busy = self.channel.speaking()
        if busy:
            raise Refusal(ErrorCode.FAILED, f"channel {self.channel.number} is sending {busy}, stop it first")
        self.channel.tone.stop()
        self._start(digits, None)

    def dial(self, digits: str, done: Callable[[], None]) -> None:
        """Send digits of a dial string and call `done`; no event."""
        self._start(digits, done)

    def _start(self, digits: str, done: Callable[[], None] | None) -> None:
        self._done = done
        self.source = self.channel.sim.engine.dtmf(
            self.channel.leg, digits.upper(), on_ms=self.on_ms, off_ms=self.off_ms
        )

    def stop(self) -> bool:
        """SsmStopTxDtmf: the task ends as aborted; False when none runs."""
        if not self.source:
            return False
        self.drop()
        self.channel.post(Event.E_PROC_SEND_DTMF, 1)
        return True

    def drop(self) -> None:
        """Stop without telling anybody."""
        source, self.source, self._done = self.source, 0, None
        if source:
            stop_quietly(self.channel.sim.engine, source)

    def on_engine(self, event: EngineEvent) -> None:
        """The engine has sent the last digit."""
        if event.kind != Kind.DTMF_SENT or event.id != self.source or event.a == Reason.STOPPED:
            return
        self.source, done, self._done = 0, self._done, None
        if done:
            done()
        else:
            self.channel.post(Event.E_PROC_SEND_DTMF, 0)
