"""Tones sent and tones recognised: cadences in, durations out."""

import pytest
from hwcore_bench import kinds

from hwsim.core.engine import EngineArgumentError, Line, StaleIdError
from hwsim.core.events import Kind, Reason

SECOND = 8000

# GB 3380-1982: name, cadence in ms
CADENCES = {
    "ring-back": (1000, 4000),
    "busy": (350, 350),
    "congestion": (700, 700),
    "unobtainable": (100, 100, 100, 100, 100, 100, 400, 400),
    "special dial": (400, 40),
}


def heard(bench, cadence, level_mb=-1000, f_hz=450.0, seconds=12, noise_mb=None):
    exchange, card = bench.pair()
    bench.engine.tone_detect(card, 450, 60)
    if noise_mb is not None:
        bench.engine.line_set(card, Line(noise_mb=noise_mb))
    bench.run(SECOND // 10)
    bench.engine.tone(exchange, f_hz, level_mb, cadence_ms=cadence)
    return kinds(bench.run(seconds * SECOND), Kind.TONE_ON, Kind.TONE_OFF)


@pytest.mark.parametrize("name", CADENCES)
@pytest.mark.parametrize(
    "conditions", [(-1000, 450, None), (-3000, 425, None), (-3000, 475, None), (-1000, 450, -2500)]
)
def test_cadences_come_through_within_a_step_or_two(bench, name, conditions):
    level_mb, f_hz, noise_mb = conditions
    cadence = CADENCES[name]
    events = heard(bench, cadence, level_mb, f_hz, noise_mb=noise_mb)
    expected = [cadence[n % len(cadence)] for n in range(len(events))]
    assert len(events) >= 4
    assert events[0].b == -1
    for n, event in enumerate(events[1:]):
        assert event.kind == (Kind.TONE_OFF if n % 2 == 0 else Kind.TONE_ON)
        assert event.b == pytest.approx(expected[n], abs=9), (n, event)


def test_dial_tone_is_one_long_tone(bench):
    events = heard(bench, (), seconds=10)
    assert [e.kind for e in events] == [Kind.TONE_ON]
    assert events[0].at_samples <= SECOND // 10 + 60 * 8


@pytest.mark.parametrize(("f_hz", "level_mb"), [(400, -1000), (500, -1000), (450, -4200), (900, -1000)])
def test_what_is_not_the_tone_is_not_reported(bench, f_hz, level_mb):
    assert heard(bench, (350, 350), level_mb, f_hz) == []


def test_minus_35_dbm0_is_heard(bench):
    assert len(heard(bench, (350, 350), -3500)) > 10


def test_four_frequencies_at_once(bench):
    sender, card = bench.pair()
    ids = {
        f_hz: bench.engine.tone_detect(card, f_hz, bandwidth)
        for f_hz, bandwidth in ((450, 60), (950, 60), (1100, 76), (2100, 30))
    }
    for f_hz in ids:
        bench.engine.tone(sender, f_hz, -1500, cadence_ms=(500,), repeat=1)
        events = kinds(bench.run(SECOND), Kind.TONE_ON, Kind.TONE_OFF)
        assert [(e.kind, e.id, e.a) for e in events] == [
            (Kind.TONE_ON, ids[f_hz], f_hz),
            (Kind.TONE_OFF, ids[f_hz], f_hz),
        ]
        assert events[1].b == pytest.approx(500, abs=9)
    bench.engine.stop(ids[950])
    with pytest.raises(StaleIdError):
        bench.engine.stop(ids[950])
    bench.engine.tone(sender, 950, -1500, cadence_ms=(500,), repeat=1)
    assert kinds(bench.run(SECOND), Kind.TONE_ON) == []


def test_a_counted_cadence_ends_to_the_sample(bench):
    leg = bench.engine.leg_new()
    tone = bench.engine.tone(leg, 450, cadence_ms=(100, 50), repeat=3)
    (event,) = bench.run(SECOND)
    assert event[:1] + event[1:6] == (3 * 150 * 8, Kind.PLAY_END, leg, tone, Reason.ENDED, 3 * 150 * 8)


def test_voice_on_and_off(bench):
    person, card = bench.pair()
    detector = bench.engine.energy_detect(card, -3500, min_on_ms=60, min_off_ms=300)
    for cadence in ((40, 400), (200, 1000), (200, 250, 200, 1000)):
        bench.engine.tone(person, 700, -3300, cadence_ms=cadence, repeat=1)
    events = kinds(bench.run(3 * SECOND), Kind.VOICE_ON, Kind.VOICE_OFF)
    assert [(e.kind, e.id) for e in events] == [(Kind.VOICE_ON, detector), (Kind.VOICE_OFF, detector)]
    assert events[0].at_samples == pytest.approx(68 * 8, abs=64)
    assert events[1].b == pytest.approx(650, abs=30)  # the pause of 250 ms belongs to it
    assert events[1].at_samples == pytest.approx((650 + 300) * 8, abs=160)


def test_a_click_and_a_whisper_are_no_voice(bench):
    person, card = bench.pair()
    bench.engine.energy_detect(card, -3500, min_on_ms=60, min_off_ms=300)
    bench.engine.tone(person, 700, -1000, cadence_ms=(30, 400), repeat=3)
    bench.engine.tone(person, 700, -3800, cadence_ms=(2000,), repeat=1)
    assert kinds(bench.run(4 * SECOND), Kind.VOICE_ON) == []


@pytest.mark.parametrize("arguments", [(450, 315), (4000, 0), (-1, 0), (450, 0, 5000)])
def test_impossible_tones_are_refused(bench, arguments):
    with pytest.raises(EngineArgumentError):
        bench.engine.tone(bench.engine.leg_new(), *arguments)
    assert bench.engine.stats().sources == 0


@pytest.mark.parametrize("cadence", [(0, 0), (-1,), tuple([10] * 33)])
def test_impossible_cadences_are_refused(bench, cadence):
    with pytest.raises(EngineArgumentError):
        bench.engine.tone(bench.engine.leg_new(), 450, cadence_ms=cadence)
