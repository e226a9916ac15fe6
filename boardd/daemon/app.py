"""The daemon: composition, start, stop. `main` is what `boardd daemon` runs."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import structlog

from boardd import clock, logs
from boardd.api.board_schema import HOST_METHODS, METHODS
from boardd.api.connection import TRUSTED
from boardd.api.rights import GroupRights
from boardd.api.server import Server
from boardd.config.folders import make_directory
from boardd.config.site import Site, load_site
from boardd.contract.errors import ConfigurationError
from boardd.contract.ids import UlidSource
from boardd.daemon.board_service import BoardService
from boardd.daemon.claims import Claims
from boardd.daemon.eventlog import EventLog
from boardd.daemon.facts import Facts
from boardd.daemon.hosts import Hosts
from boardd.daemon.leases import Leases
from boardd.daemon.lost_boards import LostBoards
from boardd.daemon.registry import HOST_DOWN, Registry
from boardd.daemon.routing import Router
from boardd.daemon.unknown_names import UnknownNames
from boardd.notify import Notifier

log = structlog.get_logger()

DEFAULT_GROUPS = frozenset({"trunks", "stations", "taps"})
"""Groups of channels that no configured group matches (`Site.group_of`)."""
HOST_GRACE_S = 10.0
"""How long after its start the daemon waits for hosts before it raises an alarm."""


class Daemon:
    """Everything of the daemon, on one loop, from `start` to `stop`."""

    def __init__(self, site: Site) -> None:
        self._site = site
        began_wall_ms = clock.wall_ms()
        self.events = EventLog(UlidSource().mint(began_wall_ms))
        self.registry = Registry(self.events, {name: domain.driver for name, domain in site.domains.items()})
        self.unknown_names = UnknownNames(site, self.registry)
        self.lost_boards = LostBoards(site, self.registry)
        self.facts = Facts()
        self.hosts = Hosts(self.registry, on_fact=self.facts.take, on_ready=self._host_ready)
        self.facts.hosts = self.hosts
        self.leases = Leases(self.hosts.grant)
        self.claims = Claims(self.leases.check)
        service = BoardService(
            name=socket.gethostname(),
            began_wall_ms=began_wall_ms,
            known_groups=DEFAULT_GROUPS | frozenset(site.groups),
            registry=self.registry,
            events=self.events,
            claims=self.claims,
            router=Router(self.registry.mirror, self.claims, self.hosts),
            facts=self.facts,
        )
        rights = site.rights
        group_rights = GroupRights.of(rights.read, rights.control, rights.admin)
        self.host_server = Server(site.host_socket, HOST_METHODS, self.hosts, GroupRights(), mode=0o600, limits=TRUSTED)
        self.board_server = Server(
            site.board_socket,
            METHODS,
            service,
            group_rights,
            mode=0o660 if rights.socket_group else 0o666,
            group=rights.socket_group,
        )
        service.counters = {"clients": self.board_server.counters, "hosts": self.hosts.counters}
        self._grace: asyncio.TimerHandle | None = None

    async def start(self) -> None:
        """Serve. Raises ConfigurationError when a socket cannot be had."""
        make_directory(self._site.paths.runtime_dir, "paths.runtime_dir")
        await self.board_server.start()
        try:
            await self.host_server.start()
        except ConfigurationError:
            await self.board_server.stop()
            raise
        self.leases.start(self.claims)
        self._grace = asyncio.get_running_loop().call_later(HOST_GRACE_S, self._miss_hosts)

    async def stop(self) -> None:
        """Serve no more; hosts and clients come again when a daemon is there."""
        if self._grace is not None:
            self._grace.cancel()
        self.leases.stop()
        await self.board_server.stop()
        await self.host_server.stop()

    def status_text(self) -> str:
        """One line for the service manager."""
        mirror = self.registry.mirror
        ready = len(self.hosts.ready())
        return f"{ready}/{len(mirror.domains)} hosts, {len(mirror.channels)} channels, {len(mirror.calls)} calls"

    def _host_ready(self, domain: str) -> None:
        self.leases.repeat()
        self.lost_boards.look()
        self.unknown_names.look()  # says nothing of channels whose board is missing
        log.debug("host_ready", domain=domain)

    def _miss_hosts(self) -> None:
        ready = self.hosts.ready()
        for name in self.registry.mirror.domains:
            if name not in ready:
                self.registry.raise_alarm(HOST_DOWN, name, clock.instant())


async def serve(site: Site, notifier: Notifier) -> None:
    """Run the daemon until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    daemon = Daemon(site)
    await daemon.start()
    log.info("daemon_started", epoch=daemon.events.epoch, domains=len(site.domains))
    notifier.ready()
    feeder = loop.create_task(_feed(notifier, daemon), name="watchdog")
    try:
        await stopping.wait()
    finally:
        notifier.stopping()
        feeder.cancel()
        await asyncio.gather(feeder, return_exceptions=True)
        await daemon.stop()
        log.info("daemon_stopped")


async def _feed(notifier: Notifier, daemon: Daemon) -> None:
    """The daemon does nothing but run its loop: a timer on that loop proves that it is alive."""
    interval_s = notifier.watchdog_s / 2 or 5.0
    told = ""
    while True:
        notifier.watchdog()
        text = daemon.status_text()
        if text != told:
            notifier.status(text)
            told = text
        await asyncio.sleep(interval_s)


def main(config: Path) -> None:
    """Load the configuration and serve. Raises ConfigurationError."""
    site = load_site(config)
    logs.configure("daemon")
    notifier = Notifier()
    try:
        clock.run(lambda: serve(site, notifier), name="daemon")
    finally:
        notifier.close()
