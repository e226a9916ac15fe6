"""The demo's processes: the simulator and boardd's supervisor, each with a log file."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from hwsim.demo.workspace import Workspace

STOP_S = 20.0
DYING_S = 5.0
SIMULATOR_LOG, BOARDD_LOG = "simulator.log", "boardd.log"


@dataclass(slots=True)
class Processes:
    """Running children. `stop` may be called twice."""

    simulator: subprocess.Popen[bytes]
    supervisor: subprocess.Popen[bytes]
    folder: Path
    """Where their logs are."""

    @classmethod
    def start(cls, space: Workspace, seed: int, speed: str) -> Processes:
        """Start both; the supervisor only when the simulator's sockets are open. Raises ConfigurationError."""
        reader, writer = os.pipe()
        with open(space.folder / SIMULATOR_LOG, "wb") as log:
            simulator = subprocess.Popen(
                [
                    *(sys.executable, "-m", "hwsim", "serve", str(space.site)),
                    *("--dir", str(space.simulator), "--seed", str(seed), "--speed", speed),
                    *("--truth", str(space.truth), "--ready-fd", str(writer)),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                pass_fds=(writer,),
                start_new_session=True,
            )
        os.close(writer)
        with os.fdopen(reader) as ready:
            if not ready.readline():
                simulator.wait()
                text = (space.folder / SIMULATOR_LOG).read_text(encoding="utf-8", errors="replace").strip()
                raise ConfigurationError(_("the simulator did not start: {text}").format(text=text))
        with open(space.folder / BOARDD_LOG, "wb") as log:
            supervisor = subprocess.Popen(
                [sys.executable, "-m", "boardd", "run", "--config", str(space.folder / "boardd.yaml")],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=dict(space.environment(speed != "1")),
                start_new_session=True,
            )
        return cls(simulator, supervisor, space.folder)

    def check(self) -> None:
        """Raise ConfigurationError when one of them has ended."""
        named = (("simulator", self.simulator, SIMULATOR_LOG), ("boardd run", self.supervisor, BOARDD_LOG))
        for name, child, log in named:
            if child.poll() is not None:
                what = _("{name} ended with status {status}; its last words in {log}: {words}")
                words = _last_words(self.folder / log)
                raise ConfigurationError(
                    what.format(name=name, status=child.returncode, log=self.folder / log, words=words)
                )

    def check_soon(self) -> None:
        """The same for somebody to whom one of them does not answer any more: its end may be a moment away."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.simulator.wait(DYING_S)
        self.check()

    def stop(self) -> None:
        """Stop the supervisor, then the simulator that keeps its time."""
        for child in (self.supervisor, self.simulator):
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                try:
                    child.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()


def _last_words(log: Path) -> str:
    """The last line of a log."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "-"
