import io
import os
import struct
import wave

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardd.media.stereo import BLOCK_SAMPLES, Piece, write_stereo
from boardd.media.wav import ALAW_SILENCE, WavError, alaw_header, read_alaw, read_info, write_alaw


@given(channels=st.integers(1, 2), frames=st.integers(0, 300))
def test_what_is_written_is_read(tmp_path_factory, channels, frames):
    path = tmp_path_factory.mktemp("wav") / "a.wav"
    data = os.urandom(channels * frames)
    with path.open("wb") as file:
        write_alaw(file, channels, frames, [data[:7], data[7:]])
    assert path.stat().st_size == 58 + len(data) + (len(data) & 1)
    sides = read_alaw(path)
    assert [sides[i % channels][i // channels] for i in range(len(data))] == list(data)
    info = read_info(path)
    assert (info.format, info.channels, info.rate_hz, info.bits) == (6, channels, 8000, 8)


def test_riff_size_counts_what_follows_it():
    header = alaw_header(2, 1000)
    assert struct.unpack_from("<I", header, 4)[0] + 8 == len(header) + 2000


def test_wrong_number_of_frames_is_refused():
    with pytest.raises(WavError, match="3 bytes"):
        write_alaw(io.BytesIO(), 1, 4, [b"abc"])
    with pytest.raises(WavError, match="do not fit"):
        alaw_header(2, 1 << 31)


def test_unfinished_header_and_strange_chunks(tmp_path):
    path = tmp_path / "dead.wav"
    fmt = struct.pack("<4sIHHIIHH", b"fmt ", 16, 6, 1, 8000, 8000, 1, 8)
    odd = struct.pack("<4sI", b"note", 3) + b"abc\0"
    path.write_bytes(b"RIFF\0\0\0\0WAVE" + odd + fmt + struct.pack("<4sI", b"data", 0) + b"12345")
    assert read_alaw(path) == [b"12345"]


@pytest.mark.parametrize("data", [b"", b"RIFF", b"RIFF\0\0\0\0WAVE", b"x" * 100, b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd"])
def test_not_a_wave_file(tmp_path, data):
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    with pytest.raises(WavError):
        read_info(path)


def test_linear_file_is_not_alaw(tmp_path):
    path = tmp_path / "a.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\0" * 8)
    assert read_info(path).duration_ms == 1
    with pytest.raises(WavError, match="A-law"):
        read_alaw(path)


def test_stereo_places_pieces_and_fills_with_silence(tmp_path):
    (tmp_path / "l").write_bytes(b"L" * 100)
    (tmp_path / "r").write_bytes(b"R" * 50)
    target = tmp_path / "day" / "out.wav"
    for _ in range(2):
        write_stereo(target, [Piece(tmp_path / "l", 10, 100)], [Piece(tmp_path / "r", 0, 80)], 120)
        left, right = read_alaw(target)
        assert left == bytes([ALAW_SILENCE]) * 10 + b"L" * 100 + bytes([ALAW_SILENCE]) * 10
        assert right == b"R" * 50 + bytes([ALAW_SILENCE]) * 70
    assert [p.name for p in target.parent.iterdir()] == ["out.wav"]


def test_stereo_across_blocks(tmp_path):
    data = os.urandom(BLOCK_SAMPLES * 2 + 17)
    (tmp_path / "l").write_bytes(data)
    target = tmp_path / "out.wav"
    write_stereo(target, [Piece(tmp_path / "l", 5, len(data))], [], len(data) + 5)
    assert read_alaw(target)[0] == bytes([ALAW_SILENCE]) * 5 + data


def test_nothing_is_left_behind_when_a_leg_cannot_be_read(tmp_path):
    target = tmp_path / "out.wav"
    with pytest.raises(FileNotFoundError):
        write_stereo(target, [Piece(tmp_path / "none", 0, 10)], [], 10)
    assert list(tmp_path.iterdir()) == []
