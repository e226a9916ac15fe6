"""Recordings: the same bytes as on the line, gaps at their places, an end that can be relied on."""

import errno
import random
import subprocess
from pathlib import Path

import pytest
from engine_stage import BLOCK, SILENCE, Stage, coded, pcm, ramp

from boardd.contract.errors import ArgumentError, DeviceError, WrongStateError
from boardd.media.engine.clips import ALAW, Clip
from boardd.media.engine.events import GapReason, Reason, RecordEnded, RecordGap
from boardd.media.engine.recording import Format, Tap
from boardd.media.wav import read_alaw, read_info
from tests.tools.descriptors import open_descriptors


def noise(count, seed=1):
    return random.Random(seed).randbytes(count)


def silence(count):
    return bytes([SILENCE]) * count


def finish(stage, recording):
    recording.stop()
    stage.engine.write()
    stage.engine.take_events()
    return recording.ended


def test_a_leg_is_recorded_byte_for_byte(stage):
    wire, port = stage.wire()
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS))
    sound = noise(100 * BLOCK)
    for block in range(100):
        wire.say(sound[block * BLOCK : (block + 1) * BLOCK])
        stage.tick()
    assert recording.state.samples == 100 * BLOCK
    ended = finish(stage, recording)
    assert (ended.reason, ended.samples, ended.lost) == (Reason.STOPPED, 100 * BLOCK, 0)
    assert recording.path.read_bytes() == sound
    assert recording.gaps == []


def test_both_legs_are_left_and_right_of_one_file(stage):
    (from_a, a), (from_b, b) = stage.wire(), stage.wire()
    recording = stage.engine.record(stage.folder / "both.wav", (a, Tap.HEARS), (b, Tap.HEARS), form=Format.WAV)
    left, right = noise(60 * BLOCK, 1), noise(60 * BLOCK, 2)
    for at in range(0, 60 * BLOCK, BLOCK):
        from_a.say(left[at : at + BLOCK])
        from_b.say(right[at : at + BLOCK])
        stage.tick()
    finish(stage, recording)
    assert read_alaw(recording.path) == [left, right]
    info = read_info(recording.path)
    assert (info.channels, info.frames, info.format) == (2, 60 * BLOCK, 6)


def test_what_is_said_to_the_line_is_a_side_too(stage):
    wire, port = stage.wire()
    recording = stage.engine.record(stage.folder / "call.wav", (port, Tap.HEARS), (port, Tap.SAYS), form=Format.WAV)
    prompt, caller = noise(BLOCK + 7, 3), noise(3 * BLOCK, 4)
    port.play([Clip(prompt, ALAW)])
    wire.say(caller)
    stage.tick(3)
    finish(stage, recording)
    left, right = read_alaw(recording.path)
    assert left == caller
    assert right == prompt + silence(2 * BLOCK - 7)
    assert right == wire.heard()


def test_linear_and_mulaw_lines_are_recorded_in_alaw(stage):
    port = stage.null()
    port.feed(pcm(ramp(BLOCK)))
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS))
    stage.tick()
    finish(stage, recording)
    assert recording.path.read_bytes() == coded(ramp(BLOCK))


def test_a_recording_begins_and_ends_where_it_was_told(stage):
    wire, port = stage.wire()
    sound = noise(10 * BLOCK)
    wire.say(sound)
    stage.tick(3)
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS))
    stage.tick(4)
    recording.stop()
    stage.tick(3)
    assert recording.ended.samples == 4 * BLOCK
    assert recording.path.read_bytes() == sound[3 * BLOCK : 7 * BLOCK]


def test_a_limit_is_met_to_the_sample(stage):
    wire, port = stage.wire()
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS), max_samples=1000)
    sound = noise(10 * BLOCK)
    wire.say(sound)
    stage.tick(10)
    assert (recording.ended.reason, recording.ended.samples) == (Reason.LIMIT, 1000)
    assert recording.path.read_bytes() == sound[:1000]


