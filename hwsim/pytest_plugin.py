"""pytest plug-in, shipped with the package: a simulated site in one line.

    def test_caller_reaches_an_agent(simulated_site):
        site = simulated_site("demo", calls=2, faults=[{"at_s": 60, "what": "mute", "where": "e1a/1/1"}])
        done = site.finish()
        assert done.settled and len(done.contacts) == 2

    def test_my_own_program(simulated_site):
        machine = simulated_site("one_pc", boardd=False)      # only the simulated cards, for a program of yours
        subprocess.run(["./my_ivr"], cwd=machine.config, env=machine.environment, check=True)
        assert machine.truth("call_answer")

With boardd the whole site runs in token lockstep as fast as it can (`speed="max"`), or free at `speed="1"`. Without
boardd the machine runs at real speed; with another `speed` your processes must follow the clock in
`machine.environment["BOARDD_CLOCK"]`. Everything is ended after the test; when it fails, the logs are in its report and
the folder stays. docs/simulator.md tells more.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from hwsim.scenario.runner_sites import SimulatedSite

SITES: pytest.StashKey[list[SimulatedSite]] = pytest.StashKey()
FAILED: pytest.StashKey[bool] = pytest.StashKey()


@pytest.fixture
def simulated_site(request: pytest.FixtureRequest) -> Iterator[Callable[..., SimulatedSite]]:
    """Start simulated sites: `simulated_site("demo", calls=2, faults=[…])`; see hwsim.scenario.runner_sites.start_site.

    Options: calls, faults, seed, speed, boardd (False: only the machine), config. All are ended after the test.
    """
    from hwsim.scenario.runner_sites import start_site  # only tests that use it pay for the simulator's import

    sites: list[SimulatedSite] = []
    folders: list[Path] = []
    request.node.stash[SITES] = sites

    def start(site: Any = "demo", **options: Any) -> SimulatedSite:
        folder = Path(tempfile.mkdtemp(prefix="site-"))
        folders.append(folder)
        made = start_site(folder, site, **options)
        sites.append(made)
        return made

    yield start
    for site in sites:
        site.stop()
    if not request.node.stash.get(FAILED, False):
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Put the logs of a failed test's sites into its report."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
        for site in item.stash.get(SITES, []):
            report.sections.append((f"simulated site in {site.folder}", site.logs()))
    return report
