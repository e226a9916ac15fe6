"""What is watched of ties of Synway cards: calls that the library's own threads make for it; sound that stands."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hwsim_far_end import LIBRARY, TRUNKS, HwsimFarEnd, machine, on_stage

from boardd.contract.driver import Fatal, LinkChange, TieEnd, Trouble
from boardd.media.engine.engine import Engine
from boardd.media.engine.ring import make_ring
from boardd.testing import Stage
from boardd.testing.cases import answered

PLAIN = TRUNKS[0]
TIE = "tie/pulse"
COMMAND_S = 2.0
"""The deadline of any library call; the door gives it `stuck_after_ms` (10 s) more."""
pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="build the simulated library first")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with machine(tmp_path, "newest"):
        yield tmp_path


def fault(stage: Stage, function: str, **args: Any) -> None:
    assert isinstance(stage.far, HwsimFarEnd)
    stage.far.fault("library_block", function, **args)


@contextmanager
def peer(end: Any) -> Iterator[None]:
    """The other process: an engine of its own at the far end of the ring."""
    with Engine(2) as engine:
        engine.start()
        engine.ring_port(end, lambda _event: None).run()
        yield


async def tied(stage: Stage) -> tuple[str, int, Any]:
    """A call that is linked with a tie both ways: its channel, a mark, the peer's end."""
    channel, mark = await answered(stage, PLAIN, "speaks")
    ours, theirs = make_ring()
    await stage.driver.open_tie(TIE, TieEnd(ours.hand_over(), ours.side))
    await stage.driver.link([LinkChange(channel, TIE, True), LinkChange(TIE, channel, True)])
    return channel, mark, theirs


def troubles(stage: Stage, mark: int, subject: str) -> list[tuple[str, bool]]:
    return [(e.code, e.raised) for e in stage.log.of(subject, mark) if isinstance(e, Trouble)]


@pytest.mark.parametrize("function", ["SsmPlayMemBlock", "SsmRecordMemBlock"])
def test_a_call_that_never_comes_back_to_the_librarys_own_thread_is_fatal(folder: Path, function: str) -> None:
    """Nobody waits for it at the door; all the same it is told like one, and the host ends as with one."""

    async def body(stage: Stage) -> None:
        channel, mark, theirs = await tied(stage)
        with peer(theirs):
            await asyncio.sleep(4)
            assert troubles(stage, mark, channel) == troubles(stage, mark, "synway") == []
            fault(stage, function)
            began_s = asyncio.get_running_loop().time()
            late = await stage.log.wait(Trouble, "synway", mark, within_s=COMMAND_S + 2.5, code="library_late")
            assert late.raised and late.text == function
            await stage.log.wait(Trouble, channel, mark, within_s=2, code="tie_still", raised=True)
            fatal = await stage.log.wait(Fatal, "synway", mark, within_s=12)
            assert function in fatal.reason
            assert 12 <= asyncio.get_running_loop().time() - began_s <= 15

    on_stage(folder, body)


def test_a_call_that_is_slow_is_told_until_it_is_back(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        channel, mark, theirs = await tied(stage)
        with peer(theirs):
            await asyncio.sleep(4)
            fault(stage, "SsmPlayMemBlock", ms=5000)
            await asyncio.sleep(9)
            assert troubles(stage, mark, "synway") == [("library_late", True), ("library_late", False)]
            texts = [e.text for e in stage.log.of(channel, mark) if isinstance(e, Trouble)]
            assert troubles(stage, mark, channel) == [("tie_still", True), ("tie_still", False)], texts
            beats = stage.driver.heartbeat.beats["engine"]
            await asyncio.sleep(2.5)
            assert stage.driver.heartbeat.beats["engine"] >= beats + 2
        await stage.driver.close_tie(TIE)
        await stage.free(channel, mark)

    on_stage(folder, body)
