"""What one circuit is doing: the call on it, and why it cannot take one."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from boardd.signalling.span import BlockReason


class Stage(StrEnum):
    """Of a call. `clearing`: REL was sent or the library cleared; RLC is to come."""

    SETUP = "setup"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    """ACM was sent or received."""
    CONNECTED = "connected"
    CLEARING = "clearing"


@dataclass(slots=True)
class Call:
    """One call."""

    number: int
    outgoing: bool
    called: str
    stage: Stage
    cause: int = 0
    hung_up: bool = False
    told: bool = False
    alerting: bool = False
    complete: bool = True


@dataclass(slots=True)
class Circuit:
    """One circuit. `told` is the reason of the last Blocked, None when it is usable."""

    slot: int
    cic: int
    call: Call | None = None
    reasons: set[BlockReason] = field(default_factory=lambda: {BlockReason.LINK})
    told: BlockReason | None = None

    @property
    def reason(self) -> BlockReason | None:
        """The first that holds."""
        return next((reason for reason in BlockReason if reason in self.reasons), None)

    def mark(self, reason: BlockReason, on: bool) -> None:
        """Set or clear a reason."""
        if on:
            self.reasons.add(reason)
        else:
            self.reasons.discard(reason)
