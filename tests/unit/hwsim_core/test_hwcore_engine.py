"""Time, events, determinism, life and leaks."""

import hashlib
import os
import re
import tempfile
from pathlib import Path
from random import Random

import pytest
from hwcore_bench import Bench

from hwsim.core import _native, events
from hwsim.core.engine import Engine, EngineArgumentError, EngineError, EngineFullError, Line, StaleIdError
from hwsim.core.events import Format, FskVerdict, Kind, Reason, Tap, What
from tests.tools.descriptors import open_descriptors


def test_time_goes_in_steps(bench):
    assert bench.engine.now == 0
    bench.engine.run(1)
    assert bench.engine.now == 32
    bench.engine.run(32)
    assert bench.engine.now == 32
    bench.engine.noise(bench.engine.leg_new(), -2000)
    bench.engine.run(33)
    assert bench.engine.now == 64
    assert bench.engine.stats().legs_awake == 1


def test_years_of_silence_take_no_time(bench):
    year = 8000 * 3600 * 24 * 365
    bench.pair()
    bench.engine.run(30 * year)
    assert bench.engine.now == 30 * year


def test_run_stops_after_the_step_of_an_event_and_waits_until_it_is_taken(bench):
    leg = bench.engine.leg_new()
    bench.engine.play_mem(leg, bytes(100), Format.ALAW)
    assert bench.engine.run(8000) == 1
    assert bench.engine.now == 128
    assert bench.engine.run(8000) == 1
    assert bench.engine.now == 128
    assert bench.engine.next_event() == (100, Kind.PLAY_END, leg, 1 << 18, Reason.ENDED, 100)
    assert bench.engine.next_event() is None
    assert bench.engine.run(8000) == 0
    assert bench.engine.now == 8000


def test_events_of_a_step_are_in_order_of_time(bench):
    rng = Random(1)
    lengths = [rng.randint(1, 3000) for _ in range(60)]
    for length in lengths:
        bench.engine.play_mem(bench.engine.leg_new(), bytes(length), Format.ALAW)
    times = [e.at_samples for e in bench.run(4000)]
    assert times == sorted(lengths)


def test_many_events_fit(bench):
    leg = bench.engine.leg_new()
    for _ in range(5000):
        bench.engine.play_mem(leg, bytes(10), Format.ALAW)
    seen = bench.run(32)
    assert len(seen) == 5000 and len({e.id for e in seen}) == 5000


def scene(seed: int) -> str:
    """A busy minute with everything in it; the hash of all that was heard, recorded and reported."""
    rng = Random(77)
    digest = hashlib.sha256()
    with Engine(max_legs=40, seed=seed) as engine, tempfile.TemporaryFile() as file:
        bench = Bench(engine)
        pairs = [bench.pair() for _ in range(16)]
        for card, person in pairs:
            engine.line_set(card, Line(rx_loss_mb=rng.randint(0, 600), noise_mb=-5500, echo_loss_mb=1500, delay=24))
            engine.dtmf_detect(card)
            engine.tone_detect(card, 450)
            engine.energy_detect(card)
            engine.play_mem(person, rng.randbytes(3000), Format.ALAW, loop=True, gain_mb=-1500)
            engine.chirp(person, rng.randint(0, 255), 0, period_samples=2000)
        for _ in range(40):
            a, b = rng.sample(pairs, 2)
            engine.link(a[0], b[0], -600, rng.choice(list(Tap)))
        engine.record_fd(pairs[0][0], file.fileno(), Format.ALAW, What.STEREO)
        for _ in range(60):
            _, person = rng.choice(pairs)
            engine.dtmf(person, "".join(rng.choices("0123456789*#", k=4)), on_ms=60, off_ms=60)
            engine.tone(rng.choice(pairs)[1], 450, cadence_ms=(350, 350), repeat=2)
            engine.noise(rng.choice(pairs)[0], -4000)
            for event in bench.run(rng.randint(1, 8000)):
                digest.update(repr(tuple(event)).encode())
            ring = engine.record_mem(person, 800, Format.PCM16, What.STEREO)
            bench.run(800)
            digest.update(engine.rec_read(ring))
            engine.stop(ring)
        digest.update(os.pread(file.fileno(), 1 << 24, 0))
    return digest.hexdigest()


def test_the_same_calls_give_the_same_samples_and_events():
    assert scene(1) == scene(1)
    assert scene(1) != scene(2)


def test_nothing_is_left_over(bench, pcm_file):
    a, b = bench.pair()
    for _ in range(50):
        stopped = [
            bench.engine.play_fd(a, pcm_file, Format.ALAW, loop=True),
            bench.engine.tone(a, 450),
            bench.engine.dtmf(b, "123"),
            bench.engine.chirp(b, 1, 2, period_samples=1000),
            bench.engine.noise(b, -3000),
            bench.engine.record_fd(a, pcm_file, Format.ALAW, What.IN),
            bench.engine.record_mem(a, 800, Format.ALAW, What.IN),
        ]
        stopped += [bench.engine.tone_detect(a, 450), bench.engine.energy_detect(a)]
        bench.engine.dtmf_detect(a)
        bench.engine.link(a, b)
        bench.engine.run(bench.engine.now + 64)
        for id in stopped:
            try:
                bench.engine.stop(id)
            except StaleIdError:
                assert id == stopped[0]  # the file is empty
        bench.engine.dtmf_detect(a, False)
        bench.engine.unlink(a, b)
        bench.engine.events()
    left = bench.engine.stats()
    assert (left.sources, left.links, left.recorders, left.detectors, left.descriptors) == (0, 0, 0, 0, 0)
    bench.run(8000)
    assert bench.engine.stats().legs_awake == 0


