"""What an office sends before somebody answers, as 16-bit sound: FSK (YDN 069) and DTMF, from the facts' words."""

import math
from array import array

RATE_HZ, BAUD = 8000, 1200
MARK_HZ, SPACE_HZ = 1200, 2200
LOW_HZ, HIGH_HZ = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = ("123A", "456B", "789C", "*0#D")
FULL = 22826
"""Peak of a 0 dBm0 sine."""


def mdmf(date, number):
    """Message 0x80 with date MMDDHHMM and number; all octets add up to 0."""
    parts = b"".join(bytes([kind, len(text)]) + text.encode() for kind, text in ((0x01, date), (0x02, number)))
    octets = bytes([0x80, len(parts)]) + parts
    return octets + bytes([-sum(octets) % 256])


def fsk(message, dbm0=-13.5):
    """300 alternating bits, 180 marks, the octets, marks."""
    bits = [i % 2 for i in range(300)] + [1] * 180
    for octet in message:
        bits += [0, *(octet >> i & 1 for i in range(8)), 1]
    bits += [1] * 20
    peak, phase, sound = FULL * 10 ** (dbm0 / 20), 0.0, array("h")
    for n in range(len(bits) * RATE_HZ // BAUD):
        phase += 2 * math.pi * (MARK_HZ if bits[n * BAUD // RATE_HZ] else SPACE_HZ) / RATE_HZ
        sound.append(round(peak * math.sin(phase)))
    return sound


def keys(text, on_ms=70, off_ms=70, dbm0=-9):
    """Keys one after the other, silence around."""
    peak, sound = FULL * 10 ** (dbm0 / 20), array("h", bytes(2 * RATE_HZ // 5))
    for key in text:
        row = next(i for i, row in enumerate(KEYS) if key in row)
        turns = [2 * math.pi * hz / RATE_HZ for hz in (LOW_HZ[row], HIGH_HZ[KEYS[row].index(key)])]
        for n in range(on_ms * 8):
            sound.append(round(peak * sum(math.sin(turn * n) for turn in turns)))
        sound.extend([0] * (off_ms * 8))
    sound.extend([0] * (RATE_HZ * 3 // 10))
    return sound
