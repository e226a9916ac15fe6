"""Reads D-channel frames (Q.921 address to last octet, no check sequence): for the trace, and for what libpri's events
leave out. Knows nothing of states, never raises: what cannot be read is said to be so.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

Q931_DISCRIMINATOR = 0x08
MAINTENANCE_DISCRIMINATORS = (0x03, 0x43)
SERVICE, SERVICE_ACK = 0x0F, 0x07
"""Message types under the discriminators of maintenance."""
_UNNUMBERED = {0x6F: "SABME", 0x63: "UA", 0x43: "DISC", 0x0F: "DM", 0x87: "FRMR", 0x03: "UI", 0xAF: "XID"}
_SUPERVISORY = {0x01: "RR", 0x05: "RNR", 0x09: "REJ"}
_POLL = 0x10


class MessageType(IntEnum):
    """Message types of Q.931 (facts 3.6)."""

    ALERTING = 0x01
    CALL_PROCEEDING = 0x02
    PROGRESS = 0x03
    SETUP = 0x05
    CONNECT = 0x07
    SETUP_ACK = 0x0D
    CONNECT_ACK = 0x0F
    DISCONNECT = 0x45
    RESTART = 0x46
    RELEASE = 0x4D
    RESTART_ACK = 0x4E
    RELEASE_COMPLETE = 0x5A
    FACILITY = 0x62
    NOTIFY = 0x6E
    STATUS_ENQUIRY = 0x75
    INFORMATION = 0x7B
    STATUS = 0x7D


class Element(IntEnum):
    """Information elements of codeset 0 that are read here."""

    CHANGE_STATUS = 0x01
    BEARER = 0x04
    CAUSE = 0x08
    CALL_STATE = 0x14
    CHANNEL = 0x18
    PROGRESS = 0x1E
    DISPLAY = 0x28
    KEYPAD = 0x2C
    CALLING = 0x6C
    CALLED = 0x70
    REDIRECTING = 0x74
    RESTART = 0x79
    SENDING_COMPLETE = 0xA1


@dataclass(frozen=True, slots=True)
class Cause:
    """`value` 0-127, `location` 0-15, `coding` 0 = ITU-T, `diagnostics` what follows."""

    value: int
    location: int
    coding: int
    diagnostics: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One Q.931 message. `flag`: sent by the side that did not choose the call reference. `elements`: codeset,
    identifier, content in order. `intact` False: it ends in the middle of an element."""

    discriminator: int
    reference: int
    flag: bool
    kind: int
    elements: tuple[tuple[int, int, bytes], ...] = ()
    intact: bool = True

    def get(self, element: Element) -> bytes | None:
        """The content of the first such element of codeset 0."""
        return next((content for codeset, code, content in self.elements if codeset == 0 and code == element), None)

    @property
    def flagged_reference(self) -> int:
        """The call reference with its flag as bit 15."""
        return self.reference | (0x8000 if self.flag else 0)

    @property
    def is_service(self) -> bool:
        """A maintenance message, not one of Q.931."""
        return self.discriminator in MAINTENANCE_DISCRIMINATORS

    @property
    def cause(self) -> Cause | None:
        """The first cause element."""
        content = self.get(Element.CAUSE)
        if not content:
            return None
        # Octet 3a (recommendation) is there when octet 3 has no extension bit.
        at = 1 if content[0] & 0x80 else 2
        if len(content) <= at:
            return None
        return Cause(content[at] & 0x7F, content[0] & 0xF, content[0] >> 5 & 3, content[at + 1 :])

    @property
    def progress(self) -> frozenset[int]:
        """All progress indicators, 1-127."""
        found = (c for codeset, code, c in self.elements if codeset == 0 and code == Element.PROGRESS and len(c) >= 2)
        return frozenset(content[1] & 0x7F for content in found)

    @property
    def slot(self) -> int | None:
        """The timeslot that the channel identification names, if it names one by number."""
        content = self.get(Element.CHANNEL)
        if not content or content[0] & 3 != 1:
            return None
        at = 1
        if content[0] & 0x40:
            while at < len(content) and not content[at] & 0x80:
                at += 1
            at += 1
        if at + 1 >= len(content) or content[at] & 0x10:
            return None
        return content[at + 1] & 0x7F

    @property
    def exclusive(self) -> bool:
        """Whether no other channel than the named one will do."""
        content = self.get(Element.CHANNEL)
        return bool(content and content[0] & 0x08)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame. `kind`: SABME, UA, …, I, RR, RNR, REJ, or "?" for what is none of them."""

    kind: str
    address: bytes
    poll: bool = False
    ns: int = 0
    nr: int = 0
    message: Message | None = None

    @property
    def keep_alive(self) -> bool:
        """Nothing but an acknowledgement or a poll."""
        return self.kind == "RR"


def read_frame(octets: bytes) -> Frame:
    """The frame in `octets`."""
    if len(octets) < 3:
        return Frame("?", octets[:2])
    address, control = octets[:2], octets[2]
    if control & 3 == 3:
        kind = _UNNUMBERED.get(control & ~_POLL, "?")
        message = read_message(octets[3:]) if kind == "UI" else None
        return Frame(kind, address, bool(control & _POLL), message=message)
    if len(octets) < 4:
        return Frame("?", address)
    poll, nr = bool(octets[3] & 1), octets[3] >> 1
    if control & 1:
        return Frame(_SUPERVISORY.get(control, "?"), address, poll, nr=nr)
    return Frame("I", address, poll, control >> 1, nr, read_message(octets[4:]))


def read_message(octets: bytes) -> Message | None:
    """The Q.931 message in `octets`; None: not even a header."""
    if len(octets) < 3:
        return None
    size = octets[1] & 0xF
    if len(octets) < 3 + size:
        return None
    value = int.from_bytes(octets[2 : 2 + size], "big")
    top = 1 << (8 * size - 1) if size else 0
    elements, intact = _read_elements(octets[3 + size :])
    return Message(octets[0], value & ~top, bool(value & top), octets[2 + size], elements, intact)


def _read_elements(rest: bytes) -> tuple[tuple[tuple[int, int, bytes], ...], bool]:
    found: list[tuple[int, int, bytes]] = []
    locked = codeset = 0
    while rest:
        code = rest[0]
        if code & 0x80:
            rest = rest[1:]
            if code & 0xF0 == 0x90:
                codeset = code & 7
                locked = locked if code & 8 else codeset
                continue
            # One-octet elements: the lower half is content, except for the type that has none.
            single = code if code & 0xF0 == 0xA0 else code & 0xF0
            found.append((codeset, single, b"" if single == code else bytes([code & 0xF])))
        elif len(rest) < 2 or len(rest) < 2 + rest[1]:
            return tuple(found), False
        else:
            found.append((codeset, code, rest[2 : 2 + rest[1]]))
            rest = rest[2 + rest[1] :]
        codeset = locked
    return tuple(found), True
