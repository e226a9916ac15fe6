"""The network end of one E1 bearer circuit: call control towards the card, tones on the circuit, release rules."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from boardd.contract.causes import Cause
from hwsim.exchange.announcer import Announcer, announcement_of
from hwsim.exchange.call import Call
from hwsim.exchange.numbering import Analysis, NumberForm
from hwsim.exchange.party import Party, TonePlayer
from hwsim.exchange.tones import ToneKind, tone_of_cause
from hwsim.line.digital import Alarm, Circuit, ClearsInBand, Setup, Span

if TYPE_CHECKING:
    from hwsim.exchange.exchange import Exchange

BLOCKING_ALARMS = frozenset({Alarm.LOS, Alarm.LOF, Alarm.AIS})


class Screening(StrEnum):
    """What the exchange does with a caller number that does not belong to the trunk (facts 3.7)."""

    REPLACE = "replace"
    REJECT = "reject"
    PASS = "pass"


class InbandFailure(StrEnum):
    """With which message a failed call's tone or announcement comes (facts 3.6)."""

    PROGRESS = "progress"
    """The call goes on; it is cleared afterwards."""
    DISCONNECT = "disconnect"
    """The call is over, and the circuit stays for the sound (T306). Where no such message exists: as progress."""


@dataclass(frozen=True, slots=True)
class CircuitOptions:
    """How the carrier has set up a trunk of E1 circuits."""

    digits_sent: int = 0
    """How many of the last called digits the card gets; 0: the number as a local subscriber would dial it."""
    caller_number: str = ""
    """The trunk's own number, shown to those whom the card calls."""
    screening: Screening = Screening.REPLACE
    caller_form: NumberForm = NumberForm.SHORTEST
    """In which form callers' numbers are shown."""
    overlap: bool = False
    """Send called digits to the card one by one, the first in SETUP."""
    digit_gap_ms: int = 200
    """The pause before each of them."""
    inband_failure_ms: int = 0
    """A failed call from the card: play the tone (or announcement) of the cause so long before the release; 0: release
    at once."""
    inband_failure: InbandFailure = InbandFailure.PROGRESS


class CircuitState(StrEnum):
    """The network's view of the circuit."""

    IDLE = "idle"
    COLLECTING = "collecting"
    CALLING = "calling"
    CALLED = "called"
    FAILED_INBAND = "failed_inband"
    RELEASING = "releasing"


