"""Recorders: what, where, how much, and what happens when the disk says no."""

import errno
import os
from random import Random

import pytest

from hwsim.core.engine import EngineArgumentError, StaleIdError
from hwsim.core.events import Event, Format, Kind, Reason, What
from hwsim.core.sound import alaw_decode, alaw_encode, pcm_of, wav_header


def alaw(seed, samples):
    return Random(seed).randbytes(samples)


def both_ways(bench, samples=1600):
    """A pair with known sound each way: (leg, what it hears, what it says)."""
    a, b = bench.pair()
    hears, says = alaw(1, samples), alaw(2, samples)
    bench.engine.play_mem(b, hears, Format.ALAW)
    bench.engine.play_mem(a, says, Format.ALAW)
    return a, hears, says


@pytest.mark.parametrize("what", What)
def test_directions(bench, pcm_file, what):
    leg, hears, says = both_ways(bench)
    recorder = bench.engine.record_fd(leg, pcm_file, Format.ALAW, what, max_samples=1600)
    events = bench.run(1600)
    ins, outs = alaw_decode(hears), alaw_decode(says)
    mixed = [max(-32768, min(32767, x + y)) for x, y in zip(ins, outs, strict=True)]
    expected = {
        What.IN: hears,
        What.OUT: says,
        What.BOTH: alaw_encode(type(ins)("h", mixed)),
        What.STEREO: bytes(x for pair in zip(hears, says, strict=True) for x in pair),
    }[what]
    assert os.pread(pcm_file, 10000, 0) == expected
    assert Event(1600, Kind.REC_END, leg, recorder, Reason.LIMIT, 1600) in events


def test_offset_leaves_room_for_a_header(bench, pcm_file):
    leg, hears, says = both_ways(bench, 800)
    header = wav_header(Format.PCM16, 2, 3200)
    os.pwrite(pcm_file, header, 0)
    recorder = bench.engine.record_fd(leg, pcm_file, Format.PCM16, What.STEREO, offset_bytes=44)
    bench.run(800)
    bench.engine.stop(recorder)
    data = os.pread(pcm_file, 10000, 0)
    assert len(header) == 44 and data[:44] == header
    assert pcm_of(data[44:])[0::2] == alaw_decode(hears)
    assert pcm_of(data[44:])[1::2] == alaw_decode(says)


def test_blocks_of_100_ms_and_a_flush_at_the_end(bench, pcm_file):
    leg, hears, _ = both_ways(bench)
    recorder = bench.engine.record_fd(leg, pcm_file, Format.ALAW, What.IN)
    bench.run(768)
    assert os.fstat(pcm_file).st_size == 0
    bench.run(64)
    assert os.fstat(pcm_file).st_size == 800
    assert bench.engine.position(recorder).samples == 832
    bench.engine.stop(recorder)
    assert os.pread(pcm_file, 10000, 0) == hears[:832]
    assert bench.engine.events() == [(832, Kind.REC_END, leg, recorder, Reason.STOPPED, 832)]
    assert bench.engine.stats().descriptors == 0


def test_limit_falls_within_a_step(bench, pcm_file):
    leg, hears, _ = both_ways(bench)
    recorder = bench.engine.record_fd(leg, pcm_file, Format.ALAW, What.IN, max_samples=1001)
    events = bench.run(1600)
    assert Event(1001, Kind.REC_END, leg, recorder, Reason.LIMIT, 1001) in events
    assert os.pread(pcm_file, 10000, 0) == hears[:1001]


def test_pause_leaves_no_gap_and_drop_leaves_samples_out(bench, pcm_file):
    leg, hears, _ = both_ways(bench)
    recorder = bench.engine.record_fd(leg, pcm_file, Format.ALAW, What.IN)
    bench.run(320)
    bench.engine.pause(recorder)
    bench.run(320)
    bench.engine.pause(recorder, False)
    bench.run(320)
    bench.engine.rec_drop(recorder, 100)
    bench.run(320)
    position = bench.engine.position(recorder)
    assert (position.samples, position.lost_samples) == (860, 100)
    bench.engine.stop(recorder)
    assert os.pread(pcm_file, 10000, 0) == hears[:320] + hears[640:960] + hears[1060:1280]