def test_freeing_a_leg_ends_all_on_it(bench, pcm_file):
    a, b = bench.pair()
    ids = [bench.engine.tone(a, 450), bench.engine.record_fd(a, pcm_file, Format.ALAW, What.IN)]
    bench.engine.tone_detect(a, 450)
    bench.engine.dtmf_detect(a)
    bench.engine.link(a, b)
    bench.engine.link(b, a)
    bench.run(320)
    bench.engine.leg_free(a)
    assert [(e.leg, e.id, e.a) for e in bench.engine.events()] == [(a, id, Reason.STOPPED) for id in ids]
    stats = bench.engine.stats()
    assert (stats.legs, stats.sources, stats.links, stats.recorders, stats.detectors, stats.descriptors) == (
        1,
        0,
        0,
        0,
        0,
        0,
    )


def test_close_frees_descriptors_that_were_in_use(pcm_file):
    before = open_descriptors()
    engine = Engine(max_legs=2)
    leg = engine.leg_new()
    engine.play_fd(leg, pcm_file, Format.ALAW)
    engine.record_fd(leg, pcm_file, Format.ALAW, What.IN)
    assert open_descriptors() == before + 2
    engine.close()
    engine.close()
    assert open_descriptors() == before
    with pytest.raises(EngineError, match="closed"):
        engine.leg_new()


def test_a_forgotten_engine_is_freed(pcm_file):
    before = open_descriptors()
    engine = Engine(max_legs=2)
    engine.play_fd(engine.leg_new(), pcm_file, Format.ALAW)
    del engine
    assert open_descriptors() == before


def test_silent_legs_sleep_and_wake_without_a_lost_sample(bench):
    a, b = bench.pair()
    bench.engine.dtmf_detect(b)
    bench.run(16000)
    assert bench.engine.stats().legs_awake == 0
    bench.engine.dtmf(a, "5", on_ms=45)
    seen = [e.kind for e in bench.run(8000)]
    assert seen == [Kind.DTMF_DIGIT_SENT, Kind.DTMF_ON, Kind.DTMF_OFF, Kind.DTMF_SENT]
    bench.run(16000)
    assert bench.engine.stats().legs_awake == 0


def test_as_many_legs_as_asked_for():
    with Engine(max_legs=3) as engine:
        legs = [engine.leg_new() for _ in range(3)]
        with pytest.raises(EngineFullError):
            engine.leg_new()
        engine.leg_free(legs[1])
        assert engine.leg_new() not in legs
    for count in (0, -1, 4097):
        with pytest.raises(EngineArgumentError):
            Engine(max_legs=count)


@pytest.mark.parametrize("id", [0, -1, 1, 2**31 - 1, 1 << 18])
def test_ids_that_never_were(bench, id):
    engine = bench.engine
    for call in (engine.stop, engine.position, engine.pause, engine.leg_free, engine.level):
        with pytest.raises(StaleIdError):
            call(id)


def test_python_and_c_agree_on_every_number():
    _, lib = _native.load()
    enums = ((Kind, ""), (Format, ""), (Reason, ""), (FskVerdict, "FSK_"), (Tap, "TAP_"), (What, "REC_"))
    ours = {f"HW_{prefix}{member.name}": member.value for enum, prefix in enums for member in enum}
    ours |= {
        "HW_RATE_HZ": events.RATE_HZ,
        "HW_STEP": events.STEP_SAMPLES,
        "HW_MAX_DELAY": events.MAX_DELAY_SAMPLES,
        "HW_CHIRP_SAMPLES": events.CHIRP_SAMPLES,
        "HW_NONE_MB": events.NONE_MB,
        "HW_MAX_SLIP": events.MAX_SLIP_SAMPLES,
    }
    declared = set(re.findall(r"\b(HW_[A-Z0-9_]+) =", _native.HEADER.read_text()))
    assert {name for name in declared if not name.startswith("HW_E_")} == set(ours)
    assert {name: getattr(lib, name) for name in ours} == ours


def test_every_declared_function_is_in_the_library():
    _, lib = _native.load()
    names = re.findall(r"\b(hw_[a-z_0-9]+)\(", _native.HEADER.read_text())
    assert len(names) > 35
    for name in set(names):
        assert callable(getattr(lib, name)), name


def test_a_library_that_is_not_built_says_what_to_do(tmp_path: Path):
    missing = tmp_path / "libhwcore.so"
    with pytest.raises(_native.EngineNotBuiltError, match=rf"{missing} is not built.*build_ext --inplace"):
        _native.open_library(_native.HEADER, missing)
    missing.write_bytes(b"no library")
    with pytest.raises(_native.EngineNotBuiltError, match="cannot be loaded"):
        _native.open_library(_native.HEADER, missing)
