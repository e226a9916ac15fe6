import pytest
from clockwork import Line

from boardd.signalling.analog import (
    Answered,
    CallerKnown,
    Cleared,
    Ear,
    InService,
    LineFree,
    Offered,
    Phase,
    Rang,
)
from boardd.signalling.analog.caller_id import FskMessage
from boardd.signalling.analog.events import Sound


def ringing(line: Line, caller_id: FskMessage | None = None) -> None:
    line.rings(1, off_ms=800)
    if caller_id:
        line.machine.caller_id(caller_id)


def test_rings_are_counted_and_the_call_is_answered() -> None:
    line = Line()
    line.rings(2)
    assert line.events == [Offered(), Rang(1), Rang(2), CallerKnown("", "", "nothing heard")]
    assert line.machine.answer()
    assert line.orders == [("hook", True)] and line.machine.phase is Phase.ANSWERING
    line.clock.forward(100)
    assert line.events[-1] == Answered("connect") and line.ear is Ear.TALK
    line.end()
    assert not line.of(Cleared) and line.orders[-1] == ("hook", False)


def test_short_ringing_is_no_ring_and_close_bursts_are_one() -> None:
    line = Line()
    line.rings(3, on_ms=60, off_ms=60)
    line.clock.forward(10_000)
    assert not line.events
    line.rings(1, on_ms=400, off_ms=200)
    line.rings(1, on_ms=400, off_ms=2000)
    assert line.of(Rang) == [Rang(1)]


def test_two_rings_before_an_offer_where_ghosts_ring() -> None:
    line = Line(rings_to_offer=2)
    line.rings(1)
    line.clock.forward(5000)
    assert not line.events
    line.rings(2)
    assert line.events[:2] == [Offered(), Rang(2)]


def test_the_caller_gives_up() -> None:
    line = Line()
    line.rings(2)
    line.clock.forward(7000)
    assert line.reason() == (16, "far", "no_ring")
    assert line.machine.phase is Phase.ENDED and not line.orders
    line.end()
    assert line.machine.usable


def test_a_ring_that_nobody_wants_keeps_the_line_until_it_stops() -> None:
    line = Line()
    line.rings(1)
    line.machine.hang_up()
    line.rings(2)
    assert not line.of(LineFree) and len(line.of(Offered)) == 1
    line.clock.forward(7000)
    assert line.of(LineFree) == [LineFree()] and line.machine.usable and not line.of(Cleared)


def test_fsk_between_the_rings() -> None:
    line = Line()
    ringing(line, FskMessage(True, "13800138000", "张三"))
    assert line.events[-1] == CallerKnown("13800138000", "张三", "fsk")
    line.rings(3)
    assert len(line.of(CallerKnown)) == 1


def test_a_spoilt_message_is_waited_for_again() -> None:
    line = Line()
    ringing(line, FskMessage(False))
    line.clock.forward(3200)
    line.rings(1, off_ms=800)
    assert not line.of(CallerKnown)
    line.machine.caller_id(FskMessage(True, "02088886666"))
    assert line.of(CallerKnown) == [CallerKnown("02088886666", "", "fsk")]


def test_spoilt_twice_closes_the_window_at_the_third_ring() -> None:
    line = Line()
    ringing(line, FskMessage(False))
    line.clock.forward(3200)
    line.rings(1, off_ms=800)
    line.machine.caller_id(FskMessage(False))
    line.clock.forward(3200)
    line.machine.ring(True)
    line.clock.forward(200)
    assert line.of(CallerKnown) == [CallerKnown("", "", "bad checksum")]


@pytest.mark.parametrize("digits", ["D13800138000C", "A13800138000#", "A13800138000D8001B1C", "13800138000"])
def test_dtmf_before_the_first_ring(digits: str) -> None:
    line = Line()
    for digit in digits:
        line.machine.digit(digit)
        line.clock.forward(150)
    line.clock.forward(500)
    line.rings(1)
    assert line.events[0] == Offered("13800138000")
    line.rings(2)
    assert not line.of(CallerKnown)


def test_old_digits_are_not_the_number_of_the_next_call() -> None:
    line = Line()
    for digit in "D1234567C":
        line.machine.digit(digit)
    line.clock.forward(7000)
    line.rings(2)
    assert line.events[0] == Offered() and line.of(CallerKnown) == [CallerKnown("", "", "nothing heard")]


