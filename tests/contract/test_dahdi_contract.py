"""The contract suite on the DAHDI driver over the simulated I/O library: engine, detectors, libpri, R2, analogue lines.

All cases of a personality and a set of trunks run on one start; each case is one test. The normal run has exchange
lines, telephones and ISDN as the kernel's own core and drivers behave, and what is particular about R2.
"""

import asyncio
import traceback
from pathlib import Path

import pytest
from dahdi_far_end import LIBRARY, LINES, PBX, PERSONALITIES, PLAIN, PRI, R2, dahdi_machine, on_stage

from boardd.contract.states import ChannelState
from boardd.testing import Case, Stage, Trunk, cases_for, holes, run_case
from drivers.dahdi import bearer, fxo, fxs

CAPABILITIES = {c for kind in (bearer, fxo, fxs) for c in kind.CAPABILITIES}
pytestmark = [
    pytest.mark.skipif(not LIBRARY.exists(), reason="build the simulated library first"),
    pytest.mark.usefixtures("own_libpri"),
]


SETS = {
    "lines and ISDN": ((LINES, PLAIN, PRI), "pbx/1=none, r2/1=none"),
    "R2": ((R2,), "pbx/1=none, e1/1=none"),
    "ISDN network side": ((PBX,), "pbx/1=pri_net, e1/1=none, r2/1=none"),
}
OF_R2 = ("answer_and_far_clears", "dial_and_connect", "dial_busy_number", "lost_state_events_are_found")
"""In the normal run."""


def runs_of() -> list[object]:
    found = []
    for persona in PERSONALITIES:
        for name in SETS:
            for case in cases_for():
                few = name == "R2" and case.name in OF_R2
                normal = persona == "default" and (name == "lines and ISDN" or few)
                key = f"{persona}-{name}-few" if few and normal else f"{persona}-{name}"
                marks = () if normal else (pytest.mark.deep,)
                found.append(pytest.param(persona, name, case, key, id=f"{persona}-{name}-{case.name}", marks=marks))
    return found


async def tidy(stage: Stage) -> None:
    """After a failed case: everybody goes home."""
    for station in stage.far.stations:
        await stage.far.put_down(station)
    for port in stage.inventory.ports.values():
        await port.hangup()
    await asyncio.sleep(20)


class Run:
    """What became of each case under one personality, on one set of trunks; `names`: of those cases only."""

    def __init__(
        self, folder: Path, persona: str, trunks: tuple[Trunk, ...], spans: str, names: tuple[str, ...] = ()
    ) -> None:
        self.problems: dict[str, str] = {}
        self.names = names
        with dahdi_machine(folder, persona):
            self.log = on_stage(folder, self.play, trunks=trunks, spans=spans)

    async def play(self, stage: Stage) -> None:
        await asyncio.sleep(12)
        for case in cases_for():
            if self.names and case.name not in self.names:
                continue
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
def runs() -> dict[str, Run]:
    return {}


@pytest.mark.parametrize(("persona", "trunks", "case", "key"), runs_of())
def test_case(
    persona: str,
    trunks: str,
    case: Case,
    key: str,
    runs: dict[str, Run],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    if key not in runs:
        names = OF_R2 if key.endswith("few") else ()
        runs[key] = Run(tmp_path_factory.mktemp("dahdi"), persona, *SETS[trunks], names)
    run = runs[key]
    assert case.name not in run.problems, run.problems[case.name]
    assert not run.log.misplaced
    assert "left_over" not in run.problems, run.problems["left_over"]


def test_every_declared_capability_has_a_case() -> None:
    assert not holes(CAPABILITIES)
