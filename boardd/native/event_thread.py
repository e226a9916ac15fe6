"""A thread that sits in the maker's blocking wait and hands what it gets to the loop through a bounded queue.

`wait()` runs on the thread: it blocks in C with the GIL released, copies what it got and returns it, or returns None
when its time is up. It must return every so often (the maker's timeout), for the heartbeat and for the end. What does
not fit into the queue is dropped, counted, and reported with `overflow(dropped)` behind everything that was kept: the
receiver must then compare its picture with the card's.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import structlog

from boardd.contract.driver import Heartbeat

T = TypeVar("T")
_log = structlog.get_logger("native.events")


class EventThread(Generic[T]):
    """`deliver` gets each item on the loop, in order; `failed` gets what `wait` raised: the thread has ended then."""

    def __init__(
        self,
        name: str,
        wait: Callable[[], T | None],
        deliver: Callable[[T], None],
        *,
        overflow: Callable[[int], None],
        failed: Callable[[BaseException], None],
        heartbeat: Heartbeat,
        capacity: int = 4096,
    ) -> None:
        self.name = name
        self.dropped = 0
        self._wait = wait
        self._deliver = deliver
        self._overflow = overflow
        self._failed = failed
        self._heartbeat = heartbeat
        self._capacity = capacity
        self._items: deque[T] = deque()
        self._lock = threading.Lock()
        self._scheduled = False
        self._unreported = 0
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended: asyncio.Future[None] | None = None

    def start(self) -> None:
        """Begin to wait; call from the loop that is to get the items."""
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        threading.Thread(target=self._run, name=f"events-{self.name}", daemon=True).start()

    async def stop(self, timeout_s: float = 5.0) -> bool:
        """End after the wait in progress; items still queued are delivered. False when it does not come back."""
        self._stopping.set()
        if self._ended is None:
            return True
        try:
            async with asyncio.timeout(timeout_s):
                await asyncio.shield(self._ended)
        except TimeoutError:
            _log.error("event_thread_stuck", thread=self.name)
            return False
        return True

    # -- the thread ---------------------------------------------------------------------------------------------------
    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                item = self._wait()
                self._heartbeat.beat("events")
                if item is not None:
                    self._take(item)
        except Exception as error:
            self._post(self._failed, error)
        self._post(self._thread_ended)

    def _take(self, item: T) -> None:
        with self._lock:
            if len(self._items) >= self._capacity:
                self.dropped += 1
                self._unreported += 1
            else:
                self._items.append(item)
            if self._scheduled:
                return
            self._scheduled = True
        self._post(self._drain)

    def _post(self, callback: Callable[..., None], *args: Any) -> None:
        try:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(callback, *args)
        except RuntimeError:
            self._stopping.set()  # the loop has been closed under us: the process is ending

    # -- the loop -----------------------------------------------------------------------------------------------------
    def _drain(self) -> None:
        with self._lock:
            items, self._items = self._items, deque()
            self._scheduled = False
            dropped, self._unreported = self._unreported, 0
        for item in items:
            self._deliver(item)
        if dropped:
            _log.error("events_dropped", thread=self.name, dropped=dropped, total=self.dropped)
            self._overflow(dropped)

    def _thread_ended(self) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(None)
