"""Habits of exchanges and access boxes on analogue lines, judged by sound and by the far end."""

import pytest
from test_line_circuit import Town
from worldkit import facts, run_s

from hwsim.core.engine import Line
from hwsim.core.events import Kind
from hwsim.exchange.announcer import Announcement
from hwsim.exchange.line_circuit import LineOptions, LineSound, LineState
from hwsim.exchange.release import Holding
from hwsim.exchange.ringer import RingOptions
from hwsim.exchange.subscriber_line import SubscriberState
from hwsim.exchange.tones import PLANS, ToneKind
from hwsim.line.feed import CROSSBAR
from hwsim.people.cadence import Heard
from hwsim.people.draw import Draw
from hwsim.people.steps import Answer, Dial, HangUp, Lift, Sound, Speak, Wait, WaitFor

OWN = "88002000"


@pytest.fixture
def build():
    made = []

    def town(**options):
        made.append(Town(LineOptions(number=OWN, **options)))
        return made[-1]

    yield town
    for one in made:
        one.sim.engine.close()


def pulse(town, digit, period_ms, break_ms):
    """One digit as loop openings."""
    for n in range(int(digit) or 10):
        town.sim.later(n * period_ms, town.line.close_loop, False)
        town.sim.later(n * period_ms + break_ms, town.line.close_loop, True)


@pytest.mark.parametrize("per_second", [8, 10, 14])
@pytest.mark.parametrize("ratio", [1.3, 1.6, 2.5])
@pytest.mark.parametrize("gap_ms", [350, 800])
def test_pulses_within_the_tolerances(build, per_second, ratio, gap_ms):
    town = build()
    town.port.lift()
    run_s(town.sim, 2)
    period_ms = 1000 / per_second
    for digit in "4907":
        pulse(town, digit, period_ms, period_ms * ratio / (1 + ratio))
        run_s(town.sim, ((int(digit) or 10) * period_ms + gap_ms - period_ms / (1 + ratio)) / 1000)
    run_s(town.sim, 0.5)
    assert "".join(f["digit"] for f in facts(town.sim, "digit_received")) == "4907"
    assert not facts(town.sim, "flash_seen")


@pytest.mark.parametrize("ms", [100, 300, 450])
def test_a_flash_is_no_digit(build, ms):
    town = build()
    town.port.lift()
    run_s(town.sim, 2)
    pulse(town, "1", 1000, ms)
    run_s(town.sim, 2)
    assert [f["duration_ms"] for f in facts(town.sim, "flash_seen")] == [ms]
    assert not facts(town.sim, "digit_received")


def test_a_glitch_of_the_loop_is_nothing(build):
    town = build()
    town.port.lift()
    run_s(town.sim, 2)
    pulse(town, "3", 200, 15)
    run_s(town.sim, 2)
    assert not facts(town.sim, "digit_received") and not facts(town.sim, "flash_seen")
    assert town.ear.tone is Heard.DIAL


@pytest.mark.parametrize(("dbm0", "taken"), [(-9, True), (-22, True), (-34, False)])
def test_level_of_digits_that_an_exchange_takes(build, dbm0, taken):
    town = build()
    town.port.lift()
    run_s(town.sim, 2)
    town.sim.engine.dtmf(town.line.set_leg, "8", low_mb=dbm0 * 100, high_mb=dbm0 * 100)
    run_s(town.sim, 0.5)
    assert bool(facts(town.sim, "digit_received")) is taken


@pytest.mark.parametrize(
    ("plan", "cadence"),
    [
        ("china", [350] * 8),
        ("busy_200", [200] * 8),
        ("busy_250", [250] * 8),
        ("busy_uneven", [210, 210, 210, 210, 210, 210, 630, 210]),
    ],
)
def test_tone_plans_as_they_sound(build, plan, cadence):
    town = build(tones=PLANS[plan])
    town.port.answer_ring = 1
    town.do(town.caller, Dial(), Wait(Draw.fixed(8)), HangUp(), called=OWN)
    run_s(town.sim, 7)
    town.port.tone_edges.clear()
    run_s(town.sim, 8)
    lengths = [ms for _, ms in town.port.tone_edges]
    assert any(
        lengths[start : start + 8] == pytest.approx(cadence, abs=12) for start in range(min(9, len(lengths) - 7))
    ), lengths


