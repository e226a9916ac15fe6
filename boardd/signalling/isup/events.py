"""What the far end's messages make of calls and circuits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from boardd.contract.causes import Cause
from boardd.contract.text import _
from boardd.signalling.isup._native import IsupEvent, Kind, Link
from boardd.signalling.isup.circuit import Call, Circuit, Stage
from boardd.signalling.isup.options import IsupOptions, number_from
from boardd.signalling.span import (
    Alerting,
    BlockReason,
    ChannelRestarted,
    Connected,
    Disconnected,
    Incoming,
    LinkDown,
    LinkUp,
    MoreDigits,
    Origin,
    Proceeding,
    Progress,
    SpanEvent,
    Trouble,
)
from boardd.signalling.timing import Cancellable, SpanClock

SUBSCRIBER_FREE = 1
CPG_ALERTING = 1
TRY_AGAIN = 256
"""The library's cause for a call that lost a dual seizure."""
DIGIT_END = "#"


class Side(Protocol):
    """The span, as its listener sees it."""

    options: IsupOptions
    link: Link
    clock: SpanClock
    circuits: dict[int, Circuit]

    def emit(self, event: SpanEvent) -> None:
        """Tell the driver."""

    def new_call(self) -> int:
        """A call number."""

    def by_cic(self, cic: int) -> Circuit | None:
        """The circuit of a CIC."""

    def look(self, circuit: Circuit) -> None:
        """Tell when usability has changed."""

    def released(self, circuit: Circuit) -> None:
        """The call is over and the circuit free."""

    def restart(self, slot: int | None) -> None:
        """See TrunkSpan."""


