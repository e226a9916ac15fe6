"""Sound in calls: play tasks and record tasks of each line, tones.

A card plays one list and records one file per channel at a time. Clients' play tasks have an id and a PLAY_ENDED; what
the host plays on its own (treatment of calls whose controller is away) shows in neither.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from boardd import clock
from boardd.contract.capabilities import Tone
from boardd.contract.driver import PlayAdvanced, PlayEnded, PlayRequest, RecordEnded
from boardd.contract.errors import ArgumentError, BoarddError, UnknownIdError, WrongStateError
from boardd.contract.events import EventType
from boardd.contract.objects import PlayStatus, RecordStatus
from boardd.host.alarms import Alarms
from boardd.host.calls import Calls, LiveCall
from boardd.host.line import Line
from boardd.host.tasks import Tasks

END_LIMIT_S = 1.0
"""How long a stopped task may take to say that it has ended."""
RELEASE_LIMIT_S = 0.5
"""How long a release waits for the card to say how much it recorded."""
LOOP_GAP_S = 0.1
"""A loop whose round took less than this is begun again only after it: an empty file must not spin."""


class _Play:
    def __init__(self, live: LiveCall, request: PlayRequest, status: PlayStatus | None, began_s: float) -> None:
        self.live = live
        self.request = request
        self.status = status
        self.began_s = began_s
        self.stopping = False
        self.ended = asyncio.Event()


class _Record:
    def __init__(self, live: LiveCall, status: RecordStatus) -> None:
        self.live = live
        self.status = status
        self.ended = asyncio.Event()


class Media:
    """Play and record tasks of all lines."""

    def __init__(self, calls: Calls, alarms: Alarms, tasks: Tasks) -> None:
        self._calls = calls
        self._alarms = alarms
        self._tasks = tasks
        self._plays: dict[str, _Play] = {}
        self._records: dict[str, _Record] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        calls.on_released.append(self._released)

    # -- play ---------------------------------------------------------------------------------------------------------
    async def play(self, live: LiveCall, request: PlayRequest) -> PlayStatus:
        """Play for a client; a running task is replaced. Raises ArgumentError and what the driver raises."""
        check_files(request.files)
        status = PlayStatus(id=self._calls.mint_id(), files=list(request.files), loop=request.loop)
        await self._begin(live, request, status)
        return status

    async def play_own(self, live: LiveCall, file: str) -> None:
        """Loop `file` for the host's own purposes; empty = silence."""
        if not file:
            await self.stop_play(live)
            return
        await self._begin(live, PlayRequest(files=(file,), loop=True), None)

    def plays_own(self, live: LiveCall) -> bool:
        """Whether the host itself plays something to the call."""
        play = self._plays.get(live.line.id)
        return play is not None and play.live is live and play.status is None

    async def stop_play(self, live: LiveCall) -> None:
        """Stop what plays, if anything; its PLAY_ENDED was published when this returns."""
        async with self._turn(live.line):
            await self._stop(live.line)

    def _turn(self, line: Line) -> asyncio.Lock:
        return self._turns.setdefault(line.id, asyncio.Lock())

    async def _begin(self, live: LiveCall, request: PlayRequest, status: PlayStatus | None) -> None:
        line = live.line
        async with self._turn(line):
            await self._stop(line)
            if not live.alive:
                raise UnknownIdError(f"call {live.id} is over", call=live.id)
            play = _Play(live, request, status, asyncio.get_running_loop().time())
            self._plays[line.id] = play
            if status is not None:
                live.call.play = status
            try:
                await line.command(lambda: line.port.play(request))
            except BoarddError:
                if self._plays.get(line.id) is play:
                    self._finish_play(line, play, "failed")
                raise

    async def _stop(self, line: Line) -> None:
        play = self._plays.get(line.id)
        if play is None:
            return
        play.stopping = True
        await line.command(line.port.stop_play)
        if not await _within(play.ended, END_LIMIT_S) and self._plays.get(line.id) is play:
            line.counters["play_end_missing"] += 1
            self._finish_play(line, play, "stopped")

    def advanced(self, line: Line, event: PlayAdvanced) -> None:
        """The driver went on to another file."""
        play = self._plays.get(line.id)
        if play is not None and play.status is not None:
            play.status.position = event.index

    def play_ended(self, line: Line, event: PlayEnded) -> None:
        """The driver's play task ended; a loop is begun again."""
        play = self._plays.get(line.id)
        if play is None:
            line.counters["late_play_ended"] += 1
            return
        if event.reason == "end" and play.request.loop and not play.stopping and play.live.alive:
            took_s = asyncio.get_running_loop().time() - play.began_s
            play.live.timers.start("loop", max(0.0, LOOP_GAP_S - took_s), partial(self._again, line, play))
            return
        self._finish_play(line, play, event.reason)

    def _again(self, line: Line, play: _Play) -> None:
        self._tasks.spawn(self._replay(line, play), f"loop {line.id}")

    async def _replay(self, line: Line, play: _Play) -> None:
        if self._plays.get(line.id) is not play or play.stopping:
            return
        play.began_s = asyncio.get_running_loop().time()
        try:
            await line.command(lambda: line.port.play(play.request))
        except BoarddError:
            if self._plays.get(line.id) is play:
                self._finish_play(line, play, "failed")

    def _finish_play(self, line: Line, play: _Play, reason: str) -> None:
        del self._plays[line.id]
        play.ended.set()
        if play.status is not None:
            play.status.ended = reason
            self._calls.publish(EventType.PLAY_ENDED, play.live)

    # -- record -------------------------------------------------------------------------------------------------------
    async def record(self, live: LiveCall, path: str) -> RecordStatus:
        """Record what the call's channel hears. Raises ArgumentError, WrongStateError, and what the driver raises."""
        await check_record_path(path)
        line = live.line
        if line.id in self._records:
            raise WrongStateError(f"{line.id} is being recorded already", channel=line.id, operation="record")
        status = RecordStatus(id=self._calls.mint_id(), path=path, began=clock.instant())
        record = _Record(live, status)
        self._records[line.id] = record
        try:
            await line.command(lambda: line.port.record(path))
        except BoarddError:
            self._records.pop(line.id, None)
            raise
        live.call.records.append(status)
        return status

    async def stop_record(self, live: LiveCall, record_id: str) -> RecordStatus:
        """Stop a record task; the answer tells how much was recorded. One that has ended is simply told."""
        known = next((r for r in live.call.records if r.id == record_id), None)
        if known is None:
            raise UnknownIdError(f"call {live.id} has no record {record_id}", call=live.id, record=record_id)
        record = self._records.get(live.line.id)
        if record is not None and record.status is known:
            await live.line.command(live.line.port.stop_record)
            if not await _within(record.ended, END_LIMIT_S):
                live.line.counters["record_end_missing"] += 1
                self._finish_record(live.line, record, "stopped", None)
        return known

    def record_ended(self, line: Line, event: RecordEnded) -> None:
        """The driver's record task ended."""
        record = self._records.get(line.id)
        if record is None:
            line.counters["late_record_ended"] += 1
            return
        self._finish_record(line, record, event.reason, event.samples)

    def _finish_record(self, line: Line, record: _Record, reason: str, samples: int | None) -> None:
        if self._records.get(line.id) is record:
            del self._records[line.id]
        if record.ended.is_set():
            return
        record.ended.set()
        status = record.status
        status.ended, status.end = reason, clock.instant()
        status.samples = status.samples if samples is None else samples
        if reason == "write_failed":
            status.reason = reason
            self._alarms.set("record_failed", line.id, status.path)
        else:
            self._alarms.clear("record_failed", line.id)
        self._calls.publish(EventType.RECORD_ENDED, record.live, record=status.id)

    # -- tone and end -------------------------------------------------------------------------------------------------
    async def tone(self, live: LiveCall, tone: Tone | None) -> None:
        """Give the line a tone, or silence."""
        await live.line.command(lambda: live.line.port.tone(tone))

    def _released(self, live: LiveCall) -> None:
        live.afters.append(partial(self._settle, live))

    async def _settle(self, live: LiveCall) -> None:
        line = live.line
        play = self._plays.get(line.id)
        if play is not None and play.live is live:
            self._finish_play(line, play, "released")
        record = self._records.get(line.id)
        if record is not None and record.live is live and not await _within(record.ended, RELEASE_LIMIT_S):
            line.counters["record_end_missing"] += 1
            self._finish_record(line, record, "released", None)


def check_files(files: tuple[str, ...]) -> None:
    """Raise ArgumentError unless every file is an absolute path."""
    for file in files:
        if not Path(file).is_absolute():
            raise ArgumentError(f"{file}: must be an absolute path", argument="files", value=file)


async def check_record_path(path: str) -> None:
    """Raise ArgumentError unless `path` is absolute and its directory can be written."""
    if not Path(path).is_absolute():
        raise ArgumentError(f"{path}: must be an absolute path", argument="path", value=path)
    directory = Path(path).parent
    check: Callable[[], bool] = lambda: directory.is_dir() and os.access(directory, os.W_OK)  # noqa: E731
    if not await asyncio.get_running_loop().run_in_executor(None, check):
        raise ArgumentError(f"{directory}: no such directory, or not writable", argument="path", value=path)


async def _within(event: asyncio.Event, limit_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), limit_s)
    except TimeoutError:
        return False
    return True
