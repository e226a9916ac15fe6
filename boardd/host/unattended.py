"""Offers that nobody is there to take: each channel group says what becomes of them (`unattended`).

ring               let it ring (a station that dials gets busy tone: nobody will come)
answer_hold        answer, play the group's media until a controller takes the call
fallback_station   ring a station of this domain and connect it with the caller
reject, busy_out   refuse with cause 41 or 17 where the line can refuse, else let it ring
"""

from __future__ import annotations

from functools import partial

from boardd.config.site import Unattended
from boardd.contract.capabilities import Capability
from boardd.contract.causes import Cause
from boardd.contract.errors import BoarddError
from boardd.contract.objects import Link
from boardd.contract.states import ChannelState
from boardd.host.bridges import Bridges
from boardd.host.calls import Calls, LiveCall
from boardd.host.dialer import Dialer, Wish
from boardd.host.leases import Leases
from boardd.host.media import Media
from boardd.host.offers import Offers
from boardd.host.registry import Registry
from boardd.host.tasks import Tasks

HOLD = "hold"
FALLBACK = "fallback"
FALLBACK_RETRY_S = 2.0


class UnattendedOffers:
    """Applies the groups' unattended treatment."""

    def __init__(
        self,
        registry: Registry,
        calls: Calls,
        offers: Offers,
        dialer: Dialer,
        media: Media,
        bridges: Bridges,
        leases: Leases,
        tasks: Tasks,
    ) -> None:
        self._registry = registry
        self._calls = calls
        self._offers = offers
        self._dialer = dialer
        self._media = media
        self._bridges = bridges
        self._leases = leases
        self._tasks = tasks
        self._stations: dict[str, LiveCall] = {}
        """Caller's call id -> the station call that was brought up for it."""
        calls.on_connected.append(self._connected)
        calls.on_released.append(self._released)

    def consider_all(self) -> None:
        """Somebody came or went: look at every waiting offer."""
        for live in self._calls.all():
            self.consider(live)

    def consider(self, live: LiveCall) -> None:
        """Treat the offer if nobody is there for it."""
        if not live.waiting or live.treatment or self._has_controller(live):
            return
        grace_s = self._leases.grace_s()
        if grace_s > 0:
            live.timers.start("unattended", grace_s, partial(self.consider, live))
            return
        self._apply(live)

    def _has_controller(self, live: LiveCall) -> bool:
        if live.call.controller:
            return self._leases.holds(live.call.controller)
        return self._leases.attended(live.call.group)

    def _apply(self, live: LiveCall) -> None:
        mode = live.line.group.unattended
        live.line.counters["unattended"] += 1
        if mode is Unattended.FALLBACK_STATION:
            self._bring_station(live)
        elif live.line.is_station:
            self._offers.reject(live, Cause.TEMPORARY_FAILURE, "host")
        elif mode is Unattended.ANSWER_HOLD:
            live.treatment = HOLD
            self._calls.control(live, live.call.controller, orphaned=True)
            self._tasks.spawn(self._answer(live), f"answer and hold {live.id}")
        elif mode in (Unattended.REJECT, Unattended.BUSY_OUT) and live.line.can(Capability.REJECT):
            cause = Cause.USER_BUSY if mode is Unattended.BUSY_OUT else Cause.TEMPORARY_FAILURE
            self._offers.reject(live, cause, "host")

    async def _answer(self, live: LiveCall) -> None:
        try:
            await self._offers.answer(live)
        except BoarddError as error:
            if live.alive:
                self._calls.release(live, Cause.TEMPORARY_FAILURE, "card", maker_text=error.message)

    # -- fallback station ---------------------------------------------------------------------------------------------
    def _bring_station(self, live: LiveCall) -> None:
        line = self._registry.station(live.line.group.fallback_station)
        if line is None or line is live.line:
            return
        if not line.free:
            live.timers.start("unattended", FALLBACK_RETRY_S, partial(self.consider, live))
            return
        live.treatment = FALLBACK
        self._tasks.spawn(self._ring_station(live, line.id), f"fallback {live.id}")

    async def _ring_station(self, live: LiveCall, channel: str) -> None:
        wish = Wish(caller=live.call.caller, caller_name=live.call.caller_name, tag=live.id)
        try:
            if live.call.state is ChannelState.OFFERED and live.line.can(Capability.ALERT):
                await self._offers.alert(live)
            station = await self._dialer.ring(self._registry.line(channel), wish)
        except BoarddError:
            if live.waiting and live.treatment == FALLBACK:
                live.treatment = ""
                live.timers.start("unattended", FALLBACK_RETRY_S, partial(self.consider, live))
            return
        self._stations[live.id] = station
        if not live.alive or live.treatment != FALLBACK:
            self.taken(live)
        elif station.call.state is ChannelState.CONNECTED:
            await self._answer(live)

    def taken(self, live: LiveCall) -> None:
        """A controller took the caller: the station that was being rung for it is not needed."""
        station = self._stations.pop(live.id, None)
        if station is not None and not self._bridges.of(live):
            self._calls.release(station, Cause.NORMAL_CLEARING, "host")

    def _connected(self, live: LiveCall) -> None:
        if live.treatment == HOLD:
            self._tasks.spawn(self._hold(live), f"hold {live.id}")
            return
        caller = self._caller_of(live)
        if caller is not None and caller.waiting and caller.treatment == FALLBACK:
            self._tasks.spawn(self._answer(caller), f"answer {caller.id}")
        station = self._stations.get(live.id)
        if station is not None and live.treatment == FALLBACK:
            self._tasks.spawn(self._join(live, station), f"join {live.id}")

    def _caller_of(self, station: LiveCall) -> LiveCall | None:
        for caller_id, found in self._stations.items():
            if found is station:
                return next((live for live in self._calls.all() if live.id == caller_id), None)
        return None

    async def _hold(self, live: LiveCall) -> None:
        if live.treatment != HOLD or not live.alive:
            return
        try:
            await self._media.play_own(live, live.line.group.unattended_media)
        except BoarddError:
            live.line.counters["treatment_failed"] += 1

    async def _join(self, live: LiveCall, station: LiveCall) -> None:
        links = [Link(source=live.id, sink=station.id), Link(source=station.id, sink=live.id)]
        try:
            await self._bridges.create(links, controller="")
        except BoarddError as error:
            self._calls.release(live, Cause.TEMPORARY_FAILURE, "host", maker_text=error.message)
            self._calls.release(station, Cause.TEMPORARY_FAILURE, "host", maker_text=error.message)

    def _released(self, live: LiveCall) -> None:
        station = self._stations.pop(live.id, None)
        if station is not None and not self._bridges.of(station):
            self._calls.release(station, Cause.NORMAL_CLEARING, "host")
        caller = self._caller_of(live)
        if caller is None:
            return
        del self._stations[caller.id]
        if caller.waiting and caller.treatment == FALLBACK:
            caller.treatment = ""
            caller.timers.start("unattended", FALLBACK_RETRY_S, partial(self.consider, caller))
        elif caller.treatment == FALLBACK and not self._bridges.of(caller):
            self._calls.release(caller, Cause.NORMAL_CLEARING, "host")
