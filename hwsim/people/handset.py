"""The telephone in a person's hand, whatever it hangs on: a subscriber line of the exchange or a station of the box."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from hwsim.line.keypad import Keypad


class Handset(Protocol):
    """One telephone. `line` is its name in the truth log, `leg` its sound end point."""

    line: str
    leg: int

    @property
    def sound_dialling(self) -> bool:
        """Whether numbers are dialled as DTMF sound after dial tone (else they are sent in one piece)."""

    @property
    def keypad(self) -> Keypad:
        """How its keys sound."""

    @property
    def ringing(self) -> bool:
        """Whether the bell rings."""

    @property
    def off_hook(self) -> bool:
        """Whether the receiver is off-hook."""

    def attach(self, changed: Callable[[], None]) -> None:
        """Call `changed()` when the bell starts or stops."""

    def lift(self) -> None:
        """Go off-hook."""

    def hang_up(self) -> None:
        """Go on-hook."""

    def dial(self, number: str) -> None:
        """Send a number in one piece; only for sets without `sound_dialling`."""

    def flash(self, duration_ms: float) -> None:
        """Open the loop for so long; nothing on a set without a loop."""
