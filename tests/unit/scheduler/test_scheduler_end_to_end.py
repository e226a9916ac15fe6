"""The scheduler over real sockets: its own client, the real daemon, a real host; only the card is a double."""

import asyncio
import contextlib
from pathlib import Path

import host_fake
from scheduler_loop import run

from boardd.api.client import Client
from boardd.config.site import ChannelSection, DomainSection, GroupSection, NumberPattern, Paths, Site, StationSection
from boardd.daemon.app import Daemon
from boardd.host.host import Host
from boardd.scheduler.agents.state import AgentStatus
from boardd.scheduler.app import CLIENT_NAME, Scheduler, follow_boards
from boardd.scheduler.config import read_scheduler
from boardd.scheduler.contacts.model import ContactState

TEXT = """
routes: [{group: isdn, flow: main}]
flows:
  main:
    start: menu
    nodes:
      menu: {kind: menu, prompts: [welcome, menu], choices: {"1": sales}, retries: 5}
      sales: {kind: queue, queue: sales}
queues: {sales: {agents: ["1001"], wrap_up_s: 2, announce_agent: no}}
agents: {"1001": {station: "801"}}
stations: {groups: [desks], outside: [{prefix: "9", group: isdn}]}
recording: {min_free_mb: 0}
"""


class House:
    """All processes of a site, each of which can die."""

    def __init__(self, root: Path):
        self.site = Site(
            domains={"d": DomainSection(driver="fake")},
            paths=Paths(runtime_dir=root / "run", state_dir=root / "state", recordings_dir=root / "recordings"),
            groups={"isdn": GroupSection(channels=["e1a/1/*"]), "desks": GroupSection(channels=["kind:fxs"])},
            channels={"fxs/1": ChannelSection(extension="801"), "fxs/2": ChannelSection(extension="802")},
            station=StationSection(numbers=[NumberPattern(match=r"8\d\d|\*1[234]|\*11(\d+#)?")]),
        )
        self.config = read_scheduler(TEXT, root, site=self.site)
        (root / "state").mkdir()
        self.daemon = self.host = self.driver = self.scheduler = self.client = None
        self.tasks = {}

    async def start(self):
        await self.start_daemon()
        self.host = Host("d", self.site, self.site.paths.state_dir, "boot-1")
        self.tasks["uplink"] = asyncio.create_task(self.host.uplink.run())

        def make(sink):
            self.driver = host_fake.FakeDriver(sink)
            return self.driver

        await self.host.start(make)
        await self.start_scheduler()
        await asyncio.sleep(2)

    async def start_daemon(self):
        self.daemon = Daemon(self.site)
        await self.daemon.start()

    async def start_scheduler(self):
        paths = self.site.paths
        self.client = Client.connect(self.site.board_socket, name=CLIENT_NAME)
        self.scheduler = Scheduler(self.config, self.client, paths.state_dir, paths.recordings_dir, self.site.groups)
        await self.scheduler.open()
        self.tasks["boards"] = asyncio.create_task(follow_boards(self.scheduler, self.client))

    async def stop_scheduler(self):
        """As SIGTERM does it: nothing is hung up, the store knows everything."""
        await self._cancel("boards")
        await self.scheduler.close()

    async def stop(self):
        await self.stop_scheduler()
        await self._cancel("uplink")
        await self.host.stop()
        await self.host.tasks.cancel()
        await self.daemon.stop()

    async def _cancel(self, name):
        task = self.tasks.pop(name)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    def port(self, channel):
        return self.driver.ports[channel]

    def contact(self):
        (actor,) = self.scheduler.desk.actors.values()
        return actor.contact

    def agent(self):
        return self.scheduler.roster.agents["1001"]

    async def dial(self, channel, digits):
        self.port(channel).lift()
        await asyncio.sleep(0.3)
        self.port(channel).digits(digits)
        await asyncio.sleep(5)

    async def log_in(self):
        for code in ("*11", "*13"):
            await self.dial("fxs/1", code)
            if self.port("fxs/1").playing is not None:
                self.port("fxs/1").end_play("end")
            await asyncio.sleep(0.3)
            self.port("fxs/1").put_down()
            await asyncio.sleep(0.3)

    async def queued(self):
        self.port("e1a/1/1").offer(caller="13800138000", called="88880000")
        await asyncio.sleep(0.5)
        self.port("e1a/1/1").digits("1")
        await asyncio.sleep(0.3)

    async def records(self):
        return await self.scheduler.store.read(
            lambda db: db.records(from_wall_ms=0, to_wall_ms=0, number="", agent="", queue="", limit=99, offset=0)
        )


