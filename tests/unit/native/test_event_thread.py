"""The event thread: order, overflow behind what was kept, failure, ending."""

import asyncio
import queue
import threading

from boardd.contract.driver import Heartbeat
from boardd.native.event_thread import EventThread


class Source:
    """A maker's wait: items come from a queue, None is a timeout."""

    def __init__(self) -> None:
        self.items: queue.Queue[int | Exception | None] = queue.Queue()
        self.thread = ""

    def wait(self) -> int | None:
        self.thread = threading.current_thread().name
        try:
            item = self.items.get(timeout=0.01)
        except queue.Empty:
            return None
        if isinstance(item, Exception):
            raise item
        return item


async def test_items_arrive_in_order_and_the_heart_beats() -> None:
    source, got, beats = Source(), [], Heartbeat()
    done = asyncio.Event()

    def deliver(item: int) -> None:
        got.append(item)
        if item == 99:
            done.set()

    thread = EventThread("x", source.wait, deliver, overflow=got.append, failed=print, heartbeat=beats)
    thread.start()
    for n in range(100):
        source.items.put(n)
    await done.wait()
    assert await thread.stop()
    assert got == list(range(100)) and beats.beats["events"] >= 100 and source.thread == "events-x"


async def test_overflow_is_counted_and_told_after_what_was_kept() -> None:
    source, got = Source(), []
    told = asyncio.Event()

    def overflow(dropped: int) -> None:
        got.append(("dropped", dropped))
        told.set()

    thread = EventThread(
        "x", source.wait, got.append, overflow=overflow, failed=print, heartbeat=Heartbeat(), capacity=3
    )
    for n in range(5):
        source.items.put(n)
    thread.start()
    while not source.items.empty():
        pass  # the loop must not run before the thread has met the full queue
    await told.wait()
    assert await thread.stop()
    dropped = sum(item[1] for item in got if isinstance(item, tuple))
    assert dropped == thread.dropped >= 1
    assert got[:3] == [0, 1, 2] and len([i for i in got if isinstance(i, int)]) + dropped == 5


async def test_a_failing_wait_ends_the_thread_and_is_reported() -> None:
    source, failures = Source(), []
    failed = asyncio.Event()

    def on_failure(error: BaseException) -> None:
        failures.append(error)
        failed.set()

    thread = EventThread("x", source.wait, print, overflow=print, failed=on_failure, heartbeat=Heartbeat())
    source.items.put(OSError("wrong mode"))
    thread.start()
    await failed.wait()
    assert str(failures[0]) == "wrong mode" and await thread.stop()


async def test_a_wait_that_does_not_come_back_is_noticed() -> None:
    release = threading.Event()

    def wait() -> None:
        release.wait(10)

    thread = EventThread("x", wait, print, overflow=print, failed=print, heartbeat=Heartbeat())
    thread.start()
    assert not await thread.stop(timeout_s=0.05)
    release.set()
    assert await thread.stop()
