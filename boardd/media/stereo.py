"""Finishing of recordings: raw A-law legs become one stereo WAVE file, repeatably and without ever leaving half a file.

Each side is a list of pieces: a raw file and the sample of the common time line at which its first sample belongs.
What no piece covers is silence. The result is written beside its target, synced, and renamed over it, so the target is
either absent or complete, and doing it twice gives the same file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boardd.media.wav import ALAW_SILENCE, write_alaw

BLOCK_SAMPLES = 1 << 16


@dataclass(frozen=True, slots=True)
class Piece:
    """`samples` bytes of the raw A-law file `path`, beginning at its byte `skip`, belong at sample `start`."""

    path: Path
    start: int
    samples: int
    skip: int = 0


def write_stereo(target: Path, left: Sequence[Piece], right: Sequence[Piece], samples: int) -> None:
    """Make `target`: A-law, 8 kHz, two channels, `samples` frames. Later pieces win where pieces overlap.

    Raises OSError (also when a raw file is shorter than its piece says: the rest is silence, not an error).
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.part")
    try:
        with partial.open("wb") as file:
            write_alaw(file, 2, samples, _interleaved(left, right, samples))
            file.flush()
            os.fsync(file.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    sync_folder(target.parent)


def sync_folder(folder: Path) -> None:
    """Make renames and removals in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _interleaved(left: Sequence[Piece], right: Sequence[Piece], samples: int) -> Iterator[bytes]:
    for start in range(0, samples, BLOCK_SAMPLES):
        count = min(BLOCK_SAMPLES, samples - start)
        block = bytearray(2 * count)
        block[0::2] = _side(left, start, count)
        block[1::2] = _side(right, start, count)
        yield bytes(block)


def _side(pieces: Sequence[Piece], start: int, count: int) -> bytes:
    block = bytearray([ALAW_SILENCE]) * count
    for piece in pieces:
        first = max(start, piece.start)
        last = min(start + count, piece.start + piece.samples)
        if first >= last:
            continue
        with piece.path.open("rb") as file:
            file.seek(piece.skip + first - piece.start)
            sound = file.read(last - first)
        block[first - start : first - start + len(sound)] = sound
    return bytes(block)
