"""What a listener can say about a line, and the data that say why.

Every verdict carries what was measured, which entry of the profile it fits and why the others do not; `explain` puts
that into words.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from boardd.contract.text import _

RATE_HZ = 8000
SILENCE_AFTER_ANNOUNCEMENT = "silence_after_announcement"
"""The rule of a silence that ends an unanswered call."""


class Sound(enum.StrEnum):
    """The same words as in `boardd.signalling.analog`; `notice` are tones that mean nothing for the call."""

    DIAL_TONE = "dial_tone"
    SPECIAL_DIAL_TONE = "special_dial_tone"
    RING_BACK = "ring_back"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "unobtainable"
    HOWLER = "howler"
    NOTICE = "notice"
    ANSWER = "answer"
    """A person who says hello: speech that is neither an announcement nor music. A guess."""
    ANNOUNCEMENT = "announcement"
    """Recorded speech or music (彩铃): neither answer nor failure by itself."""
    SOUND = "sound"
    SILENCE = "silence"


FAILURES = (Sound.BUSY, Sound.CONGESTION, Sound.UNOBTAINABLE, Sound.HOWLER)
"""Tones after which a call is over."""


class Fault(enum.StrEnum):
    """What a profile's entry does not fit by."""

    FREQUENCY = "frequency"
    ON = "on"
    OFF = "off"
    CYCLES = "cycles"
    UNEVEN = "uneven"
    LENGTH = "length"
    LEVEL = "level"


@dataclass(frozen=True, slots=True)
class Window:
    """What is accepted of a measure, both ends included."""

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def middle(self) -> float:
        """The nominal value."""
        return (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an entry of the profile was not it: the first measure that does not fit."""

    entry: str
    fault: Fault
    measured: float
    wanted: Window


@dataclass(frozen=True, slots=True)
class ToneReasons:
    """A tone: what was measured over how many cycles, the entry that fits, the others that do not.

    `on_ms` and `off_ms` are those that the verdict rests on, oldest first. `after` is what was heard before, since the
    listener began: an announcement before a busy tone says that the call has failed, not that it is over.
    """

    entry: str
    profile: str
    f_hz: float
    level_dbm0: float
    on_ms: tuple[float, ...]
    off_ms: tuple[float, ...]
    cycles: float
    refused: tuple[Refusal, ...] = ()
    after: tuple[Sound, ...] = ()


@dataclass(frozen=True, slots=True)
class VoiceReasons:
    """Speech, music, or their absence.

    `bursts_ms` are the sounds and `pauses_ms` the pauses between them that the verdict rests on; `rings` how many
    ring-back tones came before; `rule` names the rule that decided.
    """

    rule: str
    level_dbm0: float
    noise_dbm0: float
    bursts_ms: tuple[float, ...] = ()
    pauses_ms: tuple[float, ...] = ()
    rings: int = 0
    after: tuple[Sound, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """One thing that a listener is sure of. `at` and `decided_at` count the lane's samples."""

    sound: Sound
    at: int
    decided_at: int
    reasons: ToneReasons | VoiceReasons
    lane: int = field(default=0, compare=False)

    @property
    def failed_call(self) -> bool:
        """Evidence that an unanswered call has failed: a tone that says so, or long silence after an announcement."""
        return self.sound in FAILURES or (
            isinstance(self.reasons, VoiceReasons) and self.reasons.rule == SILENCE_AFTER_ANNOUNCEMENT
        )


def explain(verdict: Verdict) -> list[str]:
    """The verdict and its reasons, a line each, in the reader's language."""
    reasons = verdict.reasons
    if isinstance(reasons, VoiceReasons):
        text = _("{sound}: rule {rule}, level {level:.0f} dBm0 over noise {noise:.0f} dBm0, sounds {bursts} ms")
        bursts = _list(reasons.bursts_ms)
        made = text.format(
            sound=verdict.sound,
            rule=reasons.rule,
            level=reasons.level_dbm0,
            noise=reasons.noise_dbm0,
            bursts=bursts,
        )
        return [made]
    text = _(
        "{sound}: {f_hz:.0f} Hz, {level:.0f} dBm0, on {on} ms, off {off} ms, {cycles:g} cycles: {entry} of {profile}"
    )
    lines = [
        text.format(
            sound=verdict.sound,
            f_hz=reasons.f_hz,
            level=reasons.level_dbm0,
            on=_list(reasons.on_ms),
            off=_list(reasons.off_ms),
            cycles=reasons.cycles,
            entry=reasons.entry,
            profile=reasons.profile,
        )
    ]
    for refusal in reasons.refused:
        text = _("not {entry}: {fault} {measured:.0f}, wanted {low:.0f} to {high:.0f}")
        lines.append(
            text.format(
                entry=refusal.entry,
                fault=refusal.fault,
                measured=refusal.measured,
                low=refusal.wanted.low,
                high=refusal.wanted.high,
            )
        )
    return lines


def _list(values: tuple[float, ...]) -> str:
    return "/".join(f"{value:.0f}" for value in values) or "-"
