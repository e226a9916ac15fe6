"""What wears quietly on DAHDI cards: told when it shows, over when it has not shown for some time."""

from dataclasses import replace

import pytest

from drivers.dahdi._codes import Alarm
from drivers.dahdi._native import SpanStatus
from drivers.dahdi.health import ERRORS, SoundHealth, SpanHealth

STATUS = SpanStatus(1, "", "", Alarm.NONE, 31, 31, 1, "", "", "", "", 0, 40, dict.fromkeys((*ERRORS, "fe", "be"), 7))


class Time:
    """Timers that a test lets run out."""

    def __init__(self):
        self.now, self.waiting = 0.0, []

    def time(self):
        return self.now

    def call_later(self, delay, callback, *args):
        entry = [self.now + delay, callback, args]
        self.waiting.append(entry)
        return type("Handle", (), {"cancel": lambda _self: self.waiting.remove(entry)})()

    def run(self, seconds):
        self.now += seconds
        for entry in [e for e in self.waiting if e[0] <= self.now]:
            self.waiting.remove(entry)
            entry[1](*entry[2])


@pytest.fixture
def told():
    return []


def tell(told):
    return lambda code, raised, text: told.append((code, raised, text))


def grown(**more):
    return replace(STATUS, counters={**STATUS.counters, **{n: STATUS.counters[n] + by for n, by in more.items()}})


def test_interrupts_are_told_once_until_they_have_been_served_for_a_minute(told):
    time = Time()
    health = SpanHealth(time, tell(told))
    health.status(STATUS)
    assert not told, "what was before us"
    health.status(replace(STATUS, irq_misses=43))
    time.run(30)
    health.status(replace(STATUS, irq_misses=44))
    time.run(59)
    health.status(replace(STATUS, irq_misses=44))
    assert told == [("interrupts_missed", True, "3 interrupts of the card were served too late")]
    time.run(2)
    assert told[1:] == [("interrupts_missed", False, "")]


def test_errors_are_told_while_no_alarm_says_more(told):
    time = Time()
    health = SpanHealth(time, tell(told))
    health.status(STATUS)
    health.status(grown(crc4=2, cv=9, be=4))
    assert told == [("span_errors", True, "cv +9, crc4 +2")]
    time.run(61)
    health.status(replace(grown(crc4=500), alarms=Alarm.BLUE))
    health.status(grown(crc4=500))
    assert told[1:] == [("span_errors", False, "")]
    health.close()
    assert not time.waiting


def test_sound_that_does_not_come_for_a_second(told):
    time, counters = Time(), {}
    health = SoundHealth(lambda: time, counters, tell(told))
    health.hole(4000)
    time.run(6)
    health.hole(4000)
    assert not told and counters == {"sound_missing_ms": 1000}, "half a second now and then is none"
    health.hole(4000)
    health.hole(8000)
    assert told == [("sound_missing", True, "no sound comes in from the card")]
    time.run(6)
    assert told[1:] == [("sound_missing", False, "")]
    health.hole(8000)
    health.close()
    assert [raised for _code, raised, _text in told] == [True, False, True, False] and not time.waiting
