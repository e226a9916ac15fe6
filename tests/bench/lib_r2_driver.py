"""Boardd's own DAHDI driver as the card of the R2 score; what it told is compared with the plan."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lib_dahdi_far import stray_steps
from lib_r2_plan import BEGIN_MS, INWARD, OUTWARD, ROUND_MS, R2Call

from boardd.contract.driver import Connected, DriverEvent, Inventory, LineFree, Offered, ReleasedByFar, Trouble
from boardd.contract.states import ChannelState
from drivers.dahdi.driver import DahdiDriver

SPAN = "r2/1"
ANSWER_S = 0.3


@dataclass
class Told:
    """What the driver told of one call."""

    slot: int
    inward: bool
    called: str = ""
    cause: int = 0
    code: str = ""
    answered: str = ""
    ended_by_us: bool = False
    free: int = 0
    events: list[str] = field(default_factory=list)


class R2Card:
    """Follows the plan on the driver's loop; `told` by the number in the town (caller or called)."""

    def __init__(self, calls: Sequence[R2Call]) -> None:
        self._plan = {call.caller if call.inward else call.called: call for call in calls}
        self.told: dict[str, list[Told]] = {}
        self.troubles: set[tuple[str, int]] = set()
        self.stray: list[str] = []
        self.unusable: list[str] = []
        self._open: dict[str, tuple[str, Told]] = {}
        self._ports: Mapping[str, Any] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def play(self, _driver: DahdiDriver, inventory: Inventory, rounds: int) -> None:
        """All rounds, to their end."""
        self._ports = inventory.ports
        loop = asyncio.get_running_loop()
        if loop.time() * 1000 >= BEGIN_MS:
            raise RuntimeError("the driver needed longer to start than the first call waits")
        for call in self._plan.values():
            if not call.inward:
                loop.call_at(call.at_ms / 1000, self._soon, self._dial(call))
        await asyncio.sleep((BEGIN_MS + rounds * ROUND_MS) / 1000 + 1 - loop.time())
        self.stray += stray_steps(inventory)
        self.unusable = [p.id for p in self._ports.values() if p.state is not ChannelState.IDLE]

    def differences(self) -> Iterator[str]:
        """What the driver told other than planned."""
        for number, call in self._plan.items():
            told = self.told.get(number, [])
            where = f"{call.caller} -> {call.called}"
            if len(told) != 1:
                yield f"{where}: told {len(told)} times"
                continue
            yield from (f"timeslot {told[0].slot}, {where}: {text}" for text in _compare(call, told[0]))
        yield from (f"a call that nobody made: {number}" for number in set(self.told) - set(self._plan))
        yield from (f"trouble {code} on timeslot {slot}" for code, slot in sorted(self.troubles))
        yield from (f"{channel} is not idle in the end" for channel in self.unusable)
        yield from self.stray

    # -- what we do ---------------------------------------------------------------------------------------------------
    async def _dial(self, call: R2Call) -> None:
        channel = f"{SPAN}/{call.slot}"
        self._begin(call.called, channel, Told(call.slot, False))
        await self._ports[channel].dial(call.called, call.caller)

    async def _treat(self, call: R2Call, channel: str, told: Told) -> None:
        port = self._ports[channel]
        if not call.answered:
            told.cause, told.ended_by_us = call.cause, True
            await port.reject(call.cause)
            return
        await port.alert()
        await asyncio.sleep(ANSWER_S)
        await port.answer()

    async def _hang_up_later(self, call: R2Call, channel: str, told: Told) -> None:
        await asyncio.sleep(call.talk_ms / 1000)
        if not told.cause:
            told.cause, told.ended_by_us = 16, True
            await self._ports[channel].hangup()

    # -- what the driver tells ----------------------------------------------------------------------------------------
    def __call__(self, event: DriverEvent) -> None:
        """The driver's sink."""
        if isinstance(event, Trouble) and event.raised:
            self.troubles.add((event.code, self._ports[event.channel].slot if event.channel in self._ports else 0))
        elif isinstance(event, Offered):
            told = Told(self._ports[event.channel].slot, True, event.called)
            self._begin(event.caller, event.channel, told)
            call = self._plan.get(event.caller)
            if call is not None:
                self._soon(self._treat(call, event.channel, told))
        elif event.channel in self._open:
            number, told = self._open[event.channel]
            told.events.append(type(event).__name__)
            self._call_event(event, self._plan.get(number), told)

    def _begin(self, number: str, channel: str, told: Told) -> None:
        self.told.setdefault(number, []).append(told)
        self._open[channel] = (number, told)

    def _call_event(self, event: DriverEvent, call: R2Call | None, told: Told) -> None:
        if isinstance(event, Connected):
            told.answered = str(event.evidence)
            if call is not None and (call.ends == "called") == call.inward:
                self._soon(self._hang_up_later(call, event.channel, told))
        elif isinstance(event, ReleasedByFar):
            told.cause, told.code = told.cause or event.cause, event.maker_code
            self._soon(self._ports[event.channel].hangup())
        elif isinstance(event, LineFree):
            told.free += 1

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if (error := task.exception()) is not None:
            self.stray.append(f"{type(error).__name__}: {error}")


def _compare(call: R2Call, told: Told) -> Iterator[str]:
    if told.free != 1 or told.events[-1] != "LineFree":
        yield f"{told.free} ends in {told.events}"
    if told.cause != call.cause:
        yield f"cause {told.cause}, not {call.cause} ({told.code}; {told.events})"
    if told.answered != ("r2_answer" if call.answered and not call.inward else told.answered):
        yield f"evidence {told.answered!r}"
    if bool(told.answered) != call.answered:
        yield f"answered is {bool(told.answered)}"
    if call.inward and told.called != call.called:
        yield f"offered as a call to {told.called}"
    if call.answered and told.ended_by_us != ((call.ends == "called") == call.inward):
        yield f"ended by us: {told.ended_by_us}"
    if not call.inward and not call.answered and told.code != f"KB={call.kb}":
        yield f"refused by {told.code}"


class WrongCard(R2Card):
    """Dials once on each circuit that is set up as ours, answers whatever comes."""

    def __init__(self) -> None:
        super().__init__([])
        self.connected: set[int] = set()

    async def play(self, _driver: DahdiDriver, inventory: Inventory, rounds: int) -> None:
        """See R2Card."""
        self._ports = inventory.ports
        loop = asyncio.get_running_loop()
        for slot in OUTWARD:
            port = self._ports[f"{SPAN}/{slot}"]
            loop.call_at(BEGIN_MS / 1000, self._soon, port.dial(f"1370000{slot:04d}", "88001000"))
        await asyncio.sleep((BEGIN_MS + ROUND_MS) / 1000 - loop.time())
        self.stray += stray_steps(inventory)

    def __call__(self, event: DriverEvent) -> None:
        """The driver's sink."""
        if isinstance(event, Offered):
            self._soon(self._ports[event.channel].answer())
        elif isinstance(event, Connected):
            self.connected.add(self._ports[event.channel].slot)
        elif isinstance(event, ReleasedByFar):
            self._soon(self._ports[event.channel].hangup())
        else:
            super().__call__(event)

    def good(self) -> set[int]:
        """Timeslots on which a call came about."""
        return self.connected & {*INWARD, *OUTWARD}
