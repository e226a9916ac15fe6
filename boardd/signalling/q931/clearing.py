"""How calls end: by us, by the far end, by nobody; and that each ends in exactly one Released."""

from __future__ import annotations

from boardd.contract.causes import Cause
from boardd.contract.text import _
from boardd.signalling.q931.calls import Call, Phase
from boardd.signalling.q931.core import Core
from boardd.signalling.q931.profile import RestartPolicy
from boardd.signalling.q931.restarts import Restarts
from boardd.signalling.q931.slots import RESERVED
from boardd.signalling.q931.stack import StackEvent
from boardd.signalling.span import Disconnected, Origin, Released

PROGRESS_IN_BAND = 8
CALL_TIMERS = ("T301", "T302", "T304", "T306", "T310", "T313")

AT_ONCE = frozenset({1, 34, 44, 82, 88})
"""Causes for which libpri answers a SETUP with RELEASE COMPLETE; for others it needs CALL PROCEEDING first."""


class Clearing:
    """See the module text."""

    def __init__(self, core: Core, restarts: Restarts) -> None:
        self.core = core
        self.restarts = restarts

    # -- by us ------------------------------------------------------------------------------------------------------
    def disconnect(self, call: Call, cause: int) -> None:
        """End the call from our side; no event but Released follows."""
        call.told_end = True
        self._note_cause(call, cause)
        self._clear(call, cause)

    def expire(self, call: Call, timer: str, cause: int) -> None:
        """A timer of ours ended the call."""
        with self.core.working():
            self._tell(call, cause, timer, Origin.LINE)
            self._clear(call, cause)

    def refuse(self, handle: int, channel: int, cause: int) -> None:
        """Refuse a SETUP that never becomes a call of ours."""
        if cause not in AT_ONCE:
            self.core.stack.do("proceeding", handle, channel)
        self.core.stack.do("hangup", handle, cause)

    def _clear(self, call: Call, cause: int) -> None:
        core = self.core
        core.stop(call, *CALL_TIMERS)
        if not core.slots.link_up:
            # Nothing can be sent; the far end is told by a restart of the slot when the link is back.
            self.forget(call)
            return
        if call.phase is Phase.OFFERED and cause not in AT_ONCE:
            core.do("proceeding", call, call.channel)
        call.phase = Phase.CLEARING
        core.do("hangup", call, cause)
        self.sweep()

    # -- by the far end, or by the stack ----------------------------------------------------------------------------
    def on_request(self, call: Call, event: StackEvent) -> None:
        """DISCONNECT."""
        core = self.core
        if call.phase is Phase.CLEARING or call.silent:
            core.do("hangup", call, max(event.cause, 0) or Cause.NORMAL_CLEARING)
            return
        message = core.message
        in_band = bool(message and PROGRESS_IN_BAND in message.progress) and core.profile.keep_in_band
        cause = self._cause(call, event)
        core.stop(call, *CALL_TIMERS)
        if in_band:
            call.phase = Phase.LISTENING
            core.start("T306", call, lambda: self._heard_enough(call, cause))
        else:
            call.phase = Phase.CLEARING
            core.do("hangup", call, cause)
        self._tell(call, cause, self._raw(event), Origin.FAR, in_band=in_band)

    def on_hangup(self, call: Call, event: StackEvent) -> None:
        """RELEASE, RELEASE COMPLETE, STATUS of a call that the far end does not have, or a timer of the stack."""
        far = self.core.message is not None
        raw = self._raw(event) if far else self._timer_of(call)
        # libpri's cause of a SETUP that nobody answered depends on what became of the link meanwhile.
        cause = Cause.NO_USER_RESPONDING if raw == "T303" else self._cause(call, event)
        self.core.do("hangup", call, cause)
        unavailable = far and cause == Cause.CHANNEL_UNAVAILABLE and call.phase is Phase.DIALING and not call.silent
        self._tell(call, cause, raw, Origin.FAR if far else Origin.LINE)
        if unavailable:
            self._end_and_restart(call)
        else:
            self.end(call)

    def on_acknowledged(self, call: Call, event: StackEvent) -> None:
        """The release is complete, or was not completed in time."""
        core = self.core
        if core.message is None and core.slots.link_up:
            core.trouble(
                "stuck_call",
                _("timeslot {slot}: the far end did not complete the release of a call (T308 twice)").format(
                    slot=call.slot
                ),
                call.slot,
                lasts=True,
            )
            core.slots[call.slot].stuck = core.profile.restart is not RestartPolicy.NEVER
            self._end_and_restart(call)
            return
        self._note_cause(call, event.cause)
        self.end(call)

    def _end_and_restart(self, call: Call) -> None:
        """The far end has another idea of the slot than we: both bring it back to idle, if the far end can."""
        slot = self.core.slots[call.slot]
        if self.core.profile.restart is not RestartPolicy.NEVER:
            self.restarts.want_soon(slot.slot)
        self.end(call)

    def sweep(self) -> None:
        """End the calls that the library has dropped without a word (refused SETUPs, RELEASE of unusual causes)."""
        for call in self.core.calls:
            if (call.phase is Phase.CLEARING or call.silent) and not self.core.stack.known(call.handle):
                self.end(call)

    def _heard_enough(self, call: Call, cause: int) -> None:
        with self.core.working():
            self._clear(call, cause)

    # -- by nobody --------------------------------------------------------------------------------------------------
    def forget(self, call: Call) -> None:
        """Drop the call without a message."""
        self.core.do("forget", call)
        self.end(call)

    def give_way(self, call: Call, cause: int, why: str, origin: Origin = Origin.LINE) -> None:
        """The call's slot belongs to another call from now on; what the far end still says about it is dealt with."""
        self._tell(call, cause, why, origin)
        self.core.stop(call, *CALL_TIMERS)
        call.silent = True
        # What the owner does when it hears of the end must not take the slot.
        self.core.slots[call.slot].call = RESERVED
        self.core.emit(Released(call.slot, call.number, cause if call.cause is None else call.cause))

    def restarted(self, slot: int, origin: Origin) -> None:
        """A RESTART, ours or theirs, ends what is on the slot (Q.931 5.5: no clearing messages)."""
        for call in self.core.calls:
            if call.slot == slot and not call.silent:
                self._tell(call, Cause.TEMPORARY_FAILURE, "RESTART", origin)
                self.core.do("forget", call)
                self.end(call)

    def end(self, call: Call) -> None:
        """The call is over for good; its slot is free."""
        core = self.core
        if core.calls.by_number(call.number) is None:
            return
        core.stop(call, *CALL_TIMERS)
        core.calls.remove(call)
        if call.silent:
            return
        slot = core.slots.get(call.slot)
        if slot is not None and slot.call == call.number:
            slot.call = 0
            # The far end could not be told; it may believe that the call goes on.
            slot.dirty = slot.dirty or not core.slots.link_up
        core.emit(Released(call.slot, call.number, Cause.NORMAL_UNSPECIFIED if call.cause is None else call.cause))
        if slot is not None:
            core.slots.refresh(slot)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _tell(self, call: Call, cause: int, raw: str, origin: Origin, *, in_band: bool = False) -> None:
        self._note_cause(call, cause)
        if call.told_end or call.silent:
            return
        call.told_end = True
        self.core.emit(Disconnected(call.slot, call.number, cause, raw, origin, in_band))

    def _note_cause(self, call: Call, cause: int) -> None:
        if call.cause is None and cause > 0:
            call.cause = int(cause)

    def _cause(self, call: Call, event: StackEvent) -> int:
        """The cause of a clearing event; a message without one leaves what is known, or normal clearing."""
        if event.cause > 0:
            return event.cause
        return call.cause if call.cause is not None else Cause.NORMAL_UNSPECIFIED

    def _raw(self, event: StackEvent) -> str:
        """The cause as it stood in the message: value, location, coding if not ITU-T, diagnostics."""
        message = self.core.message
        found = message.cause if message is not None else None
        if found is None:
            return "no cause" if event.cause <= 0 else str(event.cause)
        parts = [str(found.value), f"loc={found.location}"]
        if found.coding:
            parts.append(f"coding={found.coding}")
        if found.diagnostics:
            parts.append(f"diag={found.diagnostics.hex()}")
        return " ".join(parts)

    def _timer_of(self, call: Call) -> str:
        """Which timer of the stack has ended the call."""
        if not self.core.slots.link_up:
            return "T309"
        return "T303" if call.phase is Phase.DIALING and not call.acknowledged else "timer"
