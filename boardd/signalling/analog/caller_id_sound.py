"""Caller ID for a telephone as sound: a message sent by Bell 202 FSK (facts 1.6, YDN 069).

1200 bit/s, 1200 Hz is 1 and 2200 Hz is 0; 300 alternating bits, 180 marks, then bytes of start bit, eight bits with the
lowest first, stop bit. The sound is 16-bit linear at 8 kHz in host byte order, phase-continuous.
"""

from __future__ import annotations

import array
import math

RATE_HZ = 8000
BITS_PER_SECOND = 1200
MARK_HZ, SPACE_HZ = 1200, 2200
SEIZURE_BITS, MARK_BITS, TAIL_BITS = 300, 180, 10
LEVEL_DBM0 = -13.5
PEAK_0_DBM0 = 22826
"""Peak of a 0 dBm0 sine in 16-bit samples."""
_FINE = 256
"""Steps of phase in one period's table."""


def sound(octets: bytes, level_dbm0: float = LEVEL_DBM0) -> bytes:
    """The message as sound, preamble included."""
    peak = PEAK_0_DBM0 * 10 ** (level_dbm0 / 20)
    table = [round(peak * math.sin(2 * math.pi * step / _FINE)) for step in range(_FINE)]
    bits = _bits(octets)
    samples = array.array("h", bytes(2 * (len(bits) * RATE_HZ // BITS_PER_SECOND)))
    phase = 0.0
    for index in range(len(samples)):
        hz = MARK_HZ if bits[index * BITS_PER_SECOND // RATE_HZ] else SPACE_HZ
        samples[index] = table[int(phase * _FINE) % _FINE]
        phase = (phase + hz / RATE_HZ) % 1.0
    return samples.tobytes()


def _bits(octets: bytes) -> list[int]:
    bits = [0, 1] * (SEIZURE_BITS // 2) + [1] * MARK_BITS
    for octet in octets:
        bits += [0, *((octet >> shift) & 1 for shift in range(8)), 1]
    return bits + [1] * TAIL_BITS
