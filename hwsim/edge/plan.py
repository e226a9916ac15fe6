"""What a peer at the edge is to do: how it treats calls to it, which calls it makes, which circuits it blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

PARTY = 99
"""Who the peer is in chirps, unless the plan says otherwise."""


@dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call of the peer. `circuit`: where it tries first.

    `first` digits go in SETUP and the others follow one by one after `gap_ms` each (0: all at once). `hang_up_ms` after
    the answer it clears (None: it waits for the far end).
    """

    at_ms: int
    span: str
    slot: int
    called: str
    caller: str = ""
    first: int = 0
    gap_ms: int = 0
    hang_up_ms: int | None = None


@dataclass(frozen=True, slots=True)
class PlannedBlock:
    """A circuit that the peer blocks for a while (R2)."""

    at_ms: int
    span: str
    slot: int
    for_ms: int


@dataclass(frozen=True, slots=True)
class PeerPlan:
    """Calls to the peer ring at once. `answer_ms`: then (None: never); `talk_ms`: until it hangs up (None: never).

    `refuse`: the Q.850 cause with which it refuses every call (0: none). `digits`: how many digits its own numbers
    have, for calls whose end nothing else tells; `register_gap_ms`: how long its R2 register waits for the next signal;
    `ka`, `kd`: what it sends of its own callers.
    """

    answer_ms: int | None = 2000
    talk_ms: int | None = None
    refuse: int = 0
    digits: int = 0
    register_gap_ms: int = 8000
    ka: int = 1
    kd: int = 3
    party: int = PARTY
    calls: Sequence[PlannedCall] = ()
    blocks: Sequence[PlannedBlock] = ()
