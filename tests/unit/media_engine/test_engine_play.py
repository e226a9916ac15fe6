"""Play lists: to the sample, without gaps, ended by the right reason."""

import pytest
from engine_stage import BLOCK, decoded, pcm, ramp, samples

from boardd.contract.errors import ArgumentError, DeviceError, WrongStateError
from boardd.media.engine.clips import ALAW, LINEAR, MULAW, Clip, ClipStore
from boardd.media.engine.events import PlayEnded, PlayMoved, Reason
from boardd.media.wav import write_alaw


def linear(count, first=0):
    return Clip(pcm(ramp(count, first)), LINEAR)


def test_lists_are_gapless_to_the_sample(stage):
    lengths = [1, 159, 160, 161, 7, 0, 333]
    port = stage.null()
    clips = [linear(length, 1000 * index) for index, length in enumerate(lengths)]
    play = port.play(clips)
    stage.tick(8)
    expected = [value for index, length in enumerate(lengths) for value in ramp(length, 1000 * index)]
    got = samples(port.take(8 * BLOCK))
    assert got == expected + [0] * (8 * BLOCK - len(expected))
    begins = [sum(lengths[:index]) for index in range(1, len(lengths))]
    assert [(move.play, move.index, move.at_sample) for move in stage.all(PlayMoved)] == [
        (play, index + 1, begin) for index, begin in enumerate(begins)
    ]
    assert stage.one(PlayEnded) == PlayEnded(port.number, sum(lengths), play, Reason.END, sum(lengths))


def test_a_list_begins_at_the_next_block_wherever_the_engine_is(stage):
    port = stage.null()
    stage.tick(3)
    port.take(3 * BLOCK)
    port.play([linear(100)])
    stage.tick()
    assert samples(port.take(BLOCK)) == ramp(100) + [0] * 60


def test_loops_are_gapless(stage):
    port = stage.null()
    port.play([linear(100), linear(30, 500)], loop=True)
    stage.tick(5)
    period = ramp(100) + ramp(30, 500)
    assert samples(port.take(5 * BLOCK)) == (period * 7)[: 5 * BLOCK]
    assert stage.all(PlayEnded) == []
    assert port.stop_play()
    stage.tick()
    assert stage.one(PlayEnded).reason is Reason.STOPPED
    assert stage.one(PlayEnded).samples == 5 * BLOCK
    assert samples(port.take(BLOCK)) == [0] * BLOCK
    assert not port.stop_play()


def test_a_loop_without_a_sample_ends(stage):
    port = stage.null()
    port.play([linear(0), linear(0)], loop=True)
    stage.tick()
    assert stage.one(PlayEnded).reason is Reason.EMPTY


def test_short_loops_do_not_flood_the_queue(stage):
    port = stage.null()
    port.play([linear(1)], loop=True)
    stage.tick(10)
    assert len(stage.all(PlayMoved)) == 10
    assert samples(port.take(10 * BLOCK)) == ramp(1) * (10 * BLOCK)


@pytest.mark.parametrize("law", [ALAW, MULAW])
def test_coded_sound_is_decoded(stage, law):
    port = stage.null()
    port.play([Clip(bytes(range(256)), law)])
    stage.tick(2)
    got = samples(port.take(256))
    if law == ALAW:
        assert got == decoded(bytes(range(256)))
    # mu-law: the middle of each interval; 0xFF and 0x7F are zero, 0x80 and 0x00 the ends.
    else:
        assert (got[0xFF], got[0x7F], got[0x80], got[0x00]) == (0, 0, 32124, -32124)
        assert got[:128] == [-value for value in got[128:]]
        assert sorted(got[128:], reverse=True) == got[128:]


def test_gain_of_a_play(stage):
    port = stage.null()
    port.play([Clip(pcm([1000, -1000, 32767]), LINEAR)], gain_mb=602)
    stage.tick()
    assert samples(port.take(3)) == [2000, -2000, 32767]


def test_one_play_at_a_time(stage):
    port = stage.null()
    port.play([linear(1000)])
    with pytest.raises(WrongStateError):
        port.play([linear(10)])
    port.stop_play()
    port.play([linear(10)])


def test_release_and_the_end_of_the_port_end_plays(stage):
    port, other = stage.null(), stage.null()
    port.play([linear(1000)])
    other.play([linear(1000)])
    port.release()
    other.free()
    stage.tick()
    assert [(event.port, event.reason) for event in stage.all(PlayEnded)] == [
        (port.number, Reason.RELEASED),
        (other.number, Reason.RELEASED),
    ]
    with pytest.raises(WrongStateError):
        other.play([linear(10)])


def test_clips_live_as_long_as_a_play_needs_them(stage):
    before = stage.engine.stats().clips
    port = stage.null()
    port.play([linear(300)])
    assert stage.engine.stats().clips == before + 1
    stage.tick(2)
    got = samples(port.take(300))
    assert got == ramp(300)
    assert stage.engine.stats().clips == before


class TestFiles:
    def file(self, folder, name, sound):
        path = folder / name
        with path.open("wb") as file:
            write_alaw(file, 1, len(sound), [sound])
        return path

    def test_are_read_once_until_they_change(self, stage):
        store = ClipStore()
        path = self.file(stage.folder, "a.wav", b"\x01\x02\x03")
        clip = store.load(path)
        assert store.load(path) is clip
        assert len(clip) == 3
        path.unlink()
        self.file(stage.folder, "a.wav", b"\x01\x02\x03\x04\x05\x06")
        assert len(store.load(path)) == 6

    def test_the_oldest_leave_when_there_are_too_many(self, stage):
        store = ClipStore(limit_bytes=250)
        first, second, third = (self.file(stage.folder, f"{n}.wav", bytes(100)) for n in range(3))
        clip = store.load(first)
        store.load(second)
        assert store.load(first) is clip
        store.load(third)
        assert store.size == 200
        assert store.load(first) is clip

    def test_that_cannot_be_played_are_refused_by_name(self, stage):
        store = ClipStore()
        with pytest.raises(DeviceError, match=r"none\.wav: No such file"):
            store.load(stage.folder / "none.wav")
        text = stage.folder / "text.wav"
        text.write_text("hello")
        with pytest.raises(ArgumentError, match=r"text\.wav: not a WAVE file"):
            store.load(text)
        stereo = stage.folder / "stereo.wav"
        with stereo.open("wb") as file:
            write_alaw(file, 2, 1, [b"ab"])
        with pytest.raises(ArgumentError, match=r"stereo\.wav.*2 channels"):
            store.load(stereo)
