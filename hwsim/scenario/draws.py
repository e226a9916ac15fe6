"""Drawn times in scenario files: `30`, `uniform 2..6`, `exponential 60 max 300`, `normal 30 5`; in seconds."""

from __future__ import annotations

import math

from boardd.contract.text import _
from hwsim.people.draw import Draw, DrawKind

EXAMPLES = "30, uniform 2..6, exponential 60 max 300, normal 30 5 min 10"


def parse_draw(text: str) -> Draw:
    """The distribution that `text` names, in seconds. Raises ValueError with an explanation."""
    words = text.split()
    bounds = {"min": 0.0, "max": math.inf}
    while len(words) >= 3 and words[-2] in bounds:
        bounds[words[-2]] = _number(words[-1], text)
        words = words[:-2]
    kind, values = (words[0], words[1:]) if words and words[0] in list(DrawKind) else ("fixed", words)
    if kind == "uniform" and len(values) == 1 and ".." in values[0]:
        values = values[0].split("..")
    wanted = {"fixed": 1, "exponential": 1, "uniform": 2, "normal": 2}[kind]
    if len(values) != wanted:
        raise ValueError(
            _("not a time or distribution: {text!r} (for example: {examples})").format(text=text, examples=EXAMPLES)
        )
    numbers = [_number(value, text) for value in values]
    if kind == "uniform" and numbers[0] > numbers[1]:
        raise ValueError(_("{text!r}: the smaller bound comes first").format(text=text))
    if bounds["min"] > bounds["max"]:
        raise ValueError(_("{text!r}: min is above max").format(text=text))
    return Draw(DrawKind(kind), numbers[0], numbers[1] if len(numbers) > 1 else 0.0, bounds["min"], bounds["max"])


def _number(word: str, text: str) -> float:
    try:
        value = float(word)
    except ValueError:
        raise ValueError(
            _("not a time or distribution: {text!r} (for example: {examples})").format(text=text, examples=EXAMPLES)
        ) from None
    if not math.isfinite(value) or value < 0:
        raise ValueError(_("{text!r}: times are not negative and not infinite").format(text=text))
    return value
