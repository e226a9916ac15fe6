"""Loops that a card can make at its end of an E1 (facts 3.4)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hwsim.spanbus.end import SpanEnd


class Loop(Enum):
    """Where what is looped."""

    NONE = "none"
    LOCAL = "local"
    """The end hears itself; the line still gets what it sends."""
    LINE = "line"
    """The far end gets back what it sends, framing and all."""
    PAYLOAD = "payload"
    """The far end gets back its timeslots in this end's own framing."""


RETURNING = (Loop.LINE, Loop.PAYLOAD)


def hearers(sender: SpanEnd) -> list[SpanEnd]:
    """The ends at which what `sender` puts into its timeslots arrives."""
    found = []
    if sender.loop is Loop.LOCAL:
        found.append(sender)
    if sender.loop not in RETURNING:
        found.append(sender.far)
        if sender.far.loop in RETURNING and sender.far.receives:
            found.append(sender)
    return found
