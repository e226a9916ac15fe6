"""The two-wire analogue line: an office end that feeds it and a set end that closes the loop.

On an FXO port the exchange is the office end and the card is the set; on an FXS port the card is the office end and a
telephone is the set; a record tap listens to a pair that has both ends elsewhere. Each end gets a listener. What one
end does is told to the other end at once; durations (hook flash, ringing cadence, pulses) are made by the end that
acts. Caller ID is sound like any other: whoever wants it listens to their leg.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from hwsim.kernel.sim import Sim
from hwsim.line.feed import EXCHANGE, Feed
from hwsim.line.keypad import GOOD, Keypad


class Pair(StrEnum):
    """Physical condition of the pair."""

    GOOD = "good"
    CUT = "cut"


class SetEnd(Protocol):
    """What the set end (FXO port, telephone) notices."""

    def on_ringing(self, on: bool) -> None:
        """Ringing voltage began or stopped (one call per burst edge); `AnalogLine.ring_v_rms` says how strong."""

    def on_polarity(self, reversed_: bool) -> None:
        """The feed's polarity changed."""

    def on_voltage(self, volts: int) -> None:
        """The DC voltage across the pair changed."""


class OfficeEnd(Protocol):
    """What the office end (exchange line circuit, FXS port) notices."""

    def on_loop(self, closed: bool) -> None:
        """Loop current began or stopped: off-hook, on-hook, flash, dial pulse, by whatever telephone on the pair."""


class TapEnd(SetEnd, OfficeEnd, Protocol):
    """What a high-impedance tap on the pair notices: both directions."""


class AnalogLine:
    """One pair. `office_leg` and `set_leg` are the sound end points; they hear each other while the pair is good.

    `loop_closed` is the set's own hook; the loop as the office sees it is `current`, which another telephone on the
    pair or a stuck hook switch closes too.
    """

    def __init__(self, sim: Sim, name: str, feed: Feed = EXCHANGE) -> None:
        self.sim = sim
        self.name = name
        self.feed_plan = feed
        self.office_leg = sim.engine.leg_new()
        self.set_leg = sim.engine.leg_new()
        self.office: OfficeEnd | None = None
        self.set: SetEnd | None = None
        self.tap: TapEnd | None = None
        self.pair = Pair.GOOD
        self.fed = True
        self.loop_closed = False
        self.off_hook_elsewhere = False
        self.stuck = False
        self.ringing = False
        self.reversed = False
        self.ring_loss_v = 0
        self.keypad: Keypad = GOOD
        self._wanted_closed = False
        self._seen_current = False
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
            self._tell_ringing(on)

    def reverse(self, reversed_: bool) -> None:
        """Set the feed's polarity."""
        if reversed_ == self.reversed:
            return
        self.reversed = reversed_
        self.sim.truth.note("polarity", line=self.name, reversed=reversed_)
        if self.pair is Pair.GOOD and self.fed:
            for end in (self.set, self.tap):
                if end:
                    end.on_polarity(reversed_)

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
        """Go off-hook (True) or on-hook (False); a stuck hook switch opens only when it is free again."""
        self._wanted_closed = closed
        if closed == self.loop_closed or (self.stuck and not closed):
            return
        self.loop_closed = closed
        self.sim.truth.note("hook", line=self.name, off_hook=closed)
        self._tell_loop()
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
        if self.ringing:
            self._tell_ringing(not cut)
        self._tell_loop()
        self._tell_voltage()

    def feed(self, on: bool) -> None:
        """Take the feed away or bring it back (exchange without power)."""
        self.fed = on
        self.sim.truth.note("feed", line=self.name, on=on)
        self._tell_voltage()

    def lift_elsewhere(self, off_hook: bool) -> None:
        """Another telephone on the same pair goes off-hook or on-hook: the office sees the loop closed."""
        if off_hook == self.off_hook_elsewhere:
            return
        self.off_hook_elsewhere = off_hook
        self.sim.truth.note("hook_elsewhere", line=self.name, off_hook=off_hook)
        self._tell_loop()
        self._tell_voltage()

    def stick(self, stuck: bool) -> None:
        """The set's hook switch (or the card's relay) sticks: on-hook does not open the loop; or it is freed."""
        self.stuck = stuck
        self.sim.truth.note("hook_stuck", line=self.name, stuck=stuck)
        if not stuck:
            self.close_loop(self._wanted_closed)

    # -- what can be measured -----------------------------------------------------------------------------------------
    @property
    def current(self) -> bool:
        """Whether loop current can flow: somebody is off-hook on a good pair."""
        return self.pair is Pair.GOOD and (self.loop_closed or self.off_hook_elsewhere)

    @property
    def volts(self) -> int:
        """DC voltage at the set end, sign dropped (facts 1.3)."""
        if self.pair is Pair.CUT or not self.fed:
            return 0
        if self.loop_closed:
            return self.feed_plan.off_hook_v
        return self.feed_plan.elsewhere_v if self.off_hook_elsewhere else self.feed_plan.on_hook_v

    @property
    def loop_ma(self) -> int:
        """Current through the set in mA; two telephones share it."""
        if self.pair is Pair.CUT or not self.fed or not self.loop_closed:
            return 0
        return self.feed_plan.loop_ma // 2 if self.off_hook_elsewhere else self.feed_plan.loop_ma

    @property
    def ring_v_rms(self) -> int:
        """Ringing voltage at the set end while it rings."""
        return max(0, self.feed_plan.ring_v_rms - self.ring_loss_v) if self.ringing else 0

    def _tell_ringing(self, on: bool) -> None:
        for end in (self.set, self.tap):
            if end:
                end.on_ringing(on)

    def _tell_loop(self) -> None:
        current = self.current
        if current == self._seen_current:
            return
        self._seen_current = current
        for end in (self.office, self.tap):
            if end:
                end.on_loop(current)

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
