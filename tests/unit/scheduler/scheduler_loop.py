"""An asyncio loop whose time jumps to the next timer as soon as nothing is left to do, and a clock that follows it."""

import asyncio
import selectors
from concurrent.futures import Executor
from contextlib import contextmanager

from boardd import clock

WALL_BASE_MS = 1_795_312_800_000
"""2026-11-22 02:00 UTC, 10:00 in Shanghai, a Sunday."""


class _Selector(selectors.EpollSelector):
    loop = None

    def select(self, timeout=None):
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self.loop.jobs:
            return super().select(10)
        if timeout is None:
            if not (ready := super().select(10)):
                raise RuntimeError("deadlock: nothing will ever happen")
            return ready
        self.loop.now_s += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        selector = _Selector()
        self.now_s = 1000.0
        self.jobs = 0
        super().__init__(selector)
        selector.loop = self
        self._clock_resolution = 2e-6

    def time(self):
        return self.now_s

    def run_in_executor(self, executor: Executor | None, func, *args):
        self.jobs += 1

        def done(_future):
            self.jobs -= 1

        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(done)
        return future


class _Source:
    def __init__(self, loop):
        self._loop = loop

    def wall_ms(self):
        return WALL_BASE_MS + round(self._loop.now_s * 1000) - 1_000_000

    def mono_ms(self):
        return round(self._loop.now_s * 1000)


@contextmanager
def _clock(loop):
    old, clock._source = clock._source, _Source(loop)
    try:
        yield
    finally:
        clock._source = old


def run(main):
    """Run the coroutine function `main` in virtual time."""
    loop = VirtualLoop()
    with _clock(loop), asyncio.Runner(loop_factory=lambda: loop) as runner:
        return runner.run(main())
