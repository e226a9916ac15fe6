"""Two engines in two processes: what each needs to reach the other without anybody in between.

A ring is a sealed memfd with blocks of linear sound each way, an eventfd each way, and a socket pair that carries
nothing: its end of file is the peer's death. Somebody (the daemon) makes it once, hands one end to each host and keeps
nothing: as long as a copy of an end's socket is open anywhere, that end seems to live.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence

from boardd.contract.errors import ArgumentError, DeviceError
from boardd.media._native import load

DESCRIPTORS = 4
"""memfd, our eventfd, the peer's eventfd, socket."""


class RingEnd:
    """One end: four descriptors that somebody must close or hand on, and which side it is."""

    def __init__(self, descriptors: Sequence[int], side: int) -> None:
        if len(descriptors) != DESCRIPTORS or side not in (0, 1):
            raise ArgumentError(f"a ring has {DESCRIPTORS} descriptors and the sides 0 and 1", argument="ring")
        self._descriptors = list(descriptors)
        self.side = side

    @property
    def descriptors(self) -> tuple[int, ...]:
        """In the order of `me_ring_fds`; empty after `take` or `close`."""
        return tuple(self._descriptors)

    def hand_over(self) -> tuple[int, ...]:
        """The descriptors, which are the caller's now; empty when they are gone."""
        found = self.descriptors
        self._descriptors.clear()
        return found

    def take(self) -> tuple[int, int, int, int, int]:
        """The descriptors and the side; they are the caller's now. Raises ArgumentError when they are gone."""
        if not self._descriptors:
            raise ArgumentError("this end of the ring is in use or closed", argument="ring")
        memory, mine, theirs, peer = self._descriptors
        self._descriptors.clear()
        return memory, mine, theirs, peer, self.side

    def close(self) -> None:
        """Close what was not taken; again: nothing."""
        while self._descriptors:
            os.close(self._descriptors.pop())

    def send(self, to: socket.socket) -> None:
        """Hand it over on a connected Unix socket, in one message, and close it here. Raises OSError."""
        try:
            socket.send_fds(to, [bytes([self.side])], self._descriptors)
        finally:
            self.close()

    @classmethod
    def receive(cls, source: socket.socket) -> RingEnd:
        """What `send` sent. Raises DeviceError when something else came, OSError."""
        data, descriptors, _flags, _address = socket.recv_fds(source, 1, DESCRIPTORS)
        try:
            return cls(descriptors, data[0] if data else -1)
        except ArgumentError as error:
            for descriptor in descriptors:
                os.close(descriptor)
            raise DeviceError("no end of a ring came over the socket") from error


def make_ring() -> tuple[RingEnd, RingEnd]:
    """Both ends of a new ring. Raises DeviceError when the system has no memory or descriptors for it."""
    ffi, lib = load()
    first, second = ffi.new("me_ring_fds *"), ffi.new("me_ring_fds *")
    if lib.me_ring_make(first, second) < 0:
        raise DeviceError(f"no ring between two processes: {os.strerror(ffi.errno)}", errno=ffi.errno)
    return _end(first), _end(second)


def _end(raw: object) -> RingEnd:
    names = ("memory", "mine", "theirs", "peer")
    return RingEnd([int(getattr(raw, name)) for name in names], int(raw.side))  # type: ignore[attr-defined]
