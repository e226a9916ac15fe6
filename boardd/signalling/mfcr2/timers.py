"""Named timers of one state machine: starting one again replaces it."""

from __future__ import annotations

from collections.abc import Callable

from boardd.signalling.timing import Cancellable, SpanClock


class Timers:
    """Timers by name on a span's clock. A fired timer is forgotten before its action runs."""

    def __init__(self, clock: SpanClock) -> None:
        self._clock = clock
        self._running: dict[str, Cancellable] = {}

    def start(self, name: str, after_ms: float, action: Callable[[], None]) -> None:
        """Call `action` after `after_ms`; 0 or less: never."""
        self.cancel(name)
        if after_ms <= 0:
            return

        def fire() -> None:
            self._running.pop(name, None)
            action()

        self._running[name] = self._clock.at_us(self._clock.now_us() + round(after_ms * 1000), fire)

    def cancel(self, *names: str) -> None:
        """Stop timers that run."""
        for name in names:
            timer = self._running.pop(name, None)
            if timer is not None:
                timer.cancel()

    def cancel_all(self) -> None:
        """Stop all."""
        self.cancel(*tuple(self._running))

    def running(self, name: str) -> bool:
        """Whether a timer runs."""
        return name in self._running
