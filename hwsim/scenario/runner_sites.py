"""Simulated sites as objects, for tests and programs: a whole site with boardd, or a machine alone.

`start_site` is what the pytest plug-in's fixture calls (`hwsim.pytest_plugin`).
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from boardd.config.yamlfile import load_tree
from boardd.contract.errors import ConfigurationError
from hwsim.cli.control import ask, facts
from hwsim.cli.lib import library_path
from hwsim.cli.serve import site_file
from hwsim.demo.workspace import Workspace, demo_config
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner_checks import failures
from hwsim.scenario.runner_config import write_config
from hwsim.scenario.runner_site import RunningSite, SiteOutcome, log_tails

STOP_S = 20.0
LIMIT_S = 100.0


class SimulatedSite:
    """A running simulated site. `folder` has logs, truth log, recordings; `environment` is for programs of yours."""

    def __init__(self, folder: Path, speed: str) -> None:
        self.folder = folder
        self.speed = speed

    @property
    def sockets(self) -> Path:
        """The folder of the simulator's sockets."""
        return self.folder / "sim"

    @property
    def config(self) -> Path:
        """A folder with ShConfig.ini and ShIndex.ini for the machine, as the maker's library wants them."""
        return self.folder / "config"

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a program finds the simulated libraries and, in lockstep, the clock."""
        libraries = str(library_path("synway").parent)
        found = {**os.environ, "HWSIM_DIR": str(self.sockets)}
        found["LD_LIBRARY_PATH"] = ":".join(filter(None, [libraries, os.environ.get("LD_LIBRARY_PATH")]))
        if self.speed != "1":
            found["BOARDD_CLOCK"] = f"token:{self.sockets / 'clock.sock'}"
        return found

    def ask(self, command: str, **args: Any) -> Any:
        """One command of the side door (docs/simulator.md), for example `ask("dial", **{"from": …, "to": …})`."""
        return ask(self.sockets, command, **args)

    def fault(self, kind: str, where: str = "", for_s: float = 0.0, **args: str) -> int:
        """Break something now; the number by which `ask("fault_end", fault=…)` takes it back."""
        return int(self.ask("fault", kind=kind, where=where, args=args, for_s=for_s)["fault"])

    def truth(self, what: str = "", **match: Any) -> list[dict[str, Any]]:
        """What has really happened so far: facts of one kind whose fields equal `match`."""
        return [f for f in facts(self.sockets, what) if all(f.get(k) == v for k, v in match.items())]

    def finish(self, limit_s: float = LIMIT_S) -> SiteOutcome:
        """Wait for the end of the scenario and collect everything. Only with boardd."""
        raise ConfigurationError("finish needs boardd; a machine alone has no end: ask it, or use truth")

    def logs(self) -> str:
        """The ends of all logs."""
        return "\n".join(log_tails(folder) for folder in (self.folder, self.folder / "site") if folder.is_dir())

    def stop(self) -> None:
        """End everything; may be called twice."""


class WholeSite(SimulatedSite):
    """Simulator, boardd and scheduler."""

    def __init__(self, space: Workspace, seed: int, speed: str) -> None:
        super().__init__(space.folder, speed)
        self.running = RunningSite(space, seed, speed)

    @property
    def boardd_socket(self) -> Path:
        """boardd.sock, for clients of the control protocol."""
        return self.running.space.sockets / "boardd.sock"

    def finish(self, limit_s: float = LIMIT_S) -> SiteOutcome:
        """See SimulatedSite."""
        self.running.until_over(limit_s)
        return self.running.outcome()

    def unmet(self, done: SiteOutcome) -> list[str]:
        """Which of the scenario's own expectations (`expect:`) do not hold."""
        return failures(done, Scenario.load(self.running.space.site).header.expect)

    def stop(self) -> None:
        """See SimulatedSite."""
        self.running.stop()


class MachineOnly(SimulatedSite):
    """Only the simulated machine."""

    def __init__(self, folder: Path, scenario: Path, seed: int, speed: str) -> None:
        super().__init__(folder, speed)
        self.sockets.mkdir(parents=True, exist_ok=True)
        reader, writer = os.pipe()
        command = [sys.executable, "-m", "hwsim", "serve", str(scenario), "--dir", str(self.sockets)]
        command += ["--seed", str(seed), "--speed", speed, "--truth", str(folder / "truth"), "--ready-fd", str(writer)]
        loaded = Scenario.load(scenario)
        write_config(self.config, loaded, loaded.header.changes)
        if not loaded.cards:
            command += ["--config", str(site_file("one_pc").with_suffix("") / "ShConfig.ini")]
        with (folder / "simulator.log").open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, pass_fds=(writer,))
        os.close(writer)
        with os.fdopen(reader) as ready:
            if not ready.readline():
                self._process.wait()
                raise ConfigurationError(log_tails(folder))

    def stop(self) -> None:
        """See SimulatedSite."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def write_scenario(
    folder: Path, site: str | Path | Mapping[str, Any], faults: Sequence[Mapping[str, Any]] = ()
) -> Path:
    """The scenario as a file, with more faults. Raises ConfigurationError when there is no such scenario."""
    if isinstance(site, Mapping):
        tree: dict[str, Any] = dict(site)
    else:
        source = site_file(str(site))
        if not faults:
            return source
        plain = load_tree(source).plain()
        tree = dict(plain) if isinstance(plain, dict) else {}
        if "faults" not in tree:
            lines = [f"  - {json.dumps(fault, ensure_ascii=False)}" for fault in faults]
            path = folder / "scenario.yaml"
            path.write_text("\n".join([source.read_text(encoding="utf-8"), "faults:", *lines, ""]), encoding="utf-8")
            return path
    tree["faults"] = [*tree.get("faults", []), *faults]
    path = folder / "scenario.yaml"
    path.write_text(json.dumps(tree, ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    return path


def start_site(
    folder: Path,
    site: str | Path | Mapping[str, Any] = "demo",
    *,
    calls: int = 1,
    faults: Sequence[Mapping[str, Any]] = (),
    seed: int = 1,
    speed: str | None = None,
    boardd: bool = True,
    config: Path | None = None,
) -> SimulatedSite:
    """Start a site: a shipped scenario, a file, or a scenario as a mapping; `folder` has a short name, and is empty or
    still to be made.

    `calls` is the number of callers where the scenario leaves it open (`# hwsim demo --calls`), `faults` come on top of
    its own. `speed` is 1 (free-running), a number or max; left out it is max with boardd and 1 without. `config` is a
    folder with boardd.yaml and friends; left out they are generated from the scenario's machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scenario = write_scenario(folder, site, faults)
    if not boardd:
        return MachineOnly(folder, scenario, seed, speed or "1")
    if config is None and site == "demo":
        config = demo_config()
    if config is None:
        config = folder / "config"
        loaded = Scenario.load(scenario)
        write_config(config, loaded, loaded.header.changes)
    space = Workspace.prepare(folder / "site", config, str(scenario), calls)
    return WholeSite(space, seed, speed or "max")
