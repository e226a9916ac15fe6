import pytest
from clockwork import Line

from boardd.signalling.analog import (
    Answered,
    Cleared,
    Dialled,
    DialToneMissing,
    Ear,
    LineFree,
    Offered,
    Phase,
    Rang,
    RingBack,
)
from boardd.signalling.analog.events import Sound


def dialled(number: str = "13800138000", **changes: object) -> Line:
    line = Line(**changes)
    assert line.machine.dial(number)
    line.clock.forward(400)
    line.machine.heard(Sound.DIAL_TONE)
    line.clock.forward(5000)
    assert line.events == [Dialled()] and line.ear is Ear.PROGRESS
    return line


def test_dial_tone_then_digits() -> None:
    line = Line()
    assert line.machine.dial("13800138000") and line.ear is Ear.DIAL_TONE
    line.clock.forward(400)
    assert line.orders == [("hook", True)]
    line.machine.heard(Sound.DIAL_TONE)
    line.clock.forward(150)
    assert line.orders == [("hook", True)]
    line.clock.forward(100)
    assert line.orders[1:] == [("dtmf", "13800138000")] and not line.machine.dial("1")
    line.end()
    assert line.orders[2:] == [("stop",), ("hook", False)] and not line.of(Cleared)


def test_commas_are_pauses() -> None:
    line = Line()
    line.machine.dial("9,,138")
    line.machine.heard(Sound.SPECIAL_DIAL_TONE)
    line.clock.forward(200 + 200 + 1900)
    assert line.orders[1:] == [("dtmf", "9")]
    line.clock.forward(200)
    assert line.orders[1:] == [("dtmf", "9"), ("dtmf", "138")]
    line.clock.forward(600)
    assert line.events == [Dialled()]


def test_pulse_dialling_and_no_waiting_for_dial_tone() -> None:
    line = Line(pulse=True, wait_dial_tone=False)
    line.machine.dial("88")
    line.clock.forward(1400)
    assert line.orders == [("hook", True)]
    line.clock.forward(200)
    assert line.orders[1:] == [("pulse", "88")]


def test_no_dial_tone_is_told_until_there_is_one() -> None:
    line = Line()
    for _ in range(2):
        line.events.clear()
        line.machine.dial("138")
        line.clock.forward(5000)
        assert line.reason() == (38, "line", "no_dial_tone")
        line.end()
    assert not line.of(DialToneMissing), "told once"
    line.events.clear()
    line.machine.dial("138")
    line.machine.heard(Sound.DIAL_TONE)
    assert line.events == [DialToneMissing(False)]


def test_busy_tone_instead_of_dial_tone() -> None:
    line = Line()
    line.machine.dial("138")
    line.machine.heard(Sound.BUSY)
    assert line.reason() == (38, "line", "busy_tone")
    line.end()


def test_a_ring_against_our_seizure_is_glare_and_is_offered_afterwards() -> None:
    line = Line()
    line.machine.dial("138")
    line.clock.forward(30)
    line.machine.ring(True)
    assert line.reason() == (44, "glare", "glare") and line.orders == [("hook", True), ("hook", False)]
    line.clock.forward(200)
    assert not line.of(Offered)
    line.machine.hang_up()
    line.clock.forward(2000)
    assert [type(e) for e in line.events] == [Cleared, LineFree, Offered, Rang]


def test_a_ring_too_young_to_be_told_is_glare_without_going_off_hook() -> None:
    line = Line()
    line.machine.ring(True)
    line.clock.forward(50)
    assert line.machine.dial("138")
    assert line.reason() == (44, "glare", "glare") and not line.orders
    line.machine.hang_up()
    line.clock.forward(200)
    assert [type(e) for e in line.events] == [Cleared, LineFree, Offered, Rang]


def test_reversal_is_evidence_and_the_second_one_the_end() -> None:
    line = dialled()
    line.machine.heard(Sound.RING_BACK)
    line.clock.forward(3000)
    line.flip(500)
    assert line.events[1:] == [RingBack(), Answered("reversal")]
    line.clock.forward(10_000)
    line.flip(500)
    assert line.reason() == (16, "far", "reversal")


def test_a_glitch_is_no_answer() -> None:
    line = dialled()
    line.flip(300)
    line.flip(3000)
    assert not line.of(Answered)


def test_a_reversal_right_after_seizure_is_the_exchange_itself() -> None:
    line = Line()
    line.machine.dial("138")
    line.clock.forward(500)
    line.flip(300)
    line.flip()
    line.clock.forward(2000)
    line.machine.heard(Sound.DIAL_TONE)
    line.clock.forward(2000)
    assert not line.of(Answered)
    line = Line()
    line.machine.dial("138")
    line.flip(1000)
    line.machine.heard(Sound.DIAL_TONE)
    line.clock.forward(3000)
    assert not line.of(Answered), "it stayed reversed: that is how this line is while seized"
    line.flip(1000)
    assert line.of(Answered) == [Answered("reversal")]


def test_an_answer_quicker_than_the_card_reports_its_last_digit() -> None:
    line = Line()
    line.slow_digits = True
    line.machine.dial("117")
    line.machine.heard(Sound.DIAL_TONE)
    line.clock.forward(900)
    line.flip(500)
    assert not line.of(Answered)
    line.machine.digits_sent()
    assert line.events == [Dialled(), Answered("reversal")]


