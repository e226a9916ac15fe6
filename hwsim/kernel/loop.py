"""The simulator's own event loop: readers on descriptors, nothing else. One thread, no timers (those are Sim's)."""

from __future__ import annotations

import selectors
from collections.abc import Callable


class Loop:
    """Calls a reader whenever its descriptor is readable."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        """Call `callback()` whenever `fd` is readable."""
        self._selector.register(fd, selectors.EVENT_READ, callback)

    def remove_reader(self, fd: int) -> None:
        """Forget `fd`."""
        self._selector.unregister(fd)

    def poll(self, timeout_s: float | None) -> int:
        """Serve everything that is readable, waiting at most `timeout_s` (None = until something is); how many."""
        ready = self._selector.select(timeout_s)
        for key, _mask in ready:
            key.data()
        return len(ready)

    def close(self) -> None:
        """Let go of the selector."""
        self._selector.close()
