"""Sound outside the engine: A-law, WAV files, and the search for chirps in recordings."""

import struct
from array import array
from pathlib import Path
from typing import NamedTuple

from hwsim.core._native import load
from hwsim.core.events import CHIRP_SAMPLES, RATE_HZ, Format

ALAW_SILENCE = 0xD5
_WAV_TAG = {Format.PCM16: 1, Format.PCM8: 1, Format.ALAW: 6, Format.MULAW: 7}


class Chirp(NamedTuple):
    """A chirp found in a recording: who, which, exactly when, how clean (0 to 100), how loud (mB)."""

    start_sample: int
    party: int
    number: int
    quality: int
    level_mb: int


def pcm_of(sound: bytes | bytearray | memoryview) -> "array[int]":
    """16-bit little-endian bytes as an array of samples."""
    samples = array("h")
    samples.frombytes(bytes(sound))
    return samples


def alaw_decode(alaw: bytes) -> "array[int]":
    """A-law bytes to 16-bit samples."""
    ffi, lib = load()
    pcm = array("h", bytes(2 * len(alaw)))
    if alaw:
        lib.hw_alaw_decode(ffi.from_buffer(alaw), ffi.from_buffer("int16_t[]", pcm), len(alaw))
    return pcm


def alaw_encode(pcm: "array[int]") -> bytes:
    """16-bit samples to A-law bytes."""
    ffi, lib = load()
    alaw = bytearray(len(pcm))
    if pcm:
        lib.hw_alaw_encode(ffi.from_buffer("int16_t[]", pcm), ffi.from_buffer("uint8_t[]", alaw), len(pcm))
    return bytes(alaw)


def make_chirp(party: int, number: int, level_mb: int = -1000) -> "array[int]":
    """The samples of one chirp."""
    ffi, lib = load()
    pcm = array("h", bytes(2 * CHIRP_SAMPLES))
    lib.hw_chirp_make(party, number, level_mb, ffi.from_buffer("int16_t[]", pcm))
    return pcm


def find_chirps(pcm: "bytes | array[int]") -> list[Chirp]:
    """All chirps of a mono recording at 8 kHz, 16 bit, in order of time."""
    ffi, lib = load()
    samples = pcm_of(pcm) if isinstance(pcm, bytes) else pcm
    if len(samples) < CHIRP_SAMPLES:
        return []
    max_found = len(samples) // 8  # candidates are at least so far apart
    found = ffi.new("hw_found[]", max_found)
    count = lib.hw_chirp_find(ffi.from_buffer("int16_t[]", samples), len(samples), found, max_found)
    if count < 0:
        raise MemoryError("no memory to search a recording for chirps")
    return [Chirp(f.start_sample, f.party, f.number, f.quality, f.level_mb) for f in found[0:count]]


def wav_header(format: Format, channels: int, data_bytes: int) -> bytes:
    """The 44 bytes before the samples of a WAV file at 8 kHz."""
    width = format.sample_bytes * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        _WAV_TAG[format],
        channels,
        RATE_HZ,
        RATE_HZ * width,
        width,
        format.sample_bytes * 8,
        b"data",
        data_bytes,
    )


def alaw_of(path: Path) -> bytes:
    """The A-law samples of a file: the data chunk of a WAV file, or the whole of any other file."""
    raw = path.read_bytes()
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        return raw
    offset = 12
    while offset + 8 <= len(raw):
        size = int.from_bytes(raw[offset + 4 : offset + 8], "little")
        if raw[offset : offset + 4] == b"data":
            return raw[offset + 8 : offset + 8 + size]
        offset += 8 + size + size % 2
    raise ValueError(f"{path}: no data chunk in the WAV file")
