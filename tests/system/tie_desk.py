"""A program of somebody's own beside boardd: it answers, rings telephones, bridges, supervises, and goes away.

It speaks nothing but the public client package, and the side door of the simulator to take telephones in hand. What it
did and when is told on stdout, one JSON object a line; whether that came true is judged by others, from the truth log.

    python tie_desk.py PLAN.json      (stdin: one line with the pid of `boardd run`, whose birth it waits for)
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import structlog
from tie_plan import CALM_US, CYCLE_S, PHASES, SLOT_S, SPEAK_S, Conversation, Plan, Style

from boardd import clock
from boardd.api.client import Client
from boardd.contract.errors import BoarddError, UnsupportedError
from boardd.contract.events import EventType
from boardd.contract.objects import Call, Link, OnPeerRelease, OrphanTreatment
from boardd.contract.states import ChannelState
from hwsim.cli.control import ask as ask_simulator

READY_S = 14.0
LOOK_S = 0.1
CHANGE_S = CYCLE_S - 0.8
"""In a round, when nobody speaks and everything has arrived."""
BEFORE_S = 4.0
"""Who talks when something happens has begun to by then."""
ATTEMPTS = 4
LAPSE_S = 4.0
"""After this long hosts miss a client that went away (2 s)."""


def ask(plan: Plan, command: str, **args: Any) -> Any:
    """One command of the side door."""
    return ask_simulator(Path(plan.simulator), command, **args)


BEGIN_US = 0
"""What our clock shows at simulated time zero."""


def now_us() -> int:
    return clock.mono_ms() * 1000 - BEGIN_US


def tell(what: str, **more: Any) -> None:
    sys.stdout.write(json.dumps({"what": what, "t_us": now_us(), **more}) + "\n")
    sys.stdout.flush()


class Desk:
    def __init__(self, boards: Client, plan: Plan) -> None:
        self.boards = boards
        self.plan = plan

    # -- the machine's people ------------------------------------------------------------------------------------------
    def hand(self, station: str, act: str) -> None:
        """Take a telephone in hand."""
        ask(self.plan, "station", station=station, act=act)

    async def first_chirp_us(self, person: str) -> int:
        while True:
            found = ask(self.plan, "truth", what="chirp", match={"person": person}, limit=1)["facts"]
            if found:
                return int(found[0]["t_us"])
            await asyncio.sleep(LOOK_S)

    async def speaks(self, station: str) -> None:
        self.hand(station, "speak")
        await asyncio.sleep(SPEAK_S)
        self.hand(station, "quiet")

    # -- calls ---------------------------------------------------------------------------------------------------------
    def treatment(self, treats: bool) -> OrphanTreatment:
        return OrphanTreatment(
            media=self.plan.media,
            max_s=self.plan.max_s,
            on_peer_release=OnPeerRelease.TREAT if treats else OnPeerRelease.RELEASE,
        )

    async def call_where(self, match: Any) -> Call:
        while True:
            for call in self.boards.snapshot.calls:
                if match(call):
                    return call
            await asyncio.sleep(LOOK_S)

    async def connected(self, call: str) -> str:
        return (await self.call_where(lambda c: c.id == call and c.state is ChannelState.CONNECTED)).id

    async def caller(self, talk: Conversation) -> str:
        offered = await self.call_where(lambda c: talk.comes_on(c.channel, c.called))
        await self.boards.answer(offered.id, orphan=self.treatment(talk.treats))
        tell("caller", talk=talk.name, channel=offered.channel)
        return await self.connected(offered.id)

    async def seat(self, station: str, talk: Conversation) -> str:
        rung = await self.boards.dial(channel=station, orphan=self.treatment(talk.treats))
        return await self.connected(rung.id)

    async def live(self, talk: Conversation) -> None:
        """A conversation in which nobody waits for a turn."""
        caller = await self.caller(talk)
        agent = await self.seat(talk.agent, talk)
        await self.boards.create_bridge(both_ways(caller, agent))
        self.hand(talk.agent, "speak")
        await self.first_chirp_us(talk.person)

    # -- one conversation ----------------------------------------------------------------------------------------------
    async def hold(self, talk: Conversation) -> None:
        """From the offer of the call to the end of what the supervisor does."""
        caller = await self.caller(talk)
        agent = await self.seat(talk.agent, talk)
        supervisor = await self.seat(talk.supervisor, talk) if talk.supervisor else ""
        bridge = await self.boards.create_bridge(both_ways(caller, agent))
        tell("bridge", talk=talk.name, owner=bridge.domain)
        await self.speaks(talk.agent)
        began_us = await self.first_chirp_us(talk.person)
        await self.refusal(talk, caller, agent, bridge.domain)
        extra = ""
        for number, phase in enumerate(PHASES):
            begin_us = began_us + round((number + 1) * CYCLE_S * 1e6)
            await until(begin_us - round((CYCLE_S - CHANGE_S) * 1e6))
            tell("change", talk=talk.name, phase=phase)
            if supervisor:
                links = supervising(phase, caller, agent, supervisor)
                extra = await self.supervise(talk, bridge.id, extra, both_ways(caller, agent), links)
            tell("phase", talk=talk.name, phase=phase)
            for turn, station in enumerate((talk.agent, talk.supervisor), 1):
                await until(begin_us + round(turn * SLOT_S * 1e6))
                if station:
                    await self.speaks(station)

    async def supervise(
        self, talk: Conversation, bridge: str, extra: str, talking: list[Link], links: list[Link]
    ) -> str:
        """Make the supervisor's links: in the bridge of the conversation, or in one beside it."""
        if talk.style is Style.CHANGE:
            await self.boards.change_bridge(bridge, [*talking, *links])
            return ""
        if not links:
            await self.boards.destroy_bridge(extra)
            return ""
        if extra:
            await self.boards.change_bridge(extra, links)
            return extra
        made = await self.boards.create_bridge(links)
        tell("beside", talk=talk.name, owner=made.domain)
        return made.id

    async def refusal(self, talk: Conversation, caller: str, agent: str, owner: str) -> None:
        """Ask for what a Synway domain cannot do."""
        links = both_ways(caller, agent)
        louder = [Link(links[0].source, links[0].sink, gain_mb=300), links[1]]
        bridge = next(b.id for b in self.boards.snapshot.bridges if any(k.source == caller for k in b.links))
        try:
            await self.boards.change_bridge(bridge, louder)
        except UnsupportedError as error:
            tell("refused", talk=talk.name, owner=owner, code=error.code, text=error.message)
        else:
            await self.boards.change_bridge(bridge, links)
            tell("accepted", talk=talk.name, owner=owner)


