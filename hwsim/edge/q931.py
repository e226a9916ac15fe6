"""Q.931 messages: kinds, information elements, coding (facts 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

DISCRIMINATOR = 0x08
SPEECH = b"\x80\x90\xa3"
AUDIO = b"\x90\x90\xa3"
USER, PUBLIC_LOCAL = 0x80, 0x82
"""Location octets: the user; the public network serving the local user."""
IN_BAND = 8
"""Progress description: in-band information is available."""


class Kind(IntEnum):
    """Message types."""

    ALERTING = 0x01
    PROCEEDING = 0x02
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
    """Information elements of codeset 0. Those from 0x80 on are single octets."""

    BEARER = 0x04
    CAUSE = 0x08
    CALL_STATE = 0x14
    CHANNEL = 0x18
    PROGRESS = 0x1E
    CALLER = 0x6C
    CALLED = 0x70
    REDIRECTING = 0x74
    RESTART = 0x79
    COMPLETE = 0xA1


class BadMessageError(ValueError):
    """Octets that are no Q.931 message; the text says where."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message. `flag`: sent by the side that did not choose the call reference."""

    kind: int
    reference: int
    flag: bool
    elements: tuple[tuple[int, bytes], ...] = ()

    def get(self, element: int) -> bytes | None:
        """Contents of the first element of this kind, or None."""
        return next((value for code, value in self.elements if code == element), None)

    @property
    def cause(self) -> int:
        """The cause value, 0 without one."""
        cause = self.get(Element.CAUSE)
        return cause[-1] & 0x7F if cause else 0

    @property
    def slot(self) -> int:
        """The timeslot of the channel identification, 0 without one."""
        channel = self.get(Element.CHANNEL)
        return channel[2] & 0x7F if channel and len(channel) >= 3 else 0

    @property
    def exclusive(self) -> bool:
        """Whether the channel is the only acceptable one."""
        channel = self.get(Element.CHANNEL)
        return bool(channel and channel[0] & 0x08)

    @property
    def progress(self) -> tuple[int, ...]:
        """All progress descriptions."""
        return tuple(value[1] & 0x7F for code, value in self.elements if code == Element.PROGRESS and len(value) > 1)

    def number(self, element: int) -> str:
        """The digits of a number element."""
        value = self.get(element) or b""
        start = next((i + 1 for i, octet in enumerate(value) if octet & 0x80), len(value))
        return value[start:].decode("ascii", "replace")

    def encode(self) -> bytes:
        """The octets."""
        reference = self.reference | (0x8000 if self.flag else 0)
        head = bytes([DISCRIMINATOR, 2, reference >> 8, reference & 0xFF, self.kind])
        return head + b"".join(
            bytes([code]) if code & 0x80 else bytes([code, len(value)]) + value for code, value in self.elements
        )

    @classmethod
    def decode(cls, octets: bytes) -> Message:
        """The message in these octets. Raises BadMessageError."""
        if len(octets) < 5 or octets[0] != DISCRIMINATOR or octets[1] != 2:
            raise BadMessageError(f"no Q.931 message with a call reference of two octets: {octets.hex()}")
        reference = (octets[2] & 0x7F) << 8 | octets[3]
        elements, at = [], 5
        while at < len(octets):
            code, size = octets[at], 0
            at += 1
            if not code & 0x80:
                if at >= len(octets) or at + 1 + octets[at] > len(octets):
                    raise BadMessageError(f"element {code:02x} is longer than the message: {octets.hex()}")
                size = octets[at]
                at += 1
            elements.append((code, octets[at : at + size]))
            at += size
        return cls(octets[4], reference, bool(octets[2] & 0x80), tuple(elements))


Piece = tuple[int, bytes]


def bearer() -> Piece:
    """3.1 kHz audio, A-law."""
    return (Element.BEARER, AUDIO)


def channel(slot: int, exclusive: bool = True) -> Piece:
    """A B channel of a primary rate interface."""
    return (Element.CHANNEL, bytes([0xA9 if exclusive else 0xA1, 0x83, 0x80 | slot]))


def cause(value: int, location: int = USER) -> Piece:
    """A cause with its location."""
    return (Element.CAUSE, bytes([location, 0x80 | value]))


def called(digits: str) -> Piece:
    """A called number of unknown type, E.164."""
    return (Element.CALLED, b"\x81" + digits.encode())


def caller(digits: str) -> Piece:
    """A calling number of unknown type, E.164, to be shown."""
    return (Element.CALLER, b"\x01\x80" + digits.encode())


def complete() -> Piece:
    """Sending complete."""
    return (Element.COMPLETE, b"")


def in_band() -> Piece:
    """Progress indicator 8 from the user."""
    return (Element.PROGRESS, bytes([USER, 0x80 | IN_BAND]))


def call_state(state: int) -> Piece:
    """The state of a call (numbers of Q.931: U10 active is 10)."""
    return (Element.CALL_STATE, bytes([state]))
