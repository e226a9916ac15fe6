"""Proof of life: the service manager is told that we live only if the library does.

Every second the driver is asked something cheap, so that door and card beat. When a part of the driver (door, event
thread, engine, card) has not moved for STILL_LIMIT_S, this process is of no use any more and says so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Protocol

import structlog

from boardd.contract.driver import DomainDriver
from boardd.contract.errors import BoarddError

log = structlog.get_logger("boardd.host")

PERIOD_S = 1.0
STILL_LIMIT_S = 15.0
"""Longer than the longest single library call (file class, 10 s); the service unit's WatchdogSec must be longer yet."""


class Feeder(Protocol):
    """What a `boardd.notify.Notifier` does for us."""

    def watchdog(self) -> None:
        """Tell the service manager that we live."""


class Watchdog:
    """Feeds the service manager's watchdog. `parts` names the heartbeats that must move."""

    def __init__(self, notifier: Feeder, on_still: Callable[[str], None]) -> None:
        self._notifier = notifier
        self._on_still = on_still
        self._driver: DomainDriver | None = None
        self._parts: tuple[str, ...] = ()
        self._fed: Mapping[str, int] = {}
        self._moved_s: dict[str, float] = {}
        self.every_second: list[Callable[[], None]] = []

    def watch(self, driver: DomainDriver, parts: tuple[str, ...]) -> None:
        """The library runs: from now on its parts must move."""
        now_s = asyncio.get_running_loop().time()
        self._driver, self._parts = driver, parts
        self._fed = dict(driver.heartbeat.beats)
        self._moved_s = dict.fromkeys(parts, now_s)

    def unwatch(self) -> None:
        """The library is being stopped."""
        self._driver = None

    async def run(self) -> None:
        """Check every second; ends only by cancellation."""
        probe: asyncio.Task[None] | None = None
        while True:
            await asyncio.sleep(PERIOD_S)
            for work in self.every_second:
                work()
            if self._driver is not None and (probe is None or probe.done()):
                probe = asyncio.get_running_loop().create_task(_probe(self._driver), name="probe")
            self.check()

    def check(self) -> None:
        """Feed if everything moved since the last feed; tell when something has stood still for too long."""
        driver = self._driver
        if driver is None:
            self._notifier.watchdog()
            return
        now_s = asyncio.get_running_loop().time()
        beats = driver.heartbeat.beats
        moved = {part for part in self._parts if beats.get(part, 0) != self._fed.get(part, 0)}
        self._moved_s.update(dict.fromkeys(moved, now_s))
        if len(moved) == len(self._parts):
            self._fed = dict(beats)
            self._notifier.watchdog()
            return
        still = [part for part in self._parts if now_s - self._moved_s[part] >= STILL_LIMIT_S]
        if still:
            self._on_still(f"{', '.join(still)} stood still for {STILL_LIMIT_S:.0f} s")


async def _probe(driver: DomainDriver) -> None:
    try:
        await driver.probe()
    except BoarddError as error:
        log.warning("probe_failed", error=error.code, text=error.message)
