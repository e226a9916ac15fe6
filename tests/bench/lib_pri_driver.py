"""Boardd's own DAHDI driver as the card of a PRI score: dials, answers, refuses, hangs up as the plans say.

Its records are made from the driver's events alone, as the host makes its own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import Any

from lib_dahdi_far import FarProcess, far_process, stray_steps, with_driver
from lib_pri_far import AFTERMATH_US, BEGIN_MS
from lib_pri_plan import OUR_NUMBER, UNAVAILABLE, Plan, Record, decoys, plans

from boardd.contract.driver import (
    Connected,
    DriverEvent,
    Inventory,
    LineFree,
    Offered,
    ReleasedByFar,
    SpanChanged,
    Trouble,
)
from boardd.contract.errors import WrongStateError
from boardd.contract.states import ChannelState, SpanState
from drivers.dahdi.driver import DahdiDriver

HERE = Path(__file__).resolve().parent
SPAN = "pri/1"
QUIET_S = 20.0
"""So long after the last call nothing must happen any more."""
PATIENCE_S = 600.0


class DriverCard:
    """The card of `lib_pri_judge.World`. Runs on the driver's loop."""

    def __init__(self, wanted: Sequence[Plan]) -> None:
        self.plans = {plan.number: plan for plan in wanted}
        self.records: list[Record] = []
        self.troubles: list[str] = []
        self.restarts: list[tuple[int, int]] = []
        self.links: list[tuple[int, bool]] = []
        """When the link came and went, as the driver told."""
        self.quiet = False
        self.stray: list[str] = []
        self._wanted = list(wanted)
        self._decoys = decoys(self._wanted)
        self._open: dict[str, Record] = {}
        self._last_used: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._ports: dict[str, Any] = {}
        self._driver: DahdiDriver | None = None

    # -- the run ------------------------------------------------------------------------------------------------------
    async def play(
        self, driver: DahdiDriver, inventory: Inventory, far: FarProcess, restarts_ms: Sequence[float]
    ) -> None:
        """All calls, until everything is over."""
        self._driver = driver
        self._ports = dict(inventory.ports)
        loop = asyncio.get_running_loop()
        last_ms = self._wanted[-1].at_ms
        if self._now_us() / 1000 >= self._wanted[0].at_ms:
            raise RuntimeError("the driver needed longer to start than the first call waits")
        loop.add_reader(far.tell.fileno(), self._glare, far.tell)
        for plan in self._wanted:
            if plan in self._decoys:
                loop.call_at((last_ms + 300 * self._decoys.index(plan)) / 1000, self._dial_decoy, plan)
            elif not plan.inbound:
                loop.call_at(plan.at_ms / 1000, self._soon, self._dial_until_free(plan))
        for at_ms in restarts_ms:
            loop.call_at(at_ms / 1000, self._restart_one)
        await asyncio.sleep(last_ms / 1000 - loop.time() + QUIET_S)
        for _turn in range(round(PATIENCE_S)):
            if self._rests():
                break
            await asyncio.sleep(1)
        await asyncio.sleep(QUIET_S)
        loop.remove_reader(far.tell.fileno())
        self.quiet = self._rests()
        self.stray = stray_steps(inventory)

    def _rests(self) -> bool:
        return not self._open and all(port.state is ChannelState.IDLE for port in self._ports.values())

    # -- what people want ---------------------------------------------------------------------------------------------
    async def _dial_until_free(self, plan: Plan) -> None:
        """As people do: try until there is a line, the one that was used least recently first."""
        while True:
            for port in sorted(self._ports.values(), key=lambda p: (self._last_used.get(p.id, 0), -p.slot)):
                if await self._dial(plan, port):
                    return
            await asyncio.sleep(0.5)

    async def _dial(self, plan: Plan, port: Any) -> bool:
        if port.state is not ChannelState.IDLE or port.id in self._open:
            return False
        record = Record(plan.number, False, port.slot, self._now_us())
        self._last_used[port.id] = self._now_us()
        self._open[port.id] = record
        try:
            await port.dial(plan.number, OUR_NUMBER)
        except WrongStateError:
            del self._open[port.id]
            return False
        self.records.append(record)
        if plan.kind == "we give up":
            asyncio.get_running_loop().call_later(plan.talk_ms / 1000, self._hang_up, port.id, record, 16)
        return True

    def _dial_decoy(self, plan: Plan) -> None:
        """There were fewer occasions for glare than decoys."""
        if plan in self._decoys:
            self._decoys.remove(plan)
            self._soon(self._dial_until_free(plan))

    def _glare(self, tell: Any) -> None:
        """The exchange's SETUP leaves for a slot: in the same moment we dial on it."""
        port = self._ports[f"{SPAN}/{tell.recv(16)[0]}"]
        if self._decoys:
            self._soon(self._meet(port))

    async def _meet(self, port: Any) -> None:
        plan = self._decoys.pop()
        if not await self._dial(plan, port):
            self._decoys.append(plan)

    def _restart_one(self) -> None:
        """Somebody restarts a slot on which people talk."""
        talking = [r for r in self.records if r.answered_us and not r.ended_by]
        if talking and self._driver is not None:
            slot = talking[-1].slot
            self.restarts.append((self._now_us(), slot))
            self._driver.cards.trunks[SPAN].signalling.restart(slot)
        else:
            asyncio.get_running_loop().call_later(0.2, self._restart_one)

    # -- what the driver tells ----------------------------------------------------------------------------------------
    def __call__(self, event: DriverEvent) -> None:
        """The driver's sink."""
        if isinstance(event, SpanChanged):
            self.links.append((self._now_us(), event.state is SpanState.UP))
        elif isinstance(event, Trouble) and event.raised:
            self.troubles.append(f"{event.channel} {event.code}")
        elif isinstance(event, Offered):
            self._offered(event)
        elif event.channel in self._open:
            self._call_event(event, self._open[event.channel])

    def _offered(self, event: Offered) -> None:
        record = Record(event.caller, True, self._ports[event.channel].slot, self._now_us())
        record.events.append("Offered")
        self.records.append(record)
        self._open[event.channel] = record
        self._last_used[event.channel] = self._now_us()
        self._soon(self._treat(self.plans[event.caller], record, event.channel))

    async def _treat(self, plan: Plan, record: Record, channel: str) -> None:
        port = self._ports[channel]
        if plan.kind == "refused":
            self._note_end(record, plan.cause, "us", "")
            await port.reject(plan.cause)
            return
        await port.alert()
        if plan.kind == "caller gives up":
            return
        await asyncio.sleep(plan.answer_ms / 1000)
        if not record.ended_by and self._open.get(channel) is record:
            await port.answer()

    def _call_event(self, event: DriverEvent, record: Record) -> None:
        record.events.append(type(event).__name__)
        if isinstance(event, Connected):
            record.answered_us = record.answered_us or self._now_us()
            plan = self.plans[record.number]
            if plan.kind == "answered, we end":
                loop = asyncio.get_running_loop()
                loop.call_later(plan.talk_ms / 1000, self._hang_up, event.channel, record, 16)
        elif isinstance(event, ReleasedByFar):
            by = "far" if event.origin == "far" else "line"
            self._note_end(record, event.cause, by, event.maker_code)
            self._soon(self._ports[event.channel].hangup())
        elif isinstance(event, LineFree):
            record.releases += 1
            del self._open[event.channel]
            record.again = not record.inbound and not record.answered_us and record.cause == UNAVAILABLE
            if record.again:
                self._soon(self._dial_until_free(self.plans[record.number]))

    # -- inside -------------------------------------------------------------------------------------------------------
    def _hang_up(self, channel: str, record: Record, cause: int) -> None:
        if not record.ended_by and self._open.get(channel) is record:
            self._note_end(record, cause, "us", "")
            self._soon(self._ports[channel].hangup(cause))

    def _note_end(self, record: Record, cause: int, by: str, raw: str) -> None:
        if not record.ended_by:
            record.cause, record.ended_by, record.raw, record.ended_us = cause, by, raw, self._now_us()

    def _now_us(self) -> int:
        return round(asyncio.get_running_loop().time() * 1e6)

    def _soon(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if (error := task.exception()) is not None:
            self.stray.append(f"{type(error).__name__}: {error}")


class DriverWorld:
    """One finished run, for the judges. `network`: the card is the network of a switchboard, else a carrier's user."""

    def __init__(
        self,
        calls: int,
        seed: int,
        folder: Path,
        cuts_ms: Sequence[tuple[float, float]] = (),
        restarts_ms: Sequence[float] = (),
        every_ms: float = 400.0,
        *,
        network: bool = False,
    ) -> None:
        self.plans = plans(calls, seed, every_ms, BEGIN_MS)
        self.card = DriverCard(self.plans)
        self.card_is_network = network
        cuts = ",".join(f"{at:.0f}:{length:.0f}" for at, length in cuts_ms)
        site = HERE / ("pri_site_pbx.yaml" if network else "pri_site.yaml")
        settings = {"spans": f"{SPAN}={'pri_net' if network else 'pri_cpe'}"}
        with far_process(folder, HERE / "lib_pri_far.py", site, folder, seed, calls, every_ms, cuts) as far:
            names = {"PRI-1": "pri"}
            with_driver(far, names, settings, self.card, lambda d, i: self.card.play(d, i, far, restarts_ms))
        found = json.loads((folder / "far.json").read_text())
        self.facts = [json.loads(line) for line in (folder / "truth.jsonl").read_text().splitlines()]
        self.circuits = [f"{SPAN}/{slot}" for slot in range(1, 32) if slot != 16]
        self.busy: list[str] = found["busy"]
        self.restarts = self.card.restarts
        self.windows = [(since, self._both_up(end - AFTERMATH_US) + AFTERMATH_US) for since, end in found["windows"]]
        self.seconds = found["end_us"] / 1e6

    def _both_up(self, far_up_us: int) -> int:
        """When the card's link, too, was up after the far end's was."""
        state = True
        for at_us, up in self.card.links:
            if at_us >= far_up_us and (state or up):
                return far_up_us if state else at_us
            state = up
        return far_up_us
