"""Calls that go out: SETUP, digits, what the far end tells, and the timers that libpri leaves out."""

from __future__ import annotations

from boardd.contract.causes import Cause
from boardd.contract.errors import ArgumentError, DeviceError, WrongStateError
from boardd.contract.text import _
from boardd.signalling.q931.calls import Call, Phase
from boardd.signalling.q931.clearing import Clearing
from boardd.signalling.q931.core import Core
from boardd.signalling.q931.stack import DIGITS_MAX, Kind, StackEvent
from boardd.signalling.span import (
    Alerting,
    CallRequest,
    Connected,
    MoreDigitsWanted,
    Number,
    Proceeding,
    Progress,
)

CHANNEL_UNACCEPTABLE = 6
IN_BAND = 1 << 3
"""Bit of progress indicator 8 in `StackEvent.progress`."""
_DIGITS = frozenset("0123456789*#ABCD")


class OutgoingSide:
    """See the module text."""

    def __init__(self, core: Core, clearing: Clearing) -> None:
        self.core = core
        self.clearing = clearing

    # -- commands ---------------------------------------------------------------------------------------------------
    def setup(self, request: CallRequest) -> Call:
        """SETUP. Raises WrongStateError, ArgumentError, DeviceError."""
        core = self.core
        slot = core.slots.get(request.slot)
        if slot is None or not core.slots.free(slot):
            reason = core.slots.reason(slot) if slot else "unused"
            raise WrongStateError(
                f"{core.name}/{request.slot} is not free for a call ({reason or 'busy'})",
                operation="setup",
                state=str(reason or "busy"),
                slot=request.slot,
            )
        check_number("called", request.called, needed=request.complete)
        check_number("caller", request.caller)
        check_number("redirecting", request.redirecting)
        handle = core.stack.setup(request)
        if not handle:
            raise DeviceError(f"{core.name}/{request.slot}: libpri refused the call", function="pri_setup")
        call = core.calls.add(handle, slot.slot, slot.slot, outgoing=True, phase=Phase.DIALING)
        call.called, call.complete, call.exclusive = request.called.digits, request.complete, request.exclusive
        slot.call = call.number
        return call

    def more_digits(self, call: Call, digits: str, *, complete: bool) -> bool:
        """INFORMATION, once the far end has asked. libpri cannot put Sending Complete into it."""
        if not call.outgoing or call.phase is not Phase.DIALING or call.complete:
            return False
        check_number("digits", Number(digits))
        call.called += digits
        call.complete = complete
        call.waiting_digits += digits
        if call.acknowledged:
            self._send_digits(call)
        return True

    # -- from the far end -------------------------------------------------------------------------------------------
    def on_event(self, call: Call, event: StackEvent) -> None:
        """SETUP ACK, PROCEEDING, PROGRESS, ALERTING, CONNECT."""
        if call.silent:
            # Lost to glare, and yet the far end goes on with it, on another slot.
            self.core.do("hangup", call, Cause.NORMAL_CLEARING)
            return
        if call.over or call.phase is Phase.LISTENING or not self._settle_slot(call, event):
            return
        in_band = bool(event.progress & IN_BAND)
        if event.kind is Kind.SETUP_ACK:
            self._on_setup_ack(call, in_band=in_band)
        elif event.kind is Kind.PROCEEDING:
            self._on_proceeding(call, in_band=in_band)
        elif event.kind is Kind.PROGRESS:
            self.core.stop(call, "T304", "T310")
            self.core.emit(Progress(call.slot, call.number, in_band, max(event.cause, 0)))
        elif event.kind is Kind.RINGING:
            self._on_alerting(call, in_band=in_band)
        elif event.kind is Kind.ANSWER:
            self._on_connect(call)

    def _on_setup_ack(self, call: Call, *, in_band: bool) -> None:
        call.acknowledged = True
        self._await_more(call)
        self._send_digits(call)
        self.core.emit(MoreDigitsWanted(call.slot, call.number, in_band))

    def _on_proceeding(self, call: Call, *, in_band: bool) -> None:
        if call.phase is not Phase.DIALING:
            return
        call.acknowledged = True
        call.phase = Phase.PROCEEDING
        self.core.stop(call, "T304")
        self.core.start("T310", call, lambda: self.clearing.expire(call, "T310", Cause.TIMER_EXPIRED))
        self.core.emit(Proceeding(call.slot, call.number, in_band))

    def _on_alerting(self, call: Call, *, in_band: bool) -> None:
        call.acknowledged = True
        call.phase = Phase.ALERTING
        self.core.stop(call, "T304", "T310")
        self.core.start("T301", call, lambda: self.clearing.expire(call, "T301", Cause.NO_ANSWER))
        self.core.emit(Alerting(call.slot, call.number, in_band))

    def _on_connect(self, call: Call) -> None:
        self.core.do("connect_ack", call)
        call.phase = Phase.CONNECTED
        self.core.stop(call, "T301", "T304", "T310")
        self.core.emit(Connected(call.slot, call.number))

    # -- inside -----------------------------------------------------------------------------------------------------
    def _send_digits(self, call: Call) -> None:
        digits, call.waiting_digits = call.waiting_digits, ""
        if digits:
            self.core.do("digits", call, digits.encode())
            self._await_more(call)

    def _await_more(self, call: Call) -> None:
        """T304: the far end has what we sent and says nothing."""
        cause = Cause.INVALID_NUMBER_FORMAT if call.complete else Cause.TIMER_EXPIRED
        self.core.start("T304", call, lambda: self.clearing.expire(call, "T304", cause))

    def _settle_slot(self, call: Call, event: StackEvent) -> bool:
        """Follow the far end to the slot that it has chosen; False: that cannot be, and the call is being ended."""
        core = self.core
        if event.slot == call.slot or event.slot <= 0:
            return True
        slot = core.slots.get(event.slot)
        free = slot is not None and core.slots.free(slot)
        if call.phase is Phase.DIALING and slot is not None and free and not call.exclusive:
            left = core.slots[call.slot]
            left.call, slot.call = 0, call.number
            call.slot, call.channel = slot.slot, event.channel
            core.slots.refresh(left)
            return True
        what = (
            _("the far end moved a call from timeslot {old} to {new}, although it was asked for no other")
            if free
            else _("the far end moved a call from timeslot {old} to {new}, which is not free")
        )
        core.trouble("slot_conflict", what.format(old=call.slot, new=event.slot), call.slot)
        self.clearing.expire(call, "slot", CHANNEL_UNACCEPTABLE)
        return False


def check_number(argument: str, number: Number, *, needed: bool = False) -> None:
    """Raise ArgumentError for digits that cannot stand in a number element."""
    digits = number.digits
    if len(digits) > DIGITS_MAX or not set(digits) <= _DIGITS or (needed and not digits):
        raise ArgumentError(f"{argument} must be 1-{DIGITS_MAX} of 0-9 * # A-D", argument=argument, value=digits)
