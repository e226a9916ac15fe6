"""The host's connection to the daemon: dials host.sock for ever, brings it up to date, carries out what it asks.

In order on every new connection: `host.hello`, `host.snapshot` (true at hseq), from then on `host.event` with hseq + 1
and so on, and `host.fact` for what the store does not have yet. A connection that breaks disturbs no call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import structlog

from boardd.api import board_schema as w
from boardd.api.codec import UnknownMethodError, decode_params
from boardd.api.connection import Connection, open_connection
from boardd.contract.driver import CONTRACT_VERSION
from boardd.contract.errors import BoarddError
from boardd.contract.objects import Domain, Fact, Snapshot
from boardd.host.commands import Commands
from boardd.host.journal import Journal, Key
from boardd.host.leases import Leases
from boardd.host.outlet import Outlet

log = structlog.get_logger("boardd.host")

RETRY_FIRST_S = 0.05
RETRY_LIMIT_S = 1.0
ANSWER_LIMIT_S = 10.0
FACT_WINDOW = 64
"""Facts that may be on their way unacknowledged, so that a long absence of the store does not flood the socket."""


class Uplink:
    """Keeps the connection to host.sock. `domain` and `snapshot` supply what the daemon is told."""

    def __init__(
        self,
        path: Path,
        outlet: Outlet,
        journal: Journal,
        commands: Commands,
        leases: Leases,
        domain: Callable[[], Domain],
        snapshot: Callable[[], Snapshot],
    ) -> None:
        self._path = path
        self._outlet = outlet
        self._journal = journal
        self._commands = commands
        self._leases = leases
        self._domain = domain
        self._snapshot = snapshot
        self._connection: Connection | None = None
        self._flying: set[Key] = set()
        self.connects = 0
        self.on_lease: Callable[[], None] = lambda: None
        """Leases or claims may have changed."""
        journal.on_fact = self._fact_settled
        commands.on_facts = self._resend_facts

    async def run(self) -> None:
        """Connect, serve, connect again; ends only by cancellation."""
        delay_s = RETRY_FIRST_S
        while True:
            if await self._serve():
                delay_s = RETRY_FIRST_S
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, RETRY_LIMIT_S)

    async def _serve(self) -> bool:
        """One connection, from dialling to its end; whether the daemon had accepted us."""
        accepted = False
        connection = None
        try:
            connection = await open_connection(str(self._path), self)
            hello = w.HostHelloParams(domain=self._domain(), contract_version=CONTRACT_VERSION)
            await connection.request("host.hello", hello, w.Nothing, timeout_s=ANSWER_LIMIT_S)
            accepted = True
            self.connects += 1
            self._connection = connection
            self._flying.clear()
            self._outlet.attach(connection.send_line)
            await self._send_snapshot(connection)
            self._send_facts()
            await connection.wait_closed()
            log.info("daemon_gone", reason=connection.reason)
        except BoarddError as error:
            log.debug("daemon_not_there", error=error.code, text=error.message)
        finally:
            self._connection = None
            if connection is not None:
                self._outlet.detach(connection.send_line)
                connection.close()
        return accepted

    async def refresh(self) -> None:
        """What the domain has changed as a whole: send the snapshot again, if anybody is there."""
        if self._connection is not None:
            try:
                await self._send_snapshot(self._connection)
            except BoarddError as error:
                log.warning("snapshot_refused", error=error.code, text=error.message)
                self._connection.close("snapshot refused")

    async def _send_snapshot(self, connection: Connection) -> None:
        params = w.HostSnapshotParams(hseq=self._outlet.hseq, snapshot=self._snapshot())
        await connection.request("host.snapshot", params, w.Nothing, timeout_s=ANSWER_LIMIT_S)

    # -- facts --------------------------------------------------------------------------------------------------------
    def _fact_settled(self, fact: Fact) -> None:
        if self._connection is not None and len(self._flying) < FACT_WINDOW:
            self._send_fact(fact)

    def _resend_facts(self) -> None:
        self._flying.clear()
        self._send_facts()

    def _send_facts(self) -> None:
        for fact in self._journal.unacknowledged():
            if len(self._flying) >= FACT_WINDOW:
                return
            if fact.key() not in self._flying:
                self._send_fact(fact)

    def _send_fact(self, fact: Fact) -> None:
        if self._connection is not None:
            self._flying.add(fact.key())
            self._connection.notify("host.fact", w.FactNote(fact=fact))

    # -- api.connection.Handler ---------------------------------------------------------------------------------------
    def opened(self, connection: Connection) -> None:
        """Nothing to do: `_serve` goes on from here."""

    def request(self, connection: Connection, method: str, params: msgspec.Raw) -> Any:
        """`host.do`."""
        if method != "host.do":
            raise UnknownMethodError(f"hosts have no method {method}", method=method)
        return self._commands.run(decode_params(params, w.OriginParams))

    def notification(self, connection: Connection, method: str, params: msgspec.Raw) -> None:
        """`host.lease` and `facts.ack`."""
        if method == "host.lease":
            lease = decode_params(params, w.LeaseGrantParams)
            self._leases.renew(lease.clients, lease.claims)
            self.on_lease()
        elif method == "facts.ack":
            keys = decode_params(params, w.AckParams).keys
            self._journal.acknowledge(keys)
            self._flying.difference_update(keys)
            self._send_facts()
        else:
            raise UnknownMethodError(f"hosts have no notification {method}", method=method)

    def closed(self, connection: Connection) -> None:
        """Calls go on; what was asked goes on too, and its answer is remembered under its key."""
