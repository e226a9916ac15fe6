"""`boardd`: exit codes, one-line errors, and the daemon as a real process."""

import os
import signal
import socket
import subprocess
import sys

import pytest

from boardd import __main__ as command
from boardd.contract.errors import DeviceError
from boardd.notify import Notifier

BOARDD = [sys.executable, "-m", "boardd"]


@pytest.mark.parametrize("name", ["run", "daemon", "scheduler", "host"])
def test_a_missing_configuration_is_one_line_and_78(tmp_path, capsys, name):
    arguments = [name, *(["a"] if name == "host" else []), "--config", str(tmp_path / "none.yaml")]
    assert command.invoke(arguments) == command.EXIT_CONFIGURATION
    out, err = capsys.readouterr()
    assert out == ""
    assert "none.yaml" in err
    assert "Traceback" not in err
    assert len(err.splitlines()) == 1


def test_every_problem_of_a_file_is_a_line(tmp_path, capsys):
    file = tmp_path / "boardd.yaml"
    file.write_text("domains:\n  a: {drivr: synway}\npathss: {}\n")
    assert command.invoke(["daemon", "--config", str(file)]) == command.EXIT_CONFIGURATION
    assert len(capsys.readouterr().err.splitlines()) == 3


def test_usage_and_other_errors(monkeypatch, capsys, tmp_path):
    assert command.invoke(["fly"]) == command.EXIT_USAGE
    assert command.invoke(["host"]) == command.EXIT_USAGE
    assert command.invoke(["--help"]) == 0

    def broken(_config):
        raise DeviceError("the card does not answer")

    monkeypatch.setattr("boardd.daemon.app.main", broken)
    capsys.readouterr()
    assert command.invoke(["daemon"]) == command.EXIT_FAILED
    assert capsys.readouterr().err == "boardd: the card does not answer\n"


def test_the_daemon_is_ready_and_ends_cleanly_on_sigterm(tmp_path):
    config = tmp_path / "boardd.yaml"
    config.write_text("domains:\n  a: {driver: synway}\npaths: {runtime_dir: run, state_dir: state}\n")
    mailbox = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    mailbox.bind(str(tmp_path / "notify"))
    mailbox.settimeout(30)
    environ = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "20000000"}
    with mailbox, subprocess.Popen([*BOARDD, "daemon", "--config", str(config)], env=environ) as daemon:
        try:
            assert mailbox.recv(100) == b"READY=1"
            assert mailbox.recv(100) == b"WATCHDOG=1"
            assert mailbox.recv(100) == b"STATUS=0/1 hosts, 0 channels, 0 calls"
            second = subprocess.run(
                [*BOARDD, "daemon", "--config", str(config)], capture_output=True, text=True, timeout=30
            )
            assert second.returncode == 78
            assert "another process" in second.stderr
            assert "Traceback" not in second.stderr
            daemon.send_signal(signal.SIGTERM)
            assert mailbox.recv(100) == b"STOPPING=1"
            assert daemon.wait(timeout=30) == 0
        finally:
            daemon.kill()
    assert not (tmp_path / "run" / "boardd.sock").exists()


def test_notifications_go_nowhere_quietly(tmp_path):
    for environ in ({}, {"NOTIFY_SOCKET": str(tmp_path / "none")}, {"NOTIFY_SOCKET": "@none"}):
        notifier = Notifier(environ)
        notifier.ready()
        notifier.status("one\ntwo")
        notifier.close()
        notifier.stopping()


@pytest.mark.parametrize(
    ("environ", "watchdog_s"),
    [
        ({"WATCHDOG_USEC": "3000000"}, 3.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, 0.0),
        ({"WATCHDOG_USEC": "soon"}, 0.0),
        ({}, 0.0),
    ],
)
def test_the_watchdog_is_what_the_manager_asks_of_this_process(tmp_path, environ, watchdog_s):
    notifier = Notifier({"NOTIFY_SOCKET": str(tmp_path / "n"), **environ})
    assert notifier.watchdog_s == watchdog_s
    notifier.close()
