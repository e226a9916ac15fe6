"""Serves one table of methods on a Unix socket.

The owner supplies a `Service`: handlers by method name, told when sessions begin and end. A handler gets the session
and its typed parameters and returns the result or an awaitable of it; it raises BoarddError. Handlers that return at
once are finished before the next message of the same peer is looked at.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import structlog
from msgspec import Raw

from boardd.api.board_schema import Nothing
from boardd.api.codec import UnknownMethodError, decode_params
from boardd.api.connection import STRANGERS, Connection, Limits
from boardd.api.listener import Listener
from boardd.api.method import Method, Right
from boardd.api.peer import Peer, peer_of
from boardd.api.rights import GroupRights, require
from boardd.contract.errors import BugError, ForbiddenError, OverloadError

log = structlog.get_logger()

CONNECTION_LIMIT = 128

HandlerFunction = Callable[["Session", Any], Any]


class Session:
    """One client's connection. `name` is empty until it has introduced itself; `data` is the service's own."""

    def __init__(self, number: int, connection: Connection, peer: Peer, rights: frozenset[Right]) -> None:
        self.number = number
        self.connection = connection
        self.peer = peer
        self.rights = rights
        self.name = ""
        self.data: Any = None


class Service(Protocol):
    """What is served."""

    def handlers(self) -> Mapping[str, HandlerFunction]:
        """A handler for each method of the table."""

    def session_opened(self, session: Session) -> None:
        """A peer has connected."""

    def session_closed(self, session: Session) -> None:
        """A peer is gone."""

    def notification(self, session: Session, method: str, params: Raw) -> None:
        """A peer sent a notification. Raises BoarddError, which the peer is told."""


class Server:
    """Serves `methods` at `path` from `start` until `stop`; see the module text."""

    def __init__(
        self,
        path: Path,
        methods: Mapping[str, Method],
        service: Service,
        rights: GroupRights,
        *,
        mode: int = 0o666,
        group: str = "",
        limits: Limits = STRANGERS,
    ) -> None:
        self.path = path
        self.methods = methods
        self.rights = rights
        self.sessions: dict[Connection, Session] = {}
        self.counters = {"connections": 0, "requests": 0, "refused": 0, "too_slow": 0}
        self._service = service
        self._handlers = dict(service.handlers())
        self._mode, self._group, self._limits = mode, group, limits
        self._listener: Listener | None = None
        self._server: asyncio.Server | None = None
        if self._handlers.keys() != methods.keys():
            raise BugError(f"handlers do not fit the methods: {sorted(self._handlers.keys() ^ methods.keys())}")

    async def start(self) -> None:
        """Listen. Raises ConfigurationError when the socket cannot be had."""
        self._listener = Listener(self.path, self._mode, self._group)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: Connection(self, self._limits), sock=self._listener.socket)

    async def stop(self) -> None:
        """Stop listening and end all sessions."""
        if self._server is not None:
            self._server.close()
        for connection in list(self.sessions):
            connection.cancel_requests()
            connection.close("server stops")
        for connection in list(self.sessions):
            await connection.wait_closed()
        if self._listener is not None:
            self._listener.close()

    # -- connection.Handler -------------------------------------------------------------------------------------------
    def opened(self, connection: Connection) -> None:
        """See connection.Handler. Raises ForbiddenError for a peer without any right."""
        if len(self.sessions) >= CONNECTION_LIMIT:
            self.counters["refused"] += 1
            raise OverloadError("too many connections", reason="too_many_connections", limit=CONNECTION_LIMIT)
        peer = peer_of(connection.socket)
        rights = self.rights.rights_of(peer)
        if not rights:
            self.counters["refused"] += 1
            log.warning("peer_refused", socket=self.path.name, uid=peer.uid, pid=peer.pid)
            groups = self.rights.groups_for(Right.READ)
            raise ForbiddenError(f"only members of these groups may connect: {', '.join(groups)}", groups=groups)
        self.counters["connections"] += 1
        session = Session(self.counters["connections"], connection, peer, rights)
        self.sessions[connection] = session
        self._service.session_opened(session)

    def request(self, connection: Connection, method: str, params: Raw) -> Any:
        """See connection.Handler."""
        session = self._session(connection)
        self.counters["requests"] += 1
        entry = self.methods.get(method)
        if entry is None:
            raise UnknownMethodError(f"there is no method {method[:100]!r} here", method=method[:100])
        require(session.rights, entry.right, method, self.rights.groups_for(entry.right))
        result = self._handlers[method](session, decode_params(params, entry.params))
        return Nothing() if result is None else result

    def notification(self, connection: Connection, method: str, params: Raw) -> None:
        """See connection.Handler."""
        self._service.notification(self._session(connection), method, params)

    def closed(self, connection: Connection) -> None:
        """See connection.Handler."""
        session = self.sessions.pop(connection, None)
        if session is None:
            return
        if connection.reason == "too_slow":
            self.counters["too_slow"] += 1
            log.warning("client_too_slow", client=session.name, uid=session.peer.uid, pid=session.peer.pid)
        self._service.session_closed(session)

    def _session(self, connection: Connection) -> Session:
        session = self.sessions.get(connection)
        if session is None:
            raise ForbiddenError("this connection was refused")
        return session
