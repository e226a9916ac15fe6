"""The condition of an exchange line's pair, from its battery or its voltage, each with the time that it must last.

    no_battery       < 3 V for 1 s: unplugged, or the exchange has no power
    in_use           3 to 18 V while we are on-hook: another telephone on the pair
    good             anything else

A card that tells only whether there is battery knows no `in_use`. While we are off-hook only `no_battery` means
anything (loop current away: `dropped` after `battery_drop_ms`).
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.profile import FxoProfile


class Condition(StrEnum):
    """See the module text; the value is the reason shown for a line that cannot be used."""

    GOOD = ""
    NO_BATTERY = "no_line_voltage"
    IN_USE = "in_use_elsewhere"


class Pair:
    """`changed(condition)` while on-hook; `dropped()` while off-hook."""

    def __init__(
        self, profile: FxoProfile, clock: Clock, changed: Callable[[Condition], None], dropped: Callable[[], None]
    ) -> None:
        self._profile = profile
        self._timers = Timers(clock)
        self._changed = changed
        self._dropped = dropped
        self._battery = True
        self._seen = Condition.GOOD
        self._off_hook = False
        self.condition = Condition.GOOD
        """What has lasted long enough."""

    @property
    def fed(self) -> bool:
        """What the card has last said."""
        return self._battery

    def battery(self, present: bool) -> None:
        """The card says that there is battery, or none."""
        self._battery = present
        self._look(Condition.GOOD if present else Condition.NO_BATTERY)

    def voltage(self, millivolts: int) -> None:
        """The card measured the pair (sign does not matter)."""
        volts_mv = abs(millivolts)
        self._battery = volts_mv >= self._profile.no_battery_mv
        if not self._battery:
            self._look(Condition.NO_BATTERY)
        else:
            self._look(Condition.IN_USE if volts_mv < self._profile.in_use_mv else Condition.GOOD)

    def hook(self, off: bool) -> None:
        """We are off-hook or on-hook: what was measured before means nothing any more, except a missing battery."""
        self._off_hook = off
        self._timers.cancel_all()
        self._seen = Condition.GOOD
        self._look(Condition.GOOD if self._battery else Condition.NO_BATTERY)

    def close(self) -> None:
        """Nothing is told any more."""
        self._timers.cancel_all()

    def _look(self, seen: Condition) -> None:
        if self._off_hook:
            if self._battery:
                self._timers.cancel("drop")
            else:
                self._timers.start_once("drop", self._profile.battery_drop_ms, self._dropped)
            return
        if seen is self._seen and self._timers.running("settle"):
            return
        self._seen = seen
        if seen is self.condition:
            self._timers.cancel("settle")
        else:
            self._timers.start("settle", self._profile.line_settle_ms, self._lasts)

    def _lasts(self) -> None:
        self.condition = self._seen
        self._changed(self.condition)
