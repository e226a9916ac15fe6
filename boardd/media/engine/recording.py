"""A running recording: how far it is, its gaps, its end. And its file, which is made where blocking is allowed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Any

from boardd.media.engine.errors import file_error
from boardd.media.engine.events import GapReason, RecordEnded, RecordGap

FILE_MODE = 0o640


class Format(IntEnum):
    """What is written: A-law bytes alone, or a WAVE file whose header is kept up to date."""

    RAW = 0
    WAV = 1


class Tap(IntEnum):
    """Which sound of a port: what the line says (the port hears it), or what the port says to the line."""

    HEARS = 0
    SAYS = 1


def make_file(path: Path) -> int:
    """A new, empty file `path` for `Engine.record`: its descriptor. Blocks as long as the disk does: not for the loop.

    Raises DeviceError that names path and reason (no room, no right, no folder).
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    except OSError as error:
        raise file_error(error, str(path)) from error


def discard_file(path: Path, descriptor: int) -> None:
    """Nobody wants the file any more. Blocks."""
    os.close(descriptor)
    with contextlib.suppress(OSError):
        path.unlink()


@dataclass(frozen=True, slots=True)
class RecordState:
    """Samples so far: all (gaps included), those in gaps, those handed to the file, those known to be on the disk."""

    samples: int
    lost: int
    written: int
    synced: int


@dataclass(eq=False)
class Recording:
    """One recording. `ended` is set when its file is complete and closed; `on_end` is called then."""

    number: int
    path: Path
    _state: Callable[[int], RecordState | None]
    _stop: Callable[[int], None]
    on_end: Callable[[RecordEnded], Any] | None = None
    gaps: list[RecordGap] = field(default_factory=list)
    ended: RecordEnded | None = None

    @property
    def state(self) -> RecordState:
        """Where it is now; after its end what the file holds."""
        state = None if self.ended else self._state(self.number)
        if state:
            return state
        end = self.ended
        return RecordState(end.samples, end.lost, end.samples, end.samples) if end else RecordState(0, 0, 0, 0)

    def stop(self) -> None:
        """End it with the samples so far; again: nothing. `ended` follows when the file is closed."""
        if not self.ended:
            self._stop(self.number)

    def take(self, event: RecordEnded | RecordGap) -> None:
        """The engine's own: what was told about this recording."""
        if isinstance(event, RecordGap):
            self.gaps.append(event)
            return
        self.ended = event
        if self.on_end:
            self.on_end(event)

    @property
    def gap_samples(self) -> dict[GapReason, int]:
        """Samples lost so far by reason; gaps that are still open are not in it."""
        sums: dict[GapReason, int] = {}
        for gap in self.gaps:
            sums[gap.reason] = sums.get(gap.reason, 0) + gap.samples
        return sums