def test_a_full_disk_ends_the_recording_and_nothing_else(bench, pcm_file):
    leg, hears, _ = both_ways(bench)
    full = os.open("/dev/full", os.O_WRONLY)
    failing = bench.engine.record_fd(leg, full, Format.ALAW, What.IN)
    late = bench.engine.record_fd(leg, full, Format.ALAW, What.IN)
    os.close(full)
    healthy = bench.engine.record_fd(leg, pcm_file, Format.ALAW, What.IN)
    bench.run(640)
    bench.engine.stop(late)  # nothing was written yet: the flush is what fails
    assert bench.engine.events() == [(640, Kind.REC_END, leg, late, -errno.ENOSPC, 0)]
    events = [e for e in bench.run(960) if e.kind == Kind.REC_END]
    assert events == [(800, Kind.REC_END, leg, failing, -errno.ENOSPC, 0)]
    bench.engine.stop(healthy)
    assert os.pread(pcm_file, 10000, 0) == hears
    assert bench.engine.stats().recorders == bench.engine.stats().descriptors == 0


def test_a_descriptor_only_for_reading(bench, tmp_path):
    (tmp_path / "r").write_bytes(b"")
    leg = bench.engine.leg_new()
    fd = os.open(tmp_path / "r", os.O_RDONLY)
    bench.engine.record_fd(leg, fd, Format.ALAW, What.IN)
    os.close(fd)
    (event,) = bench.run(1600)
    assert (event.kind, event.a, event.b) == (Kind.REC_END, -errno.EBADF, 0)


def test_into_a_pipe(bench):
    leg, hears, _ = both_ways(bench)
    read_end, write_end = os.pipe()
    recorder = bench.engine.record_fd(leg, write_end, Format.ALAW, What.IN, offset_bytes=-1)
    os.close(write_end)
    bench.run(1600)
    bench.engine.stop(recorder)
    assert os.read(read_end, 10000) == hears
    assert os.read(read_end, 1) == b""
    os.close(read_end)


def test_ring_notifies_and_is_read_in_parts(bench):
    leg, hears, _ = both_ways(bench)
    ring = bench.engine.record_mem(leg, 1000, Format.ALAW, What.IN, notify_samples=400)
    got = b""
    seen = []
    while bench.engine.now < 1600:
        bench.engine.run(1600)
        for event in bench.engine.events():
            if event.kind == Kind.REC_DATA:
                seen.append((event.at_samples, event.a, event.b))
                got += bench.engine.rec_read(ring, 300) + bench.engine.rec_read(ring)
    assert got == hears
    assert seen == [(416, 416, 416), (800, 384, 800), (1216, 416, 1216), (1600, 384, 1600)]


def test_a_ring_that_nobody_reads_keeps_the_newest(bench):
    leg, hears, _ = both_ways(bench)
    ring = bench.engine.record_mem(leg, 500, Format.ALAW, What.IN)
    bench.run(1600)
    assert bench.engine.position(ring).lost_samples == 1100
    assert bench.engine.rec_read(ring) == hears[1100:]
    assert bench.engine.rec_read(ring) == b""


def test_a_ring_is_readable_after_its_limit_until_stopped(bench):
    leg, hears, _ = both_ways(bench)
    ring = bench.engine.record_mem(leg, 1000, Format.ALAW, What.IN, max_samples=700)
    events = [e for e in bench.run(1600) if e.kind == Kind.REC_END]
    assert events == [(700, Kind.REC_END, leg, ring, Reason.LIMIT, 700)]
    assert bench.engine.rec_read(ring) == hears[:700]
    bench.engine.stop(ring)
    assert bench.engine.events() == []
    with pytest.raises(StaleIdError):
        bench.engine.rec_read(ring)


@pytest.mark.parametrize("format", Format)
def test_formats_hold_what_they_say(bench, format):
    leg, hears, _ = both_ways(bench)
    ring = bench.engine.record_mem(leg, 1600, format, What.IN)
    bench.run(1600)
    data = bench.engine.rec_read(ring)
    assert len(data) == 1600 * format.sample_bytes
    player = bench.engine.leg_new()
    bench.engine.play_mem(player, data, format)
    again = bench.record(player, 1600, What.OUT)
    worst = {Format.PCM16: 0, Format.ALAW: 0, Format.PCM8: 255, Format.MULAW: 512}[format]
    assert max(abs(x - y) for x, y in zip(again, alaw_decode(hears), strict=True)) <= worst


@pytest.mark.parametrize("arguments", [{"max_samples": 0}, {"max_samples": -2}, {"offset_bytes": -2}])
def test_impossible_recordings_are_refused(bench, pcm_file, arguments):
    with pytest.raises(EngineArgumentError):
        bench.engine.record_fd(bench.engine.leg_new(), pcm_file, Format.ALAW, What.IN, **arguments)
    assert bench.engine.stats().descriptors == 0
