"""The process itself: ready with nobody there, answers, stops on SIGTERM; says what is wrong in its files."""

import os
import signal
import socket
import subprocess
import sys

import msgspec
import pytest
from scheduler_rig import DEMO

from boardd.config.yamlfile import ConfigProblemsError
from boardd.scheduler.app import main

SITE = """
domains: {d: {driver: fake}}
paths: {runtime_dir: run, state_dir: state, recordings_dir: recordings}
channels:
  b/1: {extension: "801"}
  b/2: {extension: "802"}
  b/3: {extension: "803"}
scheduler: {config: scheduler.yaml}
"""


def test_ready_without_a_daemon(tmp_path):
    (tmp_path / "boardd.yaml").write_text(SITE)
    (tmp_path / "scheduler.yaml").write_text(DEMO)
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    notify.settimeout(30)
    notify.bind(str(tmp_path / "notify"))
    environment = {
        **os.environ,
        "NOTIFY_SOCKET": str(tmp_path / "notify"),
        "WATCHDOG_USEC": "200000",
        "BOARDD_LOG_LEVEL": "warning",
    }
    environment.pop("WATCHDOG_PID", None)
    where = str(tmp_path / "boardd.yaml")
    code = f"from pathlib import Path; from boardd.scheduler.app import main; main(Path({where!r}))"
    process = subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE)
    try:
        said = []
        while len(said) < 5:
            said.append(notify.recv(1000).decode())
        assert said[0] == "READY=1"
        assert said.count("WATCHDOG=1") >= 2
        assert "STATUS=boards not connected, 0 contacts, 0 agents ready" in said
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(30)
            client.connect(str(tmp_path / "run" / "scheduler.sock"))
            client.sendall(b'{"jsonrpc":"2.0","id":1,"method":"status"}\n')
            answer = msgspec.json.decode(client.recv(10_000))
        assert answer["result"]["boards_connected"] is False
        process.send_signal(signal.SIGTERM)
        _out, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (0, b"")
        assert (tmp_path / "state" / "scheduler.db").is_file()
    finally:
        process.kill()
        process.wait()
        notify.close()


def test_wrong_configuration_is_told_before_anything_starts(tmp_path):
    (tmp_path / "boardd.yaml").write_text(SITE)
    (tmp_path / "scheduler.yaml").write_text(DEMO.replace("flow: main", "flow: mian"))
    with pytest.raises(ConfigProblemsError, match="did you mean main"):
        main(tmp_path / "boardd.yaml")
    assert not (tmp_path / "run").exists()