class TrunkCircuit(Party):
    """The exchange behind one timeslot. It is the `net` end of its Circuit (hwsim.line.digital.CircuitEnd).

    `circuit.busy` is true from SETUP, whichever side sent it, until the release is confirmed; this end sets it.
    """

    def __init__(self, exchange: Exchange, span: Span, circuit: Circuit, options: CircuitOptions) -> None:
        super().__init__(exchange.sim, circuit.name, circuit.card_leg)
        self.exchange = exchange
        self.span = span
        self.circuit = circuit
        self.options = options
        self.state = CircuitState.IDLE
        self.tones = TonePlayer(exchange.sim, circuit.name, circuit.net_leg, exchange.tones)
        self.announcer = Announcer(exchange.sim, circuit.name, circuit.net_leg)
        self._digits = ""
        self._caller = ""
        self._release_when_restored = False
        circuit.net = self

    @property
    def number(self) -> str:
        """The trunk's own number."""
        return self.options.caller_number

    @property
    def blocked(self) -> bool:
        """Whether the span carries nothing now."""
        return bool(self.span.alarms & BLOCKING_ALARMS)

    @property
    def free(self) -> bool:
        """Idle at both ends, a card behind it, and the span without blocking alarm."""
        return (
            self.state is CircuitState.IDLE
            and not self.circuit.busy
            and self.circuit.card is not None
            and not self.blocked
        )

    # -- messages from the card -------------------------------------------------------------------------------------
    def on_setup(self, setup: Setup) -> None:
        """The card calls."""
        if self.state is not CircuitState.IDLE:
            # Both sides seized at once: the network wins, the card has our SETUP already (facts 3.6).
            self.circuit.note("net", "glare", called=setup.called)
            return
        self.circuit.busy = True
        self.state = CircuitState.COLLECTING
        self._digits = setup.called
        self._caller = self._screened("" if setup.restricted else setup.caller)
        if setup.caller and self.options.screening is Screening.REJECT and self._caller != setup.caller:
            self._release(Cause.CALL_REJECTED)
            return
        self._collect(setup.complete)

    def on_digits(self, digits: str) -> None:
        """More digits of an overlap call."""
        if self.state is CircuitState.COLLECTING:
            self._digits += digits
            self._collect(complete=False)

    def on_proceeding(self) -> None:
        """The card has taken our call."""

    def on_alerting(self) -> None:
        """The card rings its called party."""
        if self.state is CircuitState.CALLED and self.call:
            self.call.called_alerting()

    def on_progress(self) -> None:
        """The card offers sound before answer."""
        if self.state is CircuitState.CALLED and self.call:
            self.call.called_progress()

    def on_connect(self) -> None:
        """The card answered."""
        if self.state is CircuitState.CALLED and self.call:
            self.timers.cancel("digits")
            self.call.called_answered()

    def on_release(self, cause: int) -> None:
        """The card releases; confirmed at once, as the network does."""
        call, calling = self.call, self.state in (CircuitState.CALLING, CircuitState.COLLECTING)
        was_releasing = self.state is CircuitState.RELEASING
        self._to_idle()
        if not was_releasing:
            self.circuit.note("net", "release_complete")
            if self.circuit.card:
                self.circuit.card.on_released()
        if call:
            if calling:
                call.calling_cleared(cause)
            else:
                call.called_cleared(cause)

    def on_released(self) -> None:
        """The card confirmed our release."""
        if self.state is CircuitState.RELEASING:
            self._to_idle()

    # -- as calling party -------------------------------------------------------------------------------------------
    def far_proceeding(self) -> None:
        """Nothing: PROCEEDING was sent when the number was complete."""

    def far_alerting(self) -> None:
        """ALERTING, and ring-back in the circuit."""
        self.tones.play(ToneKind.RING_BACK)
        self._send("alerting")

    def far_early(self, ear: int) -> None:
        """ALERTING, and the called party's own ring-back in the circuit."""
        self.circuit.connect(ear)
        self._send("alerting")

    def far_progress(self) -> None:
        """PROGRESS with in-band information."""
        self._send("progress")

    def far_answered(self) -> None:
        """CONNECT."""
        self._send("connect")

    # -- as called party --------------------------------------------------------------------------------------------
    def offer(self, call: Call) -> None:
        """SETUP towards the card, in one piece or digit by digit."""
        self.circuit.busy = True
        self.state = CircuitState.CALLED
        called = self.exchange.numbering.as_dialled_here(call.called_number)
        if self.options.digits_sent:
            called = called[-self.options.digits_sent :]
        caller = "" if call.withheld else self.exchange.numbering.shown(call.caller_number, self.options.caller_form)
        first = called[:1] if self.options.overlap else called
        setup = Setup(
            called=first,
            caller=caller,
            original_called=call.original_called,
            complete=not self.options.overlap,
            restricted=call.withheld,
        )
        more = {"original_called": call.original_called} if call.original_called else {}
        self.circuit.note("net", "setup", called=first, caller=caller, complete=setup.complete, **more)
        if self.circuit.card:
            self.circuit.card.on_setup(setup)
        if self.options.overlap:
            self._send_next_digit(called[1:])

    def _send_next_digit(self, rest: str) -> None:
        if rest and self.state is CircuitState.CALLED:
            self.timers.start("digits", self.options.digit_gap_ms, self._send_digit, rest)

    def _send_digit(self, rest: str) -> None:
        self.circuit.note("net", "digits", digits=rest[0])
        if self.circuit.card and not self.blocked:
            self.circuit.card.on_digits(rest[0])
        self._send_next_digit(rest[1:])

    # -- both -------------------------------------------------------------------------------------------------------
    def far_cleared(self, cause: int) -> None:
        """RELEASE with the cause; before it, when so set up, the tone that belongs to the cause."""
        in_band = self.options.inband_failure_ms
        if self.state is CircuitState.CALLING and in_band and cause != Cause.NORMAL_CLEARING:
            self.state = CircuitState.FAILED_INBAND
            announcement = announcement_of(self.exchange.announcements, cause, self.announced)
            if announcement:
                tone = tone_of_cause(cause)
                self.announcer.announce(announcement, cause, lambda: self.tones.play(tone), self.announced)
            else:
                self.tones.play(tone_of_cause(cause))
            self._tell_failure(cause)
            self.timers.start("inband", in_band, self._release, cause)
            return
        self._release(cause)

    def through(self, other: Party) -> None:
        """Connect the card with the other party."""
        self.tones.silence()
        self.circuit.connect(other.ear)

    def apart(self) -> None:
        """Connect the card with the exchange's own leg again."""
        self.tones.silence()
        self.circuit.disconnect()

    # -- the span ---------------------------------------------------------------------------------------------------
    def span_lost(self) -> None:
        """A blocking alarm has outlasted the hold time: the network ends the call on its side."""
        if self.state in (CircuitState.IDLE, CircuitState.RELEASING):
            return
        call, calling = self.call, self.state is CircuitState.CALLING
        self._release(Cause.DESTINATION_OUT_OF_ORDER)
        if call and calling:
            call.calling_cleared(Cause.DESTINATION_OUT_OF_ORDER)
        elif call:
            call.called_cleared(Cause.DESTINATION_OUT_OF_ORDER)

    def span_restored(self) -> None:
        """The alarm went away: a release that could not be sent is sent now, as RESTART does."""
        if self._release_when_restored:
            self._release_when_restored = False
            self._release(Cause.TEMPORARY_FAILURE)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _collect(self, complete: bool) -> None:
        analysis = self.exchange.numbering.analyse(self._digits)
        if complete or analysis in (Analysis.COMPLETE, Analysis.IMPOSSIBLE):
            self._digits_done()
            return
        self.timers.start("overlap", self.exchange.timers.overlap_ms, self._no_more_digits)

    def _no_more_digits(self) -> None:
        """T302: what there is must do; a number that is none is refused for that."""
        if self.exchange.numbering.analyse(self._digits) is Analysis.INCOMPLETE:
            self._release(Cause.INVALID_NUMBER_FORMAT)
        else:
            self._digits_done()

    def _digits_done(self) -> None:
        self.timers.cancel("overlap")
        self.state = CircuitState.CALLING
        self._send("proceeding")
        if self.state is CircuitState.CALLING:
            self.exchange.originate(self, self._digits, self._caller)

    def _tell_failure(self, cause: int) -> None:
        card: object = self.circuit.card
        if self.options.inband_failure is InbandFailure.DISCONNECT and isinstance(card, ClearsInBand):
            self.circuit.note("net", "disconnect", cause=int(cause))
            if not self.blocked:
                card.on_disconnect(int(cause))
        else:
            self._send("progress")

    def _screened(self, caller: str) -> str:
        own = self.options.caller_number
        if self.options.screening is Screening.PASS or not own or self.exchange.belongs_to(self, caller):
            return caller or own
        return own

    def _send(self, message: str) -> None:
        self.circuit.note("net", message)
        if self.circuit.card and not self.blocked:
            handler = {
                "proceeding": self.circuit.card.on_proceeding,
                "alerting": self.circuit.card.on_alerting,
                "progress": self.circuit.card.on_progress,
                "connect": self.circuit.card.on_connect,
            }[message]
            handler()

    def _release(self, cause: int) -> None:
        self.timers.cancel()
        self.announcer.stop()
        self.tones.silence()
        self.state = CircuitState.RELEASING
        if self.blocked:
            self._release_when_restored = True
            return
        self.timers.start("release", self.exchange.timers.release_ms, self._unconfirmed)
        self.circuit.note("net", "release", cause=int(cause))
        if self.circuit.card:
            self.circuit.card.on_release(int(cause))

    def _unconfirmed(self) -> None:
        # Still releasing: a circuit whose far end does not confirm is not used again until it does, or is reset.
        self.circuit.note("net", "release_unconfirmed")

    def _to_idle(self) -> None:
        self.timers.cancel()
        self.announcer.stop()
        self.tones.silence()
        self.circuit.disconnect()
        self._release_when_restored = False
        self.state = CircuitState.IDLE
        self.circuit.busy = False
