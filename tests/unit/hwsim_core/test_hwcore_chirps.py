"""Chirps: found with party, number and exact start, or not found; never found wrong."""

import math
from array import array
from random import Random

import pytest
from hwcore_bench import kinds, voice
from hypothesis import given, settings
from hypothesis import strategies as st

from hwsim.core.engine import Line
from hwsim.core.events import CHIRP_SAMPLES, Format, Kind, What
from hwsim.core.sound import alaw_decode, alaw_encode, find_chirps, make_chirp, pcm_of

SECOND = 8000


def what_and_when(chirps):
    return [(c.start_sample, c.party, c.number) for c in chirps]


def add(into, pcm, at):
    for n, x in enumerate(pcm):
        into[at + n] = max(-32768, min(32767, into[at + n] + x))


def coded(pcm, times=1):
    for _ in range(times):
        pcm = alaw_decode(alaw_encode(pcm))
    return pcm


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    party=st.integers(0, 255),
    number=st.integers(0, 65535),
    level_mb=st.integers(-3500, -1000),
    start=st.integers(0, 1000),
    loss=st.floats(0.5, 1.0),
)
def test_every_chirp_comes_back(party, number, level_mb, start, loss):
    pcm = array("h", bytes(2 * (start + CHIRP_SAMPLES + 100)))
    add(pcm, make_chirp(party, number, level_mb), start)
    pcm = coded(pcm)
    pcm = coded(array("h", [int(x * loss) for x in pcm]))
    assert what_and_when(find_chirps(pcm)) == [(start, party, number)]


def test_levels_are_told():
    (found,) = find_chirps(make_chirp(1, 2, -2000))
    assert found.level_mb == pytest.approx(-2000, abs=20)
    assert found.quality > 90


@pytest.mark.parametrize("seed", range(3))
def test_noise_15_db_below_hides_nothing(seed):
    rng = Random(seed)
    peak = 22826 * 10 ** (-20 / 20)
    sigma = peak / 2**0.5 * 10 ** (-15 / 20)
    pcm = array("h", [round(rng.gauss(0, sigma)) for _ in range(20 * 1500)])
    sent = []
    for n in range(20):
        at, party, number = n * 1500 + rng.randint(0, 500), rng.randint(0, 255), rng.randint(0, 65535)
        add(pcm, make_chirp(party, number, -2000), at)
        sent.append((at, party, number))
    assert what_and_when(find_chirps(coded(pcm, 2))) == sent


@pytest.mark.parametrize("seed", range(6))
def test_two_talkers_at_once_may_hide_but_not_invent(seed):
    rng = Random(seed)
    pcm = array("h", bytes(2 * 60 * SECOND))
    sent = set()
    for party, level_mb in ((1, -1500), (2, -1500 - rng.choice((0, 0, 600)))):
        at = rng.randint(0, 200)
        while at + CHIRP_SAMPLES < len(pcm):
            number = rng.randint(0, 65535)
            add(pcm, make_chirp(party, number, level_mb), at)
            sent.add((at, party, number))
            at += rng.randint(CHIRP_SAMPLES, 2600)
    found = what_and_when(find_chirps(coded(pcm, 2)))
    assert set(found) <= sent
    assert len(found) == len(set(found))
    assert len(found) > len(sent) // 8  # hardly any chirp here is alone for its whole length


