"""The contract suite on the Synway driver over the simulated library: our cffi code, the maker's ABI, real sound.

All cases of a personality run on one start; each case is one test.
"""

import asyncio
import traceback
from pathlib import Path

import pytest
from hwsim_far_end import LIBRARY, machine, on_stage

from boardd.contract.states import ChannelState
from boardd.testing import Case, Stage, cases_for, holes, run_case
from boardd.testing.registry import declared
from drivers.synway import digital, fxo, fxs, tap

PERSONALITIES = ("newest", "worst_order", "old", "strict")
CAPABILITIES = {c for kind in (digital, fxo, fxs, tap) for c in kind.CAPABILITIES}
pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="build the simulated library first")


async def tidy(stage: Stage) -> None:
    """After a failed case: everybody goes home."""
    for station in stage.far.stations:
        await stage.far.put_down(station)
    for port in stage.inventory.ports.values():
        await port.hangup()
    await asyncio.sleep(20)


class Run:
    """What became of each case under one personality."""

    def __init__(self, folder: Path, persona: str) -> None:
        self.problems: dict[str, str] = {}
        self.declared: set[object] = set()
        with machine(folder, persona):
            self.log = on_stage(folder, self.play)

    async def play(self, stage: Stage) -> None:
        self.declared = set(declared(stage.inventory))
        await asyncio.sleep(12)
        for case in cases_for():
            try:
                await run_case(stage, case)
            except Exception:
                self.problems[case.name] = traceback.format_exc()
                for port in stage.inventory.ports.values():
                    port.illegal_steps.clear()
                await tidy(stage)
                stage.log.events.clear()
        idle = (ChannelState.IDLE, ChannelState.OUT_OF_SERVICE)
        left = [port.id for port in stage.inventory.ports.values() if port.state not in idle]
        if left:
            self.problems["left_over"] = f"not free at the end: {left}"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    return {}


@pytest.mark.parametrize("case", cases_for(), ids=lambda case: case.name)
@pytest.mark.parametrize("persona", PERSONALITIES)
def test_case(case: Case, persona: str, runs: dict[str, Run], tmp_path_factory: pytest.TempPathFactory) -> None:
    if persona not in runs:
        runs[persona] = Run(tmp_path_factory.mktemp(persona), persona)
    run = runs[persona]
    assert case.name not in run.problems, run.problems[case.name]
    assert not run.log.misplaced
    assert "left_over" not in run.problems, run.problems["left_over"]


def test_every_declared_capability_has_a_case() -> None:
    assert not holes(CAPABILITIES)
