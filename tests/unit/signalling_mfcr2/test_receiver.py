"""The receiver of register signals against facts 4.2: levels, offsets, twist, echo, noise, breaks; and the sender."""

import cmath
import math
import random
from array import array
from itertools import pairwise

import pytest
from r2_checker import BACKWARD_HZ, FORWARD_HZ, FULL_SCALE, HOP, LINEAR, PAIRS, signal
from r2_traces import pair, tone

from boardd.contract.errors import ConfigurationError
from boardd.signalling.mfcr2._native import Kind, Register
from boardd.signalling.mfcr2.profile import RegisterRules
from boardd.signalling.mfcr2.signals import End
from hwsim.core.sound import alaw_decode, alaw_encode

SILENCE = bytes([0xD5])
MS = 8


def register(end=End.INCOMING, **rules):
    return Register(end, RegisterRules(**rules))


def heard(reg, sound):
    reg.feed(sound)
    return [(e.kind, e.number) for e in reg.events() if e.kind in (Kind.HEARD, Kind.CEASED)]


def burst(number, levels=(-8, -8), ms=80, offset_hz=(0, 0), forward=True):
    hz = [f + o for f, o in zip(pair(number, forward), offset_hz, strict=True)]
    return SILENCE * (40 * MS) + tone(hz, levels, ms * MS) + SILENCE * (60 * MS)


def mixed(*sounds):
    size = max(len(s) for s in sounds)
    padded = [alaw_decode(s + SILENCE * (size - len(s))) for s in sounds]
    return alaw_encode(array("h", [max(-32768, min(32767, sum(v))) for v in zip(*padded, strict=True)]))


def noise(dbm0, samples, seed=1):
    draw, peak = random.Random(seed), 22826 / 2**0.5 * 10 ** (dbm0 / 20)
    return alaw_encode(array("h", [round(max(-32000, min(32000, draw.gauss(0, peak)))) for _ in range(samples)]))


def level_of(samples, hz):
    """dBm0 of one frequency over 100 ms, of which all register frequencies are multiples."""
    turns = [2j * math.pi * hz * n / 8000 for n in range(len(samples))]
    return 20 * math.log10(
        2 * abs(sum(s * cmath.exp(t) for s, t in zip(samples, turns, strict=True))) / 800 / FULL_SCALE
    )


def once(number):
    return [(Kind.HEARD, number), (Kind.CEASED, number)]


@pytest.mark.parametrize("end", list(End))
def test_all_fifteen_signals_once_each(end):
    reg = register(end)
    for number in range(1, 16):
        assert heard(reg, burst(number, forward=end is End.INCOMING)) == once(number)


@pytest.mark.parametrize("level", [-3, -5, -8, -20, -30, -35])
def test_levels(level):
    reg = register()
    for number in range(1, 16):
        assert heard(reg, burst(number, (level, level))) == once(number)


@pytest.mark.parametrize("offset", [(10, 10), (-10, -10), (10, -10), (-10, 10)])
@pytest.mark.parametrize("levels", [(-8, -15), (-15, -8), (-28, -35)])
def test_ten_hertz_off_and_seven_db_of_twist(offset, levels):
    reg = register()
    for number in range(1, 16):
        assert heard(reg, burst(number, levels, offset_hz=offset)) == once(number), number


@pytest.mark.parametrize(("levels", "why"), [((-42, -42), "too weak"), ((-8, -20), "12 dB of twist")])
def test_what_is_no_signal_by_level(levels, why):
    reg = register()
    for number in range(1, 16):
        assert heard(reg, burst(number, levels)) == [], why


def test_one_tone_or_three_are_no_signal():
    reg = register()
    for low, high in pairwise(FORWARD_HZ):
        assert heard(reg, SILENCE * 400 + tone([low], [-5], 800) + SILENCE * 400) == []
        assert heard(reg, SILENCE * 400 + tone([low, high, 1980 if high < 1900 else 1380], [-11] * 3, 800)) == []
        reg.feed(SILENCE * 800)


def test_the_other_direction_is_not_heard():
    reg = register()
    for number in range(1, 16):
        assert heard(reg, burst(number, forward=False)) == []


@pytest.mark.parametrize("echo", [-8, -14])
def test_own_signal_as_echo_neither_hides_nor_makes_one(echo):
    """The far signal 10 to 20 dB below our own that comes back from the line."""
    for own in (1, 6, 15):
        reg = register()
        back = tone(pair(own, False), (echo, echo), 180 * MS)
        assert heard(reg, back) == []
        for number in (1, 8, 15):
            assert heard(reg, mixed(burst(number, (-24, -24)), back)) == once(number)


@pytest.mark.parametrize("snr_db", [15, 12])
def test_noise(snr_db):
    reg = register()
    for seed in range(3):
        for number in range(1, 16):
            sound = mixed(burst(number, (-13, -13)), noise(-10 - snr_db, 180 * MS, seed * 16 + number))
            assert heard(reg, sound) == once(number)


def test_noise_alone_is_no_signal():
    reg = register()
    for seed in range(20):
        assert heard(reg, noise(-15, 8000, seed)) == []


def test_short_breaks_are_bridged_and_short_bursts_ignored():
    reg = register()
    long_tone = tone(pair(7), (-11, -11), 200 * MS)
    for ms in (2, 5, 8):
        broken = long_tone[: 80 * MS] + SILENCE * (ms * MS) + long_tone[(80 + ms) * MS :]
        assert heard(reg, broken + SILENCE * 400) == once(7), ms
    for ms in (3, 7, 12):
        assert heard(reg, burst(7, ms=ms)) == [], ms
    assert heard(reg, burst(7, ms=40)) == once(7)


