"""Keeps one role running: start, watchdog, restart after 0.5 s, orderly stop.

    starting --READY=1--> running --end--> waiting (0.5 s) --> starting
    A child that misses its watchdog, or is not READY in time, gets SIGABRT (it dumps its stacks) and, if that does not
    end it, SIGKILL. A child whose configuration is wrong (exit code 78) is not started again.

All waits are timers of the loop, so that they follow simulated time in lockstep.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import structlog

from boardd.supervise.mailbox import Mailbox
from boardd.supervise.process import Process, spawn
from boardd.supervise.role import Role

log = structlog.get_logger()

EXIT_CONFIGURATION = 78


@dataclass(frozen=True, slots=True)
class Timing:
    """All waits, in seconds."""

    restart_s: float = 0.5
    watchdog_s: float = 20.0
    start_s: float = 180.0
    """A card library may take two minutes to start."""
    abort_s: float = 5.0
    """Between SIGABRT or SIGTERM's end and SIGKILL, and for SIGKILL to work."""


STANDARD = Timing()


class Phase(StrEnum):
    """What a role is doing."""

    DOWN = "down"
    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    FAILED = "failed"


class Keeper:
    """One role. `on_change()` is called after every change of `phase` or `status`."""

    def __init__(
        self,
        role: Role,
        directory: Path,
        on_change: Callable[[], None],
        timing: Timing = STANDARD,
    ) -> None:
        self.role = role
        self.phase = Phase.DOWN
        self.status = ""
        """What the child last said of itself."""
        self.process: Process | None = None
        self.starts = 0
        self._timing = timing
        self._on_change = on_change
        self._lock = directory / f"{role.file_name}.lock"
        self._mailbox = Mailbox(directory / f"{role.file_name}.notify", self._message)
        self._timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._gone = asyncio.Event()
        self._gone.set()

    # -- start and stop -----------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Start the child, or take over the one that runs."""
        try:
            process = spawn(self.role, self._lock, self._mailbox.path, self._timing.watchdog_s, self._ended)
        except OSError as error:
            log.error("child_not_started", role=self.role.name, text=str(error))
            self._again()
            return
        self.process = process
        self._gone.clear()
        self.starts += 1
        log.info("child_started", role=self.role.name, pid=process.pid, adopted=process.adopted)
        if process.adopted:
            # It was READY for somebody else, or will be for us; its watchdog counts from its first message.
            self._enter(Phase.RUNNING)
        else:
            self._enter(Phase.STARTING)
            self._arm(self._timing.start_s, "not ready")

    async def stop(self) -> None:
        """End the child: SIGTERM, then SIGKILL; returns when it is gone or even that did not help."""
        self._stopping = True
        self._disarm()
        if self.process is not None:
            self.process.send(signal.SIGTERM)
            if not await self._gone_within(self.role.stop_s):
                log.warning("child_killed", role=self.role.name, reason="does not stop")
                self.kill()
                if not await self._gone_within(self._timing.abort_s):
                    log.error("child_unkillable", role=self.role.name)
        self._enter(Phase.DOWN)

    def kill(self) -> None:
        """SIGKILL at once."""
        if self.process is not None:
            self.process.send(signal.SIGKILL)

    def close(self) -> None:
        """Watch no longer; a child that runs goes on."""
        self._stopping = True
        self._disarm()
        if self.process is not None:
            self.process.leave()
            self.process = None
        self._mailbox.close()

    async def _gone_within(self, limit_s: float) -> bool:
        try:
            async with asyncio.timeout(limit_s):
                await self._gone.wait()
        except TimeoutError:
            return False
        return True

    # -- what happens -------------------------------------------------------------------------------------------------
    def _message(self, field: str, value: str) -> None:
        if self.process is None:
            return
        if field == "READY":
            log.info("child_ready", role=self.role.name)
            self._enter(Phase.RUNNING)
            self._feed()
        elif field == "WATCHDOG" and self.phase is Phase.RUNNING:
            if value == "trigger":
                self._abort("asked for")
            else:
                self._feed()
        elif field == "STATUS":
            self.status = value
            self._on_change()

    def _feed(self) -> None:
        if not self._stopping:
            self._arm(self._timing.watchdog_s, "watchdog")

    def _abort(self, why: str) -> None:
        log.error("child_aborted", role=self.role.name, reason=why)
        if self.process is None:
            return
        self.process.send(signal.SIGABRT)
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(self._timing.abort_s, self._abort_failed)

    def _abort_failed(self) -> None:
        log.error("child_killed", role=self.role.name, reason="survived SIGABRT")
        self.kill()

    def _ended(self, code: int | None) -> None:
        self._disarm()
        self.process = None
        self.status = ""
        self._gone.set()
        if self._stopping:
            log.info("child_ended", role=self.role.name, code=code)
            return
        log.warning("child_ended", role=self.role.name, code=code)
        if code == EXIT_CONFIGURATION:
            log.error("child_misconfigured", role=self.role.name)
            self._enter(Phase.FAILED)
            return
        self._again()

    def _again(self) -> None:
        if self._stopping:
            return
        self._enter(Phase.WAITING)
        self._timer = asyncio.get_running_loop().call_later(self._timing.restart_s, self.start)

    # -- helpers ------------------------------------------------------------------------------------------------------
    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._on_change()

    def _arm(self, limit_s: float, why: str) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(limit_s, self._abort, why)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