@pytest.mark.parametrize("below_mb", [0, 1000])
def test_speech_over_chirps_may_hide_but_not_invent(below_mb):
    rng = Random(below_mb)
    pcm = voice(rng, 30 * SECOND)
    spoken = (sum(x * x for x in pcm) / len(pcm) * 2) ** 0.5
    level_mb = round(2000 * math.log10(spoken / 22826)) - below_mb
    sent = []
    for at in range(200, len(pcm) - CHIRP_SAMPLES, 1600):
        party, number = rng.randint(0, 255), rng.randint(0, 65535)
        add(pcm, make_chirp(party, number, level_mb), at)
        sent.append((at, party, number))
    found = what_and_when(find_chirps(coded(pcm, 2)))
    assert {(party, number) for _, party, number in found} <= {(party, number) for _, party, number in sent}
    assert len(found) >= (len(sent) // 4 if below_mb == 0 else 0)


def test_two_chirps_in_the_same_samples_give_no_third():
    rng = Random(5)
    for _ in range(200):
        one, two = ((rng.randint(0, 255), rng.randint(0, 65535)) for _ in range(2))
        pcm = make_chirp(*one, -1500)
        add(pcm, make_chirp(*two, -1500), 0)
        assert {(c.party, c.number) for c in find_chirps(coded(pcm))} <= {one, two}


def test_noise_alone_holds_no_chirp():
    rng = Random(1)
    assert find_chirps(array("h", [round(rng.gauss(0, 3000)) for _ in range(60 * SECOND)])) == []


def test_nothing_in_short_or_silent_recordings():
    assert find_chirps(b"") == []
    assert find_chirps(array("h", bytes(2 * 959))) == []
    assert find_chirps(array("h", [8] * 5000)) == []


def test_a_talker_through_lines_bus_and_recorder(bench):
    """Person to card, over the bus to another card, to the other person: three codings, every chirp in its place."""
    card_a, person_a = bench.pair()
    card_b, person_b = bench.pair()
    bench.engine.line_set(card_a, Line(rx_loss_mb=350, noise_mb=-6000, delay=40))
    bench.engine.line_set(card_b, Line(tx_loss_mb=350, noise_mb=-6000, echo_loss_mb=2000, echo_delay=30))
    bench.engine.link(card_a, card_b)
    bench.engine.chirp(person_a, 17, 65530, level_mb=-1200, period_samples=2000)
    ring = bench.engine.record_mem(person_b, 10 * SECOND, Format.ALAW, What.IN)
    bench.run(10 * SECOND)
    found = find_chirps(alaw_decode(bench.engine.rec_read(ring)))
    late = 40 + 32
    assert what_and_when(found) == [(n * 2000 + late, 17, (65530 + n) % 65536) for n in range(40)]


def test_one_chirp_is_one_source(bench):
    leg = bench.engine.leg_new()
    chirp = bench.engine.chirp(leg, 3, 4)
    ring = bench.engine.record_mem(leg, 2016, Format.PCM16, What.OUT)
    (event,) = bench.run(2016)
    assert (event.at_samples, event.kind, event.id) == (CHIRP_SAMPLES, Kind.PLAY_END, chirp)
    assert what_and_when(find_chirps(pcm_of(bench.engine.rec_read(ring)))) == [(0, 3, 4)]


@pytest.mark.parametrize("level_mb", [0, -1000, -2500])
def test_chirps_set_off_no_detector(bench, level_mb):
    person, card = bench.pair()
    bench.engine.dtmf_detect(card)
    for f_hz, bandwidth_hz in ((450, 60), (950, 60), (1100, 76), (2100, 60)):
        bench.engine.tone_detect(card, f_hz, bandwidth_hz)
    rng = Random(level_mb)
    for _ in range(150):
        bench.engine.chirp(person, rng.randint(0, 255), rng.randint(0, 65535), level_mb=level_mb)
        events = bench.run(CHIRP_SAMPLES + rng.randint(0, 400))
        assert kinds(events, Kind.DTMF_ON, Kind.TONE_ON) == []


def test_two_parties_chirping_at_once_set_off_no_detector(bench):
    person, card = bench.pair()
    bench.engine.dtmf_detect(card)
    bench.engine.tone_detect(card, 450, 60)
    bench.engine.chirp(person, 1, 0, level_mb=-1000, period_samples=1000)
    bench.engine.chirp(person, 2, 0, level_mb=-1000, period_samples=1037)
    assert kinds(bench.run(30 * SECOND), Kind.DTMF_ON, Kind.TONE_ON) == []
