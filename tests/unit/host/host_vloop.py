"""An event loop whose clock jumps to the next timer, and the `boardd.clock` source that follows it."""

from __future__ import annotations

import asyncio
import functools
import selectors

from boardd import clock

WALL_BASE_MS = 1_800_000_000_000


class _Selector(selectors.EpollSelector):
    loop: VirtualLoop

    def select(self, timeout=None):
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise RuntimeError("virtual loop: nothing to wait for, deadlock")
        self.loop.now += max(timeout, 1e-6)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        selector = _Selector()
        self.now = 1000.0
        super().__init__(selector)
        selector.loop = self

    def time(self):
        return self.now

    def run_in_executor(self, executor, func, *args):
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future


class LoopSource:
    def __init__(self, loop):
        self.loop = loop
        self.wall_shift_ms = 0

    def wall_ms(self):
        return WALL_BASE_MS + self.wall_shift_ms + round(self.loop.now * 1000)

    def mono_ms(self):
        return round(self.loop.now * 1000)


def run_virtual(coroutine_function, *args, **kwargs):
    before = clock._source
    loop = VirtualLoop()
    clock._source = LoopSource(loop)
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            return runner.run(coroutine_function(*args, **kwargs))
    finally:
        clock._source = before


def virtual(test):
    """Run an async test in virtual time."""

    @functools.wraps(test)
    def wrapper(*args, **kwargs):
        return run_virtual(test, *args, **kwargs)

    return wrapper
