"""WAVE files with A-law sound: reading prompts and recordings, writing mono and stereo files.

A-law is WAVE format 6, 8 bits a sample. The header written has an 18-byte `fmt ` chunk and a `fact` chunk, as the
format demands for everything but linear sound. Reading accepts chunks in any order and odd sizes, and files whose
header was never completed (a writer that died): then the data runs to the end of the file.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

RATE_HZ = 8000
ALAW_FORMAT = 6
ALAW_SILENCE = 0xD5
"""The A-law code of the smallest positive sample (linear +8 of 32768)."""

_HEADER_BYTES = 58
_MAX_DATA_BYTES = 0xFFFFFFFF - _HEADER_BYTES


class WavError(ValueError):
    """Not a WAVE file of the kind asked for; the message names the file and says what is wrong."""


@dataclass(frozen=True, slots=True)
class WavInfo:
    """What a WAVE file holds. `frames` counts samples per channel; `data_offset` is where they begin in the file."""

    format: int
    channels: int
    rate_hz: int
    bits: int
    frames: int
    data_offset: int

    @property
    def duration_ms(self) -> int:
        """Length in milliseconds."""
        return self.frames * 1000 // self.rate_hz


def alaw_header(channels: int, frames: int) -> bytes:
    """The 58 bytes in front of `frames` A-law frames. Raises WavError beyond 4 GiB."""
    data_bytes = channels * frames
    if data_bytes > _MAX_DATA_BYTES:
        raise WavError(f"{data_bytes} bytes do not fit into a WAVE file")
    padded = data_bytes + (data_bytes & 1)
    return b"".join(
        (
            struct.pack("<4sI4s", b"RIFF", _HEADER_BYTES - 8 + padded, b"WAVE"),
            struct.pack("<4sIHHIIHHH", b"fmt ", 18, ALAW_FORMAT, channels, RATE_HZ, RATE_HZ * channels, channels, 8, 0),
            struct.pack("<4sII", b"fact", 4, frames),
            struct.pack("<4sI", b"data", data_bytes),
        )
    )


def write_alaw(file: BinaryIO, channels: int, frames: int, blocks: Iterable[bytes]) -> None:
    """Write a complete A-law WAVE file: header, interleaved `blocks` of exactly `frames` frames, padding.

    Raises WavError when the blocks hold another number of frames than announced.
    """
    file.write(alaw_header(channels, frames))
    written = 0
    for block in blocks:
        file.write(block)
        written += len(block)
    if written != channels * frames:
        raise WavError(f"{written} bytes of sound where {channels * frames} were announced")
    if written & 1:
        file.write(b"\0")


def read_info(path: Path) -> WavInfo:
    """The header of a WAVE file. Raises WavError, OSError."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        return _read_info(file, size, path)


def _read_info(file: BinaryIO, size: int, path: Path) -> WavInfo:
    riff = file.read(12)
    if len(riff) < 12 or riff[:4] != b"RIFF" or riff[8:12] != b"WAVE":
        raise WavError(f"{path}: not a WAVE file")
    fmt: tuple[int, int, int, int, int, int] | None = None
    offset = 12
    while offset + 8 <= size:
        file.seek(offset)
        name, length = struct.unpack("<4sI", file.read(8))
        if name == b"fmt " and length >= 16:
            fields = file.read(16)
            if len(fields) < 16:
                break
            fmt = struct.unpack("<HHIIHH", fields)
        elif name == b"data":
            if fmt is None:
                raise WavError(f"{path}: sound before its format")
            return _made_info(fmt, offset + 8, length, size, path)
        offset += 8 + length + (length & 1)
    raise WavError(f"{path}: no sound in it")


def _made_info(fmt: tuple[int, int, int, int, int, int], start: int, length: int, size: int, path: Path) -> WavInfo:
    kind, channels, rate_hz, _bytes_per_s, _align, bits = fmt
    frame_bytes = channels * bits // 8
    if frame_bytes == 0 or rate_hz == 0:
        raise WavError(f"{path}: format {kind} with {channels} channels, {bits} bits, {rate_hz} Hz")
    available = size - start
    data_bytes = available if length in (0, 0xFFFFFFFF) else min(length, available)
    return WavInfo(kind, channels, rate_hz, bits, data_bytes // frame_bytes, start)


def read_alaw(path: Path) -> list[bytes]:
    """The channels of an 8 kHz A-law file, one bytes object each. Raises WavError, OSError."""
    info = read_info(path)
    if info.format != ALAW_FORMAT or info.bits != 8 or info.rate_hz != RATE_HZ:
        raise WavError(f"{path}: format {info.format}, {info.bits} bits, {info.rate_hz} Hz; wanted A-law, 8000 Hz")
    with path.open("rb") as file:
        file.seek(info.data_offset)
        data = file.read(info.frames * info.channels)
    return [data[channel :: info.channels] for channel in range(info.channels)]
