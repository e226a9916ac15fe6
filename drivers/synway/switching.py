"""The card's switch: from directed links that the host wants to the maker's calls, and back (fact sheet section 13).

`plan` says how a set of links is made: two channels that hear each other and nobody else talk (SsmTalkWith), three and
more who all hear each other are a conference, everything else is one-way mixing (SsmLinkFrom). `Switch` keeps what is
made and changes it by the difference: first what goes, then what comes; a failure is rolled back. Links with ties to
other domains are the engine's (`tie`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from boardd.contract.driver import LinkChange
from boardd.contract.errors import BoarddError, DeviceError, UnknownIdError, UnsupportedError
from drivers.synway.session import Session, log
from drivers.synway.tie import Ties

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Talk:
    """SsmTalkWith: both hear each other."""

    one: str
    other: str


@dataclass(frozen=True, slots=True, order=True)
class OneWay:
    """`sink` hears `source`; `exclusive` by SsmListenTo, else mixed by SsmLinkFrom."""

    source: str
    sink: str
    exclusive: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Conference:
    """All members hear each other."""

    members: tuple[str, ...]


Made = Talk | OneWay | Conference


def plan(links: Iterable[Pair], conferences: bool = True, most: int = 8, exclusive: bool = False) -> set[Made]:
    """How to make a set of (source, sink) links. `most` members fit into a conference."""
    wanted = set(links)
    mutual = {(a, b) for a, b in wanted if (b, a) in wanted}
    made: set[Made] = set()
    done: set[Pair] = set()
    for group in _groups(mutual):
        pairs = {(a, b) for a in group for b in group if a != b}
        if len(group) == 2:
            made.add(Talk(group[0], group[1]))
            done |= pairs
        elif conferences and len(group) <= most and pairs <= mutual:
            made.add(Conference(tuple(group)))
            done |= pairs
    left = sorted(wanted - done)
    heard = [sink for _source, sink in wanted]
    for source, sink in left:
        made.add(OneWay(source, sink, exclusive and heard.count(sink) == 1))
    return made


def _groups(mutual: set[Pair]) -> list[list[str]]:
    """Connected parts of the channels that hear each other, each sorted."""
    neighbours: dict[str, set[str]] = {}
    for one, other in mutual:
        neighbours.setdefault(one, set()).add(other)
    groups: list[list[str]] = []
    seen: set[str] = set()
    for start in sorted(neighbours):
        if start in seen:
            continue
        group, todo = {start}, [start]
        while todo:
            for channel in neighbours[todo.pop()] - group:
                group.add(channel)
                todo.append(channel)
        seen |= group
        groups.append(sorted(group))
    return groups


class Switch:
    """Links of the domain. `numbers` maps channel ids to the maker's numbers."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.numbers: dict[str, int] = {}
        self._links: set[Pair] = set()
        self._made: set[Made] = set()
        self._groups: dict[Conference, int] = {}
        self._lock = asyncio.Lock()
        self.ties = Ties()

    async def change(self, changes: Sequence[LinkChange]) -> None:
        """Make and drop links: all of them, or an error that names the one that failed (data: source, sink)."""
        for change in changes:
            self._check(change)
        tied = [change for change in changes if self.ties.concerns(change)]
        own = [change for change in changes if not self.ties.concerns(change)]
        before = await self._change_own(own)
        try:
            await self.ties.change(tied)
        except BoarddError:
            back = [LinkChange(*pair, on=pair in before) for pair in {(change.source, change.sink) for change in own}]
            await self._change_own(back)
            raise

    async def _change_own(self, changes: Sequence[LinkChange]) -> set[Pair]:
        """Links that the card makes; those that there were."""
        async with self._lock:
            before = set(self._links)
            links = set(before)
            for change in changes:
                pair = (change.source, change.sink)
                links = links | {pair} if change.on else links - {pair}
            await self._move_to(links)
        return before

    def _check(self, change: LinkChange) -> None:
        for channel in (change.source, change.sink):
            if channel not in self.numbers and channel not in self.ties:
                raise UnknownIdError(f"no channel {channel} in this domain", channel=channel)
        if change.on and change.gain_mb:
            raise UnsupportedError("this card has no gain on links", operation="gain", source=change.source)

    async def forget(self, channel: str) -> None:
        """The channel was hung up: nothing links it any more. Raises DeviceError only when the others suffer."""
        self.ties.forget(channel)
        async with self._lock:
            links = {pair for pair in self._links if channel not in pair}
            try:
                if links != self._links:
                    await self._move_to(links)
            finally:
                if self.session.quirks.clear_links_on_hangup:
                    await self.session.ask(channel, self.session.lib.SsmClearChBusLink, 0, self.numbers[channel])

    def _plan(self, links: set[Pair]) -> set[Made]:
        quirks = self.session.quirks
        return plan(links, quirks.conference == "group", quirks.conference_members, quirks.link_function == "listen_to")

    async def _move_to(self, links: set[Pair]) -> None:
        target = self._plan(links)
        old = set(self._made)
        for item in sorted((old - target) | _in_the_way(old & target, target - old), key=repr):
            await self._undo(item)
        for item in sorted(target - self._made, key=repr):
            try:
                await self._do(item)
            except BoarddError as error:
                await self._roll_back(old)
                names = item.members if isinstance(item, Conference) else _ends(item)
                error.data.update(source=names[0], sink=names[1])
                raise
        self._links = links

    async def _roll_back(self, old: set[Made]) -> None:
        for item in sorted(self._made - old, key=repr):
            await self._undo(item)
        for item in sorted(old - self._made, key=repr):
            try:
                await self._do(item)
            except DeviceError as error:
                log.error("link_lost", link=repr(item), error=error.message)
                self._links -= _pairs(item)

    async def _do(self, item: Made) -> None:
        lib = self.session.lib
        if isinstance(item, Conference):
            await self._gather(item)
        elif isinstance(item, Talk):
            await self.session.command("", lib.SsmTalkWith, self.numbers[item.one], self.numbers[item.other])
        else:
            function = lib.SsmListenTo if item.exclusive else lib.SsmLinkFrom
            await self.session.command("", function, self.numbers[item.source], self.numbers[item.sink])
        self._made.add(item)

    async def _gather(self, item: Conference) -> None:
        lib, quirks = self.session.lib, self.session.quirks
        size = len(item.members)
        group = await self.session.query("", lib.SsmCreateConfGroup, -1, size, size, -1)
        self._groups[item] = group
        try:
            for member in item.members:
                number = self.numbers[member]
                await self.session.command(
                    member, lib.SsmJoinConfGroup, group, number, quirks.conference_mode, quirks.conference_volume, 0, 0
                )
        except BoarddError:
            del self._groups[item]
            await self.session.ask("", lib.SsmFreeConfGroup, 0, group)
            raise

    async def _undo(self, item: Made) -> None:
        """Drop something; a refusal means that it is gone already (a channel was cleared by the card)."""
        lib = self.session.lib
        self._made.discard(item)
        if isinstance(item, Conference):
            await self.session.ask("", lib.SsmFreeConfGroup, 0, self._groups.pop(item))
        elif isinstance(item, Talk):
            await self.session.ask("", lib.SsmStopTalkWith, 0, self.numbers[item.one], self.numbers[item.other])
        else:
            function = lib.SsmStopListenTo if item.exclusive else lib.SsmStopLinkFrom
            await self.session.ask("", function, 0, self.numbers[item.source], self.numbers[item.sink])


def _ends(item: Talk | OneWay) -> Pair:
    return (item.one, item.other) if isinstance(item, Talk) else (item.source, item.sink)


def _in_the_way(kept: set[Made], new: set[Made]) -> set[Made]:
    """Links that must be made anew: a channel that is linked already cannot join a conference (section 13.2)."""
    joining = {member for item in new if isinstance(item, Conference) for member in item.members}
    return {item for item in kept if not isinstance(item, Conference) and joining & set(_ends(item))}


def _pairs(item: Made) -> set[Pair]:
    if isinstance(item, OneWay):
        return {(item.source, item.sink)}
    members = item.members if isinstance(item, Conference) else (item.one, item.other)
    return {(a, b) for a in members for b in members if a != b}
