"""One timeslot of an E1 whose signalling runs on the host, ISDN PRI and MFC-R2 alike (`signalling.span` has the words).

    incoming  Offered, [alert], [answer] Connected(connect | r2_answer), ReleasedByFar?, [hangup] LineFree
              Offered, [reject] LineFree        Offered, ReleasedByFar, [hangup] LineFree
    outgoing  [dial] Proceeding?, Alerting?, Connected or ReleasedByFar, [hangup] LineFree
    glare     [dial] ReleasedByFar(44), [hangup] LineFree, Offered

Sound runs from the offer or the setup on: tones and announcements of the network can be heard before the answer, and a
caller who is alerted hears our ring-back tone. A call that ends with an announcement (DISCONNECT with indicator 8)
is told when the announcement is over or the host hangs up.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.contract.capabilities import Capability, Tone
from boardd.contract.causes import Cause, known_cause
from boardd.contract.driver import Alerting, Connected, Digit, LineFree, Offered, Proceeding, ReleasedByFar
from boardd.contract.errors import WrongStateError
from boardd.contract.objects import Channel
from boardd.contract.states import AnswerEvidence, ChannelState
from boardd.signalling import span
from boardd.signalling.span import CallRequest, TrunkSpan
from drivers.dahdi._codes import Alarm, Flush
from drivers.dahdi._native import Native
from drivers.dahdi.ears import Heard, Listen
from drivers.dahdi.numbers import NumberTypes, as_dialled, as_sent
from drivers.dahdi.parts import Parts
from drivers.dahdi.port import RESTING, DahdiPort
from drivers.dahdi.session import log

S = ChannelState
CAPABILITIES = [
    Capability.DIAL,
    Capability.ALERT,
    Capability.ANSWER,
    Capability.REJECT,
    Capability.HANGUP,
    Capability.TONE,
    Capability.SEND_DIGITS,
    Capability.DETECT_DIGITS,
    Capability.PLAY,
    Capability.RECORD,
    Capability.LINK,
    Capability.CONFERENCE,
    Capability.CALLER_ID,
    Capability.LOOPBACK,
]


class BearerPort(DahdiPort):
    """One bearer. `trunk` is set by its E1; `call` is the trunk's number of the call, 0: none."""

    evidence = AnswerEvidence.CONNECT
    busy_tone_after_refusal = False
    """The signalling cannot say that an alerted call was refused: busy tone until the far end clears."""

    def __init__(self, info: Channel, parts: Parts) -> None:
        info.capabilities = list(CAPABILITIES)
        super().__init__(info, parts)
        self.trunk: TrunkSpan | None = None
        self.number_types = NumberTypes.RECEIVED
        self.call = 0
        self.outgoing = False
        self._hung_up = False
        self._over = False
        self._announcing: span.Disconnected | None = None
        self._cause = int(Cause.NORMAL_CLEARING)
        self._blocked = str(span.BlockReason.LINK)
        self._alarm = ""
        self._wanted = self._lent = False
        self._waiting: span.Incoming | None = None

    @property
    def slot(self) -> int:
        """The timeslot."""
        return self.info.timeslot or 0

    def _span(self) -> TrunkSpan:
        if self.trunk is None:
            raise self._gone("signalling")
        return self.trunk

    # -- start and end ------------------------------------------------------------------------------------------------
    def set_up(self, native: Native, fd: int) -> None:
        """See DahdiPort."""
        native.set_audio_mode(fd)
        native.set_up_sound(fd, self.session.settings.blocks)

    def begin(self, alarms: Alarm) -> None:
        """See DahdiPort. The E1's signalling says when it can be used."""
        self._wanted = self._lent = False
        self.announced(S.OUT_OF_SERVICE, self._blocked or self._alarm)

    def abandon(self) -> None:
        """See DahdiPort."""
        self.trunk = None
        self._waiting = None
        self.call = 0

    def on_event(self, number: int) -> None:
        """See DahdiPort. Alarms are the E1's business, which asks for itself."""

    # -- sound --------------------------------------------------------------------------------------------------------
    def begin_sound(self) -> None:
        """The bearer is ours: sound from now on, as soon as no register has it."""
        self._wanted = True
        self.ears.listen(Listen.DIGITS, self._heard)
        if not self._lent:
            self._run()

    def stop_sound(self) -> None:
        """Nobody may use the bearer any more."""
        self._wanted = False
        if self.attached:
            self.end_sound()
            self.ears.listen(Listen.NOTHING, self._heard)
            self.engine_port.run(False)

    def lend_sound(self) -> None:
        """A register needs the descriptor."""
        self._lent = True
        if self.attached:
            self.engine_port.run(False)
            self.native.flush(self.fd, Flush.READ | Flush.WRITE)

    def take_sound_back(self) -> None:
        """It needs it no more."""
        self._lent = False
        if self._wanted:
            self._run()

    def _run(self) -> None:
        """What waited in the device is old."""
        if self.attached:
            self.native.flush(self.fd, Flush.READ | Flush.WRITE)
            self.engine_port.run()

    def _heard(self, heard: Heard) -> None:
        if heard.digit and self.state in (S.CONNECTED, S.PROCEEDING, S.ALERTING, S.OFFERED, S.DIALING):
            self.emit(Digit(self.id, heard.digit))

    # -- what the E1 tells of this slot -------------------------------------------------------------------------------
    def incoming(self, event: span.Incoming) -> None:
        """A call is offered; without its whole number it is not told yet."""
        if self.state not in RESTING:
            # The last call is over on the line, but the host has not hung it up yet.
            self._waiting = event
            return
        self.call, self.outgoing = event.call, False
        self._waiting = event
        if event.complete:
            self._offer(event.called.digits)

    def more_digits(self, event: span.MoreDigits) -> None:
        """More of its number has come."""
        if self._waiting is not None and event.complete and self.call == event.call:
            self._offer(event.called)

    def _offer(self, called: str) -> None:
        event, self._waiting = self._waiting, None
        if event is None:
            return
        self._span().proceeding(event.call)
        if self.state is S.OUT_OF_SERVICE:
            self.make_usable()
        if not self.step(S.OFFERED):
            self._span().disconnect(event.call, int(Cause.CHANNEL_UNAVAILABLE))
            return
        allowed = event.caller.presentation is span.Presentation.ALLOWED
        caller = as_dialled(event.caller, self.number_types) if allowed else ""
        forwarded = event.original_called if event.original_called.digits else event.redirecting
        original = as_dialled(forwarded, self.number_types)
        self.begin_sound()
        self.emit(Offered(self.id, called, caller, event.name, original))

    def proceeding(self, event: span.Proceeding) -> None:
        """The far end has all digits."""
        if event.call == self.call and self.state is S.DIALING and self.step(S.PROCEEDING):
            self.emit(Proceeding(self.id))

    def alerting(self, event: span.Alerting) -> None:
        """The far end rings."""
        if event.call == self.call and self.state in (S.DIALING, S.PROCEEDING) and self.step(S.ALERTING):
            self.emit(Alerting(self.id))

    def connected(self, event: span.Connected) -> None:
        """The call is through."""
        if event.call != self.call or self.state in (S.CONNECTED, S.RELEASING):
            return
        if not self.outgoing:
            self.media.tone(None)
        if self.step(S.CONNECTED):
            self.cancel_echo()
            self.emit(Connected(self.id, self.evidence))

    def disconnected(self, event: span.Disconnected) -> None:
        """Somebody else ended the call."""
        if event.call != self.call:
            return
        if event.in_band and self.outgoing and self.state is not S.CONNECTED and not self._hung_up:
            log.info("announcement", channel=self.id, cause=event.cause, raw=event.raw)
            self._announcing = event
            return
        self._end(event.cause, event.raw, str(event.origin))

    def released(self, event: span.Released) -> None:
        """The slot is free on the line."""
        if self._waiting is not None and self._waiting.call == event.call:
            self._waiting = None  # its number never became whole, or it ended while the last one was being hung up
        if event.call != self.call:
            return
        told = self._announcing
        if told is not None:
            self._end(told.cause, told.raw, str(told.origin))
        elif self.state is not S.RELEASING:
            self._end(event.cause, "", str(span.Origin.FAR))
        self.call = 0
        self._over = True
        self.stop_sound()
        if self._hung_up or self.state in RESTING:
            self._free()

    def _end(self, cause: int, raw: str, origin: str) -> None:
        self._announcing = None
        if self.state in RESTING:
            return  # it was never told
        if self.state is not S.RELEASING and self.step(S.RELEASING):
            code = raw or f"cause {cause}"
            self.emit(ReleasedByFar(self.id, known_cause(cause), code, "", origin))

    def line_lost(self, cause: int, why: str) -> None:
        """The E1 has had an alarm for too long: the call is over at our end."""
        if self.call and self.state not in RESTING:
            self._end(cause, why, str(span.Origin.LINE))
            self._span().disconnect(self.call, cause)

    def block(self, reason: str) -> None:
        """The slot cannot take new calls; empty: it can."""
        self._blocked = reason
        if self.state in RESTING and not self.call:
            self.settle()

    def span_alarm(self, alarms: str) -> None:
        """The alarms of the E1; empty: none."""
        self._alarm = alarms
        if self.state in RESTING and not self.call:
            self.settle()

    def settle(self) -> None:
        """In or out of service, by what the E1 says of it."""
        reason = self._alarm or self._blocked
        if reason:
            self.make_unusable(reason)
        else:
            self.make_usable()

    def _free(self) -> None:
        self.when_quiet(self._freed)

    def _freed(self) -> None:
        self.outgoing = self._hung_up = self._over = False
        self._announcing = None
        self.call = 0
        if self.state is S.RELEASING and self.step(S.IDLE):
            self.emit(LineFree(self.id))
        self.settle()
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self.incoming(waiting)

    # -- operations ---------------------------------------------------------------------------------------------------
    async def _do_dial(self, number: str, caller: str) -> None:
        trunk = self._span()
        called = as_sent(number.replace(",", ""), self.number_types)
        if not trunk.usable(self.slot):
            raise WrongStateError(f"{self.id} is not free on the line", channel=self.id, operation="dial")
        self.step(S.DIALING)
        self.outgoing = True
        try:
            self.call = trunk.setup(CallRequest(self.slot, called, as_sent(caller, self.number_types)))
        except Exception:
            self.outgoing = False
            self.step(S.IDLE)
            raise
        self.begin_sound()

    async def _do_alert(self) -> None:
        self._span().alerting(self.call, in_band=True)
        self.step(S.ALERTING)
        self.media.tone(Tone.RING_BACK)

    async def _do_answer(self) -> None:
        if not self._span().connect(self.call):
            raise WrongStateError(f"{self.id}: the call is over", channel=self.id, operation="answer")

    async def _do_reject(self, cause: int) -> None:
        self._hang_up(cause)

    async def _do_hangup(self, cause: int) -> None:
        if self.state in RESTING:
            return
        if not self.attached:
            self.free_without_card()
        elif not self._hung_up:
            self._hang_up(cause)

    def _hang_up(self, cause: int) -> None:
        alerted = self.state is S.ALERTING and not self.outgoing
        self._hung_up = True
        self.step(S.RELEASING)
        self.end_sound()
        if self._over:
            self._free()
            return
        self._span().disconnect(self.call, cause)
        if alerted and self.busy_tone_after_refusal and not self._over:
            self.media.tone(Tone.BUSY)


class R2BearerPort(BearerPort):
    """A circuit with MFC-R2."""

    evidence = AnswerEvidence.R2_ANSWER
    busy_tone_after_refusal = True

    def __init__(self, info: Channel, parts: Parts) -> None:
        super().__init__(info, parts)
        self.on_line_event: Callable[[int], None] = lambda _number: None
        """Set by the E1: line bits and alarms are its business, also when the engine has seen the event first."""

    def on_event(self, number: int) -> None:
        """See DahdiPort. Whoever reads the channel takes its events: the engine, while the call has sound."""
        self.on_line_event(number)

    def set_up(self, native: Native, fd: int) -> None:
        """See DahdiPort. A channel with line bits always carries sound."""
        native.set_up_sound(fd, self.session.settings.blocks)


__all__ = ["CAPABILITIES", "BearerPort", "R2BearerPort"]
