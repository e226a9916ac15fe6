"""ShConfig.ini and ShIndex.ini: the Windows-style text of the maker (section 3), with the failures of start.

The files are read as GBK, the maker's usual encoding, undecodable bytes replaced. Keys are compared without case; a
later key of the same name wins; text after a semicolon at the start of a line is a comment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_AREA = re.compile(r"^(-?\d+)\s*,\s*(-?\d+)(?:\s*\.\.\s*(\d+))?$")
_INDEXED = re.compile(r"^appch\[(\d+)\]$")
MAX_BOARDS = 64
MAX_CHANNELS = 4096


class IniError(Exception):
    """A file that makes SsmStartCti fail; the text is what SsmGetLastErrMsg then shows."""


@dataclass(frozen=True)
class IniFile:
    """Sections of one file, names and keys in lower case."""

    sections: dict[str, dict[str, str]]

    @classmethod
    def parse(cls, data: bytes) -> IniFile:
        """Split the text; lines that are neither section nor `key=value` are passed over, as Windows does."""
        sections: dict[str, dict[str, str]] = {}
        current: dict[str, str] = sections.setdefault("", {})
        for raw in data.decode("gbk", "replace").splitlines():
            line = raw.strip()
            if not line or line.startswith(";"):
                continue
            if line.startswith("[") and line.endswith("]"):
                current = sections.setdefault(line[1:-1].strip().lower(), {})
            elif "=" in line:
                key, _, value = line.partition("=")
                current[key.strip().lower()] = value.strip()
        return cls(sections)

    def text(self, section: str, key: str, default: str = "") -> str:
        """The value of a key."""
        return self.sections.get(section.lower(), {}).get(key.lower(), default)

    def number(self, section: str, key: str, default: int) -> int:
        """The value of a key as a number (decimal or 0x...); unreadable text counts as absent."""
        try:
            return int(self.text(section, key), 0)
        except ValueError:
            return default

    def numbers(self, section: str, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """A comma list of numbers, with or without braces; unreadable text counts as absent."""
        value = self.text(section, key).strip("{} ")
        try:
            return tuple(int(part, 0) for part in value.split(",")) if value else default
        except ValueError:
            return default


@dataclass(frozen=True, slots=True)
class BoardEntry:
    """One `[BoardId=n]` section."""

    number: int
    model: str


@dataclass(frozen=True)
class SystemConfig:
    """What start needs from ShConfig.ini. `app_ch[n]` is (board, channel on board), or None for an undefined slot."""

    ini: IniFile
    boards: tuple[BoardEntry, ...]
    app_ch: tuple[tuple[int, int] | None, ...]
    pcm: tuple[tuple[int, int], ...]
    max_index_seg: int = field(default=0)


def read_config(data: bytes | None, index: bytes | None, names: tuple[str, str]) -> SystemConfig:
    """Read both files (None = cannot be opened; `names` are for the message) or raise IniError."""
    if data is None:
        raise IniError(f"can not open system configuration file: {names[0]}")
    if index is None:
        raise IniError(f"can not open index voice configuration file: {names[1]}")
    ini = IniFile.parse(data)
    boards = _boards(ini)
    return SystemConfig(
        ini=ini,
        boards=boards,
        app_ch=_channel_map(ini, len(boards)),
        pcm=_spans(ini, len(boards)),
        max_index_seg=IniFile.parse(index).number("System", "MaxIndexSeg", 0),
    )


def _boards(ini: IniFile) -> tuple[BoardEntry, ...]:
    total = ini.number("SystemConfig", "TotalBoards", 0)
    if not 1 <= total <= MAX_BOARDS:
        raise IniError("[SystemConfig] TotalBoards is missing or out of range")
    boards = []
    for number in range(total):
        model = ini.text(f"BoardId={number}", "BoardModel")
        if not model:
            raise IniError(f"[BoardId={number}] BoardModel is not defined")
        boards.append(BoardEntry(number, model))
    return tuple(boards)


def _channel_map(ini: IniFile, boards: int) -> tuple[tuple[int, int] | None, ...]:
    section = "AppChToBoardChTable"
    total = ini.number(section, "TotalAppCh", 0)
    if not 1 <= total <= MAX_CHANNELS:
        raise IniError(f"[{section}] TotalAppCh is missing or out of range")
    table: list[tuple[int, int] | None] = [None] * total
    seen: set[tuple[int, int]] = set()
    for key, value in ini.sections.get(section.lower(), {}).items():
        indexed = _INDEXED.match(key)
        if not indexed:
            continue
        area = _AREA.match(value)
        if not area:
            raise IniError(f"[{section}] {key}={value}: format error")
        board, first = int(area[1]), int(area[2])
        if (board, first) == (-1, -1):
            continue
        last = int(area[3]) if area[3] else first
        if not 0 <= board < boards or last < first:
            raise IniError(f"[{section}] {key}={value}: no such board or channel")
        for offset, board_ch in enumerate(range(first, last + 1)):
            number = int(indexed[1]) + offset
            if number >= total or table[number] is not None or (board, board_ch) in seen:
                raise IniError(f"[{section}] {key}={value}: duplicate or unmatched channel")
            table[number] = (board, board_ch)
            seen.add((board, board_ch))
    return tuple(table)


def _spans(ini: IniFile, boards: int) -> tuple[tuple[int, int], ...]:
    spans: list[tuple[int, int]] = []
    for number in range(ini.number("PcmInfo", "TotalPcm", 0)):
        area = _AREA.match(ini.text("PcmInfo", f"Pcm[{number}]"))
        if not area or not 0 <= int(area[1]) < boards:
            raise IniError(f"[PcmInfo] Pcm[{number}] is not defined or names no board")
        spans.append((int(area[1]), int(area[2])))
    return tuple(spans)
