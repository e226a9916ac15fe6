"""Time as the machines get it: seconds that only grow, and calls later. An asyncio event loop fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Handle(Protocol):
    """A call that has not been made yet."""

    def cancel(self) -> None:
        """Do not make it."""


class Clock(Protocol):
    """Seconds and timers, on one thread."""

    def time(self) -> float:
        """Seconds since an arbitrary moment."""

    def call_later(self, delay: float, callback: Callable[..., Any], /, *args: Any) -> Handle:
        """Call `callback(*args)` in `delay` seconds."""


class Timers:
    """Timers of one machine by name: at most one of a name runs, starting it again replaces it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[str, Handle] = {}

    def start(self, name: str, delay_ms: float, action: Callable[[], None]) -> None:
        """Call `action` in `delay_ms` unless cancelled or replaced before."""
        self.cancel(name)
        self._running[name] = self._clock.call_later(delay_ms / 1000, self._fire, name, action)

    def start_once(self, name: str, delay_ms: float, action: Callable[[], None]) -> None:
        """As `start`, but a timer of that name that runs already goes on."""
        if name not in self._running:
            self.start(name, delay_ms, action)

    def cancel(self, *names: str) -> None:
        """Stop timers; those that do not run are ignored."""
        for name in names:
            handle = self._running.pop(name, None)
            if handle is not None:
                handle.cancel()

    def cancel_all(self) -> None:
        """Stop every timer."""
        self.cancel(*list(self._running))

    def running(self, name: str) -> bool:
        """Whether it runs."""
        return name in self._running

    def _fire(self, name: str, action: Callable[[], None]) -> None:
        del self._running[name]
        action()
