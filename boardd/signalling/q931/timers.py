"""Named timers of one span on its clock."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from boardd.signalling.timing import Cancellable, SpanClock


class Timers:
    """At most one running timer per key; setting a key again replaces it."""

    def __init__(self, clock: SpanClock) -> None:
        self._clock = clock
        self._running: dict[Hashable, Cancellable] = {}

    def start(self, key: Hashable, ms: int, action: Callable[[], None]) -> None:
        """Call `action` in `ms` milliseconds unless cancelled or replaced before; 0: never."""
        self.cancel(key)
        if ms <= 0:
            return

        def fire() -> None:
            self._running.pop(key, None)
            action()

        self._running[key] = self._clock.at_us(self._clock.now_us() + ms * 1000, fire)

    def cancel(self, key: Hashable) -> None:
        """Stop the timer, if it runs."""
        timer = self._running.pop(key, None)
        if timer is not None:
            timer.cancel()

    def cancel_all(self) -> None:
        """Stop every timer."""
        for key in list(self._running):
            self.cancel(key)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._running
