"""The register at the outgoing end: it sends the numbers as the far end asks for them (facts 4.2, 4.3).

Compelled: a forward signal is held until a backward signal is heard (native code stops it); when that one has ended,
what it said is done. A backward signal may also come as a pulse while we are silent: it is done in the same way.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from boardd.signalling.mfcr2._native import Kind, ToneEvent
from boardd.signalling.mfcr2.ladder import Way
from boardd.signalling.mfcr2.outcome import Failure, Verdict
from boardd.signalling.mfcr2.profile import R2Profile
from boardd.signalling.mfcr2.signals import END_OF_NUMBER, Meaning, Role, number_of
from boardd.signalling.mfcr2.tape import Tape
from boardd.signalling.mfcr2.timers import Timers


class Sender(Protocol):
    """What a register machine needs of the register below."""

    def send(self, number: int, length_ms: int = 0) -> None:
        """See _native.Register."""


class Phase(StrEnum):
    """What the far end is asking for."""

    CALLED = "called"
    KA = "ka"
    CALLER = "caller"
    KD = "kd"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is to be sent. `caller` empty: not available, or not to be shown."""

    called: str
    caller: str
    ka: int
    kd: int


_TIMERS = ("held", "stays", "silent")


class OutgoingRegister:
    """One call's. `done(verdict)` is called once, when the last signal has ended; never after `stop`."""

    def __init__(
        self,
        sender: Sender,
        profile: R2Profile,
        numbers: Numbers,
        timers: Timers,
        tape: Tape,
        done: Callable[[Verdict], None],
    ) -> None:
        self.phase = Phase.CALLED
        self.answer = 0
        """The backward signal that is being heard, or was the last."""
        self._sender = sender
        self._profile = profile
        self._numbers = numbers
        self._timers = timers
        self._tape = tape
        self._done = done
        self._called_at = 0
        self._caller_at = 0
        self._end_sent = False

    @property
    def kb_heard(self) -> bool:
        """Whether KB has come: an answer may follow at once."""
        return self.phase is Phase.KD and self.answer > 0

    def start(self) -> None:
        """Send the first digit."""
        self._send_called()

    def stop(self) -> None:
        """The call is over: be silent."""
        self.phase = Phase.DONE
        self._timers.cancel(*_TIMERS)
        self._sender.send(0)
        self._tape.tone_ends(Way.OURS)

    def on_tone(self, event: ToneEvent) -> None:
        """The register below heard or sent something."""
        if self.phase is Phase.DONE:
            return
        rules = self._profile.registers
        if event.kind is Kind.HEARD:
            self.answer = event.number
            self._timers.cancel("held", "silent")
            self._timers.start("stays", rules.held_ms, lambda: self._fail(Failure.BACKWARD_STAYS))
            self._note(event)
        elif event.kind is Kind.CEASED:
            self._tape.tone_ends(Way.THEIRS)
            self._timers.cancel("stays")
            self._act(event.number)
        elif event.kind is Kind.STOPPED:
            self._tape.tone_ends(Way.OURS)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _note(self, event: ToneEvent) -> None:
        groups = self._profile.groups
        in_b = self.phase is Phase.KD
        meaning = groups.b_meaning(self._numbers.kd, event.number) if in_b else groups.a_meaning(event.number)
        self._tape.tone(
            Way.THEIRS,
            event.number,
            Role.KB if in_b else Role.A,
            forward=False,
            meaning=meaning,
            levels_dbm0=(event.low_dbm0, event.high_dbm0),
        )

    def _act(self, number: int) -> None:
        groups = self._profile.groups
        if self.phase is Phase.KD:
            meaning = groups.b_meaning(self._numbers.kd, number)
            self._finish(Verdict(meaning, None if meaning else Failure.UNKNOWN_SIGNAL, f"KB={number}"))
            return
        meaning = groups.a_meaning(number)
        self.answer = 0
        match meaning:
            case Meaning.NEXT:
                self._next()
            case Meaning.FIRST:
                self.phase, self._called_at = Phase.CALLED, 0
                self._send_called()
            case Meaning.PREVIOUS:
                self.phase, self._called_at = Phase.CALLED, max(0, self._called_at - 2)
                self._send_called()
            case Meaning.CALLER:
                self.phase, self._caller_at, self._end_sent = Phase.KA, 0, False
                self._send(self._numbers.ka, Role.KA)
            case Meaning.GROUP_B:
                self.phase = Phase.KD
                self._send(self._numbers.kd, Role.KD)
            case None | Meaning.SPARE:
                self._finish(Verdict(None, Failure.UNKNOWN_SIGNAL, f"A{number}"))
            case _:
                self._finish(Verdict(meaning, None, f"A{number}"))

    def _next(self) -> None:
        if self.phase in (Phase.KA, Phase.CALLER) and not self._end_sent:
            self.phase = Phase.CALLER
            self._send_caller()
        else:
            # After the end of the caller's number A1 asks for the called number again.
            self.phase = Phase.CALLED
            self._send_called()

    def _send_called(self) -> None:
        if self._called_at < len(self._numbers.called):
            digit = self._numbers.called[self._called_at]
            self._called_at += 1
            self._send(number_of(digit), Role.DIGIT)
        else:
            self._wait()

    def _send_caller(self) -> None:
        if self._caller_at < len(self._numbers.caller):
            digit = self._numbers.caller[self._caller_at]
            self._caller_at += 1
            self._send(number_of(digit), Role.CALLER_DIGIT)
        elif self._profile.caller.end:
            self._end_sent = True
            self._send(END_OF_NUMBER, Role.CALLER_END)
        else:
            self._end_sent = True
            self._wait()

    def _send(self, number: int, role: Role) -> None:
        self._tape.tone(Way.OURS, number, role, forward=True)
        self._timers.start("held", self._profile.registers.held_ms, lambda: self._fail(Failure.NO_BACKWARD))
        self._sender.send(number)

    def _wait(self) -> None:
        """Nothing to send: the far end must find out by itself, and say so by a pulse."""
        self._timers.start("silent", self._profile.registers.silent_ms, lambda: self._fail(Failure.SILENT))

    def _fail(self, failure: Failure) -> None:
        self._finish(Verdict(None, failure))

    def _finish(self, verdict: Verdict) -> None:
        self.stop()
        self._done(verdict)