def both_ways(one: str, other: str) -> list[Link]:
    return [Link(one, other), Link(other, one)]


def supervising(phase: str, caller: str, agent: str, supervisor: str) -> list[Link]:
    """The links of a supervisor."""
    if phase == "gone":
        return []
    links = [Link(caller, supervisor), Link(agent, supervisor)]
    if phase in ("whisper", "barge_in"):
        links.append(Link(supervisor, agent))
    if phase == "barge_in":
        links.append(Link(supervisor, caller))
    return links


async def until(at_us: int) -> None:
    wait_s = (at_us - now_us()) / 1e6
    assert wait_s > -0.01, f"late by {-wait_s:.3f} s"
    await asyncio.sleep(max(0.0, wait_s))


async def groups_of(boards: Client) -> Iterable[str]:
    """All groups, once every host is there."""
    while True:
        domains = boards.snapshot.domains
        if len(domains) == 2 and all(domain.state == "running" for domain in domains):
            return sorted({channel.group for channel in boards.snapshot.channels if channel.group})
        await asyncio.sleep(LOOK_S)


async def serve(plan: Plan) -> None:
    async with Client.connect(plan.boards, name="desk") as boards:
        for group in await groups_of(boards):
            await boards.claim(group)
        tell("ready")
        desk = Desk(boards, plan)
        async with asyncio.TaskGroup() as work:
            for talk in plan.talks:
                work.create_task(desk.hold(talk))
    tell("away")
    await finale(desk, plan)
    await asyncio.Event().wait()


async def finale(desk: Desk, plan: Plan) -> None:
    """What happens while nobody controls."""
    await asyncio.sleep(LAPSE_S)
    for talk in plan.talks:
        if talk.ends == "agent":
            desk.hand(talk.agent, "hang_up")
    await asyncio.sleep(plan.strike_after_s - LAPSE_S - BEFORE_S)
    for talk in plan.talks:
        if not talk.ends:
            desk.hand(talk.agent, "speak")
    await asyncio.sleep(BEFORE_S)
    kind, where = plan.strike
    tell("strike")
    ask(plan, "fault", kind=kind, where=where)
    await asyncio.sleep(plan.end_after_s)
    tell("over")


async def serve_live(plan: Plan) -> None:
    """Everybody talks for `live_s`, again when the simulated cards were late themselves; then a host is to die."""
    async with Client.connect(plan.boards, name="desk") as boards:
        for group in await groups_of(boards):
            await boards.claim(group)
        desk = Desk(boards, plan)
        async with asyncio.TaskGroup() as work:
            for talk in plan.talks:
                work.create_task(desk.live(talk))
        events = boards.events()
        late_us = CALM_US + 1
        for _attempt in range(ATTEMPTS):
            tell("talking")
            await asyncio.sleep(plan.live_s)
            late_us = ask(plan, "status", lately_s=math.ceil(plan.live_s))["lately_us"]
            tell("talked", late_us=late_us)
            if late_us <= CALM_US:
                break
        tell("strike")
        async for event in events:
            if event.type is EventType.CALL_RELEASED and event.call:
                tell("released", channel=event.call.channel, cause=event.call.cause)
            if event.type is EventType.ALARM_RAISED and event.alarm:
                tell("alarm", code=event.alarm.code, subject=event.alarm.subject, text=event.alarm.text)
                if event.alarm.code == "host_died":
                    break
        await asyncio.sleep(1)
        tell("over")
        await asyncio.Event().wait()


async def main() -> None:
    global BEGIN_US
    plan = Plan.read(Path(sys.argv[1]))
    BEGIN_US = int(ask(plan, "status")["mono_base_us"])
    tell("here")
    clock.child_spawned(int(sys.stdin.readline()))
    try:
        await (serve_live if plan.live_s else serve)(plan)
    except (BoarddError, ExceptionGroup) as error:
        tell("failed", text=repr(error), parts=[repr(e) for e in getattr(error, "exceptions", ())])
        raise


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    clock.run(main, "desk")
