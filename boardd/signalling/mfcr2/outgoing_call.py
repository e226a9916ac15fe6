"""A call that we make: seizure, registers, answer, clearing (facts 4.1, 4.3).

seizing     0011 sent; 1111 must come
registers   the numbers are being sent
ringing     KB free came
talking     0111 came; short pulses back to 1111 may be metering
clear_back  the called party has hung up; it may answer again for a time
clearing    1011 sent; the circuit is free when 1011 comes
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from boardd.contract.causes import Cause
from boardd.contract.text import _
from boardd.signalling.mfcr2._native import ToneEvent
from boardd.signalling.mfcr2.bits import IDLE, SEIZED
from boardd.signalling.mfcr2.call import R2Call
from boardd.signalling.mfcr2.ladder import Way, Word
from boardd.signalling.mfcr2.outcome import Verdict, cause_of
from boardd.signalling.mfcr2.outgoing import Numbers, OutgoingRegister
from boardd.signalling.mfcr2.profile import Pulses
from boardd.signalling.mfcr2.signals import FREE_MEANINGS, MEANING_TEXTS, End, Line
from boardd.signalling.mfcr2.words import Metering
from boardd.signalling.span import Alerting, Connected, Origin, Proceeding

if TYPE_CHECKING:
    from boardd.signalling.mfcr2.circuit import Circuit


class Stage(StrEnum):
    """See the module text."""

    SEIZING = "seizing"
    REGISTERS = "registers"
    RINGING = "ringing"
    TALKING = "talking"
    CLEAR_BACK = "clear_back"
    CLEARING = "clearing"


class OutgoingCall(R2Call):
    """See the module text."""

    end = End.OUTGOING

    def __init__(self, circuit: Circuit, number: int, numbers: Numbers) -> None:
        super().__init__(circuit)
        self.number = number
        self.numbers = numbers
        self.called, self.caller = numbers.called, numbers.caller
        self.stage = Stage.SEIZING
        self.pulses = 0
        self._register: OutgoingRegister | None = None
        self._answered_early = False

    def start(self) -> None:
        """Seize the circuit."""
        self.circuit.bits.send(SEIZED)
        self.note(Way.OURS, Word.SEIZURE, self.circuit.bits.sent)
        self.circuit.timers.start("ack", self.circuit.profile.line.seize_ack_ms, self._no_ack)

    def disconnect(self, cause: int) -> bool:
        """See R2Call."""
        if self.hung_up or self.stage is Stage.CLEARING:
            return False
        self.hung_up = True
        self.cause = self.cause or cause
        if self.stage is not Stage.SEIZING:
            self._clear()
        # Before its acknowledgement a seizure stays, or the far end could acknowledge a circuit that is free.
        return True

    def park_bits(self) -> None:
        """See R2Call."""
        self.circuit.bits.send(IDLE)
        self.note(Way.OURS, Word.CLEAR_FORWARD, self.circuit.bits.sent)

    # -- line signals -----------------------------------------------------------------------------------------------
    def on_line(self, line: Line, abcd: int) -> None:
        """See R2Call."""
        match self.stage, line:
            case Stage.CLEARING, Line.FREE:
                self.note(Way.THEIRS, Word.RELEASE_GUARD, abcd)
                self.finish()
            case Stage.CLEARING, _:
                self.note(Way.THEIRS, Word.OTHER_LINE, abcd)
            case Stage.SEIZING, Line.BUSY:
                self._acknowledged(abcd)
            case Stage.SEIZING, Line.SEIZED:
                self._double_seizure(abcd)
            case Stage.REGISTERS, Line.ANSWERED if self._register and self._register.kb_heard:
                self.note(Way.THEIRS, Word.ANSWER, abcd)
                self._answered_early = True
            case Stage.RINGING, Line.ANSWERED:
                self.note(Way.THEIRS, Word.ANSWER, abcd)
                self._answer()
            case Stage.TALKING, Line.BUSY:
                self._maybe_clear_back(abcd)
            case Stage.TALKING, Line.ANSWERED:
                self._pulse_over(abcd)
            case Stage.CLEAR_BACK, Line.ANSWERED:
                self.note(Way.THEIRS, Word.REANSWER, abcd)
                self.circuit.timers.cancel("clear_back")
                self.stage = Stage.TALKING
            case _, Line.SEIZED:
                self.note(Way.THEIRS, Word.FORCED_RELEASE, abcd)
                self._ended(Cause.NORMAL_CLEARING, _(Word.FORCED_RELEASE.value))
            case _, Line.FREE if self.stage is not Stage.SEIZING:
                self.note(Way.THEIRS, Word.RELEASE_GUARD, abcd)
                self._broken(Cause.NORMAL_UNSPECIFIED, _("the far end released without clear back"))
            case _:
                self.note(Way.THEIRS, Word.OTHER_LINE, abcd)
                self._broken(Cause.PROTOCOL_ERROR, _("line signal {bits} out of place").format(bits=f"{abcd:04b}"))

    def on_tone(self, event: ToneEvent) -> None:
        """See R2Call."""
        if self._register:
            self._register.on_tone(event)

    # -- seizing ----------------------------------------------------------------------------------------------------
    def _acknowledged(self, abcd: int) -> None:
        circuit = self.circuit
        circuit.timers.cancel("ack")
        self.note(Way.THEIRS, Word.SEIZURE_ACK, abcd)
        circuit.seizure_acknowledged()
        if self.hung_up:
            self._clear()
            return
        self.stage = Stage.REGISTERS
        sender = circuit.open_register(End.OUTGOING)
        self._register = OutgoingRegister(
            sender, circuit.profile, self.numbers, circuit.timers, circuit.tape, self._registers_done
        )
        self._register.start()

    def _no_ack(self) -> None:
        self.note(Way.NONE, Word.NO_ACK)
        self.circuit.not_acknowledged()
        self._broken(Cause.CHANNEL_UNAVAILABLE, _(Word.NO_ACK.value))

    def _double_seizure(self, abcd: int) -> None:
        self.note(Way.THEIRS, Word.DOUBLE_SEIZURE, abcd)
        self.circuit.timers.cancel("ack")
        self.circuit.double_seizure()
        self.fail(Cause.CHANNEL_UNAVAILABLE, _(Word.DOUBLE_SEIZURE.value), Origin.GLARE)
        self.stage = Stage.CLEARING
        # Neither side has the circuit; the far end must have seen our seizure before it goes.
        self.circuit.timers.start("hold", self.circuit.profile.line.seize_hold_ms, self._clear)

    # -- registers --------------------------------------------------------------------------------------------------
    def _registers_done(self, verdict: Verdict) -> None:
        self.circuit.close_register()
        if verdict.failure is not None:
            text = _(verdict.failure.value)
            self._broken(cause_of(verdict), f"{text} ({verdict.raw})" if verdict.raw else text)
        elif verdict.meaning in FREE_MEANINGS:
            self.stage = Stage.RINGING
            self.circuit.emit(Proceeding(self.circuit.slot, self.number, in_band=True))
            if not self.over and self.stage is Stage.RINGING:
                self.circuit.emit(Alerting(self.circuit.slot, self.number, in_band=True))
            if self._answered_early and self.stage is Stage.RINGING:
                self._answer()
        else:
            text = _(MEANING_TEXTS[verdict.meaning]) if verdict.meaning else ""
            self.fail(cause_of(verdict), verdict.raw, Origin.FAR, reason=f"{verdict.raw} {text}")
            self._clear()

    # -- conversation -----------------------------------------------------------------------------------------------
    def _answer(self) -> None:
        self.stage = Stage.TALKING
        self.circuit.emit(Connected(self.circuit.slot, self.number))

    def _maybe_clear_back(self, abcd: int) -> None:
        rules = self.circuit.profile.line
        if rules.pulses is Pulses.NONE:
            self._clear_back(abcd)
        else:
            self.circuit.timers.start("pulse", rules.pulse_ms, lambda: self._clear_back(abcd))

    def _pulse_over(self, abcd: int) -> None:
        self.circuit.timers.cancel("pulse")
        self.pulses += 1
        self.note(Way.THEIRS, Word.PULSE, abcd)
        if self.circuit.profile.line.pulses is Pulses.COUNT:
            self.circuit.emit(Metering(self.circuit.slot, self.number, self.pulses))

    def _clear_back(self, abcd: int) -> None:
        self.note(Way.THEIRS, Word.CLEAR_BACK, abcd)
        wait_ms = self.circuit.profile.line.clear_back_wait_ms
        if wait_ms <= 0:
            self._cleared_back()
            return
        self.stage = Stage.CLEAR_BACK
        self.circuit.timers.start("clear_back", wait_ms, self._cleared_back)

    def _cleared_back(self) -> None:
        self._ended(Cause.NORMAL_CLEARING, _(Word.CLEAR_BACK.value))

    # -- the end ----------------------------------------------------------------------------------------------------
    def _ended(self, cause: int, raw: str) -> None:
        self.tell_disconnected(cause, raw)
        self._clear()

    def _broken(self, cause: int, raw: str) -> None:
        self.fail(cause, raw, Origin.LINE)
        self._clear()

    def _clear(self) -> None:
        """Clear forward; the circuit is ours until the far end shows idle."""
        circuit = self.circuit
        if self.over:
            return
        if self._register:
            self._register.stop()
            self._register = None
        circuit.close_register()
        circuit.timers.cancel_all()
        self.stage = Stage.CLEARING
        circuit.bits.send(IDLE)
        self.note(Way.OURS, Word.CLEAR_FORWARD, circuit.bits.sent)
        if circuit.line_free:
            self.finish()
        else:
            circuit.timers.start("release", circuit.profile.line.release_ms, self._no_release)

    def _no_release(self) -> None:
        self.note(Way.NONE, Word.NO_RELEASE)
        self.fail(self.cause, _(Word.NO_RELEASE.value), Origin.LINE)
        self.circuit.stuck("r2_no_release_guard", _("the far end does not show idle after clear forward"))
        self.finish()
