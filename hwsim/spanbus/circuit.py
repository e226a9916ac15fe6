"""A bearer circuit into which the exchange's register can be switched before anybody else is heard."""

from __future__ import annotations

from dataclasses import dataclass

from hwsim.kernel.sim import Sim
from hwsim.line.digital import Circuit


@dataclass
class SwitchedCircuit(Circuit):
    """A circuit with a third leg: while the register is switched in, connections of the exchange wait."""

    register_leg: int = 0
    register: bool = False
    _wanted: int | None = None

    @classmethod
    def build(cls, sim: Sim, name: str, slot: int) -> SwitchedCircuit:
        """A circuit with its legs, connected to the network's tones."""
        engine = sim.engine
        circuit = cls(sim, name, slot, engine.leg_new(), engine.leg_new(), register_leg=engine.leg_new())
        circuit.disconnect()
        return circuit

    def connect(self, far_leg: int) -> None:
        """Through-connect the card to a party further away, as soon as the register is out."""
        self._wanted = far_leg
        if not self.register:
            self.sim.engine.wire(self.card_leg, far_leg)

    def disconnect(self) -> None:
        """Back to the network's own tones."""
        self.connect(self.net_leg)

    def switch_register(self, on: bool) -> None:
        """Switch the register in, or out and on to whatever the exchange wants by now."""
        if on == self.register:
            return
        self.register = on
        if on:
            self.sim.engine.wire(self.card_leg, self.register_leg)
        else:
            self.connect(self._wanted or self.net_leg)