def test_holes_are_silence_at_their_place_and_listed(stage):
    wire, port = stage.wire()
    gaps_path = stage.folder / "leg.gaps"
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS), gaps_path=gaps_path)
    sound = noise(6 * BLOCK)
    wire.say(sound[: 2 * BLOCK])
    stage.tick(5)
    wire.say(sound[2 * BLOCK : 3 * BLOCK])
    stage.tick(2)
    wire.say(sound[3 * BLOCK :])
    stage.tick(3)
    ended = finish(stage, recording)
    assert recording.path.read_bytes() == (
        sound[: 2 * BLOCK] + silence(3 * BLOCK) + sound[2 * BLOCK : 3 * BLOCK] + silence(BLOCK) + sound[3 * BLOCK :]
    )
    assert [(gap.first, gap.samples, gap.reason, gap.side) for gap in recording.gaps] == [
        (2 * BLOCK, 3 * BLOCK, GapReason.HOLE, "left"),
        (6 * BLOCK, BLOCK, GapReason.HOLE, "left"),
    ]
    assert ended.lost == 4 * BLOCK
    assert gaps_path.read_text() == f"{2 * BLOCK} {3 * BLOCK} hole left\n{6 * BLOCK} {BLOCK} hole left\n"
    assert recording.gap_samples == {GapReason.HOLE: 4 * BLOCK}


def test_a_side_that_ends_or_is_held_is_a_gap_of_that_side(stage):
    (from_a, a), (from_b, b) = stage.wire(), stage.wire()
    recording = stage.engine.record(stage.folder / "x.wav", (a, Tap.HEARS), (b, Tap.HEARS), form=Format.WAV)
    left, right = noise(5 * BLOCK, 1), noise(5 * BLOCK, 2)
    for at in range(5):
        if at == 1:
            a.run(False)
        if at == 2:
            a.run()
        if at == 3:
            b.free()
        from_a.say(left[at * BLOCK : (at + 1) * BLOCK])
        from_b.say(right[at * BLOCK : (at + 1) * BLOCK])
        stage.tick()
    finish(stage, recording)
    got = read_alaw(recording.path)
    # The device of a held port is not read: what came meanwhile waits in it.
    assert got[0] == left[:BLOCK] + silence(BLOCK) + left[BLOCK : 4 * BLOCK]
    assert got[1] == right[: 3 * BLOCK] + silence(2 * BLOCK)
    assert [(gap.first, gap.samples, gap.reason, gap.side) for gap in recording.gaps] == [
        (BLOCK, BLOCK, GapReason.HELD, "left"),
        (3 * BLOCK, 2 * BLOCK, GapReason.HELD, "right"),
    ]


def test_it_ends_with_its_left_port_and_with_the_call(stage):
    ports = [stage.null() for _ in range(2)]
    recordings = [stage.engine.record(stage.folder / f"{i}.raw", (p, Tap.HEARS)) for i, p in enumerate(ports)]
    stage.tick(2)
    ports[0].release()
    ports[1].free()
    stage.tick()
    assert [recording.ended.reason for recording in recordings] == [Reason.RELEASED] * 2
    assert [recording.ended.samples for recording in recordings] == [2 * BLOCK] * 2
    with pytest.raises(WrongStateError):
        stage.engine.record(stage.folder / "2.raw", (ports[1], Tap.HEARS))


def test_a_slow_disk_loses_the_newest_keeps_the_time_line_and_lists_it(stage):
    """Nothing is written for three seconds with a ring of one: two seconds are lost, and in their place is silence."""
    wire, port = stage.wire()
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS), ring_ms=1000)
    sound = noise(200 * BLOCK)
    lib, handle = stage.engine.lib, stage.engine.handle
    for block in range(150):
        wire.say(sound[block * BLOCK : (block + 1) * BLOCK])
        lib.me_tick(handle, 0)
    stage.engine.write()
    for block in range(150, 200):
        wire.say(sound[block * BLOCK : (block + 1) * BLOCK])
        stage.tick()
    ended = finish(stage, recording)
    assert recording.path.read_bytes() == sound[: 50 * BLOCK] + silence(100 * BLOCK) + sound[150 * BLOCK :]
    assert [(gap.first, gap.samples, gap.reason, gap.side) for gap in recording.gaps] == [
        (50 * BLOCK, 100 * BLOCK, GapReason.OVERRUN, "both")
    ]
    assert (ended.samples, ended.lost) == (200 * BLOCK, 100 * BLOCK)
    assert stage.engine.stats().write_overruns == 100 * BLOCK


