"""Runs scenarios one after the other and says passed, failed or not yet.

A scenario is due when everything that it needs is there. One that is due is run; if nothing can run it, it has failed:
what works must not go unused.
"""

from __future__ import annotations

import importlib.util
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from boardd.contract.errors import BoarddError
from hwsim.cli.lib import library_path
from hwsim.demo.workspace import Workspace
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner_checks import failures
from hwsim.scenario.runner_config import write_config
from hwsim.scenario.runner_header import CAPABILITIES, Runner
from hwsim.scenario.runner_site import RunningSite, log_tails

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
NUMBERED = "[0-9][0-9]_*.yaml"
REAL_TIME_LIMIT_S = 1800.0


class Verdict(StrEnum):
    """What became of a scenario."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Report:
    """The verdict on one scenario and why: what it still needs, or what did not hold."""

    name: str
    verdict: Verdict
    why: tuple[str, ...] = ()
    simulated_s: float = 0.0


@dataclass(frozen=True, slots=True)
class How:
    """How to run: where, how fast (1, a number, max), with which seed (None: the scenario's own)."""

    folder: Path
    speed: str = "max"
    seed: int | None = None


RunOne = Callable[[Path, Scenario, How], Report]


def numbered() -> list[Path]:
    """The scenarios of the shipped catalogue, in order."""
    return sorted(SCENARIOS.glob(NUMBERED))


def _module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def capabilities() -> frozenset[str]:
    """What is there now."""
    probes: dict[str, Callable[[], bool]] = {
        "synway": lambda: library_path("synway").exists(),
        "analog": lambda: library_path("synway").exists(),
        "e1_alarms": lambda: library_path("synway").exists(),
        "fsk_sound": lambda: (SCENARIOS.parent / "core" / "fsk_detect.c").exists(),
        "q931_net": lambda: _module("hwsim.signalling.q931_edge"),
        "r2_net": lambda: _module("hwsim.signalling.r2_edge"),
        "dahdi": lambda: _module("drivers.dahdi"),
        "modem": lambda: _module("drivers.modem"),
        "serial": lambda: _module("drivers.serial"),
    }
    return frozenset(name for name in CAPABILITIES if name in probes and probes[name]())


def run_scenario(path: Path, how: How, runners: Mapping[Runner, RunOne] | None = None) -> Report:
    """Run one scenario file if it is due. Raises ConfigProblemsError for a file that is wrong."""
    scenario = Scenario.load(path)
    name = path.stem
    missing = [need for need in scenario.header.needs if need not in capabilities()]
    if missing:
        return Report(name, Verdict.NOT_YET, tuple(f"needs {need}: {CAPABILITIES[need]}" for need in missing))
    if not scenario.header.expect:
        return Report(name, Verdict.FAILED, ("it expects nothing, so it proves nothing",))
    run_one = (RUNNERS if runners is None else runners).get(scenario.header.run.by)
    if run_one is None:
        return Report(name, Verdict.FAILED, (f"all it needs is there, but nothing runs it ({scenario.header.run.by})",))
    try:
        return run_one(path, scenario, how)
    except BoarddError as error:
        return Report(name, Verdict.FAILED, (error.message, *log_tails(how.folder / name).splitlines()[-40:]))


def run_site(path: Path, scenario: Scenario, how: How) -> Report:
    """Run a scenario as a whole site. Raises BoarddError when the site does not come to an end."""
    folder = how.folder / path.stem
    if (folder / "site.yaml").exists():
        shutil.rmtree(folder)  # an older run of the same scenario: its records would be counted again
    config = folder / "config"
    write_config(config, scenario, scenario.header.changes)
    space = Workspace.prepare(folder, config, str(path), 1)
    seed = scenario.header.run.seed if how.seed is None else how.seed
    limit_s = scenario.header.run.limit_s if how.speed == "max" else REAL_TIME_LIMIT_S
    with RunningSite(space, seed, how.speed) as running:
        running.until_over(limit_s)
        done = running.outcome()
    wrong = failures(done, scenario.header.expect)
    simulated_s = done.facts[-1]["t_us"] / 1e6 if done.facts else 0.0
    return Report(path.stem, Verdict.FAILED if wrong else Verdict.PASSED, tuple(wrong), simulated_s)


RUNNERS: dict[Runner, RunOne] = {Runner.SITE: run_site}
"""What can run scenarios; a runner for the simulator's edge enters itself here."""
