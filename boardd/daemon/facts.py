"""Journal facts on their way from the hosts to the one client that stores them.

Nothing is kept here. A host sends a fact until it is acknowledged: after it connects, and when a new receiver asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog
from msgspec import Raw

from boardd.api.board_schema import AckParams, FactNote, OriginParams
from boardd.api.server import Session
from boardd.contract.errors import BoarddError, ClaimConflictError
from boardd.contract.objects import Fact
from boardd.daemon.hosts import Hosts

log = structlog.get_logger()

RESEND_TIMEOUT_S = 10.0
FactKey = tuple[str, str, str]


class Facts:
    """Who receives facts. `hosts` is set once both exist."""

    def __init__(self) -> None:
        self.hosts: Hosts | None = None
        self._receiver: Session | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def receiver(self) -> Session | None:
        """The session that receives facts."""
        return self._receiver

    def subscribe(self, session: Session) -> None:
        """Send facts to this session from now on; the hosts tell theirs again.

        The same client and user on a new connection replaces the older one. Raises ClaimConflictError for others.
        """
        held = self._receiver
        if held is not None and held is not session and _identity(held) != _identity(session):
            raise ClaimConflictError(f"client {held.name} receives the facts", holder=held.name)
        self._receiver = session
        if self.hosts is None:
            return
        for domain in self.hosts.ready():
            task = asyncio.get_running_loop().create_task(self._ask_again(domain, session), name=f"facts {domain}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def take(self, fact: Fact) -> None:
        """A host told a fact."""
        if self._receiver is not None:
            self._receiver.connection.notify("fact", FactNote(fact=fact))

    def acknowledge(self, keys: Sequence[FactKey]) -> None:
        """Pass acknowledgements to the hosts; a host ignores those that are not its own."""
        if self.hosts is None:
            return
        ready = self.hosts.ready()
        for domain in ready:
            own = [key for key in keys if key[0] == domain or key[0] not in ready]
            if own:
                self.hosts.notify(domain, "facts.ack", AckParams(keys=own))

    def session_closed(self, session: Session) -> None:
        """A client is gone."""
        if self._receiver is session:
            self._receiver = None

    async def _ask_again(self, domain: str, session: Session) -> None:
        if self.hosts is None:
            return
        origin = OriginParams(method="facts", params={}, client=session.name, generation=0, groups=[])
        try:
            await self.hosts.do(domain, origin, Raw, RESEND_TIMEOUT_S)
        except BoarddError as error:
            # A host that cannot be asked tells its facts when it connects.
            log.warning("facts_not_resent", domain=domain, code=error.code, text=error.message)
            self.hosts.drop(domain, "facts not resent")


def _identity(session: Session) -> tuple[str, int]:
    return session.name, session.peer.uid
