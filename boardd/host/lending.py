"""Calls of ours that a bridge of another host uses: lent by the daemon's word, fetched by that host itself.

The daemon asks us to lend a call and tells the other host where to fetch it. That host connects here with the token and
one end of a ring of sound; from then on the two of us need nobody else. To our own bookkeeping a lent call is bridged:
when the other side goes, it is a call whose peer is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from boardd.api.board_schema import TieLoan
from boardd.contract.capabilities import Capability
from boardd.contract.driver import DomainDriver, LinkChange, TieEnd
from boardd.contract.errors import ArgumentError, BoarddError, BrokenError, UnsupportedError
from boardd.contract.objects import Bridge, Link, SwitchingProfile
from boardd.host.calls import Calls, LiveCall
from boardd.host.tasks import Tasks
from boardd.host.tielink import Packet, TieLink, close_all

log = structlog.get_logger("boardd.host")

OFFER_S = 10.0
"""How long a loan waits to be fetched."""
BACKLOG = 16


class _Loan:
    """One call for one bridge of another host."""

    def __init__(self, live: LiveCall, name: str) -> None:
        self.live = live
        self.name = name
        self.link: TieLink | None = None
        self.bridge: Bridge | None = None
        self.used = {"listen": False, "speak": False}
        """`listen`: the call hears the tie; `speak`: the tie hears the call."""


class Lending:
    """All loans of the domain. `driver` and `switching` are set when the library has started."""

    def __init__(self, domain: str, path: Path, calls: Calls, switch: asyncio.Lock, tasks: Tasks) -> None:
        self._domain = domain
        self._path = path
        self._calls = calls
        self._switch = switch
        self._tasks = tasks
        self._offers: dict[str, _Loan] = {}
        self._loans: dict[str, _Loan] = {}
        self._listener: socket.socket | None = None
        self.driver: DomainDriver | None = None
        self.switching = SwitchingProfile(links=False, mixing=False)
        self.on_peer_gone: Callable[[LiveCall, Bridge], None] = lambda _survivor, _bridge: None
        calls.on_released.append(self._released)

    def of(self, live: LiveCall) -> list[Bridge]:
        """The bridges of other hosts that use the call."""
        return [loan.bridge for loan in self._loans.values() if loan.live is live and loan.bridge is not None]

    def lend(self, live: LiveCall) -> TieLoan:
        """Offer a call for one bridge, for OFFER_S. Raises UnsupportedError, BrokenError."""
        if self.driver is None:
            raise BrokenError(f"domain {self._domain} has no running library", domain=self._domain)
        if not self.switching.stream_channels:
            raise UnsupportedError(f"domain {self._domain} has no ties to other domains", operation="tie")
        if Capability.LINK not in live.line.channel.capabilities:
            text = f"channel {live.line.id} cannot be linked, so its call cannot be tied to other domains"
            raise UnsupportedError(text, operation="tie", channel=live.line.id)
        self._listen()
        token = secrets.token_hex(16)
        self._offers[token] = _Loan(live, f"tie/{token[:12]}")
        asyncio.get_running_loop().call_later(OFFER_S, self._offers.pop, token, None)
        return TieLoan(path=str(self._path), token=token)

    def tie_ended(self, name: str) -> bool:
        """The driver says that the other end of a tie is gone; False when it is none of ours."""
        loan = self._loans.get(name)
        if loan is not None:
            self._gone(loan, on_purpose=False)
        return loan is not None

    def close(self) -> None:
        """Take no more; loans end with their calls."""
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener.fileno())
            self._listener.close()
            self._listener = None
            self._path.unlink(missing_ok=True)

    # -- the other host -----------------------------------------------------------------------------------------------
    def _listen(self) -> None:
        if self._listener is not None:
            return
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._path.unlink(missing_ok=True)
        try:
            listener.bind(os.fspath(self._path))
            self._path.chmod(0o600)
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise BrokenError(f"{self._path}: {error.strerror}; no ties to other domains", operation="tie") from error
        self._listener = listener
        asyncio.get_running_loop().add_reader(listener.fileno(), self._accept)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _address = self._listener.accept() if self._listener else (None, None)
            if connection is not None:
                link = TieLink(connection)
                link.on_packet = partial(self._first_packet, link)

    def _first_packet(self, link: TieLink, packet: Packet, descriptors: list[int]) -> None:
        loan = self._offers.pop(str(packet.get("take", "")), None)
        if loan is None or not loan.live.alive:
            close_all(descriptors)
            link.send({"error": ArgumentError("there is no such loan (any more)", argument="token").to_wire()})
            link.close()
            return
        loan.link = link
        ends = [Link(loan.live.id, loan.name), Link(loan.name, loan.live.id)]
        loan.bridge = Bridge(
            id=str(packet.get("bridge", "")),
            domain=str(packet.get("domain", "")),
            links=ends,
            controller=str(packet.get("controller", "")),
        )
        self._loans[loan.name] = loan
        link.on_packet = partial(self._packet, loan)
        link.on_closed = partial(self._gone, loan, on_purpose=False)
        end = TieEnd(tuple(descriptors), 1 if packet.get("side") == 1 else 0)
        self._tasks.spawn(self._open(loan, end, _wanted(packet)), f"tie {loan.name}")

    async def _open(self, loan: _Loan, end: TieEnd, wanted: dict[str, bool]) -> None:
        if self.driver is None:
            close_all(end.descriptors)
            return
        try:
            async with self._switch:
                await self.driver.open_tie(loan.name, end)
                await self._use(loan, wanted)
        except BoarddError as error:
            self._refuse(loan, error)
            self._gone(loan, on_purpose=True)
            return
        if loan.name in self._loans:
            self._answer(loan, {"ok": True})
        else:
            await self._close(loan)

    def _packet(self, loan: _Loan, packet: Packet, descriptors: list[int]) -> None:
        close_all(descriptors)
        if packet.get("end"):
            self._gone(loan, on_purpose=True)
        elif isinstance(packet.get("set"), dict):
            self._tasks.spawn(self._set(loan, _wanted(packet["set"])), f"tie {loan.name}")

    async def _set(self, loan: _Loan, wanted: dict[str, bool]) -> None:
        try:
            async with self._switch:
                await self._use(loan, wanted)
        except BoarddError as error:
            self._refuse(loan, error)
        else:
            self._answer(loan, {"ok": True})

    async def _use(self, loan: _Loan, wanted: dict[str, bool]) -> None:
        """Make and drop our links of the tie until they are as wanted; as they were when the card refuses."""
        channel = self._calls.channel_of(loan.live.id)
        ways = {"listen": (loan.name, channel), "speak": (channel, loan.name)}
        changes = [LinkChange(*ways[way], wanted[way]) for way in ways if wanted[way] != loan.used[way]]
        if changes and channel and self.driver is not None:
            try:
                await self.driver.link(changes)
            except BoarddError:
                for change in changes:
                    with contextlib.suppress(BoarddError):
                        await self.driver.link([LinkChange(change.source, change.sink, not change.on)])
                raise
        loan.used = wanted

    def _answer(self, loan: _Loan, packet: Packet) -> None:
        if loan.link is not None:
            loan.link.send(packet)

    def _refuse(self, loan: _Loan, error: BoarddError) -> None:
        log.warning("tie_refused", tie=loan.name, call=loan.live.id, error=error.code, text=error.message)
        self._answer(loan, {"error": error.to_wire()})

    # -- ends ---------------------------------------------------------------------------------------------------------
    def _released(self, live: LiveCall) -> None:
        """A lent call ends: its links go before it is hung up; the other host learns it from the end of file."""
        for loan in [loan for loan in self._loans.values() if loan.live is live]:
            del self._loans[loan.name]
            self._hang_up(loan)
            live.cleanups.append(partial(self._close, loan))

    def _gone(self, loan: _Loan, on_purpose: bool) -> None:
        """The other side dropped the tie, or died."""
        if self._loans.pop(loan.name, None) is None:
            return
        self._hang_up(loan)
        self._tasks.spawn(self._close(loan), f"close {loan.name}")
        if not on_purpose and loan.live.alive and loan.bridge is not None:
            self.on_peer_gone(loan.live, loan.bridge)

    def _hang_up(self, loan: _Loan) -> None:
        if loan.link is not None:
            loan.link.close()

    async def _close(self, loan: _Loan) -> None:
        if self.driver is None:
            return
        async with self._switch:
            with contextlib.suppress(BoarddError):
                await self._use(loan, {"listen": False, "speak": False})
            with contextlib.suppress(BoarddError):
                await self.driver.close_tie(loan.name)


def _wanted(packet: dict[str, Any]) -> dict[str, bool]:
    return {way: bool(packet.get(way)) for way in ("listen", "speak")}
