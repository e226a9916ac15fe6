"""What a Q.931 stack tells its user, and how numbers are marked in its messages (facts 3.6)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Node(IntEnum):
    """Which side of the interface a stack plays."""

    NETWORK = 1
    USER = 2


class PriEventKind(IntEnum):
    """Events, by libpri's numbers."""

    DCHAN_UP = 1
    DCHAN_DOWN = 2
    RESTART = 3
    CONFIG_ERROR = 4
    RING = 5
    HANGUP = 6
    RINGING = 7
    ANSWER = 8
    HANGUP_ACK = 9
    RESTART_ACK = 10
    FACILITY = 11
    INFO_RECEIVED = 12
    PROCEEDING = 13
    SETUP_ACK = 14
    HANGUP_REQ = 15
    NOTIFY = 16
    PROGRESS = 17
    KEYPAD_DIGIT = 18
    CONNECT_ACK = 27


class NumberPlan(IntEnum):
    """Type of number and numbering plan (octet 3 of the number elements, without the extension bit)."""

    UNKNOWN = 0x00
    UNKNOWN_E164 = 0x01
    INTERNATIONAL = 0x11
    NATIONAL = 0x21
    SUBSCRIBER = 0x41


class Presentation(IntEnum):
    """Presentation and screening of a caller number (octet 3a, without the extension bit)."""

    ALLOWED = 0x00
    ALLOWED_PASSED = 0x01
    ALLOWED_NETWORK = 0x03
    RESTRICTED_NETWORK = 0x23
    UNAVAILABLE = 0x43

    @staticmethod
    def restricted(octet: int) -> bool:
        """Whether a received octet forbids showing the number."""
        return octet & 0x60 == 0x20


PROGRESS_IN_BAND = 1 << 3
"""Bit of progress indicator 8 (in-band information) in `PriEvent.progress_mask`."""

ALL_CHANNELS = -1


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What goes into a SETUP."""

    slot: int
    called: str
    caller: str = ""
    called_plan: int = NumberPlan.UNKNOWN_E164
    caller_plan: int = NumberPlan.UNKNOWN_E164
    presentation: int = Presentation.ALLOWED_NETWORK
    redirecting: str = ""
    complete: bool = True
    exclusive: bool = True
    speech: bool = False
    """Bearer capability speech instead of 3.1 kHz audio."""


@dataclass(frozen=True, slots=True)
class PriEvent:
    """One event. `call` identifies the call (0: none) and `channel` goes back to the stack as it is; `slot` is its
    timeslot, ALL_CHANNELS for the whole interface; `reference` is the call reference of a SETUP; `by_timer`: no
    message brought it. Fields that the kind does not have are empty."""

    kind: PriEventKind
    channel: int = 0
    call: int = 0
    cause: int = 0
    progress_mask: int = 0
    called: str = ""
    called_plan: int = 0
    caller: str = ""
    caller_plan: int = 0
    presentation: int = 0
    redirecting: str = ""
    complete: bool = True
    flexible: bool = False
    digits: str = ""
    reference: int = 0
    by_timer: bool = False

    @property
    def slot(self) -> int:
        """The timeslot without the library's flag bits."""
        return self.channel if self.channel < 0 else self.channel & 0xFF