def test_the_second_reversal_counts_only_after_its_gap() -> None:
    line = dialled(reversal_settle_ms=100)
    line.flip(150)
    assert line.of(Answered)
    line.clock.forward(200)
    line.flip(150)
    line.clock.forward(1000)
    assert not line.of(Cleared)


def test_a_voice_is_evidence_unless_told_otherwise_and_reversal_is_better() -> None:
    line = dialled()
    line.machine.heard(Sound.RING_BACK)
    line.machine.heard(Sound.ANSWER)
    line.flip(500)
    assert line.of(Answered) == [Answered("voice"), Answered("reversal")]
    line.clock.forward(200)
    line.flip(1000)
    assert line.reason()[2] == "reversal"
    line = dialled(answer_by_voice=False)
    line.machine.heard(Sound.ANSWER)
    assert not line.of(Answered)


def test_ring_back_that_stops_is_an_answer_without_evidence_until_somebody_speaks() -> None:
    line = dialled()
    for _ in range(3):
        line.machine.heard(Sound.RING_BACK)
        line.clock.forward(5000)
    assert line.of(RingBack) == [RingBack()] and not line.of(Answered)
    line.clock.forward(2100)
    assert line.of(Answered) == [Answered("none")]
    line.machine.heard(Sound.ANSWER)
    assert line.of(Answered)[1:] == [Answered("voice")]


@pytest.mark.parametrize(
    ("sound", "cause"), [(Sound.BUSY, 17), (Sound.CONGESTION, 42), (Sound.UNOBTAINABLE, 1), (Sound.HOWLER, 102)]
)
def test_tones_say_why_it_failed(sound: Sound, cause: int) -> None:
    line = dialled()
    line.machine.heard(sound)
    assert line.reason() == (cause, "far", f"{sound}_tone")


def test_busy_tone_while_digits_still_go_out() -> None:
    line = Line()
    line.slow_digits = True
    line.machine.dial("138")
    line.machine.heard(Sound.DIAL_TONE)
    line.clock.forward(300)
    line.machine.heard(Sound.CONGESTION)
    assert line.reason() == (42, "far", "congestion_tone") and line.orders[-1] == ("stop",)


def test_an_announcement_is_neither_answer_nor_busy() -> None:
    line = dialled()
    line.machine.heard(Sound.ANNOUNCEMENT)
    line.clock.forward(20_000)
    assert not line.of(Answered) and not line.of(Cleared)
    line.machine.heard(Sound.BUSY)
    assert line.reason() == (31, "far", "announcement_busy_tone")


def test_somebody_may_be_talking_behind_a_ring_back_tune() -> None:
    line = dialled()
    line.machine.heard(Sound.ANNOUNCEMENT)
    line.clock.forward(26_000)
    assert line.of(Answered) == [Answered("none")]
    line.machine.heard(Sound.BUSY)
    assert line.reason() == (16, "far", "busy_tone")


def test_an_announcement_and_then_silence_is_a_failure() -> None:
    line = dialled()
    line.machine.heard(Sound.ANNOUNCEMENT)
    line.machine.heard(Sound.SILENCE)
    line.clock.forward(5000)
    line.machine.heard(Sound.SOUND)
    line.machine.heard(Sound.SILENCE)
    line.clock.forward(9900)
    assert not line.of(Cleared)
    line.clock.forward(200)
    assert line.reason() == (31, "far", "announcement_silence")


def test_nothing_at_all_and_nobody_answers() -> None:
    line = dialled()
    line.clock.forward(58_000)
    assert line.reason() == (18, "far", "no_progress")
    line = dialled(no_answer_ms=60_000)
    for _ in range(12):
        line.machine.heard(Sound.RING_BACK)
        line.clock.forward(5000)
    assert line.reason() == (19, "far", "no_answer")


def test_digits_that_the_card_never_sends() -> None:
    line = Line()
    line.slow_digits = True
    line.machine.dial("138,1")
    line.machine.heard(Sound.DIAL_TONE)
    line.clock.forward(41_500)
    assert line.reason() == (41, "card", "digits_not_sent")
    line.machine.digits_sent()
    line.end()
    assert line.machine.phase is Phase.REST


def test_digits_that_the_card_has_cut() -> None:
    line = Line()
    line.slow_digits = True
    line.machine.digits_failed("nobody dials")
    line.machine.dial("138")
    line.machine.heard(Sound.DIAL_TONE)
    line.clock.forward(500)
    line.machine.digits_failed("cut")
    assert line.reason() == (41, "card", "digits_not_sent")
    line.machine.digits_sent()
    line.end()
    assert line.machine.phase is Phase.REST and line.clock.pending == 0


def test_loop_current_away_while_dialling() -> None:
    line = dialled()
    line.machine.battery(False)
    line.clock.forward(500)
    assert line.reason() == (38, "line", "battery_drop")


def test_hanging_up_from_within_an_event() -> None:
    for kind in (Dialled, RingBack, Answered, Cleared):
        line = Line()
        line.react = lambda event, kind=kind, line=line: line.machine.hang_up() if type(event) is kind else None
        line.machine.dial("138")
        line.machine.heard(Sound.DIAL_TONE)
        line.clock.forward(2000)
        line.machine.heard(Sound.RING_BACK)
        line.flip(500)
        line.machine.heard(Sound.BUSY)
        line.clock.forward(3000)
        assert line.machine.usable and line.clock.pending == 0, kind
        assert len(line.of(LineFree)) == 1
