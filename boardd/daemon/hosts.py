"""host.sock: hosts dial in, tell what they own, and are asked to do things.

Order on a connection: `host.hello`, `host.snapshot`, then `host.event` notifications with hseq + 1, + 2, … A gap, an
event before the snapshot or nonsense closes the connection: the host comes again with a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from msgspec import Raw

from boardd.api.board_schema import (
    EventNote,
    FactNote,
    HostHelloParams,
    HostSnapshotParams,
    LeaseGrantParams,
    OriginParams,
)
from boardd.api.codec import UnknownMethodError, decode_params
from boardd.api.connection import DisconnectedError
from boardd.api.server import HandlerFunction, Session
from boardd.contract.driver import CONTRACT_VERSION
from boardd.contract.errors import BoarddError, ConfigurationError, DeadlineError, HostDownError, WrongStateError
from boardd.contract.objects import Domain, Fact
from boardd.daemon.registry import Registry

log = structlog.get_logger()
T = TypeVar("T")


@dataclass(slots=True)
class HostLink:
    """One host's connection. `hseq` is None until its snapshot has come."""

    session: Session
    domain: Domain | None = None
    hseq: int | None = None


class Hosts:
    """The service of host.sock; see `server.Service`."""

    def __init__(
        self,
        registry: Registry,
        *,
        on_fact: Callable[[Fact], None],
        on_ready: Callable[[str], None],
    ) -> None:
        self._registry = registry
        self._on_fact = on_fact
        self._on_ready = on_ready
        self._links: dict[str, HostLink] = {}
        self.counters = {"host_events": 0, "host_gaps": 0, "facts": 0}

    # -- asking hosts -------------------------------------------------------------------------------------------------
    def ready(self) -> list[str]:
        """Domains whose host is connected and has told its snapshot, in configured order."""
        return [name for name in self._registry.mirror.domains if self._ready_link(name) is not None]

    async def do(self, domain: str, origin: OriginParams, kind: type[T], timeout_s: float) -> T:
        """Have the host of `domain` do something. Raises what it answers, HostDownError, DeadlineError."""
        link = self._ready_link(domain)
        if link is None:
            raise _host_down(domain)
        try:
            return await link.session.connection.request("host.do", origin, kind, timeout_s=timeout_s)
        except DisconnectedError as error:
            raise _host_down(domain) from error
        except DeadlineError as error:
            deadline_ms = round(timeout_s * 1000)
            if error.data.get("method") != "host.do":
                raise
            text = f"{origin.method}: the host of domain {domain} did not answer within {deadline_ms} ms"
            raise DeadlineError(text, method=origin.method, domain=domain, deadline_ms=deadline_ms) from error

    def notify(self, domain: str, method: str, params: Any) -> None:
        """Notify one host, if it is there."""
        link = self._ready_link(domain)
        if link is not None:
            link.session.connection.notify(method, params)

    def grant(self, grant: LeaseGrantParams) -> None:
        """Tell every host which controllers are there."""
        for domain in self.ready():
            self.notify(domain, "host.lease", grant)

    def drop(self, domain: str, reason: str) -> None:
        """Close a host's connection: it comes again and tells everything anew."""
        link = self._links.get(domain)
        if link is not None:
            link.session.connection.close(reason)

    def _ready_link(self, domain: str) -> HostLink | None:
        link = self._links.get(domain)
        if link is None or link.hseq is None or not link.session.connection.open:
            return None
        return link

    # -- server.Service -----------------------------------------------------------------------------------------------
    def handlers(self) -> Mapping[str, HandlerFunction]:
        """See server.Service."""
        return {"host.hello": self._hello, "host.snapshot": self._snapshot}

    def session_opened(self, session: Session) -> None:
        """See server.Service."""
        session.data = HostLink(session)

    def session_closed(self, session: Session) -> None:
        """See server.Service."""
        link: HostLink = session.data
        if link.domain is not None and self._links.get(link.domain.name) is link:
            del self._links[link.domain.name]
            if self._registry.mirror.domains[link.domain.name].connected:
                self._registry.host_down(link.domain.name)

    def notification(self, session: Session, method: str, params: Raw) -> None:
        """See server.Service."""
        link: HostLink = session.data
        if link.domain is None or self._links.get(link.domain.name) is not link:
            return
        try:
            if method == "host.event":
                self._event(link, link.domain.name, params)
            elif method == "host.fact":
                self.counters["facts"] += 1
                self._on_fact(decode_params(params, FactNote).fact)
            else:
                raise UnknownMethodError(f"there is no notification {method!r} here", method=method)
        except BoarddError as error:
            log.error("host_nonsense", domain=link.domain.name, method=method, text=error.message)
            session.connection.close("nonsense", error)

    # -- what hosts tell ----------------------------------------------------------------------------------------------
    def _hello(self, session: Session, params: HostHelloParams) -> None:
        name = params.domain.name
        if params.contract_version != CONTRACT_VERSION:
            text = f"host {name} speaks contract version {params.contract_version}, the daemon {CONTRACT_VERSION}"
            raise ConfigurationError(text, domain=name)
        if name not in self._registry.mirror.domains:
            raise ConfigurationError(f"domain {name} is not in the daemon's configuration", domain=name)
        link: HostLink = session.data
        older = self._links.get(name)
        link.domain, link.hseq, session.name = params.domain, None, name
        self._links[name] = link
        if older is not None and older is not link:
            older.session.connection.close("replaced")

    def _snapshot(self, session: Session, params: HostSnapshotParams) -> None:
        link: HostLink = session.data
        if link.domain is None or self._links.get(link.domain.name) is not link:
            raise WrongStateError("host.hello comes first", operation="host.snapshot")
        # The domain of the hello is as old as the connection; a later snapshot knows state and library.
        name = link.domain.name
        link.domain = next((d for d in params.snapshot.domains if d.name == name), link.domain)
        self._registry.host_snapshot(link.domain, params.snapshot)
        link.hseq = params.hseq
        self._on_ready(link.domain.name)

    def _event(self, link: HostLink, name: str, params: Raw) -> None:
        event = decode_params(params, EventNote).event
        if link.hseq is None:
            raise WrongStateError("host.snapshot comes before events", operation="host.event")
        if event.hseq != link.hseq + 1:
            self.counters["host_gaps"] += 1
            log.warning("host_events_missing", domain=name, expected=link.hseq + 1, hseq=event.hseq)
            link.session.connection.close("events missing")
            return
        link.hseq = event.hseq
        self.counters["host_events"] += 1
        self._registry.host_event(name, event)


def _host_down(domain: str) -> HostDownError:
    return HostDownError(f"the host of domain {domain} is not connected", domain=domain)
