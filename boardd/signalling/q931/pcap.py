"""D-channel frames in a file that protocol analysers read: pcap, link type LAPD (203), microseconds, little-endian."""

from __future__ import annotations

import struct
from pathlib import Path

MAGIC, MAJOR, MINOR = 0xA1B2C3D4, 2, 4
LINKTYPE_LAPD = 203
SNAP_OCTETS = 65535
_FILE = struct.Struct("<IHHiIII")
_RECORD = struct.Struct("<IIII")


class PcapWriter:
    """An open capture. Each frame is on the disk's way when `write` returns. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frames = 0
        self._file = path.open("wb", buffering=0)
        self._file.write(_FILE.pack(MAGIC, MAJOR, MINOR, 0, 0, SNAP_OCTETS, LINKTYPE_LAPD))

    def write(self, wall_us: int, frame: bytes) -> None:
        """Add a frame (Q.921 address to last octet); `wall_us` is microseconds since the Unix epoch."""
        seconds, us = divmod(wall_us, 1_000_000)
        self._file.write(_RECORD.pack(seconds, us, len(frame), len(frame)) + frame)
        self.frames += 1

    def close(self) -> None:
        """Complete the file."""
        self._file.close()
