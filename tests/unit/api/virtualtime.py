"""An asyncio loop whose time jumps to the next timer when nothing else is ready, and boardd's clock on it."""

import asyncio
import selectors

from boardd import clock


class _Selector(selectors.EpollSelector):
    def __init__(self):
        super().__init__()
        self.now_s = 1000.0

    def select(self, timeout=None):
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = super().select(5)
            if not ready:
                raise RuntimeError("the test waits for something that never comes")
            return ready
        self.now_s += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self):
        return self._virtual.now_s


class _Source:
    def __init__(self, loop):
        self._loop = loop

    def wall_ms(self):
        return 1_700_000_000_000 + self.mono_ms()

    def mono_ms(self):
        return int(self._loop.time() * 1000 + 1e-6)


def run(main):
    """Run `main()` in virtual time; pending tasks at the end are an error."""
    saved = clock._source
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        clock._source = _Source(runner.get_loop())
        try:
            return runner.run(_checked(main))
        finally:
            clock._source = saved


async def _checked(main):
    result = await main()
    await asyncio.sleep(2)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, left
    return result


async def until(condition, limit_s=20.0):
    """Let the loop run until `condition()`; fails after `limit_s` virtual seconds."""
    deadline_s = asyncio.get_running_loop().time() + limit_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline_s, "the condition never came true"
        await asyncio.sleep(0.01)
