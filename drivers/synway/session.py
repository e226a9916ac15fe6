"""What all ports of a started library share: the door with checked calls, quirks, tasks, and the sink behind its gate.

Runs on the event loop. Events are handed on only between `open_gate` and `close_gate` (contract: none before `started`,
none after `stopped`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, ParamSpec, TypeVar

import structlog

from boardd.contract.driver import DriverEvent, EventSink, Trouble
from boardd.contract.errors import BoarddError, DeviceError
from boardd.native.door import DeadlineClass, Door
from drivers.synway._native import Native, SynwayLib, name_of
from drivers.synway.quirks import Quirks

P = ParamSpec("P")
T = TypeVar("T")
log = structlog.get_logger("drivers.synway")
DOMAIN = "synway"
"""The subject of alarms about the library as a whole."""
NOT_OPEN = 6
"""SsmGetLastErrCode: the operation is not opened (section 5)."""


class Session:
    """See the module text. `native` is set once the library is loaded."""

    def __init__(self, door: Door, quirks: Quirks, sink: EventSink) -> None:
        self.door = door
        self.quirks = quirks
        self._sink = sink
        self._open = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._refused: set[str] = set()
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

    @property
    def loaded(self) -> bool:
        """Whether the library is loaded."""
        return self._native is not None

    @property
    def lib(self) -> SynwayLib:
        """The library's functions."""
        return self.native.lib

    # -- events -------------------------------------------------------------------------------------------------------
    def emit(self, event: DriverEvent) -> None:
        """Hand an event to the host, unless the driver has not started or has stopped."""
        if self._open:
            self._sink(event)

    def open_gate(self) -> None:
        """From now on events reach the host."""
        self._open = True

    def close_gate(self) -> None:
        """From now on nothing reaches the host."""
        self._open = False

    # -- calls --------------------------------------------------------------------------------------------------------
    async def run(self, name: str, work: Callable[[], T], deadline: DeadlineClass = DeadlineClass.COMMAND) -> T:
        """Several calls in one go on the door thread."""
        return await self.door.call(name, work, deadline=deadline)

    async def command(self, channel: str, function: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> None:
        """A function that answers 0 when it accepted. Raises DeviceError, DeadlineError with the channel."""
        await self._checked(channel, DeadlineClass.COMMAND, self.native.command, function, args)

    async def file_command(self, channel: str, function: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> None:
        """The same for functions that open files."""
        await self._checked(channel, DeadlineClass.FILE, self.native.command, function, args)

    async def query(self, channel: str, function: Callable[P, int], *args: P.args, **kwargs: P.kwargs) -> int:
        """A function that answers a value >= 0. Raises DeviceError, DeadlineError with the channel."""
        result: int = await self._checked(channel, DeadlineClass.COMMAND, self.native.query, function, args)
        return result

    async def ask(
        self, channel: str, function: Callable[P, int], default: int, *args: P.args, **kwargs: P.kwargs
    ) -> int:
        """A value >= 0, or `default` when the library refuses to tell. Raises DeadlineError."""
        try:
            return await self.query(channel, function, *args, **kwargs)
        except DeviceError:
            return default

    async def text(self, channel: str, function: Callable[[int, Any], int], ch: int) -> str:
        """A text of the channel, empty when there is none."""
        try:
            return await self.door.call(name_of(function), partial(self.native.text, function), ch)
        except BoarddError as error:
            error.data.setdefault("channel", channel)
            raise

    async def _checked(
        self,
        channel: str,
        deadline: DeadlineClass,
        check: Callable[..., Any],
        function: Callable[..., Any],
        args: tuple[Any, ...],
    ) -> Any:
        name = name_of(function)
        try:
            result = await self.door.call(name, partial(check, function), *args, deadline=deadline)
        except BoarddError as error:
            if channel:
                error.data.setdefault("channel", channel)
            if error.data.get("vendor_code") == NOT_OPEN:
                self._not_open(name, error.message)
            raise
        if name in self._refused:
            self._open_again()
        return result

    # -- licence ------------------------------------------------------------------------------------------------------
    def _not_open(self, name: str, text: str) -> None:
        """The card refuses an operation as not opened: licence, dongle or configuration, a technician's business."""
        if not self._refused:
            self.emit(Trouble(DOMAIN, "licence", True, text))
        self._refused.add(name)

    def _open_again(self) -> None:
        """One that was refused works. The others may not be wanted for days; refused again, they are told again."""
        self._refused.clear()
        self.emit(Trouble(DOMAIN, "licence", False))

    # -- tasks --------------------------------------------------------------------------------------------------------
    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run `work` beside everything else; its error is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("task_failed", task=task.get_name(), error=str(error))

    async def cancel_tasks(self) -> None:
        """End all tasks."""
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
