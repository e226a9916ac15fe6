"""WAV headers of the files that the card plays and records (fact sheet section 12.0). Sound is 8 kHz mono."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from hwsim.vendorlibs.synway.codes import Codec

RATE_HZ = 8000
_HEAD_LIMIT = 64 * 1024
_TAG_OF_CODEC = {Codec.ALAW: 6, Codec.ULAW: 7, Codec.PCM16: 1, Codec.PCM8: 1}


class WavError(Exception):
    """The file is no WAV file that the card can play."""


@dataclass(frozen=True, slots=True)
class WavFormat:
    """Codec number of the card, where the sound begins and how many bytes it has."""

    codec: int
    data_offset: int
    data_bytes: int


def bytes_per_sample(codec: int, channels: int = 1) -> int:
    """Bytes of one sampling instant."""
    return (2 if codec == Codec.PCM16 else 1) * channels


def read_header(fd: int) -> WavFormat:
    """Find codec and sound of an open WAV file; a length that is larger than the file (never finished) is cut."""
    head = os.pread(fd, _HEAD_LIMIT, 0)
    size = os.fstat(fd).st_size
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise WavError("no RIFF/WAVE header")
    codec, at = None, 12
    while at + 8 <= len(head):
        name, length = head[at : at + 4], struct.unpack_from("<I", head, at + 4)[0]
        if name == b"fmt " and at + 24 <= len(head):
            codec = _codec(*struct.unpack_from("<HHIIHH", head, at + 8))
        if name == b"data":
            if codec is None:
                raise WavError("data before format")
            return WavFormat(codec, at + 8, min(length, max(0, size - at - 8)))
        at += 8 + length + (length & 1)
    raise WavError("no data")


def _codec(tag: int, channels: int, rate_hz: int, _per_second: int, _align: int, bits: int) -> int:
    if channels != 1 or rate_hz != RATE_HZ:
        raise WavError("not 8 kHz mono")
    if tag == 1:
        return Codec.PCM16 if bits == 16 else Codec.PCM8
    return tag


def header(codec: int, data_bytes: int, channels: int = 1) -> bytes:
    """The header of a finished file; always the same length for one codec."""
    per_sample = bytes_per_sample(codec)
    align = per_sample * channels
    fmt = struct.pack("<HHIIHH", _TAG_OF_CODEC[Codec(codec)], channels, RATE_HZ, RATE_HZ * align, align, per_sample * 8)
    extra = b""
    if codec in (Codec.ALAW, Codec.ULAW):
        fmt += struct.pack("<H", 0)
        extra = b"fact" + struct.pack("<II", 4, data_bytes // align)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + extra + b"data" + struct.pack("<I", data_bytes)
    return b"RIFF" + struct.pack("<I", len(body) + data_bytes) + body
