"""Token lockstep over real processes: noise in real time must never show in simulated time."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hwsim.kernel.drive import LockstepDrive, real_s
from hwsim.kernel.keeper import Keeper, TokenStuckError
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog

WORKER = Path(__file__).with_name("worker.py")


class SilentEngine:
    """No sound: only the clockwork is on trial here."""

    now = 0

    def run(self, until: int) -> int:
        self.now = until
        return 0

    def next_event(self) -> None:
        return None


def make(tmp_path: Path, patience_s: float = 10.0) -> tuple[Loop, Sim, Keeper, dict[str, str]]:
    loop = Loop()
    sim = Sim(SilentEngine(), TruthLog(), seed=1)  # type: ignore[arg-type]
    keeper = Keeper(loop, sim, tmp_path / "clock.sock", 1_700_000_000_000, real_s)
    return loop, sim, keeper, {"BOARDD_CLOCK": f"token:{tmp_path / 'clock.sock'}", "PYTHONHASHSEED": "0"}


def wait_for(loop: Loop, keeper: Keeper, count: int) -> None:
    while len(keeper.names()) < count:
        loop.poll(0.05)


def run_ring(tmp_path: Path, seed: int) -> list[str]:
    tmp_path.mkdir()
    loop, sim, keeper, env = make(tmp_path)
    names = ["a", "b", "c"]
    children = [
        subprocess.Popen(
            [sys.executable, str(WORKER), name, str(tmp_path / name), str(tmp_path / names[(i + 1) % 3]), str(seed)],
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            text=True,
        )
        for i, name in enumerate(names)
    ]
    wait_for(loop, keeper, 3)
    LockstepDrive(loop, sim, keeper, None).run(lambda: keeper.empty or sim.now_us > 200_000_000)
    assert keeper.empty, keeper._participants
    keeper.close()
    loop.close()
    return [child.communicate()[0] for child in children]


def test_same_seed_same_log_other_seed_other_log(tmp_path: Path) -> None:
    first = run_ring(tmp_path / "1", 7)
    second = run_ring(tmp_path / "2", 7)
    other = run_ring(tmp_path / "3", 8)
    assert first == second
    assert all(len(log) > 500 for log in first)
    assert first != other


def test_a_stuck_holder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hwsim.kernel.keeper.PATIENCE_S", 0.5)
    loop, sim, keeper, env = make(tmp_path)
    code = (
        "import asyncio, time\nfrom boardd import clock\n"
        "async def main():\n  await asyncio.sleep(1)\n  time.sleep(30)\n"
        "clock.run(lambda: main(), 'sleeper')"
    )
    child = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **env})
    try:
        wait_for(loop, keeper, 1)
        with pytest.raises(TokenStuckError, match=r"sleeper \(pid \d+\) has held the token"):
            LockstepDrive(loop, sim, keeper, None).run(lambda: keeper.empty)
    finally:
        child.kill()
        child.wait()
        keeper.close()
        loop.close()


def test_wall_and_monotonic_follow_the_token(tmp_path: Path) -> None:
    loop, sim, keeper, env = make(tmp_path)
    code = (
        "import asyncio\nfrom boardd import clock\n"
        "async def main():\n"
        "  await asyncio.sleep(3600)\n  print(clock.wall_ms(), clock.mono_ms(), clock.simulated())\n"
        "clock.run(lambda: main(), 'x')"
    )
    began_s = real_s()
    child = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **env}, stdout=subprocess.PIPE, text=True)
    wait_for(loop, keeper, 1)
    LockstepDrive(loop, sim, keeper, None).run(lambda: keeper.empty)
    keeper.close()
    loop.close()
    out: Any = child.communicate()[0].split()
    assert out == ["1700003600000", "3600000", "True"]
    assert real_s() - began_s < 30


def test_time_stands_while_a_door_closes(tmp_path: Path) -> None:
    loop, sim, keeper, env = make(tmp_path)
    code = (
        "import queue, time\nfrom boardd import clock\nfrom boardd.native.door import Door\n"
        "class Slow(queue.SimpleQueue):\n"
        "  def get(self):\n    job = super().get()\n    time.sleep(0 if job else 0.3)\n    return job\n"
        "async def main():\n"
        "  door = Door('slow')\n  door._jobs = Slow()\n  door.open()\n"
        "  await door.call('nothing', lambda: None)\n  await door.close()\n  print(clock.mono_ms())\n"
        "clock.run(lambda: main(), 'x')"
    )
    child = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **env}, stdout=subprocess.PIPE, text=True)
    try:
        wait_for(loop, keeper, 1)
        LockstepDrive(loop, sim, keeper, None).run(lambda: keeper.empty or sim.now_us > 60_000_000)
        assert keeper.empty, "nobody told the process that its door has closed"
    finally:
        keeper.close()
        loop.close()
        out = child.communicate()[0]
    assert out.splitlines()[-1] == "0"


SLEEPER = """
import asyncio, sys
from boardd import clock
async def main():
    for _ in range(int(sys.argv[2])):
        await asyncio.sleep(1)
    print(clock.mono_ms())
clock.run(lambda: main(), sys.argv[1])
"""


def test_those_who_have_nothing_to_do_are_not_asked(tmp_path: Path) -> None:
    loop, sim, keeper, env = make(tmp_path)
    plan = {"busy": 200, "a": 1, "b": 1, "z": 1}  # the others sleep on after their second
    code = SLEEPER.replace("    print", "    await asyncio.sleep(199 if sys.argv[1] != 'busy' else 0)\n    print")
    children = [
        subprocess.Popen(
            [sys.executable, "-c", code, name, str(seconds)],
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            text=True,
        )
        for name, seconds in plan.items()
    ]
    wait_for(loop, keeper, 4)
    LockstepDrive(loop, sim, keeper, None).run(lambda: keeper.empty)
    grants = keeper.grants
    keeper.close()
    loop.close()
    assert [child.communicate()[0].strip() for child in children] == ["200000"] * 4
    assert grants < 300, "two hundred seconds of one process, a handful of grants for each of the others"


def test_a_thread_that_nobody_has_counted_is_noticed_all_the_same(tmp_path: Path) -> None:
    """What it posts may come late, but not never: the loop has no timer that would wake it."""
    loop, sim, keeper, env = make(tmp_path)
    code = (
        "import asyncio, threading, time\nfrom boardd import clock\n"
        "async def main():\n"
        "  loop = asyncio.get_running_loop()\n  told = loop.create_future()\n"
        "  def post():\n    time.sleep(0.2)\n    loop.call_soon_threadsafe(told.set_result, 'told')\n"
        "  threading.Thread(target=post).start()\n  print(await told)\n"
        "clock.run(lambda: main(), 'x')"
    )
    child = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, **env}, stdout=subprocess.PIPE, text=True)
    wait_for(loop, keeper, 1)
    until_s = real_s() + 20
    LockstepDrive(loop, sim, keeper, None).run(lambda: keeper.empty or real_s() > until_s)
    keeper.close()
    loop.close()
    assert child.communicate()[0].strip() == "told"
