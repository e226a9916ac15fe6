"""One telephone on a port of ours (FXS): its hook, and ringing it with caller ID.

    down -> lifted -> down            the person's doing: Lifted, [Flashed, PulseDigit], PutDown
    down -> rung -> lifted            Lifted(rung=True): the call that rings is answered
    down -> rung -> down              `stop_ring`

Races (off-hook within 500 ms of a ring's start or stop): an off-hook that crosses the start of ringing answers it, one
after `stop_ring` is a new seizure whatever the telephone heard last. Both follow from the order in which card and host
speak, so no timer decides them. The number is sent as FSK sound in the pause after the first ring; a telephone that is
lifted before, or a ring that is stopped, drops it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.hook import HookReader
from boardd.signalling.analog.profile import StationProfile


@dataclass(frozen=True, slots=True)
class StationEvent:
    """Root of what a telephone tells."""


@dataclass(frozen=True, slots=True)
class Lifted(StationEvent):
    """Off-hook; `rung`: while we rang it."""

    rung: bool


@dataclass(frozen=True, slots=True)
class PutDown(StationEvent):
    """On-hook."""


@dataclass(frozen=True, slots=True)
class Flashed(StationEvent):
    """Hook flash."""


@dataclass(frozen=True, slots=True)
class PulseDigit(StationEvent):
    """A digit dialled by pulses."""

    digit: str


class StationCard(Protocol):
    """What the machine orders the card to do; nothing blocks."""

    def ring(self, on: bool) -> None:
        """Begin or stop ringing in the card's cadence."""

    def send_caller_id(self, number: str, name: str) -> None:
        """Send the number as FSK now."""


class StationLine:
    """See the module text. Cards that tell loop edges use `loop`, cards that read the hook themselves the others."""

    def __init__(
        self, profile: StationProfile, clock: Clock, card: StationCard, emit: Callable[[StationEvent], None]
    ) -> None:
        self.profile = profile
        self._card = card
        self._emit = emit
        self._timers = Timers(clock)
        self._reader = HookReader(
            profile, clock, lifted=self.lifted, put_down=self.put_down, flash=self.flashed, digit=self.pulse_digit
        )
        self.off_hook = False
        self.rung = False
        self._caller = ("", "")

    # -- commands -----------------------------------------------------------------------------------------------------
    def ring(self, number: str = "", name: str = "") -> bool:
        """Ring it; False when it is off-hook or rung already."""
        if self.off_hook or self.rung:
            return False
        self.rung = True
        self._caller = (number, name)
        self._card.ring(True)
        return True

    def stop_ring(self) -> bool:
        """Stop ringing; False when it is not rung (lifted a moment ago, or never)."""
        if not self.rung:
            return False
        self._end_ring()
        return True

    def close(self) -> None:
        """The card is gone: no order any more."""
        self.rung = self.off_hook = False
        self._timers.cancel_all()
        self._reader.close()

    # -- from the card ------------------------------------------------------------------------------------------------
    def loop(self, closed: bool) -> None:
        """The loop closed or opened: flash, pulses and on-hook are read from its edges."""
        self._reader.loop(closed)

    def lifted(self) -> None:
        """Off-hook; twice is once."""
        if self.off_hook:
            return
        self.off_hook = True
        rung = self.rung
        if rung:
            self._end_ring()
        self._emit(Lifted(rung))

    def put_down(self) -> None:
        """On-hook; twice is once."""
        if self.off_hook:
            self.off_hook = False
            self._emit(PutDown())

    def flashed(self) -> None:
        """A hook flash."""
        if self.off_hook:
            self._emit(Flashed())

    def pulse_digit(self, digit: str) -> None:
        """A digit dialled by pulses."""
        if self.off_hook:
            self._emit(PulseDigit(digit))

    def ring_stopped(self) -> None:
        """One burst of ringing has ended: after the first one the number is sent."""
        number, name = self._caller
        if self.rung and self.profile.caller_id and (number or name):
            self._caller = ("", "")
            self._timers.start("caller_id", self.profile.caller_id_delay_ms, lambda: self._send(number, name))

    def _send(self, number: str, name: str) -> None:
        self._card.send_caller_id(number, name)

    def _end_ring(self) -> None:
        self.rung = False
        self._caller = ("", "")
        self._timers.cancel_all()
        self._card.ring(False)
