"""Recordings of a process that was killed: the header says less than the file holds, or nothing yet.

    python -m boardd.media.engine.repair FILE|FOLDER ...

Only A-law WAVE files as the engine writes them (58 bytes of header) are touched, and only their lengths and a last
byte of padding. It can be done any number of times and interrupted at any moment. Raw recordings need no repair. Do
not run it on files that are being recorded.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from boardd.contract.text import _
from boardd.media.wav import ALAW_FORMAT, ALAW_SILENCE, RATE_HZ, alaw_header

HEADER_BYTES = 58
_FIXED = struct.Struct("<4sI4s4sIHHIIHHH4sII4sI")


@dataclass(frozen=True, slots=True)
class Repaired:
    """A file that was mended (`changed`) or whole already. `frames` counts samples per channel."""

    path: Path
    channels: int
    frames: int
    frames_before: int
    changed: bool


def repair_wav(path: Path) -> Repaired | None:
    """Make the header tell what the file holds, durably. None: not a recording of the engine. Raises OSError.

    A frame that was written by half is completed with silence: nothing that was recorded is cut off.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        return _repair(path, descriptor)
    finally:
        os.close(descriptor)


def _repair(path: Path, descriptor: int) -> Repaired | None:
    head = os.pread(descriptor, HEADER_BYTES, 0)
    channels = _channels(head)
    if channels is None:
        return None
    fields = _FIXED.unpack(head)
    told, size = int(fields[-1]), os.fstat(descriptor).st_size
    held = size - HEADER_BYTES
    # Whole already: the sound as told, and behind it at most its padding.
    if held == told + (told & 1) and told % channels == 0:
        return Repaired(path, channels, told // channels, told // channels, changed=False)
    # A finished mono file of odd length has a zero behind its sound; here nobody finished it.
    frames = -(-held // channels)
    missing = frames * channels - held
    tail = bytes([ALAW_SILENCE]) * missing + bytes((frames * channels) & 1)
    os.pwrite(descriptor, tail, size)
    os.fdatasync(descriptor)
    os.pwrite(descriptor, alaw_header(channels, frames), 0)
    os.fdatasync(descriptor)
    return Repaired(path, channels, frames, told // channels, changed=True)


def _channels(head: bytes) -> int | None:
    """How many channels; None when this is not the header that the engine writes."""
    if len(head) < HEADER_BYTES:
        return None
    fields = _FIXED.unpack(head)
    channels = int(fields[6])
    names = (fields[0], fields[2], fields[3], fields[12], fields[15])
    if names != (b"RIFF", b"WAVE", b"fmt ", b"fact", b"data") or channels not in (1, 2):
        return None
    wanted = (18, ALAW_FORMAT, channels, RATE_HZ, RATE_HZ * channels, channels, 8, 0, 4)
    found = (*fields[4:12], fields[13])
    return channels if found == wanted else None


def repair_all(places: Iterable[Path]) -> list[Repaired]:
    """All recordings in files and folders (with subfolders), in order of their names. Raises OSError."""
    files: list[Path] = []
    for place in places:
        files += sorted(place.rglob("*.wav")) if place.is_dir() else [place]
    return [done for file in files if not file.is_dir() and (done := repair_wav(file))]


def main(arguments: Sequence[str]) -> int:
    """The command: a line for each file that was mended; 1 when one could not be, 2 without arguments."""
    if not arguments:
        sys.stderr.write(_("usage: python -m boardd.media.engine.repair FILE|FOLDER ...") + "\n")
        return 2
    status = 0
    for place in arguments:
        try:
            done = repair_all([Path(place)])
        except OSError as error:
            reason = os.strerror(error.errno or 0)
            sys.stderr.write(f"{error.filename or place}: {reason}\n")
            status = 1
            continue
        for one in done:
            if one.changed:
                text = _("{path}: mended, {frames} samples (header said {before})")
                sys.stdout.write(text.format(path=one.path, frames=one.frames, before=one.frames_before) + "\n")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
