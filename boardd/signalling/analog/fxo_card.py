"""The phases of an exchange line, and what its machine orders the card to do."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from boardd.signalling.analog.dialling import Sender


class Phase(StrEnum):
    """See `fxo`."""

    OUT = "out"
    REST = "rest"
    RINGING = "ringing"
    ANSWERING = "answering"
    SEIZING = "seizing"
    SENDING = "sending"
    WAITING = "waiting"
    TALKING = "talking"
    ENDED = "ended"
    CLEARING = "clearing"


class Ear(StrEnum):
    """What the detectors should listen for."""

    NOTHING = "nothing"
    CALLER_ID = "caller_id"
    DIAL_TONE = "dial_tone"
    PROGRESS = "progress"
    TALK = "talk"


class FxoCard(Sender, Protocol):
    """What the machine orders the card to do; nothing blocks, results come back through the machine's methods."""

    def hook(self, off: bool) -> None:
        """Go off-hook or on-hook; answered by `FxoLine.hook_done`."""

    def flash(self, duration_ms: int) -> None:
        """Open the loop for so long."""

    def listen(self, ear: Ear) -> None:
        """Listen for this from now on."""
