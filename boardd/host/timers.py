"""Named timers of one owner, on the event loop's clock."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Timers:
    """At most one running timer per name; setting a name again replaces it."""

    def __init__(self) -> None:
        self._handles: dict[str, asyncio.TimerHandle] = {}

    def start(self, name: str, delay_s: float, action: Callable[[], None]) -> None:
        """Call `action` in `delay_s` seconds unless cancelled or replaced before."""
        self.cancel(name)

        def fire() -> None:
            self._handles.pop(name, None)
            action()

        self._handles[name] = asyncio.get_running_loop().call_later(delay_s, fire)

    def cancel(self, name: str) -> None:
        """Stop the timer, if it runs."""
        handle = self._handles.pop(name, None)
        if handle is not None:
            handle.cancel()

    def cancel_all(self) -> None:
        """Stop every timer."""
        for name in list(self._handles):
            self.cancel(name)

    def running(self, name: str) -> bool:
        """Whether the timer runs."""
        return name in self._handles
