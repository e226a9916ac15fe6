"""Is there a line behind this lane? From what a voice bank has measured to a verdict with its figures.

A call in which one side never hears anything is the fault that customers report as 单通; a port whose codec delivers
one value for ever has no line behind it, though its signalling may look healthy (telephony facts R8).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass


class Health(enum.StrEnum):
    """What a lane sounds like, worst first."""

    DEAD = "dead"
    """The same value throughout."""
    ONE_WAY = "one_way"
    """We have spoken for long enough and never heard anybody."""
    SILENT = "silent"
    """Nobody has said anything, neither have we."""
    CLIPPED = "clipped"
    """Too loud: more than a thousandth of the samples at full scale."""
    GOOD = "good"
    UNKNOWN = "unknown"
    """Too short to say."""


@dataclass(frozen=True, slots=True)
class HealthRules:
    """Times in ms."""

    min_ms: float = 10_000
    sent_ms: float = 5_000
    """We must have been audible for so long before silence is one-way."""
    active_ms: float = 200
    """Less than this is clicks."""
    dead_part: float = 0.95
    clipped_part: float = 0.001


@dataclass(frozen=True, slots=True)
class LineHealth:
    """The verdict and what it rests on: times in ms, levels in dBm0."""

    health: Health
    total_ms: float
    active_ms: float
    sent_ms: float
    dead_ms: float
    mean_dbm0: float
    peak_dbm0: float
    noise_dbm0: float
    clipped: int


def line_health(measure: Mapping[str, float], rules: HealthRules | None = None) -> LineHealth:
    """`measure`: the fields of voice_measure (`Bank.measure`)."""
    rules = rules or HealthRules()
    total, active = measure["total_ms"], measure["active_ms"]
    if total < rules.min_ms:
        health = Health.UNKNOWN
    elif measure["dead_ms"] >= rules.dead_part * total:
        health = Health.DEAD
    elif active < rules.active_ms:
        health = Health.ONE_WAY if measure["sent_ms"] >= rules.sent_ms else Health.SILENT
    elif measure["clipped"] > rules.clipped_part * total * 8:
        health = Health.CLIPPED
    else:
        health = Health.GOOD
    return LineHealth(
        health,
        total,
        active,
        measure["sent_ms"],
        measure["dead_ms"],
        measure["mean_dbm0"],
        measure["peak_dbm0"],
        measure["noise_dbm0"],
        int(measure["clipped"]),
    )
