"""The register at the incoming end: it asks for the numbers and says what became of the call (facts 4.2, 4.3).

Each forward signal gets a backward signal, which native code stops when the forward one has ended. What does not come
in time is over: the called number and a caller's number without I-15 are then ended by a pulse (Q.442).

Where KD has come the far end's tone is held until `decide`: within its 15 s the called side must be known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from boardd.signalling.mfcr2._native import Kind, ToneEvent
from boardd.signalling.mfcr2.ladder import Way, Word
from boardd.signalling.mfcr2.outcome import Failure, Verdict
from boardd.signalling.mfcr2.outgoing import Sender
from boardd.signalling.mfcr2.profile import R2Profile
from boardd.signalling.mfcr2.signals import END_OF_NUMBER, Meaning, Role, digit_of
from boardd.signalling.mfcr2.tape import Tape
from boardd.signalling.mfcr2.timers import Timers


class Phase(StrEnum):
    """What is being collected."""

    CALLED = "called"
    KA = "ka"
    CALLER = "caller"
    KD = "kd"
    OFFERED = "offered"
    """KD is held: waiting for `decide`."""
    KB = "kb"
    DONE = "done"


@dataclass(slots=True)
class Collected:
    """What came in so far."""

    called: str = ""
    caller: str = ""
    ka: int = 0
    kd: int = 0
    kc: tuple[int, ...] = ()


_TIMERS = ("gap", "stays", "kb")


class IncomingRegister:
    """One call's. `offered()` once when everything is there; `done(verdict)` once at the end; neither after `stop`."""

    def __init__(
        self,
        sender: Sender,
        profile: R2Profile,
        timers: Timers,
        tape: Tape,
        offered: Callable[[], None],
        done: Callable[[Verdict], None],
    ) -> None:
        self.phase = Phase.CALLED
        self.numbers = Collected()
        self._sender = sender
        self._profile = profile
        self._timers = timers
        self._tape = tape
        self._offered = offered
        self._done = done
        self._asked = False
        self._complete = False
        self._verdict: Verdict | None = None

    def start(self) -> None:
        """Wait for the first digit."""
        self._expect(self._profile.registers.forward_ms)

    def stop(self) -> None:
        """The call is over: be silent."""
        self.phase = Phase.DONE
        self._timers.cancel(*_TIMERS)
        self._sender.send(0)
        self._tape.tone_ends(Way.OURS)

    def decide(self, meaning: Meaning) -> None:
        """KB: free, or why not."""
        if self.phase is not Phase.OFFERED:
            return
        self._timers.cancel("kb")
        number = self._profile.groups.b_number(self.numbers.kd, meaning)
        self.phase = Phase.KB
        self._verdict = Verdict(
            self._profile.groups.b_meaning(self.numbers.kd, number) or meaning, None, f"KB={number}"
        )
        self._reply(number, Role.KB, meaning)

    def on_tone(self, event: ToneEvent) -> None:
        """The register below heard or sent something."""
        if self.phase is Phase.DONE:
            return
        if event.kind is Kind.HEARD:
            self._timers.cancel("gap")
            self._hear(event)
        elif event.kind is Kind.CEASED:
            self._tape.tone_ends(Way.THEIRS)
            self._timers.cancel("stays")
            self._ceased()
        elif event.kind is Kind.STOPPED:
            self._tape.tone_ends(Way.OURS)

    # -- a forward signal -------------------------------------------------------------------------------------------
    def _hear(self, event: ToneEvent) -> None:
        number = event.number
        role, meaning = self._take(number)
        self._tape.tone(Way.THEIRS, number, role, forward=True, levels_dbm0=(event.low_dbm0, event.high_dbm0))
        if meaning is not None:
            self._ask(meaning)
        elif self.phase is Phase.OFFERED:
            rules = self._profile.registers
            self._timers.start("kb", rules.kb_within_ms, self._guard)
            self._offered()

    def _take(self, number: int) -> tuple[Role, Meaning | None]:
        """Put a forward signal where it belongs; the question that follows (None: KB is due)."""
        numbers, rules = self.numbers, self._profile
        match self.phase:
            case Phase.CALLED:
                role = self._take_called(number)
                return role, self._after_called()
            case Phase.KA:
                numbers.ka = number
                if rules.caller.longest and rules.groups.a_number(Meaning.NEXT):
                    self.phase = Phase.CALLER
                    return Role.KA, Meaning.NEXT
                return Role.KA, self._after_caller()
            case Phase.CALLER:
                if number == END_OF_NUMBER:
                    return Role.CALLER_END, self._after_caller()
                if number <= 10:
                    numbers.caller += digit_of(number)
                full = len(numbers.caller) >= rules.caller.longest
                role = Role.CALLER_DIGIT if number <= 10 else Role.UNKNOWN
                return role, self._after_caller() if full else Meaning.NEXT
            case Phase.KD:
                numbers.kd = number
                self.phase = Phase.OFFERED
                return Role.KD, None
            case _:
                return Role.UNKNOWN, None

    def _take_called(self, number: int) -> Role:
        numbers = self.numbers
        if number == END_OF_NUMBER:
            # Not in China's plan; whoever sends it means that the number is complete.
            self._complete = bool(numbers.called)
            return Role.CALLER_END
        if number > 10:
            numbers.kc = (*numbers.kc, number)
            return Role.CONTROL
        numbers.called += digit_of(number)
        wanted = self._profile.digits_of(numbers.called) or self._profile.called.longest
        self._complete = len(numbers.called) >= wanted
        return Role.DIGIT

    def _after_called(self) -> Meaning:
        caller = self._profile.caller
        due = self._complete or (caller.after_digits and len(self.numbers.called) >= caller.after_digits)
        if caller.ask and not self._asked and due:
            return Meaning.CALLER
        return Meaning.GROUP_B if self._complete else Meaning.NEXT

    def _after_caller(self) -> Meaning:
        if self._complete:
            return Meaning.GROUP_B
        self.phase = Phase.CALLED
        return Meaning.NEXT

    # -- a backward signal ------------------------------------------------------------------------------------------
    def _ask(self, meaning: Meaning, *, pulse: bool = False) -> None:
        number = self._profile.groups.a_number(meaning)
        if meaning is Meaning.CALLER and not number:
            meaning = Meaning.GROUP_B if self._complete else Meaning.NEXT
            number = self._profile.groups.a_number(meaning)
        if meaning is Meaning.CALLER:
            self._asked, self.phase = True, Phase.KA
        elif meaning is Meaning.GROUP_B:
            self.phase = Phase.KD
        self._reply(number, Role.A, meaning, pulse=pulse)

    def _reply(self, number: int, role: Role, meaning: Meaning, *, pulse: bool = False) -> None:
        rules = self._profile.registers
        self._tape.tone(Way.OURS, number, role, forward=False, meaning=meaning, pulse=pulse)
        if pulse:
            self._sender.send(number, rules.pulse_ms)
            self._expect(rules.pulse_ms + rules.forward_ms)
        else:
            self._timers.start("stays", rules.held_ms, lambda: self._fail(Failure.FORWARD_STAYS))
            self._sender.send(number)

    def _ceased(self) -> None:
        if self.phase is Phase.OFFERED:
            self._fail(Failure.LOST_KD)
        elif self.phase is Phase.KB:
            self._finish(self._verdict or Verdict())
        else:
            self._expect(self._gap_ms())

    # -- nothing comes ----------------------------------------------------------------------------------------------
    def _gap_ms(self) -> int:
        rules = self._profile
        if self.phase is Phase.CALLED and self.numbers.called:
            return max(rules.called.gap_ms, rules.registers.pulse_after_ms)
        if self.phase is Phase.CALLER:
            return max(rules.caller.gap_ms, rules.registers.pulse_after_ms)
        return rules.registers.forward_ms

    def _expect(self, within_ms: int) -> None:
        self._timers.start("gap", within_ms, self._nothing_came)

    def _nothing_came(self) -> None:
        if self.phase is Phase.CALLED and self.numbers.called:
            self._complete = True
            self._tape.line(Way.NONE, Word.TIMEOUT)
            self._ask(self._after_called(), pulse=True)
        elif self.phase in (Phase.KA, Phase.CALLER):
            self._tape.line(Way.NONE, Word.TIMEOUT)
            self._ask(self._after_caller(), pulse=True)
        else:
            self._fail(Failure.NO_FORWARD)

    def _guard(self) -> None:
        self._tape.line(Way.NONE, Word.KB_GUARD)
        self.decide(Meaning.FREE)

    def _fail(self, failure: Failure) -> None:
        self._finish(Verdict(None, failure))

    def _finish(self, verdict: Verdict) -> None:
        self.stop()
        self._done(verdict)
