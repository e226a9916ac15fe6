"""Bridges: sets of directed links between calls of this domain, made and dropped as a whole.

The card is asked first; only what it accepted is announced. A released call leaves its bridges before its channel is
hung up, and a bridge with fewer than two calls ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from boardd import clock
from boardd.contract.driver import DomainDriver, LinkChange
from boardd.contract.errors import ArgumentError, BoarddError, UnknownIdError, UnsupportedError, WrongStateError
from boardd.contract.events import EventType
from boardd.contract.objects import Bridge, Link, SwitchingProfile
from boardd.host.calls import Calls, LiveCall
from boardd.host.outlet import Outlet

Pair = tuple[str, str]


class Bridges:
    """All bridges of the domain. `driver` and `switching` are set when the library has started."""

    def __init__(self, domain: str, calls: Calls, outlet: Outlet) -> None:
        self._domain = domain
        self._calls = calls
        self._outlet = outlet
        self._bridges: dict[str, Bridge] = {}
        self._switch = asyncio.Lock()
        self.driver: DomainDriver | None = None
        self.switching = SwitchingProfile(links=False, mixing=False)
        self.on_peer_gone: Callable[[LiveCall, Bridge], None] = lambda _survivor, _bridge: None
        """A call was left alone in a bridge because its peer was released."""
        calls.on_released.append(self._released)

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

    def of(self, live: LiveCall) -> list[Bridge]:
        """The bridges that a call is in."""
        return [bridge for bridge in self._bridges.values() if live.id in members(bridge.links)]

    # -- commands -----------------------------------------------------------------------------------------------------
    async def create(self, links: Sequence[Link], controller: str) -> Bridge:
        """Make a bridge. Raises ArgumentError, UnsupportedError, UnknownIdError, WrongStateError, DeviceError."""
        bridge = Bridge(id=self._calls.mint_id(), domain=self._domain, links=[], controller=controller)
        async with self._switch:
            await self._relink(bridge, links)
            bridge.began = clock.instant()
            self._bridges[bridge.id] = bridge
            self._outlet.publish(EventType.BRIDGE_CREATED, bridge=bridge)
        return bridge

    async def change(self, bridge: Bridge, links: Sequence[Link]) -> Bridge:
        """Replace the links of a bridge; on an error the old ones stay."""
        async with self._switch:
            self.get(bridge.id)
            await self._relink(bridge, links)
            self._outlet.publish(EventType.BRIDGE_CHANGED, bridge=bridge)
        return bridge

    async def destroy(self, bridge: Bridge) -> None:
        """Drop all links of a bridge."""
        async with self._switch:
            self.get(bridge.id)
            await self._link(self._changes(bridge.links, on=False))
            self._end(bridge)

    async def _relink(self, bridge: Bridge, links: Sequence[Link]) -> None:
        self._check(bridge, links)
        old, new = list(bridge.links), list(links)
        drops = self._changes([link for link in old if link not in new], on=False)
        adds = self._changes([link for link in new if link not in old], on=True)
        try:
            await self._link([*drops, *adds])
            gone = [call for call in members(new) if not self._alive(call)]
            if gone:
                raise WrongStateError(f"call {gone[0]} ended meanwhile", call=gone[0], operation="link")
        except BoarddError:
            await self._restore(bridge, adds, [link for link in old if link not in new])
            raise
        bridge.links = new

    async def _restore(self, bridge: Bridge, adds: Sequence[LinkChange], dropped: Sequence[Link]) -> None:
        """Nothing half made: what took effect of a refused list is taken back, except links of calls that ended."""
        backs = [LinkChange(add.source, add.sink, on=False) for add in adds]
        if bridge.id in self._bridges:
            backs += self._changes([link for link in dropped if link in bridge.links], on=True)
        for back in backs:
            with contextlib.suppress(BoarddError):
                await self._link([back])

    async def _link(self, changes: Sequence[LinkChange]) -> None:
        if changes and self.driver is not None:
            await self.driver.link(changes)

    def _changes(self, links: Iterable[Link], on: bool) -> list[LinkChange]:
        found = []
        for link in links:
            source, sink = self._channel(link.source), self._channel(link.sink)
            if source and sink:
                found.append(LinkChange(source, sink, on, link.gain_mb))
        return found

    def _alive(self, call_id: str) -> bool:
        return any(live.id == call_id for live in self._calls.all())

    def _channel(self, call_id: str) -> str:
        return self._calls.channel_of(call_id)

    def _check(self, bridge: Bridge, links: Sequence[Link]) -> None:
        pairs = [(link.source, link.sink) for link in links]
        if not pairs:
            raise ArgumentError("a bridge needs at least one link", argument="links")
        for source, sink in pairs:
            if source == sink:
                raise ArgumentError(f"call {source} cannot be linked to itself", argument="links")
            self._calls.get(source)
            self._calls.get(sink)
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
        dropped: list[Link] = []
        for bridge in self.of(live):
            survivors = [self._calls.get(c) for c in members(bridge.links) if c != live.id and self._alive(c)]
            left = [link for link in bridge.links if live.id not in (link.source, link.sink)]
            if left:
                dropped += [link for link in bridge.links if link not in left]
                bridge.links = left
                self._outlet.publish(EventType.BRIDGE_CHANGED, bridge=bridge)
            else:
                dropped += bridge.links
                self._end(bridge)
                for survivor in survivors:
                    self.on_peer_gone(survivor, bridge)
        if dropped:
            live.cleanups.append(partial(self._drop, self._changes(dropped, on=False)))

    async def _drop(self, changes: Sequence[LinkChange]) -> None:
        async with self._switch:
            await self._link(changes)

    def _end(self, bridge: Bridge) -> None:
        del self._bridges[bridge.id]
        self._outlet.publish(EventType.BRIDGE_ENDED, bridge=bridge)


def members(links: Iterable[Link]) -> list[str]:
    """The calls in a set of links, each once."""
    return list(dict.fromkeys(call for link in links for call in (link.source, link.sink)))
