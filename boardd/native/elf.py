"""What an ELF file says about itself: class, machine, SONAME, NEEDED. Reads the file, runs nothing of it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from boardd.contract.text import _

_MACHINES = {3: "x86", 40: "ARM", 62: "x86-64", 183: "AArch64", 243: "RISC-V", 258: "LoongArch"}
_PT_LOAD, _PT_DYNAMIC = 1, 2
_DT_NEEDED, _DT_STRTAB, _DT_SONAME = 1, 5, 14


class NotElfError(ValueError):
    """The file is not an ELF file, or is cut short."""


@dataclass(frozen=True, slots=True)
class ElfFacts:
    """`bits` is the word size (32 or 64), `needed` the libraries that the loader must find first."""

    bits: int
    machine: str
    soname: str
    needed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int


def read_elf(path: Path) -> ElfFacts:
    """The facts of the ELF file at `path`. Raises NotElfError or OSError."""
    data = path.read_bytes()
    if data[:4] != b"\x7fELF" or len(data) < 52 or data[4] not in (1, 2) or data[5] not in (1, 2):
        raise NotElfError(_("no ELF header"))
    try:
        return _read(data, wide=data[4] == 2, order="<" if data[5] == 1 else ">")
    except (struct.error, IndexError) as error:
        raise NotElfError(_("the ELF file is cut short")) from error


def _read(data: bytes, wide: bool, order: str) -> ElfFacts:
    machine = struct.unpack_from(order + "H", data, 18)[0]
    segments = _segments(data, wide, order)
    soname, needed = _dynamic(data, segments, wide, order)
    return ElfFacts(64 if wide else 32, _MACHINES.get(machine, f"machine {machine}"), soname, needed)


def _segments(data: bytes, wide: bool, order: str) -> list[_Segment]:
    table = struct.unpack_from(order + ("Q" if wide else "I"), data, 32 if wide else 28)[0]
    entry_size, count = struct.unpack_from(order + "HH", data, 54 if wide else 42)
    found = []
    for number in range(count):
        at = table + number * entry_size
        if wide:
            kind, _, offset, address, _, size = struct.unpack_from(order + "IIQQQQ", data, at)
        else:
            kind, offset, address, _, size = struct.unpack_from(order + "IIIII", data, at)
        found.append(_Segment(kind, offset, address, size))
    return found


def _dynamic(data: bytes, segments: list[_Segment], wide: bool, order: str) -> tuple[str, tuple[str, ...]]:
    pair = struct.Struct(order + ("QQ" if wide else "II"))
    entries: list[tuple[int, int]] = []
    for segment in segments:
        if segment.kind == _PT_DYNAMIC:
            for at in range(segment.offset, segment.offset + segment.size, pair.size):
                tag, value = pair.unpack_from(data, at)
                entries.append((tag, value))
    strings = next((_file_offset(segments, value) for tag, value in entries if tag == _DT_STRTAB), None)
    if strings is None:
        return "", ()
    names = [(tag, _text(data, strings + value)) for tag, value in entries if tag in (_DT_NEEDED, _DT_SONAME)]
    soname = next((name for tag, name in names if tag == _DT_SONAME), "")
    return soname, tuple(name for tag, name in names if tag == _DT_NEEDED)


def _file_offset(segments: list[_Segment], address: int) -> int:
    for segment in segments:
        if segment.kind == _PT_LOAD and segment.address <= address < segment.address + segment.size:
            return segment.offset + address - segment.address
    return address


def _text(data: bytes, at: int) -> str:
    return data[at : data.index(b"\0", at)].decode("ascii", "replace")
