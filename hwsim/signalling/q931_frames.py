"""Q.931 messages inside Q.921 frames, as far as the simulator looks into them itself."""

from __future__ import annotations

from dataclasses import dataclass

DISCRIMINATOR = 0x08
HEADER_OCTETS = 4
"""Of an information frame: address, control."""
DISCONNECT, RELEASE = 0x45, 0x4D
CAUSE, PROGRESS = 0x08, 0x1E
IN_BAND = bytes([PROGRESS, 2, 0x82, 0x88])
"""Progress indicator 8 from the public network serving the local user."""


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a message. `flag`: it is sent by the side that did not choose the call reference."""

    reference: int
    flag: bool
    kind: int


def head_of(frame: bytes) -> Head | None:
    """The head of the message in an information frame; None for all other frames."""
    message = frame[HEADER_OCTETS:]
    if (
        len(frame) <= HEADER_OCTETS
        or frame[2] & 1
        or len(message) < 5
        or message[0] != DISCRIMINATOR
        or message[1] != 2
    ):
        return None
    return Head((message[2] & 0x7F) << 8 | message[3], bool(message[2] & 0x80), message[4])


def with_in_band(frame: bytes) -> bytes:
    """A DISCONNECT with progress indicator 8 behind its cause: elements stand in the order of their codes."""
    at = HEADER_OCTETS + 5
    while at + 1 < len(frame) and frame[at] < PROGRESS:
        at += 2 + frame[at + 1]
    return frame[:at] + IN_BAND + frame[at:]


def with_cause(frame: bytes, cause: int) -> bytes:
    """A message whose first element is a cause of two octets, with another value in it."""
    at = HEADER_OCTETS + 5
    if frame[at : at + 2] != bytes([CAUSE, 2]):
        return frame
    return frame[: at + 3] + bytes([0x80 | cause]) + frame[at + 4 :]
