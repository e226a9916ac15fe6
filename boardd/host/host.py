"""All parts of one host put together: what lives as long as the process, and the library's coming and going in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

from boardd import clock
from boardd.config.site import Site
from boardd.contract.causes import Cause
from boardd.contract.driver import DomainDriver, EventSink, Inventory
from boardd.contract.errors import BoarddError
from boardd.contract.objects import Domain, Snapshot
from boardd.contract.states import BoardState
from boardd.host.alarms import Alarms
from boardd.host.bridges import Bridges
from boardd.host.busy_tones import UnknownBusyTones
from boardd.host.calls import Calls
from boardd.host.commands import Commands
from boardd.host.dialer import Dialer
from boardd.host.fxo import TrunkGuards
from boardd.host.intake import Intake
from boardd.host.journal import Journal
from boardd.host.leases import Leases
from boardd.host.media import Media
from boardd.host.offers import Offers
from boardd.host.orphans import Orphans
from boardd.host.outlet import Outlet
from boardd.host.registry import Registry
from boardd.host.stations import Stations
from boardd.host.tasks import Tasks
from boardd.host.unattended import UnattendedOffers
from boardd.host.uplink import Uplink

log = structlog.get_logger("boardd.host")

HANG_UP_LIMIT_S = 5.0
MakeDriver = Callable[[EventSink], DomainDriver]


class Host:
    """One switching domain. Must be made on the running event loop."""

    def __init__(self, domain: str, site: Site, state_dir: Path, boot_id: str) -> None:
        driver_name = site.domains[domain].driver
        self.tasks = Tasks()
        self.outlet = Outlet(domain)
        self.alarms = Alarms(self.outlet)
        self.registry = Registry(domain, driver_name, site, self.outlet, self.alarms)
        self.journal = Journal(state_dir / "journal", domain, boot_id, self.tasks)
        self.journal.on_disk = self._disk_trouble
        self.calls = Calls(domain, self.outlet, self.journal, self.tasks)
        self.media = Media(self.calls, self.alarms, self.tasks)
        self.busy_tones = UnknownBusyTones(self.calls, self.alarms)
        ties = site.paths.runtime_dir / f"ties-{domain}.sock"
        self.bridges = Bridges(domain, self.calls, self.outlet, self.tasks, ties)
        self.leases = Leases()
        self.guards = TrunkGuards(self.calls, self.alarms)
        self.offers = Offers(self.calls, self.guards, self.tasks)
        self.stations = Stations(site.station, self.calls, self.alarms, self.tasks)
        self.dialer = Dialer(self.registry, self.calls, self.stations, self.tasks)
        self.orphans = Orphans(self.calls, self.bridges, self.media, self.leases, self.tasks)
        self.unattended = UnattendedOffers(
            self.registry,
            self.calls,
            self.offers,
            self.dialer,
            self.media,
            self.bridges,
            self.leases,
            self.tasks,
        )
        self.commands = Commands(
            self.registry,
            self.calls,
            self.offers,
            self.dialer,
            self.media,
            self.bridges,
            self.orphans,
            self.unattended,
            self.leases,
        )
        self.intake = Intake(
            self.registry,
            self.alarms,
            self.calls,
            self.guards,
            self.offers,
            self.stations,
            self.dialer,
            self.media,
            self.bridges,
            self.orphans,
            self.unattended,
            self.tasks,
        )
        self.uplink = Uplink(
            site.host_socket,
            self.outlet,
            self.journal,
            self.commands,
            self.leases,
            lambda: self.registry.domain,
            self.snapshot,
        )
        self.leases.on_lapse = self._lease_lapsed
        self.leases.on_return = self.orphans.returned
        self.uplink.on_lease = self.unattended.consider_all
        self.driver: DomainDriver | None = None

    @property
    def domain(self) -> Domain:
        """The domain as announced."""
        return self.registry.domain

    def snapshot(self) -> Snapshot:
        """Everything this host owns, true at the outlet's hseq."""
        return Snapshot(
            domains=[self.registry.domain],
            boards=list(self.registry.boards.values()),
            spans=list(self.registry.spans.values()),
            channels=self.registry.channels(),
            calls=self.calls.snapshot(),
            bridges=self.bridges.all(),
            alarms=self.alarms.standing(),
        )

    def _lease_lapsed(self, client: str) -> None:
        log.warning("lease_lapsed", client=client)
        self.orphans.lapsed(client)
        self.unattended.consider_all()

    def _disk_trouble(self, trouble: str) -> None:
        if trouble:
            self.alarms.set("journal_full", self.domain.name, trouble)
        else:
            self.alarms.clear("journal_full", self.domain.name)

    # -- library ------------------------------------------------------------------------------------------------------
    async def start(self, make: MakeDriver) -> None:
        """Load and start the library, end what an earlier process left open, announce what is there.

        Raises what `make` and the driver raise; the journal's open calls have been ended even then.
        """
        self.registry.set_domain(BoardState.STARTING)
        try:
            driver = make(self.intake)
            inventory = await driver.start()
        except BaseException:
            await self.recover(line_free=False)
            raise
        self._started(driver, inventory)
        await self.recover(line_free=True)
        self.registry.set_domain(BoardState.RUNNING)
        await self.uplink.refresh()

    def _started(self, driver: DomainDriver, inventory: Inventory) -> None:
        self.driver = self.commands.driver = driver
        self.bridges.started(driver, inventory.switching)
        self.registry.load(inventory)
        self.intake.attach()

    async def recover(self, line_free: bool) -> None:
        """End the calls that an earlier process left open; `line_free` when the library has cleared all lines."""
        ended = await self.journal.recover(clock.instant() if line_free else None)
        if ended:
            log.warning("calls_recovered", count=len(ended), interrupted=self.journal.rebooted)

    async def refused(self, reason: str) -> None:
        """The library did not start but may later: announce why we are still starting."""
        self.registry.set_domain(BoardState.STARTING, reason)
        await self.uplink.refresh()

    async def broken(self, reason: str) -> None:
        """Stay up without the library: announce why, end what is open in the journal."""
        log.error("domain_broken", reason=reason)
        await self.recover(line_free=False)
        self.registry.set_domain(BoardState.BROKEN, reason)
        await self.uplink.refresh()

    async def stop(self) -> None:
        """Take nothing new, hang up, stop the library, write the journal. Every step is bounded in time."""
        self.dialer.closed = True
        self.intake.close()
        self.bridges.lending.close()
        for live in self.calls.all():
            self.calls.release(live, Cause.TEMPORARY_FAILURE, "host", maker_text="stopped")
        await self.calls.wait_all_ended(HANG_UP_LIMIT_S)
        driver, self.driver = self.driver, None
        if driver is not None:
            try:
                await driver.stop()
            except BoarddError as error:
                log.error("driver_stop_failed", error=error.code, text=error.message)
        await self.tasks.drain(HANG_UP_LIMIT_S)
        await self.journal.close()

    async def pulse(self) -> None:
        """Once a second: note in the journal that we live."""
        await self.journal.pulse()
