"""Rings an analogue line with cadence and sends the caller's number in its place (facts 1.3, 1.6, 1.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hwsim.exchange.party import TimerSet, stop_sound
from hwsim.line.analog import AnalogLine, CallerIdMessage

FSK_AFTER_RING_MS = 600.0
FSK_BITS_PER_SECOND = 1200
# 300 seizure bits, 180 mark bits, then ten bits for each of: type, length, date (2 + 8), number (2 + n), checksum.
FSK_FIXED_BITS = 300 + 180 + 10 * (2 + 10 + 2 + 1) + 2
DTMF_ON_MS = 70
DTMF_OFF_MS = 70
DTMF_LEAD_MS = 300.0


class CallerIdForm(StrEnum):
    """How a line gets the caller's number."""

    NONE = "none"
    FSK = "fsk"
    DTMF = "dtmf"
    """Before the first ring."""
    DTMF_AFTER_RING = "dtmf_after_ring"
    """Between first and second ring."""


@dataclass(frozen=True, slots=True)
class RingOptions:
    """How a line rings. `dtmf_start` and `dtmf_stop` frame the number when it is sent as DTMF."""

    ring_on_ms: int = 1000
    ring_off_ms: int = 4000
    caller_id: CallerIdForm = CallerIdForm.FSK
    dtmf_start: str = "D"
    dtmf_stop: str = "C"
    bad_checksum_first: bool = False
    """The first FSK transmission is spoilt; it is repeated after the second ring."""


def fsk_duration_ms(number: str) -> float:
    """Air time of an MDMF message with date and number."""
    return (FSK_FIXED_BITS + 10 * len(number)) * 1000 / FSK_BITS_PER_SECOND


class Ringer:
    """Ringing of one line, from `start` to `stop`; `first_ring` is called when the bell sounds for the first time."""

    def __init__(self, line: AnalogLine, date: Callable[[], str], first_ring: Callable[[], None]) -> None:
        self.line = line
        self.sim = line.sim
        self.active = False
        self._date = date
        self._first_ring = first_ring
        self._options = RingOptions()
        self._number = ""
        self._rings = 0
        self._source = 0
        self._timers = TimerSet(line.sim)

    def start(self, number: str, options: RingOptions) -> None:
        """Ring with the cadence of `options` and send `number` (empty: number absent, nothing is sent)."""
        self.active = True
        self._options = options
        self._number = number
        self._rings = 0
        if options.caller_id is CallerIdForm.DTMF and number:
            self._timers.start("dtmf", DTMF_LEAD_MS, self._send_dtmf, self._burst)
        else:
            self._burst()

    def stop(self) -> None:
        """End ringing; a caller-ID transmission on its way is lost."""
        self.active = False
        self._timers.cancel()
        if self._source:
            stop_sound(self.sim.engine, self._source)
            self._source = 0
        self.line.ring(False)

    def _burst(self) -> None:
        self._rings += 1
        self.line.ring(True)
        self._timers.start("off", self._options.ring_on_ms, self._pause)
        if self._rings == 1:
            self._first_ring()

    def _pause(self) -> None:
        self.line.ring(False)
        self._timers.start("on", self._options.ring_off_ms, self._burst)
        form, options = self._options.caller_id, self._options
        if not self._number:
            return
        if form is CallerIdForm.DTMF_AFTER_RING and self._rings == 1:
            self._timers.start("dtmf", DTMF_LEAD_MS, self._send_dtmf, None)
        if form is CallerIdForm.FSK and (self._rings == 1 or (self._rings == 2 and options.bad_checksum_first)):
            good = not (options.bad_checksum_first and self._rings == 1)
            self._timers.start("fsk", FSK_AFTER_RING_MS + fsk_duration_ms(self._number), self._fsk_sent, good)

    def _fsk_sent(self, good: bool) -> None:
        self.line.send_caller_id(CallerIdMessage(self._number, "fsk", date=self._date(), good=good))

    def _send_dtmf(self, then: Callable[[], None] | None) -> None:
        digits = f"{self._options.dtmf_start}{self._number}{self._options.dtmf_stop}"
        self._source = self.sim.engine.dtmf(self.line.office_leg, digits, on_ms=DTMF_ON_MS, off_ms=DTMF_OFF_MS)
        duration_ms = len(digits) * (DTMF_ON_MS + DTMF_OFF_MS)
        self._timers.start("dtmf", duration_ms + DTMF_LEAD_MS, self._dtmf_sent, digits, then)

    def _dtmf_sent(self, digits: str, then: Callable[[], None] | None) -> None:
        self._source = 0
        self.line.send_caller_id(CallerIdMessage(self._number, "dtmf"))
        if then:
            then()
