"""What needs a process of its own: linking, loss of the simulator, fork, signals, layouts, leaks."""

import os
import shutil
import subprocess

import pytest
from shimkit import ROOT

from hwsim.vendorlibs.rpc import PARKED, Reply


@pytest.fixture
def run(compile_probe, served, folder):
    """Start a case of the probe; ends it at the end."""
    started = []

    def start(case, layout="newest", wrapper=()):
        process = subprocess.Popen(
            [*wrapper, compile_probe("process_probe.c", layout), case],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "HWSIM_DIR": str(folder)},
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def finish(process, text=None):
    out, err = process.communicate(text, timeout=60)
    assert (process.returncode, err) == (0, ""), err
    return out.splitlines()


def test_when_hwsim_ends_a_wait_takes_its_time_and_calls_fail(run, served):
    served.fake.handlers["SsmWaitForEvent"] = lambda *_: PARKED
    process = run("lost")
    assert process.stdout.readline() == "waiting\n"
    served.until(lambda: served.fake.held.get("SsmWaitForEvent"))
    served.stop()
    assert finish(process) == [
        *["wait -1 late 1 error 12"] * 3,
        "call -1",
        "close -1",
    ]


def test_without_hwsim_a_program_ends_with_the_reason(run, served, folder):
    served.stop()
    process = run("lost")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 2
    assert str(folder) in err


def test_a_child_made_by_fork_starts_anew(run, served):
    served.fake.handlers["SsmGetMaxCh"] = Reply(32)
    lines = finish(run("fork"))
    assert lines == [
        "parent 32",
        "child -1",
        "child error 1",
        "child start 0",
        "child 32",
        "child close 0",
        "parent 32",
        "parent close 0",
    ]
    served.until(lambda: len(served.fake.gone) == 2)
    assert len({client.pid for client in served.fake.clients}) == 2


def test_hwsim_sees_the_end_of_a_process_whose_child_lives(run, served):
    process = run("orphan")
    served.until(lambda: served.fake.gone)
    assert process.stdout.readline() == "child lives\n"
    assert process.wait(60) == 0
    process.stdin.write("x")


def test_hwsim_sees_a_killed_process(run, served):
    served.fake.handlers["SsmWaitForEvent"] = lambda *_: PARKED
    process = run("lost")
    served.until(lambda: served.fake.held.get("SsmWaitForEvent"))
    assert served.run(lambda: served.server.settled(process.pid))
    process.kill()
    served.until(lambda: served.fake.gone == [process.pid])
    assert served.run(served.server.pids) == []


def test_signals_do_not_end_a_wait(run, served):
    served.fake.handlers["SsmWaitForEvent"] = lambda *_: PARKED
    process = run("interrupted")
    assert process.stdout.readline() == "signalled\n"
    served.reply("SsmWaitForEvent", Reply(0, (1, 2, 3)))
    assert finish(process) == ["wait 0 signals 1"]


def everything(run, served, layout="newest", wrapper=()):
    served.fake.handlers.update(
        ShimNextCallback=lambda *_: PARKED,
        ShimNextWork=lambda *_: PARKED,
        SsmGetBoardName=Reply(4, ("SHT8",)),
        SsmGetCallerId=Reply(4, ("8001",)),
    )
    process = run("everything", layout, wrapper)
    while process.stdout.readline() not in ("ready\n", ""):
        pass
    handler = served.fake.args_of("SsmSetEvent")[4]
    served.reply("ShimNextCallback", Reply(0, (2, handler, 0x18, 0, 0, 0, 0, 0, 0, b"")))
    assert process.stdout.readline() == "callback 24\n"
    return finish(process, "go on\n")


def test_callbacks_run_with_all_signals_blocked(run, served, layout):
    assert everything(run, served, layout) == ["close 0", "blocked 1 own 0"]


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_nothing_leaks_and_nothing_is_read_uninitialised(run, served):
    wrapper = [
        "valgrind",
        "-q",
        "--error-exitcode=9",
        "--leak-check=full",
        "--show-leak-kinds=definite,indirect,possible",
    ]
    assert everything(run, served, wrapper=wrapper) == ["close 0", "blocked 1 own 0"]


@pytest.mark.parametrize(
    ("layout", "cell", "event"),
    [
        ("newest", "78563412" + "ee" * 8, "18000000" + "05000000" + "02000300" + "ee" * 8),
        ("2007", "7856341200000000" + "ee" * 4, "18000000" + "05000000" + "0200030000000000" + "ee" * 4),
    ],
)
def test_each_layout_writes_exactly_its_own_width(run, served, layout, cell, event):
    served.fake.handlers.update(SsmQueryLocalChBlockState=(0x12345678,), SsmWaitForEvent=(0x18, 5, 0x00030002))
    assert finish(run("wide", layout)) == [f"{cell} {event}"]
    assert served.fake.clients[0].layout == (1 if layout == "2007" else 0)
    assert served.fake.clients[0].name == "process_probe"


@pytest.mark.parametrize("define", [(), ("-DSHPA3_LAYOUT_2007",)])
def test_the_sources_compile_without_warnings(define):
    sources = sorted(file for part in ("synway", "shim") for file in (ROOT / "hwsim/vendorlibs" / part).glob("*.c"))
    command = ["gcc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", *define]
    subprocess.run(
        [*command, f"-I{ROOT / 'drivers/synway/decl'}", f"-I{ROOT / 'hwsim/vendorlibs/shim'}", *sources],
        check=True,
        capture_output=True,
    )
