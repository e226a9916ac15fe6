"""What a card or network says of a call's parties, made fit to be shown, stored and dialled - or refused as garbage.

A number is dialled back, looked up and shown on telephones; a library that answers with what happened to be in its
memory must not put that into records. Raises nothing: who calls is worth less than the call.
"""

from __future__ import annotations

import re

LONGEST_NUMBER = 40
LONGEST_NAME = 80
_SEPARATORS = re.compile(r"[ ().-]")
_NUMBER = re.compile(r"\+?[0-9*#A-Da-d]+")
_ABSENT = frozenset({"O", "P"})
"""Out of area, private: the words of caller ID for no number."""


def plain_number(text: str) -> str | None:
    """The number without its separators ("(0571) 8800-1000" is 057188001000), empty for none; None: it is garbage."""
    number = _SEPARATORS.sub("", text)
    if not number or number in _ABSENT:
        return ""
    return number if len(number) <= LONGEST_NUMBER and _NUMBER.fullmatch(number) else None


def plain_name(text: str) -> str | None:
    """The name without blanks around it, empty for none; None: it is garbage."""
    name = text.strip()
    if name and (len(name) > LONGEST_NAME or not name.isprintable() or "\ufffd" in name):
        return None
    return name
