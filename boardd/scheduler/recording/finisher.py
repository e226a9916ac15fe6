"""The finishing step: after a contact has been closed its raw legs become one stereo file.

It can be killed at any moment and is simply done again: the file appears complete or not at all, the record is changed
when it is there, and the raw legs are removed last. One contact at a time, in a thread of its own; a full disk only
makes it wait.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import msgspec
import structlog
from sqlalchemy.exc import SQLAlchemyError

from boardd import clock
from boardd.contract.objects import Call, RecordStatus
from boardd.media.stereo import sync_folder, write_stereo
from boardd.scheduler.contacts.model import Contact, Track
from boardd.scheduler.recording.timeline import RawLeg, Timeline, lay_out
from boardd.scheduler.records.database import Database
from boardd.scheduler.records.record import Record, RecordingState
from boardd.scheduler.records.store import Store

log = structlog.get_logger()

FIRST_RETRY_S = 1.0
LAST_RETRY_S = 60.0
HOST_DIED = "host_died"
"""Why a record task ended whose host was killed: its end is a guess, its file tells how far it got."""
FACTS_LIMIT_S = 30.0
"""How long after a contact's end its journal entries are waited for: they have the final count of samples."""


class Finisher:
    """See the module text. `alarm` is not empty while finishing fails."""

    def __init__(self, store: Store, recordings_dir: Path, raw_dir: Path, settle_s: float) -> None:
        self._store = store
        self._recordings_dir = recordings_dir
        self._raw_dir = raw_dir
        self._settle_s = settle_s
        self._queue: asyncio.Queue[tuple[str, int]] = asyncio.Queue()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="finisher")
        self._task: asyncio.Task[None] | None = None
        self.alarm = ""

    async def start(self) -> None:
        """Take up what an earlier process left, then work."""
        for record_id in await self._store.read(lambda database: database.unfinished_records()):
            self._queue.put_nowait((record_id, clock.mono_ms()))
        await self._remove_finished()
        self._task = asyncio.get_running_loop().create_task(self._work(), name="finisher")

    async def _remove_finished(self) -> None:
        """Raw legs that an earlier process had finished, but had no time to remove."""
        run = asyncio.get_running_loop().run_in_executor
        try:
            for path in await run(self._executor, _raw_files, self._raw_dir):
                record_id = path.name.partition("-")[0]
                record = await self._store.read(partial(_record, record_id))
                if record is not None and record.recording_state is RecordingState.DONE:
                    await run(self._executor, remove_raw, [path])
        except (OSError, SQLAlchemyError) as error:
            log.warning("raw_legs_not_removed", folder=str(self._raw_dir), error=str(error))

    async def close(self) -> None:
        """Stop after the file in hand."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._executor.shutdown(wait=True)

    def add(self, record: Record) -> None:
        """A record has been put into the store; finish its recording if it has one."""
        if record.recording_state is RecordingState.PENDING:
            self._queue.put_nowait((record.id, clock.mono_ms()))

    async def _work(self) -> None:
        delay_s = FIRST_RETRY_S
        while True:
            record_id, since_ms = await self._queue.get()
            wait_s = self._settle_s - (clock.mono_ms() - since_ms) / 1000
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            try:
                if not await self._finish(record_id, since_ms):
                    self._queue.put_nowait((record_id, since_ms))
                    await asyncio.sleep(FIRST_RETRY_S)
                    continue
                delay_s, self.alarm = FIRST_RETRY_S, ""
            except (OSError, SQLAlchemyError) as error:
                if not self.alarm:
                    log.error("finishing_failed", record=record_id, error=str(error))
                self.alarm = str(error)
                self._queue.put_nowait((record_id, since_ms))
                await asyncio.sleep(delay_s)
                delay_s = min(2 * delay_s, LAST_RETRY_S)
            except Exception as error:
                log.exception("finishing_gave_up", record=record_id)
                self.alarm = f"{record_id}: {type(error).__name__}: {error}"

    async def _finish(self, record_id: str, since_ms: int) -> bool:
        """Finish one recording. False: its journal entries are still to come."""
        record = await self._store.read(lambda database: database.record(record_id))
        body = await self._store.read(lambda database: database.contact(record_id))
        if record is None or body is None:
            return record is not None or clock.mono_ms() - since_ms > FACTS_LIMIT_S * 1000
        if record.recording_state is not RecordingState.PENDING:
            return True
        contact = msgspec.json.decode(body, type=Contact)
        calls = [leg.call for leg in contact.legs if leg.call]
        facts = await self._store.read(lambda database: database.end_facts(calls))
        if len(facts) < len(calls) and clock.mono_ms() - since_ms < FACTS_LIMIT_S * 1000:
            return False
        ends = {leg.call: leg.last for leg in contact.legs if leg.last is not None}
        ends |= {call_id: fact.call for call_id, fact in facts.items()}
        target = self._recordings_dir / record.recording
        run = asyncio.get_running_loop().run_in_executor
        timeline, raw = await run(self._executor, make_file, contact, ends, target)
        found = bool(timeline.left or timeline.right)
        changes = {
            "recording_state": RecordingState.DONE if found else RecordingState.LOST,
            "recording": record.recording if found else "",
            "recording_began": timeline.began if found else None,
            "coverage": timeline.coverage,
            "gaps": timeline.gaps,
        }
        await self._store.read(lambda database: database.finish_recording(record_id, changes))
        await run(self._executor, remove_raw, raw)
        log.info("recording", contact=record_id, coverage=timeline.coverage, gaps=len(timeline.gaps))
        return True


def bridged(contact: Contact) -> list[tuple[int, int]]:
    """The intervals in which legs that were to be recorded were bridged, on the monotonic clock."""
    return [
        (talk.began.mono_ms, talk.ended.mono_ms)
        for talk in contact.talks
        if talk.began is not None and talk.ended is not None and talk.tracks
    ]


def make_file(contact: Contact, ends: dict[str, Call], target: Path) -> tuple[Timeline, list[Path]]:
    """Write the stereo file of a contact if any leg has sound. Returns what it holds and the raw files. OSError."""
    legs: list[RawLeg] = []
    raw: list[Path] = []
    for talk in contact.talks:
        for track in talk.tracks:
            path = Path(track.path)
            raw.append(path)
            call = ends.get(track.call)
            status = next((r for r in call.records if r.path == track.path), None) if call is not None else None
            leg = _raw_leg(track, path, status)
            if leg is not None:
                legs.append(leg)
    timeline = lay_out(legs, bridged(contact))
    if timeline.left or timeline.right:
        write_stereo(target, timeline.left, timeline.right, timeline.samples)
    return timeline, raw


def _raw_leg(track: Track, path: Path, status: RecordStatus | None) -> RawLeg | None:
    try:
        samples = path.stat().st_size
    except FileNotFoundError:
        return None
    began = status.began if status is not None else track.began
    if samples == 0 or began is None:
        return None
    end = status.end if status is not None and status.ended != HOST_DIED else None
    return RawLeg(track.side, path, began, end.mono_ms if end is not None else None, samples)


def _record(record_id: str, database: Database) -> Record | None:
    return database.record(record_id)


def _raw_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.alaw"))


def remove_raw(paths: list[Path]) -> None:
    """Remove raw legs whose stereo file and record are safe."""
    for path in paths:
        path.unlink(missing_ok=True)
    for folder in {path.parent for path in paths}:
        if folder.is_dir():
            sync_folder(folder)
