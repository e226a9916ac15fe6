"""The one thread per library through which every vendor call goes, in order; deadlines are kept by the event loop.

A late call raises DeadlineError to its caller and marks the door `late`; the call itself goes on, and what it brings is
reported to `hooks.late_result`. Calls behind it wait their turn. Only the call at the head of the queue and, once the
head is late, those behind it are on the clock: nobody is blamed for a slow call in front. A call whose caller has
gone before it began is withdrawn and never carried out (`data.begun` false).

When one call hangs longer than `stuck_after_ms` beyond its deadline, or `stuck_calls` callers have got no answer while
it hangs, `hooks.stuck(reason)` is called once: vendor code cannot be interrupted, so the host must end and start again.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from queue import SimpleQueue
from typing import Any, TypeVar

import structlog

from boardd import clock
from boardd.contract.driver import Heartbeat
from boardd.contract.errors import DeadlineError
from boardd.contract.text import _

T = TypeVar("T")
_log = structlog.get_logger("native.door")

MAX_SHOWN = 60


class DeadlineClass(StrEnum):
    """How long a call may take: cached values and commands, calls that open files, start and stop of the library."""

    COMMAND = "command"
    FILE = "file"
    START_STOP = "start_stop"


DEADLINES_MS = {DeadlineClass.COMMAND: 2_000, DeadlineClass.FILE: 10_000, DeadlineClass.START_STOP: 120_000}


@dataclass(frozen=True, slots=True)
class LateResult:
    """What a call brought whose caller had gone: its return value or the exception, after `duration_ms`."""

    name: str
    args: str
    result: Any
    error: BaseException | None
    duration_ms: int


def _ignore(*_args: Any) -> None:
    """The hook of somebody who does not want to know."""


@dataclass
class DoorHooks:
    """Called on the loop. `late` and `recovered` get the function's name, `stuck` the reason."""

    late: Callable[[str], None] = _ignore
    recovered: Callable[[str], None] = _ignore
    late_result: Callable[[LateResult], None] = _ignore
    stuck: Callable[[str], None] = _ignore


@dataclass(eq=False)
class _Job:
    name: str
    call: Callable[..., Any]
    args: tuple[Any, ...]
    deadline_ms: int
    future: asyncio.Future[Any]
    begun: bool = False
    withdrawn: bool = False
    timer: asyncio.TimerHandle | None = None


@dataclass(eq=False)
class _Done:
    job: _Job
    result: Any
    error: BaseException | None
    duration_ms: int


