"""A condition that must last before it counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from hwsim.kernel.sim import Sim, Timer

T = TypeVar("T")


class Debounced(Generic[T]):
    """`settled(value)` is called when another value has lasted for `wait_ms(value)`."""

    def __init__(self, sim: Sim, value: T, wait_ms: Callable[[T], int], settled: Callable[[T], None]) -> None:
        self.sim = sim
        self.value = value
        self._wait_ms = wait_ms
        self._settled = settled
        self._seen = value
        self._timer: Timer | None = None

    def see(self, value: T) -> None:
        """The condition is this one now."""
        if value == self._seen:
            return
        self._seen = value
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if value != self.value:
            self._timer = self.sim.later(self._wait_ms(value), self._settle)

    def _settle(self) -> None:
        self._timer = None
        self.value = self._seen
        self._settled(self.value)
