"""Faults of E1s whose cards do the signalling: alarms, bit errors, slips (facts 3.2, 3.3).

The same words as for E1s with signalling by the host (`hwsim.vendorlibs.dahdi.fault_words`), as far as such a card lets
anybody see anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from boardd.contract.text import _
from hwsim.kernel.sim import Sim, Timer
from hwsim.line.digital import Alarm, Span
from hwsim.scenario.faults import FaultError, FaultRegistry, Undo
from hwsim.spanbus.biterrors import BitErrors

Args = Mapping[str, str]
Number = Callable[[Args, str, float], float]
MAX_SLIPS, MAX_EVERY_MS = 1000, 60_000
MAX_RATIO = 0.5
TICK_MS, TICKS_PER_S = 20, 50
BAD_CRC_IN_SECOND = 915
"""Of 1000: the receiver takes its alignment for a false one and looks for another (facts 3.2)."""


class Disturbance:
    """Bit errors of one span while they last, and what the card's receiver makes of them: loss of frame alignment."""

    def __init__(self, sim: Sim, span: Span, ratio: float) -> None:
        self.sim = sim
        self.span = span
        self.ratio = ratio
        self._errors = BitErrors(sim.rng(f"bit errors/{span.name}"))
        self._crc = self._ticks = 0
        self._lost = False
        self._timer: Timer | None = sim.later(TICK_MS, self._tick)
        span.set_errors(ratio)

    def end(self) -> None:
        """The cable is good again."""
        if self._timer:
            self._timer.cancel()
        self.span.set_errors(0.0)
        self._lose(False)

    def _tick(self) -> None:
        found = self._errors.tick(self.ratio, crc4=True)
        self._crc += found.crc4
        self._ticks += 1
        lost = found.alignment_lost
        if self._ticks == TICKS_PER_S:
            lost |= self._crc >= BAD_CRC_IN_SECOND
            self._crc = self._ticks = 0
        self._lose(lost)
        self._timer = self.sim.later(TICK_MS, self._tick)

    def _lose(self, lost: bool) -> None:
        if lost != self._lost:
            self._lost = lost
            alarms = self.span.alarms
            self.span.set_alarms(alarms | {Alarm.LOF} if lost else alarms - {Alarm.LOF})


class SpanFaults:
    """Registers the faults of the spans of one machine; `number` reads an argument."""

    def __init__(self, sim: Sim, spans: Mapping[str, Span], number: Number) -> None:
        self.sim = sim
        self.spans = spans
        self._number = number

    def register(self, registry: FaultRegistry) -> None:
        """Make these kinds known: alarm, bit_errors, slips."""
        registry.register("alarm", self.alarm)
        registry.register("bit_errors", self.bit_errors)
        registry.register("slips", self.slips)

    def alarm(self, where: str, args: Args) -> Undo:
        """Alarm `alarm` (los) on a span, besides those already there."""
        span = self._span(where)
        try:
            alarm = Alarm(args.get("alarm", "los"))
        except ValueError:
            raise FaultError(_("alarm must be one of {words}").format(words=", ".join(Alarm))) from None
        span.set_alarms(span.alarms | {alarm})
        return lambda: span.set_alarms(span.alarms - {alarm})

    def bit_errors(self, where: str, args: Args) -> Undo:
        """Bit errors of `ratio` (0.001) in what the card receives; from some 2 in 1000 on it loses alignment."""
        span, ratio = self._span(where), self._number(args, "ratio", 1e-3)
        if not 0 < ratio <= MAX_RATIO:
            raise FaultError(_("ratio must be more than 0 and at most {most}").format(most=MAX_RATIO))
        if span.error_ratio:
            raise FaultError(_("{where} has bit errors already; end that fault first").format(where=where))
        return Disturbance(self.sim, span, ratio).end

    def slips(self, where: str, args: Args) -> Undo:
        """`count` (10) slips at the card, one every `every_ms` (100): a frame of 125 us doubled or lost in turn."""
        span = self._span(where)
        count, every_ms = round(self._number(args, "count", 10)), self._number(args, "every_ms", 100)
        if not 1 <= count <= MAX_SLIPS or not 1 <= every_ms <= MAX_EVERY_MS:
            raise FaultError(
                _("count must be 1 to {most}, every_ms 1 to {most_ms}").format(most=MAX_SLIPS, most_ms=MAX_EVERY_MS)
            )
        timers = [self.sim.later(index * every_ms, span.slip) for index in range(count)]

        def undo() -> None:
            for timer in timers:
                timer.cancel()

        return undo

    def _span(self, where: str) -> Span:
        if where not in self.spans:
            raise FaultError(_("there is no span {where}").format(where=where))
        return self.spans[where]
