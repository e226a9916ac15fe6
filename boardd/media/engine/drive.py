"""Who drives an engine: the C thread, or this loop when the simulator keeps the time. Both run the same tick.

Lockstep: no thread at all. The loop waits on the descriptor of the port that is the clock, or for the time of the next
block where there is none, and after the ticks writes what recordings have ready; so whatever a test can read has been
written before time moves on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from boardd.media.engine.errors import checked

if TYPE_CHECKING:
    from boardd.media.engine.engine import Engine


log = structlog.get_logger("boardd.media")


class Drive(Protocol):
    """Lets an engine tick and its events out."""

    @property
    def beats(self) -> int:
        """Moves while it is alive."""

    def start(self) -> None:
        """From a running loop."""

    def stop(self) -> None:
        """No tick after it returns."""

    def ports_changed(self) -> None:
        """A port began, stopped or is gone."""

    def recordings_changed(self) -> None:
        """A recording was told to end."""


class _Reader:
    """Events from the engine's descriptor onto the loop."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.loop = asyncio.get_running_loop()
        self.descriptor = int(engine.lib.me_event_fd(engine.handle))
        self.loop.add_reader(self.descriptor, engine.take_events)

    def close(self) -> None:
        self.loop.remove_reader(self.descriptor)


PRIORITY = 20
"""What hosts ask for (SCHED_FIFO): above every ordinary program, below the kernel's own threads (50)."""


class ThreadDrive:
    """The C threads tick, write and sync; the loop only hears of it."""

    def __init__(self, engine: Engine, priority: int, cpu: int) -> None:
        self._engine = engine
        self._priority = priority
        self._cpu = cpu
        self._reader: _Reader | None = None

    @property
    def beats(self) -> int:
        """See Drive."""
        return int(self._engine.lib.me_beats(self._engine.handle))

    def start(self) -> None:
        """See Drive."""
        self._reader = _Reader(self._engine)
        answer = self._engine.lib.me_start(self._engine.handle, self._priority, self._cpu)
        if answer < 0:
            self._reader.close()
        checked(answer, "start of the media engine", priority=self._priority, cpu=self._cpu)
        if self._priority and not self._engine.stats().realtime:
            log.warning("sound_without_priority", wanted=self._priority, give="LimitRTPRIO")

    def stop(self) -> None:
        """See Drive."""
        if self._reader:
            self._reader.close()
            self._reader = None
        self._engine.lib.me_stop(self._engine.handle)

    def ports_changed(self) -> None:
        """The thread is woken in C."""

    def recordings_changed(self) -> None:
        """The writer is woken in C."""


class LoopDrive:
    """The loop ticks and writes, on its own clock."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._reader: _Reader | None = None
        self._descriptor = -1
        self._timer: asyncio.TimerHandle | None = None
        self._due = engine.ffi.new("int64_t *")

    @property
    def beats(self) -> int:
        """The loop itself is alive when somebody asks: simulated microseconds."""
        return self._now_ns() // 1000

    def _now_ns(self) -> int:
        return round(self._loop.time() * 1e6) * 1000

    def start(self) -> None:
        """See Drive."""
        self._reader = _Reader(self._engine)
        self._arm()

    def stop(self) -> None:
        """See Drive."""
        self._watch(-1)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._reader:
            self._reader.close()
            self._reader = None

    def ports_changed(self) -> None:
        """See Drive. The old descriptor is not watched any more when this returns."""
        if self._reader:
            self._arm()

    def recordings_changed(self) -> None:
        """See Drive."""
        self._engine.lib.me_write(self._engine.handle, 0)

    def _watch(self, descriptor: int) -> None:
        if descriptor == self._descriptor:
            return
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
        if descriptor >= 0:
            self._loop.add_reader(descriptor, self._serve)
        self._descriptor = descriptor

    def _arm(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self._watch(int(self._engine.lib.me_clock_fd(self._engine.handle, self._due)))
        due_ns = int(self._due[0])
        if due_ns >= 0:
            when_s = due_ns / 1e9 if due_ns else self._loop.time()
            self._timer = self._loop.call_at(when_s, self._serve)

    def _serve(self) -> None:
        engine = self._engine
        engine.lib.me_service(engine.handle, self._now_ns())
        engine.lib.me_write(engine.handle, 0)
        engine.take_events()
        if self._reader:
            self._arm()
