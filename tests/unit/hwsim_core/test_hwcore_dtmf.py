"""The DTMF sender against the DTMF receiver, and the receiver against the limits of ITU-T Q.24."""

import math
from array import array
from random import Random

import pytest
from hwcore_bench import kinds, voice

from hwsim.core.engine import EngineArgumentError, Line
from hwsim.core.events import Format, Kind, Reason

SECOND = 8000
ALL = "0123456789*#ABCD"
LOW = (697, 770, 852, 941)
HIGH = (1209, 1336, 1477, 1633)
PAIRS = {"123A456B789C*0#D"[4 * r + c]: (LOW[r], HIGH[c]) for r in range(4) for c in range(4)}


@pytest.fixture
def line(bench):
    """(bench, sender, receiver) with the receiver on."""
    sender, receiver = bench.pair()
    bench.engine.dtmf_detect(receiver)
    return bench, sender, receiver


def digits_of(events):
    """The digits seen; each must begin, end, and not overlap."""
    seen = kinds(events, Kind.DTMF_ON, Kind.DTMF_OFF)
    assert [e.kind for e in seen[0::2]] == [Kind.DTMF_ON] * len(seen[0::2])
    assert [(e.kind, e.a) for e in seen[1::2]] == [(Kind.DTMF_OFF, e.a) for e in seen[0::2]][: len(seen[1::2])]
    return "".join(e.digit for e in seen[0::2])


def pulse(bench, sender, digit, on_samples, low_mb=-900, high_mb=-900, offset=0, low_factor=1.0, high_factor=1.0):
    """Plays one digit made here, not by the engine, from any sample on, and lets it pass."""
    low_hz, high_hz = PAIRS[digit]
    low, high = 22826 * 10 ** (low_mb / 2000), 22826 * 10 ** (high_mb / 2000)
    pcm = array("h", [0] * offset)
    for n in range(on_samples):
        t = 2 * math.pi * n / 8000
        both = low * math.sin(t * low_hz * low_factor) + high * math.sin(t * high_hz * high_factor)
        pcm.append(max(-32768, min(32767, round(both))))
    bench.engine.play_mem(sender, pcm.tobytes(), Format.PCM16)
    return bench.run(on_samples + offset + 800)


@pytest.mark.parametrize("times", [(40, 40), (50, 50), (100, 100), (65, 200)])
@pytest.mark.parametrize("levels", [(-300, -300), (-900, -700), (-2500, -2500)])
def test_what_is_sent_is_received(line, times, levels):
    bench, sender, _ = line
    bench.engine.dtmf(sender, ALL + "11,55", on_ms=times[0], off_ms=times[1], low_mb=levels[0], high_mb=levels[1])
    events = bench.run(8 * SECOND)
    assert digits_of(events) == ALL + "1155"
    for off in kinds(events, Kind.DTMF_OFF):
        assert off.b == pytest.approx(times[0], abs=8)
    for on in kinds(events, Kind.DTMF_ON):
        expected = 10 * math.log10(10 ** (levels[0] / 1000) + 10 ** (levels[1] / 1000))
        assert on.b == pytest.approx(100 * expected, abs=100)


def test_the_sender_tells_each_digit_at_its_sample(bench):
    leg = bench.engine.leg_new()
    sender = bench.engine.dtmf(leg, "1,23", on_ms=70, off_ms=50)
    events = bench.run(2 * SECOND)
    digit_ms = 70 + 50
    assert events == [
        (0, Kind.DTMF_DIGIT_SENT, leg, sender, ord("1"), 0),
        ((digit_ms + 500) * 8, Kind.DTMF_DIGIT_SENT, leg, sender, ord("2"), 2),
        ((2 * digit_ms + 500) * 8, Kind.DTMF_DIGIT_SENT, leg, sender, ord("3"), 3),
        ((3 * digit_ms + 500) * 8, Kind.DTMF_SENT, leg, sender, Reason.ENDED, 3),
    ]


@pytest.mark.parametrize("text", ["", "12E", "1 2", "1" * 257, "\u4e00"])
def test_what_is_no_digit_is_refused(bench, text):
    with pytest.raises(EngineArgumentError):
        bench.engine.dtmf(bench.engine.leg_new(), text)


@pytest.mark.parametrize("offset", range(0, 32, 5))
@pytest.mark.parametrize("digit", ["1", "5", "D", "*"])
def test_40_ms_is_a_digit_and_23_ms_is_none(line, digit, offset):
    bench, sender, _ = line
    assert digits_of(pulse(bench, sender, digit, 320, offset=offset)) == digit
    assert digits_of(pulse(bench, sender, digit, 184, offset=offset)) == ""


