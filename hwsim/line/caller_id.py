"""Caller ID as it is coded on a line: SDMF and MDMF messages for FSK, and rows of DTMF digits (facts 1.6, 1.7)."""

from __future__ import annotations

import re
from dataclasses import dataclass

SDMF = 0x04
MDMF = 0x80
DATE, NUMBER, NUMBER_ABSENT, NAME, NAME_ABSENT = 0x01, 0x02, 0x04, 0x07, 0x08
DATE_CHARS = 8
MAX_DATA = 255
NAME_CODING = "gbk"

UNAVAILABLE = "O"
"""Out of area: the network does not know the number."""
PRIVATE = "P"
"""The caller withholds it."""

BITS_PER_SECOND = 1200
SEIZURE_BITS = 300
MARK_BITS = 180
TAIL_BITS = 10
"""Stop bits after the checksum; two are asked for."""

_DTMF_REASON = re.compile(r"^D([123])#$|^B(00|10)[C#]?$")
_DTMF_FIELD = re.compile(r"([ABD]?)([0-9]+)")
_DTMF_PRIVATE = frozenset({"1", "10"})


@dataclass(frozen=True, slots=True)
class CallerId:
    """Who calls: number or the reason why there is none (`absent`: O, P or nothing), name, and date as MMDDHHMM."""

    number: str = ""
    name: str = ""
    date: str = ""
    absent: str = ""


def with_checksum(body: bytes) -> bytes:
    """Type, length and data, completed so that all bytes together are 0 modulo 256."""
    return body + bytes([-sum(body) & 0xFF])


def sdmf(caller: CallerId) -> bytes:
    """The simple message: date and number (or O, P) and nothing else. Raises ValueError without a date."""
    if len(caller.date) != DATE_CHARS:
        raise ValueError("a simple message has a date of eight digits")
    data = caller.date.encode("ascii") + (caller.number or caller.absent or UNAVAILABLE).encode("ascii")
    return with_checksum(bytes([SDMF, len(data)]) + data)


def mdmf(caller: CallerId) -> bytes:
    """The message with parameters: date, number or reason for its absence, name. Raises ValueError when too long."""
    data = b""
    if caller.date:
        data += _parameter(DATE, caller.date.encode("ascii"))
    if caller.number:
        data += _parameter(NUMBER, caller.number.encode("ascii"))
    else:
        data += _parameter(NUMBER_ABSENT, (caller.absent or UNAVAILABLE).encode("ascii"))
    if caller.name:
        data += _parameter(NAME, caller.name.encode(NAME_CODING, "replace"))
    if len(data) > MAX_DATA:
        raise ValueError(f"{len(data)} bytes of caller ID, {MAX_DATA} is the most")
    return with_checksum(bytes([MDMF, len(data)]) + data)


def _parameter(kind: int, value: bytes) -> bytes:
    if len(value) > MAX_DATA:
        raise ValueError(f"{len(value)} bytes in one parameter, {MAX_DATA} is the most")
    return bytes([kind, len(value)]) + value


def decode(message: bytes) -> CallerId:
    """The content of a whole message, checksum included. Raises ValueError when it is no caller ID."""
    if len(message) < 3 or len(message) != message[1] + 3:
        raise ValueError("the length does not fit")
    if sum(message) & 0xFF:
        raise ValueError("wrong checksum")
    data = message[2:-1]
    if message[0] == SDMF:
        text = data.decode("ascii", "replace")
        return _with_number(text[DATE_CHARS:], date=text[:DATE_CHARS])
    if message[0] != MDMF:
        raise ValueError(f"message type {message[0]:#04x} is no caller ID")
    return _of_parameters(data)


def _of_parameters(data: bytes) -> CallerId:
    values: dict[int, bytes] = {}
    while len(data) >= 2 and len(data) >= 2 + data[1]:
        values[data[0]] = data[2 : 2 + data[1]]
        data = data[2 + data[1] :]
    if data:
        raise ValueError("a parameter is longer than the message")
    number = values.get(NUMBER, b"") or values.get(NUMBER_ABSENT, b"")
    return _with_number(
        number.decode("ascii", "replace"),
        date=values.get(DATE, b"").decode("ascii", "replace"),
        name=values.get(NAME, b"").decode(NAME_CODING, "replace"),
    )


def _with_number(text: str, *, date: str, name: str = "") -> CallerId:
    if text in (UNAVAILABLE, PRIVATE):
        return CallerId(name=name, date=date, absent=text)
    return CallerId(text, name, date)


def air_time_ms(message: bytes) -> float:
    """How long a message sounds, preamble included."""
    return (SEIZURE_BITS + MARK_BITS + 10 * len(message) + TAIL_BITS) * 1000 / BITS_PER_SECOND


def decode_dtmf(digits: str) -> CallerId | None:
    """What a row of digits says in the forms in use (facts 1.7); None: no number and no reason for its absence.

    D...C, A...#, A...D...B...C (the number is A's), bare digits; D1# and B10: private; D2#, D3# and B00: unavailable.
    """
    reason = _DTMF_REASON.match(digits)
    if reason:
        return CallerId(absent=PRIVATE if (reason[1] or reason[2]) in _DTMF_PRIVATE else UNAVAILABLE)
    fields = dict(reversed(_DTMF_FIELD.findall(digits)))
    number = fields.get("A") or fields.get("D") or fields.get("")
    return CallerId(number) if number else None
