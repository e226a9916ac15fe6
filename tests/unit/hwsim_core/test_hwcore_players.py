"""Files and memory: gapless lists, loops, pauses, positions, exact ends."""

import errno
import os
from random import Random

import pytest
from hwcore_bench import kinds, level_dbm0

from hwsim.core.engine import EngineArgumentError, EngineFileError, StaleIdError
from hwsim.core.events import Format, Kind, Reason, What
from hwsim.core.sound import alaw_decode


def alaw(seed, samples):
    return Random(seed).randbytes(samples)


def write(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    return os.open(path, os.O_RDONLY)


def test_a_file_plays_from_its_offset_and_ends_at_its_very_sample(bench, tmp_path):
    sound = alaw(1, 2001)
    fd = write(tmp_path, "a", b"H" * 44 + sound + b"trailer")
    leg = bench.engine.leg_new()
    player = bench.engine.play_fd(leg, fd, Format.ALAW, offset_bytes=44, max_bytes=2001)
    os.close(fd)  # the engine has its own
    ring = bench.engine.record_mem(leg, 2016, Format.PCM16, What.OUT)
    events = bench.run(2016)
    assert bench.engine.rec_read(ring) == (alaw_decode(sound).tobytes()).ljust(4032, b"\0")
    assert events == [(2001, Kind.PLAY_END, leg, player, Reason.ENDED, 2001)]
    with pytest.raises(StaleIdError):
        bench.engine.stop(player)
    assert bench.engine.stats().descriptors == 0


@pytest.mark.parametrize("lengths", [(1, 1, 1), (799, 801, 1), (800, 800, 32), (33, 0, 31), (4000, 5, 4000)])
def test_a_list_plays_without_gap(bench, tmp_path, lengths):
    parts = [alaw(n, length) for n, length in enumerate(lengths)]
    leg = bench.engine.leg_new()
    fds = [write(tmp_path, str(n), part) for n, part in enumerate(parts)]
    player = bench.engine.play_fd(leg, fds[0], Format.ALAW)
    bench.engine.queue_fd(player, fds[1], Format.ALAW)
    bench.engine.queue_mem(player, parts[2], Format.ALAW)
    for fd in fds:
        os.close(fd)
    total = sum(lengths)
    heard = bench.engine.record_mem(leg, total + 32, Format.PCM16, What.OUT, max_samples=total)
    events = kinds(bench.run(total + 64), Kind.PLAY_NEXT, Kind.PLAY_END)
    assert bench.engine.rec_read(heard) == alaw_decode(b"".join(parts)).tobytes()
    first, second = lengths[0], lengths[0] + lengths[1]
    assert [(e.at_samples, e.kind, e.a, e.b) for e in events] == [
        (first, Kind.PLAY_NEXT, 1, first),
        (second, Kind.PLAY_NEXT, 2, second),
        (total, Kind.PLAY_END, Reason.ENDED, total),
    ]


def test_formats(bench):
    leg = bench.engine.leg_new()
    player = bench.engine.play_mem(leg, bytes([0, 128, 255]), Format.PCM8)
    bench.engine.queue_mem(player, (-12345).to_bytes(2, "little", signed=True) + b"\x01", Format.PCM16)
    bench.engine.queue_mem(player, b"\xaa", Format.ALAW)
    bench.engine.queue_mem(player, b"\x80", Format.MULAW)
    assert list(bench.record(leg, 6, What.OUT)) == [-32768, 0, 32512, -12345, 32256, 32124]


def test_a_loop_goes_round_the_whole_list_until_stopped(bench):
    leg = bench.engine.leg_new()
    one, two = alaw(1, 50), alaw(2, 70)
    player = bench.engine.play_mem(leg, one, Format.ALAW, loop=True)
    bench.engine.queue_mem(player, two, Format.ALAW)
    assert bench.record(leg, 960, What.OUT) == alaw_decode((one + two) * 8)
    bench.engine.stop(player)
    events = bench.engine.events()
    assert (events[-1].kind, events[-1].a, events[-1].b) == (Kind.PLAY_END, Reason.STOPPED, 960)


@pytest.mark.parametrize("loop", [False, True])
def test_an_empty_file_ends_at_once(bench, loop):
    leg = bench.engine.leg_new()
    bench.engine.play_mem(leg, b"", Format.ALAW, loop=loop)
    (event,) = bench.run(64)
    assert (event.at_samples, event.kind, event.a, event.b) == (0, Kind.PLAY_END, Reason.ENDED, 0)


def test_pause_resume_position(bench):
    leg = bench.engine.leg_new()
    sound = alaw(5, 3200)
    player = bench.engine.play_mem(leg, sound[:1600], Format.ALAW)
    bench.engine.queue_mem(player, sound[1600:], Format.ALAW)
    first = bench.record(leg, 640, What.OUT)
    bench.engine.pause(player)
    assert set(bench.record(leg, 640, What.OUT)) == {0}
    assert bench.engine.position(player).samples == 640
    assert bench.engine.position(player).paused
    bench.engine.pause(player, False)
    assert first + bench.record(leg, 2560, What.OUT) == alaw_decode(sound)
    assert bench.engine.position(player).entry == 1
    assert bench.engine.position(player).entry_samples == 1600


def test_sources_of_a_leg_are_summed(bench):
    leg = bench.engine.leg_new()
    bench.engine.tone(leg, 500, -1000)
    bench.engine.tone(leg, 1000, -1000)
    assert level_dbm0(bench.record(leg, 1600, What.OUT)) == pytest.approx(-7, abs=0.05)


def test_gain(bench):
    leg = bench.engine.leg_new()
    quiet = (1000).to_bytes(2, "little") * 320
    bench.engine.play_mem(leg, quiet, Format.PCM16, gain_mb=600)
    assert set(bench.record(leg, 320, What.OUT)) == {1995}
    with pytest.raises(EngineArgumentError):
        bench.engine.play_mem(leg, quiet, Format.PCM16, gain_mb=2001)


def test_a_file_that_cannot_be_read_says_why(bench, tmp_path):
    leg = bench.engine.leg_new()
    folder = os.open(tmp_path, os.O_RDONLY)
    player = bench.engine.play_fd(leg, folder, Format.ALAW)
    os.close(folder)
    (event,) = bench.run(64)
    assert (event.kind, event.id, event.a) == (Kind.PLAY_END, player, -errno.EISDIR)
    with pytest.raises(EngineFileError) as caught:
        bench.engine.play_fd(leg, 9999, Format.ALAW)
    assert caught.value.errno == errno.EBADF


def test_a_cut_off_file_ends_where_it_ends(bench, tmp_path):
    leg = bench.engine.leg_new()
    fd = write(tmp_path, "short", alaw(6, 100))
    bench.engine.play_fd(leg, fd, Format.ALAW, max_bytes=5000)
    os.close(fd)
    (event,) = bench.run(640)
    assert (event.at_samples, event.b) == (100, 100)


def test_noise_source_level(bench):
    leg = bench.engine.leg_new()
    bench.engine.noise(leg, -2000)
    assert level_dbm0(bench.record(leg, 8000, What.OUT)) == pytest.approx(-20, abs=0.2)
