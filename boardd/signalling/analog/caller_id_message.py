"""The bytes of caller ID: SDMF and MDMF messages (facts 1.6), written and read.

    SDMF 0x04   MMDDHHMM and the number, or O (out of area), P (private)
    MDMF 0x80   parameters: 0x01 date, 0x02 number, 0x04 number absent (O, P), 0x07 name, 0x08 name absent

Type, length, data, checksum: together they are 0 modulo 256. Names are GBK, as telephones read them.
"""

from __future__ import annotations

from boardd.signalling.analog.caller_id import FskMessage
from boardd.signalling.analog.dtmf_number import PRIVATE, UNAVAILABLE

SDMF, MDMF = 0x04, 0x80
DATE, NUMBER, NUMBER_ABSENT, NAME = 0x01, 0x02, 0x04, 0x07
DATE_OCTETS = 8
LONGEST_NUMBER, LONGEST_NAME = 32, 50
NAME_CODING = "gbk"


def write_message(number: str, name: str, date: str) -> bytes:
    """An MDMF message; `date` is MMDDHHMM. Without number it says "out of area"."""
    digits = "".join(c for c in number if c.isascii() and c.isprintable())[:LONGEST_NUMBER]
    data = bytes([DATE, DATE_OCTETS]) + date.encode("ascii")
    data += _parameter(NUMBER, digits.encode()) if digits else _parameter(NUMBER_ABSENT, UNAVAILABLE.encode())
    if name:
        data += _parameter(NAME, _cut(name, LONGEST_NAME))
    body = bytes([MDMF, len(data)]) + data
    return body + bytes([-sum(body) & 0xFF])


def _cut(name: str, most: int) -> bytes:
    """As many whole characters as fit: half of one would spoil the end of the display."""
    octets = b""
    for character in name:
        more = character.encode(NAME_CODING, "replace")
        if len(octets) + len(more) > most:
            break
        octets += more
    return octets


def _parameter(kind: int, value: bytes) -> bytes:
    return bytes([kind, len(value)]) + value


def read_message(octets: bytes) -> FskMessage:
    """What a whole message says; not `good` when checksum, length or type is wrong."""
    if len(octets) < 3 or len(octets) != octets[1] + 3 or sum(octets) & 0xFF:
        return FskMessage(good=False)
    data = octets[2:-1]
    if octets[0] == SDMF:
        return _message(data[DATE_OCTETS:])
    if octets[0] == MDMF:
        return _of_parameters(data)
    return FskMessage(good=False)


def _of_parameters(data: bytes) -> FskMessage:
    values: dict[int, bytes] = {}
    while data:
        if len(data) < 2 or len(data) < 2 + data[1]:
            return FskMessage(good=False)
        values.setdefault(data[0], data[2 : 2 + data[1]])
        data = data[2 + data[1] :]
    name = values.get(NAME, b"").decode(NAME_CODING, "replace").strip()
    return _message(values.get(NUMBER) or values.get(NUMBER_ABSENT, b""), name)


def _message(number: bytes, name: str = "") -> FskMessage:
    text = number.decode("ascii", "ignore").strip()
    if text in (UNAVAILABLE, PRIVATE):
        return FskMessage(True, "", name, text)
    digits = "".join(c for c in text if c in "0123456789*#+")
    return FskMessage(True, digits.lstrip("+"), name)
