"""How a recording ends: a beeping tone that nobody took for the end of the call (telephony facts R2, 1.4).

The classic outage is a busy tone of the carrier's that the card does not know: the far end has gone, the port stays
seized. Its sound is on the recording; here it is measured, so that it can be told what has to be set.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardd.contract.text import _
from boardd.media.detect.learn import Learned, LearnError, learn
from boardd.media.detect.soundfile import alaw_to_pcm
from boardd.media.detect.sounds import Sound, Window
from boardd.media.wav import RATE_HZ

LOOKS_S = (10.0, 6.0, 3.0)
"""The end of a recording is searched at these lengths, the longest first."""
LEAST_SHARE = 0.55
"""So much of what is searched must be the tone: one that was over long before is not how the call ended."""
LEAST_CYCLES, LEAST_S = 3.0, 1.7
"""Whole rounds. A busy tone that the card knows ends the call by then (facts 1.2: mostly 3 rounds)."""
F_HZ = Window(300, 1100)
TIME_MS = Window(60, 1600)
"""Of every tone and every pause: ring-back, call waiting and reminders have longer pauses."""
LEAST_PURITY = 0.75


@dataclass(frozen=True, slots=True)
class EndingTone:
    """A regular beep to the end of a recording. Times are means, in ms; places of the cadence in order."""

    f_hz: float
    level_dbm0: float
    on_ms: tuple[int, ...]
    off_ms: tuple[int, ...]
    lasted_s: float

    def __str__(self) -> str:
        """`420 Hz, on 200 ms, off 200 ms, -10 dBm0`, in the reader's language."""
        text = _("{f_hz:.0f} Hz, on {on} ms, off {off} ms, {level:.0f} dBm0")
        on, off = ("/".join(str(ms) for ms in times) for times in (self.on_ms, self.off_ms))
        return text.format(f_hz=self.f_hz, on=on, off=off, level=self.level_dbm0)


def ending_tone(path: Path) -> EndingTone | None:
    """The tone with which a raw A-law recording (8 kHz, one channel) ends. Blocks. Raises OSError."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - round(LOOKS_S[0] * RATE_HZ)))
        data = file.read()
    pcm = alaw_to_pcm(data)
    for look_s in LOOKS_S:
        found = tone_of(pcm[-round(look_s * RATE_HZ) :])
        if found is not None:
            return found
    return None


def tone_of(pcm: Any) -> EndingTone | None:
    """The same of 16-bit samples that are little else than this tone."""
    try:
        learned = learn(pcm, Sound.BUSY, "ending")
    except LearnError:
        return None
    lasted_s = sum(sum(times) for times in (*learned.on_ms, *learned.off_ms)) / 1000
    least_s = max(LEAST_S, LEAST_SHARE * len(pcm) / RATE_HZ)
    if learned.cycles < LEAST_CYCLES or lasted_s < least_s or not _is_beeping(learned):
        return None
    return EndingTone(
        learned.f_hz.middle,
        learned.level_dbm0,
        tuple(round(sum(times) / len(times)) for times in learned.on_ms),
        tuple(round(sum(times) / len(times)) for times in learned.off_ms),
        lasted_s,
    )


def _is_beeping(learned: Learned) -> bool:
    every = [ms for times in (*learned.on_ms, *learned.off_ms) for ms in times]
    return (
        learned.purity >= LEAST_PURITY
        and learned.f_hz.low in F_HZ
        and learned.f_hz.high in F_HZ
        and all(ms in TIME_MS for ms in every)
    )
