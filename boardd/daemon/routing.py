"""From a client's request to the host that does it.

The owner follows from what the request names: call, channel, group, bridge or domain. Before it is forwarded the client
must hold the claim of every channel group that is touched; only an administrator may hang up without one. Idempotency
keys pass through: the host remembers them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec
import structlog
from msgspec import Raw

from boardd.api.board_schema import (
    BoardResetParams,
    BridgeIdParams,
    BridgeParams,
    ChangeBridgeParams,
    DialParams,
    OriginParams,
    ScanResult,
    SpanMaintainParams,
    TieLendParams,
    TieLoan,
)
from boardd.api.method import Right
from boardd.api.mirror import Mirror
from boardd.api.server import Session
from boardd.contract.errors import (
    ArgumentError,
    BoarddError,
    BrokenError,
    HostDownError,
    OverloadError,
    UnknownIdError,
    UnsupportedError,
)
from boardd.contract.objects import Call, Link, SwitchingProfile, Wire
from boardd.daemon.claims import Claims
from boardd.daemon.hosts import Hosts
from boardd.daemon.resolve import resolve_call, resolve_channel

log = structlog.get_logger()

DEADLINE_S = 10.0
DEADLINES_S = {"board.reset": 150.0, "scan": 30.0}
_WITHOUT_CLAIM = frozenset({"call.hangup", "call.reject"})
_TRY_NEXT = (OverloadError, HostDownError, BrokenError)
"""Answers to a dial by group after which another host that has channels of the group is asked."""


class Router:
    """Finds the host and forwards; every method returns the host's answer as it came."""

    def __init__(self, mirror: Mirror, claims: Claims, hosts: Hosts) -> None:
        self._mirror, self._claims, self._hosts = mirror, claims, hosts

    async def on_call(self, session: Session, method: str, params: Any) -> Raw:
        """A request whose `params.call` names the call."""
        call = resolve_call(self._mirror, params.call)
        generation = self._require(session, method, [self._group_of(call)])
        resolved = msgspec.structs.replace(params, call=call.id)
        return await self._forward(session, call.domain, method, resolved, generation)

    async def dial(self, session: Session, params: DialParams) -> Raw:
        """`call.dial`, on one channel or on a trunk group."""
        if bool(params.channel) == bool(params.group):
            raise ArgumentError("give either group or channel", argument="group")
        if params.channel:
            channel = resolve_channel(self._mirror, params.channel)
            generation = self._require(session, "call.dial", [channel.group])
            resolved = msgspec.structs.replace(params, channel=channel.id)
            return await self._forward(session, channel.domain, "call.dial", resolved, generation)
        domains = self._domains_of_group(params.group)
        generation = self._require(session, "call.dial", [params.group])
        return await self._dial_first(session, domains, params, generation)

    async def create_bridge(self, session: Session, params: BridgeParams) -> Raw:
        """`bridge.create`."""
        links, calls = self._links(params.links)
        generation = self._require(session, "bridge.create", [self._group_of(call) for call in calls])
        owner = self._owner(calls)
        loans = await self._lent(session, owner, calls, generation)
        resolved = msgspec.structs.replace(params, links=links)
        return await self._forward(session, owner, "bridge.create", resolved, generation, loans)

    async def change_bridge(self, session: Session, params: ChangeBridgeParams) -> Raw:
        """`bridge.change`."""
        bridge = self._mirror.bridges.get(params.bridge)
        if bridge is None:
            raise UnknownIdError(f"there is no bridge {params.bridge!r}", id=params.bridge)
        links, calls = self._links(params.links)
        groups = [self._group_of(call) for call in calls]
        generation = self._require(session, "bridge.change", [*self._groups_of_links(bridge.links), *groups])
        there = {end for link in bridge.links for end in (link.source, link.sink)}
        new = [call for call in calls if call.id not in there]
        loans = await self._lent(session, bridge.domain, new, generation)
        resolved = msgspec.structs.replace(params, links=links)
        return await self._forward(session, bridge.domain, "bridge.change", resolved, generation, loans)

    async def destroy_bridge(self, session: Session, params: BridgeIdParams) -> Raw:
        """`bridge.destroy`."""
        bridge = self._mirror.bridges.get(params.bridge)
        if bridge is None:
            raise UnknownIdError(f"there is no bridge {params.bridge!r}", id=params.bridge)
        generation = self._require(session, "bridge.destroy", self._groups_of_links(bridge.links))
        return await self._forward(session, bridge.domain, "bridge.destroy", params, generation)

    async def reset(self, session: Session, params: BoardResetParams) -> Raw:
        """`board.reset`."""
        if params.domain not in self._mirror.domains:
            raise UnknownIdError(f"there is no domain {params.domain!r}", id=params.domain)
        return await self._forward(session, params.domain, "board.reset", params, 0)

    async def maintain(self, session: Session, params: SpanMaintainParams) -> Raw:
        """`span.maintain`."""
        span = self._mirror.spans.get(params.span)
        if span is None:
            raise UnknownIdError(f"there is no span {params.span!r}", id=params.span)
        domain = self._mirror.boards[span.board].domain
        return await self._forward(session, domain, "span.maintain", params, 0)

    async def scan(self, session: Session, params: Wire) -> ScanResult:
        """`scan`: the cards of all hosts; a host that cannot tell is left out and logged."""
        cards: list[dict[str, Any]] = []
        for domain in self._hosts.ready():
            try:
                origin = self._origin(session, "scan", params, 0)
                found = await self._hosts.do(domain, origin, ScanResult, DEADLINES_S["scan"])
            except BoarddError as error:
                log.warning("scan_failed", domain=domain, code=error.code, text=error.message)
                continue
            cards.extend(found.cards)
        return ScanResult(cards=cards)

    # -- which host ---------------------------------------------------------------------------------------------------
    def _domains_of_group(self, group: str) -> list[str]:
        """Domains with channels of the group, in configured order."""
        owners = {channel.domain for channel in self._mirror.channels.values() if channel.group == group}
        if not owners:
            raise UnknownIdError(f"no channel belongs to a group {group!r}", id=group)
        return [name for name in self._mirror.domains if name in owners]

    def _links(self, links: list[Link]) -> tuple[list[Link], list[Call]]:
        """The links with call ids, and their calls, each once."""
        if not links:
            raise ArgumentError("a bridge needs at least one link", argument="links")
        ends = {text: resolve_call(self._mirror, text) for link in links for text in (link.source, link.sink)}
        resolved = [
            msgspec.structs.replace(link, source=ends[link.source].id, sink=ends[link.sink].id) for link in links
        ]
        return resolved, list({call.id: call for call in ends.values()}.values())

    def _owner(self, calls: list[Call]) -> str:
        """The domain that makes the bridge: the one that mixes and has most of the calls, the first of equals."""
        counts = Counter(call.domain for call in calls)
        return max(counts, key=lambda name: (self._switching(name).mixing, counts[name]))

    def _switching(self, domain: str) -> SwitchingProfile:
        return self._mirror.domains[domain].switching

    async def _lent(
        self, session: Session, owner: str, calls: list[Call], generation: int
    ) -> dict[str, TieLoan] | None:
        """Calls of other domains than the owner's, lent by their hosts. Raises UnsupportedError without ties."""
        foreign = [call for call in calls if call.domain != owner]
        if not foreign:
            return None
        domains = [owner, *sorted({call.domain for call in foreign})]
        without = [name for name in domains if not self._switching(name).stream_channels]
        if without:
            raise _no_ties(domains, without)
        loans = {}
        for call in foreign:
            origin = self._origin(session, "tie.lend", TieLendParams(call=call.id), generation)
            loans[call.id] = await self._hosts.do(call.domain, origin, TieLoan, DEADLINE_S)
        return loans

    def _groups_of_links(self, links: Iterable[Link]) -> list[str]:
        """Groups of the calls that are still there."""
        ids = {end for link in links for end in (link.source, link.sink)}
        return [self._group_of(self._mirror.calls[call]) for call in sorted(ids) if call in self._mirror.calls]

    def _group_of(self, call: Call) -> str:
        channel = self._mirror.channels.get(call.channel)
        return channel.group if channel is not None else call.group

    def _require(self, session: Session, method: str, groups: Iterable[str]) -> int:
        """The generation of the first group; raises when the session does not hold them all."""
        if method in _WITHOUT_CLAIM and Right.ADMIN in session.rights:
            held = self._claims.groups_of(session)
            groups = [group for group in groups if group in held]
        generations = [self._claims.require(session, group) for group in dict.fromkeys(groups)]
        return generations[0] if generations else 0

    # -- forwarding ---------------------------------------------------------------------------------------------------
    async def _dial_first(self, session: Session, domains: list[str], params: DialParams, generation: int) -> Raw:
        """Ask one host after the other until one has a channel. Raises the first host's refusal when none has."""
        refusal: BoarddError | None = None
        for domain in domains:
            try:
                return await self._forward(session, domain, "call.dial", params, generation)
            except _TRY_NEXT as error:
                refusal = refusal or error
        raise refusal or OverloadError(f"no channel of group {params.group} is free", group=params.group)

    async def _forward(
        self,
        session: Session,
        domain: str,
        method: str,
        params: Wire,
        generation: int,
        loans: dict[str, TieLoan] | None = None,
    ) -> Raw:
        origin = self._origin(session, method, params, generation)
        origin.loans = loans or {}
        return await self._hosts.do(domain, origin, Raw, DEADLINES_S.get(method, DEADLINE_S))

    def _origin(self, session: Session, method: str, params: Wire, generation: int) -> OriginParams:
        return OriginParams(
            method=method,
            params=msgspec.to_builtins(params),
            client=session.name,
            generation=generation,
            groups=self._claims.groups_of(session),
        )


def _no_ties(domains: list[str], without: list[str]) -> UnsupportedError:
    text = (
        f"these calls belong to the switching domains {', '.join(domains)}; {', '.join(without)} cannot be tied to"
        " others: the library has no functions for it, or the settings forbid it"
    )
    return UnsupportedError(text, operation="bridge", domains=domains, without=without)
