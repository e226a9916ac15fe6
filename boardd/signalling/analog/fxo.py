"""One exchange line (FXO): we are the telephone.

    rest -> ringing -> answering -> talking -> ended -> clearing -> rest
    rest -> seizing -> sending -> waiting -> talking -> ended -> clearing -> rest
    rest <-> out (no battery, or another telephone on the pair is off-hook)

`ended` means that somebody else ended the call and `Cleared` was told; `hang_up` is the only way on from there. Each
call (from Offered or `dial` on) ends in at most one `Cleared` and exactly one `LineFree`. Nothing here blocks; every
method may be called in every phase, and what makes no sense changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.contract.causes import Cause
from boardd.signalling.analog.caller_id import Caller, CallerIdWindow, FskMessage
from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.dialling import Dialling
from boardd.signalling.analog.events import (
    DIAL_TONES,
    FAILURE_TONES,
    Answered,
    CallerKnown,
    Cleared,
    Dialled,
    DialToneMissing,
    FxoEvent,
    InService,
    LineFree,
    Offered,
    Rang,
    Reason,
    RingBack,
    Sound,
)
from boardd.signalling.analog.fxo_card import Ear, FxoCard, Phase
from boardd.signalling.analog.pair import Condition, Pair
from boardd.signalling.analog.polarity import Polarity
from boardd.signalling.analog.profile import FxoProfile
from boardd.signalling.analog.progress import Progress
from boardd.signalling.analog.ringing import Ringing
from boardd.signalling.analog.supervision import Supervision

P = Phase
_CALLING = (P.SEIZING, P.SENDING, P.WAITING)
_EARS = {
    P.REST: Ear.CALLER_ID,
    P.RINGING: Ear.CALLER_ID,
    P.SEIZING: Ear.DIAL_TONE,
    P.SENDING: Ear.PROGRESS,
    P.WAITING: Ear.PROGRESS,
    P.TALKING: Ear.TALK,
}
_NO_RING = Reason(int(Cause.NORMAL_CLEARING), "far", "no_ring", "the caller gave up")
_ELSEWHERE = Reason(26, "line", "answered_elsewhere", "another telephone on the pair was lifted")
_GLARE = Reason(int(Cause.CHANNEL_UNAVAILABLE), "glare", "glare", "an incoming call was first")


class FxoLine:
    """See the module text. `emit` gets the events, in order; it may call commands from within."""

    def __init__(self, profile: FxoProfile, clock: Clock, card: FxoCard, emit: Callable[[FxoEvent], None]) -> None:
        self.profile = profile
        self.phase = P.REST
        self._card = card
        self._emit = emit
        self._timers = Timers(clock)
        self._ringing = Ringing(profile, clock, self._ring_seen, self._rings_over)
        self._caller = CallerIdWindow(profile, clock, self._caller_found)
        self._polarity = Polarity(profile, clock, self._reversal)
        self._pair = Pair(profile, clock, self._pair_changed, self._battery_dropped)
        self._dialling = Dialling(profile, clock, card, self._digits_out)
        self._progress = Progress(profile, clock, self._ring_back, self._answered, self._end)
        self._supervision = Supervision(profile, clock, self._end)
        self._clock = clock
        self._ear = Ear.NOTHING
        self._number = ""
        self._outgoing = False
        self._off_hook = False
        self._refused = False
        self._lowering = self._stuck = False
        """The receiver is on its way down; the card refuses to put it down."""
        self._dial_tone_heard = False
        self._early_answer = False
        self._evidence = ""
        self._reversed_s = float("-inf")
        self._dial_tone_missing = False

    @property
    def usable(self) -> bool:
        """Whether `dial` may be asked for: nothing rings, the line is fed and free."""
        return self.phase is P.REST

    @property
    def off_hook(self) -> bool:
        """Whether we hold the loop."""
        return self._off_hook

    @property
    def fed(self) -> bool:
        """Whether the card has last said that there is battery."""
        return self._pair.fed

    def begin(self) -> None:
        """The card is ready and the line on-hook: listen."""
        self._to(P.REST)

    def close(self) -> None:
        """The card is gone: no order and no event any more."""
        self._stop_all()
        self._timers.cancel_all()
        self._ringing.quiet()
        self._pair.close()
        self._polarity.close()
        self._emit = lambda _event: None
        self.phase = P.OUT

    # -- commands -----------------------------------------------------------------------------------------------------
    def dial(self, number: str) -> bool:
        """Seize the line and send `number`. False when the line is not free."""
        if self.phase is not P.REST:
            return False
        self._outgoing, self._number, self._evidence = True, number, ""
        self._dial_tone_heard = self._early_answer = False
        if self._ringing.on:
            # It rings, although not long enough to be told: whoever seizes now answers that call.
            self._to(P.SEIZING)
            self._end(_GLARE)
            return True
        self._caller.over()
        self._to(P.SEIZING)
        self._lift()
        if self.profile.wait_dial_tone:
            self._timers.start("dial_tone", self.profile.dial_tone_ms, self._no_dial_tone)
        else:
            self._timers.start("dial", self.profile.blind_dial_ms, self._send)
        return True

    def answer(self) -> bool:
        """Answer the call that rings; `Answered` follows. False when none does."""
        if self.phase is not P.RINGING:
            return False
        self._to(P.ANSWERING)
        self._lift()
        return True

    def hang_up(self) -> None:
        """End whatever there is; `LineFree` follows once. Again, or at rest, it does nothing."""
        if self.phase in (P.REST, P.OUT, P.CLEARING):
            return
        if self.phase is P.RINGING:
            # Nobody can refuse a ring: the line is free when the caller has given up.
            self._caller.over()
            self._refused = True
            self._to(P.CLEARING)
            return
        if self.phase is not P.ENDED:
            self._stop_all()
        self._to(P.CLEARING)
        if self._off_hook:
            self._put_down()
        elif not self._timers.running("guard") and not self._stuck:
            self._free()

    def flash(self) -> bool:
        """Hook flash; False unless a call is through."""
        if self.phase is not P.TALKING:
            return False
        self._polarity.hook_moved()
        self._card.flash(self.profile.flash_ms)
        return True

    # -- from the card ------------------------------------------------------------------------------------------------
    def ring(self, on: bool) -> None:
        """Ringing voltage came or went."""
        if self.phase is P.SEIZING and self._off_hook and on and not self._dial_tone_heard:
            # It began before the exchange noticed us: give way at once, so that nobody is answered by no one.
            self._put_down()
            self._ringing.edge(True)
            self._end(_GLARE)
        elif not self._off_hook:
            self._ringing.edge(on)

    def ring_burst(self) -> None:
        """A whole ring, from a card that tells only its end."""
        if not self._off_hook:
            self._ringing.burst()

    def ring_ended(self) -> None:
        """A ring ended; its beginning may have been told or not."""
        if self._ringing.on:
            self.ring(False)
        else:
            self.ring_burst()

    def hook_done(self, off: bool) -> None:
        """The card has changed the hook as ordered."""
        if off is not self._off_hook:
            return
        self._timers.cancel("hook")
        if not off:
            self._lowering = False
        if off and self.phase is P.ANSWERING:
            self._through("connect")
        elif not off and self._stuck:
            self._stuck = False
            self._timers.start("guard", self.profile.guard_ms, self._guard_over)

    def hook_failed(self, text: str) -> None:
        """The card refused an order. Off-hook: the call cannot go on. On-hook: the line is not free before
        `hook_done`; asking again is the card's business.
        """
        self._timers.cancel("hook")
        if self._lowering:
            self._stuck = True
            self._timers.cancel("guard")
            return
        self._end(Reason(int(Cause.TEMPORARY_FAILURE), "card", "hook_failed", text))

    def battery(self, present: bool) -> None:
        """There is battery (loop current), or none."""
        self._pair.battery(present)

    def voltage(self, millivolts: int) -> None:
        """The voltage of the pair."""
        self._pair.voltage(millivolts)

    def polarity(self) -> None:
        """The feed's polarity changed."""
        self._polarity.flipped()

    def digits_sent(self) -> None:
        """The card has sent what `send_digits` ordered."""
        self._dialling.part_sent()

    def digits_failed(self, why: str) -> None:
        """The card has not sent all that `send_digits` ordered, or nobody knows."""
        if self.phase is P.SENDING:
            self._end(Reason(int(Cause.TEMPORARY_FAILURE), "card", "digits_not_sent", why))

    # -- from the detectors -------------------------------------------------------------------------------------------
    def heard(self, sound: Sound, why: str = "") -> None:
        """A tone, voice or silence was recognised; `why` are the detector's reasons."""
        if self.phase is P.SEIZING:
            self._heard_before_dialling(sound, why)
        elif self.phase is P.SENDING:
            if sound in FAILURE_TONES:
                self._progress.begin()
                self._progress.heard(sound, why)
        elif self.phase is P.WAITING:
            self._progress.heard(sound, why)
        elif self.phase is P.TALKING:
            if sound is Sound.ANSWER and self._outgoing and self._evidence == "none":
                self._better("voice")
            self._supervision.heard(sound, why)

    def digit(self, digit: str) -> None:
        """A DTMF digit was heard while nobody talks: caller ID."""
        if not self._off_hook:
            self._caller.digit(digit)

    def caller_id(self, message: FskMessage) -> None:
        """An FSK message was heard."""
        if not self._off_hook:
            self._caller.message(message)

    # -- incoming -----------------------------------------------------------------------------------------------------
    def _ring_seen(self, count: int) -> None:
        if self.phase is P.REST and count >= self.profile.rings_to_offer:
            self._offer()
        if self.phase is P.RINGING:
            self._emit(Rang(count))
            self._caller.rang(count)
        elif self.phase is P.OUT and self._pair.condition is Condition.NO_BATTERY:
            self._pair.battery(True)
        elif self.phase is P.CLEARING and not self._off_hook and not self._refused:
            self._free()

    def _offer(self) -> None:
        self._outgoing, self._evidence = False, ""
        known = self._caller.began() if self.profile.caller_id else None
        self._to(P.RINGING)
        self._emit(Offered(known.number, known.name) if known else Offered())
        if known and not known.number:
            self._caller_found(known)

    def _caller_found(self, caller: Caller) -> None:
        if self.phase is P.RINGING:
            self._emit(CallerKnown(caller.number, caller.name, caller.how))

    def _rings_over(self) -> None:
        if self.phase is P.RINGING:
            self._end(_ELSEWHERE if self._pair.condition is Condition.IN_USE else _NO_RING)
        elif self._refused:
            self._free()

    # -- outgoing -----------------------------------------------------------------------------------------------------
    def _heard_before_dialling(self, sound: Sound, why: str) -> None:
        if sound in DIAL_TONES and self._timers.running("dial_tone"):
            self._dial_tone_heard = True
            self._timers.cancel("dial_tone")
            self._timers.start("dial", self.profile.dial_delay_ms, self._send)
            if self._dial_tone_missing:
                self._dial_tone_missing = False
                self._emit(DialToneMissing(False))
        elif sound in FAILURE_TONES:
            cause = int(Cause.NETWORK_OUT_OF_ORDER)
            self._end(Reason(cause, "line", f"{sound}_tone", why or "instead of dial tone"))

    def _no_dial_tone(self) -> None:
        if not self._dial_tone_missing:
            self._dial_tone_missing = True
            self._emit(DialToneMissing(True))
        text = f"no dial tone in {self.profile.dial_tone_ms} ms"
        self._end(Reason(int(Cause.NETWORK_OUT_OF_ORDER), "line", "no_dial_tone", text))

    def _send(self) -> None:
        self._to(P.SENDING)
        self._dialling.begin(self._number)

    def _digits_out(self, complete: bool) -> None:
        if not complete:
            self._end(Reason(int(Cause.TEMPORARY_FAILURE), "card", "digits_not_sent", "the card did not send them"))
        elif self.phase is P.SENDING:
            self._to(P.WAITING)
            self._progress.begin()
            self._emit(Dialled())
            if self._early_answer:
                self._progress.reversal()

    def _ring_back(self) -> None:
        self._emit(RingBack())

    def _answered(self, evidence: str) -> None:
        self._through(evidence)

    # -- through ------------------------------------------------------------------------------------------------------
    def _through(self, evidence: str) -> None:
        self._evidence = evidence
        self._to(P.TALKING)
        self._supervision.begin()
        self._emit(Answered(evidence))

    def _better(self, evidence: str) -> None:
        self._evidence = evidence
        self._emit(Answered(evidence))

    def _reversal(self) -> None:
        """A reversal that lasted and was not ours."""
        now_s = self._clock.time()
        since_ms = (now_s - self._reversed_s) * 1000
        if self.phase is P.SENDING:
            # The last digit was enough for the exchange, but is not reported as sent yet.
            self._reversed_s, self._early_answer = now_s, True
        elif self.phase is P.WAITING:
            self._reversed_s = now_s
            self._progress.reversal()
        elif self.phase is P.TALKING and self._outgoing and self._evidence in ("none", "voice"):
            self._reversed_s = now_s
            self._better("reversal")
        elif self.phase is P.TALKING and since_ms >= self.profile.reversal_gap_ms:
            self._supervision.reversal()

    # -- the pair -----------------------------------------------------------------------------------------------------
    def _pair_changed(self, condition: Condition) -> None:
        if self.phase is P.REST and condition is not Condition.GOOD:
            self._to(P.OUT)
            self._emit(InService(False, str(condition)))
        elif self.phase is P.OUT:
            if condition is Condition.GOOD:
                self._to(P.REST)
            self._emit(InService(condition is Condition.GOOD, str(condition)))
        elif self.phase is P.RINGING and condition is Condition.NO_BATTERY:
            self._end(Reason(int(Cause.NETWORK_OUT_OF_ORDER), "line", "no_battery", "the line has no feed"))

    def _battery_dropped(self) -> None:
        if self.phase is P.TALKING:
            self._supervision.battery_dropped()
        elif self.phase in (*_CALLING, P.ANSWERING):
            text = f"no loop current for {self.profile.battery_drop_ms} ms"
            self._end(Reason(int(Cause.NETWORK_OUT_OF_ORDER), "line", "battery_drop", text))

    # -- the end ------------------------------------------------------------------------------------------------------
    def _end(self, reason: Reason) -> None:
        """Somebody else ended the call: told once; the line stays as it is until `hang_up`."""
        if self.phase in (P.REST, P.OUT, P.ENDED, P.CLEARING):
            return
        self._stop_all()
        self._to(P.ENDED)
        self._emit(Cleared(reason))

    def _stop_all(self) -> None:
        self._timers.cancel("dial_tone", "dial", "hook")
        self._dialling.cancel()
        self._progress.end()
        self._supervision.end()
        self._caller.over()
        self._ringing.forget()

    def _free(self) -> None:
        self._timers.cancel("guard")
        self._number = ""
        self._refused = False
        bad = self._pair.condition
        self._to(P.REST)
        self._emit(LineFree())
        if bad is not Condition.GOOD and self.phase is P.REST:
            self._pair_changed(bad)
        elif self.phase is P.REST and self._ringing.count >= self.profile.rings_to_offer:
            self._ring_seen(self._ringing.count)

    # -- hook ---------------------------------------------------------------------------------------------------------
    def _lift(self) -> None:
        self._ringing.quiet()
        self._set_hook(True)
        self._timers.start("hook", self.profile.hook_limit_ms, self._hook_late)

    def _put_down(self) -> None:
        self._set_hook(False)
        self._timers.start("guard", self.profile.guard_ms, self._guard_over)

    def _set_hook(self, off: bool) -> None:
        self._off_hook, self._lowering = off, not off
        self._polarity.hook_moved()
        self._pair.hook(off)
        self._card.hook(off)

    def _hook_late(self) -> None:
        text = f"the hook did not change in {self.profile.hook_limit_ms} ms"
        self._end(Reason(int(Cause.TEMPORARY_FAILURE), "card", "hook_late", text))

    def _guard_over(self) -> None:
        if self._lowering:
            # The card has not said yet that we are on-hook: the time counts from then.
            self._stuck = True
        elif self.phase is P.CLEARING:
            self._free()

    def _to(self, phase: Phase) -> None:
        self.phase = phase
        ear = _EARS.get(phase, Ear.NOTHING)
        if ear is not self._ear:
            self._ear = ear
            self._card.listen(ear)
