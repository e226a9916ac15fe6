"""The carrier's end of an MFC-R2 trunk: an R2 line on each of thirty bearers, the exchange behind them."""

from __future__ import annotations

from hwsim.exchange.party import TimerSet
from hwsim.kernel.sim import Sim
from hwsim.line.digital import Alarm
from hwsim.signalling.r2_circuit import R2Circuit
from hwsim.signalling.r2_line import R2Context
from hwsim.signalling.r2_profile import R2Profile
from hwsim.spanbus.alarms import LOSING
from hwsim.spanbus.bus import SpanBus

STOPPING = LOSING | {Alarm.LMF, Alarm.RAI}
"""Alarms with which the exchange seizes no circuit."""


class R2Network:
    """Attaches the network side to `bus.net`. A line is offered to the exchange while the card shows idle on it.

    Raises ConfigurationError when libopenr2 is not installed.
    """

    def __init__(self, sim: Sim, bus: SpanBus, profile: R2Profile | None = None) -> None:
        self.sim = sim
        self.bus = bus
        self.profile = profile or R2Profile()
        context = R2Context(sim, self.profile)
        self.circuits = {
            slot: R2Circuit(context, circuit, bus.net.channel(slot)) for slot, circuit in bus.circuits.items()
        }
        self._timers = TimerSet(sim)
        bus.net.on_alarms.append(self._alarms)
        sim.later(0, self._start)

    # -- for scenarios ----------------------------------------------------------------------------------------------
    def block(self, slot: int, on: bool = True) -> None:
        """Show blocked on an idle line, or idle again."""
        circuit = self.circuits[slot]
        circuit.closed = on
        if on:
            circuit.line.set_blocked()
        else:
            circuit.line.set_idle()
        circuit.look()

    def ignore_card(self, slot: int, on: bool = True) -> None:
        """Do not see the card's line bits: its seizures stay without acknowledgement."""
        line = self.circuits[slot].line
        if on:
            line.deaf = True
        else:
            line.hear_again()

    def keep_number_open(self, slot: int, on: bool = True) -> None:
        """Do not send the end of the caller's number (I-15)."""
        self.circuits[slot].line.deviations.endless = on

    # -- inside -----------------------------------------------------------------------------------------------------
    def _start(self) -> None:
        for circuit in self.circuits.values():
            circuit.start()

    def _alarms(self, alarms: frozenset[Alarm]) -> None:
        stopping = bool(alarms & STOPPING)
        for circuit in self.circuits.values():
            circuit.out_of_use = stopping
            circuit.look()
        if not alarms & LOSING:
            self._timers.cancel("hold")
        elif not self._timers.running("hold"):
            self._timers.start("hold", self.profile.alarm_hold_ms, self._lost)

    def _lost(self) -> None:
        for circuit in self.circuits.values():
            circuit.span_lost()
