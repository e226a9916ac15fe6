"""Supervisors of another domain: monitor, whisper and barge-in through a tie of Synway cards, by what people hear."""

import asyncio
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hwsim_far_end import LIBRARY, TRUNKS, HwsimFarEnd, machine, on_stage

from boardd.contract.driver import LinkChange, TieEnd, TieEnded
from boardd.media.engine.engine import Engine
from boardd.media.engine.ring import make_ring
from boardd.testing import Stage
from boardd.testing.cases import answered, both_ways, lifted, put_down
from drivers.synway.driver import SynwayDriver
from drivers.synway.flow import Flow
from hwsim.core.sound import find_chirps

LINES, RATE, TONE_HZ = TRUNKS[0], 8000, 1000.0
LOUD_DBM0, QUIET_DBM0 = -30.0, -60.0
TIE = "tie/supervisor"
pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="build the simulated library first")


@pytest.fixture(params=["newest", "old"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """The second reports played blocks at its services only."""
    with machine(tmp_path, request.param):
        yield tmp_path


class Supervisor:
    """Somebody in another domain: an engine of its own at the far end of the ring, who speaks in a tone and listens."""

    def __init__(self, engine: Engine, end: Any) -> None:
        self.ear, self.mouth = engine.null_port(capacity=20 * RATE), engine.null_port(capacity=8 * 60 * RATE)
        self.ring = engine.ring_port(end, lambda _event: None)
        engine.link(self.ring, self.ear)
        engine.link(self.mouth, self.ring)
        for port in (self.ear, self.mouth, self.ring):
            port.run()

    def speak(self, seconds: int) -> None:
        samples = (round(6000 * math.sin(2 * math.pi * TONE_HZ * n / RATE)) for n in range(seconds * RATE))
        self.mouth.feed(b"".join(value.to_bytes(2, "little", signed=True) for value in samples))

    def numbers(self) -> list[int]:
        """Chirps heard since the last time."""
        heard = memoryview(self.ear.take(20 * RATE)).cast("h")
        return [chirp.number for chirp in find_chirps(heard)]


def hears(stage: Stage, who: str) -> float:
    """dBm0 of the last 100 ms at the ear of whoever has the line, by the simulator."""
    assert isinstance(stage.far, HwsimFarEnd)
    (person,) = [p for p in stage.far.door.ask("people") if p["line"] == who]
    return float(person["hears_dbm0"])


def flow_of(stage: Stage, channel: str) -> Flow:
    assert isinstance(stage.driver, SynwayDriver)
    return stage.driver.switch.ties.carriers[channel].flow


def test_a_supervisor_of_another_domain_monitors_whispers_and_barges_in(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        agent = stage.far.stations[0]
        channel, mark = await answered(stage, LINES, "speaks")
        caller, telephone = f"138{1:08d}", agent.replace("an/", "ana/")
        await lifted(stage, agent)
        await stage.driver.link(both_ways(channel, agent))
        ours, theirs = make_ring()
        await stage.driver.open_tie(TIE, TieEnd(ours.hand_over(), ours.side))
        with Engine(4) as engine:
            engine.start()
            supervisor = Supervisor(engine, theirs)
            supervisor.speak(120)
            await stage.driver.link([LinkChange(channel, TIE, True), LinkChange(agent, TIE, True)])
            await asyncio.sleep(12)
            numbers = supervisor.numbers()
            assert len(numbers) > 5 and numbers == list(range(numbers[0], numbers[-1] + 1)), numbers
            assert hears(stage, caller) < QUIET_DBM0, "the supervisor is heard who only monitors"
            await asyncio.sleep(60)  # the caller has stopped to talk
            assert hears(stage, telephone) < QUIET_DBM0
            await stage.driver.link([LinkChange(TIE, agent, True)])
            await asyncio.sleep(1)
            assert hears(stage, telephone) > LOUD_DBM0, "the whisper is not heard"
            assert hears(stage, caller) < QUIET_DBM0, "the caller hears the whisper"
            await stage.driver.link([LinkChange(TIE, channel, True)])
            await asyncio.sleep(1)
            assert hears(stage, telephone) > LOUD_DBM0 and hears(stage, caller) > LOUD_DBM0, "barged in"
            for name in (agent, channel):
                state = flow_of(stage, name).pump.state
                assert state.taken > 0 and state.dry == state.refused == 0, (name, state)
            await stage.driver.link([LinkChange(TIE, channel, False), LinkChange(TIE, agent, False)])
            await asyncio.sleep(1)
            assert hears(stage, telephone) < QUIET_DBM0 and hears(stage, caller) < QUIET_DBM0
            engine.close()
            await stage.log.wait(TieEnded, TIE, mark, within_s=1)
        await stage.driver.close_tie(TIE)
        await stage.free(channel, mark)
        await put_down(stage, agent, mark)

    on_stage(folder, body)
