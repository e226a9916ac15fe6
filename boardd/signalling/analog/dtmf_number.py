"""Caller ID sent as DTMF: the forms that exchanges and PBXs use (facts 1.7), and what they mean.

D...C  A...#  A...C        number between start and stop digit (start D, A, B or none; stop C, # or none)
A...D...B...C              the number is A's; what follows says whom it was for
B00 / D2# / D3#            not available          B10 / D1#    kept private
bare digits                a number without delimiters
"""

from __future__ import annotations

import re
from dataclasses import dataclass

UNAVAILABLE, PRIVATE = "O", "P"
"""As in FSK messages: out of area, private."""

_ABSENT = {
    "B00": UNAVAILABLE,
    "B00C": UNAVAILABLE,
    "D2#": UNAVAILABLE,
    "D3#": UNAVAILABLE,
    "B10": PRIVATE,
    "B10C": PRIVATE,
    "D1#": PRIVATE,
}
_FORM = re.compile(r"^(?P<start>[ABD]?)(?P<number>[0-9]+)(?P<more>(?:[BD][0-9]*)*)(?P<stop>[C#]?)$")
MIN_BARE_DIGITS = 3
"""Without any delimiter fewer digits are noise, or a telephone on the same pair."""


@dataclass(frozen=True, slots=True)
class DtmfNumber:
    """`absent`: empty, or why there is no number. `complete`: the stop digit was there."""

    number: str
    absent: str = ""
    complete: bool = True


def read_dtmf_number(digits: str) -> DtmfNumber | None:
    """What the digits heard on the line say; None when they are no caller ID (yet)."""
    if digits in _ABSENT:
        return DtmfNumber("", _ABSENT[digits])
    found = _FORM.match(digits)
    if found is None:
        return None
    if not found["start"] and not found["stop"] and len(found["number"]) < MIN_BARE_DIGITS:
        return None
    return DtmfNumber(found["number"], complete=bool(found["stop"]))
