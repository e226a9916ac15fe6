"""What is to happen on a PRI between the exchange and a card, and what a card notes of it: numbers, times, outcomes.

Both ends follow the same list, which a seed makes.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

OUR_NUMBER = "88001000"
SETUP_OCTET, SETUP = 8, 0x05
UNAVAILABLE = 44
LOSS_TIMERS = {"T309": 90_000}


@dataclass
class Plan:
    """One call: who calls, how it goes. `number` is the telephone's, and nobody else's."""

    number: str
    inbound: bool
    at_ms: float
    kind: str
    answer_ms: float
    talk_ms: float
    cause: int = 16
    glare: bool = False


INBOUND = ("answered, caller ends", "answered, we end", "refused", "caller gives up")
OUTBOUND = (
    "answered, we end",
    "answered, called ends",
    "busy",
    "switched off",
    "rejected",
    "no such number",
    "we give up",
)
OUTCOMES = {"busy": 17, "switched off": 20, "rejected": 21, "no such number": 1}
REFUSALS = (1, 17, 21, 34, 41, 57)


LONG_MS = (60_000.0, 100_000.0)


def plans(calls: int, seed: int, every_ms: float = 400.0, begin_ms: float = 3000.0) -> list[Plan]:
    """`calls` of either direction, overlapping; a tenth of those that come in meet a call of ours on their slot, some
    talk long enough to outlive a lost link."""
    rng = random.Random(seed)
    made = []
    for index in range(2 * calls):
        inbound = index % 2 == 0
        kind = rng.choice(INBOUND if inbound else OUTBOUND)
        number = f"8800{index:04d}9" if kind == "no such number" else f"13{'67'[inbound]}{index:08d}"
        made.append(
            Plan(
                number[:8] if kind == "no such number" else number,
                inbound,
                begin_ms + index * every_ms + rng.uniform(0, 150),
                kind,
                rng.uniform(100, 900),
                rng.uniform(*(LONG_MS if rng.random() < 0.14 and kind.startswith("answered") else (500, 5000))),
                rng.choice(REFUSALS) if kind == "refused" else OUTCOMES.get(kind, 16),
                glare=inbound and rng.random() < 0.12,
            )
        )
    return made


def decoys(wanted: list[Plan]) -> list[Plan]:
    """Calls of the card that wait for their occasion to meet one of the exchange: as many as are to be met."""
    glares = sum(plan.glare for plan in wanted)
    return [p for p in wanted if not p.inbound and p.kind.startswith("answered")][:glares]


@dataclass
class Record:
    """What the card believes of one call. `ended_by`: far, us, line."""

    number: str
    inbound: bool
    slot: int
    began_us: int
    answered_us: int = 0
    cause: int = 0
    ended_by: str = ""
    raw: str = ""
    ended_us: int = 0
    releases: int = 0
    again: bool = False
    """The slot was not to be had (glare, out of use at the exchange): the call was tried on another."""
    events: list[str] = field(default_factory=list)
