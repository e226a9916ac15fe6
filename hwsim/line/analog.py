"""The two-wire analogue line: an office end that feeds it and a set end that closes the loop.

On an FXO port the exchange is the office end and the card is the set; on an FXS port the card is the office end and a
telephone is the set; a record tap listens to a pair that has both ends elsewhere. Each end gets a listener. What one
end does is told to the other end at once; durations (hook flash, ringing cadence, pulses) are made by the end that
acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hwsim.kernel.sim import Sim

FEED_ON_HOOK_V = 48
FEED_OFF_HOOK_V = 9
FEED_ELSEWHERE_V = 12


class Pair(StrEnum):
    """Physical condition of the pair."""

    GOOD = "good"
    CUT = "cut"


class SetEnd(Protocol):
    """What the set end (FXO port, telephone) notices."""

    def on_ringing(self, on: bool) -> None:
        """Ringing voltage began or stopped (one call per burst edge)."""

    def on_polarity(self, reversed_: bool) -> None:
        """The feed's polarity changed."""

    def on_voltage(self, volts: int) -> None:
        """The DC voltage across the pair changed."""

    def on_caller_id(self, message: CallerIdMessage) -> None:
        """A caller-ID transmission ended (its content as decoded by an ideal receiver)."""


class OfficeEnd(Protocol):
    """What the office end (exchange line circuit, FXS port) notices."""

    def on_loop(self, closed: bool) -> None:
        """The set closed (off-hook) or opened (on-hook, flash, dial pulse) the loop."""


class TapEnd(SetEnd, OfficeEnd, Protocol):
    """What a high-impedance tap on the pair notices: both directions."""


@dataclass(frozen=True, slots=True)
class CallerIdMessage:
    """Caller ID as sent: `form` fsk or dtmf, number, name, MMDDHHMM for FSK; `good` False = bad checksum."""

    number: str
    form: str = "fsk"
    name: str = ""
    date: str = ""
    good: bool = True


class AnalogLine:
    """One pair. `office_leg` and `set_leg` are the sound end points; they hear each other while the pair is good."""

    def __init__(self, sim: Sim, name: str) -> None:
        self.sim = sim
        self.name = name
        self.office_leg = sim.engine.leg_new()
        self.set_leg = sim.engine.leg_new()
        self.office: OfficeEnd | None = None
        self.set: SetEnd | None = None
        self.tap: TapEnd | None = None
        self.pair = Pair.GOOD
        self.fed = True
        self.loop_closed = False
        self.off_hook_elsewhere = False
        self.ringing = False
        self.reversed = False
        self._far_leg = self.office_leg
        sim.engine.wire(self.set_leg, self.office_leg)

    # -- what the office end does -------------------------------------------------------------------------------------
    def ring(self, on: bool) -> None:
        """Apply or remove ringing voltage (the caller makes the cadence)."""
        if on == self.ringing:
            return
        self.ringing = on
        self.sim.truth.note("ringing", line=self.name, on=on)
        if self.pair is Pair.GOOD:
            for end in (self.set, self.tap):
                if end:
                    end.on_ringing(on)

    def reverse(self, reversed_: bool) -> None:
        """Set the feed's polarity."""
        if reversed_ == self.reversed:
            return
        self.reversed = reversed_
        self.sim.truth.note("polarity", line=self.name, reversed=reversed_)
        for end in (self.set, self.tap):
            if end:
                end.on_polarity(reversed_)

    def send_caller_id(self, message: CallerIdMessage) -> None:
        """Deliver a caller-ID transmission that has just ended."""
        self.sim.truth.note("caller_id", line=self.name, number=message.number, form=message.form, good=message.good)
        if self.pair is Pair.GOOD:
            for end in (self.set, self.tap):
                if end:
                    end.on_caller_id(message)

    def connect(self, far_leg: int) -> None:
        """Through-connect the set to a party further away (the office's own tones are then not heard)."""
        self._far_leg = far_leg
        self._rewire()

    def disconnect(self) -> None:
        """Back to the office end's own tones."""
        self._far_leg = self.office_leg
        self._rewire()

    # -- what the set end does ----------------------------------------------------------------------------------------
    def close_loop(self, closed: bool) -> None:
        """Go off-hook (True) or on-hook (False)."""
        if closed == self.loop_closed:
            return
        self.loop_closed = closed
        self.sim.truth.note("hook", line=self.name, off_hook=closed)
        if self.pair is Pair.GOOD:
            for end in (self.office, self.tap):
                if end:
                    end.on_loop(closed)
        self._tell_voltage()

    # -- what happens to the pair -------------------------------------------------------------------------------------
    def cut(self, cut: bool) -> None:
        """Unplug or re-plug the pair."""
        pair = Pair.CUT if cut else Pair.GOOD
        if pair is self.pair:
            return
        self.pair = pair
        self.sim.truth.note("pair", line=self.name, state=str(pair))
        self._rewire()
        for end in (self.office, self.tap):
            if end:
                end.on_loop(self.loop_closed and not cut)
        self._tell_voltage()

    def feed(self, on: bool) -> None:
        """Take the feed away or bring it back (exchange without power)."""
        self.fed = on
        self.sim.truth.note("feed", line=self.name, on=on)
        self._tell_voltage()

    def lift_elsewhere(self, off_hook: bool) -> None:
        """Another telephone on the same pair goes off-hook or on-hook."""
        self.off_hook_elsewhere = off_hook
        self.sim.truth.note("hook_elsewhere", line=self.name, off_hook=off_hook)
        self._tell_voltage()

    @property
    def volts(self) -> int:
        """DC voltage at the set end, sign dropped (facts 1.3)."""
        if self.pair is Pair.CUT or not self.fed:
            return 0
        if self.loop_closed:
            return FEED_OFF_HOOK_V
        return FEED_ELSEWHERE_V if self.off_hook_elsewhere else FEED_ON_HOOK_V

    def _tell_voltage(self) -> None:
        volts = self.volts
        for end in (self.set, self.tap):
            if end:
                end.on_voltage(volts)

    def _rewire(self) -> None:
        if self.pair is Pair.CUT:
            self.sim.engine.unwire(self.set_leg)
        else:
            self.sim.engine.wire(self.set_leg, self._far_leg)
