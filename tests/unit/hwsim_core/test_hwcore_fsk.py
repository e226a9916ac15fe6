"""FSK both ways: what is sent is what a modem of its own hears, and what is heard survives level, noise and drift."""

import math

import pytest

from hwsim.core.engine import BELL_202_MARK_HZ, BELL_202_SPACE_HZ, Engine, EngineArgumentError, Line
from hwsim.core.events import Format, FskVerdict, Kind, What
from hwsim.core.sound import pcm_of

MDMF = bytes.fromhex("80170108313030313233353902 0b313338303031333830303096")


@pytest.fixture
def engine():
    with Engine(max_legs=64, seed=42) as made:
        yield made


@pytest.fixture
def wire(engine):
    a, b = engine.leg_new(), engine.leg_new()
    engine.wire(a, b)
    return a, b


def messages(engine, samples):
    found, until = [], engine.now + samples
    while engine.now < until:
        engine.run(until)
        for event in engine.events():
            if event.kind is Kind.FSK_MESSAGE:
                found.append((FskVerdict(event.a), engine.fsk_read(event.id), event.at_samples))
                assert event.b == len(found[-1][1])
    return found


def test_the_wave_is_made_of_the_right_bits(engine, wire):
    """A demodulator of this test's own, sample by sample from the definition: 1 is 1200 Hz, 0 is 2200 Hz."""
    a, b = wire
    recorder = engine.record_mem(b, 80_000, Format.PCM16, What.IN)
    engine.fsk(a, b"\x80\x01A")
    engine.run(8000)
    pcm = [s / 32768 for s in pcm_of(engine.rec_read(recorder))]
    first = next(n for n, s in enumerate(pcm) if abs(s) > 0.01)

    def power(hertz, start, count):
        angle = 2 * math.pi * hertz / 8000
        re = sum(pcm[start + n] * math.cos(angle * n) for n in range(count))
        im = sum(pcm[start + n] * math.sin(angle * n) for n in range(count))
        return re * re + im * im

    bits = []
    for index in range(300 + 180 + 30):
        start = round(first - 1 + index * 8000 / 1200)
        bits.append(int(power(1200, start, 7) > power(2200, start, 7)))
    assert bits[:300] == [0, 1] * 150
    assert bits[300:480] == [1] * 180
    assert bits[480:510] == [0, *([0] * 7), 1, 1, 0, 1, *([0] * 7), 1, 0, 1, 0, 0, 0, 0, 0, 1, 0, 1]


def test_air_time_is_what_the_bits_take(engine, wire):
    a, _b = wire
    engine.fsk(a, MDMF)
    until = None
    while until is None:
        engine.run(engine.now + 8000)
        until = next((e for e in engine.events() if e.kind is Kind.PLAY_END), None)
    assert until.b == pytest.approx((300 + 180 + 10 * len(MDMF) + 10) / 1200 * 8000, abs=8)


@pytest.mark.parametrize("dbm0", [-8, -13.5, -20, -28, -36])
@pytest.mark.parametrize("drift", [0.99, 1.0, 1.01])
@pytest.mark.parametrize("sn_db", [None, 20, 12])
def test_levels_drift_and_noise(engine, wire, dbm0, drift, sn_db):
    a, b = wire
    engine.fsk_detect(b)
    if sn_db is not None:
        engine.line_set(b, Line(noise_mb=round((dbm0 - sn_db) * 100)))
    for _ in range(3):
        engine.fsk(
            a,
            MDMF,
            mark_hz=BELL_202_MARK_HZ * drift,
            space_hz=BELL_202_SPACE_HZ * drift,
            baud=1200 * drift,
            level_mb=round(dbm0 * 100),
        )
        assert [m[:2] for m in messages(engine, 9000)] == [(FskVerdict.GOOD, MDMF)]


def test_the_mark_of_call_waiting_is_enough(engine, wire):
    a, b = wire
    engine.fsk_detect(b)
    engine.fsk(a, MDMF, seizure_bits=0, mark_bits=80)
    assert [m[:2] for m in messages(engine, 8000)] == [(FskVerdict.GOOD, MDMF)]


def test_longest_and_shortest_message(engine, wire):
    a, b = wire
    engine.fsk_detect(b)
    for size in (0, 255):
        body = bytes([0x80, size]) + bytes(n * 37 & 0xFF for n in range(size))
        message = body + bytes([-sum(body) & 0xFF])
        engine.fsk(a, message)
        assert [m[:2] for m in messages(engine, 30_000)] == [(FskVerdict.GOOD, message)]


def test_wrong_checksum_is_told(engine, wire):
    a, b = wire
    engine.fsk_detect(b)
    spoilt = MDMF[:-1] + b"\x97"
    engine.fsk(a, spoilt)
    assert [m[:2] for m in messages(engine, 9000)] == [(FskVerdict.BAD_CHECKSUM, spoilt)]


def test_a_message_that_breaks_off_is_told_once_and_the_next_one_is_heard(engine, wire):
    a, b = wire
    engine.fsk_detect(b)
    source = engine.fsk(a, MDMF)
    found = messages(engine, 4200)
    engine.stop(source)
    found += messages(engine, 4000)
    ((verdict, got, _at),) = found
    assert verdict is FskVerdict.BROKEN and MDMF.startswith(got[:-1]) and 2 <= len(got) < len(MDMF)
    engine.fsk(a, MDMF)
    assert [m[:2] for m in messages(engine, 9000)] == [(FskVerdict.GOOD, MDMF)]


@pytest.mark.parametrize("line", [Line(mute_rx=True), Line(cut=True), Line(rx_loss_mb=4500), Line(noise_mb=-600)])
def test_a_bad_line_gives_no_good_message(engine, wire, line):
    a, b = wire
    engine.fsk_detect(b)
    engine.line_set(b, line)
    engine.fsk(a, MDMF)
    assert FskVerdict.GOOD not in [m[0] for m in messages(engine, 9000)]


def test_tones_digits_chirps_and_noise_are_no_message(engine, wire):
    a, b = wire
    engine.fsk_detect(b)
    engine.tone(a, 450, cadence_ms=(350, 350), repeat=10)
    assert messages(engine, 60_000) == []
    engine.tone(a, 1200, cadence_ms=(500, 100, 40, 100), repeat=10)
    assert messages(engine, 64_000) == []
    engine.dtmf(a, "1234567890*#ABCD")
    engine.chirp(a, 3, 1, period_samples=3200)
    assert messages(engine, 40_000) == []
    engine.noise(a, -1000)
    assert messages(engine, 400_000) == []


def test_the_detector_is_freed_and_lets_the_leg_sleep(engine, wire):
    a, b = wire
    detector = engine.fsk_detect(b)
    engine.fsk(a, MDMF)
    messages(engine, 20_000)
    assert engine.stats().legs_awake == 0 and engine.stats().detectors == 1
    engine.stop(detector)
    assert engine.stats().detectors == 0
    engine.fsk_detect(b)
    engine.leg_free(b)
    assert engine.stats().detectors == 0


@pytest.mark.parametrize("wrong", [{"baud": 10}, {"mark_hz": 0}, {"space_hz": 4000}, {"mark_bits": -1}])
def test_values_outside_their_range(engine, wire, wrong):
    with pytest.raises(EngineArgumentError):
        engine.fsk(wire[0], MDMF, **wrong)