def test_a_tone_of_another_frequency_is_sent_at_that_frequency(build):
    town = build(tones=PLANS["busy_200"])
    engine, leg = town.sim.engine, town.line.set_leg
    at = {engine.tone_detect(leg, hertz, 30): hertz for hertz in (420, 450)}
    heard = set()
    town.sim.on_engine(leg, lambda e: heard.add(at[e.id]) if e.kind is Kind.TONE_ON and e.id in at else None)
    town.circuit.tones.play(ToneKind.BUSY)
    run_s(town.sim, 2)
    assert heard == {420}


def test_an_announcement_instead_of_a_tone_is_a_voice_and_then_the_tone(build):
    town = build()
    town.exchange.announcements = {20: Announcement(4000), 1: Announcement(4000, then_tone=False)}
    town.exchange.add_subscriber("88001111", SubscriberState.POWER_OFF)
    voices = []
    town.ear._changed = lambda: voices.append((town.sim.now_us, town.ear.voice, town.ear.tone))
    town.port.lift()
    run_s(town.sim, 2)
    town.port.dial("88001111")
    run_s(town.sim, 5)
    assert any(voice for _, voice, _ in voices) and town.circuit.tones.kind is None
    (said,) = facts(town.sim, "announcement", line="1/0", cause=20)
    run_s(town.sim, 6)
    (busy,) = facts(town.sim, "tone", line="1/0", tone="busy")
    assert busy["t_us"] - said["t_us"] == 4_000_000 and town.ear.tone is Heard.BUSY
    town.port.hang_up()
    run_s(town.sim, 1)
    town.port.lift()
    run_s(town.sim, 2)
    town.port.dial("88009999")
    run_s(town.sim, 12)
    assert town.circuit.tones.kind is None and town.ear.silent(1000)
    town.port.hang_up()
    run_s(town.sim, 1)
    assert town.circuit.free


def test_hanging_up_ends_an_announcement(build):
    town = build()
    town.exchange.announcements = {1: Announcement(20_000)}
    town.port.lift()
    run_s(town.sim, 2)
    town.port.dial("88009999")
    run_s(town.sim, 4)
    town.port.hang_up()
    run_s(town.sim, 1)
    assert town.circuit.free and town.sim.engine.stats().sources == 0


def test_a_ring_back_tune_is_no_ring_back_and_ends_at_the_answer(build):
    town = build()
    town.exchange.subscribers["057188001234"].give_tune()
    town.do(town.friend, Answer(Draw.fixed(9)), Speak(Draw.fixed(5)))
    tones = []
    town.ear._changed = lambda: tones.append(town.ear.tone)
    town.port.lift()
    run_s(town.sim, 2)
    tones.clear()
    town.port.dial("88001234")
    run_s(town.sim, 9)
    assert Heard.RING_BACK not in tones and town.ear.voice
    assert facts(town.sim, "ring_back_tune") and not facts(town.sim, "tone", line="1/0", tone="ring_back")
    run_s(town.sim, 3.5)
    assert facts(town.sim, "call_answer") and town.sim.engine.stats().sources <= 1
    run_s(town.sim, 8)
    assert town.ear.tone is Heard.BUSY and town.call_end() == (16, "called", True)


def test_a_called_party_who_lifts_again_in_time_still_has_the_call(build):
    town = build(clear_delay_ms=30_000)
    town.exchange.subscribers["057188001234"].calls_end = Holding(wait_ms=60_000)
    town.do(
        town.friend,
        Answer(Draw.fixed(3)),
        Speak(Draw.fixed(3)),
        HangUp(),
        Wait(Draw.fixed(10)),
        Lift(),
        Speak(Draw.fixed(3)),
        HangUp(),
        Wait(Draw.fixed(200)),
    )
    town.port.lift()
    run_s(town.sim, 2)
    town.port.dial("88001234")
    run_s(town.sim, 14)
    assert not town.ear.voice and town.circuit.state is LineState.TALKING and not facts(town.sim, "call_end")
    run_s(town.sim, 9)
    assert facts(town.sim, "reanswered") and town.circuit.state is LineState.TALKING
    assert len(facts(town.sim, "chirp", person="friend")) > 10
    run_s(town.sim, 64)
    ended = facts(town.sim, "call_end")[0]["t_us"]
    down = [f["t_us"] for f in facts(town.sim, "on_hook", person="friend")]
    assert ended - down[1] == 60_000_000
    run_s(town.sim, 35)
    assert town.ear.tone is Heard.BUSY


