"""The DTMF bank against the limits that it keeps; `./run score dtmf` has many more cases of each."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lib_dtmf import KEYS, Line, make, peak
from lib_peers import multimon_dtmf, spandsp_dtmf

from boardd.media.detect.banks import Bank, FeedError, Kind, What

BASE = Line("", "all", digits=32)
BURST = replace(BASE, on_ms=24, off_ms=76)
SHORT = replace(BASE, on_ms=40, off_ms=40)
LIMITS = {
    "base": BASE,
    "mu-law": replace(BASE, law="mulaw"),
    "linear": replace(BASE, law="linear"),
    "24 ms": replace(BURST, want="none"),
    "24 ms loud": replace(BURST, want="none", low_dbm0=0, high_dbm0=0),
    "24 ms off": replace(BURST.both(0.015), want="none"),
    "40 ms": SHORT,
    "40 ms off": SHORT.both(-0.015),
    "40 ms weak": replace(SHORT, low_dbm0=-25, high_dbm0=-25),
    "40 ms repeated": replace(SHORT, repeat=True),
    "30 ms pause": replace(BASE, off_ms=30, repeat=True),
    "break": replace(BASE, on_ms=60, off_ms=60, break_ms=10),
    "break in the middle": replace(BASE, on_ms=90, off_ms=60, break_ms=10, break_at=0.5),
    "+1.5 %": BASE.both(0.015),
    "-1.5 %": BASE.both(-0.015),
    "+1.5 -1.5 %": replace(BASE, low_offset=0.015, high_offset=-0.015),
    "+1.8 %": BASE.both(0.018),
    "+3.5 %": replace(BASE.both(0.035), want="none"),
    "-3.5 %": replace(BASE.both(-0.035), want="none"),
    "low +3.5 %": replace(BASE, low_offset=0.035, want="none"),
    "high -3.5 %": replace(BASE, high_offset=-0.035, want="none"),
    "twist +4": replace(BASE, low_dbm0=-10, high_dbm0=-6),
    "twist -8": replace(BASE, low_dbm0=-6, high_dbm0=-14),
    "twist -8 weak": replace(BASE, low_dbm0=-17, high_dbm0=-25),
    "0 dBm0": replace(BASE, low_dbm0=0, high_dbm0=0),
    "-25 dBm0": replace(BASE, low_dbm0=-25, high_dbm0=-25),
    "-31 dBm0": replace(BASE, low_dbm0=-31, high_dbm0=-31, want="none"),
    "dial tone": replace(BASE, tones=((450, -15),)),
    "loud dial tone": replace(BASE, tones=((475, -8),)),
    "dial tone, weak digits": replace(BASE, tones=((425, -10),), low_dbm0=-18, high_dbm0=-18),
    "dial tone cut off at once": replace(BASE, off_ms=600, tones=((450, -10),), tones_ms=250, tones_cut=0.02),
    "dial tone cut off early": replace(BASE, off_ms=600, tones=((475, -10),), tones_ms=250, tones_cut=0.25),
    "dial tone cut off in the middle": replace(BASE, off_ms=600, tones=((450, -7),), tones_ms=250, tones_cut=0.5),
    "dial tone that begins": replace(BASE, on_ms=80, off_ms=600, tones=((450, -10),), tones_begin=0.5),
    "dial tone, twist": replace(BASE, digits=96, on_ms=60, off_ms=60, tones=((475, -13),), low_dbm0=-8, high_dbm0=-16),
    "early break, off": replace(BASE, digits=192, keys="3BC#D", on_ms=50, off_ms=60, break_ms=10, break_at=0.25).both(
        0.015
    ),
    "dial tone of two": replace(BASE, tones=((350, -13), (440, -13))),
    "S/N 15 dB": replace(BASE, snr_db=15),
    "S/N 12 dB": replace(BASE, snr_db=12),
    "24 ms, S/N 15 dB": replace(BURST, snr_db=15, want="none"),
}


def hear(sounds, sent=None, block=160, options=None):
    """Digits on each lane, and all events."""
    with Bank(Kind.DTMF, len(sounds)) as bank:
        for lane in range(len(sounds)):
            bank.set(lane, options)
        events = bank.run(sounds, sent, block)
    digits = [
        "".join(chr(e.code) for e in events if e.lane == i and e.what is What.DTMF_ON) for i in range(len(sounds))
    ]
    return digits, events


@pytest.fixture(scope="module")
def heard():
    made = {name: make(replace(line, name=name)) for name, line in LIMITS.items()}
    digits, _events = hear([sound for _sent, sound, _echo in made.values()])
    return {name: (sent, found) for (name, (sent, *_)), found in zip(made.items(), digits, strict=True)}


@pytest.mark.parametrize("name", LIMITS)
def test_limit(heard, name):
    sent, found = heard[name]
    assert found == (sent if LIMITS[name].want == "all" else "")


@settings(max_examples=60, deadline=None)
@given(
    level=st.floats(-25, -8),
    twist=st.floats(-8, 4),
    offsets=st.tuples(st.floats(-0.015, 0.015), st.floats(-0.015, 0.015)),
    times=st.tuples(st.floats(40, 120), st.floats(40, 120)),
    seed=st.integers(0, 1 << 30),
    block=st.integers(80, 320),
    law=st.sampled_from(["alaw", "mulaw"]),
)
def test_inside_all_limits_every_digit_comes_once(level, twist, offsets, times, seed, block, law):
    weaker = (level, level + twist) if twist > 0 else (level - twist, level)
    line = replace(
        BASE,
        digits=16,
        on_ms=times[0],
        off_ms=times[1],
        low_dbm0=weaker[0],
        high_dbm0=weaker[1],
        low_offset=offsets[0],
        high_offset=offsets[1],
        seed=seed,
        law=law,
    )
    sent, sound, _echo = make(line)
    assert hear([sound], block=block)[0] == [sent]


@settings(max_examples=40, deadline=None)
@given(
    what=st.sampled_from(["short", "low", "high", "weak"]),
    amount=st.floats(0, 1),
    sign=st.sampled_from([-1, 1]),
    level=st.floats(-25, 0),
    seed=st.integers(0, 1 << 30),
)
def test_beyond_a_limit_no_digit_comes(what, amount, sign, level, seed):
    part = sign * (0.035 + 0.01 * amount)
    line = replace(BASE, digits=16, seed=seed, low_dbm0=level, high_dbm0=level)
    line = {
        "short": replace(line, on_ms=24 - 20 * amount, off_ms=76),
        "low": replace(line, low_offset=part),
        "high": replace(line, high_offset=part),
        "weak": replace(line, low_dbm0=-31 - 20 * amount, high_dbm0=-31 - 20 * amount),
    }[what]
    assert hear([make(line)[1]])[0] == [""]


def test_an_event_says_when_how_long_how_loud_and_how_far_off():
    line = replace(BASE, on_ms=70, off_ms=60, low_dbm0=-12, high_dbm0=-10, low_offset=0.01, high_offset=-0.005)
    sent, sound, _echo = make(replace(line, lead_ms=300))
    _digits, events = hear([sound])
    ons = [e for e in events if e.what is What.DTMF_ON]
    offs = [e for e in events if e.what is What.DTMF_OFF]
    assert [e.code for e in ons] == [e.code for e in offs] == [ord(key) for key in sent]
    for before, after in pairwise(ons):
        assert after.at - before.at == pytest.approx(130 * 8, abs=48)
    for on, off in zip(ons, offs, strict=True):
        assert on.values == pytest.approx((-12, -10, 1.0, -0.5), abs=0.4)
        assert off.values[0] == pytest.approx(70, abs=4)
        assert off.values[1] > 0.95
        assert off.at - on.at == pytest.approx(70 * 8, abs=42)


def test_a_digit_is_told_while_it_lasts():
    sent, sound, _echo = make(replace(BASE, digits=1, keys="5", on_ms=500, lead_ms=300))
    with Bank(Kind.DTMF, 1) as bank:
        for at in range(0, len(sound) - 159, 160):
            found = bank.feed([0], [sound[at : at + 160]])
            if found:
                assert found[0].what is What.DTMF_ON and chr(found[0].code) == sent
                assert (at + 160 - found[0].at) / 8 < 75
                return
    raise AssertionError("never told")


def test_a_digit_whose_beginning_was_spoilt_is_heard_when_it_lasts():
    _sent, sound, _echo = make(replace(BASE, digits=1, keys="7", on_ms=400, lead_ms=300, law="linear"))
    begin = np.flatnonzero(np.abs(sound.astype(int)) > 500)[0]
    noisy = sound.astype(float)
    noisy[begin : begin + 800] += np.random.default_rng(3).normal(0, 3000, 800)
    assert hear([noisy.astype(np.int16)])[0] == ["7"]


@pytest.mark.parametrize("ms", [20, 24])
def test_short_bursts_that_follow_each_other_are_no_digit(ms):
    sound = make(replace(BASE, on_ms=ms, off_ms=ms + 2, repeat=True, keys="5"))[1]
    assert hear([sound])[0] == [""]


def test_lanes_do_not_hear_each_other():
    made = [make(replace(BASE, name=str(i), seed=i, low_dbm0=-4 - i, high_dbm0=-4 - i)) for i in range(19)]
    together = hear([sound for _sent, sound, _echo in made])[1]
    for lane, (_sent, sound, _echo) in enumerate(made[:3] + made[16:]):
        number = lane if lane < 3 else lane + 13
        alone = hear([sound])[1]
        assert [(e.what, e.code, e.at, e.values) for e in alone] == [
            (e.what, e.code, e.at, e.values) for e in together if e.lane == number
        ]


def test_lanes_may_be_fed_in_any_order_at_any_time():
    first, second = (make(replace(BASE, name=n, digits=16)) for n in ("a", "b"))
    events = []
    with Bank(Kind.DTMF, 5) as bank:
        bank.feed([3], [second[1][:100]])  # out of step by 20 samples of a hop
        for at in range(0, min(len(first[1]), len(second[1])) - 300, 160):
            lanes = [(3, second[1][at + 100 : at + 260]), (1, first[1][at : at + 160])]
            if at // 160 % 2:
                lanes.reverse()
            events += bank.feed([lane for lane, _ in lanes], [sound for _, sound in lanes])
    for lane, (sent, *_rest) in ((1, first), (3, second)):
        assert "".join(chr(e.code) for e in events if e.lane == lane and e.what is What.DTMF_ON) == sent


@pytest.mark.parametrize(("level", "digits"), [(-20, -20), (-15, -15), (-12, -10)])
@pytest.mark.parametrize("delay", [0, 200])
def test_digits_during_a_prompt_with_15_db_echo_loss(speech, level, digits, delay):
    line = replace(BASE, on_ms=60, off_ms=60, low_dbm0=digits, high_dbm0=digits, prompt_dbm0=level, prompt_delay=delay)
    sent, sound, played = make(replace(line, digits=48), speech)
    assert hear([sound], [played])[0] == [sent]


def test_nobody_presses_a_key_in_speech_or_a_tune(speech, tune):
    assert hear([speech, tune, np.clip(speech * 2.0, -32768, 32767).astype(np.int16)])[0] == ["", "", ""]


def test_a_voice_with_harmonics_at_two_tones_is_no_digit_and_noise_as_loud_is_no_hindrance():
    """Two of a voice's harmonics may be a key's tones; the others then have a tenth of the sound."""
    t = np.arange(800) / 8000
    keyed, whole = np.zeros(8000), np.zeros(8000)
    for number, share in ((4, 1.0), (5, 1.0), (3, 0.3), (6, 0.3), (7, 0.15)):
        tone = share * peak(-12) * np.sin(2 * np.pi * 238 * number * t + number)
        whole[4000:4800] += tone
        if share == 1:
            keyed[4000:4800] += tone
    rest = np.mean((whole - keyed)[4000:4800] ** 2) / np.mean(keyed[4000:4800] ** 2)
    assert 0.08 < rest < 0.12
    noise = np.random.default_rng(5).normal(0, np.sqrt(rest * np.mean(keyed[4000:4800] ** 2)), 8000)
    assert hear([whole.astype(np.int16), (keyed + noise).astype(np.int16)])[0] == ["", "*"]


def test_our_own_digits_and_prompts_come_back_and_are_no_keys(speech):
    ours = make(replace(BASE, on_ms=100, off_ms=100, low_dbm0=-9, high_dbm0=-7))[1]
    for sent in (ours, speech):
        echo = (sent * 10 ** (-15 / 20)).astype(np.int16)
        assert hear([echo], [sent])[0] == [""]
    # The same sound without the knowledge of what was sent is a row of digits.
    assert hear([(ours * 10 ** (-15 / 20)).astype(np.int16)])[0] != [""]


def test_options_of_a_lane_are_its_own():
    sent, sound, _echo = make(replace(BASE, low_dbm0=-34, high_dbm0=-34))
    with Bank(Kind.DTMF, 2) as bank:
        bank.set(1, {"min_level_dbm0": -38.0})
        events = bank.run([sound, sound])
    assert {e.lane for e in events} == {1}
    assert "".join(chr(e.code) for e in events if e.what is What.DTMF_ON) == sent


def test_reset_forgets_half_a_digit_and_counts_anew():
    t = np.arange(800) / 8000
    tone = (peak(-10) * (np.sin(2 * np.pi * 770 * t) + np.sin(2 * np.pi * 1336 * t))).astype(np.int16)
    with Bank(Kind.DTMF, 1) as bank:
        bank.feed([0], [tone[:240]])
        bank.reset(0)
        assert not [e for e in bank.run([np.concatenate((tone[:160], np.zeros(800, np.int16)))])]
        bank.reset(0)
        first = next(e for e in bank.run([np.concatenate((tone, np.zeros(800, np.int16)))]))
        assert abs(first.at) <= 40


def test_events_that_find_no_room_are_counted():
    sounds = [make(replace(BASE, name="same", digits=16))[1]] * 300
    with Bank(Kind.DTMF, 300) as bank:
        bank._room = 10
        told = len(bank.run(sounds))
        assert bank.lost > 0
        assert told + bank.lost == 300 * 32


@pytest.mark.parametrize(
    ("lanes", "sizes"), [([0], [79]), ([0], [321]), ([2], [160]), ([-1], [160]), ([0, 1], [160, 80]), ([0, 1], [160])]
)
def test_feeds_that_cannot_be_are_refused(lanes, sizes):
    with Bank(Kind.DTMF, 2) as bank, pytest.raises(FeedError):
        bank.feed(lanes, [np.zeros(size, np.int16) for size in sizes])


@pytest.mark.parametrize("lane", [-1, 2])
def test_lanes_that_are_not_there_are_refused(lane):
    with Bank(Kind.DTMF, 2) as bank:
        with pytest.raises(FeedError):
            bank.reset(lane)
        with pytest.raises(FeedError):
            bank.set(lane)


def test_a_bank_needs_lanes():
    with pytest.raises(MemoryError):
        Bank(Kind.DTMF, 0)


def test_peers_hear_the_same_digits():
    """What is well inside the limits, all receivers agree upon; else the test's sound would be in doubt."""
    sent, sound, _echo = make(replace(BASE, on_ms=100, off_ms=100, digits=48))
    peers = [found for found in (spandsp_dtmf(sound), multimon_dtmf(sound)) if found is not None]
    if not peers:
        pytest.skip("neither libspandsp nor multimon-ng is installed")
    assert peers == [sent] * len(peers)
    assert sorted(set(sent)) == sorted(KEYS)
