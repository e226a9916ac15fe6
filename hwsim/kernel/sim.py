"""Simulated time: one engine for samples, one heap for timers, one dirty mark for the processes outside.

Everything of the simulated world runs in this one thread. Time is counted in microseconds since the start of the
simulation (`now_us`); sound is counted in samples at 8 kHz and advances in steps of 4 ms. Nothing in here asks the
operating system for the time: `kernel.drive` decides how fast `advance_to` is called.
"""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hwsim.kernel.truth import TruthLog

if TYPE_CHECKING:
    from hwsim.core.engine import Engine
    from hwsim.core.events import Event

SAMPLE_US = 125
STEP_US = 4_000

EngineHandler = Callable[["Event"], None]


class Timer:
    """A scheduled call; `cancel` may be called at any time, also twice."""

    __slots__ = ("args", "callback", "when_us")

    def __init__(self, when_us: int, callback: Callable[..., None], args: tuple[Any, ...]) -> None:
        self.when_us = when_us
        self.callback: Callable[..., None] | None = callback
        self.args = args

    @property
    def active(self) -> bool:
        """Whether the call is still to come."""
        return self.callback is not None

    def cancel(self) -> None:
        """Drop the call."""
        self.callback = None
        self.args = ()


class Sim:
    """The clockwork of one simulated machine.

    `engine` makes and judges sound; `truth` notes what really happened; `rng(name)` gives an independent stream of
    random numbers for each name, so that adding one person does not change what another one does.
    """

    def __init__(self, engine: Engine, truth: TruthLog, seed: int) -> None:
        self.engine = engine
        self.truth = truth
        self.seed = seed
        self.now_us = 0
        self.dirty = False
        self._heap: list[tuple[int, int, Timer]] = []
        self._count = 0
        self._handlers: dict[int, list[EngineHandler]] = defaultdict(list)
        self._rngs: dict[str, random.Random] = {}
        truth.attach(lambda: self.now_us)

    # -- randomness -------------------------------------------------------------------------------------------------
    def rng(self, name: str) -> random.Random:
        """The random stream called `name`; the same seed and name give the same numbers in every run."""
        if name not in self._rngs:
            self._rngs[name] = random.Random(f"{self.seed}/{name}")
        return self._rngs[name]

    # -- scheduling -------------------------------------------------------------------------------------------------
    def at(self, when_us: int, callback: Callable[..., None], *args: Any) -> Timer:
        """Call `callback(*args)` when simulated time reaches `when_us` (never earlier than now)."""
        timer = Timer(max(when_us, self.now_us), callback, args)
        self._count += 1
        heapq.heappush(self._heap, (timer.when_us, self._count, timer))
        return timer

    def later(self, delay_ms: float, callback: Callable[..., None], *args: Any) -> Timer:
        """Call `callback(*args)` after `delay_ms` of simulated time."""
        return self.at(self.now_us + round(delay_ms * 1000), callback, *args)

    def next_timer_us(self) -> int | None:
        """When the next timer is due, or None."""
        while self._heap and not self._heap[0][2].active:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    # -- sound events -----------------------------------------------------------------------------------------------
    def on_engine(self, leg: int, handler: EngineHandler) -> None:
        """Deliver the engine's events of `leg` to `handler` (several handlers per leg are called in order)."""
        self._handlers[leg].append(handler)

    def off_engine(self, leg: int, handler: EngineHandler | None = None) -> None:
        """Stop delivering to `handler`, or to all handlers of `leg`."""
        if handler is None:
            self._handlers.pop(leg, None)
        elif handler in self._handlers.get(leg, []):
            self._handlers[leg].remove(handler)

    # -- time -------------------------------------------------------------------------------------------------------
    def mark_dirty(self) -> None:
        """Something was sent to a process outside: time must stand until it has answered (lockstep only)."""
        self.dirty = True

    def advance_to(self, target_us: int, *, stop_when_dirty: bool = False) -> None:
        """Run sound and timers up to `target_us`; with `stop_when_dirty` stop as soon as a process has mail."""
        while True:
            timer_us = self.next_timer_us()
            until_us = target_us if timer_us is None else min(target_us, timer_us)
            self._run_sound(until_us)
            if stop_when_dirty and self.dirty:
                return
            if self.now_us < until_us:
                continue
            if timer_us is None or timer_us > self.now_us:
                return
            self._fire_due()
            if stop_when_dirty and self.dirty:
                return

    def _run_sound(self, until_us: int) -> None:
        steps_until = until_us // STEP_US * (STEP_US // SAMPLE_US)
        if self.engine.now < steps_until and self.engine.run(steps_until):
            self.now_us = max(self.now_us, min(self.engine.now * SAMPLE_US, until_us))
            while (event := self.engine.next_event()) is not None:
                for handler in tuple(self._handlers.get(event.leg, ())):
                    handler(event)
            return
        self.now_us = max(self.now_us, until_us)

    def _fire_due(self) -> None:
        while (timer_us := self.next_timer_us()) is not None and timer_us <= self.now_us:
            timer = heapq.heappop(self._heap)[2]
            callback, args = timer.callback, timer.args
            timer.cancel()
            if callback is not None:
                callback(*args)
