"""One scheduler on one world, with kill and restart."""

import asyncio
from pathlib import Path

from scheduler_boards import World

from boardd.scheduler.app import Scheduler
from boardd.scheduler.config import read_scheduler

DEMO = """
routes:
  - {group: trunks, called: "*", flow: main}
flows:
  main:
    start: welcome
    nodes:
      welcome: {kind: play, prompts: [welcome], next: menu, barge_in: yes}
      menu:
        kind: menu
        prompts: [menu]
        choices: {"1": sales, "2": support, "0": operator}
        timeout_s: 5
        retries: 1
        on_timeout: bye
        on_invalid: bye
      sales: {kind: queue, queue: sales, on_timeout: bye}
      support: {kind: queue, queue: support, on_timeout: bye}
      operator: {kind: transfer, extension: "803", ring_s: 20, on_no_answer: bye, on_busy: menu}
      bye: {kind: goodbye}
queues:
  sales: {agents: ["1001", "1002"], ring_s: 15, wrap_up_s: 10, max_wait_s: 120}
  support: {agents: ["1002"], ring_s: 15, wrap_up_s: 0, max_wait_s: 60, announce_agent: no, after_agent: release}
agents:
  "1001": {name: 张三, station: "801"}
  "1002": {name: 李四}
stations:
  outside: [{prefix: "9", group: trunks}]
recording: {min_free_mb: 0}
"""


class Site:
    def __init__(self, folder: Path, text: str = DEMO, world=None):
        self.folder = folder
        self.config = read_scheduler(text, folder)
        self.world = world or World()
        self.scheduler = None
        self.dead = []

    async def start(self, orphan=True):
        boards = self.world.boards()
        self.scheduler = Scheduler(self.config, boards, self.folder / "state", self.folder / "recordings")
        await self.scheduler.open()
        boards.scheduler = self.scheduler
        await self.scheduler.begin()
        boards.resend_facts()
        await self.settle()

    async def kill(self, orphan=True):
        """Nothing is said, nothing is written any more."""
        self.world.client = None
        scheduler, self.scheduler = self.scheduler, None
        store = scheduler.store
        store._pending = type(store._pending)()
        for task in (*scheduler._tasks, *scheduler.desk._tasks, scheduler.finisher._task):
            task.cancel()
        for actor in scheduler.desk.actors.values():
            actor._disarm_all()
            if actor._task is not None:
                actor._task.cancel()
        if scheduler.desk._sweep_timer is not None:
            scheduler.desk._sweep_timer.cancel()
        scheduler.roster.close()
        store._task.cancel()
        await asyncio.gather(store._task, return_exceptions=True)
        await store._run(store._database.close)
        store._executor.shutdown()
        scheduler.finisher._executor.shutdown()
        self.world.gone(orphan)

    async def restart(self, away_s=3.0, orphan=True):
        await self.kill(orphan)
        await asyncio.sleep(away_s)
        await self.start()

    async def stop(self):
        if self.scheduler is not None:
            await self.scheduler.close()

    async def settle(self, seconds=0.5):
        await asyncio.sleep(seconds)

    # -- looking ------------------------------------------------------------------------------------------------------
    def contacts(self):
        return [actor.contact for actor in self.scheduler.desk.actors.values()]

    def contact_of(self, call_id):
        return next((c for c in self.contacts() if c.leg(call_id) is not None), None)

    def agent(self, number):
        return self.scheduler.roster.agents[number]

    async def records(self):
        found = await self.scheduler.store.read(
            lambda db: db.records(from_wall_ms=0, to_wall_ms=0, number="", agent="", queue="", limit=1000, offset=0)
        )
        return {record.id: record for record in found}

    async def record_of(self, call_id):
        return next(r for r in (await self.records()).values() if call_id in r.calls)

    # -- acting -------------------------------------------------------------------------------------------------------
    async def agents_ready(self, **stations):
        for number, extension in stations.items():
            self.scheduler.roster.login(number.lstrip("a"), extension)
            self.scheduler.roster.ready(number.lstrip("a"))
        await self.settle(0.1)

    async def in_queue(self, caller="13800138000", digit="1"):
        """A caller who has chosen a queue."""
        call = self.world.offer(caller)
        await self.settle()
        self.world.digits(call, digit)
        await self.settle(0.1)
        self.world.digits(call, digit) if self.contact_of(call).position.node == "menu" else None
        await self.settle(0.2)
        return call
