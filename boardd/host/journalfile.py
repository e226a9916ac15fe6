"""The journal's file: a preallocated run of checksummed records behind one header block.

    header   4096 bytes: JSON {version, boot_id, host}, padded with zeros, CRC-32 in front
    pulse    inside the header block at PULSE_AT: the last moment at which the process was known to live
    records  8-byte aligned: magic u32, length u32, sequence u64, crc u32 (of length, sequence, kind, payload), kind u8,
             3 zero bytes, payload

The magic begins with bytes that no JSON text holds, so a scan that lost its way behind a damaged record finds the next
good one: damage costs the records it touches and no other. Sequence numbers only grow; a lower one is a leftover.
All numbers little-endian.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import msgspec

from boardd.contract.objects import Instant

HEADER_BYTES = 4096
PULSE_AT = 2048
_MAGIC = 0x4A44FEFF
_MAGIC_BYTES = struct.pack("<I", _MAGIC)
_HEAD = struct.Struct("<IIQIBxxx")
_SUMMED = struct.Struct("<IQB")
_PULSE = struct.Struct("<qq")
_CRC = struct.Struct("<I")
_ALIGN = 8


class Kind(IntEnum):
    """What a record holds."""

    FACT = 1
    """A `Fact`."""
    ACK = 2
    """A list of sequence numbers of facts that the store has."""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of the file."""

    sequence: int
    kind: Kind
    payload: bytes

    def encode(self) -> bytes:
        """The record as written, padded to the alignment."""
        length = len(self.payload)
        head = _HEAD.pack(
            _MAGIC, length, self.sequence, _sum(length, self.sequence, self.kind, self.payload), self.kind
        )
        return head + self.payload + b"\0" * (-(len(head) + length) % _ALIGN)


class Header(msgspec.Struct, kw_only=True):
    """Under which boot of the machine the records were written."""

    version: int = 1
    boot_id: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Contents:
    """What a scan found. `damaged` counts places where bytes had to be skipped; `end` is where to go on writing."""

    header: Header | None
    pulse: Instant | None
    records: list[Record]
    damaged: int
    end: int


def _sum(length: int, sequence: int, kind: int, payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(_SUMMED.pack(length, sequence, kind)))


def encode_header(header: Header) -> bytes:
    """The header block up to the pulse."""
    text = msgspec.json.encode(header)
    return (_CRC.pack(zlib.crc32(text)) + _CRC.pack(len(text)) + text).ljust(PULSE_AT, b"\0")


def encode_pulse(at: Instant) -> bytes:
    """The pulse slot."""
    body = _PULSE.pack(at.wall_ms, at.mono_ms)
    return _CRC.pack(zlib.crc32(body)) + body


def scan(data: bytes) -> Contents:
    """Everything in `data` that is whole. Never raises."""
    records: list[Record] = []
    damaged = 0
    end = HEADER_BYTES
    last = 0
    for offset, record in _walk(data):
        if offset != end:
            damaged += 1
        end = offset + -(-(_HEAD.size + len(record.payload)) // _ALIGN) * _ALIGN
        if record.sequence > last:
            records.append(record)
            last = record.sequence
    if data[end:].strip(b"\0"):
        damaged += 1
    return Contents(_header(data), _pulse(data), records, damaged, end)


def _walk(data: bytes) -> Iterator[tuple[int, Record]]:
    offset = HEADER_BYTES
    while (found := data.find(_MAGIC_BYTES, offset)) >= 0:
        record = _record_at(data, found) if found % _ALIGN == 0 else None
        if record is None:
            offset = found + 1
            continue
        yield found, record
        offset = found + _HEAD.size + len(record.payload)


def _record_at(data: bytes, offset: int) -> Record | None:
    if offset + _HEAD.size > len(data):
        return None
    _magic, length, sequence, crc, kind = _HEAD.unpack_from(data, offset)
    payload = data[offset + _HEAD.size : offset + _HEAD.size + length]
    if len(payload) != length or crc != _sum(length, sequence, kind, payload) or kind not in Kind.__members__.values():
        return None
    return Record(sequence, Kind(kind), payload)


def _header(data: bytes) -> Header | None:
    if len(data) < PULSE_AT:
        return None
    crc, length = struct.unpack_from("<II", data)
    text = data[8 : 8 + length] if length <= PULSE_AT - 8 else b""
    if crc != zlib.crc32(text):
        return None
    try:
        return msgspec.json.decode(text, type=Header)
    except msgspec.MsgspecError:
        return None


def _pulse(data: bytes) -> Instant | None:
    slot = data[PULSE_AT : PULSE_AT + _CRC.size + _PULSE.size]
    if len(slot) < _CRC.size + _PULSE.size or _CRC.unpack_from(slot)[0] != zlib.crc32(slot[_CRC.size :]):
        return None
    wall_ms, mono_ms = _PULSE.unpack_from(slot, _CRC.size)
    return Instant(wall_ms=wall_ms, mono_ms=mono_ms) if wall_ms else None


class JournalFile:
    """An open journal file that is written to. All methods block; they run in an executor. They raise OSError."""

    def __init__(self, path: Path, fd: int, size: int, end: int) -> None:
        self._path = path
        self._fd = fd
        self.size = size
        self.end = end

    @classmethod
    def replace(cls, path: Path, header: Header, records: Iterable[Record], size: int) -> JournalFile:
        """Put a fresh file of at least `size` bytes with these records in the place of the old one, durably."""
        body = b"".join(record.encode() for record in records)
        size = max(size, HEADER_BYTES + 2 * len(body))
        fresh = path.with_suffix(".new")
        fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, size)
            _write_all(fd, encode_header(header), 0)
            _write_all(fd, body, HEADER_BYTES)
            os.fsync(fd)
            os.rename(fresh, path)
            _sync_directory(path.parent)
        except OSError:
            os.close(fd)
            raise
        return cls(path, fd, size, HEADER_BYTES + len(body))

    def fits(self, data: bytes) -> bool:
        """Whether `data` can be appended without growing the file."""
        return self.end + len(data) <= self.size

    def append(self, data: bytes, sync: bool) -> None:
        """Append whole records; with `sync` they are on the disk when this returns."""
        _write_all(self._fd, data, self.end)
        if sync:
            os.fdatasync(self._fd)
        self.end += len(data)

    def write_pulse(self, at: Instant) -> None:
        """Note that the process lives; survives the process, not a power cut."""
        _write_all(self._fd, encode_pulse(at), PULSE_AT)

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self._fd)


def _write_all(fd: int, data: bytes, offset: int) -> None:
    view = memoryview(data)
    while view:
        written = os.pwrite(fd, view, offset)
        view = view[written:]
        offset += written


def _sync_directory(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
