"""Where the raw legs of a contact belong on its time line, what they cover, and where they have gaps.

The host's monotonic clock places the beginning of each leg; from there the card's own clock counts: one sample, 125 us.
A leg whose number of samples fits the time between its begin and end, within the tolerance of the clocks, has lost
nothing, and the small difference is clock drift, not a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boardd.contract.objects import Instant
from boardd.media.stereo import Piece
from boardd.scheduler.records.record import Gap

SAMPLES_PER_MS = 8
DRIFT_PPM = 100
BLOCK_MS = 32
"""Recorders count and write in blocks; two of 16 ms may be missing at an end without anything being lost."""


@dataclass(frozen=True, slots=True)
class RawLeg:
    """One recorded leg: `side` left or right, end on the host's monotonic clock, bytes (= samples) in the file."""

    side: str
    path: Path
    began: Instant
    ended_ms: int | None
    samples: int

    @property
    def began_ms(self) -> int:
        """When it began, on the host's monotonic clock."""
        return self.began.mono_ms

    @property
    def until_ms(self) -> int:
        """To which moment the leg has sound."""
        lasted_ms = -(-self.samples // SAMPLES_PER_MS)
        if self.ended_ms is not None and self.complete:
            return self.ended_ms
        return self.began_ms + lasted_ms

    @property
    def complete(self) -> bool:
        """Whether the samples fit the time that was recorded."""
        if self.ended_ms is None:
            return False
        due_ms = self.ended_ms - self.began_ms
        tolerance_ms = BLOCK_MS + due_ms * DRIFT_PPM / 1e6
        return abs(self.samples / SAMPLES_PER_MS - due_ms) <= tolerance_ms


@dataclass(frozen=True, slots=True)
class Timeline:
    """How the file is made: pieces per side, its length, and what it proves."""

    left: list[Piece]
    right: list[Piece]
    samples: int
    coverage: float | None
    gaps: list[Gap]
    began: Instant | None = None
    """The moment of the file's first sample."""


def lay_out(legs: Sequence[RawLeg], bridged_ms: Sequence[tuple[int, int]]) -> Timeline:
    """The time line of a contact from its first to its last recorded moment or bridged moment.

    `bridged_ms`: intervals (from, to) in which the legs were bridged; only they count for coverage and gaps.
    """
    moments = [leg.began_ms for leg in legs] + [begin for begin, _end in bridged_ms]
    if not moments:
        return Timeline([], [], 0, None, [])
    origin_ms = min(moments)
    last_ms = max([leg.until_ms for leg in legs] + [end for _begin, end in bridged_ms])
    sides: dict[str, list[Piece]] = {"left": [], "right": []}
    for leg in sorted(legs, key=lambda leg: leg.began_ms):
        start = (leg.began_ms - origin_ms) * SAMPLES_PER_MS
        sides[leg.side].append(Piece(leg.path, start, leg.samples))
    ends = [piece.start + piece.samples for pieces in sides.values() for piece in pieces]
    samples = max([(last_ms - origin_ms) * SAMPLES_PER_MS, *ends])
    due_ms = sum(max(0, end - begin) for begin, end in bridged_ms)
    gaps: list[Gap] = []
    for side in sides:
        covered = [(leg.began_ms, leg.until_ms) for leg in legs if leg.side == side]
        for begin, end in bridged_ms:
            for gap_from, gap_to in _uncovered(begin, end, covered):
                gaps.append(Gap(side=side, from_ms=gap_from - origin_ms, to_ms=gap_to - origin_ms))
    missing_ms = sum(gap.to_ms - gap.from_ms for gap in gaps)
    coverage = round(1 - missing_ms / (2 * due_ms), 6) if due_ms else None
    return Timeline(sides["left"], sides["right"], samples, coverage, gaps, _origin(legs, origin_ms))


def _origin(legs: Sequence[RawLeg], origin_ms: int) -> Instant | None:
    """The origin on both clocks, as the first leg relates them."""
    if not legs:
        return None
    first = min(legs, key=lambda leg: leg.began_ms).began
    return Instant(wall_ms=first.wall_ms + origin_ms - first.mono_ms, mono_ms=origin_ms)


def _uncovered(begin: int, end: int, covered: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of [begin, end) that no interval covers."""
    holes, at = [], begin
    for first, last in sorted(covered):
        if first > at:
            holes.append((at, min(first, end)))
        at = max(at, last)
        if at >= end:
            break
    if at < end:
        holes.append((at, end))
    return [(first, last) for first, last in holes if last > first]
