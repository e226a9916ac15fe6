"""Stays connected to a server's socket: dials, greets, dials again after 50 ms doubling to 1 s, for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import structlog

from boardd.api.connection import TRUSTED, Connection, DisconnectedError, Handler, Limits, open_connection
from boardd.contract.errors import BoarddError

log = structlog.get_logger()

FIRST_RETRY_S = 0.05
LAST_RETRY_S = 1.0
GREET_TIMEOUT_S = 10.0


class Remote:
    """One server. `greet(connection)` introduces us on every new connection; only then is the connection used.

    With `once`, the first failure and the first lost connection end it.
    """

    def __init__(
        self,
        path: Path,
        handler: Handler,
        greet: Callable[[Connection], Awaitable[None]],
        *,
        limits: Limits = TRUSTED,
        once: bool = False,
    ) -> None:
        self.path = path
        self.current: Connection | None = None
        """The greeted connection, None while there is none."""
        self.failure: BoarddError | None = None
        """Why the last attempt failed; None while connected."""
        self._handler, self._greet, self._limits, self._once = handler, greet, limits, once
        self._changed = asyncio.Condition()
        self._dialled: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._finished = False

    def start(self) -> None:
        """Begin to dial."""
        self._task = asyncio.get_running_loop().create_task(self._stay(), name=f"remote {self.path.name}")

    async def stop(self) -> None:
        """Hang up and dial no more."""
        self._finished = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._dialled is not None:
            await self._dialled.wait_closed()
        await self._tell()

    async def connection(self) -> Connection:
        """The greeted connection, as soon as there is one.

        Raises the failure when no further attempt will be made.
        """
        async with self._changed:
            await self._changed.wait_for(lambda: self._usable() is not None or self._finished)
        connection = self._usable()
        if connection is None:
            raise self.failure or DisconnectedError(f"{self.path}: closed", path=str(self.path))
        return connection

    def _usable(self) -> Connection | None:
        return self.current if self.current is not None and self.current.open else None

    async def _stay(self) -> None:
        delay_s = FIRST_RETRY_S
        while True:
            if await self._connect_once():
                delay_s = FIRST_RETRY_S
            if self._once:
                self._finished = True
                await self._tell()
                return
            await asyncio.sleep(delay_s)
            delay_s = min(2 * delay_s, LAST_RETRY_S)

    async def _connect_once(self) -> bool:
        """One connection from dialling to its end. Whether it was greeted."""
        connection: Connection | None = None
        greeted = False
        try:
            connection = await open_connection(str(self.path), self._handler, self._limits)
            self._dialled = connection
            async with asyncio.timeout(GREET_TIMEOUT_S):
                await self._greet(connection)
            greeted = True
            self.current, self.failure = connection, None
            await self._tell()
            await connection.wait_closed()
            self.failure = DisconnectedError(f"{self.path}: the connection ended", path=str(self.path))
        except BoarddError as error:
            self.failure = error
        except TimeoutError:
            self.failure = DisconnectedError(f"{self.path}: no answer to the greeting", path=str(self.path))
        finally:
            self.current = None
            if connection is not None:
                connection.close()
        log.info("remote_lost", socket=self.path.name, greeted=greeted, code=_code(self.failure))
        await self._tell()
        return greeted

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _code(error: BoarddError | None) -> str:
    return error.code if error is not None else ""


class NoNotifications:
    """A handler for clients that are only answered."""

    def opened(self, connection: Connection) -> None:
        """See connection.Handler."""

    def closed(self, connection: Connection) -> None:
        """See connection.Handler."""

    def request(self, connection: Connection, method: str, params: Any) -> Any:
        """See connection.Handler; nobody may ask us."""
        raise DisconnectedError(f"this side answers no requests ({method})")

    def notification(self, connection: Connection, method: str, params: Any) -> None:
        """See connection.Handler."""
