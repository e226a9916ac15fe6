"""Descriptors that the loop reads itself: D channels, line bits, registers. The engine reads those that carry sound.

asyncio's readers do not see POLLPRI, by which DAHDI says that an event waits; an epoll set of our own does, and is a
descriptor that the loop can watch.
"""

from __future__ import annotations

import asyncio
import select
from collections.abc import Callable

import structlog

IN, EVENT = select.EPOLLIN, select.EPOLLPRI
Handler = Callable[[int], None]
"""Gets the mask of what is there: IN, EVENT, or others when the descriptor is broken."""

log = structlog.get_logger("drivers.dahdi")


class Watcher:
    """Calls handlers on the loop while something is there for them (level-triggered)."""

    def __init__(self) -> None:
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
            except Exception:
                log.exception("descriptor_handler_failed", fd=fd)
                self.forget(fd)
