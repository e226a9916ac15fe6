"""The network side of a span's alarms: calls end when a blocking alarm outlasts the hold time (facts 3.2)."""

from __future__ import annotations

from hwsim.exchange.party import TimerSet
from hwsim.exchange.trunk_circuit import BLOCKING_ALARMS, TrunkCircuit
from hwsim.kernel.sim import Sim
from hwsim.line.digital import Alarm, Span


class SpanWatch:
    """Watches one span for its trunk circuits; it is the span's `net` end."""

    def __init__(self, sim: Sim, span: Span, hold_ms: int) -> None:
        self.sim = sim
        self.span = span
        self.hold_ms = hold_ms
        self.circuits: list[TrunkCircuit] = []
        self._blocked = False
        self._timers = TimerSet(sim)
        span.net = self

    def on_alarms(self, alarms: frozenset[Alarm]) -> None:
        """The set of present alarms changed."""
        blocked = bool(alarms & BLOCKING_ALARMS)
        if blocked == self._blocked:
            return
        self._blocked = blocked
        if blocked:
            self._timers.start("hold", self.hold_ms, self._lost)
            return
        self._timers.cancel("hold")
        for circuit in self.circuits:
            circuit.span_restored()

    def on_slip(self) -> None:
        """The card's side of the cable is not the network's business."""

    def on_errors(self, ratio: float) -> None:
        """Nor is this."""

    def _lost(self) -> None:
        for circuit in self.circuits:
            circuit.span_lost()