@pytest.mark.parametrize(
    ("digits", "number"), [("D1234567C", "1234567"), ("A1234567#", "1234567"), ("1234567", "1234567")]
)
def test_dtmf_after_the_first_ring(digits: str, number: str) -> None:
    line = Line()
    ringing(line)
    for digit in digits:
        line.machine.digit(digit)
        line.clock.forward(150)
    line.clock.forward(1500)
    assert line.of(CallerKnown) == [CallerKnown(number, "", "dtmf")]


@pytest.mark.parametrize(
    ("digits", "how"), [("B10", "absent P"), ("D1#", "absent P"), ("B00", "absent O"), ("D3#", "absent O")]
)
def test_dtmf_that_says_there_is_no_number(digits: str, how: str) -> None:
    line = Line()
    for digit in digits:
        line.machine.digit(digit)
        line.clock.forward(150)
    line.rings(1)
    assert line.of(CallerKnown) == [CallerKnown("", "", how)]


def test_fsk_that_says_there_is_no_number() -> None:
    line = Line()
    ringing(line, FskMessage(True, absent="P"))
    assert line.of(CallerKnown) == [CallerKnown("", "", "absent P")]


def test_no_caller_id_where_the_line_has_none() -> None:
    line = Line(caller_id=False)
    for digit in "D1234567C":
        line.machine.digit(digit)
    line.rings(3)
    assert line.events[0] == Offered() and not line.of(CallerKnown)


def answered(**changes: object) -> Line:
    line = Line(**changes)
    line.rings(1)
    line.machine.answer()
    line.clock.forward(1000)
    assert line.events[-1] == Answered("connect")
    return line


@pytest.mark.parametrize(
    ("sound", "code"),
    [
        (Sound.BUSY, "busy_tone"),
        (Sound.CONGESTION, "congestion_tone"),
        (Sound.UNOBTAINABLE, "unobtainable_tone"),
        (Sound.HOWLER, "howler_tone"),
        (Sound.DIAL_TONE, "dial_tone"),
        (Sound.SPECIAL_DIAL_TONE, "special_dial_tone"),
    ],
)
def test_each_tone_ends_the_call_and_says_so(sound: Sound, code: str) -> None:
    line = answered()
    line.machine.heard(sound, "450 Hz 350/350 three times")
    assert line.reason() == (16, "far", code)
    (cleared,) = line.of(Cleared)
    assert isinstance(cleared, Cleared) and cleared.reason.text == "450 Hz 350/350 three times"
    line.machine.heard(Sound.BUSY)
    line.end()
    assert len(line.of(Cleared)) == 1


def test_a_reversal_ends_it_and_a_glitch_does_not() -> None:
    line = answered()
    line.flip(300)
    line.flip(5000)
    assert not line.of(Cleared)
    line.flip(500)
    assert line.reason() == (16, "far", "reversal")


def test_loop_current_away_ends_it_and_a_short_break_does_not() -> None:
    line = answered()
    line.machine.battery(False)
    line.clock.forward(200)
    line.machine.battery(True)
    line.clock.forward(1000)
    assert not line.of(Cleared)
    line.machine.battery(False)
    line.clock.forward(450)
    assert line.reason() == (16, "line", "battery_drop")


def test_long_silence_ends_it_and_sound_starts_the_time_again() -> None:
    line = answered(silence_ms=60_000)
    line.clock.forward(50_000)
    line.machine.heard(Sound.SOUND)
    line.clock.forward(100_000)
    line.machine.heard(Sound.SILENCE)
    line.clock.forward(59_000)
    line.machine.heard(Sound.SILENCE)
    assert not line.of(Cleared)
    line.clock.forward(1_100)
    assert line.reason() == (31, "far", "silence")


def test_the_longest_call() -> None:
    line = answered(max_call_ms=3_600_000, silence_ms=0)
    line.clock.forward(3_600_000)
    assert line.reason() == (102, "far", "max_call")


@pytest.mark.parametrize("switch", ["hang_up_on_reversal", "hang_up_on_battery_drop", "hang_up_on_tone"])
def test_each_supervisor_can_be_switched_off(switch: str) -> None:
    line = answered(**{switch: False})
    if switch == "hang_up_on_reversal":
        line.flip(2000)
    elif switch == "hang_up_on_battery_drop":
        line.machine.battery(False)
    else:
        line.machine.heard(Sound.BUSY)
    line.clock.forward(2000)
    assert not line.of(Cleared)


