"""RESTART of slots, one after the other (libpri keeps one in hand), and what a far end that does not answer means."""

from __future__ import annotations

from collections import deque
from typing import Protocol

from boardd.contract.text import _
from boardd.signalling.q931.core import Core
from boardd.signalling.span import ChannelRestarted, Origin

ATTEMPTS = 2
CROSSING_US = 4_000_000
"""Longer than Q.921 needs to deliver a message over a line with errors."""
GRACE_MS = 1_000
_T316, _PATIENCE, _GRACE = "T316", "patience", "grace"


class Ender(Protocol):
    """Who ends the calls of a slot that is restarted."""

    def restarted(self, slot: int, origin: Origin) -> None:
        """End what is on the slot without a message."""


class Restarts:
    """The queue of slots to restart; a slot in it takes no calls."""

    ender: Ender

    def __init__(self, core: Core) -> None:
        self.core = core
        self._queue: deque[int] = deque()
        self._sent = 0
        """The slot whose RESTART is out, 0: none."""
        self._sent_us = 0
        self._attempts = 0
        self._answered = False
        """The far end has acknowledged a RESTART in its life."""

    def want(self, slot: int) -> None:
        """Restart a slot as soon as it can be done."""
        found = self.core.slots.get(slot)
        if found is None:
            return
        if not self.core.slots.link_up:
            found.dirty = True
            return
        found.restarting = True
        if slot != self._sent and slot not in self._queue:
            self._queue.append(slot)
        self.core.slots.refresh(found)
        self._next()

    def want_soon(self, slot: int) -> None:
        """Restart a slot unless the far end calls on it within `GRACE_MS`: its SETUP may be on the way."""
        self.core.slots[slot].restarting = True
        self.core.timers.start((_GRACE, slot), GRACE_MS, lambda: self._grace_over(slot))

    def not_needed(self, slot: int) -> None:
        """A call came in on the slot: the far end has no stale call there. One that may have crossed our RESTART on the
        way is another matter: the far end will drop it when that arrives."""
        if (_GRACE, slot) in self.core.timers:
            self.core.timers.cancel((_GRACE, slot))
            self._done(slot)
        elif slot in self._queue:
            self._queue.remove(slot)
            self._done(slot)
        elif slot == self._sent and self.core.clock.now_us() - self._sent_us > CROSSING_US:
            self._stop()
            self._done(slot)
            self._next()

    def link_renewed(self) -> None:
        """The far end has established a link that was up: what was on its way may be lost."""
        if self._sent:
            self._attempts -= 1
            self._send()

    def acknowledged(self, slot: int) -> None:
        """RESTART ACKNOWLEDGE."""
        self._answered = True
        self.core.trouble("restart_unanswered", "", raised=False, lasts=True)
        if slot != self._sent:
            return
        self._stop()
        self._done(slot)
        self.core.emit(ChannelRestarted(slot, by_far=False))
        self._next()

    def link_lost(self) -> None:
        """Nothing can be restarted now; it is made up for when the link is back."""
        for slot in self.core.slots:
            if slot.restarting:
                slot.restarting, slot.dirty = False, True
        self._queue.clear()
        self._stop()

    def _grace_over(self, slot: int) -> None:
        if self.core.slots[slot].restarting:
            self.want(slot)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _next(self) -> None:
        if self._sent or not self._queue:
            return
        self._sent, self._attempts = self._queue.popleft(), 0
        self.ender.restarted(self._sent, Origin.LINE)
        self._send()
        if not self._answered:
            self.core.timers.start(_PATIENCE, self.core.profile.restart_patience_ms, self._out_of_patience)

    def _send(self) -> None:
        self._attempts += 1
        self._sent_us = self.core.clock.now_us()
        with self.core.working():
            self.core.stack.do("restart", self._sent)
        self.core.timers.start(_T316, self.core.profile.ms("T316"), self._unanswered)

    def _stop(self) -> None:
        self._sent = 0
        self.core.timers.cancel(_T316)
        self.core.timers.cancel(_PATIENCE)

    def _done(self, slot: int) -> None:
        found = self.core.slots[slot]
        found.restarting = found.stuck = found.dirty = False
        self.core.trouble("stuck_call", "", slot, raised=False, lasts=True)
        self.core.slots.refresh(found)

    def _out_of_patience(self) -> None:
        """No RESTART was ever answered: use the other slots, wait for this one only."""
        waiting, self._queue = list(self._queue), deque()
        self._tell_unanswered()
        for slot in waiting:
            self._done(slot)

    def _unanswered(self) -> None:
        if self._attempts < ATTEMPTS:
            self._send()
            return
        slot = self._sent
        self._stop()
        self._tell_unanswered()
        found = self.core.slots[slot]
        found.restarting = False
        found.stuck = self._answered
        self.core.slots.refresh(found)
        self._next()

    def _tell_unanswered(self) -> None:
        self.core.trouble(
            "restart_unanswered",
            _("the far end does not answer RESTART; if it never does, set `restart: never` for this span"),
            lasts=True,
        )
