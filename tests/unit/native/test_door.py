"""The door thread: order, deadlines, withdrawal, recovery, being stuck. Blocking is done with events, not with time."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from boardd.contract.errors import DeadlineError
from boardd.native.door import DeadlineClass, Door, DoorHooks, LateResult

SHORT_MS = 30


class Hooks:
    def __init__(self) -> None:
        self.late: list[str] = []
        self.recovered: list[str] = []
        self.results: list[LateResult] = []
        self.stuck: list[str] = []
        self.stuck_seen = asyncio.Event()
        self.hooks = DoorHooks(self.late.append, self.recovered.append, self.results.append, self._stuck)

    def _stuck(self, reason: str) -> None:
        self.stuck.append(reason)
        self.stuck_seen.set()


class Gate:
    """A call that hangs until it is let go."""

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.go = threading.Event()

    def __call__(self, value: int = 0) -> int:
        self.entered.set()
        assert self.go.wait(10)
        return value


@pytest.fixture
async def kit() -> AsyncIterator[tuple[Door, Hooks]]:
    hooks = Hooks()
    deadlines = {
        DeadlineClass.COMMAND: SHORT_MS,
        DeadlineClass.FILE: 10_000,
        DeadlineClass.START_STOP: 10_000,
    }
    door = Door("test", deadlines_ms=deadlines, hooks=hooks.hooks, stuck_after_ms=SHORT_MS, stuck_calls=3)
    door.open()
    yield door, hooks
    await door.close()


async def test_calls_keep_their_order_and_run_on_one_named_thread(kit: tuple[Door, Hooks]) -> None:
    door, _ = kit
    seen: list[tuple[int, str]] = []

    def note(n: int) -> int:
        seen.append((n, threading.current_thread().name))
        return n * 2

    got = await asyncio.gather(*(door.call("note", note, n, deadline=DeadlineClass.FILE) for n in range(20)))
    assert got == [n * 2 for n in range(20)]
    assert seen == [(n, "door-test") for n in range(20)]
    assert door.heartbeat.beats["door"] >= 19


async def test_an_exception_reaches_its_caller(kit: tuple[Door, Hooks]) -> None:
    door, _ = kit
    with pytest.raises(ZeroDivisionError):
        await door.call("div", lambda: 1 // 0, deadline=DeadlineClass.FILE)
    assert await door.call("ok", lambda: 5, deadline=DeadlineClass.FILE) == 5


async def test_late_call_raises_goes_on_and_is_reported(kit: tuple[Door, Hooks]) -> None:
    door, hooks = kit
    gate = Gate()
    with pytest.raises(DeadlineError) as error:
        await door.call("slow", gate, 7)
    assert error.value.data == {"function": "slow", "deadline_ms": SHORT_MS, "begun": True}
    assert door.late and hooks.late == ["slow"]
    after = asyncio.create_task(door.call("after", lambda: 8, deadline=DeadlineClass.FILE))
    gate.go.set()
    assert await after == 8
    assert not door.late and hooks.recovered == ["slow"]
    assert [(r.name, r.result) for r in hooks.results] == [("slow", 7)]


async def test_a_call_behind_a_slow_one_is_not_blamed(kit: tuple[Door, Hooks]) -> None:
    door, hooks = kit
    gate = Gate()
    slow = asyncio.create_task(door.call("file", gate, 1, deadline=DeadlineClass.FILE))
    quick = asyncio.create_task(door.call("quick", lambda: 2))
    await asyncio.to_thread(gate.entered.wait, 10)
    await asyncio.sleep(SHORT_MS / 1000 * 3)
    assert not quick.done() and not hooks.late
    gate.go.set()
    assert await slow == 1 and await quick == 2


async def test_a_call_that_did_not_begin_is_withdrawn(kit: tuple[Door, Hooks]) -> None:
    door, hooks = kit
    gate, carried_out = Gate(), []
    with pytest.raises(DeadlineError):
        await door.call("slow", gate)
    with pytest.raises(DeadlineError) as error:
        await door.call("dial", carried_out.append, 1)
    assert error.value.data["begun"] is False
    gate.go.set()
    assert await door.call("after", lambda: 3, deadline=DeadlineClass.FILE) == 3
    assert carried_out == []
    assert [r.name for r in hooks.results] == ["slow"]


async def test_a_cancelled_call_is_withdrawn_or_its_result_reported(kit: tuple[Door, Hooks]) -> None:
    door, hooks = kit
    gate, carried_out = Gate(), []
    begun = asyncio.create_task(door.call("begun", gate, 9, deadline=DeadlineClass.FILE))
    waiting = asyncio.create_task(door.call("waiting", carried_out.append, 1, deadline=DeadlineClass.FILE))
    await asyncio.to_thread(gate.entered.wait, 10)
    begun.cancel()
    waiting.cancel()
    await asyncio.gather(begun, waiting, return_exceptions=True)
    gate.go.set()
    await door.call("after", lambda: None, deadline=DeadlineClass.FILE)
    assert carried_out == [] and [(r.name, r.result) for r in hooks.results] == [("begun", 9)]


async def test_a_call_that_hangs_on_makes_the_door_stuck_once(kit: tuple[Door, Hooks]) -> None:
    door, hooks = kit
    gate = Gate()
    with pytest.raises(DeadlineError):
        await door.call("hang", gate)
    await asyncio.wait_for(hooks.stuck_seen.wait(), 10)
    assert len(hooks.stuck) == 1 and hooks.stuck[0].startswith("hang ")
    gate.go.set()


async def test_several_unanswered_calls_make_it_stuck() -> None:
    hooks = Hooks()
    deadlines = dict.fromkeys(DeadlineClass, SHORT_MS)
    door = Door("test", deadlines_ms=deadlines, hooks=hooks.hooks, stuck_after_ms=10**9, stuck_calls=3)
    door.open()
    gate = Gate()
    calls = [door.call("hang", gate), door.call("b", lambda: 1), door.call("c", lambda: 1)]
    results = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(result, DeadlineError) for result in results)
    assert len(hooks.stuck) == 1
    gate.go.set()
    await door.close()
