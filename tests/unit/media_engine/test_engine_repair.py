"""Recordings of a process that was killed: little is lost, and what is there can be played."""

import random
import subprocess
import sys
import wave
from pathlib import Path

import pytest
from engine_stage import BLOCK

from boardd.media.engine.repair import main, repair_all, repair_wav
from boardd.media.wav import alaw_header, read_alaw, read_info

RECORDER = Path(__file__).with_name("engine_recorder.py")
SECOND = 8000


def sound(ticks: int) -> bytes:
    return b"".join(bytes((tick + 3 * n) % 256 for n in range(BLOCK)) for tick in range(ticks))


def recorder(folder: Path, how: str) -> subprocess.Popen:
    command = [sys.executable, str(RECORDER), str(folder), how]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def end(child: subprocess.Popen) -> None:
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()


def check(folder: Path, ticks: int, *, exact: bool = True) -> None:
    """What is in the files is what was on the line, and less than a second of it is missing.

    Not `exact`: real time, in which the process may have had to leave holes.
    """
    told = sound(ticks)
    raw = (folder / "leg.raw").read_bytes()
    assert raw == told[: len(raw)] or not exact
    assert len(told) - len(raw) < SECOND
    done = repair_wav(folder / "call.wav")
    assert done is not None
    left, right = read_alaw(folder / "call.wav")
    assert left == told[: len(left)] or not exact
    assert right == b"\xd5" * len(left)
    assert len(told) - len(left) < SECOND
    assert read_info(folder / "call.wav").frames == done.frames == len(left)
    again = repair_wav(folder / "call.wav")
    assert again is not None
    assert not again.changed


@pytest.mark.parametrize("ticks", [1, 24, 26, 99, 130])
def test_killed_while_recording(tmp_path, ticks):
    child = recorder(tmp_path, "stepped")
    for tick in range(ticks):
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == f"{tick}\n"
    end(child)
    check(tmp_path, ticks)


@pytest.mark.deep
def test_killed_while_threads_record_in_real_time(tmp_path):
    chance = random.Random(11)
    for round_ in range(10):
        folder = tmp_path / str(round_)
        folder.mkdir()
        child = recorder(folder, "free")
        last = chance.randrange(20, 150)
        for _tick in range(last):
            child.stdout.readline()
        end(child)
        check(folder, last, exact=False)


def spoilt(path: Path, head: bytes, data: bytes) -> Path:
    path.write_bytes(head + data)
    return path


def test_a_header_that_was_never_completed(tmp_path):
    done = repair_wav(spoilt(tmp_path / "a.wav", alaw_header(2, 0), b"ab" * 1000))
    assert (done.frames, done.frames_before, done.changed) == (1000, 0, True)
    assert read_alaw(tmp_path / "a.wav") == [b"a" * 1000, b"b" * 1000]


def test_half_a_frame_is_completed(tmp_path):
    path = spoilt(tmp_path / "a.wav", alaw_header(2, 1), b"ababa")
    repair_wav(path)
    assert read_alaw(path) == [b"aaa", b"bb\xd5"]


def test_mono_of_odd_length_is_padded_once(tmp_path):
    path = spoilt(tmp_path / "a.wav", alaw_header(1, 0), b"abc")
    assert repair_wav(path).frames == 3
    assert path.stat().st_size == 58 + 4
    assert not repair_wav(path).changed
    assert read_alaw(path) == [b"abc"]


def test_a_header_that_says_more_than_there_is(tmp_path):
    """After a power cut the header may be older or newer than the sound."""
    path = spoilt(tmp_path / "a.wav", alaw_header(2, 5000), b"ab" * 10)
    assert repair_wav(path).frames == 10


def test_what_the_engine_did_not_write_is_left_alone(tmp_path):
    linear = tmp_path / "linear.wav"
    with wave.open(str(linear), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(b"\0" * 100)
    text, short = tmp_path / "text.wav", tmp_path / "short.wav"
    text.write_bytes(b"x" * 100)
    short.write_bytes(b"RIFF")
    before = [path.read_bytes() for path in (linear, text, short)]
    assert repair_all([tmp_path]) == []
    assert [path.read_bytes() for path in (linear, text, short)] == before


def test_the_command_names_what_it_mended(tmp_path, capsys):
    (tmp_path / "sub").mkdir()
    spoilt(tmp_path / "sub" / "a.wav", alaw_header(2, 0), b"ab" * 7)
    spoilt(tmp_path / "whole.wav", alaw_header(2, 1), b"ab")
    assert main([str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out == f"{tmp_path}/sub/a.wav: mended, 7 samples (header said 0)\n"
    assert main([str(tmp_path / "none.wav")]) == 1
    assert "No such file" in capsys.readouterr().err
    assert main([]) == 2
    assert "FILE|FOLDER" in capsys.readouterr().err
