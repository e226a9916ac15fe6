"""Drawn quantities: delays, talk times and patience as distributions, drawn from a person's own random stream."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from random import Random


class DrawKind(StrEnum):
    """Shape of a distribution."""

    FIXED = "fixed"
    UNIFORM = "uniform"
    EXPONENTIAL = "exponential"
    NORMAL = "normal"


@dataclass(frozen=True, slots=True)
class Draw:
    """Seconds drawn from a distribution: fixed `a`; uniform between `a` and `b`; exponential with mean `a`; normal
    with mean `a` and deviation `b`. Results outside `least`..`most` are clipped."""

    kind: DrawKind
    a: float
    b: float = 0.0
    least: float = 0.0
    most: float = math.inf

    @classmethod
    def fixed(cls, seconds: float) -> Draw:
        """Always the same."""
        return cls(DrawKind.FIXED, seconds)

    @classmethod
    def uniform(cls, low: float, high: float) -> Draw:
        """Evenly between two bounds."""
        return cls(DrawKind.UNIFORM, low, high)

    @classmethod
    def exponential(cls, mean: float, most: float = math.inf) -> Draw:
        """Memoryless with this mean."""
        return cls(DrawKind.EXPONENTIAL, mean, most=most)

    def seconds(self, rng: Random) -> float:
        """Draw once."""
        match self.kind:
            case DrawKind.FIXED:
                value = self.a
            case DrawKind.UNIFORM:
                value = rng.uniform(self.a, self.b)
            case DrawKind.EXPONENTIAL:
                value = rng.expovariate(1 / self.a) if self.a > 0 else 0.0
            case DrawKind.NORMAL:
                value = rng.gauss(self.a, self.b)
        return min(max(value, self.least), self.most)

    def milliseconds(self, rng: Random) -> float:
        """Draw once, in milliseconds."""
        return self.seconds(rng) * 1000
