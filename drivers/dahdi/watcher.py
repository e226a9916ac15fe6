"""Descriptors that the loop reads itself: D channels, line bits, registers. The engine reads those that carry sound.

asyncio's readers do not see POLLPRI, by which DAHDI says that an event waits; an epoll set of our own does, and is a
descriptor that the loop can watch.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

import structlog

MOST_FAILURES = 20
"""In a row: what then still is ready would keep the loop busy for ever."""
IN, EVENT = select.EPOLLIN, select.EPOLLPRI
Handler = Callable[[int], None]
"""Gets the mask of what is there: IN, EVENT, or others when the descriptor is broken."""

log = structlog.get_logger("drivers.dahdi")


class Watcher:
    """Calls handlers on the loop while something is there for them (level-triggered).

    A handler that raises is called again next time: one bad frame must not make a D channel deaf. One that always
    raises is forgotten, and `on_deaf` is told which descriptor nobody reads any more.
    """

    def __init__(self) -> None:
        self.on_deaf: Callable[[int], None] = lambda _fd: None
        self._failures: dict[int, int] = {}
        self._epoll = select.epoll()
        self._handlers: dict[int, Handler] = {}
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Begin to call handlers; from the running loop."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._epoll.fileno(), self._ready)

    def stop(self) -> None:
        """No handler is called any more."""
        if self._loop is not None:
            self._loop.remove_reader(self._epoll.fileno())
            self._loop = None
        if not self._epoll.closed:
            self._epoll.close()
        self._handlers.clear()

    def watch(self, fd: int, mask: int, handler: Handler) -> None:
        """Call `handler` when something of `mask` is there; again: another mask or handler."""
        if fd in self._handlers:
            self._epoll.modify(fd, mask)
        else:
            self._epoll.register(fd, mask)
        self._handlers[fd] = handler

    def forget(self, fd: int) -> None:
        """Before the descriptor is closed."""
        self._failures.pop(fd, None)
        if self._handlers.pop(fd, None) is not None:
            self._epoll.unregister(fd)

    def _ready(self) -> None:
        # In the order of the descriptors: the same run must go the same way twice.
        for fd, mask in sorted(self._epoll.poll(0)):
            handler = self._handlers.get(fd)
            if handler is None:
                continue
            try:
                handler(mask)
            except Exception as error:
                self._failed(fd, error)
            else:
                self._failures.pop(fd, None)

    def _failed(self, fd: int, error: Exception) -> None:
        count = self._failures[fd] = self._failures.get(fd, 0) + 1
        log.error("descriptor_handler_failed", fd=fd, in_a_row=count, exc_info=error)
        if count >= MOST_FAILURES and fd in self._handlers:
            self.forget(fd)
            self.on_deaf(fd)
