"""What all ports of a started domain share: door, native library, settings, tasks, and the sink behind its gate.

Runs on the event loop. Events are handed on only between `open_gate` and `close_gate` (contract: none before `started`,
none after `stopped`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from boardd.contract.driver import DriverEvent, EventSink
from boardd.contract.errors import BoarddError, DeviceError
from boardd.native.door import DeadlineClass, Door
from boardd.signalling.analog.clock import Clock
from drivers.dahdi._native import Native
from drivers.dahdi.settings import Settings
from drivers.dahdi.watcher import Watcher

T = TypeVar("T")
log = structlog.get_logger("drivers.dahdi")


class Session:
    """See the module text. `native` is set once the library is loaded."""

    def __init__(self, door: Door, settings: Settings, sink: EventSink) -> None:
        self.door = door
        self.settings = settings
        self.watcher = Watcher()
        self.ctl = -1
        self._sink = sink
        self._open = False
        self._held: list[DriverEvent] | None = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._native: Native | None = None

    @property
    def native(self) -> Native:
        """The loaded library."""
        if self._native is None:
            raise DeviceError("the library is not loaded", function="")
        return self._native

    @native.setter
    def native(self, native: Native) -> None:
        self._native = native

    # -- events -------------------------------------------------------------------------------------------------------
    def emit(self, event: DriverEvent) -> None:
        """Hand an event to the host; until the domain is announced events wait, after its end they are dropped."""
        if self._held is not None:
            self._held.append(event)
        elif self._open:
            self._sink(event)

    def open_gate(self) -> None:
        """From now on events reach the host, first those that waited."""
        held, self._held = self._held or [], None
        self._open = True
        for event in held:
            self._sink(event)

    def close_gate(self) -> None:
        """From now on nothing reaches the host."""
        self._open = False
        self._held = None

    # -- calls --------------------------------------------------------------------------------------------------------
    async def run(
        self, name: str, call: Callable[..., T], *args: Any, deadline: DeadlineClass = DeadlineClass.COMMAND
    ) -> T:
        """Call something on the door thread. Raises what it raises, DeadlineError."""
        return await self.door.call(name, call, *args, deadline=deadline)

    def order(
        self,
        name: str,
        call: Callable[..., T],
        *args: Any,
        done: Callable[[T], None] = lambda _result: None,
        failed: Callable[[BoarddError], None] | None = None,
    ) -> None:
        """The same without waiting; orders are carried out one after the other. Failures are logged, or told."""

        async def carry_out() -> None:
            try:
                result = await self.door.call(name, call, *args)
            except BoarddError as error:
                if failed is None:
                    log.warning("order_failed", function=name, error=error.message, **error.data)
                else:
                    failed(error)
            else:
                done(result)

        self.spawn(carry_out(), name)

    @property
    def clock(self) -> Clock:
        """Time for state machines: the running loop's."""
        return asyncio.get_running_loop()

    def later(self, delay_ms: float, call: Callable[[], None]) -> None:
        """Call something later, while the domain runs."""
        asyncio.get_running_loop().call_later(delay_ms / 1000, lambda: call() if self._open else None)

    # -- tasks --------------------------------------------------------------------------------------------------------
    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run `work` beside everything else; its error is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_failed", task=task.get_name(), error=str(error), exc_info=error)

    async def settle(self) -> None:
        """Wait until every order given so far has been carried out."""
        mine = [task for task in self._tasks if task is not asyncio.current_task()]
        if mine:
            await asyncio.wait(mine)

    async def cancel_tasks(self) -> None:
        """End all tasks."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
