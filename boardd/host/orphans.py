"""Calls whose controller is away: treated as it had asked for, given back when it returns.

Unbridged calls hear the treatment's media and end after `max_s`; bridged ones go on and are looked at when one side
hangs up. A controller that comes back finds its calls as they are; the treatment stops when it next acts on them.
"""

from __future__ import annotations

from functools import partial

from boardd.contract.causes import Cause
from boardd.contract.errors import BoarddError
from boardd.contract.objects import Bridge, OnPeerRelease, OrphanTreatment
from boardd.contract.states import ChannelState
from boardd.host.bridges import Bridges
from boardd.host.calls import Calls, LiveCall
from boardd.host.leases import Leases
from boardd.host.media import Media
from boardd.host.tasks import Tasks

ORPHAN = "orphan"


class Orphans:
    """Applies orphan treatments."""

    def __init__(self, calls: Calls, bridges: Bridges, media: Media, leases: Leases, tasks: Tasks) -> None:
        self._calls = calls
        self._bridges = bridges
        self._media = media
        self._leases = leases
        self._tasks = tasks
        calls.on_connected.append(self._connected)
        bridges.on_peer_gone = self._peer_gone

    def lapsed(self, client: str) -> None:
        """The client has been away for too long."""
        for live in self._calls.all():
            if live.call.controller != client or live.call.observed or self._bridges.of(live):
                continue
            if live.waiting:
                self._calls.control(live, client, orphaned=True)
            else:
                self._treat(live)

    def returned(self, client: str) -> None:
        """The client is there again: its calls are simply its again."""
        for live in self._calls.all():
            if live.call.controller == client and live.call.orphaned:
                live.timers.cancel(ORPHAN)
                self._calls.control(live, client, orphaned=False)

    async def acts(self, live: LiveCall) -> None:
        """A controller acts on the call: whatever the host did with it by itself stops."""
        if not live.treatment:
            return
        live.treatment = ""
        live.timers.cancel(ORPHAN)
        if self._media.plays_own(live):
            await self._media.stop_play(live)

    def drops_digit(self, live: LiveCall) -> bool:
        """Whether a digit heard now is not kept."""
        return live.call.orphaned and live.treatment == ORPHAN and not _treatment(live).buffer_digits

    def _treat(self, live: LiveCall) -> None:
        treatment = _treatment(live)
        live.treatment = ORPHAN
        self._calls.control(live, live.call.controller, orphaned=True)
        live.timers.start(ORPHAN, treatment.max_s, partial(self._calls.release, live, treatment.cause, "host"))
        if live.call.state is ChannelState.CONNECTED:
            self._tasks.spawn(self._soothe(live), f"treat {live.id}")

    def _connected(self, live: LiveCall) -> None:
        if live.treatment == ORPHAN:
            self._tasks.spawn(self._soothe(live), f"treat {live.id}")

    async def _soothe(self, live: LiveCall) -> None:
        if live.treatment != ORPHAN or not live.alive:
            return
        try:
            await self._media.play_own(live, _treatment(live).media)
        except BoarddError:
            live.line.counters["treatment_failed"] += 1

    def _peer_gone(self, survivor: LiveCall, bridge: Bridge) -> None:
        if self._bridges.of(survivor):
            return
        controller = survivor.call.controller
        if controller and self._leases.holds(controller):
            return
        treat = _treatment(survivor).on_peer_release is OnPeerRelease.TREAT
        if treat and controller and bridge.controller:
            self._treat(survivor)
        else:
            self._calls.release(survivor, Cause.NORMAL_CLEARING, "host")


def _treatment(live: LiveCall) -> OrphanTreatment:
    return live.call.orphan or OrphanTreatment()
