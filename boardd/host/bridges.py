"""Bridges: sets of directed links between calls of this domain, made and dropped as a whole.

The card is asked first; only what it accepted is announced. A released call leaves its bridges before its channel is
hung up, and a bridge with fewer than two calls ends. A call of another domain takes part through a tie (`borrowing`):
this host owns the bridge, the other one lends the call (`lending`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from boardd import clock
from boardd.api.board_schema import TieLoan
from boardd.contract.driver import DomainDriver, LinkChange
from boardd.contract.errors import ArgumentError, BoarddError, UnknownIdError, UnsupportedError, WrongStateError
from boardd.contract.events import EventType
from boardd.contract.objects import Bridge, Link, SwitchingProfile
from boardd.host.borrowing import Borrowing
from boardd.host.calls import Calls, LiveCall
from boardd.host.lending import Lending
from boardd.host.outlet import Outlet
from boardd.host.tasks import Tasks
from boardd.host.turns import Turns

Pair = tuple[str, str]


class Bridges:
    """All bridges of the domain; `started` tells them what it can do. `ties`: socket where other hosts fetch calls."""

    def __init__(self, domain: str, calls: Calls, outlet: Outlet, tasks: Tasks, ties: Path) -> None:
        self._domain = domain
        self._calls = calls
        self._outlet = outlet
        self._tasks = tasks
        self._bridges: dict[str, Bridge] = {}
        self._turns = Turns()
        """Changes that share a call go one after the other; who has the turn may wait for another host."""
        self._switch = asyncio.Lock()
        """The driver's switch; who has it waits for nobody else: two hosts may ask each other at the same time."""
        self.driver: DomainDriver | None = None
        self.switching = SwitchingProfile(links=False, mixing=False)
        self.on_peer_gone: Callable[[LiveCall, Bridge], None] = lambda _survivor, _bridge: None
        """A call was left alone in a bridge because its peer was released."""
        self.borrowing = Borrowing(domain, self._switch)
        self.borrowing.on_gone = self._foreign_gone
        self.lending = Lending(domain, ties, calls, self._switch, tasks)
        self.lending.on_peer_gone = lambda survivor, bridge: self.on_peer_gone(survivor, bridge)
        calls.on_released.append(self._released)

    def started(self, driver: DomainDriver, switching: SwitchingProfile) -> None:
        """The library runs."""
        for part in (self, self.borrowing, self.lending):
            part.driver, part.switching = driver, switching

    def tie_ended(self, name: str) -> bool:
        """The driver lost the other end of a tie; False when there is no such tie."""
        return self.borrowing.tie_ended(name) or self.lending.tie_ended(name)

    # -- looking up ---------------------------------------------------------------------------------------------------
    def all(self) -> list[Bridge]:
        """All bridges."""
        return list(self._bridges.values())

    def get(self, bridge_id: str) -> Bridge:
        """Raises UnknownIdError."""
        bridge = self._bridges.get(bridge_id)
        if bridge is None:
            raise UnknownIdError(f"no bridge {bridge_id} in domain {self._domain}", bridge=bridge_id)
        return bridge

    def is_foreign(self, call_id: str, loans: Mapping[str, TieLoan]) -> bool:
        """Whether a call belongs to another host: lent to us now, or in a bridge of ours already."""
        return call_id in loans or any(call_id in self.borrowing.calls(bridge) for bridge in self._bridges)

    def of(self, live: LiveCall) -> list[Bridge]:
        """The bridges that a call is in, those of other hosts included."""
        ours = [bridge for bridge in self._bridges.values() if live.id in members(bridge.links)]
        return [*ours, *self.lending.of(live)]

    # -- commands -----------------------------------------------------------------------------------------------------
    async def create(
        self, links: Sequence[Link], controller: str, loans: Mapping[str, TieLoan] | None = None
    ) -> Bridge:
        """Make a bridge; `loans` for calls of other domains.

        Raises ArgumentError, UnsupportedError, UnknownIdError, WrongStateError, DeviceError, HostDownError.
        """
        bridge = Bridge(id=self._calls.mint_id(), domain=self._domain, links=[], controller=controller)
        async with self._turns.of(members(links)):
            await self._relink(bridge, links, loans or {})
            bridge.began = clock.instant()
            self._bridges[bridge.id] = bridge
            self._outlet.publish(EventType.BRIDGE_CREATED, bridge=bridge)
        return bridge

    async def change(self, bridge: Bridge, links: Sequence[Link], loans: Mapping[str, TieLoan] | None = None) -> Bridge:
        """Replace the links of a bridge; on an error the old ones stay."""
        async with self._turns.of([bridge.id], members(bridge.links), members(links)):
            self.get(bridge.id)
            await self._relink(bridge, links, loans or {})
            self._outlet.publish(EventType.BRIDGE_CHANGED, bridge=bridge)
        return bridge

    async def destroy(self, bridge: Bridge) -> None:
        """Drop all links of a bridge."""
        async with self._turns.of([bridge.id], members(bridge.links)):
            self.get(bridge.id)
            async with self._switch:
                await self._link(self._changes(bridge, bridge.links, on=False))
            await self.borrowing.give_back(bridge.id, self.borrowing.calls(bridge.id), on_purpose=True)
            self._end(bridge)

    async def _relink(self, bridge: Bridge, links: Sequence[Link], loans: Mapping[str, TieLoan]) -> None:
        self._check(bridge, links, loans)
        old, new = list(bridge.links), list(links)
        fetched = await self.borrowing.borrow(bridge, {c: loan for c, loan in loans.items() if c in members(new)})
        adds: list[LinkChange] = []
        try:
            async with self._switch:
                self._check_alive(bridge, new)
                drops = self._changes(bridge, [link for link in old if link not in new], on=False)
                adds = self._changes(bridge, [link for link in new if link not in old], on=True)
                await self._link([*drops, *adds])
            await self.borrowing.use(bridge.id, new)
            self._check_alive(bridge, new)
        except BoarddError:
            await self._restore(bridge, adds, [link for link in old if link not in new])
            await self.borrowing.give_back(bridge.id, fetched, on_purpose=True)
            raise
        bridge.links = new
        unused = [call for call in self.borrowing.calls(bridge.id) if call not in members(new)]
        await self.borrowing.give_back(bridge.id, unused, on_purpose=True)

    async def _restore(self, bridge: Bridge, adds: Sequence[LinkChange], dropped: Sequence[Link]) -> None:
        """Nothing half made: what took effect of a refused list is taken back, except links of calls that ended."""
        async with self._switch:
            backs = [LinkChange(add.source, add.sink, on=False) for add in adds]
            if bridge.id in self._bridges:
                backs += self._changes(bridge, [link for link in dropped if link in bridge.links], on=True)
            for back in backs:
                with contextlib.suppress(BoarddError):
                    await self._link([back])
        with contextlib.suppress(BoarddError):
            await self.borrowing.use(bridge.id, bridge.links)

    async def _link(self, changes: Sequence[LinkChange]) -> None:
        if changes and self.driver is not None:
            await self.driver.link(changes)

    def _changes(self, bridge: Bridge, links: Iterable[Link], on: bool) -> list[LinkChange]:
        found = []
        for link in links:
            source, sink = self._channel(bridge, link.source), self._channel(bridge, link.sink)
            if source and sink:
                found.append(LinkChange(source, sink, on, link.gain_mb))
        return found

    def _check_alive(self, bridge: Bridge, links: Sequence[Link]) -> None:
        gone = [call for call in members(links) if not self._alive(bridge, call)]
        if gone:
            raise WrongStateError(f"call {gone[0]} ended meanwhile", call=gone[0], operation="link")

    def _alive(self, bridge: Bridge, call_id: str) -> bool:
        return bool(self.borrowing.name(bridge.id, call_id)) or self._is_ours(call_id)

    def _is_ours(self, call_id: str) -> bool:
        return any(live.id == call_id for live in self._calls.all())

    def _channel(self, bridge: Bridge, call_id: str) -> str:
        return self.borrowing.name(bridge.id, call_id) or self._calls.channel_of(call_id)

    def _check(self, bridge: Bridge, links: Sequence[Link], loans: Mapping[str, TieLoan]) -> None:
        pairs = [(link.source, link.sink) for link in links]
        if not pairs:
            raise ArgumentError("a bridge needs at least one link", argument="links")
        for source, sink in pairs:
            if source == sink:
                raise ArgumentError(f"call {source} cannot be linked to itself", argument="links")
            for call in (source, sink):
                if call not in loans and not self.borrowing.name(bridge.id, call):
                    self._calls.get(call)
        if len(set(pairs)) != len(pairs):
            raise ArgumentError("the same link twice", argument="links")
        others = [other for other in self._bridges.values() if other is not bridge]
        taken = {(link.source, link.sink) for other in others for link in other.links}
        for source, sink in pairs:
            if (source, sink) in taken:
                raise ArgumentError(f"{source} -> {sink} is part of another bridge", argument="links")
        self._check_profile(links, [*pairs, *taken])

    def _check_profile(self, links: Sequence[Link], pairs: Sequence[Pair]) -> None:
        if not self.switching.links:
            raise UnsupportedError(f"domain {self._domain} cannot link calls", operation="link")
        if not self.switching.gains and any(link.gain_mb for link in links):
            raise UnsupportedError(f"domain {self._domain} cannot set gains", operation="gain")
        sinks = [sink for _source, sink in pairs]
        if not self.switching.mixing and any(sinks.count(link.sink) > 1 for link in links):
            raise UnsupportedError(f"domain {self._domain} cannot mix", operation="mix")

    # -- ends ---------------------------------------------------------------------------------------------------------
    def _released(self, live: LiveCall) -> None:
        for bridge in [b for b in self._bridges.values() if live.id in members(b.links)]:
            changes, ties = self._leaves(bridge, live.id)
            live.cleanups.append(partial(self._drop, changes, ties))

    def _foreign_gone(self, bridge_id: str, call_id: str) -> None:
        """A call of another host, or that host, is no more: as if it had been released here."""
        bridge = self._bridges.get(bridge_id)
        if bridge is None or call_id not in members(bridge.links):
            names = self.borrowing.let_go(bridge_id, [call_id], on_purpose=False)
            self._tasks.spawn(self._drop([], names), f"drop {call_id}")
            return
        changes, names = self._leaves(bridge, call_id)
        self._tasks.spawn(self._drop(changes, names), f"drop {call_id}")

    def _leaves(self, bridge: Bridge, call_id: str) -> tuple[list[LinkChange], list[str]]:
        """A call leaves a bridge for good: announced at once; what is to be dropped, links and then ties."""
        left = [link for link in bridge.links if call_id not in (link.source, link.sink)]
        dropped = [link for link in bridge.links if link not in left]
        survivors = [c for c in members(bridge.links) if c != call_id and c not in members(left)]
        changes = self._changes(bridge, dropped, on=False)
        lost = [c for c in (call_id, *survivors) if self.borrowing.name(bridge.id, c)]
        names = self.borrowing.let_go(bridge.id, lost, on_purpose=False)
        if left:
            bridge.links = left
            self._outlet.publish(EventType.BRIDGE_CHANGED, bridge=bridge)
            return changes, names
        self._end(bridge)
        for survivor in survivors:
            if self._is_ours(survivor):
                self.on_peer_gone(self._calls.get(survivor), bridge)
        return changes, names

    async def _drop(self, changes: Sequence[LinkChange], ties: Sequence[str]) -> None:
        async with self._switch:
            await self._link(changes)
        for name in ties:
            await self.borrowing.close(name)

    def _end(self, bridge: Bridge) -> None:
        del self._bridges[bridge.id]
        self._outlet.publish(EventType.BRIDGE_ENDED, bridge=bridge)


def members(links: Iterable[Link]) -> list[str]:
    """The calls in a set of links, each once."""
    return list(dict.fromkeys(call for link in links for call in (link.source, link.sink)))
