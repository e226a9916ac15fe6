"""Tone learning: from a recording of a tone to an entry of a profile, with reasons (telephony facts R2, 1.4).

The procedure that technicians know: let the far end hang up, record some 30 seconds, measure on, off and frequency,
write them down. Here the recording is enough. What is not regular is left out; how sure the result is, and why, is
part of it.
"""

from __future__ import annotations

import enum
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.media._native import load
from boardd.media.detect.banks import Bank, Kind, What
from boardd.media.detect.listener import OTHER, QUIET, TONE, VETO_MS
from boardd.media.detect.profiles import CHINA, Tone, ToneProfile
from boardd.media.detect.soundfile import read_sound
from boardd.media.detect.sounds import Sound, Window

TONE_PURITY = 0.6
MIN_TONE_FRAMES = 20
LOUDEST_DB = 25.0
"""A tone may be so much fainter than the loudest moment of the speech before it."""
WATCH_HZ = 45.0
MAX_PLACES = 4
"""Rounds in a cadence at most; unobtainable tone has four."""
MIN_CYCLES = 3
GOOD_CYCLES = 5
CONTINUOUS_MS = 3000.0
"""A tone without a pause for so long is continuous."""
TIME_MARGIN = 0.06
TIME_MARGIN_MS = 8.0
F_MARGIN_HZ = 8.0
REGULAR = 0.30
REGULAR_MS = 20.0
"""Times of one place of a cadence may spread over so much of their mean, and so much beside."""


class LearnError(ConfigurationError):
    """A recording that holds no tone to learn; the message says what was found instead."""


class Doubt(enum.StrEnum):
    """What keeps the confidence below 1."""

    FEW_CYCLES = "few_cycles"
    UNEVEN = "uneven"
    NOISY = "noisy"
    OTHER_SOUND = "other_sound"
    LIKE_ANOTHER = "like_another"


@dataclass(frozen=True, slots=True)
class Learned:
    """A tone as measured, and how sure that is (0..1).

    `on_ms` and `off_ms` are all times that the windows come from, place by place of the cadence. `like` names entries
    of the plan that would take this tone too, each for another sound than it was said to be.
    """

    tone: Tone
    confidence: float
    f_hz: Window
    level_dbm0: float
    purity: float
    on_ms: tuple[tuple[float, ...], ...]
    off_ms: tuple[tuple[float, ...], ...]
    cycles: float
    doubts: tuple[Doubt, ...]
    like: tuple[str, ...]

    def profile(self, name: str, plan: ToneProfile = CHINA) -> ToneProfile:
        """The plan with this tone before its others."""
        return plan.with_tones(name, self.tone)


@dataclass(slots=True)
class _Round:
    on_ms: float
    off_ms: float
    f_hz: float
    level_dbm0: float
    purity: float


def learn_file(
    path: Path, sound: Sound, name: str, plan: ToneProfile = CHINA, *, channel: int = 0, raw: str = "alaw"
) -> Learned:
    """As `learn`, from a WAVE file, or a raw one coded as `raw` says (alaw, mulaw, pcm16).

    Raises also WavError, OSError.
    """
    return learn(read_sound(path, raw)[channel], sound, name, plan)


def learn(pcm: Any, sound: Sound, name: str, plan: ToneProfile = CHINA) -> Learned:
    """The tone of a recording: any buffer of 16-bit samples, 8 kHz. Raises LearnError."""
    f_hz = _strongest(pcm)
    runs, other = _runs(pcm, f_hz)
    longest = max((r.on_ms for run in runs for r in run), default=0.0)
    rounds = max(runs, key=lambda run: sum(r.on_ms for r in run), default=[])
    if longest >= CONTINUOUS_MS and not any(r.off_ms > 0 for r in rounds if r.on_ms >= CONTINUOUS_MS / 2):
        places, used = 0, [max(rounds, key=lambda r: r.on_ms)]
    else:
        places, used = _regular([r for r in rounds if r.off_ms > 0])
    if not used:
        text = _("no regular tone: {count} bursts of {f_hz:.0f} Hz, on {on} ms, off {off} ms")
        on = "/".join(f"{r.on_ms:.0f}" for r in rounds[:12]) or "-"
        off = "/".join(f"{r.off_ms:.0f}" for r in rounds[:12]) or "-"
        raise LearnError(text.format(count=len(rounds), f_hz=f_hz, on=on, off=off))
    return _learned(used, places, sound, name, plan, other)


