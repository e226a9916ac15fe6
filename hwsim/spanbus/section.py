"""One direction of an E1 cable: what the sender puts on it and what happens to it on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """What arrives at the far end of the cable."""

    FRAMED = "framed"
    NONE = "none"
    """No pulses: unplugged, broken, far end off."""
    AIS = "ais"
    """All ones: equipment in between has lost its input."""
    UNFRAMED = "unframed"
    """Pulses without frame alignment: wrong framing, somebody else's signal, noise."""


@dataclass(frozen=True, slots=True)
class Section:
    """The state of one direction. `bit_error_ratio` is for the whole 2048 kbit/s, errors are spread evenly."""

    signal: Signal = Signal.FRAMED
    bit_error_ratio: float = 0.0
    crc4: bool = True
    """The sender forms CRC-4 multiframes."""
    cas_multiframe: bool = True
    """Timeslot 16 carries CAS multiframe words (CAS spans)."""
    signalling_slot: bool = True
    """Timeslot 16 is switched through; else the far end finds idle octets there."""
    remote_alarm: bool = False
    """The A bit is set although the sender has no reason (fault)."""

    @property
    def carries(self) -> bool:
        """Whether timeslots can get through."""
        return self.signal is Signal.FRAMED


class Clocking(StrEnum):
    """Where an end takes its transmit clock from (facts 3.3)."""

    RECOVERED = "recovered"
    """From what it receives: slave."""
    INTERNAL = "internal"
    """From its own oscillator: master."""


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one end; `offset_ppm` is its oscillator's, used when it is master or has nothing to follow."""

    clocking: Clocking = Clocking.RECOVERED
    offset_ppm: float = 0.0
