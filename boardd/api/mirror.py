"""A copy of what the boards are doing, kept current by events.

`apply` takes events in order. `replace` takes a snapshot after events were missed and returns the events that were not
seen, so that whoever follows the events sees exactly one end of each call. A daemon that has just started knows a
domain only when its host has dialled in: until then the calls known before are kept, and those that the host does not
confirm end when the domain connects.
"""

from __future__ import annotations

import msgspec

from boardd.api.difference import Lost, bridge_ended, difference, released
from boardd.contract.events import Event, EventType
from boardd.contract.objects import Alarm, Board, Bridge, Call, Channel, Domain, Instant, Snapshot, Span


class Mirror:
    """Objects by id (alarms by code and subject). Treat the objects as values: they are replaced, never changed."""

    def __init__(self, snapshot: Snapshot | None = None) -> None:
        self.domains: dict[str, Domain] = {}
        self.boards: dict[str, Board] = {}
        self.spans: dict[str, Span] = {}
        self.channels: dict[str, Channel] = {}
        self.calls: dict[str, Call] = {}
        self.bridges: dict[str, Bridge] = {}
        self.alarms: dict[tuple[str, str], Alarm] = {}
        self._unconfirmed: set[str] = set()
        if snapshot is not None:
            self._load(snapshot)

    def snapshot(self) -> Snapshot:
        """Everything at this moment."""
        return Snapshot(
            domains=list(self.domains.values()),
            boards=list(self.boards.values()),
            spans=list(self.spans.values()),
            channels=list(self.channels.values()),
            calls=list(self.calls.values()),
            bridges=list(self.bridges.values()),
            alarms=list(self.alarms.values()),
        )

    def of_domain(self, name: str) -> Snapshot:
        """What belongs to one domain; alarms name no domain and are left out."""
        boards = [board for board in self.boards.values() if board.domain == name]
        ids = {board.id for board in boards}
        return Snapshot(
            domains=[domain for domain in self.domains.values() if domain.name == name],
            boards=boards,
            spans=[span for span in self.spans.values() if span.board in ids],
            channels=[channel for channel in self.channels.values() if channel.domain == name],
            calls=[call for call in self.calls.values() if call.domain == name],
            bridges=[bridge for bridge in self.bridges.values() if bridge.domain == name],
        )

    def apply(self, event: Event) -> list[Event]:
        """Take one event over. Returns the events that follow from it: ends that nobody saw."""
        self._take_boards(event)
        self._take_calls(event)
        if event.type is EventType.ALARM_CLEARED and event.alarm is not None:
            self.alarms.pop((event.alarm.code, event.alarm.subject), None)
        elif event.alarm is not None:
            self.alarms[event.alarm.code, event.alarm.subject] = event.alarm
        if event.type is EventType.DOMAIN and event.host is not None and event.host.connected:
            return self._bury_unconfirmed(event.host.name, event.at)
        return []

    def replace(self, snapshot: Snapshot, at: Instant) -> list[Event]:
        """Take a whole snapshot over. Returns the events that lead to it from what was known before."""
        old = self.snapshot()
        known = {domain.name for domain in snapshot.domains if domain.connected}
        present = {call.id for call in snapshot.calls} | {bridge.id for bridge in snapshot.bridges}
        calls = [call for call in old.calls if call.domain not in known and call.id not in present]
        bridges = [bridge for bridge in old.bridges if bridge.domain not in known and bridge.id not in present]
        kept = msgspec.structs.replace(
            snapshot,
            calls=[*snapshot.calls, *calls],
            bridges=[*snapshot.bridges, *bridges],
        )
        events = difference(old, kept, at)
        self._load(kept)
        self._unconfirmed = {call.id for call in calls} | {bridge.id for bridge in bridges}
        return events

    def _load(self, snapshot: Snapshot) -> None:
        self.domains = {domain.name: domain for domain in snapshot.domains}
        self.boards = {board.id: board for board in snapshot.boards}
        self.spans = {span.id: span for span in snapshot.spans}
        self.channels = {channel.id: channel for channel in snapshot.channels}
        self.calls = {call.id: call for call in snapshot.calls}
        self.bridges = {bridge.id: bridge for bridge in snapshot.bridges}
        self.alarms = {(alarm.code, alarm.subject): alarm for alarm in snapshot.alarms}

    def _take_boards(self, event: Event) -> None:
        if event.host is not None:
            self.domains[event.host.name] = event.host
        if event.board is not None:
            self.boards[event.board.id] = event.board
        if event.span is not None:
            self.spans[event.span.id] = event.span
        if event.channel is not None:
            self.channels[event.channel.id] = event.channel

    def _take_calls(self, event: Event) -> None:
        if event.call is not None:
            self._unconfirmed.discard(event.call.id)
            if event.type is EventType.CALL_RELEASED:
                self.calls.pop(event.call.id, None)
            elif event.call.released is None or event.call.id in self.calls:
                self.calls[event.call.id] = event.call
        if event.bridge is not None:
            self._unconfirmed.discard(event.bridge.id)
            if event.type is EventType.BRIDGE_ENDED:
                self.bridges.pop(event.bridge.id, None)
            else:
                self.bridges[event.bridge.id] = event.bridge

    def _bury_unconfirmed(self, domain: str, at: Instant) -> list[Event]:
        events = []
        for call in [c for c in self.calls.values() if c.domain == domain and c.id in self._unconfirmed]:
            events.append(released(call, self.channels.get(call.channel), at, Lost()))
        for bridge in [b for b in self.bridges.values() if b.domain == domain and b.id in self._unconfirmed]:
            events.append(bridge_ended(bridge, at))
        for event in events:
            self._take_calls(event)
        return events