def _strongest(pcm: Any) -> float:
    """The frequency that most of the clear frames have."""
    ffi, lib = load()
    samples = ffi.from_buffer("short[]", pcm)
    room = max(1, len(samples) // 80)
    frames = ffi.new("det_frame[]", room)
    count = lib.det_scan(samples, len(samples), frames, room)
    clear = [(f.f_hz, f.level_dbm0) for f in (frames[i] for i in range(count)) if f.purity >= TONE_PURITY]
    loud = max((level for _f, level in clear), default=-100.0)
    found = sorted(f for f, level in clear if level > loud - LOUDEST_DB)
    if len(found) < MIN_TONE_FRAMES:
        raise LearnError(_("no tone in this recording of {ms} ms").format(ms=count * 10))

    def near(f_hz: float) -> int:
        return sum(abs(other - f_hz) <= WATCH_HZ / 2 for other in found)

    best = max(range(0, len(found), max(1, len(found) // 200)), key=lambda i: near(found[i]))
    return float(statistics.median(f for f in found if abs(f - found[best]) <= WATCH_HZ))


def _runs(pcm: Any, f_hz: float) -> tuple[list[list[_Round]], bool]:
    """Tones with the pauses after them, cut where other sound lies between; whether there was any."""
    runs: list[list[_Round]] = [[]]
    other = False
    with Bank(Kind.PROGRESS, 1) as bank:
        bank.set(0, {"f_hz": [f_hz, 0, 0, 0], "tolerance_hz": [WATCH_HZ, 0, 0, 0], "quiet_below_tone_db": 8.0})
        tail = bytes(2 * 8000)
        for event in bank.run([bytes(memoryview(pcm).cast("B")) + tail]):
            ms, level_dbm0, tone_hz, purity = event.values
            if event.what is not What.SEGMENT:
                continue
            if event.code == TONE:
                if event.at > 0:  # one that was there from the first sample is a part of one
                    runs[-1].append(_Round(ms, 0.0, tone_hz, level_dbm0, purity))
            elif event.code == QUIET and runs[-1]:
                runs[-1][-1].off_ms += ms
            elif event.code == OTHER and ms >= VETO_MS and runs[-1]:
                other = True
                runs.append([])
    return [run for run in runs if run], other


def _regular(rounds: Sequence[_Round]) -> tuple[int, list[_Round]]:
    """The shortest cadence that covers most of the rounds: how many places it has, and the rounds that follow it."""
    best: tuple[int, list[_Round]] = (0, [])
    for places in range(1, MAX_PLACES + 1):
        for first in range(len(rounds)):
            last = first
            while last < len(rounds) and _even(rounds[first : last + 1], places):
                last += 1
            used = rounds[first:last]
            if len(used) >= places * MIN_CYCLES and len(used) > 1.2 * len(best[1]) + (1 if best[1] else 0):
                best = (places, list(used))
    return best


def _even(rounds: Sequence[_Round], places: int) -> bool:
    return all(_spread(values) <= 1 for values in _times(rounds, places))


def _times(rounds: Sequence[_Round], places: int) -> list[list[float]]:
    return [
        [measure(r) for r in rounds[place::places]]
        for place in range(min(places, len(rounds)))
        for measure in _MEASURES
    ]


_MEASURES: tuple[Callable[[_Round], float], ...] = (lambda r: r.on_ms, lambda r: r.off_ms)


def _spread(values: Sequence[float]) -> float:
    """What they spread over, as part of what a regular cadence may."""
    return (max(values) - min(values)) / (REGULAR * statistics.fmean(values) + REGULAR_MS)


def _window(values: Sequence[float]) -> Window:
    margin = TIME_MARGIN * statistics.fmean(values) + TIME_MARGIN_MS
    return Window(min(values) - margin, max(values) + margin)


def _learned(used: list[_Round], places: int, sound: Sound, name: str, plan: ToneProfile, other: bool) -> Learned:
    f_hz = Window(min(r.f_hz for r in used), max(r.f_hz for r in used))
    on_ms = tuple(tuple(round(r.on_ms, 1) for r in used[place::places]) for place in range(places))
    off_ms = tuple(tuple(round(r.off_ms, 1) for r in used[place::places]) for place in range(places))
    tone = Tone(
        name,
        sound,
        Window(f_hz.low - F_MARGIN_HZ, f_hz.high + F_MARGIN_HZ),
        tuple((_window(on), _window(off)) for on, off in zip(on_ms, off_ms, strict=True)),
        cycles=2 if places > 1 else 3,
        even=False,
        origin="learned",
    )
    cycles = len(used) / places if places else 1.0
    purity = statistics.fmean(r.purity for r in used)
    uneven = max((_spread(values) for values in _times(used, places)), default=0.0) if places else 0.0
    like = tuple(entry.name for entry in plan.tones if entry.sound is not sound and _resembles(entry, tone, used))
    parts = {
        Doubt.FEW_CYCLES: min(1.0, cycles / GOOD_CYCLES) if places else min(1.0, used[0].on_ms / 10_000),
        Doubt.UNEVEN: 1.0 - 0.4 * uneven,
        Doubt.NOISY: min(1.0, purity / 0.9),
        Doubt.OTHER_SOUND: 0.9 if other else 1.0,
        Doubt.LIKE_ANOTHER: 0.5 if like else 1.0,
    }
    confidence = 1.0
    for part in parts.values():
        confidence *= part
    return Learned(
        tone=tone,
        confidence=round(confidence, 2),
        f_hz=f_hz,
        level_dbm0=statistics.fmean(r.level_dbm0 for r in used),
        purity=purity,
        on_ms=on_ms,
        off_ms=off_ms,
        cycles=cycles,
        doubts=tuple(doubt for doubt, part in parts.items() if part < 0.85),
        like=like,
    )


def _resembles(entry: Tone, tone: Tone, used: Sequence[_Round]) -> bool:
    """True when an entry of the plan takes these rounds as its own."""
    if len(entry.cadence) != len(tone.cadence) or not all(r.f_hz in entry.f_hz for r in used):
        return False
    size = len(tone.cadence)
    return size == 0 or any(
        all(
            r.on_ms in entry.cadence[(i + turn) % size][0] and r.off_ms in entry.cadence[(i + turn) % size][1]
            for i, r in enumerate(used)
        )
        for turn in range(size)
    )