def lived(tmp_path, scenario):
    async def main():
        house = House(tmp_path)
        await house.start()
        await scenario(house)
        await house.stop()

    run(main)


def test_login_call_talk_record(tmp_path):
    async def scenario(house):
        await house.log_in()
        assert house.agent().status is AgentStatus.READY
        await house.queued()
        assert house.agent().status is AgentStatus.RINGING
        house.port("fxs/1").lift()
        await asyncio.sleep(1)
        assert house.contact().state is ContactState.TALKING
        assert house.driver.links == {("e1a/1/1", "fxs/1"), ("fxs/1", "e1a/1/1")}
        assert house.port("fxs/1").recording is not None
        await asyncio.sleep(10)
        house.port("e1a/1/1").far_release()
        await asyncio.sleep(1)
        house.port("fxs/1").put_down()
        await asyncio.sleep(4)
        assert house.agent().status is AgentStatus.READY
        record = next(r for r in await house.records() if r.kind == "inbound")
        assert (record.agent, record.outcome, record.line, record.cause) == ("1001", "talked", "e1a/1/1", 16)
        assert 10_900 < record.talk_ms < 11_100
        assert len(await house.records()) == 3

    lived(tmp_path, scenario)


def test_scheduler_restarted_in_queue_and_in_talk(tmp_path):
    async def scenario(house):
        await house.queued()
        contact = house.contact().id
        assert house.contact().state is ContactState.QUEUED
        await house.stop_scheduler()
        await asyncio.sleep(5)
        await house.start_scheduler()
        await asyncio.sleep(2)
        assert house.contact().id == contact
        assert house.port("e1a/1/1").playing.files[0].endswith("music.wav")
        await house.log_in()
        assert house.agent().status is AgentStatus.RINGING
        house.port("fxs/1").lift()
        await asyncio.sleep(1)
        await house.stop_scheduler()
        await asyncio.sleep(5)
        assert len(house.driver.links) == 2
        await house.start_scheduler()
        await asyncio.sleep(2)
        assert (house.contact().id, house.contact().state) == (contact, ContactState.TALKING)
        house.port("e1a/1/1").far_release()
        await asyncio.sleep(2)
        house.port("fxs/1").put_down()
        await asyncio.sleep(2)
        record = next(r for r in await house.records() if r.kind == "inbound")
        assert (record.id, record.outcome) == (contact, "talked")

    lived(tmp_path, scenario)


def test_daemon_restarted_while_a_caller_waits(tmp_path):
    async def scenario(house):
        await house.queued()
        contact = house.contact().id
        await house.daemon.stop()
        await asyncio.sleep(6)
        assert house.port("e1a/1/1").playing.files[0].endswith("hold.wav")
        await house.start_daemon()
        await asyncio.sleep(5)
        assert house.contact().id == contact
        assert house.port("e1a/1/1").playing.files[0].endswith("music.wav")
        await house.log_in()
        house.port("fxs/1").lift()
        await asyncio.sleep(1)
        assert house.contact().state is ContactState.TALKING
        house.port("e1a/1/1").far_release()
        await asyncio.sleep(3)
        assert house.scheduler.desk.actors == {}

    lived(tmp_path, scenario)
