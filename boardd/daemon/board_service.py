"""boardd.sock: what the daemon does for each method. Handlers that forward to a host are coroutines, all others not."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import structlog
from msgspec import Raw

from boardd.api import board_schema as schema
from boardd.api.codec import UnknownMethodError
from boardd.api.method import Right
from boardd.api.server import HandlerFunction, Session
from boardd.contract.errors import ArgumentError, ClaimConflictError, UnknownIdError, WrongStateError
from boardd.contract.ids import valid_name
from boardd.contract.objects import Board, Bridge, Call, Channel, Snapshot, Span
from boardd.daemon.claims import Claims
from boardd.daemon.eventlog import EventLog
from boardd.daemon.facts import Facts
from boardd.daemon.registry import Registry
from boardd.daemon.routing import Router

log = structlog.get_logger()

_ON_CALL = (
    "call.take",
    "call.alert",
    "call.answer",
    "call.reject",
    "call.hangup",
    "call.play",
    "call.stop_play",
    "call.tone",
    "call.send_digits",
    "call.flash",
    "call.record",
    "call.stop_record",
)


@dataclass(slots=True)
class ClientState:
    """What the daemon keeps of one client's connection."""

    claimed: set[str] = field(default_factory=set)
    subscribed: bool = False


class BoardService:
    """See `server.Service`. `known_groups`: names of the configured channel groups."""

    def __init__(
        self,
        *,
        name: str,
        began_wall_ms: int,
        known_groups: frozenset[str],
        registry: Registry,
        events: EventLog,
        claims: Claims,
        router: Router,
        facts: Facts,
    ) -> None:
        self._name, self._began_wall_ms, self._known_groups = name, began_wall_ms, known_groups
        self._mirror, self._events, self._claims = registry.mirror, events, claims
        self._router, self._facts = router, facts
        self._sessions: dict[int, Session] = {}
        self.counters: dict[str, Mapping[str, int]] = {}
        """Counters of other parts by name, shown by `status`."""

    # -- server.Service -----------------------------------------------------------------------------------------------
    def handlers(self) -> Mapping[str, HandlerFunction]:
        """See server.Service."""
        named = self._named
        return {
            "hello": self._hello,
            "status": self._status,
            "snapshot": self._snapshot,
            "subscribe": self._subscribe,
            "boards": self._boards,
            "spans": self._spans,
            "channels": self._channels,
            "calls": self._calls,
            "bridges": self._bridges,
            "scan": self._router.scan,
            "claim": named(self._claim),
            "unclaim": named(self._unclaim),
            "lease": named(self._lease),
            "call.dial": named(self._router.dial),
            **{method: named(partial(self._on_call, method)) for method in _ON_CALL},
            "bridge.create": named(self._router.create_bridge),
            "bridge.change": named(self._router.change_bridge),
            "bridge.destroy": named(self._router.destroy_bridge),
            "facts": named(self._take_facts),
            "facts.ack": named(self._ack_facts),
            "span.maintain": self._router.maintain,
            "board.reset": self._router.reset,
        }

    def session_opened(self, session: Session) -> None:
        """See server.Service."""
        session.data = ClientState()
        self._sessions[session.number] = session

    def session_closed(self, session: Session) -> None:
        """See server.Service."""
        self._sessions.pop(session.number, None)
        self._events.detach(session.connection)
        self._facts.session_closed(session)
        self._claims.session_closed(session)

    def notification(self, session: Session, method: str, params: Raw) -> None:
        """See server.Service: clients have nothing to notify."""
        raise UnknownMethodError(f"{method} is not a notification; send it with an id", method=method)

    # -- sessions -----------------------------------------------------------------------------------------------------
    def _named(self, handler: HandlerFunction) -> HandlerFunction:
        """`handler`, for clients that have introduced themselves."""

        def check(session: Session, params: Any) -> Any:
            if not session.name:
                raise WrongStateError("hello comes first: claims are held under the client's name", operation="hello")
            return handler(session, params)

        return check

    def _hello(self, session: Session, params: schema.HelloParams) -> schema.HelloResult:
        if not valid_name(params.client):
            raise ArgumentError(f"client name {params.client!r}: 1-32 of A-Z a-z 0-9 _ . -", argument="client")
        if params.version != schema.PROTOCOL_VERSION:
            text = f"the daemon speaks protocol version {schema.PROTOCOL_VERSION}, not {params.version}"
            raise ArgumentError(text, argument="version", offered=schema.PROTOCOL_VERSION)
        if session.name and session.name != params.client:
            raise WrongStateError(f"this connection is client {session.name} already", operation="hello")
        session.name = params.client
        return schema.HelloResult(epoch=self._events.epoch, version=schema.PROTOCOL_VERSION, server=self._name)

    def _subscribe(self, session: Session, params: schema.SubscribeParams) -> schema.SubscribeResult:
        state: ClientState = session.data
        if state.subscribed:
            raise WrongStateError("this connection is subscribed already", operation="subscribe")
        state.subscribed = True
        events = self._events
        if events.has_after(params.epoch, params.seq):
            seq, gap, snapshot = params.seq, False, None
        else:
            seq, gap, snapshot = events.seq, bool(params.epoch), self._mirror.snapshot()
        # The answer is written when this handler has returned; the events follow it.
        asyncio.get_running_loop().call_soon(self._attach, session, seq)
        return schema.SubscribeResult(epoch=events.epoch, seq=seq, gap=gap, snapshot=snapshot)

    def _attach(self, session: Session, seq: int) -> None:
        if session.number in self._sessions:
            self._events.attach(session.connection, seq)

    # -- reading ------------------------------------------------------------------------------------------------------
    def _snapshot(self, _session: Session, _params: schema.Nothing) -> Snapshot:
        return self._mirror.snapshot()

    def _boards(self, _session: Session, _params: schema.Nothing) -> list[Board]:
        return list(self._mirror.boards.values())

    def _spans(self, _session: Session, _params: schema.Nothing) -> list[Span]:
        return list(self._mirror.spans.values())

    def _channels(self, _session: Session, _params: schema.Nothing) -> list[Channel]:
        return list(self._mirror.channels.values())

    def _calls(self, _session: Session, _params: schema.Nothing) -> list[Call]:
        return list(self._mirror.calls.values())

    def _bridges(self, _session: Session, _params: schema.Nothing) -> list[Bridge]:
        return list(self._mirror.bridges.values())

    def _status(self, _session: Session, _params: schema.Nothing) -> schema.StatusResult:
        return schema.StatusResult(
            epoch=self._events.epoch,
            seq=self._events.seq,
            server=self._name,
            began_wall_ms=self._began_wall_ms,
            clients=[self._client(session) for session in self._sessions.values()],
            claims=[
                {
                    "group": claim.group,
                    "client": claim.client,
                    "uid": claim.uid,
                    "generation": claim.generation,
                    "live": live,
                }
                for claim, live in self._claims.all()
            ],
            domains=list(self._mirror.domains.values()),
            counters={name: value for counters in self.counters.values() for name, value in counters.items()},
        )

    def _client(self, session: Session) -> dict[str, Any]:
        state: ClientState = session.data
        return {
            "name": session.name,
            "pid": session.peer.pid,
            "uid": session.peer.uid,
            "rights": sorted(right for right in session.rights if right is not Right.HOST),
            "subscribed": state.subscribed,
            "facts": self._facts.receiver is session,
            "backlog_bytes": session.connection.backlog_bytes,
        }

    # -- claims -------------------------------------------------------------------------------------------------------
    def _claim(self, session: Session, params: schema.ClaimParams) -> schema.ClaimResult:
        group = params.group
        present = {channel.group for channel in self._mirror.channels.values()}
        if group not in self._known_groups | present:
            raise UnknownIdError(f"there is no channel group {group!r}", id=group)
        generation = self._claims.take(session, group)
        session.data.claimed.add(group)
        log.info("claim_taken", group=group, client=session.name, generation=generation)
        return schema.ClaimResult(group=group, generation=generation)

    def _unclaim(self, session: Session, params: schema.ClaimParams) -> None:
        session.data.claimed.discard(params.group)
        self._claims.give(session, params.group)

    def _lease(self, session: Session, _params: schema.LeaseParams) -> None:
        state: ClientState = session.data
        try:
            self._claims.renew(session, state.claimed)
        finally:
            state.claimed = set(self._claims.groups_of(session))

    # -- calls and facts ----------------------------------------------------------------------------------------------
    def _on_call(self, method: str, session: Session, params: Any) -> Any:
        return self._router.on_call(session, method, params)

    def _take_facts(self, session: Session, _params: schema.FactsParams) -> None:
        self._facts.subscribe(session)

    def _ack_facts(self, session: Session, params: schema.AckParams) -> None:
        if self._facts.receiver is not session:
            raise ClaimConflictError("only the client that receives the facts may acknowledge them")
        self._facts.acknowledge(params.keys)
