"""What goes into the FXO machine as sound, and what comes out of it. Causes are Q.850."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Sound(StrEnum):
    """What the detectors recognised on the line. `sound` is anything that is not silence and not one of the others."""

    DIAL_TONE = "dial_tone"
    SPECIAL_DIAL_TONE = "special_dial_tone"
    RING_BACK = "ring_back"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "unobtainable"
    HOWLER = "howler"
    ANSWER = "answer"
    """A person who says hello: speech that is neither an announcement nor music."""
    ANNOUNCEMENT = "announcement"
    """Recorded speech or music (彩铃) instead of a tone: neither answer nor failure by itself."""
    SOUND = "sound"
    SILENCE = "silence"


FAILURE_TONES = (Sound.BUSY, Sound.CONGESTION, Sound.UNOBTAINABLE, Sound.HOWLER)
"""Tones after which a call is over."""
DIAL_TONES = (Sound.DIAL_TONE, Sound.SPECIAL_DIAL_TONE)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a call ended: Q.850 cause, who ended it (far, line, card, glare), which supervisor said so, in words."""

    cause: int
    origin: str
    code: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class FxoEvent:
    """Root of what an exchange line tells."""


@dataclass(frozen=True, slots=True)
class Offered(FxoEvent):
    """A call came in; the number is known already when it came before the ring."""

    caller: str = ""
    caller_name: str = ""


@dataclass(frozen=True, slots=True)
class Rang(FxoEvent):
    """The line has rung `count` times since the call began."""

    count: int


@dataclass(frozen=True, slots=True)
class CallerKnown(FxoEvent):
    """The caller-ID window closed, with a number or without; `how` says what was seen in it."""

    number: str
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class Dialled(FxoEvent):
    """All digits are out."""


@dataclass(frozen=True, slots=True)
class RingBack(FxoEvent):
    """Ring-back tone was heard: the far end rings."""


@dataclass(frozen=True, slots=True)
class Answered(FxoEvent):
    """The call is through, known by `evidence`: connect (ours), reversal, voice, none; again when it is better."""

    evidence: str


@dataclass(frozen=True, slots=True)
class Cleared(FxoEvent):
    """The call was ended by somebody else; once per call. It must be hung up."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class LineFree(FxoEvent):
    """The call was hung up and the line is free; once per call."""


@dataclass(frozen=True, slots=True)
class InService(FxoEvent):
    """The line can be used, or cannot (`reason`: no_line_voltage, in_use_elsewhere)."""

    usable: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DialToneMissing(FxoEvent):
    """No dial tone within its time (`missing`), or there it is again."""

    missing: bool
