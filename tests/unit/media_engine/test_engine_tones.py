"""Tones, digits, comfort noise, gain control: what comes out is measured here, or by the simulator's receivers."""

import math
import random

import pytest
from engine_stage import BLOCK, decoded, pcm, samples

from boardd.contract.capabilities import Tone
from boardd.contract.errors import ArgumentError, WrongStateError
from boardd.media.engine.clips import LINEAR, Clip
from boardd.media.engine.events import DigitsSent, Reason, ToneEnded
from boardd.media.engine.tones import CHINA, DigitTiming, ToneCadence, ToneStep, cadence
from hwsim.core.engine import Engine as Simulator
from hwsim.core.events import Format, Kind

RATE = 8000
PEAK_0DBM0 = 32768 / 10 ** (3.14 / 20)


def dbm0(sound):
    power = sum(value * value for value in sound) / len(sound)
    return 10 * math.log10(power / (PEAK_0DBM0**2 / 2)) if power else -200.0


def part_of(sound, hz):
    """Level of one frequency, by correlation over whole periods."""
    turn = 2 * math.pi * hz / RATE
    cosine = sum(value * math.cos(turn * n) for n, value in enumerate(sound)) / len(sound)
    sine = sum(value * math.sin(turn * n) for n, value in enumerate(sound)) / len(sound)
    return 20 * math.log10(2 * math.hypot(cosine, sine) / PEAK_0DBM0)


def runs(sound):
    """(sounding, samples) of each stretch; a pause is 20 zeros or more."""
    edges, quiet = [], 0
    for n, value in enumerate(sound):
        if value:
            if not edges or (quiet >= 20 and edges[-1][1] <= n - quiet):
                edges.append([n, n + 1])
            edges[-1][1] = n + 1
            quiet = 0
        else:
            quiet += 1
    return edges


def heard(stage, tone, seconds):
    port = stage.null(capacity=int(seconds * RATE) + BLOCK)
    port.tone(tone)
    stage.tick(int(seconds * RATE / BLOCK))
    return samples(port.take(int(seconds * RATE)))


def test_a_continuous_tone_has_its_frequency_level_and_nothing_else(stage):
    sound = heard(stage, CHINA.tones[Tone.DIAL], 2)
    assert part_of(sound, 450) == pytest.approx(-10.0, abs=0.05)
    assert dbm0(sound) == pytest.approx(-10.0, abs=0.05)
    step = 2 * math.pi * 450 / RATE
    peak = PEAK_0DBM0 * 10 ** (-10 / 20)
    rest = [value - peak * math.sin(step * n) for n, value in enumerate(sound)]
    assert dbm0(rest) < -10 - 60


@pytest.mark.parametrize(
    ("tone", "pattern"),
    [
        (CHINA.tones[Tone.BUSY], [350, 350]),
        (CHINA.tones[Tone.RING_BACK], [1000, 4000]),
        (CHINA.tones[Tone.CONGESTION], [700, 700]),
        (CHINA.others["unobtainable"], [100, 100, 100, 100, 100, 100, 400, 400]),
        (CHINA.others["long_distance"], [200, 200, 200, 600]),
    ],
)
def test_cadences_are_right_to_the_sample(stage, tone, pattern):
    period = sum(pattern)
    sound = heard(stage, tone, 2 * period / 1000)
    expected, at = [], 0
    for index, ms in enumerate(pattern * 2):
        if index % 2 == 0:
            expected.append((at * 8, (at + ms) * 8))
        at += ms
    found = [(begin, end) for begin, end in runs(sound)]
    assert len(found) == len(expected)
    for (begin, end), (should_begin, should_end) in zip(found, expected, strict=True):
        # A sine begins with a zero and may end with one.
        assert 0 <= begin - should_begin <= 1
        assert 0 <= should_end - end <= 1


def test_the_howler_steps_up_and_stays(stage):
    sound = heard(stage, CHINA.tones[Tone.HOWLER], 26)
    levels = [round(part_of(sound[at * RATE : (at + 1) * RATE], 950)) for at in (1, 5, 9, 13, 17, 25)]
    assert levels == [-20, -15, -10, -5, 0, 0]


def test_two_frequencies_rounds_and_the_end(stage):
    tone = ToneCadence((ToneStep(50, (440.0, 480.0), -1300), ToneStep(30)), 0, 3)
    port = stage.null()
    number = port.tone(tone)
    stage.tick(20)
    sound = samples(port.take(20 * BLOCK))
    assert len(runs(sound)) == 3
    assert stage.one(ToneEnded) == ToneEnded(port.number, 3 * 80 * 8, number, Reason.END)
    assert part_of(sound[:400], 440) == pytest.approx(-13, abs=0.3)
    assert part_of(sound[:400], 480) == pytest.approx(-13, abs=0.3)
    assert port.state.tone == 0


