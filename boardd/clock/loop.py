"""The asyncio loop that follows the token.

A holder runs until its selector has nothing ready and no timer is due; then it reports IDLE with its next timer and
waits. Jobs in threads (executor, door) keep the report provisional: the keeper accepts it only when exactly those calls
are out that the simulator parks on purpose, and a job that comes back wakes the loop, which asks for the token again.
The order matters: jobs are counted before the selector is asked, and threads post before their count goes down, so a
result can never be missed.
"""

from __future__ import annotations

import asyncio
import select
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple

from boardd.clock.token import TokenSource

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_Events = list[tuple[selectors.SelectorKey, int]]


JOB_PATIENCE_S = 0.001


class _TokenSelector(selectors.EpollSelector):
    """An epoll selector that never waits in real time for a timer.

    Most jobs of threads take far less than a millisecond of real time: they are waited for with the token in hand,
    which saves a report, a request and a grant for each. A job that takes longer is reported and waited for afterwards.
    """

    def __init__(self, source: TokenSource) -> None:
        super().__init__()
        self.source = source
        self.executor_jobs = 0
        self._granted = False
        self._worked = False
        self._patient = True
        self._job_or_grant = select.poll()
        self._job_or_grant.register(source.sock, select.POLLIN)
        self._job_or_grant.register(self.fileno(), select.POLLIN)
        source.show_readiness(self.fileno())

    def select(self, timeout: float | None = None) -> _Events:
        """What is ready; gives the token back while nothing is."""
        due_us = None if timeout is None else self.source.now_us + max(0, round(timeout * 1e6))
        if not self._granted:
            self._take_grant()
        while True:
            jobs = self.executor_jobs + self.source.jobs()
            self._patient |= jobs == 0
            ready = super().select(0)
            if not ready and due_us is not None and due_us <= self.source.now_us:
                self._worked = True
                return ready
            if not ready and jobs and self._patient:
                ready = super().select(JOB_PATIENCE_S)
                self._patient = bool(ready)
            if ready:
                self._worked = True
                return ready
            self._give_back(due_us, jobs)

    def _give_back(self, due_us: int | None, jobs: int) -> None:
        self.source.report_idle(due_us, self._worked, jobs)
        self._granted = False
        if jobs:
            self._wait_for_job_or_grant(jobs)
        self._take_grant()

    def _wait_for_job_or_grant(self, jobs: int) -> None:
        """Until a grant comes, a descriptor is ready, or a thread's count goes down (which wakes no descriptor)."""
        wait_ms = 1
        while not (ready := self._job_or_grant.poll(wait_ms)) and self.executor_jobs + self.source.jobs() >= jobs:
            wait_ms = min(wait_ms * 2, 20)
        if self.source.sock.fileno() not in {fd for fd, _ in ready}:
            self.source.want()

    def _take_grant(self) -> None:
        self.source.wait_grant()
        self._granted = True
        self._worked = False


class TokenLoop(asyncio.SelectorEventLoop):
    """A selector loop whose clock is the simulator's."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._token_selector = _TokenSelector(source)
        super().__init__(self._token_selector)
        self._clock_resolution = 2e-6

    def time(self) -> float:
        """Simulated seconds."""
        return self._source.now_us / 1e6

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """As in asyncio, but time stands until the job is done."""
        selector = self._token_selector
        selector.executor_jobs += 1

        def done(_future: asyncio.Future[Any]) -> None:
            selector.executor_jobs -= 1

        future: asyncio.Future[T] = super().run_in_executor(executor, func, *args)
        future.add_done_callback(done)
        return future

    async def shutdown_default_executor(self) -> None:
        """As in asyncio; the thread that waits for the executor counts as a job."""
        self._token_selector.executor_jobs += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._token_selector.executor_jobs -= 1
