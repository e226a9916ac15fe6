"""Register signals of MFC-R2: pairs of frequencies, made and recognised 20 ms at a time (facts 4.2)."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from functools import cache
from operator import mul

from hwsim.core.sound import ALAW_SILENCE, alaw_decode, alaw_encode
from hwsim.spanbus.channel import BLOCK_BYTES

RATE_HZ = 8000
FORWARD_HZ = (1380, 1500, 1620, 1740, 1860, 1980)
BACKWARD_HZ = (1140, 1020, 900, 780, 660, 540)
PAIRS = {
    number: (low, high)
    for number, (low, high) in enumerate(((low, high) for high in range(1, 6) for low in range(high)), 1)
}
"""Signal 1 to 15 to the indices of its two frequencies."""
NUMBERS = {pair: number for number, pair in PAIRS.items()}
LEVEL_DBM0 = -8.0
"""Each of the two."""
PEAK_0_DBM0 = 32768 * 10 ** (-3.14 / 20)
PERIOD_BLOCKS = 5
"""All frequencies are multiples of 20 Hz: after 100 ms a signal begins anew."""
SILENCE = bytes([ALAW_SILENCE]) * BLOCK_BYTES

LEAST_DBM0, MOST_DBM0 = -35.0, -3.0
SILENT_DBM0 = -42.0
TWIST_DB, MARGIN_DB = 7.0, 11.0
SILENT_SWING = round(2 * PEAK_0_DBM0 * 10 ** (SILENT_DBM0 / 20))
"""From peak to peak: a signal of that level has more."""


@cache
def _tone(number: int, forward: bool) -> tuple[bytes, ...]:
    frequencies = FORWARD_HZ if forward else BACKWARD_HZ
    peak = PEAK_0_DBM0 * 10 ** (LEVEL_DBM0 / 20)
    both = [2 * math.pi * frequencies[index] / RATE_HZ for index in PAIRS[number]]
    samples = range(PERIOD_BLOCKS * BLOCK_BYTES)
    wave = array("h", [round(sum(peak * math.sin(turn * n) for turn in both)) for n in samples])
    sound = alaw_encode(wave)
    return tuple(sound[i * BLOCK_BYTES : (i + 1) * BLOCK_BYTES] for i in range(PERIOD_BLOCKS))


def tone(number: int, block: int, *, forward: bool) -> bytes:
    """Block `block` (20 ms, A-law) of a signal; 0: silence."""
    return _tone(number, forward)[block % PERIOD_BLOCKS] if number else SILENCE


@cache
def _waves(hz: int) -> tuple[Sequence[float], Sequence[float]]:
    turns = [2 * math.pi * hz * n / RATE_HZ for n in range(BLOCK_BYTES)]
    return [math.cos(turn) for turn in turns], [math.sin(turn) for turn in turns]


def _dbm0(block: Sequence[float], hz: int) -> float:
    cosine, sine = _waves(hz)
    real, imaginary = sum(map(mul, block, cosine)), sum(map(mul, block, sine))
    return 20 * math.log10(max(1e-9, 2 * math.hypot(real, imaginary) / len(block) / PEAK_0_DBM0))


def recognise(sound: bytes, *, forward: bool) -> int | None:
    """The signal in 20 ms of A-law; 0: silence; None: something else, such as the edge of a signal."""
    block = list(map(float, alaw_decode(sound)))
    if max(block) - min(block) < SILENT_SWING:
        return 0
    frequencies = FORWARD_HZ if forward else BACKWARD_HZ
    levels = sorted(((_dbm0(block, hz), index) for index, hz in enumerate(frequencies)), reverse=True)
    (first, a), (second, b), (third, _) = levels[:3]
    if first < SILENT_DBM0:
        return 0
    good = first <= MOST_DBM0 and second >= LEAST_DBM0 and first - second <= TWIST_DB and second - third >= MARGIN_DB
    return NUMBERS[min(a, b), max(a, b)] if good else None


class Hearing:
    """What is stable in one direction: a signal (or silence) counts when two blocks running have it."""

    def __init__(self, *, forward: bool) -> None:
        self.forward = forward
        self.now = 0
        self._last: int | None = 0

    def hear(self, sound: bytes) -> bool:
        """Take a block; True when `now` has changed."""
        found = recognise(sound, forward=self.forward)
        stable = found is not None and found == self._last and found != self.now
        self._last = found
        if stable and found is not None:
            self.now = found
        return stable
