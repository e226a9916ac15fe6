"""The receiver of an E1: from what arrives to alarms, each after its persistence (facts 3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from hwsim.kernel.sim import Sim, Timer
from hwsim.line.digital import Alarm

LOSING = frozenset({Alarm.LOS, Alarm.LOF, Alarm.AIS})
"""Alarms with which nothing is received; the receiver's own side answers with RAI."""


@dataclass(frozen=True, slots=True)
class Persistence:
    """How long a condition must last before the alarm is set, and be gone before it is cleared, microseconds."""

    set_us: int
    clear_us: int


BIT_NS = 488.28125
FAS_US = 250
MULTIFRAME_US = 2_000

STANDARD: Mapping[Alarm, Persistence] = {
    # 255 zeros; 255 bits with at least 32 ones.
    Alarm.LOS: Persistence(round(255 * BIT_NS / 1000), round(255 * BIT_NS / 1000)),
    # Three bad alignment words; word, no word, word.
    Alarm.LOF: Persistence(3 * FAS_US, 2 * FAS_US),
    # Fewer than three zeros in 512 bits; more of them.
    Alarm.AIS: Persistence(round(512 * BIT_NS / 1000), round(512 * BIT_NS / 1000)),
    # The A bit three times.
    Alarm.RAI: Persistence(3 * FAS_US, 3 * FAS_US),
    # Two bad multiframe words; one good word.
    Alarm.LMF: Persistence(2 * MULTIFRAME_US, MULTIFRAME_US),
}


class Receiver:
    """Alarms of one end: `observe` says what is on the cable, `changed` is called when the set of alarms changes.

    `integration_us` is added to every persistence: framers that debounce in software take up to seconds.
    """

    def __init__(self, sim: Sim, changed: Callable[[frozenset[Alarm]], None], integration_us: int = 0) -> None:
        self.sim = sim
        self.alarms: frozenset[Alarm] = frozenset()
        self.integration_us = integration_us
        self._changed = changed
        self._present: frozenset[Alarm] = frozenset()
        self._timers: dict[Alarm, Timer] = {}

    def observe(self, present: frozenset[Alarm]) -> None:
        """These conditions are on the cable from now on."""
        for alarm in Alarm:
            if (alarm in present) == (alarm in self._present):
                continue
            timer = self._timers.pop(alarm, None)
            if timer:
                timer.cancel()
            if (alarm in present) == (alarm in self.alarms):
                continue
            times = STANDARD[alarm]
            wait_us = (times.set_us if alarm in present else times.clear_us) + self.integration_us
            self._timers[alarm] = self.sim.at(self.sim.now_us + wait_us, self._settle, alarm)
        self._present = present

    def _settle(self, alarm: Alarm) -> None:
        self._timers.pop(alarm, None)
        self.alarms = self.alarms | {alarm} if alarm in self._present else self.alarms - {alarm}
        self._changed(self.alarms)
