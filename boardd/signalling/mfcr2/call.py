"""What outgoing and incoming calls have in common: telling of their end once, and the ladder of those that failed."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING

from boardd.signalling.mfcr2._native import ToneEvent
from boardd.signalling.mfcr2.ladder import FailedCall, Way, Word
from boardd.signalling.mfcr2.signals import End, Line
from boardd.signalling.span import Disconnected, Origin, Released

if TYPE_CHECKING:
    from boardd.signalling.mfcr2.circuit import Circuit


class R2Call(abc.ABC):
    """One call on a circuit. `number` is the span's call number, 0 while an incoming one is not announced yet."""

    end: End

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.number = 0
        self.called = ""
        self.caller = ""
        self.cause = 0
        """The first that either side gave."""
        self.hung_up = False
        """Our side has asked for the end."""
        self.over = False
        self._told = False
        self._reason = ""

    # -- for the circuit --------------------------------------------------------------------------------------------
    @abc.abstractmethod
    def on_line(self, line: Line, abcd: int) -> None:
        """The far end's line signal changed."""

    @abc.abstractmethod
    def on_tone(self, event: ToneEvent) -> None:
        """The register heard or sent something."""

    @abc.abstractmethod
    def disconnect(self, cause: int) -> bool:
        """Our side ends the call; False when it has ended already."""

    @abc.abstractmethod
    def park_bits(self) -> None:
        """Line bits of a call that is dropped: the far end must be able to clear."""

    def drop(self, cause: int, raw: str) -> None:
        """The call is over at once, whatever the far end thinks; the circuit waits until it is idle there."""
        if self.over:
            return
        self.fail(cause, raw, Origin.LINE)
        self.circuit.close_register()
        self.circuit.timers.cancel_all()
        self.park_bits()
        self.finish()

    # -- for the calls ----------------------------------------------------------------------------------------------
    def fail(self, cause: int, raw: str, origin: Origin, *, reason: str = "") -> None:
        """The call will not come about, or was broken: its ladder is kept."""
        self._reason = self._reason or reason or raw
        self.tell_disconnected(cause, raw, origin)

    def tell_disconnected(self, cause: int, raw: str, origin: Origin = Origin.FAR) -> None:
        """Once, and only if our side has not hung up."""
        self.cause = self.cause or cause
        if self.number and not self._told and not self.hung_up:
            self._told = True
            self.circuit.emit(Disconnected(self.circuit.slot, self.number, int(cause), raw, origin))

    def finish(self) -> None:
        """The call is over and the circuit has no call any more."""
        if self.over:
            return
        self.over = True
        if self._reason:
            self.circuit.keep(self._failed())
        self.circuit.call_over(self)
        if self.number:
            self.circuit.emit(Released(self.circuit.slot, self.number, int(self.cause or 16)))

    def note(self, way: Way, word: Word, abcd: int | None = None, detail: str = "") -> None:
        """A line of the ladder."""
        self.circuit.tape.line(way, word, abcd, detail)

    def _failed(self) -> FailedCall:
        return FailedCall(
            slot=self.circuit.slot,
            call=self.number,
            outgoing=self.end is End.OUTGOING,
            called=self.called,
            caller=self.caller,
            reason=self._reason,
            cause=int(self.cause),
            ladder=self.circuit.tape.ladder,
        )