class Listener:
    """The half of a span that listens."""

    def __init__(self, span: Side) -> None:
        self.link_up = False
        self._span = span
        self._waiting: dict[int, Cancellable] = {}
        self._handlers: dict[Kind, Callable[[Circuit, IsupEvent], None]] = {
            Kind.IAM: self._iam,
            Kind.SAM: self._sam,
            Kind.ACM: self._acm,
            Kind.CPG: self._cpg,
            Kind.ANM: self._anm,
            Kind.CON: self._anm,
            Kind.REL: self._rel,
            Kind.RLC: self._rlc,
            Kind.CLEAR: self._clear,
            Kind.RSC: self._rsc,
            Kind.BLO: self._blo,
            Kind.UBL: self._blo,
            Kind.UCIC: self._ucic,
            Kind.NOT_IN_SERVICE: self._dead,
            Kind.CCR: self._continuity,
            Kind.COT: self._continuity,
        }

    # -- one event --------------------------------------------------------------------------------------------------
    def handle(self, event: IsupEvent) -> None:
        """An event of the library."""
        if event.kind is Kind.UP:
            self._up()
        elif event.kind is Kind.DOWN:
            self._down()
        elif event.kind in (Kind.GRS, Kind.GRA, Kind.CGB, Kind.CGU):
            self._range(event)
        else:
            circuit = self._span.by_cic(event.cic)
            handler = self._handlers.get(event.kind)
            if circuit is not None and handler is not None:
                handler(circuit, event)
                self._span.look(circuit)

    def end_call(self, circuit: Circuit, cause: int, raw: str, origin: Origin = Origin.LINE) -> None:
        """The call is over now; nothing is to be sent for it any more."""
        self.tell_disconnected(circuit, cause, raw, origin)
        self.stop_waiting(circuit)
        self._span.released(circuit)

    def tell_disconnected(self, circuit: Circuit, cause: int, raw: str, origin: Origin) -> None:
        """Once, and only if our side has not hung up."""
        call = circuit.call
        if call is None:
            return
        call.cause = call.cause or cause
        if not call.told and not call.hung_up:
            call.told = True
            self._span.emit(Disconnected(circuit.slot, call.number, int(cause), raw, origin))

    def connected(self, circuit: Circuit) -> None:
        """Answered, by either side."""
        call = circuit.call
        if call and call.stage is not Stage.CLEARING:
            call.stage = Stage.CONNECTED
            self._span.emit(Connected(circuit.slot, call.number))

    def stop_waiting(self, circuit: Circuit) -> None:
        """No more digits are waited for."""
        timer = self._waiting.pop(circuit.slot, None)
        if timer:
            timer.cancel()

    # -- the link ---------------------------------------------------------------------------------------------------
    def _up(self) -> None:
        if self.link_up:
            return
        self.link_up = True
        self._span.emit(LinkUp())
        for circuit in self._span.circuits.values():
            circuit.mark(BlockReason.LINK, False)
        self._span.restart(None)

    def _down(self) -> None:
        if not self.link_up:
            return
        self.link_up = False
        self._span.emit(LinkDown())
        for circuit in self._span.circuits.values():
            circuit.mark(BlockReason.LINK, True)
            self._span.look(circuit)

    # -- ranges -----------------------------------------------------------------------------------------------------
    def _range(self, event: IsupEvent) -> None:
        for index, cic in enumerate(range(event.cic, max(event.cic, event.last) + 1)):
            circuit = self._span.by_cic(cic)
            if circuit is None:
                continue
            if event.kind is Kind.GRS:
                self.end_call(circuit, Cause.TEMPORARY_FAILURE, "GRS", Origin.FAR)
                if index:  # the first one's call carries the acknowledgement
                    self._span.link.drop(cic)
                circuit.mark(BlockReason.FAR, False)
                self._span.emit(ChannelRestarted(circuit.slot, by_far=True))
            elif event.kind is Kind.GRA:
                self._reset_done(circuit)
            elif event.called[index : index + 1] != "0":
                circuit.mark(BlockReason.FAR, event.kind is Kind.CGB)
            self._span.look(circuit)
        if event.kind is not Kind.GRA:
            self._span.link.acknowledge(event)

    # -- calls ------------------------------------------------------------------------------------------------------
    def _iam(self, circuit: Circuit, event: IsupEvent) -> None:
        self.end_call(circuit, Cause.CHANNEL_UNAVAILABLE, "dual seizure")
        call = Call(self._span.new_call(), False, event.called.rstrip(DIGIT_END), Stage.OFFERED)
        call.complete = event.called.endswith(DIGIT_END)
        circuit.call = call
        self._span.link.use(circuit.cic, True)
        if event.continuity:
            self._span.emit(Trouble("isup_continuity", _("continuity checks are not made; call refused"), circuit.slot))
            call.stage, call.hung_up, call.cause = Stage.CLEARING, True, Cause.RESOURCE_UNAVAILABLE
            self._span.link.send("rel", circuit.cic, call.cause)
            circuit.call = None
            self._span.link.use(circuit.cic, False)
            return
        self._span.emit(
            Incoming(
                circuit.slot,
                call.number,
                called=number_from(event.called, event.called_nature),
                caller=number_from(event.caller, event.caller_nature, event.presentation, event.screening),
                original_called=number_from(event.original, 2),
                complete=call.complete,
                category=event.category,
            )
        )
        if circuit.call is call and not call.complete:
            self._wait_for_digits(circuit, call)

    def _sam(self, circuit: Circuit, event: IsupEvent) -> None:
        call = circuit.call
        if call is None or call.stage is not Stage.OFFERED:
            return
        digits = event.called.rstrip(DIGIT_END)
        more = digits[len(call.called) :] if digits.startswith(call.called) else digits
        call.called += more
        call.complete = event.called.endswith(DIGIT_END)
        self._span.emit(MoreDigits(circuit.slot, call.number, more, call.called, call.complete))
        if circuit.call is call and not call.complete:
            self._wait_for_digits(circuit, call)
        else:
            self.stop_waiting(circuit)

    def _wait_for_digits(self, circuit: Circuit, call: Call) -> None:
        self.stop_waiting(circuit)

        def over() -> None:
            self._waiting.pop(circuit.slot, None)
            if circuit.call is call and call.stage is Stage.OFFERED:
                call.complete = True
                self._span.emit(MoreDigits(circuit.slot, call.number, "", call.called, True))

        due_us = self._span.clock.now_us() + self._span.options.gap_ms * 1000
        self._waiting[circuit.slot] = self._span.clock.at_us(due_us, over)

    def _acm(self, circuit: Circuit, event: IsupEvent) -> None:
        call = circuit.call
        if call is None or call.stage is not Stage.SETUP:
            return
        call.stage = Stage.ACCEPTED
        self._span.emit(Proceeding(circuit.slot, call.number, in_band=True))
        if event.value == SUBSCRIBER_FREE:
            self._alerts(circuit, call)

    def _cpg(self, circuit: Circuit, event: IsupEvent) -> None:
        call = circuit.call
        if call is None or call.stage is not Stage.ACCEPTED:
            return
        if event.value == CPG_ALERTING:
            self._alerts(circuit, call)
        else:
            self._span.emit(Progress(circuit.slot, call.number))

    def _alerts(self, circuit: Circuit, call: Call) -> None:
        if circuit.call is call and not call.alerting:
            call.alerting = True
            self._span.emit(Alerting(circuit.slot, call.number, in_band=True))

    def _anm(self, circuit: Circuit, event: IsupEvent) -> None:
        if circuit.call and circuit.call.outgoing and circuit.call.stage is not Stage.CONNECTED:
            self.connected(circuit)

    def _rel(self, circuit: Circuit, event: IsupEvent) -> None:
        self.tell_disconnected(circuit, event.value, f"REL {event.value}", Origin.FAR)
        self._span.link.send("rlc", circuit.cic)
        self.stop_waiting(circuit)
        self._span.released(circuit)

    def _rlc(self, circuit: Circuit, event: IsupEvent) -> None:
        if BlockReason.RESTARTING in circuit.reasons and not circuit.call:
            self._reset_done(circuit)
        elif circuit.call and circuit.call.stage is Stage.CLEARING:
            self._span.released(circuit)

    def _clear(self, circuit: Circuit, event: IsupEvent) -> None:
        """The library has given the call up: a timer, a wrong message, a dual seizure that we lost."""
        call = circuit.call
        if call is None:
            return
        cause = Cause.CHANNEL_UNAVAILABLE if event.value == TRY_AGAIN else event.value
        self.tell_disconnected(circuit, cause, "cleared by the library", Origin.LINE)
        call.stage = Stage.CLEARING
        if event.value == TRY_AGAIN or not self._span.link.busy(circuit.cic):
            self._span.released(circuit)

    # -- circuits ---------------------------------------------------------------------------------------------------
    def _rsc(self, circuit: Circuit, event: IsupEvent) -> None:
        self.end_call(circuit, Cause.TEMPORARY_FAILURE, "RSC", Origin.FAR)
        circuit.mark(BlockReason.FAR, False)
        self._span.link.acknowledge(event)
        self._span.emit(ChannelRestarted(circuit.slot, by_far=True))

    def _blo(self, circuit: Circuit, event: IsupEvent) -> None:
        circuit.mark(BlockReason.FAR, event.kind is Kind.BLO)
        self._span.link.acknowledge(event)

    def _ucic(self, circuit: Circuit, event: IsupEvent) -> None:
        self._trouble(circuit, "isup_unequipped", _("the far end does not know this circuit"))

    def _dead(self, circuit: Circuit, event: IsupEvent) -> None:
        self._trouble(circuit, "isup_no_response", _("the far end does not answer resets or blocking of this circuit"))

    def _continuity(self, circuit: Circuit, event: IsupEvent) -> None:
        self._span.emit(Trouble("isup_continuity", _("continuity checks are not made; request ignored"), circuit.slot))

    def _trouble(self, circuit: Circuit, code: str, text: str) -> None:
        self.end_call(circuit, Cause.CHANNEL_UNAVAILABLE, code)
        circuit.mark(BlockReason.STUCK, True)
        self._span.emit(Trouble(code, text, circuit.slot))

    def _reset_done(self, circuit: Circuit) -> None:
        if BlockReason.RESTARTING in circuit.reasons:
            circuit.mark(BlockReason.RESTARTING, False)
            self._span.emit(ChannelRestarted(circuit.slot, by_far=False))
        circuit.mark(BlockReason.STUCK, False)