def test_answering_what_was_given_up_a_moment_ago_hears_dial_tone() -> None:
    line = Line()
    line.rings(1)
    line.machine.answer()
    line.clock.forward(500)
    line.machine.heard(Sound.DIAL_TONE)
    assert line.reason() == (16, "far", "dial_tone")


def test_a_hook_that_does_not_move() -> None:
    line = Line()
    line.slow_hook = True
    line.rings(1)
    line.machine.answer()
    line.clock.forward(3000)
    assert line.reason() == (41, "card", "hook_late") and not line.of(Answered)
    line.slow_hook = False
    line.end()


def test_a_card_that_refuses_the_hook() -> None:
    line = Line()
    line.slow_hook = True
    line.rings(1)
    line.machine.answer()
    line.machine.hook_failed("EIO")
    line.machine.hook_failed("EIO")
    assert line.reason() == (41, "card", "hook_failed")
    line.slow_hook = False
    line.end()


@pytest.mark.parametrize("failures", [0, 1, 3])
def test_a_card_that_does_not_put_the_receiver_down_keeps_the_line(failures: int) -> None:
    """The line is free the guard time after it really is on-hook, not after the order."""
    line = Line()
    line.rings(1)
    line.machine.answer()
    line.clock.forward(100)
    line.slow_hook = True
    line.machine.hang_up()
    for _turn in range(failures):
        line.clock.forward(1000)
        line.machine.hook_failed("EIO")
    line.clock.forward(10_000)
    assert not line.of(LineFree) and not line.machine.usable
    line.machine.hook_done(False)
    line.clock.forward(900)
    assert not line.of(LineFree)
    line.clock.forward(200)
    assert len(line.of(LineFree)) == 1 and line.machine.usable


def test_unplugged_and_plugged_again() -> None:
    line = Line()
    line.machine.battery(False)
    line.clock.forward(900)
    assert line.machine.usable
    line.clock.forward(200)
    assert line.events == [InService(False, "no_line_voltage")] and not line.machine.dial("123")
    line.machine.battery(True)
    line.clock.forward(1000)
    assert line.events[1:] == [InService(True)] and line.machine.usable


def test_another_telephone_on_the_pair() -> None:
    line = Line()
    for millivolts in (48_000, -48_000, 12_000):
        line.machine.voltage(millivolts)
        line.clock.forward(1_100)
    assert line.events == [InService(False, "in_use_elsewhere")]
    line.machine.voltage(0)
    line.clock.forward(1_100)
    line.machine.voltage(24_000)
    line.clock.forward(1_100)
    assert line.events[1:] == [InService(False, "no_line_voltage"), InService(True)]


def test_answered_at_another_telephone_on_the_pair() -> None:
    line = Line()
    line.rings(1, off_ms=1000)
    line.machine.voltage(9_000)
    line.clock.forward(7_000)
    assert line.reason() == (26, "line", "answered_elsewhere")


def test_the_feed_goes_while_it_rings() -> None:
    line = Line()
    line.rings(1)
    line.machine.battery(False)
    line.clock.forward(1_100)
    assert line.reason() == (38, "line", "no_battery")
    line.end()
    assert line.machine.phase is Phase.OUT and line.events[-1] == InService(False, "no_line_voltage")


def test_a_new_ring_ends_the_guard_time_and_is_offered() -> None:
    line = answered()
    line.machine.hang_up()
    line.clock.forward(300)
    line.machine.ring(True)
    line.clock.forward(150)
    assert line.events[-3:] == [LineFree(), Offered(), Rang(1)]
    line.rings(1)
    line.clock.forward(10_000)
    line.end()


def test_a_card_that_tells_only_the_ends_of_rings() -> None:
    line = Line()
    for _ in range(2):
        line.machine.ring_burst()
        line.clock.forward(4000)
    assert line.of(Rang) == [Rang(1), Rang(2)]
    line.clock.forward(3000)
    assert line.reason()[2] == "no_ring"


def test_flash_only_while_talking() -> None:
    line = Line()
    assert not line.machine.flash()
    line = answered()
    assert line.machine.flash() and line.orders[-1] == ("flash", 500)
    line.flip(500)
    line.clock.forward(1000)
    assert not line.of(Cleared)
