"""The public Python package: what other people's programs use to answer, dial, play and bridge.

    async with Client.connect("/run/boardd/boardd.sock", name="ivr") as boards:
        await boards.claim("trunks")
        async for event in boards.events():
            if event.type is EventType.CALL_OFFERED: ...

The client reconnects by itself, takes its claims again and goes on with the event after the last one it saw. Requests
are repeated after a reconnect; each carries a key, so that the host does nothing twice. `snapshot` is always current.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import structlog
from msgspec import Raw

from boardd import clock
from boardd.api import board_schema as schema
from boardd.api.board_methods import BoardMethods
from boardd.api.codec import decode_params
from boardd.api.connection import Connection, DisconnectedError
from boardd.api.mirror import Mirror
from boardd.api.remote import NoNotifications, Remote
from boardd.api.stream import Stream
from boardd.contract.errors import BoarddError, CallerError, DeadlineError, StaleClaimError
from boardd.contract.events import Event
from boardd.contract.objects import Fact, Snapshot, Wire

T = TypeVar("T")
log = structlog.get_logger()

DEFAULT_SOCKET = Path("/run/boardd/boardd.sock")
REQUEST_TIMEOUT_S = 30.0
_NOT_REPEATED = frozenset({"board.reset"})


class Client(BoardMethods):
    """A program's door to the boards; see the module text. Made by `connect`, used with `async with`."""

    def __init__(
        self,
        path: Path,
        name: str,
        *,
        follow: bool,
        reconnect: bool,
        wait_s: float | None,
        timeout_s: float,
    ) -> None:
        self.name = name
        self.mirror = Mirror()
        self.epoch = ""
        self.seq = 0
        self.claims: dict[str, int] = {}
        """Groups whose claim is ours now, with its generation."""
        self._wanted_claims: dict[str, None] = {}
        self._follow, self._wait_s, self._timeout_s = follow, wait_s, timeout_s
        self._remote = Remote(path, _Incoming(self), self._greet, once=not reconnect)
        self._reconnect = reconnect
        self._events: list[Stream[Event]] = []
        self._facts: list[Stream[Fact]] = []
        self._wants_facts = False
        self._key_prefix = secrets.token_hex(8)
        self._key_number = 0
        self._lease_task: asyncio.Task[None] | None = None

    @classmethod
    def connect(
        cls,
        path: Path | str = DEFAULT_SOCKET,
        *,
        name: str,
        follow: bool = True,
        reconnect: bool = True,
        wait_s: float | None = None,
        timeout_s: float = REQUEST_TIMEOUT_S,
    ) -> Client:
        """A client that connects when its `async with` block is entered.

        name: under which claims are held; one running program per name. follow: subscribe to events and keep
        `snapshot` current. reconnect: False fails at once when the daemon is not there or goes away. wait_s: how long
        to wait for the daemon at first, None = for ever. timeout_s: how long a request may take, reconnects included.
        """
        return cls(Path(path), name, follow=follow, reconnect=reconnect, wait_s=wait_s, timeout_s=timeout_s)

    async def __aenter__(self) -> Client:
        self._remote.start()
        try:
            async with asyncio.timeout(self._wait_s):
                await self._remote.connection()
        except TimeoutError:
            await self._remote.stop()
            raise self._remote.failure or DisconnectedError(f"{self._remote.path}: no answer") from None
        except BaseException:
            await self._remote.stop()
            raise
        self._lease_task = asyncio.get_running_loop().create_task(self._renew_leases(), name="leases")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._lease_task is not None:
            self._lease_task.cancel()
            await asyncio.gather(self._lease_task, return_exceptions=True)
        await self._remote.stop()
        self._end_streams(None)

    # -- state --------------------------------------------------------------------------------------------------------
    @property
    def snapshot(self) -> Snapshot:
        """Everything as of the last event (needs `follow`)."""
        return self.mirror.snapshot()

    @property
    def connected(self) -> bool:
        """Whether the daemon is there now."""
        return self._remote.current is not None

    def events(self) -> Stream[Event]:
        """Every event from now on, each call's end exactly once, also across reconnects and daemon restarts.

        Events told after a gap carry `text` = "resync"; calls that ended unseen have no cause then (the record has it).
        """
        stream: Stream[Event] = Stream(self._events.remove)
        self._events.append(stream)
        return stream

    async def facts(self) -> Stream[Fact]:
        """Journal facts, again and again until acknowledged with `ack_facts`; one client of the daemon at a time."""
        stream: Stream[Fact] = Stream(self._facts.remove)
        self._facts.append(stream)
        try:
            await self.call("facts", schema.FactsParams(), schema.Nothing)
        except BaseException:
            stream.close()
            raise
        self._wants_facts = True
        return stream

    # -- requests -----------------------------------------------------------------------------------------------------
    async def call(self, method: str, params: Wire, kind: type[T]) -> T:
        """See BoardMethods."""
        if getattr(params, "key", None) == "":
            self._key_number += 1
            params.key = f"{self._key_prefix}-{self._key_number}"  # type: ignore[attr-defined]
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._repeat(method, params, kind)
        except TimeoutError:
            if self._remote.failure is not None:
                raise self._remote.failure from None
            deadline_ms = round(self._timeout_s * 1000)
            text = f"{method}: no answer within {deadline_ms} ms"
            raise DeadlineError(text, method=method, deadline_ms=deadline_ms) from None

    async def _repeat(self, method: str, params: Wire, kind: type[T]) -> T:
        while True:
            connection = await self._remote.connection()
            try:
                return await connection.request(method, params, kind)
            except DisconnectedError:
                if method in _NOT_REPEATED or not self._reconnect:
                    raise

    async def claim(self, group: str) -> int:
        """Become the controller of a channel group until `unclaim`; returns the generation.

        Raises ClaimConflictError while another client holds it.
        """
        result = await self.call("claim", schema.ClaimParams(group=group), schema.ClaimResult)
        self._wanted_claims[result.group] = None
        self.claims[result.group] = result.generation
        return result.generation

    async def unclaim(self, group: str) -> None:
        """Give a claim back."""
        self._wanted_claims.pop(group, None)
        self.claims.pop(group, None)
        await self.call("unclaim", schema.ClaimParams(group=group), schema.Nothing)

    # -- connection ---------------------------------------------------------------------------------------------------
    async def _greet(self, connection: Connection) -> None:
        self.claims.clear()
        await connection.request("hello", schema.HelloParams(client=self.name), schema.HelloResult)
        for group in list(self._wanted_claims):
            await self._retake(connection, group)
        if self._wants_facts:
            await connection.request("facts", schema.FactsParams(), schema.Nothing)
        if self._follow:
            params = schema.SubscribeParams(epoch=self.epoch, seq=self.seq)
            await connection.request("subscribe", params, schema.SubscribeResult, at_once=self._subscribed)

    async def _retake(self, connection: Connection, group: str) -> None:
        try:
            result = await connection.request("claim", schema.ClaimParams(group=group), schema.ClaimResult)
            self.claims[result.group] = result.generation
        except CallerError as error:
            log.warning("claim_not_retaken", group=group, code=error.code, text=error.message)

    async def _renew_leases(self) -> None:
        """Keep our claims: renew what we hold, try again for what somebody else took while we were away."""
        while True:
            await asyncio.sleep(schema.LEASE_RENEW_MS / 1000)
            connection = self._remote.current
            if connection is None or not self._wanted_claims:
                continue
            try:
                for group in [g for g in self._wanted_claims if g not in self.claims]:
                    await self._retake(connection, group)
                timeout_s = schema.LEASE_LAPSE_MS / 1000
                await connection.request("lease", schema.LeaseParams(), schema.Nothing, timeout_s=timeout_s)
            except StaleClaimError as error:
                self._lose_claims(error)
            except BoarddError as error:
                log.warning("lease_not_renewed", code=error.code, text=error.message)

    def _lose_claims(self, error: StaleClaimError) -> None:
        """Another program of our name took over: fighting it would end with both of them handling every call."""
        for group in error.data.get("groups", list(self.claims)):
            log.warning("claim_lost", group=group)
            self.claims.pop(group, None)
            self._wanted_claims.pop(group, None)

    # -- what arrives -------------------------------------------------------------------------------------------------
    def _subscribed(self, result: schema.SubscribeResult) -> None:
        self.epoch, self.seq = result.epoch, result.seq
        if result.snapshot is not None:
            for event in self.mirror.replace(result.snapshot, clock.instant()):
                event.seq = result.seq
                self._publish(event)

    def take_event(self, connection: Connection, event: Event) -> None:
        """An event notification arrived."""
        if event.seq != self.seq + 1:
            log.warning("events_missing", expected=self.seq + 1, seq=event.seq)
            connection.close("events missing")
            return
        self.seq = event.seq
        follow_ups = self.mirror.apply(event)
        self._publish(event)
        for follow_up in follow_ups:
            follow_up.seq = event.seq
            self._publish(follow_up)

    def take_fact(self, fact: Fact) -> None:
        """A fact notification arrived."""
        for stream in self._facts:
            stream.put(fact)

    def connection_closed(self) -> None:
        """The connection ended; without reconnect that is the end."""
        if not self._reconnect:
            self._end_streams(DisconnectedError(f"{self._remote.path}: the connection ended"))

    def _publish(self, event: Event) -> None:
        for stream in self._events:
            stream.put(event)

    def _end_streams(self, error: BoarddError | None) -> None:
        for events in self._events:
            events.fail(error)
        for facts in self._facts:
            facts.fail(error)


class _Incoming(NoNotifications):
    """Hands notifications to the client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._takes: dict[str, Callable[[Connection, Raw], None]] = {"event": self._event, "fact": self._fact}

    def notification(self, connection: Connection, method: str, params: Raw) -> None:
        """See connection.Handler; what we do not know a newer daemon may send."""
        take = self._takes.get(method)
        if take is not None:
            take(connection, params)

    def closed(self, connection: Connection) -> None:
        """See connection.Handler."""
        self._client.connection_closed()

    def _event(self, connection: Connection, params: Raw) -> None:
        self._client.take_event(connection, decode_params(params, schema.EventNote).event)

    def _fact(self, _connection: Connection, params: Any) -> None:
        self._client.take_fact(decode_params(params, schema.FactNote).fact)
