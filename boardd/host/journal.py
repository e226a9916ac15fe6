"""The journal: what must survive the death of this process about each call, until the store has it.

Three facts a call: `begin` before it is announced, `answer` with its evidence, `end`. A fact is durable when its record
is; it is sent until acknowledged; facts of a call without `end` are kept even then, so that the next start can end it.
When the disk refuses, facts wait in memory and the file is rewritten as soon as it can be.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ParamSpec, TypeVar

import msgspec
import structlog

from boardd import clock
from boardd.contract.causes import Cause
from boardd.contract.objects import Call, Fact, FactKind, Instant
from boardd.contract.states import ChannelState
from boardd.host.journalfile import Header, JournalFile, Kind, Record, scan
from boardd.host.tasks import Tasks

log = structlog.get_logger("boardd.host")

FILE_BYTES = 1 << 20
RETRY_S = 1.0
PATIENCE_S = 1.0
HOST_DIED = "host_died"
"""How a record task ended whose host did not live to see the end."""

P = ParamSpec("P")
T = TypeVar("T")
Key = tuple[str, str, str]
_Pending = tuple[Record, asyncio.Future[bool] | None]


class Journal:
    """One domain's journal. Reading the old file is done by the constructor; nothing is written before `recover`."""

    def __init__(self, path: Path, host: str, boot_id: str, tasks: Tasks, size: int = FILE_BYTES) -> None:
        self._path = path
        self._host = host
        self._header = Header(boot_id=boot_id, host=host)
        self._size = size
        self._tasks = tasks
        self._file: JournalFile | None = None
        self._failing = False
        self._recovered = False
        self._disk = asyncio.Lock()
        self._sequence = 0
        self._facts: dict[int, tuple[Fact, bytes]] = {}
        self._by_key: dict[Key, int] = {}
        self._acked: set[int] = set()
        self._settled: set[int] = set()
        self._open: dict[str, Fact] = {}
        self._pending: list[_Pending] = []
        self._writer: asyncio.Task[None] | None = None
        self._pulse: Instant | None = None
        self.on_fact: Callable[[Fact], None] = lambda _fact: None
        self.on_disk: Callable[[str], None] = lambda _trouble: None
        """Told why the disk refuses, or an empty string when it accepts again."""
        self.damaged = 0
        self.rebooted = False
        self._load()

    # -- start --------------------------------------------------------------------------------------------------------
    def _load(self) -> None:
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            log.error("journal_unreadable", path=str(self._path), error=str(error))
            return
        found = scan(data)
        self.damaged = found.damaged
        self.rebooted = found.header is not None and found.header.boot_id != self._header.boot_id
        self._pulse = found.pulse
        for record in found.records:
            self._sequence = max(self._sequence, record.sequence)
            try:
                if record.kind is Kind.ACK:
                    self._take_acks(msgspec.json.decode(record.payload, type=list[int]))
                else:
                    self._take(record, msgspec.json.decode(record.payload, type=Fact))
            except msgspec.MsgspecError:
                self.damaged += 1
        self._settled = set(self._facts)

    def _take(self, record: Record, fact: Fact) -> None:
        self._facts[record.sequence] = (fact, record.payload)
        self._by_key[fact.key()] = record.sequence
        if fact.fact is FactKind.END:
            self._open.pop(fact.call_id, None)
            self._forget_acked(fact.call_id)
        elif fact.fact is FactKind.BEGIN or fact.call_id in self._open:
            self._open[fact.call_id] = fact

    def _take_acks(self, sequences: Iterable[int]) -> None:
        for sequence in sequences:
            entry = self._facts.get(sequence)
            if entry is None:
                continue
            self._acked.add(sequence)
            if entry[0].call_id not in self._open:
                self._drop(sequence)

    def _forget_acked(self, call_id: str) -> None:
        for kind in FactKind:
            sequence = self._by_key.get((self._host, call_id, str(kind)))
            if sequence in self._acked and sequence is not None:
                self._drop(sequence)

    def _drop(self, sequence: int) -> None:
        fact, _payload = self._facts.pop(sequence)
        self._by_key.pop(fact.key(), None)
        self._acked.discard(sequence)
        self._settled.discard(sequence)

    @property
    def open_calls(self) -> list[Call]:
        """Calls that have begun and not ended, as last journalled."""
        return [fact.call for fact in self._open.values()]

    async def recover(self, line_free: Instant | None) -> list[Call]:
        """End what a previous process left open, and begin a fresh file under this boot; the calls ended.

        `line_free` is when the library had forced all lines on-hook, None when it could not be started. Done once.
        """
        if self._recovered:
            return []
        self._recovered = True
        ended = []
        for last in list(self._open.values()):
            call = self._ended_call(last, line_free)
            self._enter(Fact(host=self._host, call_id=call.id, fact=FactKind.END, at=clock.instant(), call=call), None)
            ended.append(call)
        self._pending.clear()
        try:
            async with self._disk:
                await self._rewrite()
        except OSError as error:
            self._fail(error)
        self._settle(list(self._facts))
        return ended

    def _ended_call(self, last: Fact, line_free: Instant | None) -> Call:
        at = last.at
        if self._pulse is not None and self._pulse.mono_ms > at.mono_ms:
            at = self._pulse
        call: Call = msgspec.convert(msgspec.to_builtins(last.call), Call)
        call.released, call.line_free = at, line_free
        call.state, call.cause, call.cause_origin = ChannelState.RELEASING, Cause.TEMPORARY_FAILURE, "host"
        call.interrupted = self.rebooted
        for record in call.records:
            if not record.ended:
                record.ended, record.end = HOST_DIED, at
        return call

    # -- facts --------------------------------------------------------------------------------------------------------
    async def append(self, kind: FactKind, call: Call) -> bool:
        """Journal a fact; True when it is on the disk, False when it has to wait in memory (it is not lost: see above).

        Returns within PATIENCE_S, whatever the disk does. The same fact twice is written once.
        """
        key = (self._host, call.id, str(kind))
        if key in self._by_key:
            return True
        fact = Fact(host=self._host, call_id=call.id, fact=kind, at=clock.instant(), call=call)
        if self._failing:
            self._enter(fact, None)
            self._settle([self._sequence])
            return False
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._enter(fact, done)
        self._wake()
        await asyncio.wait([done], timeout=PATIENCE_S)
        return done.done() and done.result()

    def _enter(self, fact: Fact, done: asyncio.Future[bool] | None) -> None:
        self._sequence += 1
        payload = msgspec.json.encode(fact)
        record = Record(self._sequence, Kind.FACT, payload)
        self._take(record, msgspec.json.decode(payload, type=Fact))
        if not self._failing:
            self._pending.append((record, done))

    def acknowledge(self, keys: Iterable[Key]) -> None:
        """The store has these facts; unknown ones are ignored."""
        sequences = [s for key in keys if (s := self._by_key.get(key)) is not None and s not in self._acked]
        if not sequences:
            return
        self._take_acks(sequences)
        self._sequence += 1
        if not self._failing:
            self._pending.append((Record(self._sequence, Kind.ACK, msgspec.json.encode(sequences)), None))
            self._wake()

    def unacknowledged(self) -> list[Fact]:
        """Facts that the store does not have yet, in the order in which they came about."""
        return [f for s, (f, _) in sorted(self._facts.items()) if s in self._settled and s not in self._acked]

    # -- writing ------------------------------------------------------------------------------------------------------
    def _wake(self) -> None:
        if self._writer is None and not self._failing:
            self._writer = self._tasks.spawn(self._write(), "journal-write")

    async def _write(self) -> None:
        try:
            while self._pending:
                batch, self._pending = self._pending, []
                await self._write_batch(batch)
        finally:
            self._writer = None

    async def _write_batch(self, batch: list[_Pending]) -> None:
        data = b"".join(record.encode() for record, _ in batch)
        must_sync = any(record.kind is Kind.FACT for record, _ in batch)
        try:
            async with self._disk:
                if self._file is None or self._failing or not self._file.fits(data):
                    await self._rewrite()
                else:
                    await _in_thread(self._file.append, data, must_sync)
        except OSError as error:
            self._fail(error)
        for _record, done in batch:
            if done is not None and not done.done():
                done.set_result(not self._failing)
        self._settle([record.sequence for record, _ in batch if record.kind is Kind.FACT])

    async def _rewrite(self) -> None:
        """A fresh file with what is still needed, in the place of the old one."""
        records = [Record(s, Kind.FACT, payload) for s, (_, payload) in sorted(self._facts.items())]
        if self._acked:
            self._sequence += 1
            records.append(Record(self._sequence, Kind.ACK, msgspec.json.encode(sorted(self._acked))))
        old = self._file
        self._file = await _in_thread(JournalFile.replace, self._path, self._header, records, self._size)
        if old is not None:
            old.close()
        if self._failing:
            self._failing = False
            log.info("journal_writes_again", path=str(self._path))
            self.on_disk("")

    def _fail(self, error: OSError) -> None:
        if not self._failing:
            self._failing = True
            log.error("journal_refused", path=str(self._path), error=str(error))
            self.on_disk(error.strerror or str(error))
        asyncio.get_running_loop().call_later(RETRY_S, self._retry)

    def _retry(self) -> None:
        if self._failing and self._writer is None:
            self._writer = self._tasks.spawn(self._write_all_again(), "journal-retry")

    async def _write_all_again(self) -> None:
        try:
            batch, self._pending = self._pending, []
            await self._write_batch(batch)
        finally:
            self._writer = None
        if self._pending:
            self._wake()

    def _settle(self, sequences: Iterable[int]) -> None:
        for sequence in sequences:
            if sequence in self._facts:
                self._settled.add(sequence)
                if sequence not in self._acked:
                    self.on_fact(self._facts[sequence][0])

    async def pulse(self) -> None:
        """Note that the process lives, while calls are open; call it every second."""
        if not self._open or self._failing:
            return
        async with self._disk:
            if self._file is None:
                return
            try:
                await _in_thread(self._file.write_pulse, clock.instant())
            except OSError as error:
                log.warning("journal_pulse_refused", error=str(error))

    async def close(self, limit_s: float = PATIENCE_S) -> None:
        """Write what is pending, at most for `limit_s`."""
        writer = self._writer
        if writer is not None:
            await asyncio.wait([writer], timeout=limit_s)
        if self._file is not None and self._writer is None and not self._disk.locked():
            self._file.close()
            self._file = None


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(None, lambda: work(*args, **kwargs))
