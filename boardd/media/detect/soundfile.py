"""Recordings for analysis: WAVE or raw files as 16-bit samples, 8 kHz, one buffer a channel."""

from __future__ import annotations

import array
import sys
from pathlib import Path

from boardd.media._native import load
from boardd.media.wav import ALAW_FORMAT, RATE_HZ, WavError, read_info

PCM_FORMAT, MULAW_FORMAT, EXTENSIBLE_FORMAT = 1, 7, 0xFFFE
_CODES = {"alaw": (ALAW_FORMAT, 8), "mulaw": (MULAW_FORMAT, 8), "pcm16": (PCM_FORMAT, 16)}


def read_sound(path: Path, raw: str = "alaw") -> list[array.array[int]]:
    """The channels of a file. `raw` (alaw, mulaw, pcm16) is how a file without a header is coded: one channel, 8 kHz.

    Raises WavError for anything but A-law, mu-law or 16-bit sound of 8 kHz; OSError.
    """
    data = path.read_bytes()
    if data[:4] == b"RIFF":
        info = read_info(path)
        if info.rate_hz != RATE_HZ:
            raise WavError(f"{path}: {info.rate_hz} Hz; wanted {RATE_HZ} Hz")
        kind, bits, channels = info.format, info.bits, info.channels
        data = data[info.data_offset : info.data_offset + info.frames * channels * bits // 8]
        if kind == EXTENSIBLE_FORMAT and bits == 16:
            kind = PCM_FORMAT
    else:
        kind, bits = _CODES[raw]
        channels = 1
    samples = _decode(path, data, kind, bits)
    return [samples[channel::channels] for channel in range(channels)]


def alaw_to_pcm(data: bytes) -> array.array[int]:
    """A-law octets as 16-bit samples."""
    return _companded(data, "CODEC_ALAW")


def _companded(data: bytes, law: str) -> array.array[int]:
    ffi, lib = load()
    samples = array.array("h", bytes(2 * len(data)))
    lib.codec_decode(getattr(lib, law), data, ffi.from_buffer("short[]", samples), len(data))
    return samples


def _decode(path: Path, data: bytes, kind: int, bits: int) -> array.array[int]:
    if kind == PCM_FORMAT and bits == 16:
        samples = array.array("h", data[: len(data) & ~1])
        if sys.byteorder == "big":
            samples.byteswap()
        return samples
    if kind in (ALAW_FORMAT, MULAW_FORMAT) and bits == 8:
        return _companded(data, "CODEC_ALAW" if kind == ALAW_FORMAT else "CODEC_MULAW")
    raise WavError(f"{path}: format {kind} with {bits} bits; wanted A-law, mu-law or 16-bit linear sound")
