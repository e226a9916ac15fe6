"""Wires and lines: coding, loss, delay, echo, noise, mutes, cuts."""

from array import array
from random import Random

import pytest
from hwcore_bench import level_dbm0

from hwsim.core.engine import Engine, EngineArgumentError, Line, StaleIdError
from hwsim.core.events import NONE_MB, Format, What
from hwsim.core.sound import alaw_decode, alaw_encode

SECOND = 8000
SILENCE = 8


def speech(seed: int, samples: int = 2000) -> bytes:
    return Random(seed).randbytes(samples)


def test_each_end_hears_what_the_other_says_in_the_same_samples(bench):
    a, b = bench.pair()
    from_a, from_b = speech(1), speech(2)
    bench.engine.play_mem(a, from_a, Format.ALAW)
    bench.engine.play_mem(b, from_b, Format.ALAW)
    ring_a = bench.engine.record_mem(a, 2000, Format.ALAW, What.IN)
    ring_b = bench.engine.record_mem(b, 2000, Format.ALAW, What.IN)
    bench.run(2000)
    heard_a, heard_b = bench.engine.rec_read(ring_a), bench.engine.rec_read(ring_b)
    assert heard_a[-len(from_b) :] == (from_b + bytes([0xD5]) * 16)[-2000:]
    assert heard_b[:1984] == from_a[16:2000]


def test_linear_sound_is_coded_once(bench):
    a, b = bench.pair()
    pcm = array("h", [Random(3).randint(-32768, 32767) for _ in range(640)])
    bench.engine.play_mem(a, pcm.tobytes(), Format.PCM16)
    assert bench.record(b, 640) == alaw_decode(alaw_encode(pcm))


def test_unwired_and_rewired(bench):
    a, b = bench.pair()
    c = bench.engine.leg_new()
    bench.engine.tone(a, 1000)
    assert level_dbm0(bench.record(b, 800)) == pytest.approx(-10, abs=0.1)
    bench.engine.wire(a, c)
    assert bench.engine.peer(a) == c and bench.engine.peer(b) is None
    assert set(bench.record(b, 800)) == {SILENCE}
    assert level_dbm0(bench.record(c, 800)) == pytest.approx(-10, abs=0.1)
    bench.engine.unwire(c)
    assert set(bench.record(c, 800)) == {SILENCE}
    assert bench.engine.peer(a) is None
    with pytest.raises(EngineArgumentError):
        bench.engine.wire(a, a)


@pytest.mark.parametrize("level_mb", [314, 0, -1000, -3500])
def test_levels_are_dbm0(bench, level_mb):
    a, b = bench.pair()
    bench.engine.tone(a, 1004, level_mb)
    assert level_dbm0(bench.record(b, SECOND)) == pytest.approx(level_mb / 100, abs=0.15)
    assert bench.engine.level(b).rx_mb == pytest.approx(level_mb, abs=20)
    assert bench.engine.level(a).tx_mb == pytest.approx(level_mb, abs=20)
    assert bench.engine.level(a).rx_mb == NONE_MB


def test_losses_of_both_ends_add_up(bench):
    card, person = bench.pair()
    bench.engine.line_set(card, Line(rx_loss_mb=300, tx_loss_mb=600))
    bench.engine.line_set(person, Line(rx_loss_mb=150, tx_loss_mb=250))
    bench.engine.tone(card, 1004, 0)
    bench.engine.tone(person, 804, 0)
    assert level_dbm0(bench.record(person, SECOND)) == pytest.approx(-7.5, abs=0.1)
    assert level_dbm0(bench.record(card, SECOND)) == pytest.approx(-5.5, abs=0.1)
    assert bench.engine.line(card) == Line(rx_loss_mb=300, tx_loss_mb=600)


