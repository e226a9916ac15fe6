"""Every fault of the simulator: its effect in the truth log, and what boardd tells a technician about it.

The labs are whole sites in lockstep; each serves a group of faults (see fault_lab). That the questions can be answered
no is shown by the same sites without any fault.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import fault_dahdi
import fault_deaths
import fault_exchange
import fault_library
import fault_spans
import pytest
from fault_lab import Case, Run, run_lab

from hwsim.scenario.fault_arguments import ARGUMENTS

LABS: tuple[ModuleType, ...] = (fault_exchange, fault_spans, fault_library, fault_deaths, fault_dahdi)
EVERY = [pytest.param(lab, case, id=f"{lab.__name__}-{case.id}") for lab in LABS for case in lab.CASES]
GetRun = Callable[[ModuleType, bool], Run]


@pytest.fixture(scope="module")
def run_of(tmp_path_factory: pytest.TempPathFactory) -> GetRun:
    done: dict[tuple[str, bool], Run] = {}

    def get(lab: ModuleType, faulty: bool) -> Run:
        key = (lab.__name__, faulty)
        if key not in done:
            done[key] = run_lab(tmp_path_factory.mktemp("lab"), lab.SITE, lab.CASES, faulty)
        return done[key]

    return get


@pytest.mark.parametrize(("lab", "case"), EVERY)
def test_effect(run_of: GetRun, lab: ModuleType, case: Case) -> None:
    run = run_of(lab, True)
    assert not run.facts("fault_refused"), run.facts("fault_refused")
    assert case.truth(run), "the truth log does not have it"
    told = [(round(e["t_us"] / 1e6), e["alarm"]["code"], e["alarm"].get("text")) for e in run.events("alarm_raised")]
    assert case.report(run), f"boardd does not tell; alarms: {told}; contacts: {run.done.contacts}"


@pytest.mark.deep
@pytest.mark.parametrize(("lab", "case"), EVERY)
def test_nothing_of_it_without_the_fault(run_of: GetRun, lab: ModuleType, case: Case) -> None:
    run = run_of(lab, False)
    try:
        told = case.report(run)
    except (IndexError, ValueError, KeyError):
        told = False
    assert bool(told) is case.same_without


@pytest.mark.parametrize("lab", LABS, ids=lambda lab: lab.__name__)
def test_nothing_is_left_behind(run_of: GetRun, lab: ModuleType) -> None:
    run = run_of(lab, True)
    assert run.done.result["stuck"] == getattr(lab, "LEFT", [])
    assert '"bugs"' not in run.log() and "Traceback" not in run.log()


def test_every_fault_has_its_case() -> None:
    assert {case.kind for lab in LABS for case in lab.CASES} == set(ARGUMENTS)
