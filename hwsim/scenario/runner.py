"""Runs scenarios one after the other and says passed, failed or not yet.

A scenario is due when everything that it needs is there. One that is due is run; if nothing can run it, it has failed:
what works must not go unused.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from boardd.contract.errors import BoarddError, ConfigurationError
from hwsim.cli.lib import library_path
from hwsim.demo.workspace import Workspace
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner_checks import failures
from hwsim.scenario.runner_config import write_config
from hwsim.scenario.runner_edge import EdgeRun
from hwsim.scenario.runner_header import CAPABILITIES, Runner
from hwsim.scenario.runner_site import RunningSite, log_tails
from hwsim.signalling._native import OPENR2, PRI, Door, open_door
from hwsim.vendorlibs.dahdi.models import model

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
NUMBERED = "[0-9][0-9]_*.yaml"
REAL_TIME_LIMIT_S = 1800.0
SAME = ("kind", "direction", "caller", "called", "line", "digits", "agent", "outcome", "cause", "answer_evidence")
"""Of a record, whatever the speed."""


class Verdict(StrEnum):
    """What became of a scenario."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_YET = "not yet"


@dataclass(frozen=True)
class Report:
    """The verdict on one scenario and why: what it still needs, or what did not hold.

    `outcome` is what must come again at every speed: what each record says, or, at the edge, every fact and note.
    """

    name: str
    verdict: Verdict
    why: tuple[str, ...] = ()
    simulated_s: float = 0.0
    outcome: tuple[str, ...] = ()


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


def _opens(door: Door) -> bool:
    try:
        open_door(door)
    except ConfigurationError:
        return False
    return True


def _driver(name: str) -> bool:
    """Whether boardd has a driver of this name: one that is registered, not a folder with a beginning in it."""
    return any(entry.name == name for entry in entry_points(group="boardd.drivers"))


def capabilities() -> frozenset[str]:
    """What is there now."""
    synway = library_path("synway").exists()
    probes: dict[str, Callable[[], bool]] = {
        "synway": lambda: synway,
        "analog": lambda: synway,
        "e1_alarms": lambda: synway,
        "fsk_sound": lambda: (SCENARIOS.parent / "core" / "fsk_detect.c").exists(),
        "q931_net": lambda: _opens(PRI),
        "r2_net": lambda: _opens(OPENR2),
        "dahdi": lambda: _driver("dahdi"),
        "modem": lambda: _driver("modem"),
        "serial": lambda: _driver("serial"),
    }
    return frozenset(name for name in CAPABILITIES if name in probes and probes[name]())


def missing(scenario: Scenario) -> tuple[str, ...]:
    """What the scenario needs and is not there; empty: it is due."""
    there = capabilities()
    needs = scenario.header.needs
    if scenario.header.run.by is Runner.SITE and "dahdi" not in needs and _has_dahdi(scenario):
        needs = (*needs, "dahdi")
    return tuple(need for need in needs if need not in there)


def _has_dahdi(scenario: Scenario) -> bool:
    plain = [node.plain() for node in scenario.cards]
    return any(isinstance(card, dict) and model(str(card.get("model"))) for card in plain)


def run_scenario(path: Path, how: How, runners: Mapping[Runner, RunOne] | None = None) -> Report:
    """Run one scenario file if it is due. Raises ConfigProblemsError for a file that is wrong."""
    scenario = Scenario.load(path)
    name = path.stem
    lacking = missing(scenario)
    if lacking:
        return Report(name, Verdict.NOT_YET, tuple(f"needs {need}: {CAPABILITIES[need]}" for need in lacking))
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
    outcome = sorted(_line({key: record.get(key) for key in SAME}) for record in done.records)
    return Report(path.stem, Verdict.FAILED if wrong else Verdict.PASSED, tuple(wrong), simulated_s, tuple(outcome))


def run_edge(path: Path, scenario: Scenario, how: How) -> Report:
    """Run a scenario at the simulator's edge. Raises BoarddError when it does not come to an end."""
    folder = how.folder / path.stem
    folder.mkdir(parents=True, exist_ok=True)
    run = scenario.header.run
    limit_s = run.limit_s if how.speed == "max" else REAL_TIME_LIMIT_S
    done = EdgeRun(scenario, run.seed if how.seed is None else how.seed, folder).run(how.speed, limit_s)
    wrong = failures(done, scenario.header.expect)
    verdict = Verdict.FAILED if wrong else Verdict.PASSED
    outcome = (_line(thing) for things in (done.facts, done.notes) for thing in things)
    return Report(path.stem, verdict, tuple(wrong), done.facts[-1]["t_us"] / 1e6, tuple(outcome))


def _line(thing: Mapping[str, Any]) -> str:
    return json.dumps(thing, ensure_ascii=False, sort_keys=True)


RUNNERS: Mapping[Runner, RunOne] = {Runner.SITE: run_site, Runner.EDGE: run_edge}
"""What can run scenarios."""
