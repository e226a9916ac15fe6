"""Copies of everything that the hosts own, and the only place where they change.

Every change is an event: it is numbered, applied to the copy and sent to the clients in one step, so that copy and
event log never disagree. A domain whose host is away keeps its objects: channels are out of service (reason
`host_down`), calls are marked orphaned. The snapshot with which the host comes back tells the truth; calls that are not
in it end then, once.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import structlog

from boardd import clock
from boardd.api.difference import Lost, difference
from boardd.api.mirror import Mirror
from boardd.contract.causes import Cause
from boardd.contract.events import Event, EventType
from boardd.contract.objects import Alarm, Domain, Instant, Severity, Snapshot
from boardd.contract.states import BoardState, ChannelState
from boardd.daemon.eventlog import EventLog

log = structlog.get_logger()

HOST_DOWN = "host_down"
AlarmKey = tuple[str, str]


class Registry:
    """All objects of all domains. `domains`: configured domain -> driver."""

    def __init__(self, events: EventLog, domains: Mapping[str, str]) -> None:
        self.mirror = Mirror()
        self._events = events
        self._host_alarms: dict[str, set[AlarmKey]] = {name: set() for name in domains}
        for name, driver in domains.items():
            self.mirror.domains[name] = Domain(name=name, driver=driver)

    def publish(self, event: Event) -> None:
        """One change: number it, apply it, send it."""
        self.mirror.apply(event)
        self._events.append(event)

    # -- what hosts tell ----------------------------------------------------------------------------------------------
    def host_snapshot(self, domain: Domain, snapshot: Snapshot) -> None:
        """A host has dialled in and told everything it owns."""
        at = clock.instant()
        name = domain.name
        before = self.mirror.domains[name]
        died = bool(before.incarnation) and before.incarnation != domain.incarnation
        lost = Lost(cause=Cause.TEMPORARY_FAILURE, origin=HOST_DOWN) if died else Lost()
        old = self.mirror.of_domain(name)
        old.alarms = [self.mirror.alarms[key] for key in sorted(self._host_alarms[name])]
        truth = _own_objects(name, snapshot)
        truth.domains = [msgspec.structs.replace(domain, connected=True)]
        self._host_alarms[name] = {(alarm.code, alarm.subject) for alarm in truth.alarms}
        _forget_vanished(self.mirror, old, truth)
        for event in difference(old, truth, at, lost):
            self.publish(event)
        self.clear_alarm(HOST_DOWN, name, at)
        log.info("host_connected", domain=name, incarnation=domain.incarnation, calls=len(truth.calls), replaced=died)

    def host_event(self, name: str, event: Event) -> None:
        """One change told by the host of domain `name`."""
        event.domain = name
        if event.host is not None:
            event.host = msgspec.structs.replace(event.host, name=name, connected=True)
        if event.alarm is not None:
            key = (event.alarm.code, event.alarm.subject)
            if event.type is EventType.ALARM_CLEARED:
                self._host_alarms[name].discard(key)
            else:
                self._host_alarms[name].add(key)
        self.publish(event)

    def host_down(self, name: str) -> None:
        """The host of domain `name` is gone; what it owned is kept, marked, until it comes back."""
        at = clock.instant()
        for channel in [c for c in self.mirror.channels.values() if c.domain == name]:
            down = msgspec.structs.replace(
                channel, state=ChannelState.OUT_OF_SERVICE, reason=HOST_DOWN, off_hook=None, changed=at
            )
            event = Event(type=EventType.CHANNEL_STATE, at=at, domain=name, old=str(channel.state), channel=down)
            self.publish(event)
        for call in [c for c in self.mirror.calls.values() if c.domain == name]:
            orphan = msgspec.structs.replace(call, orphaned=True)
            self.publish(Event(type=EventType.CALL_CONTROL, at=at, domain=name, call=orphan, text=HOST_DOWN))
        domain = msgspec.structs.replace(self.mirror.domains[name], connected=False, reason=HOST_DOWN)
        self.publish(Event(type=EventType.DOMAIN, at=at, domain=name, host=domain, text=HOST_DOWN))
        self.raise_alarm(HOST_DOWN, name, at)
        log.warning("host_disconnected", domain=name)

    @property
    def whole(self) -> bool:
        """Whether every domain has told what it owns: its host is connected and its library runs."""
        return all(d.connected and d.state is BoardState.RUNNING for d in self.mirror.domains.values())

    # -- the daemon's own alarms --------------------------------------------------------------------------------------
    def raise_alarm(
        self, code: str, subject: str, at: Instant, severity: Severity = Severity.CRITICAL, text: str = ""
    ) -> None:
        """Raise an alarm of the daemon itself; nothing when it stands already."""
        if (code, subject) in self.mirror.alarms:
            return
        alarm = Alarm(code=code, subject=subject, severity=severity, raised=at, text=text)
        self.publish(Event(type=EventType.ALARM_RAISED, at=at, alarm=alarm))

    def clear_alarm(self, code: str, subject: str, at: Instant) -> None:
        """Clear an alarm of the daemon itself."""
        alarm = self.mirror.alarms.get((code, subject))
        if alarm is not None:
            self.publish(Event(type=EventType.ALARM_CLEARED, at=at, alarm=alarm))


def _own_objects(name: str, snapshot: Snapshot) -> Snapshot:
    """What of a host's snapshot belongs to its own domain: a confused host must not overwrite another's objects."""
    boards = [board for board in snapshot.boards if board.domain == name]
    ids = {board.id for board in boards}
    return Snapshot(
        boards=boards,
        spans=[span for span in snapshot.spans if span.board in ids],
        channels=[channel for channel in snapshot.channels if channel.domain == name],
        calls=[call for call in snapshot.calls if call.domain == name and call.released is None],
        bridges=[bridge for bridge in snapshot.bridges if bridge.domain == name],
        alarms=snapshot.alarms,
    )


def _forget_vanished(mirror: Mirror, old: Snapshot, new: Snapshot) -> None:
    """Boards, spans and channels that the host does not have any more (configuration changed) leave silently."""
    for kind in ("boards", "spans", "channels"):
        present = {item.id for item in getattr(new, kind)}
        for item in getattr(old, kind):
            if item.id not in present:
                getattr(mirror, kind).pop(item.id, None)
