"""Runs what a person does as a generator in simulated time: it yields what it waits for and is woken when it comes."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from hwsim.kernel.sim import Sim, Timer


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so long; the answer is always True."""

    ms: float


@dataclass(frozen=True, slots=True)
class Until:
    """Wait until `check()` holds: answer True; or until `timeout_ms` have passed: answer False.

    The check is made at once and whenever the process is poked.
    """

    check: Callable[[], bool]
    timeout_ms: float | None = None


Wait = Pause | Until
Acts = Generator[Wait, bool, None]


class Process:
    """One running generator. `finished(completed)` is called once, also when the process is stopped from outside."""

    def __init__(self, sim: Sim, acts: Acts, finished: Callable[[bool], None]) -> None:
        self.sim = sim
        self._acts = acts
        self._finished = finished
        self._until: Until | None = None
        self._timer: Timer | None = None
        self._running = False
        self.done = False

    def start(self) -> None:
        """Run up to the first wait."""
        self._resume(None)

    def poke(self) -> None:
        """Something has happened: check again what the process waits for."""
        if not self._running and self._until is not None and self._until.check():
            self._resume(True)

    def stop(self) -> None:
        """End the process where it stands."""
        if not self.done and not self._running:
            self._forget_wait()
            self._acts.close()
            self._end(completed=False)

    def _resume(self, answer: bool | None) -> None:
        self._forget_wait()
        self._running = True
        try:
            wait = next(self._acts) if answer is None else self._acts.send(answer)
            while isinstance(wait, Until) and wait.check():
                wait = self._acts.send(True)
        except StopIteration:
            self._running = False
            self._end(completed=True)
            return
        self._running = False
        if isinstance(wait, Pause):
            self._timer = self.sim.later(wait.ms, self._resume, True)
        else:
            self._until = wait
            if wait.timeout_ms is not None:
                self._timer = self.sim.later(wait.timeout_ms, self._resume, False)

    def _forget_wait(self) -> None:
        self._until = None
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _end(self, completed: bool) -> None:
        self.done = True
        self._finished(completed)
