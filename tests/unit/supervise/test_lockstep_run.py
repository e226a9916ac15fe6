"""`boardd run` in token lockstep: real supervisor, daemon, host; a killed daemon is back after 0.5 s of their clock."""

import json
import os
import signal
import subprocess
import sys

from hwsim.kernel.drive import LockstepDrive, real_s
from hwsim.kernel.keeper import Keeper
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog

EPOCH_MS = 1_700_000_000_000
START_S = EPOCH_MS / 1000 % 60
STOP_S = 12
CONFIG = """
domains: {a: {driver: synway}}
paths: {runtime_dir: run, state_dir: state, recordings_dir: rec}
scheduler: {enabled: no}
"""


class SilentEngine:
    now = 0

    def run(self, until):
        self.now = until
        return 0

    def next_event(self):
        return None


def story(folder):
    """What supervisor, daemon and host logged, with simulated times, when the daemon is killed at 5 s."""
    folder.mkdir()
    (folder / "boardd.yaml").write_text(CONFIG)
    loop = Loop()
    sim = Sim(SilentEngine(), TruthLog(), seed=1)
    keeper = Keeper(loop, sim, folder / "clock.sock", EPOCH_MS, real_s)
    environ = {**os.environ, "BOARDD_CLOCK": f"token:{folder / 'clock.sock'}", "BOARDD_LOG": "json"}
    command = [sys.executable, "-m", "boardd", "run", "--config", str(folder / "boardd.yaml")]
    with open(folder / "log", "wb") as log, subprocess.Popen(command, env=environ, stderr=log) as supervisor:
        try:
            while not keeper.names():
                loop.poll(0.05)
            drive = LockstepDrive(loop, sim, keeper, None)
            drive.run(lambda: sim.now_us >= 5_000_000)
            assert sorted(keeper.names()) == ["daemon", "host-a", "supervisor"]
            os.kill(keeper.pid_of("daemon"), signal.SIGKILL)
            while keeper.pid_of("daemon") is not None:
                loop.poll(0.05)
            drive.run(lambda: sim.now_us >= STOP_S * 1_000_000)
            supervisor.send_signal(signal.SIGTERM)
            drive.run(lambda: keeper.empty)
            assert supervisor.wait(30) == 0
        finally:
            supervisor.kill()
            for name in keeper.names():
                os.kill(keeper.pid_of(name), signal.SIGKILL)
    keeper.close()
    loop.close()
    found = []
    for line in (folder / "log").read_text().splitlines():
        entry = json.loads(line)
        found.append((entry["at"][17:23], entry["process"], entry["event"], entry.get("code")))
    # The orderly stop begins with a signal from outside, at no particular moment of their time.
    return sorted(entry for entry in found if float(entry[0]) - START_S < STOP_S)


def test_a_killed_daemon_is_back_in_half_a_second_of_their_time_every_time(tmp_path):
    first = story(tmp_path / "1")
    assert first == story(tmp_path / "2")
    ended = [entry for entry in first if entry[2] == "child_ended" and entry[3] == -9]
    assert len(ended) == 1
    starts = [float(at) for at, process, event, _code in first if (process, event) == ("daemon", "daemon_started")]
    assert len(starts) == 2
    assert abs(starts[1] - float(ended[0][0]) - 0.5) < 0.002
    connects = [float(at) for at, process, event, _code in first if event == "host_connected"]
    assert len(connects) == 2
    assert connects[1] - starts[1] <= 1.0
