"""One bearer of a PRI: between the exchange's words for a call and the Q.931 stack."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from boardd.contract.causes import Cause
from hwsim.exchange.party import TimerSet
from hwsim.line.digital import Circuit, Setup
from hwsim.signalling.pri_profile import dialled, sent
from hwsim.signalling.q931_events import (
    PROGRESS_IN_BAND,
    CallRequest,
    Presentation,
    PriEvent,
    PriEventKind,
)

if TYPE_CHECKING:
    from hwsim.signalling.pri_network import PriNetwork


class Phase(Enum):
    """How far the Q.931 call of this bearer is."""

    FREE = "free"
    OURS = "ours"
    """The network sent SETUP."""
    THEIRS = "theirs"
    """The card sent SETUP."""
    CLEARING = "clearing"
    """A clearing message was sent or received; the stack's call exists until the exchange of messages is complete."""
    MAINTENANCE = "maintenance"
    """RESTART was sent, as the card did not complete a release (T308 twice) or because somebody wants it: nobody uses
    the bearer before the card has answered."""


T310_MS = 10_000
"""CALL PROCEEDING and nothing more (network side)."""
T316_MS = 120_000
"""RESTART and no answer: it is sent again."""


class PriCircuit:
    """The card end of an exchange circuit (hwsim.line.digital.CircuitEnd), with a real Q.931 call behind it."""

    def __init__(self, network: PriNetwork, circuit: Circuit) -> None:
        self.network = network
        self.circuit = circuit
        self.slot = circuit.timeslot
        self.phase = Phase.FREE
        self.call = 0
        self.channel = 0
        self.reference = 0
        self._in_band = False
        """DISCONNECT with in-band information was sent: the exchange has not released yet."""
        self._waiting_digits = ""
        self._overlap_acknowledged = False
        self._answered_setup = False
        self._exchange_waits = False
        """The exchange released and waits for the confirmation."""
        self._timers = TimerSet(network.sim)

    @property
    def available(self) -> bool:
        """Whether a new call of the card may use this bearer."""
        return self.phase is Phase.FREE and not self.circuit.busy

    # -- from the exchange ------------------------------------------------------------------------------------------
    def on_setup(self, setup: Setup) -> None:
        """SETUP."""
        profile = self.network.profile
        self.phase = Phase.OURS
        self._exchange_waits = False
        self._waiting_digits = ""
        self._overlap_acknowledged = setup.complete
        presentation = Presentation.ALLOWED_NETWORK
        if setup.restricted:
            presentation = Presentation.RESTRICTED_NETWORK
        elif not setup.caller:
            presentation = Presentation.UNAVAILABLE
        self.channel = self.slot
        self.call = self.network.stack.setup(
            CallRequest(
                self.slot,
                sent(setup.called, profile.called_plan),
                sent(setup.caller, profile.caller_plan),
                profile.called_plan,
                profile.caller_plan,
                presentation,
                setup.original_called,
                setup.complete,
                profile.exclusive,
            )
        )
        self.network.adopt(self.call, self)

    def on_digits(self, digits: str) -> None:
        """INFORMATION, once SETUP ACKNOWLEDGE is here."""
        self._waiting_digits += digits
        self._send_digits()

    def on_proceeding(self) -> None:
        """CALL PROCEEDING."""
        if self.phase is Phase.THEIRS:
            self._answered_setup = True
            self.network.stack.proceeding(self.call, self.channel)

    def on_alerting(self) -> None:
        """ALERTING."""
        if self.phase is Phase.THEIRS:
            self.network.stack.alerting(self.call, self.channel, in_band=self.network.profile.alerting_in_band)

    def on_progress(self) -> None:
        """PROGRESS with indicator 8."""
        if self.phase is Phase.THEIRS:
            self.network.stack.progress(self.call, self.channel)

    def on_connect(self) -> None:
        """CONNECT."""
        if self.phase is Phase.THEIRS:
            self.network.stack.connect(self.call, self.channel)

    def on_release(self, cause: int) -> None:
        """The exchange clears: DISCONNECT, RELEASE or RELEASE COMPLETE, whichever the state asks for."""
        if self.phase is Phase.FREE:
            self._tell_released()
            return
        self._exchange_waits = True
        if self.phase is not Phase.CLEARING:
            self._clear(cause)

    def on_disconnect(self, cause: int) -> None:
        """DISCONNECT with in-band information: the bearer stays until the card releases, or T306 is over."""
        if self.phase is Phase.THEIRS:
            self.phase, self._in_band = Phase.CLEARING, True
            self.network.stack.disconnect_in_band(self.call, self.reference, cause)

    def on_released(self) -> None:
        """The exchange confirms the card's release; the messages for it were sent already."""

    # -- from the stack ---------------------------------------------------------------------------------------------
    def incoming(self, event: PriEvent) -> None:
        """SETUP from the card, on this bearer."""
        self.phase = Phase.THEIRS
        self._exchange_waits = False
        self._answered_setup = self._in_band = False
        self.reference = event.reference
        self.call, self.channel = event.call, (event.channel & ~0xFF) | self.slot
        restricted = Presentation.restricted(event.presentation)
        caller = dialled(event.caller, event.caller_plan) if event.caller else ""
        called = dialled(event.called, event.called_plan)
        complete = event.complete or not self.network.profile.overlap
        setup = Setup(called, caller, event.redirecting, "", complete, restricted)
        net = self.circuit.net
        if net is None:
            self._clear(Cause.TEMPORARY_FAILURE)
            return
        self.circuit.note("card", "setup", called=called, caller=caller, complete=complete)
        net.on_setup(setup)
        if self.phase is Phase.THEIRS and not self._answered_setup:
            self.network.stack.need_more(self.call, self.channel)

    def on_event(self, event: PriEvent) -> None:
        """An event of this bearer's call."""
        kind, net = event.kind, self.circuit.net
        if kind not in (PriEventKind.PROCEEDING, PriEventKind.SETUP_ACK, PriEventKind.INFO_RECEIVED):
            self._timers.cancel("T310")
        if kind in (PriEventKind.HANGUP_REQ, PriEventKind.HANGUP, PriEventKind.HANGUP_ACK):
            self._cleared(event)
        elif net is None or self.phase is Phase.CLEARING:
            return
        elif kind is PriEventKind.INFO_RECEIVED:
            net.on_digits(event.digits)
        elif kind is PriEventKind.SETUP_ACK:
            self._overlap_acknowledged = True
            self._send_digits()
        elif kind is PriEventKind.PROCEEDING:
            self._timers.start("T310", self.network.profile.timers.get("T310", T310_MS), self._nothing_more)
            net.on_proceeding()
            self._perhaps_in_band(event)
        elif kind is PriEventKind.PROGRESS:
            self._perhaps_in_band(event)
        elif kind is PriEventKind.RINGING:
            net.on_alerting()
            self._perhaps_in_band(event)
        elif kind is PriEventKind.ANSWER:
            net.on_connect()

    def span_lost(self) -> None:
        """Layer 1 has been gone for too long: the call is over at this end."""
        if self.phase in (Phase.OURS, Phase.THEIRS):
            self._clear(Cause.DESTINATION_OUT_OF_ORDER)
            self._tell_release(Cause.DESTINATION_OUT_OF_ORDER)

    def restart(self) -> None:
        """RESTART of ours: out of use until the card has acknowledged it."""
        self.circuit.card = None
        self._drop()
        self._maintain()

    def restarted(self) -> None:
        """RESTART of the card, acknowledged already: the bearer is idle from now on."""
        if self.phase is Phase.MAINTENANCE:
            self.maintained()
        elif self.phase is Phase.FREE:
            self._tell_released()
        else:
            self._drop()

    def maintained(self) -> None:
        """RESTART ACKNOWLEDGE, or the card's own RESTART: a bearer out of use is good again."""
        if self.phase is Phase.MAINTENANCE:
            self._timers.cancel("T316")
            self.phase = Phase.FREE
            self.circuit.busy = False
            self.network.look_at(self)

    def give_way(self) -> None:
        """The far end, which is the network, has seized this bearer too: our call is over; it will refuse our SETUP."""
        self.network.drop(self.call)
        self.phase, self.call = Phase.FREE, 0
        self._tell_release(Cause.CHANNEL_UNAVAILABLE)

    def forget(self, cause: int) -> None:
        """The stack behind this bearer is no more."""
        self._end(cause)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _perhaps_in_band(self, event: PriEvent) -> None:
        if event.progress_mask & PROGRESS_IN_BAND and self.circuit.net and self.phase is Phase.OURS:
            self.circuit.net.on_progress()

    def _send_digits(self) -> None:
        if self._overlap_acknowledged and self._waiting_digits and self.phase is Phase.OURS:
            digits, self._waiting_digits = self._waiting_digits, ""
            self.network.stack.information(self.call, digits)

    def _nothing_more(self) -> None:
        if self.phase is Phase.OURS:
            self._clear(Cause.TIMER_EXPIRED)
            self._tell_release(Cause.NO_USER_RESPONDING)

    def _clear(self, cause: int) -> None:
        self._timers.cancel()
        self.phase = Phase.CLEARING
        self.network.stack.hangup(self.call, int(cause))

    def _cleared(self, event: PriEvent) -> None:
        """DISCONNECT, RELEASE or RELEASE COMPLETE arrived, or a timer of the stack gave up."""
        call = self.call
        if event.kind is not PriEventKind.HANGUP_REQ:
            unanswered = event.by_timer and self.phase is Phase.CLEARING
            self._end(event.cause)
            if unanswered:
                self._maintain()
        else:
            was_clearing = self.phase is Phase.CLEARING and not self._in_band
            self.phase, self._in_band = Phase.CLEARING, False
            if not was_clearing:
                self._tell_release(event.cause)
            # The bearer is not free before RELEASE COMPLETE, whatever the exchange thinks of the call.
            self.circuit.busy = True
        if event.kind is not PriEventKind.HANGUP_ACK:
            self.network.stack.hangup(call, event.cause)

    def _drop(self) -> None:
        """What is here is over, without a clearing message: both ends forget it (Q.931 5.5)."""
        if self.call:
            self.network.stack.forget(self.call)
        self._end(Cause.TEMPORARY_FAILURE)

    def _maintain(self) -> None:
        self.phase = Phase.MAINTENANCE
        self.circuit.busy = True
        self.circuit.card = None
        # A RESTART that goes down with the data link is not repeated by anybody else. The answer may come at once.
        self._timers.start("T316", T316_MS, self._maintain)
        self.network.stack.restart(self.slot)

    def _end(self, cause: int) -> None:
        self.network.drop(self.call)
        self._timers.cancel()
        self.network.stack.forget_in_band(self.reference)
        clearing, waits = self.phase is Phase.CLEARING and not self._in_band, self._exchange_waits
        self._in_band = False
        was_free = self.phase is Phase.FREE
        self.phase, self.call, self._exchange_waits = Phase.FREE, 0, False
        if waits:
            self._tell_released()
        elif not clearing and not was_free:
            self._tell_release(cause)
        elif clearing:
            self.circuit.busy = False
        self.network.look_at(self)

    def _tell_release(self, cause: int) -> None:
        if self.circuit.net:
            self.circuit.note("card", "release", cause=int(cause))
            self.circuit.net.on_release(int(cause))

    def _tell_released(self) -> None:
        self._exchange_waits = False
        if self.circuit.net:
            self.circuit.net.on_released()
