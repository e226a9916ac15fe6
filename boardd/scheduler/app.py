"""The scheduler: composition, start, stop. `main` is what `boardd scheduler` runs.

The process is ready when its store is open and its socket is there; it depends on nobody else. Boards are connected to
for ever in the background: contacts of an earlier process wait in the store until their calls are seen again.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Coroutine, Iterable
from pathlib import Path
from typing import Any

import structlog

from boardd import clock, logs
from boardd.api import scheduler_schema as schema
from boardd.api.client import Client
from boardd.api.rights import GroupRights
from boardd.api.server import Server
from boardd.config.folders import make_directory
from boardd.config.site import Site, load_site
from boardd.contract.capabilities import ChannelKind
from boardd.contract.errors import BoarddError, UnknownIdError
from boardd.contract.events import Event
from boardd.contract.ids import UlidSource
from boardd.contract.objects import Fact
from boardd.notify import Notifier
from boardd.scheduler.acd.distributor import Distributor
from boardd.scheduler.agents.roster import Roster
from boardd.scheduler.agents.state import AgentState, AgentStatus
from boardd.scheduler.boards import Boards, station_free
from boardd.scheduler.config import SchedulerConfig, load_scheduler
from boardd.scheduler.contacts.contact import BUILT_IN_FLOWS
from boardd.scheduler.contacts.desk import Desk
from boardd.scheduler.contacts.model import Contact
from boardd.scheduler.contacts.office import Office
from boardd.scheduler.control import Control
from boardd.scheduler.hours import zone_of
from boardd.scheduler.ivr.machine import Machine
from boardd.scheduler.recording.finisher import Finisher
from boardd.scheduler.recording.policy import RecordingPolicy
from boardd.scheduler.records.record import Record
from boardd.scheduler.records.store import Store
from boardd.scheduler.sounds import SoundLibrary

log = structlog.get_logger()

CLIENT_NAME = "scheduler"
CLAIM_RETRY_S = 1.0
FACTS_RETRY_S = 1.0
BOARDS_ALARM_S = 10.0
DEFAULT_GROUPS = ("stations", "trunks")
"""Groups of channels that no configured group matches (boardd.config.site)."""
DATABASE = "scheduler.db"
RAW_DIR = ".raw"


class Scheduler:
    """Everything of the scheduler but its sockets, so that tests can give it other boards."""

    def __init__(
        self,
        config: SchedulerConfig,
        boards: Boards,
        state_dir: Path,
        recordings_dir: Path,
        groups: Iterable[str] = DEFAULT_GROUPS,
    ) -> None:
        self.config = config
        self.boards = boards
        self._groups = set(groups)
        self._epoch = UlidSource().mint(clock.wall_ms())
        self._began_mono_ms = clock.mono_ms()
        self._acks: dict[tuple[str, str, str], None] = {}
        self._ack_wake = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.claimed: set[str] = set()
        self.store = Store(state_dir / DATABASE, self._stored)
        self.desk = Desk(self._contact_changed, self._record_made)
        self.roster = Roster(config, self.store, self._agent_changed)
        self.distributor = Distributor(self.roster, lambda ext: station_free(boards, ext), self.desk.granted)
        raw_dir = recordings_dir / RAW_DIR
        self.finisher = Finisher(self.store, recordings_dir, raw_dir, config.sections.recording.settle_s)
        self.policy = RecordingPolicy(config.sections.recording, raw_dir)
        sections = config.sections
        zone = zone_of(sections.timezone)
        self._office = Office(
            config=config,
            boards=boards,
            store=self.store,
            roster=self.roster,
            distributor=self.distributor,
            sounds=SoundLibrary(sections.prompts.folder, sections.prompts.language),
            machine=Machine(
                {**config.flows, **BUILT_IN_FLOWS},
                lambda name: zone is not None and sections.hours[name].is_open(clock.wall_ms(), zone),
            ),
            policy=self.policy,
            raw_dir=raw_dir,
            listener=self.desk,
        )
        self.control = Control(self.desk, self._epoch, self.alarms, lambda: sorted(self.claimed))

    # -- life ---------------------------------------------------------------------------------------------------------
    async def open(self) -> None:
        """Open the store, take agents and contacts out of it."""
        await self.store.open()
        self.roster.load(await self.store.read(lambda database: database.agents()))
        await self.desk.open(self._office)
        await self.finisher.start()
        self._spawn(self._acknowledge(), "acknowledge facts")

    async def begin(self) -> None:
        """The boards are connected and known: begin to work."""
        await self._claim_missing()
        await self.desk.begin()
        self._spawn(self._claim_for_ever(), "claims")

    async def close(self) -> None:
        """Stop; nothing is hung up."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.desk.close()
        self.roster.close()
        await self.finisher.close()
        await self.store.close()

    def take_event(self, event: Event) -> None:
        """One event of the boards."""
        self.desk.take_event(event)

    def take_fact(self, fact: Fact) -> None:
        """One journal entry."""
        self.desk.take_fact(fact)

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        self._tasks.append(asyncio.get_running_loop().create_task(work, name=name))

    # -- claims and facts ---------------------------------------------------------------------------------------------
    async def _claim_missing(self) -> bool:
        """Claim the configured groups and those that channels show; whether any is new."""
        shown = {c.group for c in self.boards.mirror.channels.values() if c.kind is not ChannelKind.TAP and c.group}
        fresh = False
        for group in sorted((self._groups | shown) - self.claimed):
            try:
                await self.boards.claim(group)
                self.claimed.add(group)
                fresh = True
            except UnknownIdError:
                self._groups.discard(group)
            except BoarddError as error:
                log.warning("claim_refused", group=group, code=error.code, text=error.message)
        return fresh

    async def _claim_for_ever(self) -> None:
        """Groups may appear, or be given back by another client, at any time."""
        while True:
            await asyncio.sleep(CLAIM_RETRY_S)
            if await self._claim_missing():
                self.desk.look_round()

    def _stored(self, keys: list[tuple[str, str, str]]) -> None:
        self._acks.update(dict.fromkeys(keys))
        self._ack_wake.set()

    async def _acknowledge(self) -> None:
        """Tell the hosts what is stored; what cannot be told is told again with the next."""
        while True:
            await self._ack_wake.wait()
            self._ack_wake.clear()
            keys = list(self._acks)
            try:
                await self.boards.ack_facts(keys)
            except BoarddError as error:
                log.warning("facts_not_acknowledged", count=len(keys), code=error.code, text=error.message)
                await asyncio.sleep(FACTS_RETRY_S)
                self._ack_wake.set()
                continue
            for key in keys:
                self._acks.pop(key, None)

    # -- what others see ----------------------------------------------------------------------------------------------
    def alarms(self) -> list[schema.AlarmInfo]:
        """What needs a person."""
        found = {"store": self.store.failure, "recording": self.policy.alarm, "finishing": self.finisher.alarm}
        if not self.boards.connected and clock.mono_ms() - self._began_mono_ms > BOARDS_ALARM_S * 1000:
            found["boards"] = "boardd is not connected"
        return [schema.AlarmInfo(code=code, text=text) for code, text in found.items() if text]

    def status_text(self) -> str:
        """One line for the service manager."""
        ready = sum(1 for state in self.roster.agents.values() if state.status is AgentStatus.READY)
        boards = "connected" if self.boards.connected else "not connected"
        alarms = "".join(f", alarm {alarm.code}" for alarm in self.alarms())
        return f"boards {boards}, {len(self.desk.actors)} contacts, {ready} agents ready{alarms}"

    def _contact_changed(self, contact: Contact) -> None:
        self.control.contact_changed(contact)

    def _record_made(self, record: Record) -> None:
        self.finisher.add(record)
        self.control.record_made(record)

    def _agent_changed(self, state: AgentState) -> None:
        self.control.agent_changed(state)
        asyncio.get_running_loop().call_soon(self.distributor.match)