def test_glare_the_card_that_seizes_a_ringing_line_has_the_caller_instead_of_dial_tone(build):
    town = build()
    town.do(town.caller, Dial(), WaitFor(Sound.RING_BACK, Draw.fixed(9)), Speak(Draw.fixed(20)), called=OWN)
    while not town.line.ringing:
        run_s(town.sim, 0.02)
    run_s(town.sim, 0.1)
    town.port.lift()
    run_s(town.sim, 2)
    assert not town.line.ringing and not facts(town.sim, "tone", line="1/0", tone="dial")
    assert facts(town.sim, "call_answer", line="1/0")
    town.port.dial("88001234")
    run_s(town.sim, 4)
    assert not facts(town.sim, "digit_received") and len(facts(town.sim, "call_begin")) == 1


def test_a_line_that_is_off_hook_elsewhere_is_busy_and_has_dial_tone(build):
    town = build()
    town.line.lift_elsewhere(True)
    run_s(town.sim, 1.5)
    assert town.circuit.tones.kind is ToneKind.DIAL
    town.do(town.caller, Dial(), WaitFor(Sound.BUSY, Draw.fixed(9)), called=OWN)
    run_s(town.sim, 6)
    assert town.call_end() == (17, "exchange", False) and town.port.bursts == []


def test_another_telephone_takes_the_call(build):
    town = build()
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called=OWN)
    run_s(town.sim, 2)
    town.line.lift_elsewhere(True)
    run_s(town.sim, 3)
    assert facts(town.sim, "call_answer", line="1/0") and not town.line.ringing and not town.line.loop_closed


def test_reversal_at_seizure_is_short_and_no_answer(build):
    town = build(reversal=True, seizure_reversal_ms=200)
    town.port.lift()
    run_s(town.sim, 1)
    assert town.port.polarity == [True, False]
    assert [f["reversed"] for f in facts(town.sim, "polarity")] == [True, False] and not facts(town.sim, "call_begin")


def test_ringing_cadence_of_a_pbx(build):
    town = build(ring=RingOptions(ring_on_ms=800, ring_off_ms=3000))
    town.do(town.caller, Dial(), Wait(Draw.fixed(20)), called=OWN)
    run_s(town.sim, 6)
    start = town.port.bursts[0][0]
    assert [((t - start) // 1000, on) for t, on in town.port.bursts] == [
        (0, True),
        (800, False),
        (3800, True),
        (4600, False),
    ]
    assert [caller.number for _, caller, _ in town.port.caller_ids] == ["13800138000"]


def test_no_caller_id_when_the_pause_is_too_short_for_it(build):
    town = build(ring=RingOptions(ring_on_ms=400, ring_off_ms=1200))
    town.do(town.caller, Dial(), Wait(Draw.fixed(9)), called=OWN)
    run_s(town.sim, 6)
    assert town.port.caller_ids == [] and facts(town.sim, "caller_id_no_room", line="1/0")


def test_a_caller_without_number(build):
    town = build(ring=RingOptions(absent="P"))
    town.exchange.originate(town.exchange.add_subscriber("88003333"), OWN, "")
    run_s(town.sim, 8)
    assert [caller.absent for _, caller, _ in town.port.caller_ids] == ["P"]


def test_the_callers_name_goes_with_the_number(build):
    town = build()
    town.exchange.subscribers["13800138000"].display_name = "张三"
    town.do(town.caller, Dial(), Wait(Draw.fixed(9)), called=OWN)
    run_s(town.sim, 8)
    assert [(caller.number, caller.name) for _, caller, _ in town.port.caller_ids] == [("13800138000", "张三")]
    assert facts(town.sim, "caller_id", name="张三")


def test_sound_of_a_line_is_data(build):
    plain, poor = build(), build(sound=LineSound(loss_db=12, noise_dbm0=-50, echo_db=9, echo_ms=10))
    for town in (plain, poor):
        town.sim.engine.tone(town.line.office_leg, 800, -1000)
        run_s(town.sim, 0.5)
    quiet, loud = poor.sim.engine.level(poor.line.set_leg).rx_mb, plain.sim.engine.level(plain.line.set_leg).rx_mb
    assert loud - quiet == pytest.approx(1200, abs=20)
    assert poor.sim.engine.line(poor.line.set_leg) == Line(1200, 1200, -5000, 900, 80)
    poor.circuit.configure(LineOptions(number=OWN))
    assert poor.sim.engine.line(poor.line.set_leg) == Line()


def test_feed_of_a_line_is_data(build):
    town = build(feed=CROSSBAR)
    assert town.line.volts == 60
    town.port.lift()
    assert town.line.volts == CROSSBAR.off_hook_v and town.line.loop_ma == CROSSBAR.loop_ma
