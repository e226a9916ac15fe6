"""The last events, numbered, for clients that were away for a moment.

The ring holds less than a client may be behind, so that every replay fits into the client's backlog; who needs more
gets a snapshot.
"""

from __future__ import annotations

from collections import deque

from boardd.api.board_schema import BACKLOG_LIMIT_BYTES, EventNote
from boardd.api.codec import notification_line
from boardd.api.connection import Connection
from boardd.contract.events import Event

RING_BYTES = BACKLOG_LIMIT_BYTES // 2


class EventLog:
    """Numbers events from 1 and sends them to all subscribers. `epoch` names this life of the daemon."""

    def __init__(self, epoch: str, ring_bytes: int = RING_BYTES) -> None:
        self.epoch = epoch
        self.seq = 0
        self._ring: deque[bytes] = deque()
        self._size_bytes = 0
        self._limit_bytes = ring_bytes
        self._subscribers: dict[Connection, None] = {}

    @property
    def subscribers(self) -> int:
        """How many connections get events."""
        return len(self._subscribers)

    def append(self, event: Event) -> None:
        """Give the event its number, keep it, send it."""
        self.seq += 1
        event.seq = self.seq
        line = notification_line("event", EventNote(event=event))
        self._ring.append(line)
        self._size_bytes += len(line)
        while self._size_bytes > self._limit_bytes:
            self._size_bytes -= len(self._ring.popleft())
        for connection in list(self._subscribers):
            connection.send_line(line)

    def has_after(self, epoch: str, seq: int) -> bool:
        """Whether every event after `seq` of `epoch` is still here."""
        return epoch == self.epoch and self.seq - len(self._ring) <= seq <= self.seq

    def attach(self, connection: Connection, seq: int) -> None:
        """Send everything after `seq` and go on with every new event."""
        if not self.has_after(self.epoch, seq):
            connection.close("events missing")
            return
        missed = self.seq - seq
        for line in list(self._ring)[len(self._ring) - missed :]:
            connection.send_line(line)
        self._subscribers[connection] = None

    def detach(self, connection: Connection) -> None:
        """Send nothing more."""
        self._subscribers.pop(connection, None)