def test_an_overrun_that_lasts_to_the_end_is_in_the_file(stage):
    wire, port = stage.wire()
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS), ring_ms=1000)
    sound = noise(60 * BLOCK)
    wire.say(sound[: 30 * BLOCK])
    for block in range(60):
        if block == 15:
            wire.say(sound[30 * BLOCK :])
        stage.engine.lib.me_tick(stage.engine.handle, 0)
    ended = finish(stage, recording)
    assert recording.path.read_bytes() == sound[: 50 * BLOCK] + silence(10 * BLOCK)
    assert (ended.samples, ended.lost) == (60 * BLOCK, 10 * BLOCK)


def test_at_most_half_a_second_waits_for_the_file(stage):
    wire, port = stage.wire()
    recording = stage.engine.record(stage.folder / "x.wav", (port, Tap.HEARS), (port, Tap.SAYS), form=Format.WAV)
    for block in range(200):
        wire.say(bytes(BLOCK))
        wire.heard()
        stage.tick()
        in_file = (recording.path.stat().st_size - 58) // 2
        assert (block + 1) * BLOCK - in_file <= 4000 + BLOCK
        assert in_file - 8000 <= read_info(recording.path).frames <= in_file, "the header follows every second"


def test_a_full_disk_ends_the_recording_and_nothing_else(stage):
    """A limit on the size of files stands for the disk."""
    wire, port = stage.wire()
    path = stage.folder / "leg.raw"
    recording = stage.engine.record(path, (port, Tap.HEARS))
    other = stage.engine.record(stage.folder / "short.raw", (port, Tap.HEARS), max_samples=4 * BLOCK)
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_001, before[1]))
    try:
        sound = noise(100 * BLOCK)
        for block in range(100):
            wire.say(sound[block * BLOCK : (block + 1) * BLOCK])
            stage.tick()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert recording.ended.reason is Reason.WRITE_FAILED
    assert recording.ended.errno == errno.EFBIG
    assert recording.ended.samples == path.stat().st_size == 10_001
    assert path.read_bytes() == sound[:10_001]
    assert other.ended.reason is Reason.LIMIT
    assert port.state.heard == 100


@pytest.mark.appliance
def test_a_really_full_disk(stage):
    """A small tmpfs."""
    folder = stage.folder / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("may not mount")
    try:
        wire, port = stage.wire()
        recording = stage.engine.record(folder / "x.wav", (port, Tap.HEARS), (port, Tap.SAYS), form=Format.WAV)
        for _block in range(400):
            wire.say(bytes(BLOCK))
            wire.heard()
            stage.tick()
        ended = recording.ended
        assert (ended.reason, ended.errno) == (Reason.WRITE_FAILED, errno.ENOSPC)
        info = read_info(recording.path)
        assert info.frames == ended.samples
        assert 30_000 <= ended.samples <= 32_768
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_files_that_cannot_be_made_are_refused(stage):
    port = stage.null()
    with pytest.raises(DeviceError, match="No such file or directory"):
        stage.engine.record(stage.folder / "no" / "leg.raw", (port, Tap.HEARS))
    before = open_descriptors()
    with pytest.raises(ArgumentError):
        stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS), ring_ms=10)
    assert open_descriptors() == before, "the descriptor is closed on failure, too"


def test_closing_the_engine_completes_recordings(tmp_path: Path):
    stage = Stage(tmp_path)
    wire, port = stage.wire()
    recording = stage.engine.record(tmp_path / "x.wav", (port, Tap.HEARS), form=Format.WAV)
    wire.say(noise(3 * BLOCK))
    stage.tick(3)
    stage.close()
    assert recording.ended.reason is Reason.RELEASED
    assert read_alaw(recording.path) == [noise(3 * BLOCK)]


def test_a_mono_wave_file_of_odd_length_is_padded(stage):
    port = stage.null()
    recording = stage.engine.record(stage.folder / "x.wav", (port, Tap.HEARS), form=Format.WAV, max_samples=161)
    stage.tick(2)
    assert recording.ended.samples == 161
    assert recording.path.stat().st_size == 58 + 162
    assert read_info(recording.path).frames == 161


def test_gaps_beyond_the_list_are_counted(stage):
    wire, port = stage.wire()
    recording = stage.engine.record(stage.folder / "leg.raw", (port, Tap.HEARS))
    wire.say(bytes(BLOCK))
    stage.tick()
    for _gap in range(300):
        stage.tick()
        wire.say(bytes(BLOCK))
        stage.tick()
    ended = finish(stage, recording)
    assert len(recording.gaps) == 256
    assert ended.lost == 300 * BLOCK
    assert len([event for event in stage.told if isinstance(event, RecordGap | RecordEnded)]) == 257
