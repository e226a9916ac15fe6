"""One bearer of an MFC-R2 trunk: between the exchange's words for a call and the R2 line."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from boardd.contract.causes import Cause
from hwsim.line.digital import Setup
from hwsim.signalling.r2_line import R2Context, R2Event, R2EventKind, R2Line
from hwsim.signalling.r2_profile import R2Cause, q850_of, r2_of
from hwsim.spanbus.circuit import SwitchedCircuit

if TYPE_CHECKING:
    from hwsim.spanbus.channel import Channel


class Phase(Enum):
    """How far the call of this line is."""

    FREE = "free"
    OURS = "ours"
    """The network seized: it is the forward side."""
    COLLECTING = "collecting"
    """The card seized, numbers are coming in."""
    OFFERED = "offered"
    """The exchange has the numbers of the card's call."""
    ACCEPTING = "accepting"
    """KB is being sent."""
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    CLEARING = "clearing"


class R2Circuit:
    """The card end of an exchange circuit (hwsim.line.digital.CircuitEnd), with a real R2 line behind it."""

    def __init__(self, context: R2Context, circuit: SwitchedCircuit, channel: Channel) -> None:
        self.sim = context.sim
        self.profile = context.profile
        self.circuit = circuit
        self.phase = Phase.FREE
        self.blocked = True
        """The card has not shown idle yet, or shows blocked."""
        self.out_of_use = False
        """The span is in alarm."""
        self.closed = False
        """We show blocked ourselves."""
        self.line = R2Line(context, channel, self._on_event)
        self._answer_when_accepted = False
        self._exchange_waits = False

    def start(self) -> None:
        """Show idle."""
        self.line.set_idle()

    # -- from the exchange ------------------------------------------------------------------------------------------
    def on_setup(self, setup: Setup) -> None:
        """Seize, and send the numbers by register tones."""
        self.phase = Phase.OURS
        self._exchange_waits = False
        self.circuit.switch_register(True)
        if not self.line.make_call("" if setup.restricted else setup.caller, setup.called):
            self._free()
            self._tell_release(Cause.CHANNEL_UNAVAILABLE)
            self.look()

    def on_digits(self, digits: str) -> None:
        """Nothing: registers have taken the whole number at the beginning."""

    def on_proceeding(self) -> None:
        """Nothing: R2 has no such signal."""

    def on_alerting(self) -> None:
        """KB: free."""
        if self.phase is Phase.OFFERED:
            self.phase = Phase.ACCEPTING
            self.line.accept()

    def on_progress(self) -> None:
        """KB free as well: only then can tones and announcements be heard."""
        self.on_alerting()

    def on_connect(self) -> None:
        """Answer line signal, after KB."""
        self.on_alerting()
        if self.phase is Phase.ACCEPTING:
            self._answer_when_accepted = True
        elif self.phase is Phase.ACCEPTED:
            self.phase = Phase.ANSWERED
            self.line.answer()

    def on_release(self, cause: int) -> None:
        """Refusing KB, clear back or clear forward."""
        if self.phase is Phase.FREE:
            self._tell_released()
            return
        self._exchange_waits = True
        self._clear(r2_of(cause))

    def on_released(self) -> None:
        """The exchange confirms; the line signals for it were sent already."""

    # -- from the trunk ---------------------------------------------------------------------------------------------
    def look(self) -> None:
        """Offer the free line to the exchange, or take it away."""
        if self.phase is Phase.FREE:
            never = self.blocked or self.closed or self.out_of_use or self.circuit.timeslot in self.profile.out_only
            self.circuit.card = None if never else self

    def span_lost(self) -> None:
        """An alarm has lasted too long: the call is over at this end."""
        if self.phase is not Phase.FREE:
            waits = self._exchange_waits
            self._free()
            self.line.set_idle()
            if waits:
                self._tell_released()
            else:
                self._tell_release(Cause.DESTINATION_OUT_OF_ORDER)
            self.look()

    # -- from the line ----------------------------------------------------------------------------------------------
    def _on_event(self, event: R2Event) -> None:
        kind = event.kind
        if kind is R2EventKind.CALL_INIT:
            self.phase = Phase.COLLECTING
            self._answer_when_accepted = self._exchange_waits = False
            self.circuit.busy = True
            self.circuit.card = self
            self.circuit.switch_register(True)
        elif kind is R2EventKind.CALL_OFFERED and self.phase is Phase.COLLECTING:
            self._offered(event)
        elif kind is R2EventKind.CALL_ACCEPTED:
            self._accepted()
        elif kind is R2EventKind.CALL_ANSWERED and self.phase is Phase.OURS and self.circuit.net:
            self.circuit.net.on_connect()
        elif kind is R2EventKind.CALL_DISCONNECT:
            self._far_cleared(q850_of(event.cause))
        elif kind in (R2EventKind.CLEAR_BACK, R2EventKind.ANSWERED_AGAIN):
            self.circuit.note("card", kind.name.lower())
        elif kind is R2EventKind.CALL_END:
            self._ended()
        elif kind is R2EventKind.PROTOCOL_ERROR:
            self._failed(event.text)
        elif kind in (R2EventKind.LINE_BLOCKED, R2EventKind.LINE_IDLE):
            self.blocked = kind is R2EventKind.LINE_BLOCKED
            self.look()

    def _offered(self, event: R2Event) -> None:
        self.phase = Phase.OFFERED
        self.circuit.busy = False  # the exchange sets it itself when it takes the call
        self.circuit.note("card", "setup", called=event.dnis, caller=event.ani, complete=True)
        if self.circuit.net:
            self.circuit.net.on_setup(Setup(event.dnis, event.ani))
        else:
            self._clear(R2Cause.OUT_OF_ORDER)

    def _accepted(self) -> None:
        self.circuit.switch_register(False)
        if self.phase is Phase.OURS and self.circuit.net:
            self.circuit.net.on_alerting()
        elif self.phase is Phase.ACCEPTING:
            self.phase = Phase.ACCEPTED
            if self._answer_when_accepted:
                self.on_connect()

    def _far_cleared(self, cause: Cause) -> None:
        was_clearing = self.phase is Phase.CLEARING
        collecting = self.phase is Phase.COLLECTING
        self.phase = Phase.CLEARING
        self.line.disconnect(R2Cause.NORMAL)
        if not was_clearing and not collecting:
            self._tell_release(cause)
            # The line is not free before it shows idle, whatever the exchange thinks of the call.
            self.circuit.busy = self.phase is not Phase.FREE

    def _ended(self) -> None:
        phase, waits = self.phase, self._exchange_waits
        self._free()
        if waits:
            self._tell_released()
        elif phase not in (Phase.FREE, Phase.CLEARING, Phase.COLLECTING):
            self._tell_release(Cause.NORMAL_CLEARING)
        self.look()

    def _failed(self, text: str) -> None:
        """A signal was wrong or did not come. The library has given the call up; the line starts afresh."""
        self.circuit.note("net", "r2_error", error=text)
        phase, waits = self.phase, self._exchange_waits
        self._free()
        self.line.set_idle()
        if waits:
            self._tell_released()
        elif phase not in (Phase.FREE, Phase.CLEARING, Phase.COLLECTING):
            self._tell_release(Cause.TEMPORARY_FAILURE)
        self.look()

    # -- inside -----------------------------------------------------------------------------------------------------
    def _clear(self, cause: R2Cause) -> None:
        self.phase = Phase.CLEARING
        self.line.disconnect(cause)

    def _free(self) -> None:
        self.phase = Phase.FREE
        self.circuit.switch_register(False)
        self.line.channel.close()
        self.circuit.busy = False
        self._exchange_waits = False

    def _tell_release(self, cause: int) -> None:
        if self.circuit.net:
            self.circuit.note("card", "release", cause=int(cause))
            self.circuit.net.on_release(int(cause))

    def _tell_released(self) -> None:
        self._exchange_waits = False
        if self.circuit.net:
            self.circuit.net.on_released()
