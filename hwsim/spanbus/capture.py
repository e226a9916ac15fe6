"""D-channel frames in a file that protocol analysers read: pcap with link type LAPD (203)."""

from __future__ import annotations

import struct
from pathlib import Path

MAGIC = 0xA1B2C3D4
LINKTYPE_LAPD = 203
SNAP_OCTETS = 65535


class PcapFile:
    """An open capture. Frames begin with the Q.921 address, have no check sequence; `epoch_s` is time zero."""

    def __init__(self, path: Path, epoch_s: int = 1_704_067_200) -> None:
        self.path = path
        self.frames = 0
        self._epoch_s = epoch_s
        self._file = path.open("wb")
        self._file.write(struct.pack("<IHHiIII", MAGIC, 2, 4, 0, 0, SNAP_OCTETS, LINKTYPE_LAPD))

    def write(self, at_us: int, frame: bytes) -> None:
        """Add a frame."""
        seconds, us = divmod(at_us, 1_000_000)
        self._file.write(struct.pack("<IIII", self._epoch_s + seconds, us, len(frame), len(frame)) + frame)
        self.frames += 1

    def close(self) -> None:
        """Complete the file."""
        self._file.close()
