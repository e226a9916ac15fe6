"""The strangers' programs: without boards they end with the reason, under `hwsim run` each does what it is for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from strangers import FILES, environment, parties_in, prompt

pytestmark = pytest.mark.real_time

HERE = Path(__file__).parent / "stranger"
LIBDIR = Path(__file__).parents[2] / "hwsim" / "vendorlibs" / "synway"
NO_START, ARGUMENTS = 2, 64
USAGE = {
    "answer": ["c.ini", "i.ini", "0", "p.wav", "r.wav", "4"],
    "dial": ["c.ini", "i.ini", "0", "12345678", "", "100"],
    "ring": ["c.ini", "i.ini", "0", "8001", "p.wav"],
    "conference": ["c.ini", "i.ini", "0", "1"],
    "everything": ["c.ini", "i.ini", "p.wav", ".", "1", "poll"],
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


def under_hwsim(folder, program, *args, options=()):
    """`hwsim run` on the default machine; nothing but the program's own arguments."""
    command = [sys.executable, "-m", "hwsim", "run", *options, "--", program, *FILES, *map(str, args)]
    env = environment(folder, patience_s=25)
    del env["LD_LIBRARY_PATH"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=100, check=False, cwd=folder)


def test_a_program_answers_the_first_caller_of_the_default_machine(programs, tmp_path):
    record = tmp_path / "r.wav"
    ended = under_hwsim(tmp_path, programs / "answer", 0, prompt(tmp_path), record, 4)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.splitlines()[-1] == "done"
    assert len(parties_in(record)) == 1


@pytest.mark.deep
@pytest.mark.parametrize(("channel", "number"), [(0, "13900000001"), (30, "13900000002"), (5, "13900010003")])
def test_a_program_dials(programs, tmp_path, channel, number):
    ended = under_hwsim(tmp_path, programs / "dial", channel, number, "", 500)
    assert (ended.returncode, ended.stdout.splitlines()[-1]) == (0, "idle"), ended.stdout + ended.stderr


@pytest.mark.deep
@pytest.mark.parametrize(("channel", "number"), [(0, "13911110000"), (30, "13911110000"), (0, "13911110003")])
def test_a_program_is_told_that_a_call_failed(programs, tmp_path, channel, number):
    ended = under_hwsim(tmp_path, programs / "dial", channel, number, "", 500)
    assert ended.returncode == 4 and "failed, reason" in ended.stdout, ended.stdout + ended.stderr


@pytest.mark.deep
def test_a_program_rings_a_telephone(programs, tmp_path):
    ended = under_hwsim(tmp_path, programs / "ring", 38, "13800000000", prompt(tmp_path))
    assert ended.stdout.splitlines()[-4:] == ["ringing", "lifted", "played", "put down"], ended.stdout + ended.stderr


def test_the_status_of_the_program_is_the_status_of_hwsim_run(tmp_path):
    assert under_hwsim(tmp_path, "false").returncode == 1
    ended = under_hwsim(tmp_path, "true")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")


def test_a_configuration_with_an_unknown_card_is_one_line(tmp_path):
    (tmp_path / "c.ini").write_text("[SystemConfig]\nTotalBoards=1\n[BoardId=0]\nBoardModel=XYZ-1\n")
    ended = under_hwsim(tmp_path, "true", options=("--config", tmp_path / "c.ini"))
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "c.ini" in line and "[BoardId=0]" in line and "XYZ-1" in line


def test_the_cards_are_those_of_the_program_s_own_file(tmp_path):
    (tmp_path / "mine.ini").write_text(
        "[SystemConfig]\nTotalBoards=1\n[AppChToBoardChTable]\nTotalAppCh=4\nAppCh[0]=0,0..3\n"
        "[BoardId=0]\nBoardModel=SHT-4B/USB\n"
    )
    (tmp_path / "ask.c").write_text(
        "int SsmStartCti(const char *, const char *); int SsmGetMaxUsableBoard(void); int SsmGetChType(int);\n"
        "int main(int n, char **a)\n"
        "{ return SsmStartCti(a[1], a[2]) ? 99 : SsmGetMaxUsableBoard() * 10 + SsmGetChType(3); }\n"
    )
    subprocess.run(["gcc", "ask.c", "-o", "ask", f"-L{LIBDIR}", "-lshpa3"], cwd=tmp_path, check=True)
    command = [sys.executable, "-m", "hwsim", "run", "--", "./ask", "mine.ini", FILES[1]]
    ended = subprocess.run(
        command, env=environment(tmp_path), cwd=tmp_path, check=False, capture_output=True, timeout=60
    )
    assert ended.returncode == 12, ended
