"""The host's event stream: numbers events and hands them to the uplink while there is one.

An event is encoded at the moment it is published, because the objects it carries go on changing. Nothing is kept for a
daemon that is away: it gets a snapshot when it comes back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from boardd import clock
from boardd.api.board_schema import EventNote
from boardd.api.codec import notification_line
from boardd.contract.events import Event, EventType

EventSink = Callable[[bytes], None]


class Outlet:
    """Publishes events of one domain; `hseq` is the number of the last one."""

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._sinks: list[EventSink] = []
        self.hseq = 0

    def attach(self, sink: EventSink) -> None:
        """From now on `sink` gets each event as one line of JSON-RPC."""
        self._sinks.append(sink)

    def detach(self, sink: EventSink) -> None:
        """`sink` gets no more."""
        if sink in self._sinks:
            self._sinks.remove(sink)

    def publish(self, kind: EventType, **objects: Any) -> None:
        """Number the event, stamp it and hand it on."""
        self.hseq += 1
        if not self._sinks:
            return
        event = Event(type=kind, at=clock.instant(), hseq=self.hseq, domain=self._domain, **objects)
        line = notification_line("host.event", EventNote(event=event))
        for sink in list(self._sinks):
            sink(line)
