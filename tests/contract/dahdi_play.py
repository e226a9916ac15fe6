"""Many cases on one start of the DAHDI driver: each is a test of its own, none waits for a machine of its own.

    play = Play(SITE, spans="r2/1=none")          # settings of the driver
    @play                                          # a case; its name is the test's
    async def a_call(stage: Stage) -> None: ...

    test_case = play.tests(deep=["a_call"])        # in the module, once; `deep`: patterns of cases for long runs only

Only the cases that are asked for are run. After each everything goes home: faults end, handsets are put down, lines
are hung up; what is not free then is the case's fault.
"""

from __future__ import annotations

import asyncio
import fnmatch
import traceback
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from dahdi_far_end import LIBRARY, DahdiFarEnd, dahdi_machine, on_stage
from hwsim_far_end import PROGRAM

from boardd.contract.errors import BoarddError
from boardd.contract.states import ChannelState
from boardd.testing import Stage

Body = Callable[[Stage], Awaitable[None]]
TIDY_S, TURN_S = 40.0, 0.25
TRUTH = "truth"
"""Folder of a play with `recorded`, in the stage's: what everybody heard and said is in `voices` below it."""
RESTING = (ChannelState.IDLE, ChannelState.OUT_OF_SERVICE)


def far_of(stage: Stage) -> DahdiFarEnd:
    """The far end with the side door."""
    assert isinstance(stage.far, DahdiFarEnd)
    return stage.far


def fault(stage: Stage, kind: str, where: str, **args: Any) -> int:
    """Break something; taken back at the end of the case."""
    return far_of(stage).fault(kind, where, **args)


def end_fault(stage: Stage, number: int) -> None:
    """Take it back now."""
    far_of(stage).mend(number)


def call_in(stage: Stage, number: str, script: str = "waits", caller: str = "", name: str = "") -> str:
    """Somebody dials `number`; the caller's number."""
    return far_of(stage).dial_in(number, script, caller, name)


def truth(stage: Stage, what: str, since: int = 0, **match: Any) -> list[dict[str, Any]]:
    """Facts of the truth log; `since` is a place that `truth_mark` has answered."""
    found: list[dict[str, Any]] = []
    while True:
        answer = far_of(stage).door.ask("truth", what=what, match=match, since=since)
        found += answer["facts"]
        if answer["next"] == since:
            return found
        since = answer["next"]


def truth_mark(stage: Stage) -> int:
    """Where the truth log ends now."""
    return int(far_of(stage).door.ask("truth", what="nothing of this kind")["next"])


class Play:
    """See the module text."""

    def __init__(
        self,
        site: Path,
        names: dict[str, str],
        stations: dict[str, str] | None = None,
        settle_s: float = 3.0,
        recorded: bool = False,
        program: Path = PROGRAM,
        **settings: str,
    ) -> None:
        self._program = program
        self._site, self._names, self._stations, self._settings = site, names, stations or {}, settings
        self._settle_s, self._recorded = settle_s, recorded
        self.cases: dict[str, Body] = {}

    def __call__(self, body: Body) -> Body:
        """Make a case known."""
        name = body.__name__
        assert name not in self.cases, name
        self.cases[name] = body
        return body

    def of(self, *values: object) -> Callable[[Callable[..., Awaitable[None]]], Callable[..., Awaitable[None]]]:
        """The same body once for each value, as its second argument."""

        def add(body: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
            for value in values:
                label = "-".join(map(str, value)) if isinstance(value, tuple) else value

                async def one(stage: Stage, value: object = value) -> None:
                    await body(stage, value)

                one.__name__ = f"{body.__name__}-{label}"
                self(one)
            return body

        return add

    # -- running ------------------------------------------------------------------------------------------------------
    def tests(self, deep: Sequence[str] = ()) -> Callable[..., None]:
        """The test function of the module, one test a case."""
        assert all(fnmatch.filter(self.cases, pattern) for pattern in deep), deep
        late = {name for pattern in deep for name in fnmatch.filter(self.cases, pattern)}
        cases = [pytest.param(name, marks=[pytest.mark.deep] if name in late else []) for name in self.cases]
        outcomes: dict[str, str] = {}
        run: list[bool] = []

        @pytest.mark.timeout(600)  # the first test of a module runs them all
        @pytest.mark.skipif(not LIBRARY.exists(), reason="build the simulated library first")
        @pytest.mark.parametrize("case", cases)
        def test_case(case: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> None:
            if not run:
                run.append(True)
                items = [item for item in request.session.items if item.path == request.path]
                wanted = [item.callspec.params.get("case") for item in items if hasattr(item, "callspec")]
                names = [name for name in wanted if name in self.cases]
                try:
                    outcomes.update(self._perform(tmp_path_factory.mktemp("lines"), names))
                except BaseException:
                    outcomes.update(dict.fromkeys(names, traceback.format_exc()))
                    raise
            assert case not in outcomes, outcomes[case]

        return test_case

    def _perform(self, folder: Path, names: list[str]) -> dict[str, str]:
        problems: dict[str, str] = {}

        async def body(stage: Stage) -> None:
            await asyncio.sleep(self._settle_s)
            for name in names:
                problem = await self._one(stage, self.cases[name])
                if problem:
                    problems[name] = problem

        truth = folder / TRUTH if self._recorded else None
        with dahdi_machine(folder, "default", self._site, truth, self._program):
            log = on_stage(folder, body, None, self._names, (), self._stations, **self._settings)
        assert not log.misplaced
        return problems

    async def _one(self, stage: Stage, body: Body) -> str:
        try:
            await body(stage)
        except Exception:
            problem = traceback.format_exc()
        else:
            problem = ""
        left = await _tidy(stage)
        odd = [port.id for port in stage.inventory.ports.values() if port.illegal_steps]
        if not problem and odd:
            problem = f"illegal steps on {odd}: {[dict(stage.port(channel).illegal_steps) for channel in odd]}"
        if not problem and left:
            problem = f"not free at the end: {left}"
        for channel in odd:
            stage.port(channel).illegal_steps.clear()
        stage.log.events.clear()
        return problem


async def _tidy(stage: Stage) -> list[str]:
    """Everybody goes home; channels that are not free then."""
    far = far_of(stage)
    far.mend_all()
    for station in stage.far.stations:
        with suppress(AssertionError):
            await stage.far.put_down(station)
    ports = stage.inventory.ports.values()
    for port in ports:
        with suppress(BoarddError):
            await port.hangup()
    for _turn in range(round(TIDY_S / TURN_S)):
        if all(port.state in RESTING for port in ports):
            break
        await asyncio.sleep(TURN_S)
        for port in ports:
            if port.state is ChannelState.OFFERED:
                await port.hangup()
    await asyncio.sleep(3.0)
    return [f"{port.id} is {port.state}" for port in ports if port.state not in RESTING]
