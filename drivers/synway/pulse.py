"""Whether the sound of ties moves: the engine's thread, and the maker's threads in our pump. Looked at once a second.

engine        a heartbeat: the media engine's thread has come round. Without ties there is no engine to watch
library_late  a call that one of the maker's threads makes for the pump has not come back in the time of a command
stuck         nor in the time that the door grants any other call: the library is given up
tie_still     of a channel: the card gives or takes nothing although a tie wants it
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from boardd.contract.driver import Heartbeat, Trouble
from boardd.contract.text import _
from boardd.native.door import DeadlineClass
from boardd.native.reports import DoorReports
from drivers.synway.flow import Flow
from drivers.synway.pump import PumpState
from drivers.synway.session import Session, log
from drivers.synway.tie import Ties

BEAT_S = 1.0
STILL_S = 2.0
"""Longer than any piece, and than the turns in which a recording begins or ends."""


@dataclass
class _Way:
    """One way of one channel: how far it was, and since when it has not moved."""

    at: int = -1
    since_s: float = 0.0

    def stands_s(self, wanted: bool, at: int, now_s: float) -> float:
        if not wanted or at != self.at:
            self.at, self.since_s = at, now_s
        return now_s - self.since_s


class _Leg:
    """One channel with a pump."""

    def __init__(self) -> None:
        self._from, self._to, self._call = _Way(), _Way(), _Way()

    def still(self, flow: Flow, state: PumpState, now_s: float) -> str:
        """What does not move, in words."""
        from_s = self._from.stands_s(flow.hears, state.given, now_s)
        to_s = self._to.stands_s(flow.speaks, state.taken, now_s)
        if from_s >= STILL_S:
            return _("a tie gets no sound from the card")
        return _("the card takes no sound of a tie") if to_s >= STILL_S else ""

    def away_s(self, state: PumpState, now_s: float) -> float:
        """For how long a call has been out."""
        return self._call.stands_s(bool(state.calling), state.calls, now_s)


class Pulse:
    """Watches the ties of a started library; `flows`: the channels that can be tied."""

    def __init__(self, session: Session, ties: Ties, heartbeat: Heartbeat, reports: DoorReports) -> None:
        self._session = session
        self._ties = ties
        self._heartbeat = heartbeat
        self._reports = reports
        self._beats = -1
        self._legs: dict[str, _Leg] = {}
        self._still: dict[str, str] = {}
        self._late = ""
        self._given_up = False
        self.flows: Callable[[], Iterable[tuple[str, Flow]]] = lambda: ()

    async def run(self) -> None:
        """Look every BEAT_S; ends only by cancellation."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(BEAT_S)
            self.look(loop.time())

    def look(self, now_s: float) -> None:
        """Once."""
        beats = self._ties.beats
        if beats is None or beats != self._beats:
            self._heartbeat.beat("engine")
        self._beats = -1 if beats is None else beats
        away_s, function = 0.0, ""
        for channel, flow in self.flows():
            state = flow.state
            if state is None:
                continue
            leg = self._legs.setdefault(channel, _Leg())
            self._tell_still(channel, leg.still(flow, state, now_s))
            leg_s = leg.away_s(state, now_s)
            if leg_s > away_s:
                away_s, function = leg_s, state.calling
        self._tell_late(away_s, function)

    def _tell_still(self, channel: str, text: str) -> None:
        before = self._still.get(channel, "")
        if text == before:
            return
        self._still[channel] = text
        log.warning("tie_still", channel=channel, what=text or "moves again")
        self._session.emit(Trouble(channel, "tie_still", bool(text), text))

    def _tell_late(self, away_s: float, function: str) -> None:
        door = self._session.door
        late_s = door.deadlines_ms[DeadlineClass.COMMAND] / 1000
        if away_s < late_s:
            if self._late:
                self._reports.hooks().recovered(self._late)
                self._late = ""
            return
        if not self._late:
            self._late = function
            self._reports.hooks().late(function)
        if away_s >= late_s + door.stuck_after_ms / 1000 and not self._given_up:
            self._given_up = True
            self._reports.stuck(f"{function} hangs, called by a thread of the library itself")