def test_a_tone_takes_the_place_of_another(stage):
    port = stage.null()
    first = port.tone(cadence(450, -1000))
    stage.tick()
    second = port.tone(cadence(950, -1000))
    stage.tick(50)
    assert port.stop_tone()
    assert not port.stop_tone()
    stage.tick()
    assert [(end.tone, end.reason) for end in stage.all(ToneEnded)] == [
        (first, Reason.STOPPED),
        (second, Reason.STOPPED),
    ]
    sound = samples(port.take(52 * BLOCK))
    assert part_of(sound[BLOCK : 51 * BLOCK], 950) == pytest.approx(-10, abs=0.1)
    assert not any(sound[51 * BLOCK :])


@pytest.mark.parametrize(
    "tone",
    [
        ToneCadence(()),
        ToneCadence((ToneStep(100, (4000.0,), -1000),)),
        ToneCadence((ToneStep(100, (450.0,), 315),)),
        ToneCadence((ToneStep(-1, (450.0,), -1000),)),
        ToneCadence((ToneStep(100, (450.0, 500.0, 600.0), -1000),)),
        ToneCadence((ToneStep(100, (450.0,), -1000),), 1),
        ToneCadence((ToneStep(100, (450.0,), -1000),) * 33),
        ToneCadence((ToneStep(100, (450.0,), -1000),), 0, -1),
    ],
)
def test_impossible_tones_are_refused(stage, tone):
    port = stage.null()
    with pytest.raises(ArgumentError):
        port.tone(tone)


def receive_digits(sound):
    """What the simulator's DTMF receiver makes of it."""
    with Simulator(max_legs=2, seed=1) as simulator:
        telephone, card = simulator.leg_new(), simulator.leg_new()
        simulator.wire(telephone, card)
        simulator.dtmf_detect(card)
        simulator.play_mem(telephone, pcm(sound), Format.PCM16)
        digits, until = [], len(sound) + RATE
        while simulator.now < until:
            simulator.run(until)
            digits += [chr(event.a) for event in simulator.events() if event.kind is Kind.DTMF_ON]
        return "".join(digits)


def test_digits_are_understood_by_another_receiver(stage):
    port = stage.null(capacity=10 * RATE)
    task = port.send_digits("0123456789*#ABCD")
    stage.tick(200)
    sound = samples(port.take(4 * RATE))
    assert receive_digits(sound) == "0123456789*#ABCD"
    assert stage.one(DigitsSent) == DigitsSent(port.number, 16 * 200 * 8, task, Reason.END, 16)
    assert part_of(sound[80:720], 941) == pytest.approx(-9, abs=0.3)
    assert part_of(sound[80:720], 1336) == pytest.approx(-7, abs=0.3)


def test_digit_times_and_pauses(stage):
    port = stage.null(capacity=RATE * 3)
    port.send_digits("1,2", DigitTiming(on_ms=60, off_ms=40, pause_ms=1000))
    stage.tick(70)
    found = runs(samples(port.take(70 * BLOCK)))
    begins = [begin for begin, _end in found]
    assert [abs(begin - should) <= 1 for begin, should in zip(begins, (0, 1100 * 8), strict=True)] == [True, True]
    assert stage.one(DigitsSent).at_sample == (1100 + 100) * 8


def test_the_line_hears_nothing_else_while_digits_are_sent(stage):
    other, port = stage.null(), stage.null()
    stage.engine.link(other, port)
    other.feed(pcm([5000] * BLOCK * 20))
    port.play([Clip(pcm([3000] * BLOCK * 20), LINEAR)])
    port.send_digits("5", DigitTiming(on_ms=100, off_ms=100))
    stage.tick(12)
    sound = samples(port.take(12 * BLOCK))
    assert abs(sum(sound[:800]) / 800) < 50
    assert not any(sound[800:1600])
    assert set(sound[11 * BLOCK :]) == {8000}


def test_digits_that_are_stopped_tell_how_many_were_sent(stage):
    port = stage.null()
    port.send_digits("123456")
    with pytest.raises(WrongStateError):
        port.send_digits("1")
    stage.tick(24)
    assert port.stop_digits()
    stage.tick()
    assert (stage.one(DigitsSent).reason, stage.one(DigitsSent).digits) == (Reason.STOPPED, 2)
    assert not any(samples(port.take(25 * BLOCK))[24 * BLOCK :])


