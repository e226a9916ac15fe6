"""The pair itself: what each end and a tap can measure, and who is told what."""

import pytest

from hwsim.core.engine import Engine
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.line.analog import AnalogLine
from hwsim.line.feed import ACCESS_BOX, CROSSBAR, EXCHANGE, FEEDS


class End:
    def __init__(self):
        self.told = []

    def on_ringing(self, on):
        self.told.append(("ringing", on))

    def on_polarity(self, reversed_):
        self.told.append(("polarity", reversed_))

    def on_voltage(self, volts):
        self.told.append(("volts", volts))

    def on_loop(self, closed):
        self.told.append(("loop", closed))


@pytest.fixture
def line():
    with Engine(16, 1) as engine:
        made = AnalogLine(Sim(engine, TruthLog(), 1), "1/0")
        made.set, made.office, made.tap = End(), End(), End()
        yield made


@pytest.mark.parametrize(
    ("feed", "on_hook", "off_hook_range", "current_range"),
    [(EXCHANGE, 48, (6, 12), (18, 50)), (CROSSBAR, 60, (6, 12), (18, 50)), (ACCESS_BOX, 24, (6, 12), (18, 50))],
)
def test_feeds_are_within_the_facts(line, feed, on_hook, off_hook_range, current_range):
    line.feed_plan = feed
    assert (line.volts, line.loop_ma) == (on_hook, 0)
    line.close_loop(True)
    assert off_hook_range[0] <= line.volts <= off_hook_range[1]
    assert current_range[0] <= line.loop_ma <= current_range[1]


def test_ringing_voltages():
    assert all(75 <= feed.ring_v_rms <= 105 and 20 <= feed.ring_hz <= 28 for feed in FEEDS.values())


def test_ringing_voltage_is_there_only_while_it_rings(line):
    assert line.ring_v_rms == 0
    line.ring(True)
    assert line.ring_v_rms == 90
    line.ring_loss_v = 85
    assert line.ring_v_rms == 5


def test_another_telephone_closes_the_loop_for_the_office(line):
    line.lift_elsewhere(True)
    assert 3 < line.volts < 18 and line.loop_ma == 0
    assert line.office.told == [("loop", True)]
    line.close_loop(True)
    assert line.office.told == [("loop", True)], "the office cannot tell one telephone from two"
    assert line.loop_ma == EXCHANGE.loop_ma // 2
    line.close_loop(False)
    assert line.office.told == [("loop", True)]
    line.lift_elsewhere(False)
    assert line.office.told == [("loop", True), ("loop", False)]
    assert line.set.told[-1] == ("volts", 48)


def test_a_stuck_hook_switch_opens_when_it_is_freed(line):
    line.close_loop(True)
    line.stick(True)
    line.close_loop(False)
    assert line.current and line.office.told == [("loop", True)]
    line.stick(False)
    assert not line.current and line.office.told == [("loop", True), ("loop", False)]


def test_nobody_notices_anything_over_a_cut_pair(line):
    line.ring(True)
    line.cut(True)
    assert line.set.told == [("ringing", True), ("ringing", False), ("volts", 0)]
    line.reverse(True)
    line.close_loop(True)
    assert ("polarity", True) not in line.set.told and line.office.told == []
    line.close_loop(False)
    line.cut(False)
    assert line.set.told[-2:] == [("ringing", True), ("volts", 48)]


def test_without_feed_there_is_neither_voltage_nor_polarity(line):
    line.feed(False)
    line.reverse(True)
    assert line.set.told == [("volts", 0)] and line.volts == 0
