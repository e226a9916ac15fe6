"""The clock of a span: microseconds that only grow, and timers on the same scale.

In production and in lockstep alike this is the event loop (`boardd.clock.run` makes it): its time is CLOCK_MONOTONIC
or the simulator's. A wall clock that jumps does not touch a timer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol


class Cancellable(Protocol):
    """A timer that has not fired."""

    def cancel(self) -> None:
        """Never fire; also after it has fired, and twice."""


class SpanClock(Protocol):
    """What a span needs of time."""

    def now_us(self) -> int:
        """Microseconds that only grow."""

    def at_us(self, due_us: int, action: Callable[[], None]) -> Cancellable:
        """Call `action` once when `now_us()` has reached `due_us`; at once, but not from within, when it is past."""


class LoopClock:
    """The running event loop as a span's clock."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._loop = loop or asyncio.get_running_loop()

    def now_us(self) -> int:
        """See SpanClock."""
        return round(self._loop.time() * 1e6)

    def at_us(self, due_us: int, action: Callable[[], None]) -> Cancellable:
        """See SpanClock."""
        return self._loop.call_at(due_us / 1e6, action)
