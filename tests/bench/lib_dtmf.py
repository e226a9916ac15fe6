"""Test sound for DTMF receivers, made from Q.23 and Q.24 alone: nothing of boardd takes part.

A case is a sentence of digits with everything that a line does to it: levels, twist, offsets of frequency, on and off
times, breaks, noise, dial tone, the echo of what we play, coding. Phases, the place in the first block and noise come
from a seed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

RATE_HZ = 8000
KEYS = "123A456B789C*0#D"
LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1209, 1336, 1477, 1633)


def peak(dbm0: float) -> float:
    """Peak of a sine at a level; full scale is +3.14 dBm0."""
    return 32768 * 10 ** ((dbm0 - 3.14) / 20)


def code(samples: np.ndarray, law: str) -> np.ndarray:
    """What comes out of a line that codes by `law`: A-law, mu-law (G.711 by its formulas) or linear."""
    x = np.clip(np.round(samples), -32768, 32767)
    if law == "linear":
        return x.astype(np.int16)
    sign = np.where(x < 0, -1.0, 1.0)
    if law == "alaw":
        m = np.minimum(np.where(x < 0, -x - 1, x) // 8, 4095)
        segment = np.maximum(np.floor(np.log2(np.maximum(m, 1))).astype(int) - 4, 1)
        step = 2.0**segment
        return (sign * (np.floor(m / step) * step + step / 2) * 8).astype(np.int16)
    m = np.minimum(np.abs(x) / 4, 8158) + 33
    segment = np.floor(np.log2(m)).astype(int) - 5
    step = 2.0 ** (segment + 1)
    return (sign * ((np.floor(m / step) + 0.5) * step - 33) * 4).astype(np.int16)


@dataclass(frozen=True)
class Line:
    """One case. Offsets are parts of the frequency; `tones` are (Hz, dBm0) that sound all the time, or until they are
    cut off, or from when they begin."""

    name: str
    want: str  # "all": each digit once; "none"; "info": only told
    digits: int = 96
    keys: str = KEYS
    on_ms: float = 50
    off_ms: float = 50
    low_dbm0: float = -10
    high_dbm0: float = -10
    low_offset: float = 0
    high_offset: float = 0
    snr_db: float | None = None
    tones: tuple[tuple[float, float], ...] = ()
    tones_ms: float = 0  # from so long before a digit begins
    tones_cut: float | None = None  # part of the digit after which they are cut off
    tones_begin: float | None = None  # part of the digit after which they begin, for the pause's first half
    break_ms: float = 0
    break_at: float | None = None  # part of the digit; None: anywhere, seeded
    prompt_dbm0: float | None = None
    prompt_delay: int = 0
    law: str = "alaw"
    seed: int = 1
    lead_ms: float = 400
    repeat: bool = False  # the same digit over and over
    extra: dict[str, float] = field(default_factory=dict)

    def both(self, offset: float) -> Line:
        return replace(self, low_offset=offset, high_offset=offset)


def sentence(line: Line, rng: np.random.Generator) -> str:
    """The digits of a case: all keys equally often, in any order."""
    if line.repeat:
        return "".join(k for k in line.keys for _ in range(line.digits // len(line.keys)))
    return "".join(line.keys[i % len(line.keys)] for i in rng.permutation(line.digits))


def burst(line: Line, key: str, begin: float, rng: np.random.Generator, total: int) -> tuple[int, np.ndarray]:
    """A digit that begins between two samples: first sample, sound."""
    first = int(np.ceil(begin))
    n = np.arange(first, min(total, int(np.ceil(begin + line.on_ms * 8))))
    t = (n - begin) / RATE_HZ
    index = KEYS.index(key)
    tones = (
        (LOW_HZ[index // 4] * (1 + line.low_offset), line.low_dbm0),
        (HIGH_HZ[index % 4] * (1 + line.high_offset), line.high_dbm0),
    )
    sound = sum(peak(dbm0) * np.sin(2 * np.pi * f * t + rng.uniform(0, 2 * np.pi)) for f, dbm0 in tones)
    if line.break_ms:
        longest = line.on_ms - line.break_ms
        at = rng.uniform(0.15, 0.85) * longest if line.break_at is None else line.break_at * longest
        sound[(t * 1000 >= at) & (t * 1000 < at + line.break_ms)] = 0
    return first, np.asarray(sound)


def sounding(line: Line, begins: np.ndarray, total: int) -> np.ndarray:
    """1 where the tones of a case sound, 0 where they do not."""
    if line.tones_cut is None and line.tones_begin is None:
        return np.ones(total)
    there = np.zeros(total)
    for begin in begins:
        if line.tones_cut is not None:
            there[int(begin - line.tones_ms * 8) : int(begin + line.tones_cut * line.on_ms * 8)] = 1
        if line.tones_begin is not None:
            first = int(begin + line.tones_begin * line.on_ms * 8)
            there[first : int(begin + (line.on_ms + line.off_ms / 2) * 8)] = 1
    return there


def make(line: Line, prompt: np.ndarray | None = None) -> tuple[str, np.ndarray, np.ndarray | None]:
    """Digits, what the receiver hears, what was sent meanwhile (None: nothing)."""
    rng = np.random.default_rng((line.seed, sum(map(ord, line.name))))
    digits = sentence(line, rng)
    period = (line.on_ms + line.off_ms) * 8
    begin = line.lead_ms * 8 + rng.uniform(0, 160)
    total = int(begin + period * len(digits) + 4000)
    total += -total % 160
    x = np.zeros(total)
    for i, key in enumerate(digits):
        first, sound = burst(line, key, begin + i * period, rng, total)
        x[first : first + len(sound)] += sound
    if line.snr_db is not None:
        power = (peak(line.low_dbm0) ** 2 + peak(line.high_dbm0) ** 2) / 2
        x += rng.normal(0, np.sqrt(power / 10 ** (line.snr_db / 10)), total)
    t = np.arange(total) / RATE_HZ
    under = sounding(line, begin + np.arange(len(digits)) * period, total)
    for f_hz, dbm0 in line.tones:
        x += under * peak(dbm0) * np.sin(2 * np.pi * f_hz * t + rng.uniform(0, 2 * np.pi))
    sent = None
    if line.prompt_dbm0 is not None and prompt is not None:
        start = rng.integers(0, len(prompt))
        sent = np.take(prompt, np.arange(start, start + total), mode="wrap").astype(float)
        rms = np.sqrt(np.mean(sent[np.abs(sent) > 200] ** 2))
        sent = code(sent * peak(line.prompt_dbm0) / np.sqrt(2) / rms, line.law)
        echo = np.concatenate((np.zeros(line.prompt_delay), sent))[:total] * 10 ** (-15 / 20)
        x += echo
    return digits, code(x, line.law), sent


def align(sent: str, heard: Sequence[str]) -> tuple[int, int, int]:
    """Digits that came through in order, missed ones, extra ones: longest common subsequence."""
    best = [0] * (len(heard) + 1)
    for key in sent:
        row = [0]
        for j, other in enumerate(heard):
            row.append(best[j] + 1 if key == other else max(best[j + 1], row[j]))
        best = row
    hits = best[-1]
    return hits, len(sent) - hits, len(heard) - hits
