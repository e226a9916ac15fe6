"""Call-progress tones and lines for scores and tests, made from the tone plan alone: nothing of boardd takes part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from lib_dtmf import RATE_HZ, code, peak

PLAN: dict[str, tuple[float, tuple[float, ...]]] = {
    "dial_tone": (450, ()),
    "special_dial_tone": (450, (400, 40)),
    "ring_back": (450, (1000, 4000)),
    "busy": (450, (350, 350)),
    "congestion": (450, (700, 700)),
    "unobtainable": (450, (100, 100, 100, 100, 100, 100, 400, 400)),
    "howler": (950, ()),
}
"""GB 3380: Hz, on/off ms; none: continuous."""


@dataclass(frozen=True)
class Line:
    """One tone on one line. `jitter_ms`: how much each time of the cadence moves; `drift_hz`: frequency, each burst."""

    tone: str
    f_hz: float
    cadence_ms: tuple[float, ...]
    level_dbm0: float = -10
    snr_db: float | None = None
    law: str = "alaw"
    seconds: float = 12
    jitter_ms: float = 0
    drift_hz: float = 0
    begin_in_cadence: bool = False
    seed: int = 1

    @property
    def name(self) -> str:
        times = "/".join(f"{ms:g}" for ms in self.cadence_ms) or "continuous"
        noise = "" if self.snr_db is None else f" S/N {self.snr_db:g} dB"
        return f"{self.tone} {self.f_hz:g} Hz {times} {self.level_dbm0:g} dBm0{noise}"


def make(line: Line) -> tuple[np.ndarray, int]:
    """The sound, and the sample at which the tone begins."""
    rng = np.random.default_rng((line.seed, int(line.f_hz), *(int(ms) for ms in line.cadence_ms)))
    total = int(line.seconds * RATE_HZ)
    x = np.zeros(total)
    begin = at = rng.uniform(0.2, 0.6) * RATE_HZ
    if line.begin_in_cadence and line.cadence_ms:
        at -= rng.uniform(0, sum(line.cadence_ms)) * 8
    place = 0
    while at < total:
        ms = line.cadence_ms[place % len(line.cadence_ms)] if line.cadence_ms else line.seconds * 1000
        end = at + (ms + rng.uniform(-1, 1) * line.jitter_ms) * 8
        if place % 2 == 0:
            n = np.arange(max(0, int(np.ceil(max(at, begin)))), min(total, int(np.ceil(end))))
            f = line.f_hz + rng.uniform(-1, 1) * line.drift_hz
            x[n] = peak(line.level_dbm0) * np.sin(2 * np.pi * f * (n - at) / RATE_HZ + rng.uniform(0, 2 * np.pi))
        at = end
        place += 1
    if line.snr_db is not None:
        x += rng.normal(0, peak(line.level_dbm0) / np.sqrt(2) / 10 ** (line.snr_db / 20), total)
    return code(x, line.law), int(begin)


def acceptance(tone: str) -> list[Line]:
    """Nominal, 25 Hz (950 Hz: 50) off, cadence 10 % off, three levels, with and without noise."""
    f_hz, times = PLAN[tone]
    off = 25 if f_hz == 450 else 50
    lines = []
    seconds = {"ring_back": 16.0, "dial_tone": 6.0, "howler": 6.0}.get(tone, 12.0)
    for level in (-10, -25, -30):
        for snr in (None, 15.0):
            for df, part in ((0, 1.0), (off, 1.0), (-off, 1.0), (0, 1.1), (0, 0.9), (off, 1.1), (-off, 0.9)):
                if not times and part != 1.0:
                    continue
                made = tuple(ms * part for ms in times)
                lines.append(Line(tone, f_hz + df, made, level, snr, seconds=seconds))
    return lines


def silence(seconds: float) -> np.ndarray:
    """A quiet line: idle noise of -65 dBm0."""
    rng = np.random.default_rng(int(seconds * 1000))
    return rng.normal(0, peak(-65) / np.sqrt(2), int(seconds * RATE_HZ))


def rings(count: int, last_off_s: float = 4.0, level_dbm0: float = -10) -> np.ndarray:
    """Ring-back tones; the last pause may be cut short by what comes next."""
    t = np.arange(RATE_HZ) / RATE_HZ
    ring = peak(level_dbm0) * np.sin(2 * np.pi * 450 * t)
    parts = [silence(0.7)]
    for i in range(count):
        parts += [ring, silence(last_off_s if i == count - 1 else 4.0)]
    return np.concatenate(parts)


def cadence(tone: str, seconds: float, level_dbm0: float = -10) -> np.ndarray:
    """A tone of the plan, from its first burst on."""
    f_hz, times = PLAN[tone]
    line = Line(tone, f_hz, times, level_dbm0, law="linear", seconds=seconds + 1)
    sound, begin = make(line)
    return sound[begin : begin + int(seconds * RATE_HZ)].astype(float)


def at_level(sound: np.ndarray, level_dbm0: float) -> np.ndarray:
    """Speech or music brought to a level of its loud parts."""
    loud = sound[np.abs(sound.astype(int)) > 300].astype(float)
    return sound.astype(float) * peak(level_dbm0) / np.sqrt(2) / np.sqrt(np.mean(loud**2))


def line_of(*parts: np.ndarray, law: str = "alaw") -> np.ndarray:
    """Parts one after the other, over a quiet line, coded."""
    x = np.concatenate(parts)
    rng = np.random.default_rng(len(x))
    return code(x + rng.normal(0, peak(-65) / np.sqrt(2), len(x)), law)
