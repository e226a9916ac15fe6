"""Tones of an office and a telephone as A-law, and an ear for DTMF: written from the facts, in plain Python."""

import math

RATE_HZ, BLOCK = 8000, 160
PEAK_0_DBM0 = 32768 * 10 ** (-3.14 / 20)
LOW_HZ, HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
SILENCE = b"\xd5" * BLOCK
ON_MS, OFF_MS = 100, 100


def encode(value):
    """One linear sample as A-law (G.711)."""
    sign = 0x80 if value >= 0 else 0
    value = min(32767, abs(int(value)) if value >= 0 else abs(int(value)) - 1)
    exponent = max(0, value.bit_length() - 8)
    mantissa = value >> 4 & 15 if exponent == 0 else value >> (exponent + 3) & 15
    return (sign | exponent << 4 | mantissa) ^ 0x55


def decode(octet):
    octet ^= 0x55
    exponent, mantissa = octet >> 4 & 7, octet & 15
    value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return value if octet & 0x80 else -value


LINEAR = [decode(octet) for octet in range(256)]


def tone(ms, *parts):
    """A-law of tones `(Hz, dBm0)`; none: silence."""
    if not parts:
        return b"\xd5" * (ms * 8)
    waves = [(2 * math.pi * hz / RATE_HZ, PEAK_0_DBM0 * 10 ** (dbm0 / 20)) for hz, dbm0 in parts]
    return bytes(encode(sum(peak * math.sin(turn * n) for turn, peak in waves)) for n in range(ms * 8))


def digits(text):
    """Keys pressed one after the other."""
    sound = tone(60)
    for key in text:
        row = next(i for i, keys in enumerate(KEYS) if key in keys)
        sound += tone(ON_MS, (LOW_HZ[row], -9), (HIGH_HZ[KEYS[row].index(key)], -7)) + tone(OFF_MS)
    return sound


class DigitEar:
    """Hears keys: two blocks of 20 ms that agree; a pause before the same again."""

    def __init__(self):
        self.heard = ""
        self._last = self._now = ""

    def take(self, block):
        key = self._key([LINEAR[octet] for octet in block])
        if key == self._last and key != self._now:
            self._now = key
            self.heard += key
        self._last = key

    def _key(self, pcm):
        if max(pcm) - min(pcm) < 800:
            return ""
        rows, columns = ([power(pcm, hz) for hz in group] for group in (LOW_HZ, HIGH_HZ))
        row, column = rows.index(max(rows)), columns.index(max(columns))
        whole = sum(x * x for x in pcm) * len(pcm) / 2
        if rows[row] + columns[column] < 0.6 * whole or not 0.05 < rows[row] / max(1, columns[column]) < 20:
            return ""
        return KEYS[row][column]


def power(pcm, hz):
    """Goertzel: squared amplitude times (N/2) squared."""
    turn = 2 * math.cos(2 * math.pi * hz / RATE_HZ)
    a = b = 0.0
    for x in pcm:
        a, b = x + turn * a - b, a
    return a * a + b * b - turn * a * b
