"""HDLC frames on a timeslot: each takes its time at 64 kbit/s, one after the other, and may be hit on the way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from hwsim.kernel.sim import Sim

OCTET_US = 125
OVERHEAD_OCTETS = 3
"""Check sequence and one flag."""


@dataclass(slots=True)
class Flight:
    """A frame on the way."""

    frame: bytes
    start_us: int
    end_us: int
    hit: bool = False


class HdlcPath:
    """One direction of one slot; `arrived(frame, hit)` is called when the last octet is in."""

    def __init__(self, sim: Sim, arrived: Callable[[bytes, bool], None]) -> None:
        self.sim = sim
        self._arrived = arrived
        self._flights: deque[Flight] = deque()

    def send(self, frame: bytes) -> None:
        """Put a frame behind those that are on the way."""
        start_us = max(self.sim.now_us, self._flights[-1].end_us if self._flights else 0)
        end_us = start_us + (len(frame) + OVERHEAD_OCTETS) * OCTET_US
        self._flights.append(Flight(frame, start_us, end_us))
        self.sim.at(end_us, self._land)

    def hit(self) -> None:
        """A slip or a break of the line: what is on the line just now is damaged."""
        if self._flights and self._flights[0].start_us <= self.sim.now_us:
            self._flights[0].hit = True

    def _land(self) -> None:
        flight = self._flights.popleft()
        self._arrived(flight.frame, flight.hit)
