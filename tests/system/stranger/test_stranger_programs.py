"""The strangers' programs build against the library and say so when no boards can be reached."""

import os
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
LIBDIR = HERE.parents[2] / "hwsim" / "vendorlibs" / "synway"
NO_START, ARGUMENTS = 2, 64
USAGE = {
    "answer": ["c.ini", "i.ini", "0", "p.wav", "r.wav", "4"],
    "dial": ["c.ini", "i.ini", "0", "12345678", "", "100"],
    "ring": ["c.ini", "i.ini", "0", "8001", "p.wav"],
    "conference": ["c.ini", "i.ini", "0", "1"],
}


@pytest.fixture(scope="module")
def programs(tmp_path_factory):
    out = tmp_path_factory.mktemp("stranger")
    subprocess.run(["make", "-s", "-C", HERE, f"LIBDIR={LIBDIR}", f"OUT={out}"], check=True, capture_output=True)
    return out


def run(program, args, folder):
    env = {**os.environ, "LD_LIBRARY_PATH": str(LIBDIR), "HWSIM_DIR": str(folder)}
    return subprocess.run([program, *args], env=env, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("name", list(USAGE))
def test_without_boards_a_program_ends_with_the_reason(programs, tmp_path, name):
    ended = run(programs / name, USAGE[name], tmp_path)
    assert ended.returncode == NO_START
    assert str(tmp_path / "synway.sock") in ended.stderr


@pytest.mark.parametrize("name", list(USAGE))
def test_wrong_arguments_are_refused_before_anything_starts(programs, tmp_path, name):
    assert run(programs / name, [], tmp_path).returncode == ARGUMENTS
