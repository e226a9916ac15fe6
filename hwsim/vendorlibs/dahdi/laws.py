"""A-law and mu-law octets of the same sound, and silence in both (G.711)."""

from __future__ import annotations

from hwsim.vendorlibs.dahdi.abi import Law

SILENCE = {Law.ALAW: 0xD5, Law.MULAW: 0xFF}


def alaw_to_linear(octet: int) -> int:
    """16-bit sample."""
    code = octet ^ 0x55
    segment, step = code >> 4 & 7, code & 15
    value = ((step << 4) + 264) << (segment - 1) if segment else (step << 4) + 8
    return value if code & 0x80 else -value


def mulaw_to_linear(octet: int) -> int:
    """16-bit sample."""
    code = octet ^ 0xFF
    value = (((code & 15) << 3) + 132 << (code >> 4 & 7)) - 132
    return -value if code & 0x80 else value


def linear_to_alaw(sample: int) -> int:
    """The octet of a sample."""
    value, segment = (-sample - 1 if sample < 0 else sample), 0
    while value >> (segment + 8):
        segment += 1
    step = value >> (segment + 3 if segment else 4) & 15
    return ((0 if sample < 0 else 0x80) | segment << 4 | step) ^ 0x55


def linear_to_mulaw(sample: int) -> int:
    """The octet of a sample."""
    value, segment = min(abs(sample) + 132, 0x7FFF), 0
    while value >> (segment + 8):
        segment += 1
    return ((0x80 if sample < 0 else 0) | segment << 4 | value >> (segment + 3) & 15) ^ 0xFF


_TO_MULAW = bytearray(linear_to_mulaw(alaw_to_linear(octet)) for octet in range(256))
# A-law has no zero: its two smallest values are silence.
_TO_MULAW[0xD5], _TO_MULAW[0x55] = 0xFF, 0x7F
ALAW_TO_MULAW = bytes(_TO_MULAW)
MULAW_TO_ALAW = bytes(linear_to_alaw(mulaw_to_linear(octet)) for octet in range(256))
