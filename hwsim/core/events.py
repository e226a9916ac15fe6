"""What the engine reports, and the words it uses. Values equal those of `hwcore.h`; a test compares them."""

from enum import IntEnum
from typing import NamedTuple

RATE_HZ = 8000
STEP_SAMPLES = 32
CHIRP_SAMPLES = 960
MAX_DELAY_SAMPLES = 4000
MAX_SLIP_SAMPLES = 64
NONE_MB = -100_000
"""No level: noise or echo off, silence measured."""


class Format(IntEnum):
    """How samples lie in files and memory. 8 kHz; PCM8 is unsigned as in WAV; the numbers are those of card makers."""

    PCM16 = -2
    PCM8 = 1
    ALAW = 6
    MULAW = 7

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return 2 if self is Format.PCM16 else 1


class Tap(IntEnum):
    """What a link takes from its source leg: what that leg hears, or what its own sources play."""

    HEARS = 0
    PLAYS = 1


class What(IntEnum):
    """What a recorder takes: what the leg hears, says, both added up, or both side by side (hears left)."""

    IN = 0
    OUT = 1
    BOTH = 2
    STEREO = 3


class Kind(IntEnum):
    """Kinds of event; `Event` says what `a` and `b` mean."""

    PLAY_END = 1
    PLAY_NEXT = 2
    DTMF_DIGIT_SENT = 3
    DTMF_SENT = 4
    DTMF_ON = 5
    DTMF_OFF = 6
    TONE_ON = 7
    TONE_OFF = 8
    VOICE_ON = 9
    VOICE_OFF = 10
    REC_END = 11
    REC_DATA = 12
    FSK_MESSAGE = 13


class Reason(IntEnum):
    """Why a source or recorder ended. In `Event.a` a negative number is -errno of the failed read or write."""

    ENDED = 0
    STOPPED = 1
    LIMIT = 2


class FskVerdict(IntEnum):
    """How an FSK message ended."""

    GOOD = 0
    BAD_CHECKSUM = 1
    BROKEN = 2
    """Noise or silence in its middle."""


class Event(NamedTuple):
    """One event. `leg` is where, `id` the source, detector or recorder (0: the DTMF detector).

    | kind | a | b |
    |---|---|---|
    | PLAY_END | reason | samples played |
    | PLAY_NEXT | index of the entry that starts | samples played before it |
    | DTMF_DIGIT_SENT (first sample of the digit) | digit, see `digit` | its index in the string |
    | DTMF_SENT | reason | digits sent |
    | DTMF_ON | digit | level of both tones, mB |
    | DTMF_OFF | digit | duration, ms |
    | TONE_ON | frequency, Hz | silence since the tone before, ms; -1: none before |
    | TONE_OFF | frequency, Hz | duration, ms |
    | VOICE_ON | 0 | level, mB |
    | VOICE_OFF | 0 | duration, ms |
    | REC_END | reason | samples recorded |
    | REC_DATA | samples waiting | samples recorded so far |
    | FSK_MESSAGE | verdict, see FskVerdict | its bytes; `Engine.fsk_read` tells them |

    Detectors report when they are sure, at the end of a step; durations say where the edges were, within 4 ms.
    """

    at_samples: int
    kind: Kind
    leg: int
    id: int
    a: int
    b: int

    @property
    def digit(self) -> str:
        """The digit of a DTMF event."""
        return chr(self.a)
