"""FSK caller ID as it is on a line, made from the standard's words alone: nothing of boardd takes part."""

from __future__ import annotations

import numpy as np
from lib_dtmf import RATE_HZ, code, peak


def checksum(body: bytes) -> bytes:
    """The message with the byte that makes everything add up to 0."""
    return body + bytes([-sum(body) % 256])


def mdmf(*parameters: tuple[int, bytes]) -> bytes:
    """Type 0x80 with parameters (type, text)."""
    content = b"".join(bytes([kind, len(value)]) + value for kind, value in parameters)
    return checksum(bytes([0x80, len(content)]) + content)


def sdmf(date: bytes, number: bytes) -> bytes:
    """Type 0x04: MMDDHHMM and the number."""
    return checksum(bytes([0x04, len(date + number)]) + date + number)


def fsk(
    message: bytes,
    *,
    mark_hz: float = 1200,
    space_hz: float = 2200,
    baud: float = 1200,
    seizure_bits: int = 300,
    mark_bits: int = 180,
    level_dbm0: float = -13.5,
    twist_db: float = 0,
    snr_db: float | None = None,
    stuff_bits: int = 0,
    law: str = "alaw",
    seed: int = 1,
    lead: int = 3000,
) -> np.ndarray:
    """Channel seizure, marks, the bytes (start 0, lowest bit first, stop 1, `stuff_bits` marks), marks, silence."""
    rng = np.random.default_rng(seed)
    bits = [i % 2 for i in range(seizure_bits)] + [1] * mark_bits
    for byte in message:
        bits += [0, *(byte >> i & 1 for i in range(8)), 1] + [1] * stuff_bits
    bits += [1] * 4
    count = int(len(bits) * RATE_HZ / baud)
    n = np.arange(count)
    mark = np.array(bits)[np.minimum((n * baud / RATE_HZ).astype(int), len(bits) - 1)] == 1
    phase = np.cumsum(2 * np.pi * np.where(mark, mark_hz, space_hz) / RATE_HZ) + rng.uniform(0, 6)
    x = peak(level_dbm0) * np.where(mark, 1, 10 ** (-twist_db / 20)) * np.sin(phase)
    x = np.concatenate((np.zeros(lead + int(rng.integers(0, 160))), x, np.zeros(4000)))
    if snr_db is not None:
        x += rng.normal(0, peak(level_dbm0) / np.sqrt(2) / 10 ** (snr_db / 20), len(x))
    return code(x, law)
