"""Register signals that the exchange sends instead of the library's own, where it cannot send them (facts 4.2)."""

from __future__ import annotations

import math
from array import array
from functools import cache

from hwsim.core.sound import ALAW_SILENCE, alaw_encode
from hwsim.spanbus.channel import BLOCK_BYTES

FORWARD_HZ = (1380, 1500, 1620, 1740, 1860, 1980)
BACKWARD_HZ = (1140, 1020, 900, 780, 660, 540)
LEVEL_DBM0 = -8.0
FULL_SCALE_PEAK = 22826
"""16-bit peak of a sine of 0 dBm0."""
PERIOD_BLOCKS = 5
SILENT_BLOCK = bytes([ALAW_SILENCE]) * BLOCK_BYTES


@cache
def signal(number: int, frequencies: tuple[int, ...] = FORWARD_HZ) -> tuple[bytes, ...]:
    """100 ms of signal 1 to 15, as blocks of 20 ms A-law; all its frequencies are multiples of 10 Hz."""
    high = next(high for high in range(1, 6) if number <= high * (high + 1) // 2)
    low = number - high * (high - 1) // 2 - 1
    peak = FULL_SCALE_PEAK * 10 ** (LEVEL_DBM0 / 20)
    turns = [2 * math.pi * frequencies[index] / 8000 for index in (low, high)]
    wave = array("h", [round(sum(peak * math.sin(t * n) for t in turns)) for n in range(PERIOD_BLOCKS * BLOCK_BYTES)])
    sound = alaw_encode(wave)
    return tuple(sound[i : i + BLOCK_BYTES] for i in range(0, len(sound), BLOCK_BYTES))
