"""Framing: one JSON message per line, lines of at most 1 MiB.

`LineReader` never raises on what a peer sends: an over-long line is discarded up to its end and reported as `TooLong`.
"""

from __future__ import annotations

from collections.abc import Iterator

from boardd.api.board_schema import LINE_LIMIT_BYTES


class TooLong:
    """A line was longer than the limit and has been thrown away; `size` counts its bytes."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size


class LineReader:
    """Cuts a byte stream into lines. Feed it chunks; it yields complete lines without their newline."""

    def __init__(self, limit_bytes: int = LINE_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._buffer = bytearray()
        self._skipping = 0

    def feed(self, chunk: bytes) -> Iterator[bytes | TooLong]:
        """All lines that `chunk` completes."""
        start = 0
        while (end := chunk.find(b"\n", start)) >= 0:
            yield from self._complete(chunk[start:end])
            start = end + 1
        rest = chunk[start:]
        if self._skipping:
            self._skipping += len(rest)
        elif len(self._buffer) + len(rest) > self._limit:
            self._skipping = len(self._buffer) + len(rest)
            self._buffer.clear()
        else:
            self._buffer += rest

    def _complete(self, tail: bytes) -> Iterator[bytes | TooLong]:
        if self._skipping:
            size, self._skipping = self._skipping + len(tail), 0
            yield TooLong(size)
        elif len(self._buffer) + len(tail) > self._limit:
            size = len(self._buffer) + len(tail)
            self._buffer.clear()
            yield TooLong(size)
        else:
            line = bytes(self._buffer) + tail
            self._buffer.clear()
            if line.strip():
                yield line
