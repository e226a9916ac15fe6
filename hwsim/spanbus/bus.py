"""An E1 between the exchange and a card that leaves signalling to the host, in memory.

Everything that a driver of such a card can see is here: frame state and alarms of both receivers, slips and errors by
clock and bit error ratio, line bits, D-channel frames, sound. What the network says on it is up to `hwsim.signalling`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hwsim.kernel.sim import Sim
from hwsim.line.digital import BEARER_SLOTS, Signalling, Span
from hwsim.spanbus.circuit import SwitchedCircuit
from hwsim.spanbus.end import SpanEnd
from hwsim.spanbus.loops import RETURNING, Loop
from hwsim.spanbus.section import Clock, Clocking, Signal
from hwsim.spanbus.slips import frequencies

TICK_US = 20_000

FrameTap = Callable[[int, str, bytes], None]
"""at_us, side that sends, frame."""
BitsTap = Callable[[int, str, int, int], None]
"""at_us, side that sends, timeslot, abcd."""


class SpanBus:
    """One E1. `net` and `card` are its ends, `span` its circuits as the exchange knows them.

    `cas`: timeslot 16 carries line bits; else it is a D channel. `crc4`: both ends are set up for CRC-4.
    """

    def __init__(self, sim: Sim, name: str, *, cas: bool, crc4: bool = True, signalling_slot: int = 16) -> None:
        self.sim = sim
        self.name = name
        self.cas = cas
        self.crc4 = crc4
        self.signalling_slot = signalling_slot
        self.frame_taps: list[FrameTap] = []
        self.bits_taps: list[BitsTap] = []
        self.span = Span(sim, name, Signalling.SS1 if cas else Signalling.ISDN_NET)
        self.circuits: dict[int, SwitchedCircuit] = {}
        for slot in BEARER_SLOTS:
            circuit = SwitchedCircuit.build(sim, f"{name}/{slot}", slot)
            self.circuits[slot] = circuit
            self.span.circuits[slot] = circuit
        card_legs = {slot: circuit.card_leg for slot, circuit in self.circuits.items()}
        register_legs = {slot: circuit.register_leg for slot, circuit in self.circuits.items()}
        self.net = SpanEnd(self, "net", register_legs, Clock(Clocking.INTERNAL))
        self.card = SpanEnd(self, "card", card_legs, Clock(Clocking.RECOVERED))
        self._ticking = False

    # -- what may go wrong ------------------------------------------------------------------------------------------
    def disturb(self, receiver: SpanEnd, **changes: Any) -> None:
        """Change what arrives at `receiver` (fields of `Section`; the signal may be given by its word)."""
        if "signal" in changes:
            changes["signal"] = Signal(changes["signal"])
        receiver.section = replace(receiver.section, **changes)
        self.sim.truth.note(
            "section", span=self.name, side=receiver.side, **{key: _plain(value) for key, value in changes.items()}
        )
        self._look()
        self.tick_wanted()

    def set_clock(self, end: SpanEnd, clock: Clock) -> None:
        """Change where an end takes its clock from."""
        end.clock = clock
        self.sim.truth.note("clock", span=self.name, side=end.side, clocking=str(clock.clocking), ppm=clock.offset_ppm)
        self._retime()

    def set_crc4(self, end: SpanEnd, on: bool) -> None:
        """Set an end up with or without CRC-4; when only one has it that end finds no CRC-4 multiframe."""
        end.crc4 = on
        end.far.section = replace(end.far.section, crc4=on)
        self.sim.truth.note("section", span=self.name, side=end.far.side, crc4=on)
        self._look()

    def set_loop(self, end: SpanEnd, loop: Loop) -> None:
        """Make or undo a loop at an end; line bits of both ends are sent anew."""
        if loop is end.loop:
            return
        was, end.loop = end.loop, loop
        self.sim.truth.note("loop", span=self.name, side=end.side, loop=str(loop.value))
        for one in (self.net, self.card):
            one.all_bits_late()
        if (loop in RETURNING) != (was in RETURNING):
            end.loop_sound(loop in RETURNING)
        self._look()
        self._retime()

    @property
    def timing_loop(self) -> bool:
        """Both ends follow each other."""
        return all(end.clock.clocking is Clocking.RECOVERED and end.receives for end in (self.net, self.card))

    # -- from the ends ----------------------------------------------------------------------------------------------
    def alarms_changed(self, end: SpanEnd) -> None:
        """The set of alarms of an end changed."""
        if end is self.card:
            self.span.set_alarms(end.alarms)
        self._look()
        self._retime()

    def saw_frame(self, sender: SpanEnd, slot: int, frame: bytes) -> None:
        """A frame was sent."""
        if slot == self.signalling_slot:
            for tap in self.frame_taps:
                tap(self.sim.now_us, sender.side, frame)

    def saw_bits(self, sender: SpanEnd, slot: int) -> None:
        """Line bits were changed."""
        for tap in self.bits_taps:
            tap(self.sim.now_us, sender.side, slot, sender.channels[slot].tx_bits)

    def tick_wanted(self) -> None:
        """Tick from the next whole 20 ms on, for as long as an end has use for it."""
        if not self._ticking and (self.net.busy or self.card.busy):
            self._ticking = True
            self._tick_at_next()

    # -- inside -----------------------------------------------------------------------------------------------------
    def _look(self) -> None:
        for end in (self.net, self.card):
            end.observe()

    def _retime(self) -> None:
        net_ppm, card_ppm = frequencies(self.net.clock, self.card.clock, self.net.receives, self.card.receives)
        self.net.slips.set_difference(card_ppm - net_ppm if self.net.receives else 0.0)
        self.card.slips.set_difference(net_ppm - card_ppm if self.card.receives else 0.0)

    def _tick_at_next(self) -> None:
        self.sim.at((self.sim.now_us // TICK_US + 1) * TICK_US, self._tick)

    def _tick(self) -> None:
        for end in (self.net, self.card):
            end.tick()
        self._ticking = self.net.busy or self.card.busy
        if self._ticking:
            self._tick_at_next()


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | float) else str(value)