@pytest.mark.parametrize("end", list(End))
@pytest.mark.parametrize("missing", [SILENCE, b"\xff", b"\x55"], ids=["silence", "octets of a broken line", "zero"])
def test_a_block_that_is_missing_from_a_signal_is_no_end_of_it(end, missing):
    """Q.455 wants 7 ms bridged, and of logic behind the receiver that nothing goes wrong with 20 ms."""
    reg = register(end)
    for number in range(1, 16):
        for at in range(70 * MS, 75 * MS, 13):
            long_tone = tone(pair(number, end is End.INCOMING), (-11, -11), 200 * MS)
            broken = long_tone[:at] + missing * (20 * MS) + long_tone[at + 20 * MS :]
            assert heard(reg, broken + SILENCE * 800) == once(number), (number, at)


def test_a_signal_of_which_samples_are_lost_is_one():
    """A card whose reader was late has lost some: the phase of both tones jumps."""
    reg = register()
    for number in range(1, 16):
        long_tone = tone(pair(number), (-11, -11), 300 * MS)
        for lost in range(1, 160, 31):
            assert heard(reg, long_tone[: 90 * MS] + long_tone[90 * MS + lost :] + SILENCE * 800) == once(number)


def test_two_signals_with_a_pause_are_two():
    """The shortest pause that a far end can make: it hears our signal end before it sends the next."""
    reg = register()
    sound = (tone(pair(3), (-8, -8), 80 * MS) + SILENCE * (50 * MS)) * 2 + SILENCE * 400
    assert heard(reg, sound) == once(3) * 2


def test_signals_without_a_gap_are_two():
    reg = register()
    both = tone(pair(3), (-8, -8), 480) + tone(pair(9), (-8, -8), 480) + SILENCE * 400
    assert heard(reg, both) == once(3) + once(9)


def test_how_quickly_a_signal_is_recognised_and_lost():
    """Both together take at most 70 ms (Q.455)."""
    for shift in range(0, HOP, 7):
        reg = register()
        reg.feed(SILENCE * (800 + shift))
        reg.feed(tone(pair(5), (-8, -8), 800))
        reg.feed(SILENCE * 800)
        on, off = (e.at_sample - shift for e in reg.events())
        assert on - 800 <= 30 * MS and off - 1600 <= 40 * MS


def test_levels_are_told():
    reg = register()
    reg.feed(burst(2, (-10, -14)))
    event = reg.events()[0]
    assert abs(event.low_dbm0 + 10) < 0.5 and abs(event.high_dbm0 + 14) < 0.5
    reg = register(End.OUTGOING)
    reg.feed(burst(2, (-10, -14), forward=False))
    event = reg.events()[0]
    assert abs(event.high_dbm0 + 10) < 0.5 and abs(event.low_dbm0 + 14) < 0.5


@pytest.mark.parametrize("end", list(End))
def test_what_we_send_is_right_by_the_checkers_ear(end):
    frequencies = FORWARD_HZ if end is End.OUTGOING else BACKWARD_HZ
    reg = register(end, send_dbm0=-9.0)
    for number in range(1, 16):
        reg.send(number)
        sound = [LINEAR[o] for o in reg.feed(SILENCE * 800)]
        reg.send(0)
        assert reg.feed(SILENCE * HOP) == SILENCE * HOP
        assert signal(sound[:HOP], frequencies) == number
        for index, hz in enumerate(frequencies):
            level = level_of(sound, hz)
            assert abs(level + 9) < 0.1 if index in PAIRS[number - 1] else level < -45


def test_compelled_rule():
    out, back = register(End.OUTGOING), register(End.INCOMING)
    out.send(5)
    assert out.feed(SILENCE * 8000) and out.sending == 5, "held until it is answered"
    out.feed(tone(pair(1, False), (-8, -8), 400))
    assert out.sending == 0 and out.hearing == 1
    back.feed(tone(pair(5), (-8, -8), 400))
    back.send(1)
    back.feed(tone(pair(5), (-8, -8), 800))
    assert back.sending == 1, "held until the forward signal ends"
    back.feed(SILENCE * 400)
    assert back.sending == 0


def test_pulse_has_its_length():
    reg = register()
    reg.send(3, 150)
    sound = reg.feed(SILENCE * 1600)
    lasting = sum(1 for at in range(0, 1600, 40) if any(o != 0xD5 for o in sound[at : at + 40])) * 5
    assert lasting == 150 and [e.kind for e in reg.events()] == [Kind.SENT, Kind.STOPPED]


@pytest.mark.parametrize("rules", [{"send_dbm0": 3.0}, {"least_dbm0": -90.0}, {"recognise_ms": 0}, {"twist_db": -1.0}])
def test_options_out_of_range_are_refused(rules):
    with pytest.raises(ConfigurationError):
        register(**rules)


def test_no_such_signal():
    for number, length in ((16, 0), (-1, 0), (1, -5)):
        with pytest.raises(ValueError, match="register signal"):
            register().send(number, length)


def test_odd_sizes_give_the_same():
    sound = burst(4) + burst(11)
    whole, parts = register(), register()
    expected = heard(whole, sound)
    found, at, draw = [], 0, random.Random(4)
    while at < len(sound):
        size = draw.randint(0, 300)
        found += heard(parts, sound[at : at + size])
        at += size
    assert found == expected == once(4) + once(11)