@pytest.mark.parametrize("digits", ["", "12E", "1" * 65, "１", "1 2"])
def test_impossible_digits_are_refused(stage, digits):
    with pytest.raises(ArgumentError):
        stage.null().send_digits(digits)


def test_comfort_noise_fills_silence_only(stage):
    port, other = stage.null(capacity=RATE * 5), stage.null()
    port.comfort_noise(-5500)
    stage.tick(100)
    noise = samples(port.take(100 * BLOCK))
    assert dbm0(noise) == pytest.approx(-55, abs=0.3)
    # White: no frequency stands out.
    assert max(part_of(noise[:8000], hz) for hz in range(200, 3800, 50)) < -55 - 20
    stage.engine.link(other, port)
    other.feed(pcm([100] * BLOCK))
    stage.tick(2)
    sound = samples(port.take(2 * BLOCK))
    assert sound[:BLOCK] == [100] * BLOCK
    assert any(sound[BLOCK:])
    port.comfort_noise(-100_000)
    stage.tick()
    assert not any(samples(port.take(BLOCK)))


def test_noise_is_heard_on_an_alaw_line(stage):
    wire, port = stage.wire()
    port.comfort_noise(-5000)
    stage.tick(50)
    assert dbm0(decoded(wire.heard())) == pytest.approx(-50, abs=1)


def speech(level_db, seconds, seed=1):
    """Bursts of noise with pauses of faint noise, as speech has."""
    chance = random.Random(seed)
    peak = PEAK_0DBM0 * 10 ** (level_db / 20)
    faint = PEAK_0DBM0 * 10 ** (-65 / 20)
    sound = []
    for _burst in range(int(seconds * 2)):
        sound += [int(chance.gauss(0, peak / math.sqrt(2))) for _ in range(RATE * 3 // 10)]
        sound += [int(chance.gauss(0, faint / math.sqrt(2))) for _ in range(RATE // 5)]
    return [max(-32768, min(32767, value)) for value in sound]


@pytest.mark.parametrize(("level", "expected"), [(-30, -18), (-10, -18), (-18, -18), (-38, -26)])
def test_gain_control_brings_voices_to_one_level(stage, level, expected):
    """By at most 12 dB, and without lifting the noise between words by more than that."""
    talker, ear = stage.null(capacity=RATE * 12), stage.null(capacity=RATE * 12)
    stage.engine.link(talker, ear)
    talker.level_control(-1800, 1200)
    talker.feed(pcm(speech(level, 10)))
    stage.tick(500)
    sound = samples(ear.take(10 * RATE))
    last = sound[8 * RATE : 8 * RATE + RATE * 3 // 10]
    assert dbm0(last) == pytest.approx(expected, abs=1.5)
    pause = sound[8 * RATE + RATE * 35 // 100 : 8 * RATE + RATE // 2]
    assert dbm0(pause) < -65 + 12.5


def test_gain_control_never_lifts_noise_alone(stage):
    talker, ear = stage.null(capacity=RATE * 12), stage.null(capacity=RATE * 12)
    stage.engine.link(talker, ear)
    talker.level_control(-1800, 1200)
    chance = random.Random(3)
    talker.feed(pcm([int(chance.gauss(0, 60)) for _ in range(10 * RATE)]))
    stage.tick(500)
    sound = samples(ear.take(10 * RATE))
    assert dbm0(sound[-RATE:]) == pytest.approx(dbm0(sound[:RATE]), abs=1.5)


def test_gain_control_does_not_clip_a_shout(stage):
    talker, ear = stage.null(capacity=RATE * 12), stage.null(capacity=RATE * 12)
    stage.engine.link(talker, ear)
    talker.level_control(-1800, 1200)
    talker.feed(pcm(speech(-35, 8)))
    talker.feed(pcm([int(30000 * math.sin(0.3 * n)) for n in range(BLOCK * 5)]))
    stage.tick(8 * 50 + 5)
    assert max(map(abs, samples(ear.take(9 * RATE)))) <= 30000


def test_what_is_recorded_and_detected_is_not_levelled(stage):
    talker, ear = stage.null(), stage.null()
    stage.engine.link(talker, ear)
    talker.level_control(-1000, 2400)
    talker.feed(pcm(speech(-40, 1)))
    stage.tick(50)
    talker.level_control(max_gain_mb=0)
    talker.feed(pcm([1234] * BLOCK))
    ear.take(16000)
    stage.tick()
    assert samples(ear.take(BLOCK)) == [1234] * BLOCK
