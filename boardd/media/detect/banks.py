"""The banks of detectors as Python objects: one noun for the five kinds that detect.h declares.

A bank measures many lanes at once. The engine feeds its banks in C, inside the tick; this door is for everything else:
tools, tone learning, tests. Sound is 16-bit linear at 8 kHz in host byte order, 80 to 320 samples a feed, the same
number for every lane of a feed.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from boardd.media._native import load

RATE_HZ = 8000
BLOCK = 160
"""Samples of the usual feed, 20 ms."""
MIN_FEED, MAX_FEED = 80, 320


class Kind(enum.StrEnum):
    """The kinds of bank; the value is the prefix of its C functions."""

    DTMF = "dtmf"
    PROGRESS = "progress"
    VOICE = "voice"
    FAX = "fax"
    CID = "cid"


class What(enum.IntEnum):
    """What an event tells; detect.h says what its code and values mean."""

    DTMF_ON = 1
    DTMF_OFF = 2
    SEGMENT = 3
    SEGMENT_STILL = 4
    VOICE_ON = 5
    VOICE_OFF = 6
    SILENCE_STILL = 7
    FAX_TONE = 8
    CID_MESSAGE = 9
    VOICE_STILL = 10


@dataclass(frozen=True, slots=True)
class Measured:
    """One event of a bank, as measured. `at` counts the lane's samples."""

    lane: int
    what: What
    code: int
    at: int
    values: tuple[float, float, float, float]


class FeedError(ValueError):
    """A feed that a bank refuses: a lane it does not have, a size outside its range, sound of unequal length."""


class Bank:
    """One bank. Not for several threads at once. Close it, or use it as a context."""

    def __init__(self, kind: Kind, lanes: int) -> None:
        self.kind = kind
        self.lanes = lanes
        self._ffi, self._lib = load()
        self._bank: Any = self._call("bank_new", lanes)
        if not self._bank:
            raise MemoryError(f"{kind} bank of {lanes} lanes")
        self._room = max(64, 4 * lanes)
        self._events = self._ffi.new("det_event[]", self._room)

    def __enter__(self) -> Bank:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Gives its memory back; a second time does nothing."""
        if self._bank:
            self._call("bank_free", self._bank)
            self._bank = None

    def _call(self, name: str, *arguments: object) -> Any:
        return getattr(self._lib, f"{self.kind}_{name}")(*arguments)

    def reset(self, lane: int) -> None:
        """The lane forgets its sound and counts from 0 again; its options stay."""
        self._checked(self._call("bank_reset", self._bank, lane))

    def set(self, lane: int, options: Mapping[str, float | Sequence[float]] | None = None) -> None:
        """The defaults with some options changed; names and units are those of detect.h."""
        made = self._ffi.new(f"{self.kind}_options *")
        self._call("options_default", made)
        for name, value in (options or {}).items():
            setattr(made, name, value)
        self._checked(self._call("bank_set", self._bank, lane, made))

    def _checked(self, answer: int) -> int:
        if answer < 0:
            raise FeedError(f"{self.kind} bank of {self.lanes} lanes: no such lane, or a size outside its range")
        return answer

    def feed(
        self, lanes: Sequence[int], heard: Sequence[Any], sent: Sequence[Any | None] | None = None
    ) -> list[Measured]:
        """One feed: buffers of equal length, one a lane; `sent` is what we played to it, None is nothing."""
        ffi = self._ffi
        arrays = [ffi.from_buffer("short[]", buffer) for buffer in heard]
        played = [ffi.NULL if buffer is None else ffi.from_buffer("short[]", buffer) for buffer in sent or ()]
        if len({len(array) for array in [*arrays, *(p for p in played if p != ffi.NULL)]}) > 1:
            raise FeedError("sound of unequal length in one feed")
        if len(arrays) != len(lanes) or (sent is not None and len(played) != len(lanes)):
            raise FeedError(f"{len(lanes)} lanes, {len(arrays)} heard, {len(played)} sent")
        count = self._checked(
            self._call(
                "bank_feed",
                self._bank,
                lanes,
                len(lanes),
                ffi.new("short *[]", arrays),
                ffi.new("short *[]", played) if sent is not None else ffi.NULL,
                len(arrays[0]) if arrays else BLOCK,
                self._events,
                self._room,
            )
        )
        return [_measured(self._events[i]) for i in range(count)]

    def run(self, heard: Sequence[Any], sent: Sequence[Any | None] | None = None, block: int = BLOCK) -> list[Measured]:
        """Whole recordings, lane by position, in blocks; shorter ones stop early, a last part block is left out."""
        return list(self.stream(heard, sent, block))

    def stream(
        self, heard: Sequence[Any], sent: Sequence[Any | None] | None = None, block: int = BLOCK
    ) -> Iterator[Measured]:
        """The same, event by event."""
        views = [memoryview(sound).cast("B") for sound in heard]
        played = [None if sound is None else memoryview(sound).cast("B") for sound in sent or ()]
        size = 2 * block
        for offset in range(0, max((len(view) for view in views), default=0) - size + 1, size):
            lanes = [lane for lane, view in enumerate(views) if offset + size <= len(view)]
            part = slice(offset, offset + size)
            echo = None
            if sent is not None:
                echo = [None if (p := played[lane]) is None or len(p) < offset + size else p[part] for lane in lanes]
            yield from self.feed(lanes, [views[lane][part] for lane in lanes], echo)

    def measure(self, lane: int) -> dict[str, float]:
        """Voice banks: what `voice_measure` of detect.h holds."""
        made = self._ffi.new("voice_measure *")
        self._checked(self._call("bank_measure", self._bank, lane, made))
        return {name: getattr(made, name) for name, _ in self._ffi.typeof("voice_measure").fields}

    def read(self, lane: int) -> bytes:
        """Caller-ID banks: the bytes of the lane's last message."""
        room = self._ffi.new("unsigned char[]", 258)
        return bytes(room[0 : self._checked(self._call("bank_read", self._bank, lane, room, 258))])

    @property
    def lost(self) -> int:
        """Events that found no room."""
        return int(self._call("bank_lost", self._bank))


def _measured(event: Any) -> Measured:
    values = event.value
    return Measured(
        event.lane, What(event.kind), event.code, event.at_sample, (values[0], values[1], values[2], values[3])
    )
