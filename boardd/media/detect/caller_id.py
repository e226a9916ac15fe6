"""Caller-ID messages by FSK: from the bytes that a bank has read to numbers and reasons (telephony facts 1.6).

SDMF (type 0x04) is MMDDHHMM and the number; MDMF (0x80) is parameters of type, length and text. All bytes of a message,
checksum included, add up to 0 modulo 256. DTMF caller ID is digits of a DTMF bank; what they mean,
`boardd.signalling.analog` knows.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

from boardd.media.detect.banks import Bank, Measured

SDMF, MDMF = 0x04, 0x80
DATE, NUMBER, NO_NUMBER, NAME, NO_NAME = 0x01, 0x02, 0x04, 0x07, 0x08
DATE_CHARS = 8


class State(enum.IntEnum):
    """How a message ended (det_cid)."""

    GOOD = 0
    BAD_CHECKSUM = 1
    BROKEN = 2


class Problem(enum.StrEnum):
    """What is wrong with a message's contents, though its checksum may be right."""

    CHECKSUM = "checksum"
    BROKEN = "broken"
    FRAMING = "framing"
    TYPE = "type"
    LENGTH = "length"
    DATE = "date"
    CHARACTERS = "characters"


@dataclass(frozen=True, slots=True)
class CallerMessage:
    """One FSK transmission.

    `good`: it may be believed. `absent` (O: out of area, P: private) says why there is no number; `date` is MMDDHHMM.
    Of a message that is not good, what could be read is there for the log alone. `level_dbm0`, `framing_errors` and
    `problems` are the reasons.
    """

    good: bool
    number: str = ""
    name: str = ""
    absent: str = ""
    name_absent: str = ""
    date: str = ""
    state: State = State.GOOD
    problems: tuple[Problem, ...] = ()
    level_dbm0: float = 0.0
    framing_errors: int = 0
    raw: bytes = b""


def read_message(bank: Bank, event: Measured) -> CallerMessage:
    """The message that a CID_MESSAGE event of a bank tells of, before its lane hears another."""
    level_dbm0, _bytes, framing_errors, _unused = event.values
    return parse(bank.read(event.lane), State(event.code), level_dbm0, round(framing_errors))


def parse(raw: bytes, state: State = State.GOOD, level_dbm0: float = 0.0, framing_errors: int = 0) -> CallerMessage:
    """Type, length, contents and checksum, as read from the line."""
    problems: list[Problem] = []
    if state is State.BROKEN:
        problems.append(Problem.BROKEN)
    elif len(raw) < 3 or len(raw) != raw[1] + 3:
        problems.append(Problem.LENGTH)
    if state is State.BAD_CHECKSUM or (state is State.GOOD and sum(raw) % 256):
        problems.append(Problem.CHECKSUM)
    if framing_errors:
        problems.append(Problem.FRAMING)
    kind, body = (raw[0] if raw else -1), raw[2 : (raw[1] if len(raw) > 1 else 0) + 2]
    fields: dict[str, str] = {}
    if kind == SDMF:
        fields = _sdmf(body, problems)
    elif kind == MDMF:
        fields = _mdmf(body, problems)
    else:
        problems.append(Problem.TYPE)
    good = not {Problem.CHECKSUM, Problem.BROKEN, Problem.LENGTH, Problem.TYPE} & set(problems)
    return CallerMessage(
        good,
        **fields,
        state=state,
        problems=tuple(dict.fromkeys(problems)),
        level_dbm0=level_dbm0,
        framing_errors=framing_errors,
        raw=raw,
    )


def _sdmf(body: bytes, problems: list[Problem]) -> dict[str, str]:
    fields = _date(body[:DATE_CHARS], problems)
    rest = _text(body[DATE_CHARS:], problems)
    return fields | ({"absent": rest} if rest in ("O", "P") else {"number": rest})


def _mdmf(body: bytes, problems: list[Problem]) -> dict[str, str]:
    fields: dict[str, str] = {}
    at = 0
    while at < len(body):
        kind, length = body[at], body[at + 1] if at + 1 < len(body) else 0
        value = body[at + 2 : at + 2 + length]
        if len(value) < length or at + 1 >= len(body):
            problems.append(Problem.LENGTH)
            break
        if kind == DATE:
            fields |= _date(value, problems)
        elif kind in _PARAMETERS:
            fields[_PARAMETERS[kind]] = _text(value, problems)
        at += 2 + length
    return fields


_PARAMETERS = {NUMBER: "number", NO_NUMBER: "absent", NAME: "name", NO_NAME: "name_absent"}


def _date(value: bytes, problems: list[Problem]) -> dict[str, str]:
    text = _text(value, problems)
    if len(text) != DATE_CHARS or not text.isdigit() or not ("01" <= text[:2] <= "12" and "01" <= text[2:4] <= "31"):
        problems.append(Problem.DATE)
    return {"date": text}


def _text(value: bytes, problems: list[Problem]) -> str:
    """Printable text; names may be GB 2312, as some exchanges send them."""
    try:
        text = value.decode("ascii")
    except UnicodeDecodeError:
        text = value.decode("gb18030", errors="replace")
    if not text.isprintable() or "\ufffd" in text:
        problems.append(Problem.CHARACTERS)
    return "".join(c for c in text if c.isprintable()).strip()
