"""The digital line: an E1 span of 32 timeslots, and the circuit of one timeslot with a call on it.

For cards whose own firmware does the signalling the two ends of a circuit exchange call-control messages named after
their Q.931 counterparts; the maker's library model turns them into its own states for ISDN, SS1, TUP or ISUP. Spans
have alarms; sound is 8 kHz A-law both ways, wired between `card_leg` and whatever the network connects.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Protocol, runtime_checkable

from hwsim.kernel.sim import Sim

BEARER_SLOTS = (*range(1, 16), *range(17, 32))


class Alarm(StrEnum):
    """E1 alarms as the card's receiver sees them (facts 3.2)."""

    LOS = "los"
    LOF = "lof"
    AIS = "ais"
    RAI = "rai"
    LMF = "lmf"


class Signalling(StrEnum):
    """What the card's firmware speaks on the span."""

    ISDN_USER = "isdn_user"
    ISDN_NET = "isdn_net"
    SS1 = "ss1"
    TUP = "tup"
    ISUP = "isup"


@dataclass(frozen=True, slots=True)
class Setup:
    """A call request: numbers as sent on the line; `complete` False when more digits may follow (overlap)."""

    called: str
    caller: str = ""
    original_called: str = ""
    caller_name: str = ""
    complete: bool = True
    restricted: bool = False


class CircuitEnd(Protocol):
    """What one end of a circuit is told by the other end."""

    def on_setup(self, setup: Setup) -> None:
        """A call request arrived (SETUP, IAM, seizure with digits)."""

    def on_digits(self, digits: str) -> None:
        """More called digits arrived (INFORMATION, SAM)."""

    def on_proceeding(self) -> None:
        """The far end has all digits and is routing (CALL PROCEEDING)."""

    def on_alerting(self) -> None:
        """The far end's telephone rings (ALERTING, ACM, KB 1 or 6)."""

    def on_progress(self) -> None:
        """In-band tones or an announcement can be heard (PROGRESS, PI 8)."""

    def on_connect(self) -> None:
        """The far end answered (CONNECT, ANM, answer line signal)."""

    def on_release(self, cause: int) -> None:
        """The far end released with this Q.850 cause; the circuit is free after `confirm_release`."""

    def on_released(self) -> None:
        """The far end confirmed our release: the circuit is idle again."""


@runtime_checkable
class ClearsInBand(Protocol):
    """A circuit end that knows clearing with in-band information (DISCONNECT with progress indicator 8)."""

    def on_disconnect(self, cause: int) -> None:
        """The far end clears with this Q.850 cause and plays tones or an announcement; the circuit stays until it, or
        this end, releases."""


class SpanEnd(Protocol):
    """What a receiver notices on the span."""

    def on_alarms(self, alarms: frozenset[Alarm]) -> None:
        """The set of present alarms changed."""

    def on_slip(self) -> None:
        """A frame was lost or doubled in what the card receives."""

    def on_errors(self, ratio: float) -> None:
        """Bits in what the card receives are wrong at this ratio from now on; 0: none."""


@dataclass
class Circuit:
    """One bearer timeslot. Each end calls the methods of its own side; the other end is told at once."""

    sim: Sim
    name: str
    timeslot: int
    card_leg: int
    net_leg: int
    card: CircuitEnd | None = None
    net: CircuitEnd | None = None
    busy: bool = False

    def connect(self, far_leg: int) -> None:
        """Through-connect the card to a party further away (network side)."""
        self.sim.engine.wire(self.card_leg, far_leg)

    def disconnect(self) -> None:
        """Back to the network's own tones."""
        self.sim.engine.wire(self.card_leg, self.net_leg)

    def note(self, side: str, message: str, **fields: object) -> None:
        """Write the message into the truth log (`side` is who sent it: net or card)."""
        self.sim.truth.note("signal", line=self.name, side=side, message=message, **fields)


@dataclass
class Span:
    """One E1: `number` is 1-based on its board; `circuits` by timeslot (1-15 and 17-31)."""

    sim: Sim
    name: str
    signalling: Signalling
    card: SpanEnd | None = None
    net: SpanEnd | None = None
    alarms: frozenset[Alarm] = frozenset()
    error_ratio: float = 0.0
    circuits: dict[int, Circuit] = field(default_factory=dict)
    _late: bool = False

    @classmethod
    def build(cls, sim: Sim, name: str, signalling: Signalling) -> Span:
        """A span with all 30 bearer circuits wired to their network-side legs."""
        span = cls(sim, name, signalling)
        for slot in BEARER_SLOTS:
            card_leg, net_leg = sim.engine.leg_new(), sim.engine.leg_new()
            sim.engine.wire(card_leg, net_leg)
            span.circuits[slot] = Circuit(sim, f"{name}/{slot}", slot, card_leg, net_leg)
        return span

    def set_alarms(self, alarms: frozenset[Alarm]) -> None:
        """Set the alarms that the card's receiver sees now; sound stops while the span carries none (LOS, LOF, AIS)."""
        if alarms == self.alarms:
            return
        self.alarms = alarms
        self.sim.truth.note("alarms", span=self.name, alarms=sorted(alarms))
        engine, cut = self.sim.engine, bool(alarms - {Alarm.RAI, Alarm.LMF})
        for circuit in self.circuits.values():
            engine.line_set(circuit.card_leg, replace(engine.line(circuit.card_leg), cut=cut))
        for end in (self.card, self.net):
            if end:
                end.on_alarms(alarms)

    def slip(self) -> None:
        """A controlled slip of the card's receiver: each time slot has one sample doubled, the next time one lost.

        All samples of the simulation come from one clock, so slips go to and fro, as wander makes them, and sound does
        not drift away from its time.
        """
        frames = -1 if self._late else 1
        self._late = not self._late
        self.sim.truth.note("slip", span=self.name, side="card", frames=frames)
        for circuit in self.circuits.values():
            self.sim.engine.line_slip(circuit.card_leg, frames)
        for end in (self.card, self.net):
            if end:
                end.on_slip()

    def set_errors(self, ratio: float) -> None:
        """Bits of what the card receives are wrong at this ratio (0 to 0.5), in sound and for its receiver."""
        if ratio == self.error_ratio:
            return
        self.error_ratio = ratio
        self.sim.truth.note("section", span=self.name, side="card", bit_error_ratio=ratio)
        engine = self.sim.engine
        for circuit in self.circuits.values():
            changed = replace(engine.line(circuit.card_leg), error_ppm=round(ratio * 1e6))
            engine.line_set(circuit.card_leg, changed)
        for end in (self.card, self.net):
            if end:
                end.on_errors(ratio)
