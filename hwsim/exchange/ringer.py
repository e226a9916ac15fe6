"""Rings an analogue line with cadence and sends the caller's number in its place (facts 1.3, 1.6, 1.7)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from hwsim.exchange.party import TimerSet
from hwsim.line.analog import AnalogLine
from hwsim.line.caller_id import CallerId, air_time_ms, mdmf, sdmf
from hwsim.line.caller_id_sender import LEVEL_DBM0, CallerIdSender

FSK_AFTER_RING_MS = 600.0
FSK_BEFORE_RING_MS = 200.0
DTMF_LEAD_MS = 300.0


class CallerIdForm(StrEnum):
    """How a line gets the caller's number."""

    NONE = "none"
    FSK = "fsk"
    """Between first and second ring, with parameters (MDMF)."""
    SDMF = "sdmf"
    """The same, as the simple message: date and number only."""
    DTMF = "dtmf"
    """Before the first ring."""
    DTMF_AFTER_RING = "dtmf_after_ring"
    """Between first and second ring."""


FSK_FORMS = frozenset({CallerIdForm.FSK, CallerIdForm.SDMF})


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
    caller_id_dbm0: float = LEVEL_DBM0
    """Level of FSK."""
    absent: str = ""
    """What FSK says about a caller without number: O, P, or nothing is sent at all."""


class Ringer:
    """Ringing of one line, from `start` to `stop`; `first_ring` is called when the bell sounds for the first time."""

    def __init__(self, line: AnalogLine, date: Callable[[], str], first_ring: Callable[[], None]) -> None:
        self.line = line
        self.sim = line.sim
        self.active = False
        self._date = date
        self._first_ring = first_ring
        self._options = RingOptions()
        self._caller = CallerId()
        self._rings = 0
        self._sender = CallerIdSender(self.sim, line.name, line.office_leg)
        self._timers = TimerSet(line.sim)

    def start(self, caller: CallerId, options: RingOptions) -> None:
        """Ring with the cadence of `options` and send who calls; without number what `options.absent` says."""
        self.active = True
        self._options = options
        self._caller = caller
        self._rings = 0
        if options.caller_id is CallerIdForm.DTMF and caller.number:
            self._timers.start("dtmf", DTMF_LEAD_MS, self._send_dtmf, self._lead_over)
        else:
            self._burst()

    def stop(self) -> None:
        """End ringing; a caller-ID transmission on its way is lost."""
        self.active = False
        self._timers.cancel()
        self._sender.stop()
        self.line.ring(False)

    def _lead_over(self) -> None:
        self._timers.start("dtmf", DTMF_LEAD_MS, self._burst)

    def _burst(self) -> None:
        self._rings += 1
        self.line.ring(True)
        self._timers.start("off", self._options.ring_on_ms, self._pause)
        if self._rings == 1:
            self._first_ring()

    def _pause(self) -> None:
        self.line.ring(False)
        self._timers.start("on", self._options.ring_off_ms, self._burst)
        options, known = self._options, bool(self._caller.number)
        last = 2 if options.caller_id in FSK_FORMS and options.bad_checksum_first else 1
        if self._rings > last:
            return
        if options.caller_id in FSK_FORMS and (known or options.absent):
            self._timers.start("fsk", FSK_AFTER_RING_MS, self._send_fsk)
        elif options.caller_id is CallerIdForm.DTMF_AFTER_RING and known:
            self._timers.start("dtmf", DTMF_LEAD_MS, self._send_dtmf, None)

    def _send_fsk(self) -> None:
        options = self._options
        caller = CallerId(self._caller.number, self._caller.name, self._date(), options.absent)
        simple = options.caller_id is CallerIdForm.SDMF
        air_ms = air_time_ms(sdmf(caller) if simple else mdmf(caller))
        if FSK_AFTER_RING_MS + air_ms + FSK_BEFORE_RING_MS > options.ring_off_ms:
            self.sim.truth.note("caller_id_no_room", line=self.line.name, air_ms=round(air_ms))
            return
        good = not (options.bad_checksum_first and self._rings == 1)
        self._sender.fsk(caller, simple=simple, good=good, dbm0=options.caller_id_dbm0)

    def _send_dtmf(self, then: Callable[[], None] | None) -> None:
        digits = f"{self._options.dtmf_start}{self._caller.number}{self._options.dtmf_stop}"
        self._sender.dtmf(digits, self._caller.number, then)
