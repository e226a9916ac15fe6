"""The one place that turns what a driver reports into changes of calls, channels, spans and boards.

Nothing that a driver says may end the host: what cannot be is counted on its channel, logged once per channel and kind,
and a channel on which the card has a call that is not ours is hung up.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog

from boardd.contract import driver as d
from boardd.contract.causes import Cause
from boardd.contract.events import EventType
from boardd.contract.states import CALL_STATES, ChannelState, Direction
from boardd.host.alarms import Alarms
from boardd.host.bridges import Bridges
from boardd.host.calls import Calls, LiveCall
from boardd.host.dialer import Dialer
from boardd.host.fxo import TrunkGuards
from boardd.host.line import QUIET_STATES, Line
from boardd.host.media import Media
from boardd.host.offers import Offers
from boardd.host.orphans import Orphans
from boardd.host.registry import Registry
from boardd.host.stations import Stations
from boardd.host.tasks import Tasks
from boardd.host.unattended import UnattendedOffers

log = structlog.get_logger("boardd.host")
S = ChannelState
_NO_CALL = frozenset({S.IDLE, S.OUT_OF_SERVICE, S.BROKEN})


class Intake:
    """The driver's event sink. `on_fatal` is told why the library is beyond repair."""

    def __init__(
        self,
        registry: Registry,
        alarms: Alarms,
        calls: Calls,
        guards: TrunkGuards,
        offers: Offers,
        stations: Stations,
        dialer: Dialer,
        media: Media,
        bridges: Bridges,
        orphans: Orphans,
        unattended: UnattendedOffers,
        tasks: Tasks,
    ) -> None:
        self._registry = registry
        self._alarms = alarms
        self._calls = calls
        self._guards = guards
        self._offers = offers
        self._stations = stations
        self._dialer = dialer
        self._media = media
        self._bridges = bridges
        self._orphans = orphans
        self._unattended = unattended
        self._tasks = tasks
        self.on_fatal: Callable[[str], None] = lambda _reason: None
        self.counters: Counter[str] = Counter()
        self._logged: set[tuple[str, str]] = set()
        self._closed = False
        calls.drain = self._drain
        stations.on_offered = self._unattended.consider
        self._handlers: dict[type[d.DriverEvent], Callable[[Line, Any], None]] = {
            d.Offered: self._offered,
            d.CallerId: self._caller_id,
            d.RingCount: self._ring_count,
            d.Proceeding: partial(self._progress, state=S.PROCEEDING),
            d.Alerting: partial(self._progress, state=S.ALERTING),
            d.Connected: self._connected,
            d.ReleasedByFar: self._released_by_far,
            d.LineFree: self._line_free,
            d.OffHook: self._off_hook,
            d.OnHook: self._on_hook,
            d.Flash: self._flash,
            d.Digit: self._digit,
            d.DigitsSent: self._digits_sent,
            d.Observed: self._observed,
            d.Usable: self._usable,
            d.ChannelBroken: self._broken,
            d.LineVoltage: self._line_voltage,
        }

    # -- entry --------------------------------------------------------------------------------------------------------
    def attach(self) -> None:
        """The registry was loaded: watch the states of its lines."""
        for line in self._registry.lines.values():
            line.on_state = self._state_changed
            if line.channel.state is S.BROKEN:
                self._alarms.set("channel_broken", line.id, line.channel.reason)
            if line.channel.state is S.RELEASING:
                self._watch_releasing(line)
            if line.is_station:
                self._stations.usable(line)

    def close(self) -> None:
        """The host is stopping: offers that still come are refused."""
        self._closed = True

    def __call__(self, event: d.DriverEvent) -> None:
        """Take an event from the driver, in the order in which things happened. Never raises."""
        try:
            self._take(event)
        except Exception:
            self.counters["bugs"] += 1
            log.exception("event_failed", channel=event.channel, event_type=type(event).__name__)

    def _take(self, event: d.DriverEvent) -> None:
        if self._domain_event(event):
            return
        line = self._registry.lines.get(event.channel)
        if line is None:
            self._unexpected(None, event)
        elif isinstance(event, d.PlayEnded):
            self._media.play_ended(line, event)
        elif isinstance(event, d.PlayAdvanced):
            self._media.advanced(line, event)
        elif isinstance(event, d.RecordEnded):
            self._media.record_ended(line, event)
        elif line.holds or line.backlog:
            line.backlog.append(event)
        else:
            self._handle(line, event)

    def _domain_event(self, event: d.DriverEvent) -> bool:
        if isinstance(event, d.Fatal):
            self.on_fatal(event.reason)
        elif isinstance(event, d.Trouble):
            subject = self._registry.subject(event.channel)
            if event.raised:
                self._alarms.set(event.code, subject, event.text)
            else:
                self._alarms.clear(event.code, subject)
        elif isinstance(event, d.SpanChanged):
            if not self._registry.span_changed(event):
                self._unexpected(None, event)
        elif isinstance(event, d.BoardChanged):
            if not self._registry.board_changed(event):
                self._unexpected(None, event)
        elif isinstance(event, d.TieEnded):
            self._bridges.tie_ended(event.channel)
        else:
            return False
        return True

    def _drain(self, line: Line) -> None:
        while line.backlog and not line.holds:
            event = line.backlog.popleft()
            try:
                self._handle(line, event)
            except Exception:
                self.counters["bugs"] += 1
                log.exception("event_failed", channel=event.channel, event_type=type(event).__name__)

    def _handle(self, line: Line, event: d.DriverEvent) -> None:
        handler = self._handlers.get(type(event))
        if handler is None:
            self._unexpected(line, event)
            return
        handler(line, event)
        if not line.holds:
            line.sync()
            self._reconcile(line)

    def _unexpected(self, line: Line | None, event: d.DriverEvent) -> None:
        name = type(event).__name__
        self.counters[f"unexpected_{name}"] += 1
        if line is not None:
            line.counters[f"unexpected_{name}"] += 1
        if (event.channel, name) not in self._logged:
            self._logged.add((event.channel, name))
            state = str(line.port.state) if line is not None else "unknown channel"
            log.warning("event_unexpected", channel=event.channel, event_type=name, state=state)

    def _late(self, line: Line, event: d.DriverEvent) -> None:
        """An event about a call that has just ended is late; with a busy card and no call of ours it is wrong."""
        if line.port.state in QUIET_STATES:
            line.counters["late"] += 1
        else:
            self._unexpected(line, event)

    def _reconcile(self, line: Line) -> None:
        """State before events: what the card has on the channel and what we have must be the same."""
        live = line.call
        if live is not None:
            if live.on_card and live.alive and line.port.state in _NO_CALL:
                line.counters["lost"] += 1
                self._calls.release(live, Cause.TEMPORARY_FAILURE, "card")
        elif line.port.state in CALL_STATES:
            self._hang_up_stray(line)

    def _hang_up_stray(self, line: Line) -> None:
        """The card has a call that is not ours."""
        line.counters["stray"] += 1
        self._calls.hold(line)
        self._tasks.spawn(self._clear(line, Cause.TEMPORARY_FAILURE), f"stray {line.id}")

    async def _clear(self, line: Line, cause: Cause) -> None:
        try:
            if not await line.hang_up(cause):
                self._tasks.spawn(line.insist(cause), f"hang up {line.id}")
        finally:
            self._calls.unhold(line)

    # -- calls --------------------------------------------------------------------------------------------------------
    def _offered(self, line: Line, event: d.Offered) -> None:
        live = line.call
        if live is not None:
            dialing = live.call.direction is Direction.OUT and live.call.state is S.DIALING
            if dialing and not line.is_station:
                self._dialer.glare(live, hang_up=False)
            else:
                self._unexpected(line, event)
                self._calls.release(live, Cause.TEMPORARY_FAILURE, "card", hang_up=False)
            line.backlog.appendleft(event)
            return
        if line.port.state is not S.OFFERED:
            self._unexpected(line, event)
            return
        if self._closed:
            return
        live = self._calls.mint(
            line,
            S.OFFERED,
            Direction.IN,
            caller=event.caller,
            caller_name=event.caller_name,
            called=event.called,
            original_called=event.original_called,
        )
        self._calls.hold(line)
        arrived_s = asyncio.get_running_loop().time()
        self._tasks.spawn(self._offer(live, arrived_s), f"offer {live.id}")

    async def _offer(self, live: LiveCall, arrived_s: float) -> None:
        try:
            await self._calls.begin(live, EventType.CALL_OFFERED)
            if live.alive:
                self._offers.offered(live, arrived_s)
                self._unattended.consider(live)
        finally:
            self._calls.unhold(live.line)

    def _caller_id(self, line: Line, event: d.CallerId) -> None:
        live = line.call
        if live is None:
            self._late(line, event)
            return
        if event.caller or event.caller_name:
            live.call.caller = event.caller or live.call.caller
            live.call.caller_name = event.caller_name or live.call.caller_name
            self._calls.publish(EventType.CALLER_ID, live)
        self._guards.caller_id(live, event.complete)

    def _ring_count(self, line: Line, event: d.RingCount) -> None:
        if line.call is None:
            self._late(line, event)
        else:
            self._guards.rings(line.call, event.count)

    def _progress(self, line: Line, event: d.DriverEvent, state: ChannelState) -> None:
        live = line.call
        if live is None:
            self._late(line, event)
        elif live.call.state in (S.DIALING, S.PROCEEDING, S.ALERTING) or (live.waiting and state is S.ALERTING):
            self._calls.progress(live, state)
        else:
            self._unexpected(line, event)

    def _connected(self, line: Line, event: d.Connected) -> None:
        if line.is_station:
            self._stations.connected(line)
        elif line.call is None:
            self._late(line, event)
        else:
            self._calls.connected(line.call, event.evidence)

    def _released_by_far(self, line: Line, event: d.ReleasedByFar) -> None:
        live = line.call
        if live is None:
            self._late(line, event)
            if line.port.state is S.RELEASING:
                self._hang_up_stray(line)
            return
        dialing = live.call.direction is Direction.OUT and live.call.state is S.DIALING
        if dialing and event.cause == Cause.CHANNEL_UNAVAILABLE and not line.is_station:
            self._dialer.glare(live, hang_up=True)
            return
        self._calls.release(live, event.cause, event.origin, maker_code=event.maker_code, maker_text=event.maker_text)

    def _line_free(self, line: Line, event: d.LineFree) -> None:
        live = line.call
        if live is None or not live.on_card or line.port.state not in QUIET_STATES:
            return
        if not live.call.observed:
            self._unexpected(line, event)
        cause = Cause.NORMAL_CLEARING if live.call.observed else Cause.TEMPORARY_FAILURE
        self._calls.release(live, cause, "far" if live.call.observed else "card")

    def _observed(self, line: Line, event: d.Observed) -> None:
        live = line.call
        if live is not None:
            if not live.call.observed:
                self._unexpected(line, event)
                return
            live.call.caller = event.caller or live.call.caller
            live.call.called = event.called or live.call.called
            self._calls.publish(EventType.CALLER_ID, live)
            return
        if line.port.state is not S.OBSERVED:
            self._unexpected(line, event)
            return
        direction = Direction(event.direction) if event.direction in Direction.__members__.values() else Direction.BOTH
        live = self._calls.mint(line, S.OBSERVED, direction, caller=event.caller, called=event.called, observed=True)
        self._calls.hold(line)
        self._tasks.spawn(self._observe(live), f"observe {live.id}")

    async def _observe(self, live: LiveCall) -> None:
        try:
            await self._calls.begin(live, EventType.CALL_OBSERVED)
        finally:
            self._calls.unhold(live.line)

    # -- stations and digits ------------------------------------------------------------------------------------------
    def _off_hook(self, line: Line, event: d.OffHook) -> None:
        if not line.is_station or not self._stations.off_hook(line):
            self._unexpected(line, event)

    def _on_hook(self, line: Line, event: d.OnHook) -> None:
        if line.is_station:
            self._stations.on_hook(line)
        else:
            self._unexpected(line, event)

    def _flash(self, line: Line, event: d.Flash) -> None:
        if line.call is None:
            self._late(line, event)
        else:
            self._calls.publish(EventType.FLASH, line.call)

    def _digit(self, line: Line, event: d.Digit) -> None:
        live = line.call
        if live is None:
            self._late(line, event)
            return
        if self._orphans.drops_digit(live) or _before_answer(line, live):
            line.counters["digits_dropped"] += 1
            return
        live.call.digits += event.digit
        live.call.digit_count += 1
        self._calls.publish(EventType.DIGIT, live, digit=event.digit)
        if line.is_station:
            self._stations.digit(live)

    def _digits_sent(self, line: Line, event: d.DigitsSent) -> None:
        line.counters["digits_sent" if event.completed else "digits_cut_short"] += 1

    # -- the channel itself -------------------------------------------------------------------------------------------
    def _usable(self, line: Line, event: d.Usable) -> None:
        if event.usable:
            if line.is_station:
                self._stations.usable(line)
            return
        known = line.channel.reason
        if line.port.state is S.OUT_OF_SERVICE:
            line.channel.reason = event.reason
        if line.call is not None:
            self._calls.release(line.call, Cause.TEMPORARY_FAILURE, "line", maker_text=event.reason)
        elif line.channel.state is line.port.state is S.OUT_OF_SERVICE and event.reason != known:
            line.announce()  # the state was seen before the reason, or there is another reason now

    def _broken(self, line: Line, event: d.ChannelBroken) -> None:
        line.channel.reason = event.reason
        self._alarms.set("channel_broken", line.id, event.reason)
        if line.call is not None:
            self._calls.release(line.call, Cause.TEMPORARY_FAILURE, "card", maker_text=event.reason)

    def _line_voltage(self, line: Line, event: d.LineVoltage) -> None:
        if line.channel.line_volts != event.volts:
            line.channel.line_volts = event.volts
            if not line.holds:
                line.announce()

    def _state_changed(self, line: Line, old: ChannelState, new: ChannelState) -> None:
        if new is S.RELEASING:
            self._watch_releasing(line)
        elif old is S.RELEASING:
            line.timers.cancel("releasing")
            self._alarms.clear("releasing_stuck", line.id)
        if old is S.BROKEN:
            self._alarms.clear("channel_broken", line.id)

    def _watch_releasing(self, line: Line) -> None:
        """A trunk that does not become free is told; a station's own clock is the person's (see stations)."""
        if line.is_station:
            return
        text = f"{line.group.releasing_limit_s} s"
        line.timers.start(
            "releasing",
            line.group.releasing_limit_s,
            partial(self._alarms.set, "releasing_stuck", line.id, text),
        )


def _before_answer(line: Line, live: LiveCall) -> bool:
    """A caller cannot press keys before we answer: what is heard on a trunk then is the number (caller ID as DTMF)."""
    waiting = live.call.direction is Direction.IN and live.call.state is ChannelState.OFFERED
    return waiting and not line.is_station and not line.is_tap
