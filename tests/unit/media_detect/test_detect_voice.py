"""Sound, silence, barge-in under our own prompt, and what a line sounds like as a whole."""

import numpy as np
import pytest
from lib_dtmf import code, peak

from boardd.media.detect.banks import Bank, Kind, What
from boardd.media.detect.health import Health, HealthRules, line_health


def noise(seconds, level_dbm0, seed=1):
    count = int(seconds * 8000)
    return np.random.default_rng(seed).normal(0, peak(level_dbm0) / np.sqrt(2), count)


def hear(sound, sent=None, options=None):
    with Bank(Kind.VOICE, 1) as bank:
        bank.set(0, options)
        events = bank.run([code(sound, "alaw")], None if sent is None else [code(sent, "alaw")])
        return events, bank.measure(0)


def of(events, what):
    return [e for e in events if e.what is what]


def test_a_burst_is_measured():
    sound = noise(4, -60)
    sound[8000:12_000] += noise(0.5, -20, 2)
    events, _measure = hear(sound)
    (on,) = of(events, What.VOICE_ON)
    (off,) = of(events, What.VOICE_OFF)
    assert on.at == pytest.approx(8000, abs=80) and off.at == pytest.approx(12_000, abs=80)
    assert on.values[0] == pytest.approx(-20, abs=1.5) and off.values[0] == pytest.approx(-20, abs=1)
    assert off.values[1] == pytest.approx(500, abs=15)
    assert on.values[2] == pytest.approx(1000, abs=15)
    assert off.values[3] < 2


def test_onset_is_told_quickly_for_barge_in():
    sound = noise(2, -60)
    sound[8000:] += noise(1, -25, 2)
    with Bank(Kind.VOICE, 1) as bank:
        for at in range(0, len(sound) - 159, 160):
            if any(e.what is What.VOICE_ON for e in bank.feed([0], [code(sound[at : at + 160], "alaw")])):
                assert 0 < (at + 160 - 8000) / 8 <= 80
                return
    raise AssertionError("never told")


def test_clicks_are_no_voice_and_short_pauses_belong_to_it():
    sound = noise(4, -60)
    for at in (4000, 6000, 8000):
        sound[at : at + 240] += noise(0.03, -15, at)
    sound[16_000:17_600] += noise(0.2, -20, 2)
    sound[18_400:20_000] += noise(0.2, -20, 3)
    events, _measure = hear(sound)
    assert len(of(events, What.VOICE_ON)) == 1
    assert of(events, What.VOICE_OFF)[0].values[1] == pytest.approx(500, abs=15)


def test_silence_is_told_at_growing_distances_from_its_beginning():
    events, _measure = hear(noise(6, -60))
    assert [e.values[0] for e in of(events, What.SILENCE_STILL)] == [500, 800, 1000, 1500, 2000, 3000, 5000]
    assert not of(events, What.VOICE_ON)


def test_a_noisy_line_is_silent_in_the_end_and_a_voice_above_it_is_heard():
    sound = noise(30, -45)
    sound[160_000:168_000] += noise(1, -22, 2)
    events, measure = hear(sound)
    assert [round(e.at / 8000) for e in of(events, What.VOICE_ON)] == [20]
    assert measure["noise_dbm0"] == pytest.approx(-45, abs=2)


def test_our_own_echo_is_no_voice_but_a_person_over_it_is(speech):
    sent = speech[:120_000].astype(float)
    echo = np.concatenate((np.zeros(120), sent))[: len(sent)] * 10 ** (-15 / 20)
    events, measure = hear(echo + noise(15, -60), sent)
    assert not of(events, What.VOICE_ON)
    assert measure["sent_ms"] > 5000 and measure["active_ms"] < 200
    person = noise(15, -60)
    person[80_000:84_000] += noise(0.5, -12, 2)
    events, _measure = hear(echo + person, sent)
    assert [round(e.at / 8000) for e in of(events, What.VOICE_ON)] == [10]
    # Without the knowledge of what was sent the prompt interrupts itself.
    assert of(hear(echo)[0], What.VOICE_ON)


def test_still_events_say_how_speech_and_steady_sound_differ(speech):
    words = speech[np.abs(np.convolve(np.abs(speech.astype(float)), np.ones(800) / 800, "same")) > 60][:40_000]
    talk = of(hear(words.astype(float))[0], What.VOICE_STILL)
    steady = of(hear(noise(5, -20))[0], What.VOICE_STILL)
    assert [round(e.values[1], -2) for e in steady] == [300, 1000, 2000, 3000, 4000, 5000]
    assert talk[-1].values[3] > 5 > 2 > steady[-1].values[3]


HEALTHY = [
    ("dead", np.full(100_000, 8.0), 0.0, Health.DEAD),
    ("one way", noise(12, -65), -16.0, Health.ONE_WAY),
    ("silent", noise(12, -65), None, Health.SILENT),
    ("short", noise(3, -65), -16.0, Health.UNKNOWN),
    ("good", noise(12, -20), -16.0, Health.GOOD),
    ("too loud", noise(12, -3), None, Health.CLIPPED),
]


@pytest.mark.parametrize(("name", "sound", "sent_dbm0", "health"), HEALTHY, ids=[h[0] for h in HEALTHY])
def test_line_health(name, sound, sent_dbm0, health):
    sent = None if sent_dbm0 is None else noise(len(sound) / 8000, sent_dbm0, 5) * (sent_dbm0 < 0)
    _events, measure = hear(sound, sent)
    verdict = line_health(measure, HealthRules())
    assert verdict.health is health
    assert verdict.total_ms == pytest.approx(len(sound) / 8, abs=20)
    if health is Health.GOOD:
        assert verdict.mean_dbm0 == pytest.approx(-20, abs=0.5)
    if health is Health.CLIPPED:
        assert verdict.clipped > 96
