"""Background tasks of the host: every one named, owned, and never failing in silence."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any

import structlog

from boardd.contract.errors import BoarddError

log = structlog.get_logger("boardd.host")


class Tasks:
    """Holds tasks until they end. A typed error is logged as refused work, anything else as our bug; both count."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()
        self.counters: Counter[str] = Counter()

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """Run `work` in the background."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            return
        if isinstance(error, BoarddError):
            self.counters["refused"] += 1
            log.warning("task_refused", task=task.get_name(), error=error.code, text=error.message)
        else:
            self.counters["bugs"] += 1
            log.error("task_failed", task=task.get_name(), exc_info=error)

    def __len__(self) -> int:
        return len(self._running)

    async def drain(self, limit_s: float) -> bool:
        """Wait until all tasks have ended, at most `limit_s`; whether they have."""
        deadline = asyncio.get_running_loop().time() + limit_s
        while self._running:
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            await asyncio.wait(list(self._running), timeout=left)
        return True

    async def cancel(self) -> None:
        """Cancel what still runs and wait for it."""
        running = list(self._running)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)
