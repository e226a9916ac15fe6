"""What clients ask of this host, one handler per method; the daemon passes the request with who asks (`host.do`).

A client may act on a call when it holds the call's channel group and no other client that is there controls the call.
Which groups it holds is the daemon's word; so are generations of claims, which were compared before the request came.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from boardd.api import board_schema as w
from boardd.contract.causes import Cause
from boardd.contract.driver import DomainDriver, PlayRequest
from boardd.contract.errors import (
    ArgumentError,
    BrokenError,
    ClaimConflictError,
    StaleClaimError,
    UnknownIdError,
)
from boardd.contract.objects import Bridge, Call, Link, OrphanTreatment, PlayStatus, RecordStatus
from boardd.contract.states import BoardState
from boardd.host.bridges import Bridges, members
from boardd.host.calls import Calls, LiveCall
from boardd.host.dialer import Dialer, Wish
from boardd.host.keys import KeyMemory
from boardd.host.leases import Leases
from boardd.host.media import Media
from boardd.host.offers import Offers
from boardd.host.orphans import Orphans
from boardd.host.registry import Registry
from boardd.host.unattended import UnattendedOffers

Handler = Callable[[Any, w.OriginParams], Awaitable[Any]]


class Commands:
    """Checks who asks, and does it once per idempotency key."""

    def __init__(
        self,
        registry: Registry,
        calls: Calls,
        offers: Offers,
        dialer: Dialer,
        media: Media,
        bridges: Bridges,
        orphans: Orphans,
        unattended: UnattendedOffers,
        leases: Leases,
    ) -> None:
        self._registry = registry
        self._calls = calls
        self._offers = offers
        self._dialer = dialer
        self._media = media
        self._bridges = bridges
        self._orphans = orphans
        self._unattended = unattended
        self._leases = leases
        self._keys = KeyMemory()
        self.driver: DomainDriver | None = None
        self.on_reset: Callable[[], None] = lambda: None
        self.on_facts: Callable[[], None] = lambda: None
        self._handlers: dict[str, Handler] = {
            "scan": self._scan,
            "board.reset": self._reset,
            "span.maintain": self._maintain,
            "facts": self._facts,
            "call.dial": self._dial,
            "call.take": self._take,
            "call.alert": self._alert,
            "call.answer": self._answer,
            "call.reject": self._reject,
            "call.hangup": self._hangup,
            "call.play": self._play,
            "call.stop_play": self._stop_play,
            "call.tone": self._tone,
            "call.send_digits": self._send_digits,
            "call.flash": self._flash,
            "call.record": self._record,
            "call.stop_record": self._stop_record,
            "bridge.create": self._create_bridge,
            "bridge.change": self._change_bridge,
            "bridge.destroy": self._destroy_bridge,
            "tie.lend": self._lend,
        }

    @property
    def methods(self) -> frozenset[str]:
        """What this host can be asked."""
        return frozenset(self._handlers)

    async def run(self, origin: w.OriginParams) -> Any:
        """Do a client's request; the result as plain JSON values. Raises BoarddError."""
        handler = self._handlers.get(origin.method)
        if handler is None:
            raise ArgumentError(f"{origin.method} is not for hosts", argument="method", value=origin.method)
        params = _decode(origin)
        self._leases.learn(origin.client, origin.groups)

        async def work() -> Any:
            return msgspec.to_builtins(await handler(params, origin))

        return await self._keys.once(origin.client, getattr(params, "key", ""), origin.method, work)

    # -- who may ------------------------------------------------------------------------------------------------------
    def _check_claim(self, origin: w.OriginParams, group: str, was_ours: bool = False) -> None:
        if group in origin.groups:
            return
        kind = StaleClaimError if was_ours else ClaimConflictError
        raise kind(f"{origin.client} does not hold channel group {group}", client=origin.client, group=group)

    def _own(self, origin: w.OriginParams, call_id: str, taking: bool = False) -> LiveCall:
        """The call, if the client may act on it."""
        live = self._calls.get(call_id)
        holder = live.call.controller
        self._check_claim(origin, live.call.group, was_ours=holder == origin.client)
        if holder and holder != origin.client and (not taking or self._leases.holds(holder)):
            raise ClaimConflictError(f"call {call_id} is controlled by {holder}", call=call_id, controller=holder)
        return live

    def _ending(self, origin: w.OriginParams, call_id: str) -> LiveCall:
        """The call, if the client may end it. Administrators may without a claim: the daemon lets nobody else do so."""
        live = self._calls.get(call_id)
        return self._own(origin, call_id) if live.call.group in origin.groups else live

    async def _act(self, origin: w.OriginParams, call_id: str) -> LiveCall:
        live = self._own(origin, call_id)
        await self._begin_acting(live)
        return live

    async def _begin_acting(self, live: LiveCall) -> None:
        await self._orphans.acts(live)
        self._unattended.taken(live)

    async def _take_over(self, live: LiveCall, client: str, orphan: OrphanTreatment | None, tag: str) -> None:
        if orphan is not None:
            check_orphan(orphan)
            live.call.orphan = orphan
        live.call.tag = tag or live.call.tag
        self._calls.control(live, client, orphaned=False)
        await self._begin_acting(live)

    def _check_running(self) -> None:
        domain = self._registry.domain
        if domain.state is not BoardState.RUNNING:
            raise BrokenError(
                f"domain {domain.name} is {domain.state}: {domain.reason}", domain=domain.name, reason=domain.reason
            )

    # -- domain -------------------------------------------------------------------------------------------------------
    async def _scan(self, _params: w.Nothing, _origin: w.OriginParams) -> w.ScanResult:
        if self.driver is None or self._registry.domain.state is not BoardState.RUNNING:
            return w.ScanResult(cards=[])
        return w.ScanResult(cards=await self.driver.scan())

    async def _reset(self, params: w.BoardResetParams, _origin: w.OriginParams) -> w.Nothing:
        if params.domain != self._registry.domain.name:
            raise UnknownIdError(f"no domain {params.domain} here", domain=params.domain)
        self.on_reset()
        return w.Nothing()

    async def _maintain(self, params: w.SpanMaintainParams, _origin: w.OriginParams) -> w.Nothing:
        self._check_running()
        if params.span not in self._registry.spans:
            raise UnknownIdError(f"no span {params.span} in domain {self._registry.domain.name}", span=params.span)
        if self.driver is not None:
            await self.driver.maintain(params.span, params.what)
        return w.Nothing()

    async def _facts(self, _params: w.FactsParams, _origin: w.OriginParams) -> w.Nothing:
        """Somebody new receives the facts: those not acknowledged are sent again."""
        self.on_facts()
        return w.Nothing()

    # -- calls --------------------------------------------------------------------------------------------------------
    async def _dial(self, params: w.DialParams, origin: w.OriginParams) -> Call:
        self._check_running()
        if bool(params.group) == bool(params.channel):
            raise ArgumentError("exactly one of group and channel must be given", argument="group")
        if params.orphan is not None:
            check_orphan(params.orphan)
        wish = Wish(
            number=params.number,
            caller=params.caller,
            caller_name=params.caller_name,
            controller=origin.client,
            tag=params.tag,
            orphan=params.orphan,
        )
        if params.group:
            self._check_claim(origin, params.group)
            return (await self._dialer.dial_group(params.group, wish)).call
        line = self._registry.line(params.channel)
        self._check_claim(origin, line.channel.group)
        if line.is_station:
            return (await self._dialer.ring(line, wish)).call
        return (await self._dialer.dial_channel(line, wish)).call

    async def _take(self, params: w.TakeParams, origin: w.OriginParams) -> Call:
        live = self._own(origin, params.call, taking=True)
        await self._take_over(live, origin.client, params.orphan, params.tag)
        return live.call

    async def _alert(self, params: w.CallParams, origin: w.OriginParams) -> None:
        await self._offers.alert(await self._act(origin, params.call))

    async def _answer(self, params: w.AnswerParams, origin: w.OriginParams) -> None:
        live = self._own(origin, params.call, taking=True)
        await self._take_over(live, origin.client, params.orphan, params.tag)
        await self._offers.answer(live)

    async def _reject(self, params: w.HangupParams, origin: w.OriginParams) -> None:
        check_cause(params.cause)
        self._offers.reject(self._ending(origin, params.call), params.cause)

    async def _hangup(self, params: w.HangupParams, origin: w.OriginParams) -> None:
        check_cause(params.cause)
        self._calls.release(self._ending(origin, params.call), params.cause, "local")

    async def _play(self, params: w.PlayParams, origin: w.OriginParams) -> PlayStatus:
        live = await self._act(origin, params.call)
        request = PlayRequest(
            files=tuple(params.files),
            loop=params.loop,
            digit_stops=params.digit_stops,
            voice_stops=params.voice_stops,
        )
        return await self._media.play(live, request)

    async def _stop_play(self, params: w.CallParams, origin: w.OriginParams) -> None:
        await self._media.stop_play(await self._act(origin, params.call))

    async def _tone(self, params: w.ToneParams, origin: w.OriginParams) -> None:
        await self._media.tone(await self._act(origin, params.call), params.tone)

    async def _send_digits(self, params: w.DigitsParams, origin: w.OriginParams) -> None:
        line = (await self._act(origin, params.call)).line
        await line.command(lambda: line.port.send_digits(params.digits))

    async def _flash(self, params: w.CallParams, origin: w.OriginParams) -> None:
        line = (await self._act(origin, params.call)).line
        await line.command(line.port.flash)

    async def _record(self, params: w.RecordParams, origin: w.OriginParams) -> RecordStatus:
        return await self._media.record(self._own(origin, params.call), params.path)

    async def _stop_record(self, params: w.StopRecordParams, origin: w.OriginParams) -> RecordStatus:
        return await self._media.stop_record(self._own(origin, params.call), params.record)

    # -- bridges ------------------------------------------------------------------------------------------------------
    async def _create_bridge(self, params: w.BridgeParams, origin: w.OriginParams) -> Bridge:
        await self._act_on_all(origin, params.links)
        return await self._bridges.create(params.links, origin.client, origin.loans)

    async def _change_bridge(self, params: w.ChangeBridgeParams, origin: w.OriginParams) -> Bridge:
        bridge = self._own_bridge(origin, params.bridge)
        await self._act_on_all(origin, params.links)
        return await self._bridges.change(bridge, params.links, origin.loans)

    async def _destroy_bridge(self, params: w.BridgeIdParams, origin: w.OriginParams) -> None:
        await self._bridges.destroy(self._own_bridge(origin, params.bridge))

    async def _lend(self, params: w.TieLendParams, origin: w.OriginParams) -> w.TieLoan:
        return self._bridges.lending.lend(await self._act(origin, params.call))

    async def _act_on_all(self, origin: w.OriginParams, links: list[Link]) -> None:
        """Calls of other domains were asked for there, when they were lent."""
        ours = [call for call in members(links) if not self._bridges.is_foreign(call, origin.loans)]
        for live in [self._own(origin, call) for call in ours]:
            await self._begin_acting(live)

    def _own_bridge(self, origin: w.OriginParams, bridge_id: str) -> Bridge:
        bridge = self._bridges.get(bridge_id)
        for call in members(bridge.links):
            if not self._bridges.is_foreign(call, origin.loans):
                self._own(origin, call)
        return bridge


def check_cause(cause: int) -> None:
    """Raise ArgumentError unless `cause` is a Q.850 number (1-127)."""
    if not 1 <= cause <= Cause.INTERWORKING:
        raise ArgumentError(f"cause {cause}: must be 1-127 (Q.850)", argument="cause", value=cause)


def check_orphan(orphan: OrphanTreatment) -> None:
    """Raise ArgumentError unless the treatment can be carried out."""
    check_cause(orphan.cause)
    if orphan.max_s < 1:
        raise ArgumentError("orphan.max_s must be at least 1", argument="orphan.max_s", value=orphan.max_s)
    if orphan.media and not orphan.media.startswith("/"):
        raise ArgumentError("orphan.media must be an absolute path", argument="orphan.media", value=orphan.media)


def _decode(origin: w.OriginParams) -> Any:
    method = w.METHODS.get(origin.method) or w.HOST_REQUESTS.get(origin.method)
    if method is None:
        raise ArgumentError(f"no method {origin.method}", argument="method", value=origin.method)
    try:
        return msgspec.convert(origin.params, method.params)
    except msgspec.ValidationError as error:
        raise ArgumentError(f"{origin.method}: {error}", argument="params") from error
