"""Calls of other hosts in bridges of ours: each stands in our domain as a tie, linked like a channel."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from functools import partial

import structlog

from boardd.api.board_schema import TieLoan
from boardd.contract.driver import DomainDriver, TieEnd
from boardd.contract.errors import BoarddError, BrokenError, UnsupportedError
from boardd.contract.objects import Bridge, Link, SwitchingProfile
from boardd.host.tielink import TieLink, close_all, connect
from boardd.media.engine.ring import make_ring

log = structlog.get_logger("boardd.host")

Key = tuple[str, str]
"""Bridge id and call id."""


class _Tie:
    def __init__(self, name: str, link: TieLink) -> None:
        self.name = name
        self.link = link
        self.used = {"listen": False, "speak": False}


class Borrowing:
    """All ties to calls of other hosts. `on_gone(bridge_id, call_id)`: the call, or its host, is no more.

    `switch` is held while the driver makes or drops something, never while another host is asked: it may be asking us.
    """

    def __init__(self, domain: str, switch: asyncio.Lock) -> None:
        self._domain = domain
        self._switch = switch
        self._ties: dict[Key, _Tie] = {}
        self._count = 0
        self.driver: DomainDriver | None = None
        self.switching = SwitchingProfile(links=False, mixing=False)
        self.on_gone: Callable[[str, str], None] = lambda _bridge, _call: None

    def name(self, bridge_id: str, call_id: str) -> str:
        """The tie's name for links; empty when the call is not borrowed for this bridge."""
        tie = self._ties.get((bridge_id, call_id))
        return tie.name if tie else ""

    def calls(self, bridge_id: str) -> list[str]:
        """The calls of other hosts in a bridge."""
        return [call for bridge, call in self._ties if bridge == bridge_id]

    async def borrow(self, bridge: Bridge, loans: Mapping[str, TieLoan]) -> list[str]:
        """Fetch calls that are not here yet; those fetched. Nothing is kept of it when one fails.

        Raises UnsupportedError, BrokenError, OverloadError, DeviceError, HostDownError, and what the lender answers.
        """
        fetched: list[str] = []
        try:
            for call, loan in loans.items():
                if (bridge.id, call) not in self._ties:
                    await self._fetch(bridge, call, loan)
                    fetched.append(call)
        except BoarddError:
            await self.give_back(bridge.id, fetched, on_purpose=True)
            raise
        return fetched

    async def use(self, bridge_id: str, links: Iterable[Link]) -> None:
        """Tell the lenders what of their calls these links use. Raises what they answer."""
        ends = [(link.source, link.sink) for link in links]
        for (bridge, call), tie in list(self._ties.items()):
            if bridge != bridge_id:
                continue
            used = {
                "listen": any(sink == call for _source, sink in ends),
                "speak": any(source == call for source, _sink in ends),
            }
            if used != tie.used:
                await tie.link.ask({"set": used})
                tie.used = used

    async def give_back(self, bridge_id: str, calls: Iterable[str], on_purpose: bool) -> None:
        """Close ties. `on_purpose`: the lender's call has not lost a peer, its client does something else with it."""
        for tie in self.let_go(bridge_id, calls, on_purpose):
            await self.close(tie)

    def let_go(self, bridge_id: str, calls: Iterable[str], on_purpose: bool) -> list[str]:
        """Hang up on the lenders now; the names of the ties, which `close` closes after their links are dropped."""
        names = []
        for call in list(calls):
            tie = self._ties.pop((bridge_id, call), None)
            if tie is None:
                continue
            if on_purpose:
                tie.link.send({"end": True})
            tie.link.close()
            names.append(tie.name)
        return names

    async def close(self, name: str) -> None:
        """Close a tie in the domain."""
        if self.driver is not None:
            async with self._switch:
                with contextlib.suppress(BoarddError):
                    await self.driver.close_tie(name)

    def tie_ended(self, name: str) -> bool:
        """The driver says that the other end of a tie is gone; False when it is none of ours."""
        for key, tie in self._ties.items():
            if tie.name == name:
                asyncio.get_running_loop().call_soon(self.on_gone, *key)
                return True
        return False

    async def _fetch(self, bridge: Bridge, call: str, loan: TieLoan) -> None:
        if self.driver is None:
            raise BrokenError(f"domain {self._domain} has no running library", domain=self._domain)
        if not self.switching.stream_channels:
            raise UnsupportedError(f"domain {self._domain} has no ties to other domains", operation="tie")
        self._count += 1
        name = f"tie/{self._count}/{call}"
        link = connect(loan.path)
        ours, theirs = make_ring()
        away = theirs.descriptors
        try:
            async with self._switch:
                await self.driver.open_tie(name, TieEnd(ours.hand_over(), ours.side))
        except BoarddError:
            ours.close()
            theirs.close()
            link.close()
            raise
        take = {"take": loan.token, "bridge": bridge.id, "domain": self._domain, "controller": bridge.controller}
        try:
            await link.ask({**take, "side": theirs.side, "listen": False, "speak": False}, away)
        except BoarddError:
            link.close()
            await self.close(name)
            raise
        finally:
            theirs.close()
        self._ties[bridge.id, call] = _Tie(name, link)
        link.on_packet = lambda _packet, descriptors: close_all(descriptors)
        link.on_closed = partial(self.on_gone, bridge.id, call)
        if not link.open:
            link.on_closed()
        log.info("call_borrowed", bridge=bridge.id, call=call, tie=name)
