"""Who is next: waiting contacts strictly in the order in which they came, each to the agent idle longest.

`match` looks at the contacts of all queues in one order. A contact that no free agent serves does not hold up those
behind it that others serve; among contacts that the same agent could take, the oldest wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from boardd.scheduler.agents.roster import Roster


@dataclass(slots=True)
class Place:
    """A contact's place. `seq` grows with every entry of any queue; `offered` while an agent is being rung for it."""

    contact: str
    queue: str
    seq: int
    entered_mono_ms: int
    offered: bool = False


class Distributor:
    """See the module text. `grant(contact, agent)` is called after the agent was reserved."""

    def __init__(self, roster: Roster, reachable: Callable[[str], bool], grant: Callable[[str, str], None]) -> None:
        self._roster = roster
        self._reachable = reachable
        self._grant = grant
        self._places: dict[str, Place] = {}
        self._last_seq = 0
        self._matching = False

    def enter(self, contact: str, queue: str, entered_mono_ms: int, seq: int = 0) -> Place:
        """Take a place at the end, or after a restart the old place `seq` again. Call `match` afterwards.

        A contact that has the place already keeps it as it is.
        """
        known = self._places.get(contact)
        if known is not None and seq and known.seq == seq:
            return known
        self._last_seq = max(self._last_seq, seq)
        if not seq:
            self._last_seq += 1
            seq = self._last_seq
        place = Place(contact, queue, seq, entered_mono_ms)
        self._places[contact] = place
        return place

    def leave(self, contact: str) -> None:
        """Give the place up."""
        self._places.pop(contact, None)

    def offered(self, contact: str, offered: bool) -> None:
        """Whether an agent is being rung for the contact; False puts it back to its old place."""
        if contact in self._places:
            self._places[contact].offered = offered

    def waiting(self, queue: str) -> list[Place]:
        """The places of one queue, oldest first."""
        return sorted((p for p in self._places.values() if p.queue == queue), key=lambda p: p.seq)

    def ahead(self, contact: str) -> int:
        """How many wait before the contact in its queue."""
        own = self._places.get(contact)
        if own is None:
            return 0
        return sum(1 for place in self._places.values() if place.queue == own.queue and place.seq < own.seq)

    def match(self) -> None:
        """Give waiting contacts to free agents until none fits any more."""
        if self._matching:
            return
        self._matching = True
        try:
            for place in sorted(self._places.values(), key=lambda p: p.seq):
                if place.offered:
                    continue
                agent = self._roster.longest_idle(place.queue, self._reachable)
                if agent:
                    place.offered = True
                    self._roster.reserve(agent, place.contact)
                    self._grant(place.contact, agent)
        finally:
            self._matching = False
