"""Recording a channel to a file (fact sheet section 12.2). Memory recording is in `memory`."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.core.engine import StaleIdError
from hwsim.core.events import Event as EngineEvent
from hwsim.core.events import Format, Kind, Reason, What
from hwsim.kernel.sim import Timer
from hwsim.vendorlibs.synway.codes import UNLIMITED, ErrorCode, Event, RecordEnd
from hwsim.vendorlibs.synway.enginehelp import samples_of, stop_quietly
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.wav import WavError, bytes_per_sample, header, read_header

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.channel import Channel
LIVE_RING = 16000
LIVE_PIECE = 800
"""Samples: ring and interval of the live data of SsmRecToFileA and B."""


@dataclass
class RecordTask:
    """The running recording. `fd` is -1 when it goes to memory; `wav` files get their header rewritten at the end."""

    codec: int
    recorder: int
    fd: int = -1
    wav: bool = False
    old_bytes: int = 0
    paused: bool = False
    next_step: int = 0
    ended_samples: int = 0
    live: int = 0
    on_live: Callable[[bytes], None] | None = None
    on_data: Callable[[int, bool], None] | None = None
    on_end: Callable[[RecordEnd], None] | None = None


@dataclass
class Recorder:
    """The channel's recorder and its settings."""

    channel: Channel
    last: RecordEnd = RecordEnd.APPLICATION
    task: RecordTask | None = None
    mixer: bool = False
    dtmf_stop_set: frozenset[str] = frozenset()
    hangup_stop: bool = False
    truncate_ms: int = 0
    recorded_bytes: int = 0
    _progress: Timer | None = None
    _ending: Timer | None = None

    @property
    def active(self) -> bool:
        """Whether a task runs (or is paused)."""
        return self.task is not None

    def what(self) -> What:
        """What a new recording takes: what the channel hears, or both directions mixed (SsmSetRecMixer)."""
        return What.BOTH if self.mixer else What.IN

    # -- starting and stopping ----------------------------------------------------------------------------------------
    def to_file(self, fd: int, codec: int, wav: bool, start: int, limits: tuple[int, int]) -> None:
        """SsmRecToFile into an open file from byte `start` of its sound; `limits` are bytes and ms (UNLIMITED = none).

        The descriptor is taken over in every case. Raises Refusal when the channel records already or the file's format
        does not match.
        """
        try:
            self.refuse_if_active()
            limit_samples = _limit_samples(codec, *limits)
            if limit_samples == 0:
                raise Refusal(ErrorCode.INVALID_PARAMETER, "record length is 0")
            base, old = _place(fd, codec, wav, start)
            if wav:
                os.pwrite(fd, header(codec, old), 0)
        except OSError as error:
            os.close(fd)
            raise Refusal(ErrorCode.FILE, f"can not write record file: {error.strerror}") from error
        except Refusal:
            os.close(fd)
            raise
        recorder = self.channel.sim.engine.record_fd(
            self.channel.leg,
            fd,
            Format(codec),
            self.what(),
            max_samples=limit_samples,
            offset_bytes=base + old,
        )
        self.begin(RecordTask(codec, recorder, fd, wav, old))

    def refuse_if_active(self) -> None:
        """Raise Refusal when a recording runs."""
        if self.task:
            raise Refusal(ErrorCode.FAILED, f"channel {self.channel.number} is recording, stop it first")

    def begin(self, task: RecordTask) -> None:
        """Take a recording that the engine has started."""
        self.task = task
        self.last = RecordEnd.RECORDING
        self.recorded_bytes = 0
        setting = self.channel.driver.hub.progress_of(Event.E_PROC_RECORD_FILE, self.channel.number)
        if setting and task.fd >= 0:
            self._progress = self.channel.driver.at_service(self._report, setting.condition, setting.step)

    def tap(self, listener: Callable[[bytes], None]) -> None:
        """Hand the sound of the running recording to `listener` as it comes (SsmRecToFileA and B)."""
        task = self.task
        if task:
            task.on_live = listener
            task.live = self.channel.sim.engine.record_mem(
                self.channel.leg, LIVE_RING, Format(task.codec), self.what(), notify_samples=LIVE_PIECE
            )

    def stop(self, reason: RecordEnd = RecordEnd.APPLICATION) -> bool:
        """End with a reason and E_PROC_RecordEnd; False when nothing records."""
        if not self.task:
            return False
        task = self._take()
        self.last = reason
        self.channel.post(Event.E_PROC_RECORD_END, int(reason))
        if task and task.on_end:
            task.on_end(reason)
        return True

    def drop(self) -> None:
        """End without telling anybody. A WAV header stays as it was written at the start: the file is unfinished."""
        if self.task:
            self._take(finish=False)

    def _take(self, finish: bool = True) -> RecordTask | None:
        task = self.task
        if not task:
            return None
        self.recorded_bytes = self.bytes_recorded()
        self.task = None
        for timer in (self._progress, self._ending):
            if timer:
                timer.cancel()
        if finish:
            self._last_data(task)
        stop_quietly(self.channel.sim.engine, task.live)
        stop_quietly(self.channel.sim.engine, task.recorder)
        if task.fd >= 0:
            if finish:
                self._finish_file(task)
            os.close(task.fd)
        return task

    def _last_data(self, task: RecordTask) -> None:
        with suppress(StaleIdError):
            if task.on_data:
                task.on_data(task.recorder, True)
            if task.on_live and (rest := self.channel.sim.engine.rec_read(task.live)):
                task.on_live(rest)

    def _finish_file(self, task: RecordTask) -> None:
        cut = min(self.recorded_bytes, self.truncate_ms * 8 * bytes_per_sample(task.codec))
        try:
            if cut:
                os.ftruncate(task.fd, os.fstat(task.fd).st_size - cut)
            if task.wav:
                length = len(header(task.codec, 0))
                data = max(0, min(task.old_bytes + self.recorded_bytes - cut, os.fstat(task.fd).st_size - length))
                os.pwrite(task.fd, header(task.codec, data), 0)
        except OSError as error:
            self.channel.sim.truth.note("record_unfinished", channel=self.channel.number, error=error.strerror)

    def pause(self, paused: bool) -> bool:
        """SsmPauseRecToFile and SsmRestartRecToFile; False when that changes nothing."""
        if not self.task or self.task.paused == paused:
            return False
        self.task.paused = paused
        if samples_of(self.channel.sim.engine, self.task.recorder) is not None:
            self.channel.sim.engine.pause(self.task.recorder, paused)
        self.last = RecordEnd.PAUSED if paused else RecordEnd.RECORDING
        return True

    # -- position -----------------------------------------------------------------------------------------------------
    def bytes_recorded(self) -> int:
        """Bytes of the present or last task."""
        if not self.task:
            return self.recorded_bytes
        return self._samples(self.task) * bytes_per_sample(self.task.codec)

    def _samples(self, task: RecordTask) -> int:
        samples = samples_of(self.channel.sim.engine, task.recorder)
        return task.ended_samples if samples is None else samples

    def ms_recorded(self) -> int:
        """Milliseconds of the present task, 0 without one."""
        return self._samples(self.task) // 8 if self.task else 0

    # -- interruptions ------------------------------------------------------------------------------------------------
    def on_digit(self, digit: str) -> None:
        """A digit was heard."""
        if self.task and digit in self.dtmf_stop_set:
            self.stop(RecordEnd.DTMF)

    def on_remote_hangup(self) -> None:
        """The far end has hung up."""
        if self.task and self.hangup_stop:
            self.stop(RecordEnd.REMOTE_HANGUP)

    def on_engine(self, event: EngineEvent) -> None:
        """The recorder has data for a live tap, or ended by itself."""
        if not self.task:
            return
        if event.id == self.task.live and event.kind == Kind.REC_DATA and self.task.on_live:
            self.task.on_live(self.channel.sim.engine.rec_read(event.id))
        if event.id != self.task.recorder:
            return
        if event.kind == Kind.REC_DATA and self.task.on_data:
            self.task.on_data(event.id, False)
        elif event.kind == Kind.REC_END and event.a != Reason.STOPPED:
            self.task.ended_samples = event.b
            reason = RecordEnd.WRITE_FAILURE if event.a < 0 else RecordEnd.LIMIT
            self._ending = self.channel.driver.at_service(self._ended, reason)

    def _ended(self, reason: RecordEnd) -> None:
        self.stop(reason)

    def _report(self, condition: int, step: int) -> None:
        task = self.task
        if not task:
            return
        value = self.ms_recorded() if condition == 0 else self.bytes_recorded()
        if value // step > task.next_step:
            task.next_step = value // step
            self.channel.post(Event.E_PROC_RECORD_FILE, value // step * step)
        self._progress = self.channel.driver.at_service(self._report, condition, step)


def _place(fd: int, codec: int, wav: bool, start: int) -> tuple[int, int]:
    """Where the sound of the file begins, and how many bytes of it stay in front of the recording."""
    size = os.fstat(fd).st_size
    if not wav:
        return 0, min(start, size)
    if start == 0 or size == 0:
        os.ftruncate(fd, 0)
        return len(header(codec, 0)), 0
    try:
        found = read_header(fd)
    except WavError as error:
        raise Refusal(ErrorCode.FILE, f"can not append to record file: {error}") from error
    if found.codec != codec:
        raise Refusal(ErrorCode.INVALID_CODEC, "record file has another format")
    return found.data_offset, min(start, found.data_bytes)


def _limit_samples(codec: int, limit_bytes: int, limit_ms: int) -> int:
    """The smaller limit in samples, -1 for none."""
    limits = []
    if limit_bytes != UNLIMITED:
        limits.append(limit_bytes // bytes_per_sample(codec))
    if limit_ms != UNLIMITED:
        limits.append(limit_ms * 8)
    return min(limits, default=-1)
