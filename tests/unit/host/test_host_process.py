"""The real process: ready at once, killed at any moment, ended in order, broken when it crashes too often."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from boardd.contract.errors import ConfigurationError
from boardd.host.app import _lock
from boardd.host.fatal import EXIT_BROKEN
from boardd.host.journal import Journal
from boardd.host.tasks import Tasks

PROGRAM = Path(__file__).with_name("host_process.py")
LIMIT_S = 20


class Process:
    def __init__(self, root, script):
        address = str(root / "notify.sock")
        Path(address).unlink(missing_ok=True)
        self.notes = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notes.bind(address)
        self.notes.settimeout(LIMIT_S)
        environ = {**os.environ, "NOTIFY_SOCKET": address, "BOARDD_LOG": "json"}
        environ.pop("BOARDD_CLOCK", None)
        self.process = subprocess.Popen(
            [sys.executable, str(PROGRAM), str(root), script], env=environ, stderr=subprocess.PIPE
        )

    def until(self, text):
        while True:
            note = self.notes.recv(4096).decode()
            if text in note:
                return note

    def wait(self):
        _out, self.errors = self.process.communicate(timeout=LIMIT_S)
        return self.process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()
        self.notes.close()


def journal(root):
    return Journal(root / "state" / "hosts" / "d" / "journal", "d", "other", Tasks())


def wait_for_open_call(root, process):
    while not journal(root).open_calls:
        process.until("WATCHDOG=1")


def test_killed_with_a_call_and_the_next_start_ends_it(tmp_path):
    with Process(tmp_path, "offer") as first:
        first.until("READY=1")
        wait_for_open_call(tmp_path, first)
        first.process.kill()
        assert first.wait() == -signal.SIGKILL
    with Process(tmp_path, "idle") as second:
        second.until("STATUS=running")
        second.process.terminate()
        second.until("STOPPING=1")
        assert second.wait() == 0
    found = journal(tmp_path)
    assert [str(f.fact) for f in found.unacknowledged()] == ["begin", "end"]
    end = found.unacknowledged()[1].call
    assert end.cause == 41 and not end.interrupted and end.released is not None and end.line_free is not None


def test_sigterm_hangs_up_and_ends_with_0(tmp_path):
    with Process(tmp_path, "offer") as process:
        wait_for_open_call(tmp_path, process)
        process.process.terminate()
        assert process.wait() == 0
    found = journal(tmp_path)
    assert found.open_calls == [] and [str(f.fact) for f in found.unacknowledged()] == ["begin", "end"]


@pytest.mark.parametrize(("script", "word"), [("fatal", b"SsmPickup hangs"), ("hang", b"stood still")])
def test_a_dead_library_dumps_stacks_and_ends_with_70(tmp_path, script, word):
    with Process(tmp_path, script) as process:
        assert process.wait() == EXIT_BROKEN
        assert word in process.errors and b"most recent call first" in process.errors


def test_a_library_that_does_not_start_spends_the_budget_and_then_is_left_alone(tmp_path):
    for _ in range(5):
        with Process(tmp_path, "refuse") as process:
            assert process.wait() == EXIT_BROKEN
    with Process(tmp_path, "refuse") as process:
        note = process.until("STATUS=broken")
        assert "5 crashes within 300 s" in note
        process.until("WATCHDOG=1")
        process.process.terminate()
        assert process.wait() == 0


def test_a_library_that_refuses_is_asked_again_in_the_same_process(tmp_path):
    """Cards, their drivers or the simulator may come up after us: no crash is counted, nobody has to reset anything."""
    with Process(tmp_path, "refuse_once") as process:
        assert "the card does not answer" in process.until("refuses to start")
        process.until("STATUS=running")
        process.process.terminate()
        assert process.wait() == 0


def test_a_wrong_installation_is_broken_at_once_and_names_what_is_wrong(tmp_path):
    with Process(tmp_path, "config") as process:
        assert "TotalBoards" in process.until("STATUS=broken")
        process.process.terminate()
        assert process.wait() == 0


def test_a_broken_host_ends_what_an_earlier_one_left_open(tmp_path):
    with Process(tmp_path, "offer") as first:
        wait_for_open_call(tmp_path, first)
        first.process.kill()
        first.wait()
    with Process(tmp_path, "config") as second:
        second.until("STATUS=broken")
        second.process.terminate()
        assert second.wait() == 0
    ends = [f.call for f in journal(tmp_path).unacknowledged() if f.fact == "end"]
    assert len(ends) == 1 and ends[0].cause == 41 and ends[0].line_free is None


def test_a_domain_has_one_host(tmp_path):
    held = _lock(tmp_path / "lock", "d")
    with pytest.raises(ConfigurationError, match="already"):
        _lock(tmp_path / "lock", "d")
    os.close(held)
    os.close(_lock(tmp_path / "lock", "d"))
