"""The keys of a telephone, as data: how long and how loud it sends each DTMF digit (facts 2)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keypad:
    """A good telephone by default: both groups within the limits, the high one 2 dB above the low one."""

    on_ms: int = 100
    off_ms: int = 100
    low_dbm0: float = -9.0
    high_dbm0: float = -7.0
    break_ms: int = 0
    """A gap in the middle of each digit: a bouncing contact. Receivers must bridge 10 ms."""


GOOD = Keypad()