@dataclass
class Door:
    """`await door.call(name, function, *args)` from the loop that called `open`."""

    name: str
    heartbeat: Heartbeat = field(default_factory=Heartbeat)
    deadlines_ms: dict[DeadlineClass, int] = field(default_factory=lambda: dict(DEADLINES_MS))
    hooks: DoorHooks = field(default_factory=DoorHooks)
    stuck_after_ms: int = 10_000
    stuck_calls: int = 5
    late: bool = False
    calls: int = 0
    late_calls: int = 0

    def __post_init__(self) -> None:
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._waiting: deque[_Job] = deque()
        self._lock = threading.Lock()
        self._in_hand = 0
        self._unanswered = 0
        self._stuck = False
        self._stuck_timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ended: asyncio.Future[None] | None = None

    # -- life ---------------------------------------------------------------------------------------------------------
    def open(self) -> None:
        """Start the thread; call from the loop."""
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name=f"door-{self.name}", daemon=True)
        clock.register_busy(self._busy)
        self._thread.start()

    async def close(self) -> None:
        """End the thread after the calls that are queued. Returns at once when the door is stuck."""
        if self._thread is None or self._ended is None:
            return
        with self._lock:
            self._in_hand += 1  # the end is a job too: in lockstep nobody else would tell the loop that it is done
        self._jobs.put(None)
        if not self._stuck:
            await self._ended
        clock.unregister_busy(self._busy)
        self._thread = None

    @property
    def is_open(self) -> bool:
        """Whether calls may be made."""
        return self._thread is not None

    def _busy(self) -> int:
        return 1 if self._in_hand else 0

    # -- the loop's side ----------------------------------------------------------------------------------------------
    async def call(
        self, name: str, function: Callable[..., T], *args: Any, deadline: DeadlineClass = DeadlineClass.COMMAND
    ) -> T:
        """Carry out `function(*args)` on the door's thread. A cancelled caller's call goes on if it has begun.

        Raises what the function raises, or DeadlineError (data: function, deadline_ms, begun).
        """
        loop = asyncio.get_running_loop()
        if not self.is_open or loop is not self._loop:
            raise RuntimeError(f"door {self.name} is not open on this loop")
        job = _Job(name, function, args, self.deadlines_ms[deadline], loop.create_future())
        with self._lock:
            self._in_hand += 1
        self._waiting.append(job)
        self._jobs.put(job)
        if len(self._waiting) == 1 or self.late:
            self._arm(job)
        try:
            result: T = await job.future
        except asyncio.CancelledError:
            self._abandon(job)
            raise
        return result

    def _arm(self, job: _Job) -> None:
        if self._loop is not None and job.timer is None and not job.withdrawn:
            job.timer = self._loop.call_later(job.deadline_ms / 1000, self._expire, job)

    def _expire(self, job: _Job) -> None:
        begun = not self._withdraw(job)
        self.late_calls += 1
        self._unanswered += 1
        if not job.future.done():
            job.future.set_exception(
                DeadlineError(
                    _("{function} did not come back within {ms} ms").format(function=job.name, ms=job.deadline_ms),
                    function=job.name,
                    deadline_ms=job.deadline_ms,
                    begun=begun,
                )
            )
        _log.error("door_call_late", door=self.name, function=job.name, args=_shown(job.args), begun=begun)
        if not self.late:
            self._begin_late(job)
        elif self._unanswered >= self.stuck_calls:
            self._report_stuck(job.name)

    def _begin_late(self, job: _Job) -> None:
        self.late = True
        if self._loop is not None:
            self._stuck_timer = self._loop.call_later(self.stuck_after_ms / 1000, self._report_stuck, job.name)
        for waiting in self._waiting:
            self._arm(waiting)
        self.hooks.late(job.name)

    def _report_stuck(self, name: str) -> None:
        if self._stuck or not self.late:
            return
        self._stuck = True
        head = self._waiting[0].name if self._waiting else name
        _log.critical("door_stuck", door=self.name, function=head, unanswered=self._unanswered)
        self.hooks.stuck(f"{head} hangs, {self._unanswered} calls unanswered")

    def _withdraw(self, job: _Job) -> bool:
        """Take a call back that has not begun; False when it has."""
        with self._lock:
            if job.begun:
                return False
            job.withdrawn = True
            return True

    def _abandon(self, job: _Job) -> None:
        if self._withdraw(job):
            if job.timer:
                job.timer.cancel()
        else:
            _log.warning("door_call_orphaned", door=self.name, function=job.name, args=_shown(job.args))

    def _finish(self, done: _Done) -> None:
        job = done.job
        self._waiting.popleft()
        if job.timer:
            job.timer.cancel()
        if not job.withdrawn:
            self._report(done)
        if self.late:
            self._end_late(job)
        if self._waiting:
            self._arm(self._waiting[0])

    def _report(self, done: _Done) -> None:
        job = done.job
        self.calls += 1
        _log.debug(
            "door_call",
            door=self.name,
            function=job.name,
            args=_shown(job.args),
            result=_short(done.error if done.error else done.result),
            duration_ms=done.duration_ms,
        )
        if job.future.done():
            self.hooks.late_result(LateResult(job.name, _shown(job.args), done.result, done.error, done.duration_ms))
        elif done.error is not None:
            job.future.set_exception(done.error)
        else:
            job.future.set_result(done.result)

    def _end_late(self, job: _Job) -> None:
        """The call that hung came back: those behind it are served again, each within its own deadline."""
        self.late = False
        self._unanswered = 0
        if self._stuck_timer:
            self._stuck_timer.cancel()
        _log.warning("door_recovered", door=self.name, function=job.name)
        self.hooks.recovered(job.name)

    # -- the thread's side --------------------------------------------------------------------------------------------
    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._lock:
                job.begun = not job.withdrawn
            self._post(self._finish, self._carry_out(job))
            self.heartbeat.beat("door")
            self._job_done()
        self._post(self._thread_ended)
        self._job_done()

    def _job_done(self) -> None:
        with self._lock:
            self._in_hand -= 1

    def _carry_out(self, job: _Job) -> _Done:
        if not job.begun:
            return _Done(job, None, None, 0)
        began_ms = clock.mono_ms()
        result: Any = None
        error: BaseException | None = None
        try:
            result = job.call(*job.args)
        except Exception as problem:
            error = problem
        return _Done(job, result, error, clock.mono_ms() - began_ms)

    def _post(self, callback: Callable[..., None], *args: Any) -> None:
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            return  # the loop has been closed under us: the process is ending and nobody waits any more

    def _thread_ended(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def _shown(args: tuple[Any, ...]) -> str:
    return ", ".join(_short(arg) for arg in args)
