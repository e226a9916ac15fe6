"""The store as the scheduler sees it: asynchronous, one writer thread, never in the way of a call.

Changes are collected and written in one transaction per turn of the writer. `save` returns once they are on the disk,
or as soon as a write has failed: then calls go on, the newest version of everything waits in memory, an alarm stands,
and the writer tries again for ever. Facts are reported as stored only after their transaction was committed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError

from boardd.contract.objects import Fact
from boardd.scheduler.records.database import AgentEvent, Batch, ContactRow, Database
from boardd.scheduler.records.record import Record

T = TypeVar("T")
log = structlog.get_logger()

FIRST_RETRY_S = 0.05
LAST_RETRY_S = 1.0


class Store:
    """See the module text. `on_stored(keys)` is called with the facts of every committed transaction."""

    def __init__(self, path: Path, on_stored: Callable[[list[tuple[str, str, str]]], None], max_pages: int = 0) -> None:
        self._path = path
        self._on_stored = on_stored
        self._max_pages = max_pages
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="store")
        self._database: Database | None = None
        self._pending = Batch()
        self._waiters: list[asyncio.Future[bool]] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.failure = ""
        """Why the last write failed; empty while writing works."""

    # -- life ---------------------------------------------------------------------------------------------------------
    async def open(self) -> None:
        """Open the file, trying for ever while the disk refuses. Raises ConfigurationError for a newer schema."""
        delay_s = FIRST_RETRY_S
        while self._database is None:
            try:
                self._database = await self._run(lambda: Database(self._path, self._max_pages))
            except (SQLAlchemyError, OSError) as error:
                self._failed(error)
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, LAST_RETRY_S)
        self._succeeded()
        self._task = asyncio.get_running_loop().create_task(self._write_for_ever(), name="store writer")

    async def close(self) -> None:
        """Write what is pending, if that works at once, and close the file."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._database is not None:
            if self._pending:
                await self._write_once()
            await self._run(self._database.close)
        self._release_waiters(False)
        self._executor.shutdown(wait=True)

    # -- writing ------------------------------------------------------------------------------------------------------
    def put_contact(self, row: ContactRow) -> None:
        """Store a contact's newest version with the next transaction."""
        self._pending.contacts[row.id] = row
        self._wake.set()

    def put_agent(self, agent: str, body: bytes, event: AgentEvent | None) -> None:
        """Store an agent's newest state and the change that led to it with the next transaction."""
        self._pending.agents[agent] = body
        if event is not None:
            self._pending.events.append(event)
        self._wake.set()

    def put_record(self, record: Record) -> None:
        """Store a record with the next transaction, unless the contact has one."""
        self._pending.records[record.id] = record
        self._wake.set()

    def put_fact(self, fact: Fact) -> None:
        """Store a fact with the next transaction."""
        self._pending.facts[fact.key()] = fact
        self._wake.set()

    async def save(self) -> bool:
        """Wait until everything put so far is on the disk. False: the disk refuses, go on without.

        While writing fails nobody waits: the next success takes everything.
        """
        if self.failure:
            return False
        if not self._pending and self._task is not None and not self._wake.is_set():
            return True
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._wake.set()
        return await waiter

    async def read(self, job: Callable[[Database], T]) -> T:
        """Run `job` on the writer's thread. Raises SQLAlchemyError."""
        database = self._database
        if database is None:
            raise RuntimeError("the store is not open")
        return await self._run(lambda: job(database))

    async def _write_for_ever(self) -> None:
        delay_s = FIRST_RETRY_S
        while True:
            await self._wake.wait()
            self._wake.clear()
            if await self._write_once():
                delay_s = FIRST_RETRY_S
            else:
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, LAST_RETRY_S)
                self._wake.set()

    async def _write_once(self) -> bool:
        batch, self._pending = self._pending, Batch()
        waiters, self._waiters = self._waiters, []
        done = False
        try:
            if batch:
                await self.read(lambda database: database.write(batch))
            done = True
        except SQLAlchemyError as error:
            self._failed(error)
        finally:
            if not done:
                self._put_back(batch)
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_result(done)
        if done:
            self._succeeded()
            if batch.facts:
                self._on_stored(list(batch.facts))
        return done

    def _put_back(self, batch: Batch) -> None:
        newer = self._pending
        self._pending = Batch(
            contacts={**batch.contacts, **newer.contacts},
            agents={**batch.agents, **newer.agents},
            records={**newer.records, **batch.records},
            events=[*batch.events, *newer.events],
            facts={**batch.facts, **newer.facts},
        )

    def _release_waiters(self, done: bool) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(done)
        self._waiters.clear()

    async def _run(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, job)

    def _failed(self, error: Exception) -> None:
        text = str(getattr(error, "orig", None) or error)
        if text != self.failure:
            log.error("store_write_failed", path=str(self._path), error=text)
        self.failure = text

    def _succeeded(self) -> None:
        if self.failure:
            log.info("store_writes_again", path=str(self._path))
        self.failure = ""
