"""The events that lead from one snapshot to another.

When somebody has missed events (a host was away from the daemon, a client from the daemon), the new snapshot is the
truth; these events tell what became different, so that everybody downstream sees exactly one end of each call. Such
events carry `text` = "resync".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from boardd.contract.events import Event, EventType
from boardd.contract.objects import Bridge, Call, Channel, Instant, Snapshot
from boardd.contract.states import ChannelState

RESYNC = "resync"
K = TypeVar("K")

_BY_STATE = {
    ChannelState.SEIZED: EventType.CALL_SEIZED,
    ChannelState.OFFERED: EventType.CALL_OFFERED,
    ChannelState.DIALING: EventType.CALL_DIALING,
    ChannelState.PROCEEDING: EventType.CALL_PROCEEDING,
    ChannelState.ALERTING: EventType.CALL_ALERTING,
    ChannelState.CONNECTED: EventType.CALL_CONNECTED,
    ChannelState.OBSERVED: EventType.CALL_OBSERVED,
}


@dataclass(frozen=True, slots=True)
class Lost:
    """What is said of calls that ended unseen: a Q.850 cause when it is known, and who gave it."""

    cause: int | None = None
    origin: str = ""


def difference(old: Snapshot, new: Snapshot, at: Instant, lost: Lost = Lost()) -> list[Event]:
    """Events that turn `old` into `new`: boards first, domains last, ends before beginnings."""
    return [
        *_boards(old, new, at),
        *_ends(old, new, at, lost),
        *_channels(old, new, at),
        *_calls(old, new, at),
        *_bridges(old, new, at),
        *_alarms(old, new, at),
        *_domains(old, new, at),
    ]


def _changed(old: Sequence[K], new: Sequence[K], key: str) -> Iterator[tuple[K | None, K]]:
    before = {getattr(item, key): item for item in old}
    for item in new:
        was = before.get(getattr(item, key))
        if was != item:
            yield was, item


def _event(kind: EventType, at: Instant, domain: str) -> Event:
    return Event(type=kind, at=at, domain=domain, text=RESYNC)


def _boards(old: Snapshot, new: Snapshot, at: Instant) -> Iterator[Event]:
    domain_of = {board.id: board.domain for board in new.boards}
    for _was, board in _changed(old.boards, new.boards, "id"):
        event = _event(EventType.BOARD_STATE, at, board.domain)
        event.board = board
        yield event
    for _had, span in _changed(old.spans, new.spans, "id"):
        event = _event(EventType.SPAN_STATE, at, domain_of.get(span.board, ""))
        event.span = span
        yield event


def _channels(old: Snapshot, new: Snapshot, at: Instant) -> Iterator[Event]:
    for was, channel in _changed(old.channels, new.channels, "id"):
        event = _event(EventType.CHANNEL_STATE, at, channel.domain)
        event.channel = channel
        event.old = str(was.state) if was is not None else ""
        yield event


def _ends(old: Snapshot, new: Snapshot, at: Instant, lost: Lost) -> Iterator[Event]:
    present = {call.id for call in new.calls}
    channels = {channel.id: channel for channel in new.channels}
    for call in old.calls:
        if call.id not in present:
            yield released(call, channels.get(call.channel), at, lost)
    bridges = {bridge.id for bridge in new.bridges}
    for bridge in old.bridges:
        if bridge.id not in bridges:
            yield bridge_ended(bridge, at)


def released(call: Call, channel: Channel | None, at: Instant, lost: Lost) -> Event:
    """The end of a call that nobody saw ending."""
    event = _event(EventType.CALL_RELEASED, at, call.domain)
    event.call = msgspec.structs.replace(
        call,
        released=call.released or at,
        cause=call.cause if call.cause is not None else lost.cause,
        cause_origin=call.cause_origin or lost.origin,
    )
    event.channel = channel
    return event


def bridge_ended(bridge: Bridge, at: Instant) -> Event:
    """The end of a bridge that nobody saw ending."""
    event = _event(EventType.BRIDGE_ENDED, at, bridge.domain)
    event.bridge = bridge
    return event


def _calls(old: Snapshot, new: Snapshot, at: Instant) -> Iterator[Event]:
    channels = {channel.id: channel for channel in new.channels}
    for was, call in _changed(old.calls, new.calls, "id"):
        stepped = was is None or was.state is not call.state
        kind = _BY_STATE.get(call.state, EventType.CALL_CONTROL) if stepped else EventType.CALL_CONTROL
        event = _event(kind, at, call.domain)
        event.call = call
        event.channel = channels.get(call.channel)
        yield event


def _bridges(old: Snapshot, new: Snapshot, at: Instant) -> Iterator[Event]:
    for was, bridge in _changed(old.bridges, new.bridges, "id"):
        kind = EventType.BRIDGE_CREATED if was is None else EventType.BRIDGE_CHANGED
        event = _event(kind, at, bridge.domain)
        event.bridge = bridge
        yield event


def _alarms(old: Snapshot, new: Snapshot, at: Instant) -> Iterator[Event]:
    before = {(alarm.code, alarm.subject): alarm for alarm in old.alarms}
    after = {(alarm.code, alarm.subject): alarm for alarm in new.alarms}
    for key in sorted(before.keys() - after.keys()):
        event = _event(EventType.ALARM_CLEARED, at, "")
        event.alarm = before[key]
        yield event
    for key, alarm in after.items():
        if before.get(key) != alarm:
            event = _event(EventType.ALARM_RAISED, at, "")
            event.alarm = alarm
            yield event


def _domains(old: Snapshot, new: Snapshot, at: Instant) -> Iterator[Event]:
    for _was, domain in _changed(old.domains, new.domains, "name"):
        event = _event(EventType.DOMAIN, at, domain.name)
        event.host = domain
        yield event