async def follow_boards(scheduler: Scheduler, client: Client) -> None:
    """Connect to boardd, for ever; then events and facts to the scheduler until cancelled."""
    events = client.events()
    async with client:
        await scheduler.begin()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(_events(scheduler, events), name="events")
            tasks.create_task(_facts(scheduler, client), name="facts")


async def _events(scheduler: Scheduler, events: AsyncIterator[Event]) -> None:
    while True:
        try:
            async for event in events:
                scheduler.take_event(event)
            return
        except BoarddError as error:
            log.error("events_missed", code=error.code, text=error.message)
            scheduler.desk.look_round()


async def _facts(scheduler: Scheduler, client: Client) -> None:
    while True:
        try:
            async for fact in await client.facts():
                scheduler.take_fact(fact)
            return
        except BoarddError as error:
            log.warning("facts_refused", code=error.code, text=error.message)
            await asyncio.sleep(FACTS_RETRY_S)


async def serve(site: Site, config: SchedulerConfig, notifier: Notifier) -> None:
    """Run the scheduler until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    make_directory(site.paths.runtime_dir, "paths.runtime_dir")
    make_directory(site.paths.state_dir, "paths.state_dir")
    client = Client.connect(site.board_socket, name=CLIENT_NAME)
    groups = {*DEFAULT_GROUPS, *site.groups}
    scheduler = Scheduler(config, client, site.paths.state_dir, site.paths.recordings_dir, groups)
    await scheduler.open()
    rights = site.rights
    server = Server(
        site.scheduler_socket,
        schema.METHODS,
        scheduler.control,
        GroupRights.of(rights.read, rights.control, rights.admin),
        mode=0o660 if rights.socket_group else 0o666,
        group=rights.socket_group,
    )
    await server.start()
    following = loop.create_task(follow_boards(scheduler, client), name="boards")
    log.info("scheduler_started", flows=len(config.flows), agents=len(config.sections.agents))
    notifier.ready()
    feeder = loop.create_task(_feed(notifier, scheduler), name="watchdog")
    stopped = loop.create_task(stopping.wait(), name="stopping")
    try:
        done, _pending = await asyncio.wait({stopped, following}, return_when=asyncio.FIRST_COMPLETED)
        if following in done:
            following.result()
    finally:
        notifier.stopping()
        for task in (feeder, following, stopped):
            task.cancel()
        await asyncio.gather(feeder, following, stopped, return_exceptions=True)
        await server.stop()
        await scheduler.close()
        log.info("scheduler_stopped")


async def _feed(notifier: Notifier, scheduler: Scheduler) -> None:
    """A timer on the loop proves that the loop runs; what it waits for is other people's business."""
    interval_s = notifier.watchdog_s / 2 or 5.0
    told = ""
    while True:
        notifier.watchdog()
        text = scheduler.status_text()
        if text != told:
            notifier.status(text)
            told = text
        await asyncio.sleep(interval_s)


def main(config: Path) -> None:
    """Load boardd.yaml (`config`) and the scheduler.yaml it names, and serve. Raises ConfigurationError."""
    site = load_site(config)
    scheduler_config = load_scheduler(site.scheduler.config, site)
    logs.configure("scheduler")
    notifier = Notifier()
    try:
        clock.run(lambda: serve(site, scheduler_config, notifier), name="scheduler")
    finally:
        notifier.close()
