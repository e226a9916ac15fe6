"""`boardd run`: starts every role, keeps it running, stops all in order: scheduler, daemon, hosts.

Killing the supervisor kills nobody: the children go on, and the next `boardd run` takes them over.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import structlog

from boardd import clock, logs
from boardd.config.folders import make_directory, unusable
from boardd.config.site import Site, load_site
from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.notify import Notifier
from boardd.supervise.keeper import STANDARD, Keeper, Phase, Timing
from boardd.supervise.role import Role, roles_of

log = structlog.get_logger()

RUNTIME_DIR = "paths.runtime_dir"


class Supervisor:
    """All roles of one machine. `directory` holds locks and sockets."""

    def __init__(self, roles: Sequence[Role], directory: Path, notifier: Notifier, timing: Timing = STANDARD) -> None:
        self._notifier = notifier
        self._stopping = asyncio.Event()
        self._lock = _take_lock(directory)
        self._told = ""
        self.keepers: list[Keeper] = []
        try:
            for role in roles:
                self.keepers.append(Keeper(role, directory, self._changed, timing))
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start every role."""
        for keeper in self.keepers:
            keeper.start()

    def ask_stop(self) -> None:
        """Begin the orderly stop; asked again, kill at once."""
        if self._stopping.is_set():
            for keeper in self.keepers:
                keeper.kill()
        self._stopping.set()

    async def run(self) -> None:
        """Until asked to stop; then end all children in order."""
        await self._stopping.wait()
        self._notifier.stopping()
        for order in sorted({keeper.role.stop_order for keeper in self.keepers}):
            due = [keeper for keeper in self.keepers if keeper.role.stop_order == order]
            await asyncio.gather(*(keeper.stop() for keeper in due))

    def close(self) -> None:
        """Let go of everything; children that still run go on."""
        for keeper in self.keepers:
            keeper.close()
        os.close(self._lock)

    def _changed(self) -> None:
        running = sum(keeper.phase is Phase.RUNNING for keeper in self.keepers)
        failed = [keeper.role.name for keeper in self.keepers if keeper.phase is Phase.FAILED]
        text = f"{running}/{len(self.keepers)} running"
        if failed:
            text += f"; misconfigured: {', '.join(failed)}"
        if text != self._told:
            self._told = text
            self._notifier.status(text)


def _take_lock(directory: Path) -> int:
    path = directory / "supervisor.lock"
    make_directory(directory, RUNTIME_DIR)
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(error, path, RUNTIME_DIR) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        text = _("{path}: another 'boardd run' is at work here; stop it first").format(path=path)
        raise ConfigurationError(text, path=str(path)) from error
    return fd


async def supervise(site: Site, config: Path, notifier: Notifier) -> None:
    """Run all roles of the site until SIGTERM or SIGINT."""
    supervisor = Supervisor(roles_of(site, config), site.paths.runtime_dir / "supervise", notifier)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.ask_stop)
    feeder = loop.create_task(_feed(notifier), name="watchdog")
    try:
        supervisor.start()
        notifier.ready()
        log.info("supervisor_started", roles=len(supervisor.keepers))
        await supervisor.run()
        log.info("supervisor_stopped")
    finally:
        feeder.cancel()
        await asyncio.gather(feeder, return_exceptions=True)
        supervisor.close()


async def _feed(notifier: Notifier) -> None:
    while notifier.watchdog_s:
        notifier.watchdog()
        await asyncio.sleep(notifier.watchdog_s / 2)


def main(config: Path) -> None:
    """Load the configuration and run everything. Raises ConfigurationError."""
    site = load_site(config)
    logs.configure("supervisor")
    notifier = Notifier()
    try:
        clock.run(lambda: supervise(site, config, notifier), name="supervisor")
    finally:
        notifier.close()
