"""`boardd host DOMAIN`: the process around a `Host`.

Order of start: lock of the domain, journal read, crash ledger, uplink begins to dial (nobody is waited for), READY,
library. When the crash budget is spent, or the installation is wrong, the process stays up as `broken(reason)` without
the library until `board.reset`; a library that merely refuses to start is asked again for ever. SIGTERM hangs up and
ends; everything else may kill us at any moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from pathlib import Path
from typing import NoReturn

import structlog

from boardd import clock, logs
from boardd.config.folders import make_directory, unusable
from boardd.config.site import Site, load_site
from boardd.contract.driver import DomainDriver, EventSink
from boardd.contract.errors import BoarddError, ConfigurationError, DeviceError
from boardd.contract.states import BoardState
from boardd.contract.text import _
from boardd.host import plugin
from boardd.host.crashes import Crashes
from boardd.host.fatal import EXIT_RESTART, die
from boardd.host.host import Host
from boardd.host.watchdog import Watchdog
from boardd.notify import Notifier

log = structlog.get_logger("boardd.host")

STATE_DIR = "paths.state_dir"
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
FIRST_START_RETRY_S = 1.0
LAST_START_RETRY_S = 30.0
START_SETTLE_S = 10.0
"""Longest wait, when told to end, for a library that is being started."""


class App:
    """Runs one host until it is told to end; `run` returns the exit code."""

    def __init__(self, domain: str, site: Site, notifier: Notifier) -> None:
        self._domain = domain
        self._site = site
        self._section = site.domains[domain]
        self._notifier = notifier
        self._state_dir = site.paths.state_dir / "hosts" / domain
        make_directory(self._state_dir, STATE_DIR)
        boot_id = BOOT_ID.read_text(encoding="ascii").strip()
        self._lock = _lock(self._state_dir / "lock", domain)
        self.host = Host(domain, site, self._state_dir, boot_id)
        self._crashes = Crashes(
            self._state_dir / "crashes.json", boot_id, self._section.crash_budget, self._section.crash_window_s
        )
        self._watchdog = Watchdog(notifier, self._die)
        self._starting: asyncio.Task[None] | None = None
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.host.intake.on_fatal = self._die
        self.host.commands.on_reset = self._reset

    async def run(self) -> int:
        """Serve until SIGTERM, SIGINT or a reset of the running library."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.end, 0)
        within_budget = self._crashes.begin(clock.mono_ms())
        if self._crashes.died_of:
            self._tell_death(self._crashes.died_of)
        uplink = loop.create_task(self.host.uplink.run(), name="uplink")
        self._watchdog.every_second.append(self._pulse)
        watchdog = loop.create_task(self._watchdog.run(), name="watchdog")
        self._notifier.ready()
        if within_budget:
            self._starting = self.host.tasks.spawn(self._start(), "start library")
        else:
            text = _("{count} crashes within {window} s: the library is not loaded; boardctl reset {domain}")
            values = {"count": self._crashes.recent, "window": self._section.crash_window_s, "domain": self._domain}
            await self._break(text.format(**values))
        code = await self._end
        self._notifier.stopping()
        await self._start_settled()
        self._watchdog.unwatch()
        await self.host.stop()
        self._crashes.end()
        for task in (uplink, watchdog):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.host.tasks.cancel()
        return code

    def _die(self, reason: str) -> NoReturn:
        """End at once; the next process finds the reason in the ledger."""
        self._crashes.dying(reason)
        die(reason)

    def _tell_death(self, reason: str) -> None:
        """An alarm for as long as crashes count: calls were lost, and a technician wants to know what to blame."""
        self.host.alarms.set("host_died", self._domain, reason)
        window_s = self._section.crash_window_s
        asyncio.get_running_loop().call_later(window_s, self.host.alarms.clear, "host_died", self._domain)

    async def _start_settled(self) -> None:
        """A library that is just being started is stopped in order once it runs, not left with our lines seized."""
        if self._starting is not None:
            await asyncio.wait({self._starting}, timeout=START_SETTLE_S)

    def end(self, code: int) -> None:
        """Stop in good order and end with `code`."""
        if not self._end.done():
            self._end.set_result(code)

    # -- library ------------------------------------------------------------------------------------------------------
    async def _start(self) -> None:
        """Start the library; one that refuses is asked again for ever, as cards may come up after us (or be plugged
        in); one that hangs ends the process."""
        retry_s = FIRST_START_RETRY_S
        while True:
            self._notifier.status("starting the library")
            try:
                descriptor = plugin.find_driver(self._section.driver)
                await self.host.start(self._make)
                break
            except ConfigurationError as error:
                await self._break(error.message)
                return
            except DeviceError as error:
                log.warning("library_refused", domain=self._domain, reason=error.message, retry_s=retry_s, **error.data)
                self._notifier.status(f"the library refuses to start: {error.message}")
                await self.host.refused(error.message)
            except BoarddError as error:
                self._die(f"the library did not start: {error.message}")
            await asyncio.wait({self._end}, timeout=retry_s)
            if self._end.done():
                return
            retry_s = min(2 * retry_s, LAST_START_RETRY_S)
        if self.host.driver is not None and not self._end.done():
            self._watchdog.watch(self.host.driver, descriptor.heartbeat_parts)
        self._notifier.status("running")
        log.info("domain_running", domain=self._domain, channels=len(self.host.registry.lines))

    def _make(self, sink: EventSink) -> DomainDriver:
        return plugin.make_driver(plugin.find_driver(self._section.driver), self._domain, self._site, sink)

    async def _break(self, reason: str) -> None:
        self._notifier.status(f"broken: {reason}")
        await self.host.broken(reason)

    def _reset(self) -> None:
        """`board.reset`: forget crashes; a running library is restarted with its process, a broken one started here."""
        self._crashes.reset(clock.mono_ms())
        if self.host.driver is not None:
            asyncio.get_running_loop().call_soon(self.end, EXIT_RESTART)
        elif self.host.domain.state is BoardState.BROKEN:
            self._starting = self.host.tasks.spawn(self._start(), "start library")

    def _pulse(self) -> None:
        self.host.tasks.spawn(self.host.pulse(), "pulse")


def _lock(path: Path, domain: str) -> int:
    """Hold the domain for this process; two hosts of one library would ruin each other's lines."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise unusable(error, path, STATE_DIR) from error
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        text = _("{path}: another process is the host of domain {domain} already; stop it first")
        raise ConfigurationError(text.format(path=path, domain=domain), domain=domain) from error
    return fd


async def serve(domain: str, site: Site) -> int:
    """Run the host of `domain` on the running loop; the exit code."""
    notifier = Notifier()
    try:
        return await App(domain, site, notifier).run()
    finally:
        notifier.close()


def main(domain: str, config: Path) -> int:
    """Run `boardd host DOMAIN --config FILE`; the exit code. Raises ConfigurationError before anything is started."""
    logs.configure(f"host/{domain}")
    site = load_site(config)
    if domain not in site.domains:
        known = ", ".join(site.domains)
        text = _("{file}: there is no domain {domain}; there are: {known}")
        raise ConfigurationError(text.format(file=config, domain=domain, known=known), domain=domain)
    os.environ.update(site.domains[domain].environment)
    return clock.run(lambda: serve(domain, site), f"host-{domain}")
