"""One conversation with the scheduler: greet, ask, leave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from boardd.api.board_schema import HelloParams, HelloResult, Nothing
from boardd.api.connection import Connection, DisconnectedError
from boardd.api.remote import NoNotifications, Remote
from boardd.api.scheduler_schema import AgentInfo, ContactInfo, QueueInfo, SchedulerStatus
from boardd.cli.session import TIMEOUT_S, WAIT_S, Session
from boardd.contract.objects import Wire

T = TypeVar("T")


class Scheduler:
    """The scheduler's socket, while `connected` lasts."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def ask(self, method: str, params: Wire, kind: type[T]) -> T:
        """One request. Raises what the scheduler answers, DisconnectedError, DeadlineError."""
        return await self._connection.request(method, params, kind, timeout_s=TIMEOUT_S)

    async def status(self) -> SchedulerStatus:
        """How it is."""
        return await self.ask("status", Nothing(), SchedulerStatus)

    async def agents(self) -> list[AgentInfo]:
        """All agents."""
        return await self.ask("agents", Nothing(), list[AgentInfo])

    async def contacts(self) -> list[ContactInfo]:
        """Open contacts."""
        return await self.ask("contacts", Nothing(), list[ContactInfo])

    async def queues(self) -> list[QueueInfo]:
        """All queues."""
        return await self.ask("queues", Nothing(), list[QueueInfo])


@asynccontextmanager
async def connected(session: Session) -> AsyncIterator[Scheduler]:
    """A conversation with the scheduler. Raises DisconnectedError when it is not there."""
    path = session.runtime_dir / "scheduler.sock"
    remote = Remote(path, NoNotifications(), _greet, once=True)
    remote.start()
    try:
        async with asyncio.timeout(WAIT_S):
            connection = await remote.connection()
        yield Scheduler(connection)
    except TimeoutError:
        raise remote.failure or DisconnectedError(f"{path}: no answer", path=str(path)) from None
    finally:
        await remote.stop()


def ask_scheduler(session: Session, question: Callable[[Scheduler], Coroutine[Any, Any, T]]) -> T:
    """Run one conversation; typed errors end the command with their exit code."""

    async def conversation() -> T:
        async with connected(session) as scheduler:
            return await question(scheduler)

    return session.run(conversation)


async def _greet(connection: Connection) -> None:
    await connection.request("hello", HelloParams(client="boardctl"), HelloResult)