@pytest.mark.parametrize("delay", [1, 31, 32, 33, 160, 3999])
def test_delay_is_exact_and_counts_both_ends(bench, delay):
    a, b = bench.pair()
    bench.engine.line_set(a, Line(delay=delay // 2))
    bench.engine.line_set(b, Line(delay=delay - delay // 2))
    bench.run(5000)
    sound = speech(4, 320)
    ring = bench.engine.record_mem(b, 6000, Format.ALAW, What.IN, max_samples=5984)
    bench.engine.play_mem(a, sound, Format.ALAW)
    bench.run(6000)
    assert bench.engine.rec_read(ring) == (bytes([0xD5]) * delay + sound).ljust(5984, b"\xd5")


def test_delays_must_fit(bench):
    a, b = bench.pair()
    bench.engine.line_set(a, Line(delay=3000))
    with pytest.raises(EngineArgumentError):
        bench.engine.line_set(b, Line(delay=1001))
    assert bench.engine.line(b) == Line()


def test_echo_comes_back_late_and_weak(bench):
    card, person = bench.pair()
    bench.engine.line_set(card, Line(echo_loss_mb=1200, echo_delay=45))
    pulse = array("h", [16000] + [0] * 319)
    bench.engine.play_mem(card, pulse.tobytes(), Format.PCM16)
    heard = bench.record(card, 320)
    assert [n for n, x in enumerate(heard) if abs(x) > SILENCE] == [45]
    assert heard[45] == pytest.approx(16000 * 10 ** (-12 / 20), rel=0.04)
    assert bench.engine.level(person).rx_mb != NONE_MB


def test_noise_has_its_level_and_its_own_sequence(bench):
    a, b = bench.pair()
    c, d = bench.pair()
    bench.engine.line_set(a, Line(noise_mb=-5000))
    bench.engine.line_set(c, Line(noise_mb=-3000))
    ring_c = bench.engine.record_mem(c, SECOND, Format.PCM16, What.IN)
    heard_a = bench.record(a, SECOND)
    heard_c = array("h", bench.engine.rec_read(ring_c, 2 * SECOND))
    assert level_dbm0(heard_a) == pytest.approx(-50, abs=0.4)
    assert level_dbm0(heard_c) == pytest.approx(-30, abs=0.2)
    assert set(bench.record(b, 800)) == {SILENCE} == set(bench.record(d, 800))
    correlation = sum(x * y for x, y in zip(heard_a, heard_c, strict=True))
    norm = (sum(x * x for x in heard_a) * sum(x * x for x in heard_c)) ** 0.5
    assert abs(correlation / norm) < 0.05


@pytest.mark.parametrize(
    ("line", "card_hears", "person_hears"),
    [
        (Line(mute_rx=True), False, True),
        (Line(mute_tx=True), True, False),
        (Line(cut=True, echo_loss_mb=0), False, False),
        (Line(mute_rx=True, mute_tx=True, noise_mb=-2000), False, False),
    ],
)
def test_mutes_and_cut(bench, line, card_hears, person_hears):
    card, person = bench.pair()
    bench.engine.line_set(card, line)
    bench.engine.tone(card, 1004)
    bench.engine.tone(person, 804)
    assert (set(bench.record(card, 800)) != {SILENCE}) is card_hears
    assert (set(bench.record(person, 800)) != {SILENCE}) is person_hears
    bench.engine.line_set(card, Line())
    assert set(bench.record(card, 800)) != {SILENCE}
    assert set(bench.record(person, 800)) != {SILENCE}


@pytest.mark.parametrize(
    "line",
    [
        Line(delay=4001),
        Line(delay=-1),
        Line(echo_loss_mb=-1),
        Line(echo_loss_mb=1000, echo_delay=5000),
        Line(noise_mb=400),
        Line(rx_loss_mb=-2001),
        Line(tx_loss_mb=10001),
    ],
)
def test_impossible_lines_are_refused(bench, line):
    leg = bench.engine.leg_new()
    with pytest.raises(EngineArgumentError):
        bench.engine.line_set(leg, line)
    assert bench.engine.line(leg) == Line()


def test_a_freed_leg_is_stale_and_its_number_never_comes_back(bench):
    seen = set()
    for _ in range(300):
        leg = bench.engine.leg_new()
        assert leg not in seen
        seen.add(leg)
        bench.engine.leg_free(leg)
        with pytest.raises(StaleIdError):
            bench.engine.leg_free(leg)
        with pytest.raises(StaleIdError):
            bench.engine.tone(leg, 450)


def test_freeing_a_leg_unwires_its_peer(bench):
    a, b = bench.pair()
    bench.engine.tone(a, 450)
    bench.run(320)
    bench.engine.leg_free(a)
    assert bench.engine.peer(b) is None
    assert set(bench.record(b, 320)) == {SILENCE}


def test_a_slip_doubles_or_drops_one_sample(bench):
    a, b = bench.pair()
    said = bytes(range(256)) * 4
    bench.engine.play_mem(a, said, Format.ALAW, loop=True)
    ring = bench.engine.record_mem(b, 4000, Format.ALAW, What.IN)
    bench.run(320)
    bench.engine.line_slip(b, 1)
    bench.run(320)
    bench.engine.line_slip(b, -1)
    bench.run(320)
    heard = bench.engine.rec_read(ring)
    first = heard.index(said[:8])
    heard, wanted = heard[first:], (said * 2)[: len(heard) - first]
    doubled = next(n for n in range(len(heard)) if heard[n] != wanted[n])
    assert heard[doubled] == wanted[doubled - 1]
    dropped = next(n for n in range(doubled + 1, len(heard)) if heard[n] != wanted[n - 1])
    assert dropped - doubled == 320 and heard[dropped:] == wanted[dropped : len(heard)]


def test_slips_one_way_have_a_limit(bench):
    _, b = bench.pair()
    with pytest.raises(EngineArgumentError):
        bench.engine.line_slip(b, -1)
    for _n in range(64):
        bench.engine.line_slip(b, 1)
    with pytest.raises(EngineArgumentError):
        bench.engine.line_slip(b, 1)
    with pytest.raises(EngineArgumentError):
        bench.engine.line_slip(b, 2)


@pytest.mark.parametrize("ppm", [1000, 30_000])
def test_bit_errors_come_at_their_ratio_also_into_silence(bench, ppm):
    a, b = bench.pair()
    said = speech(5, 20 * SECOND)
    bench.engine.line_set(b, Line(error_ppm=ppm))
    bench.engine.play_mem(a, said, Format.ALAW)
    ring = bench.engine.record_mem(b, 24 * SECOND, Format.ALAW, What.IN)
    bench.run(24 * SECOND)
    heard = bench.engine.rec_read(ring)
    wrong = [x ^ y for x, y in zip(heard, said + bytes([0xD5]) * 4 * SECOND, strict=True)]
    bits = sum(byte.bit_count() for byte in wrong)
    assert bits == pytest.approx(len(heard) * 8 * ppm / 1e6, rel=0.1)
    assert any(wrong[20 * SECOND :]), "an idle slot gets them too"
    assert not any(alaw_decode(said[:800])[n] != alaw_decode(heard[:800])[n] for n in range(800) if not wrong[n])
    bench.engine.line_set(b, Line())
    assert set(bench.record(b, SECOND)) == {SILENCE}


def test_the_same_errors_every_time():
    def heard() -> bytes:
        with Engine(16, 9) as engine:
            a, b = engine.leg_new(), engine.leg_new()
            engine.wire(a, b)
            engine.line_set(b, Line(error_ppm=5000))
            ring = engine.record_mem(b, SECOND, Format.ALAW, What.IN)
            engine.run(SECOND)
            return engine.rec_read(ring)

    assert heard() == heard() != bytes([0xD5]) * SECOND


@pytest.mark.parametrize("ppm", [-1, 500_001])
def test_impossible_error_ratios_are_refused(bench, ppm):
    a, _ = bench.pair()
    with pytest.raises(EngineArgumentError):
        bench.engine.line_set(a, Line(error_ppm=ppm))
