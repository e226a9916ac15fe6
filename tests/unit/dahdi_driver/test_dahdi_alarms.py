"""How long calls outlive an alarm: the kernel's RECOVER is shown, but ends nothing."""

import sys
from pathlib import Path

import pytest

from drivers.dahdi._codes import Alarm
from drivers.dahdi.alarms import LOSING_MS, RAI_MS, AlarmWatch

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "signalling_analog"))
from clockwork import SimClock

LOST = {Alarm.RED | Alarm.LOS: "los", Alarm.RED | Alarm.LFA: "lof", Alarm.BLUE: "ais"}


class Watched:
    def __init__(self) -> None:
        self.clock = SimClock()
        self.shown: list[tuple[str, ...]] = []
        self.real: list[tuple[str, ...]] = []
        self.ended: list[tuple[int, str]] = []
        self.watch = AlarmWatch(
            self.clock, self.shown.append, lambda cause, why: self.ended.append((cause, why)), self.real.append
        )


@pytest.mark.parametrize("mask", LOST, ids=LOST.values())
def test_a_signal_that_is_back_ends_no_call_while_the_kernel_recovers(mask: Alarm) -> None:
    line = Watched()
    line.watch.mask(mask)
    line.clock.forward(LOSING_MS - 100)
    line.watch.mask(Alarm.RECOVER)
    line.clock.forward(60_000)
    assert line.shown == [(LOST[mask],)] and line.real == [(LOST[mask],), ()] and not line.ended
    line.watch.mask(Alarm.NONE)
    assert line.shown[-1] == () and len(line.real) == 2


@pytest.mark.parametrize("mask", LOST, ids=LOST.values())
def test_one_that_lasts_ends_them_once(mask: Alarm) -> None:
    line = Watched()
    line.watch.mask(mask)
    line.clock.forward(LOSING_MS + 60_000)
    assert line.ended == [(27, LOST[mask])]


def test_lost_again_while_it_recovers_counts_anew() -> None:
    line = Watched()
    line.watch.mask(Alarm.RED | Alarm.LOS)
    line.clock.forward(4000)
    line.watch.mask(Alarm.RECOVER)
    line.clock.forward(2000)
    line.watch.mask(Alarm.RED | Alarm.LOS | Alarm.RECOVER)
    line.clock.forward(LOSING_MS - 100)
    assert not line.ended
    line.clock.forward(200)
    assert line.ended == [(27, "los")]


def test_a_remote_alarm_has_twice_the_time() -> None:
    line = Watched()
    line.watch.mask(Alarm.YELLOW)
    line.clock.forward(RAI_MS - 100)
    assert not line.ended
    line.clock.forward(200)
    assert line.ended == [(27, "rai")]


def test_closed_it_ends_nothing() -> None:
    line = Watched()
    line.watch.mask(Alarm.BLUE)
    line.watch.close()
    line.clock.forward(60_000)
    assert not line.ended
