"""What the engine tells: typed events made from `me_event`. `at_sample` counts 8 kHz samples since the engine began."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Reason(StrEnum):
    """Why a play, tone, digit task or recording ended; the words of `contract.driver` where it has them."""

    END = "end"
    STOPPED = "stopped"
    DIGIT = "digit"
    VOICE = "voice"
    RELEASED = "released"
    LIMIT = "limit"
    WRITE_FAILED = "write_failed"
    EMPTY = "empty"


REASONS = tuple(Reason)
"""In the order of `enum me_reason`."""


class GapReason(StrEnum):
    """Why samples are missing in a recording."""

    HOLE = "hole"
    """The device or the peer delivered nothing."""
    OVERRUN = "overrun"
    """The disk was slower than the ring is long."""
    HELD = "held"
    """The port was not running."""


GAP_REASONS = (None, GapReason.HOLE, GapReason.OVERRUN, GapReason.HELD)
SIDES = ("left", "right", "both")


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """Root. `port` is the number of a port, 0 for the engine itself."""

    port: int
    at_sample: int


@dataclass(frozen=True, slots=True)
class Found(EngineEvent):
    """A bank found something; `kind`, `code` and `values` as in detect.h."""

    bank: int
    kind: int
    code: int
    values: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class PlayMoved(EngineEvent):
    """Entry `index` of the play begins at `at_sample`."""

    play: int
    index: int


@dataclass(frozen=True, slots=True)
class PlayEnded(EngineEvent):
    """The play is over; `samples` were played."""

    play: int
    reason: Reason
    samples: int


@dataclass(frozen=True, slots=True)
class ToneEnded(EngineEvent):
    """The tone is over."""

    tone: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class DigitsSent(EngineEvent):
    """The task is over; `digits` of it were sent completely, pauses not counted."""

    task: int
    reason: Reason
    digits: int


@dataclass(frozen=True, slots=True)
class RecordEnded(EngineEvent):
    """The recording is closed; the file holds `samples`, of which `lost` stand in gaps. `errno` of a failed write."""

    recording: int
    reason: Reason
    samples: int
    lost: int
    errno: int


@dataclass(frozen=True, slots=True)
class RecordGap(EngineEvent):
    """`samples` of the recording from sample `first` of it are silence because nothing came. `side` left, right,
    both.
    """

    recording: int
    reason: GapReason
    first: int
    samples: int
    side: str


@dataclass(frozen=True, slots=True)
class LineEvent(EngineEvent):
    """The device told event `number` when it was read or written."""

    number: int


@dataclass(frozen=True, slots=True)
class PortFailed(EngineEvent):
    """The device answered `errno` (0: end of file); the port is silent until it is run again."""

    errno: int


@dataclass(frozen=True, slots=True)
class Hole(EngineEvent):
    """`samples` did not come in time since the last such event."""

    samples: int


@dataclass(frozen=True, slots=True)
class PeerGone(EngineEvent):
    """Ring port: the process at the other end is dead or broken."""


@dataclass(frozen=True, slots=True)
class ClockChanged(EngineEvent):
    """`port` drives the ticks from now on, 0: a timer."""


@dataclass(frozen=True, slots=True)
class BlocksLate(EngineEvent):
    """`blocks` were done more than a block after they were due, the worst `longest_us` after it."""

    blocks: int
    longest_us: int


@dataclass(frozen=True, slots=True)
class EventsLost(EngineEvent):
    """`count` events did not fit into the queue: compare states."""

    count: int


def read_event(raw: Any) -> EngineEvent:
    """The typed form of one `me_event`. Raises ValueError for a kind that this version does not know."""
    head = (int(raw.port), int(raw.at_sample))
    number, code, count = int(raw.id), int(raw.code), int(raw.count)
    match int(raw.kind):
        case 1:
            values = (float(raw.value[0]), float(raw.value[1]), float(raw.value[2]), float(raw.value[3]))
            return Found(*head, int(raw.bank), number, code, values)
        case 2:
            return PlayMoved(*head, number, code)
        case 3:
            return PlayEnded(*head, number, REASONS[code], count)
        case 4:
            return ToneEnded(*head, number, REASONS[code])
        case 5:
            return DigitsSent(*head, number, REASONS[code], count)
        case 6:
            return RecordEnded(*head, number, REASONS[code], count, int(raw.value[0]), int(raw.value[1]))
        case 7:
            reason = GAP_REASONS[code] or GapReason.HOLE
            return RecordGap(*head, number, reason, int(raw.value[0]), count, SIDES[int(raw.value[1])])
        case _:
            return _read_state(int(raw.kind), head, code, count)


def _read_state(kind: int, head: tuple[int, int], code: int, count: int) -> EngineEvent:
    match kind:
        case 8:
            return LineEvent(*head, code)
        case 9:
            return PortFailed(*head, code)
        case 10:
            return Hole(*head, count)
        case 11:
            return PeerGone(*head)
        case 12:
            return ClockChanged(*head)
        case 13:
            return BlocksLate(*head, count, code)
        case 14:
            return EventsLost(*head, count)
        case _:
            raise ValueError(f"media engine: event of kind {kind}; library and package are of different versions")
