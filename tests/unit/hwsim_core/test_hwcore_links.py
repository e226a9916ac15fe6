"""The card's bus: who hears whom."""

from itertools import permutations

import pytest
from hwcore_bench import level_dbm0

from hwsim.core.engine import StaleIdError
from hwsim.core.events import Format, Tap, What
from hwsim.core.sound import alaw_decode, pcm_of

SILENCE = 8
TONES = {0: 500, 1: 1000, 2: 2000}


def power_at(pcm, f_hz):
    """Level of one frequency in whole periods of 10 ms, by plain correlation, dBm0."""
    import cmath
    import math

    n = len(pcm) // 80 * 80
    total = sum(x * cmath.exp(-2j * math.pi * f_hz * i / 8000) for i, x in enumerate(pcm[:n]))
    peak = 2 * abs(total) / n
    return 20 * math.log10(max(peak, 1e-9) / 22826)


def three_calls(bench):
    pairs = [bench.pair() for _ in range(3)]
    for index, (_, person) in enumerate(pairs):
        bench.engine.tone(person, TONES[index], -1500)
    return [card for card, _ in pairs], [person for _, person in pairs]


@pytest.mark.parametrize("links", [(), ((0, 1),), ((0, 1), (1, 0)), ((0, 2), (1, 2)), tuple(permutations(range(3), 2))])
def test_a_person_hears_exactly_those_linked_to_him(bench, links):
    cards, persons = three_calls(bench)
    for source, sink in links:
        bench.engine.link(cards[source], cards[sink])
    bench.run(320)
    rings = [bench.engine.record_mem(person, 1600, Format.PCM16, What.IN) for person in persons]
    bench.run(1600)
    for sink, ring in enumerate(rings):
        heard = pcm_of(bench.engine.rec_read(ring))
        for source, f_hz in TONES.items():
            level = power_at(heard, f_hz)
            if (source, sink) in links:
                assert level == pytest.approx(-15, abs=0.3), (source, sink)
            else:
                assert level < -50, (source, sink)
    assert bench.engine.stats().links == len(links)


def test_a_link_is_one_step_late_and_takes_its_gain(bench):
    a, person_a = bench.pair()
    b, person_b = bench.pair()
    sound = bytes(range(256)) * 2
    bench.engine.play_mem(person_a, sound, Format.ALAW)
    bench.engine.link(a, b)
    assert bench.record(person_b, 512)[32:] == alaw_decode(sound)[:480]
    bench.engine.tone(person_a, 1000, -1000)
    bench.engine.link(a, b, gain_mb=-700)  # again: only the gain changes
    assert bench.engine.stats().links == 1
    bench.run(320)
    assert level_dbm0(bench.record(person_b, 1600)) == pytest.approx(-17, abs=0.15)


def test_taps_tell_hearing_from_playing(bench):
    a, person_a = bench.pair()
    b, person_b = bench.pair()
    bench.engine.tone(person_a, 500, -1500)
    bench.engine.tone(a, 1000, -1500)
    bench.engine.link(a, b, tap=Tap.PLAYS)
    bench.run(320)
    heard = bench.record(person_b, 1600)
    assert power_at(heard, 1000) == pytest.approx(-15, abs=0.3)
    assert power_at(heard, 500) < -50
    bench.engine.link(a, b, tap=Tap.HEARS)
    bench.run(320)
    heard = bench.record(person_b, 1600)
    assert power_at(heard, 1000) == pytest.approx(-15, abs=0.3)
    assert power_at(heard, 500) == pytest.approx(-15, abs=0.3)
    assert set(bench.record(b, 320)) == {SILENCE}


def test_bus_only_sound_is_not_on_the_own_line(bench):
    a, person_a = bench.pair()
    b, person_b = bench.pair()
    bench.engine.tone(a, 1000, -1500, bus_only=True)
    bench.engine.link(a, b, tap=Tap.PLAYS)
    bench.run(320)
    ring = bench.engine.record_mem(person_a, 1600, Format.PCM16, What.IN)
    assert level_dbm0(bench.record(person_b, 1600)) == pytest.approx(-15, abs=0.1)
    assert set(pcm_of(bench.engine.rec_read(ring))) == {SILENCE}


def test_the_sum_saturates_and_does_not_wrap(bench):
    cards, persons = three_calls(bench)
    loud = (32000).to_bytes(2, "little", signed=True) * 640
    for card in cards[:2]:
        bench.engine.play_mem(card, loud, Format.PCM16)
        bench.engine.link(card, cards[2], tap=Tap.PLAYS)
    heard = bench.record(persons[2], 640)
    assert set(heard[64:]) == {32256}


def test_unlink(bench):
    cards, persons = three_calls(bench)
    for source, sink in permutations(range(3), 2):
        bench.engine.link(cards[source], cards[sink])
    bench.engine.unlink(cards[0], cards[1])
    with pytest.raises(StaleIdError):
        bench.engine.unlink(cards[0], cards[1])
    assert bench.engine.unlink_all(cards[0]) == 3
    assert bench.engine.stats().links == 2
    bench.engine.leg_free(cards[1])
    assert bench.engine.stats().links == 0
    bench.run(64)
    assert set(bench.record(persons[2], 320)) == {SILENCE}


def test_a_slip_on_a_link_makes_it_a_sample_late(bench):
    a, person_a = bench.pair()
    b, person_b = bench.pair()
    sound = bytes(range(1, 251)) * 8
    bench.engine.play_mem(person_a, sound, Format.ALAW)
    bench.engine.link(a, b)
    ring = bench.engine.record_mem(person_b, 2000, Format.ALAW, What.IN)
    bench.run(640)
    bench.engine.link_slip(a, b, True)
    bench.run(640)
    bench.engine.link_slip(a, b, False)
    bench.run(640)
    heard = bench.engine.rec_read(ring)[32:]
    assert heard[:608] == sound[:608]
    assert heard[608:1248] == sound[607:1247]
    assert heard[1248:] == sound[1248 : len(heard)]
    with pytest.raises(StaleIdError):
        bench.engine.link_slip(b, a, True)