@pytest.mark.parametrize("digit", ALL)
def test_frequency_limits(line, digit):
    bench, sender, _ = line
    for sign in (-1, 1):
        for level_mb in (-900, -2400):
            good, bad = 1 + sign * 0.015, 1 + sign * 0.035
            args = (digit, 400, level_mb, level_mb)
            assert digits_of(pulse(bench, sender, *args, low_factor=good, high_factor=good)) == digit
            assert digits_of(pulse(bench, sender, *args, low_factor=good, high_factor=2 - good)) == digit
            assert digits_of(pulse(bench, sender, *args, low_factor=bad)) == ""
            assert digits_of(pulse(bench, sender, *args, high_factor=bad)) == ""


@pytest.mark.parametrize("digit", ALL)
def test_twist_and_level_limits(line, digit):
    bench, sender, _ = line
    for low_mb, high_mb in ((0, 0), (-2500, -2500), (-1400, -1000), (-800, -1600), (-2500, -2100), (-1700, -2500)):
        assert digits_of(pulse(bench, sender, digit, 400, low_mb, high_mb)) == digit, (low_mb, high_mb)
    for low_mb, high_mb in ((-5500, -5500), (-3300, -3300), (-1800, -1000), (-600, -1800)):
        assert digits_of(pulse(bench, sender, digit, 400, low_mb, high_mb)) == "", (low_mb, high_mb)


@pytest.mark.parametrize(("gap_ms", "expected"), [(5, "7"), (10, "7"), (30, "77"), (40, "77")])
@pytest.mark.parametrize("offset", [0, 11, 22])
def test_breaks_are_bridged_and_pauses_are_not(line, gap_ms, expected, offset):
    bench, sender, _ = line
    bench.engine.play_mem(sender, bytes(2 * (offset + 1)), Format.PCM16)
    bench.run(offset + 1)
    bench.engine.tone(sender, 852, -900, 1209, -900, cadence_ms=(60, gap_ms), repeat=2)
    assert digits_of(bench.run(SECOND)) == expected


def test_digits_without_a_pause_between_them(line):
    bench, sender, _ = line
    bench.engine.dtmf(sender, "1590", on_ms=80, off_ms=0)
    assert digits_of(bench.run(SECOND)) == "1590"


@pytest.mark.parametrize("snr_db", [24, 18, 14])
def test_noise(line, snr_db):
    bench, sender, receiver = line
    bench.engine.line_set(receiver, Line(noise_mb=-900 + 300 - 100 * snr_db))
    bench.engine.dtmf(sender, ALL * 4, on_ms=50, off_ms=50, low_mb=-900, high_mb=-900)
    assert digits_of(bench.run(8 * SECOND)) == ALL * 4


def test_under_dial_tone(line):
    bench, sender, _ = line
    bench.engine.tone(sender, 450, -1000)
    bench.engine.dtmf(sender, ALL, on_ms=60, off_ms=60, low_mb=-900, high_mb=-700)
    assert digits_of(bench.run(3 * SECOND)) == ALL


def test_a_long_digit_is_one_digit(line):
    bench, sender, _ = line
    bench.engine.dtmf(sender, "8", on_ms=5000)
    events = bench.run(6 * SECOND)
    assert digits_of(events) == "8"
    assert kinds(events, Kind.DTMF_OFF)[0].b == pytest.approx(5000, abs=8)


@pytest.mark.parametrize("f_hz", [*LOW, *HIGH, 450, 950, 1100, 2100])
def test_one_tone_alone_is_no_digit(line, f_hz):
    bench, sender, _ = line
    bench.engine.tone(sender, f_hz, -600, cadence_ms=(100, 100))
    assert digits_of(bench.run(2 * SECOND)) == ""


def test_speech_is_no_digit_and_no_long_tone(line):
    bench, sender, receiver = line
    bench.engine.tone_detect(receiver, 450, 60)
    bench.engine.play_mem(sender, voice(Random(11), 20 * SECOND).tobytes(), Format.PCM16)
    events = bench.run(20 * SECOND)
    assert digits_of(events) == ""
    assert max((e.b for e in kinds(events, Kind.TONE_OFF)), default=0) < 300


def test_through_a_muted_line_nothing_is_heard(line):
    bench, sender, receiver = line
    bench.engine.line_set(receiver, Line(mute_rx=True))
    bench.engine.dtmf(sender, "123")
    assert digits_of(bench.run(SECOND)) == ""
    bench.engine.line_set(receiver, Line())
    bench.engine.dtmf(sender, "456")
    assert digits_of(bench.run(SECOND)) == "456"


def test_switched_off(line):
    bench, sender, receiver = line
    bench.engine.dtmf_detect(receiver, False)
    bench.engine.dtmf(sender, "123")
    assert digits_of(bench.run(SECOND)) == ""
    assert bench.engine.stats().detectors == 0


@pytest.mark.parametrize(("break_ms", "heard"), [(0, "5"), (10, "5"), (60, "55")])
def test_a_gap_in_the_middle_of_a_key(bench, break_ms, heard):
    a, b = bench.pair()
    bench.engine.dtmf_detect(b)
    bench.engine.dtmf(a, "5", on_ms=200, break_ms=break_ms)
    assert "".join(e.digit for e in kinds(bench.run(4000), Kind.DTMF_ON)) == heard
