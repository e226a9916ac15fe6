"""Who drives it: a thread on the card's clock or on a timer, or the loop that keeps simulated time."""

import asyncio
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import structlog
from engine_stage import BLOCK, Wire, ramp

from boardd.media.engine.clips import Clip
from boardd.media.engine.drive import LoopDrive
from boardd.media.engine.engine import Engine
from boardd.media.engine.events import BlocksLate, ClockChanged, EngineEvent, PlayEnded, Reason
from boardd.media.engine.port import DeviceLine
from boardd.media.engine.recording import Tap
from hwsim.kernel.drive import LockstepDrive, real_s
from hwsim.kernel.keeper import Keeper
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog

WORKER = Path(__file__).with_name("engine_worker.py")


class Told:
    """Events on the loop, to be waited for."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[EngineEvent] = asyncio.Queue()

    async def wait(self, kind: type[EngineEvent]) -> EngineEvent:
        async with asyncio.timeout(30):
            while True:
                event = await self.queue.get()
                if isinstance(event, kind):
                    return event


@pytest.fixture
def told() -> Told:
    return Told()


async def test_the_thread_ticks_when_the_card_has_a_block(told):
    wire = Wire()
    with Engine(4, on_event=told.queue.put_nowait) as engine:
        engine.start()
        port = engine.device_port(DeviceLine(wire.card.fileno(), prefill=0), told.queue.put_nowait)
        port.run()
        assert (await told.wait(ClockChanged)).port == port.number
        sound = bytes((7 * n) % 256 for n in range(3 * BLOCK))
        port.play([Clip(sound)])
        for _block in range(4):
            wire.say(bytes(BLOCK))
        ended = await told.wait(PlayEnded)
        assert (ended.reason, ended.samples) == (Reason.END, 3 * BLOCK)
        # Silence stands before it if this loop was slow.
        assert sound in wire.heard()
        beats = engine.beats
        wire.say(bytes(BLOCK))
        port.play([Clip(b"\xd5")])
        await told.wait(PlayEnded)
        assert engine.beats > beats
        port.free()
        wire.close()


async def test_without_a_card_a_timer_drives_and_goes_over_to_the_card(told):
    wire = Wire()
    with Engine(4, on_event=told.queue.put_nowait) as engine:
        engine.start()
        memory = engine.null_port(told.queue.put_nowait)
        memory.run()
        assert (await told.wait(ClockChanged)).port == 0
        memory.play([Clip(bytes(5 * BLOCK))])
        assert (await told.wait(PlayEnded)).samples == 5 * BLOCK
        port = engine.device_port(DeviceLine(wire.card.fileno()), told.queue.put_nowait)
        wire.say(bytes(BLOCK))
        port.run()
        assert (await told.wait(ClockChanged)).port == port.number
        # It falls silent: the timer goes on.
        assert (await told.wait(ClockChanged)).port == 0
        port.free()
        wire.close()


async def test_a_port_may_be_freed_and_its_descriptor_closed_while_the_thread_waits_on_it(told):
    with Engine(4, on_event=told.queue.put_nowait) as engine:
        engine.start()
        for _round in range(50):
            wire = Wire()
            port = engine.device_port(DeviceLine(wire.card.fileno()), told.queue.put_nowait)
            port.run()
            wire.say(bytes(BLOCK))
            port.free()
            wire.close()
        assert engine.stats().ports == 0


async def test_recordings_end_without_being_asked_again(told, tmp_path):
    wire = Wire()
    with Engine(4, on_event=told.queue.put_nowait) as engine:
        engine.start()
        port = engine.device_port(DeviceLine(wire.card.fileno()), told.queue.put_nowait)
        port.run()
        ended = asyncio.Event()
        recording = engine.record(tmp_path / "leg.raw", (port, Tap.HEARS), on_end=lambda _event: ended.set())
        sound = bytes((11 * n) % 256 for n in range(10 * BLOCK))
        port.play([Clip(bytes(10 * BLOCK))])
        wire.say(sound)
        await told.wait(PlayEnded)
        recording.stop()
        async with asyncio.timeout(30):
            await ended.wait()
        assert sound in recording.path.read_bytes()
        assert recording.state.synced == recording.path.stat().st_size
        port.free()
        wire.close()


def test_backlog_is_late_and_told_once_a_second(stage):
    wire, port = stage.wire()
    engine = stage.engine

    def serve(at_ms: int, blocks: int) -> None:
        wire.say(bytes(blocks * BLOCK))
        assert engine.lib.me_service(engine.handle, at_ms * 1_000_000) == blocks
        engine.take_events()

    serve(0, 3)
    assert engine.stats().late_blocks == 0, "what waited before it began is not late"
    with structlog.testing.capture_logs() as logs:
        serve(80, 4)
    (line,) = [log for log in logs if log["event"] == "blocks_late"]
    assert (line["port"], line["device"], line["blocks"]) == (port.number, wire.card.fileno(), 3)
    (late,) = stage.all(BlocksLate)
    assert (late.port, late.blocks, late.longest_us) == (port.number, 3, 60_000)
    serve(120, 2)
    serve(1000, 1)
    assert len(stage.all(BlocksLate)) == 1
    serve(1100, 2)
    assert stage.all(BlocksLate)[1].blocks == 2
    stats = engine.stats()
    assert (stats.late_blocks, stats.worst_late_us) == (5, 60_000)


def test_a_timer_that_is_late_catches_up_and_counts(stage):
    port, engine = stage.null(), stage.engine
    assert engine.lib.me_service(engine.handle, 0) == 1
    assert engine.lib.me_service(engine.handle, 39_999_999) == 1
    assert engine.stats().late_blocks == 0
    assert engine.lib.me_service(engine.handle, 100_000_001) == 4
    assert (engine.stats().late_blocks, engine.stats().worst_late_us) == (3, 60_000)
    # After a minute of sleep it does not play a minute in a second.
    assert engine.lib.me_service(engine.handle, 60_000_000_000) == 1
    assert engine.stats().late_blocks == 4
    port.free()
    assert engine.lib.me_service(engine.handle, 61_000_000_000) == 0


async def test_it_starts_once_and_stops(told):
    engine = Engine(4)
    engine.start(priority=1, cpu=0)
    with pytest.raises(RuntimeError):
        engine.start()
    assert engine.lib.me_service(engine.handle, 0) == -5
    engine.close()
    engine.close()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Time jumps to the next timer when nothing is ready."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0
        select = self._selector.select
        self._selector.select = lambda timeout=None: select(0) or self._jump(timeout)

    def _jump(self, timeout):
        assert timeout is not None, "nothing to wait for"
        self.now_s += max(0.0, timeout)
        return []

    def time(self) -> float:
        return self.now_s


def test_the_loop_ticks_every_20_ms_of_its_own_time(told):
    async def life():
        loop = asyncio.get_running_loop()
        engine = Engine(4, on_event=told.queue.put_nowait)
        drive = LoopDrive(engine)
        drive.start()
        engine._drive = drive
        port = engine.null_port(told.queue.put_nowait, capacity=16000)
        await asyncio.sleep(10)
        assert engine.stats().blocks == 0, "nothing runs: time stands"
        port.run()
        began = loop.time()
        port.play([Clip(bytes(100 * BLOCK + 1))])
        ended = await told.wait(PlayEnded)
        assert ended.samples == 100 * BLOCK + 1
        assert loop.time() - began == pytest.approx(2.0, abs=1e-6)
        assert engine.stats().late_blocks == 0
        port.run(False)
        blocks = engine.stats().blocks
        await asyncio.sleep(5)
        assert engine.stats().blocks == blocks
        engine.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(life())


def test_a_recording_ends_though_nothing_ticks_any_more(told, tmp_path):
    async def life(how: str) -> None:
        engine = Engine(4, on_event=told.queue.put_nowait)
        engine._drive = drive = LoopDrive(engine)
        drive.start()
        port = engine.null_port(told.queue.put_nowait)
        port.run()
        recording = engine.record(tmp_path / how, (port, Tap.HEARS))
        await asyncio.sleep(0.1)
        port.run(False)
        if how == "stop":
            recording.stop()
        else:
            getattr(port, how)()
        await asyncio.sleep(0.001)
        assert recording.path.stat().st_size == recording.ended.samples > 0
        engine.close()

    for how in ("stop", "release", "free"):
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            runner.run(life(how))


def test_a_card_that_falls_silent_does_not_stop_the_loop(told):
    async def life():
        loop, wire = asyncio.get_running_loop(), Wire()
        engine = Engine(4, on_event=told.queue.put_nowait)
        engine._drive = drive = LoopDrive(engine)
        drive.start()
        port = engine.device_port(DeviceLine(wire.card.fileno()), told.queue.put_nowait)
        port.run()
        wire.say(bytes(BLOCK))
        port.play([Clip(bytes(50 * BLOCK))])
        ended = await told.wait(PlayEnded)
        assert ended.samples == 50 * BLOCK
        assert 0.9 < loop.time() < 1.1
        port.free()
        engine.close()
        wire.close()

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(life())


def run_worker(folder: Path, seed: int) -> tuple[list[str], bytes]:
    folder.mkdir()
    loop = Loop()

    class Silence:
        now = 0

        def run(self, until: int) -> int:
            self.now = until
            return 0

        def next_event(self) -> None:
            return None

    sim = Sim(Silence(), TruthLog(), seed=1)
    keeper = Keeper(loop, sim, folder / "clock.sock", 1_700_000_000_000, real_s)
    child = subprocess.Popen(
        [sys.executable, str(WORKER), str(folder), str(seed)],
        env={**os.environ, "BOARDD_CLOCK": f"token:{folder / 'clock.sock'}", "PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,
    )
    while len(keeper.names()) < 1:
        loop.poll(0.05)
    LockstepDrive(loop, sim, keeper, None).run(lambda: keeper.empty or sim.now_us > 60_000_000)
    keeper.close()
    loop.close()
    assert child.wait() == 0
    return json.loads((folder / "log.json").read_text()), (folder / "leg.raw").read_bytes()


def test_in_lockstep_the_same_seed_gives_the_same_life(tmp_path):
    first, again = run_worker(tmp_path / "1", 1), run_worker(tmp_path / "2", 1)
    assert first == again
    log, sound = first
    assert sum("PlayEnded" in line for line in log) >= 5
    assert len(sound) >= 500 * BLOCK
    (sizes,) = [json.loads(line) for line in log if line.startswith("[")]
    # A quarter of a second is 2000 samples; at most half a second waits.
    assert all(second[1] - first[1] <= 4000 + 2 * BLOCK for first, second in itertools.pairwise(sizes))
    assert all(size >= (when - 0.54) * 8000 for when, size in sizes if when < 10)
    assert run_worker(tmp_path / "3", 2) != first


def test_ramp_is_what_tests_think():
    assert ramp(3) == [1, 2, 3]
