"""A call that we take: acknowledgement, registers, KB, answer, clearing (facts 4.1, 4.3).

collecting  1111 sent; the numbers are coming in
offered     all numbers are there, KD is held; our side must decide
deciding    KB is being sent
ringing     KB free is through
talking     0111 sent
cleared     we have refused, cleared back, or given up: the caller's clear forward must come
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from boardd.contract.causes import Cause
from boardd.contract.text import _
from boardd.signalling.mfcr2._native import ToneEvent
from boardd.signalling.mfcr2.bits import ANSWERED, BUSY, IDLE, SEIZED
from boardd.signalling.mfcr2.call import R2Call
from boardd.signalling.mfcr2.incoming import IncomingRegister
from boardd.signalling.mfcr2.ladder import Way, Word
from boardd.signalling.mfcr2.outcome import Verdict, cause_of, meaning_of
from boardd.signalling.mfcr2.signals import FREE_MEANINGS, End, Line, Meaning
from boardd.signalling.span import Connected, Incoming, Number, Origin, Presentation

if TYPE_CHECKING:
    from boardd.signalling.mfcr2.circuit import Circuit


class Stage(StrEnum):
    """See the module text."""

    COLLECTING = "collecting"
    OFFERED = "offered"
    DECIDING = "deciding"
    RINGING = "ringing"
    TALKING = "talking"
    CLEARED = "cleared"


class IncomingCall(R2Call):
    """See the module text."""

    end = End.INCOMING

    def __init__(self, circuit: Circuit) -> None:
        super().__init__(circuit)
        self.stage = Stage.COLLECTING
        self._register: IncomingRegister | None = None
        self._answer_wanted = False

    def start(self, abcd: int) -> None:
        """The far end has seized."""
        circuit = self.circuit
        self.note(Way.THEIRS, Word.SEIZURE, abcd)
        circuit.bits.send(BUSY)
        self.note(Way.OURS, Word.SEIZURE_ACK, circuit.bits.sent)
        sender = circuit.open_register(End.INCOMING)
        self._register = IncomingRegister(
            sender, circuit.profile, circuit.timers, circuit.tape, self._offered, self._registers_done
        )
        self._register.start()

    # -- from our side ----------------------------------------------------------------------------------------------
    def alerting(self) -> bool:
        """KB free."""
        if self.stage is not Stage.OFFERED or self._register is None:
            return False
        self.stage = Stage.DECIDING
        self._register.decide(Meaning.FREE)
        return True

    def connect(self) -> bool:
        """KB free if need be, then the answer."""
        if (
            self.hung_up
            or self._answer_wanted
            or not (self.alerting() or self.stage in (Stage.DECIDING, Stage.RINGING))
        ):
            return False
        self._answer_wanted = True
        if self.stage is Stage.RINGING and not self.circuit.timers.running("answer"):
            self._answer()
        return True

    def disconnect(self, cause: int) -> bool:
        """See R2Call."""
        if self.hung_up or self.over or self._told:
            return False
        self.hung_up = True
        self.cause = self.cause or cause
        if self.stage is Stage.OFFERED and self._register:
            self.stage = Stage.DECIDING
            self._register.decide(meaning_of(cause))
        elif self.stage is not Stage.DECIDING:
            self._clear_back()
        return True

    def park_bits(self) -> None:
        """See R2Call."""
        self.circuit.bits.send(BUSY)

    # -- line signals -----------------------------------------------------------------------------------------------
    def on_line(self, line: Line, abcd: int) -> None:
        """See R2Call."""
        if line is not Line.FREE:
            self.note(Way.THEIRS, Word.OTHER_LINE, abcd)
            return
        self.note(Way.THEIRS, Word.CLEAR_FORWARD, abcd)
        if self.stage is Stage.COLLECTING:
            self._reason = self._reason or _("the caller gave up while numbers were being sent")
        self._stop_register()
        self.circuit.timers.cancel_all()
        self.tell_disconnected(Cause.NORMAL_CLEARING, _(Word.CLEAR_FORWARD.value))
        self.circuit.bits.send(IDLE)
        self.note(Way.OURS, Word.RELEASE_GUARD, self.circuit.bits.sent)
        self.finish()

    def on_tone(self, event: ToneEvent) -> None:
        """See R2Call."""
        if self._register:
            self._register.on_tone(event)

    # -- registers --------------------------------------------------------------------------------------------------
    def _offered(self) -> None:
        if self._register is None:
            return
        numbers = self._register.numbers
        self.circuit.over("r2_register_failed")
        self.stage = Stage.OFFERED
        self.called, self.caller = numbers.called, numbers.caller
        self.number = self.circuit.new_call()
        shown = Presentation.ALLOWED if numbers.caller else Presentation.UNAVAILABLE
        self.circuit.emit(
            Incoming(
                self.circuit.slot,
                self.number,
                called=Number(numbers.called),
                caller=Number(numbers.caller, presentation=shown),
                category=numbers.ka,
            )
        )

    def _registers_done(self, verdict: Verdict) -> None:
        self._stop_register()
        if verdict.failure is not None:
            self._registers_failed(verdict)
        elif self.hung_up or verdict.meaning not in FREE_MEANINGS:
            self._clear_back()
        else:
            self.stage = Stage.RINGING
            delay_ms = max(1, self.circuit.profile.line.answer_delay_ms)
            self.circuit.timers.start("answer", delay_ms, self._answer_if_wanted)

    def _registers_failed(self, verdict: Verdict) -> None:
        text = _(verdict.failure.value) if verdict.failure else ""
        if not self.number:
            self.circuit.trouble("r2_register_failed", text)
        self.note(Way.NONE, Word.FAILED, detail=text)
        self.fail(cause_of(verdict), text, Origin.LINE)
        self._clear_back()

    def _answer_if_wanted(self) -> None:
        if self._answer_wanted:
            self._answer()

    def _answer(self) -> None:
        if self.stage is not Stage.RINGING or self.hung_up:
            return
        self.stage = Stage.TALKING
        self.circuit.bits.send(ANSWERED)
        self.note(Way.OURS, Word.ANSWER, self.circuit.bits.sent)
        self.circuit.emit(Connected(self.circuit.slot, self.number))

    # -- the end ----------------------------------------------------------------------------------------------------
    def _clear_back(self) -> None:
        """All that the called side can do: before the answer there is no signal, the caller must clear by itself."""
        circuit = self.circuit
        self._stop_register()
        answered = self.stage is Stage.TALKING
        self.stage = Stage.CLEARED
        circuit.timers.cancel_all()
        circuit.bits.send(BUSY)
        if answered:
            self.note(Way.OURS, Word.CLEAR_BACK, circuit.bits.sent)
        circuit.timers.start("clear_forward", circuit.profile.line.clear_forward_ms, self._no_clear_forward)

    def _no_clear_forward(self) -> None:
        circuit = self.circuit
        self.note(Way.NONE, Word.NO_CLEAR_FORWARD)
        if circuit.profile.line.forced_release:
            circuit.bits.send(SEIZED)
            self.note(Way.OURS, Word.FORCED_RELEASE, circuit.bits.sent)
        self._reason = self._reason or _(Word.NO_CLEAR_FORWARD.value)
        circuit.stuck("r2_no_clear_forward", _("the caller does not clear"))
        self.finish()

    def _stop_register(self) -> None:
        if self._register:
            self._register.stop()
            self._register = None
        self.circuit.close_register()
