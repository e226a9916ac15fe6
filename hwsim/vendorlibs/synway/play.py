"""Playing on a channel: one task at a time, its end reasons and what may interrupt it (fact sheet section 12.1)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from hwsim.core.events import Event as EngineEvent
from hwsim.core.events import Format, Kind, Reason
from hwsim.kernel.sim import Timer
from hwsim.vendorlibs.synway.codes import DTMF_DIGITS, ErrorCode, Event, PlayEnd
from hwsim.vendorlibs.synway.enginehelp import samples_of, stop_quietly
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.wav import bytes_per_sample

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.channel import Channel

FAST_STEP_MS = 3000


class PlayKind(IntEnum):
    """SsmGetPlayType; the real numbers are unknown [?], 0 is "no task"."""

    NONE = 0
    FILE = 1
    FILE_LIST = 2
    MEMORY = 3
    BLOCK = 4
    INDEX = 5
    MEMORY_LIST = 6


@dataclass(frozen=True, slots=True)
class Sound:
    """Something to play: `length` bytes of a codec from `offset` of an open file, or bytes in memory."""

    codec: int
    length: int
    fd: int = -1
    offset: int = 0
    data: bytes = b""

    @property
    def ms(self) -> int:
        """Duration."""
        return self.length // bytes_per_sample(self.codec) // 8


@dataclass
class Task:
    """The running task. `skipped_bytes` were played by earlier sources of it, or jumped over by SsmSetPlayTime.

    A task with `fed` False gets its sounds while it runs (`Player.add`); `feed` is called when it needs the next.
    """

    kind: PlayKind
    sounds: list[Sound]
    loop: bool = False
    source: int = 0
    entry: int = 0
    paused: bool = False
    skipped_bytes: int = 0
    next_step: int = 0
    fed: bool = True
    feed: Callable[[], None] | None = None
    on_next: Callable[[], None] | None = None
    on_end: Callable[[PlayEnd], None] | None = None

    @property
    def total_bytes(self) -> int:
        """Bytes of all sounds."""
        return sum(sound.length for sound in self.sounds)


@dataclass
class Player:
    """The channel's player and its settings."""

    channel: Channel
    last: PlayEnd = PlayEnd.NORMAL
    task: Task | None = None
    dtmf_stop: bool = False
    dtmf_stop_set: frozenset[str] = DTMF_DIGITS
    barge_in_stop: bool = False
    hangup_stop: bool = True
    gain_mb: int = 0
    bus_only: bool = False
    played_bytes: int = 0
    _ending: Timer | None = None
    _progress: Timer | None = None
    _fds: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hangup_stop = self.channel.driver.personality.play_hangup_stops

    @property
    def active(self) -> bool:
        """Whether a task runs (or is paused)."""
        return self.task is not None

    # -- starting and stopping ----------------------------------------------------------------------------------------
    def start(self, task: Task) -> None:
        """Begin; raises Refusal on a busy channel. Descriptors of the sounds are taken over in every case."""
        self._own(task)
        busy = self.channel.speaking()
        if busy:
            self._disown()
            raise Refusal(ErrorCode.FAILED, f"channel {self.channel.number} is sending {busy}, stop it first")
        if not task.sounds:
            raise Refusal(ErrorCode.INVALID_PARAMETER, "nothing to play")
        self.channel.tone.stop()
        self.task = task
        self.last = PlayEnd.PLAYING
        self.played_bytes = 0
        if task.fed:
            self._send(task, 0)
        self._watch_progress()

    def add(self, task: Task, sound: Sound) -> None:
        """More sound for the running task, without a gap if the card is not through yet."""
        engine = self.channel.sim.engine
        if task.kind is not PlayKind.MEMORY:
            task.sounds.append(sound)
        if samples_of(engine, task.source) is not None:
            engine.queue_mem(task.source, sound.data, Format(sound.codec))
            return
        if self._ending:
            self._ending.cancel()
        task.source = engine.play_mem(
            self.channel.leg, sound.data, Format(sound.codec), gain_mb=self.gain_mb, bus_only=self.bus_only
        )

    def _own(self, task: Task) -> None:
        self._fds = [sound.fd for sound in task.sounds if sound.fd >= 0]

    def _disown(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds = []

    def _send(self, task: Task, skip_bytes: int) -> None:
        """Give the sounds to the engine, the first `skip_bytes` left out."""
        engine = self.channel.sim.engine
        task.skipped_bytes, task.source = skip_bytes, 0
        for sound in task.sounds:
            if skip_bytes >= sound.length and sound is not task.sounds[-1]:
                skip_bytes -= sound.length
                continue
            skip, skip_bytes = min(skip_bytes, sound.length), 0
            rest = sound.length - skip
            if sound.fd >= 0 and not task.source:
                task.source = engine.play_fd(
                    self.channel.leg,
                    sound.fd,
                    Format(sound.codec),
                    offset_bytes=sound.offset + skip,
                    max_bytes=rest,
                    loop=task.loop,
                    gain_mb=self.gain_mb,
                    bus_only=self.bus_only,
                )
            elif sound.fd >= 0:
                engine.queue_fd(
                    task.source, sound.fd, Format(sound.codec), offset_bytes=sound.offset + skip, max_bytes=rest
                )
            elif not task.source:
                task.source = engine.play_mem(
                    self.channel.leg,
                    sound.data[skip : sound.length],
                    Format(sound.codec),
                    loop=task.loop,
                    gain_mb=self.gain_mb,
                    bus_only=self.bus_only,
                )
            else:
                engine.queue_mem(task.source, sound.data[skip : sound.length], Format(sound.codec))

    def stop(self, reason: PlayEnd = PlayEnd.APPLICATION) -> bool:
        """End the task with a reason and E_PROC_PlayEnd; False when nothing plays."""
        if not self.task:
            return False
        task = self._take()
        self.last = reason
        self.channel.post(Event.E_PROC_PLAY_END, int(reason))
        if task and task.on_end:
            task.on_end(reason)
        return True

    def drop(self) -> None:
        """End without telling anybody (the library or the card goes away)."""
        if self.task:
            self._take()

    def _take(self) -> Task | None:
        task = self.task
        if task:
            self.played_bytes = self._bytes_now(task)
            stop_quietly(self.channel.sim.engine, task.source)
        self.task = None
        for timer in (self._ending, self._progress):
            if timer:
                timer.cancel()
        self._disown()
        return task

    def pause(self, paused: bool) -> bool:
        """SsmPausePlay and SsmRestartPlay; False when that changes nothing."""
        if not self.task or self.task.paused == paused:
            return False
        self.task.paused = paused
        if self.task.source:
            self.channel.sim.engine.pause(self.task.source, paused)
        self.last = PlayEnd.PAUSED if paused else PlayEnd.PLAYING
        return True

    def seek(self, to_bytes: int) -> bool:
        """Go on at another place; False when nothing plays or the place does not exist."""
        task = self.task
        if not task or task.loop or not 0 <= to_bytes < task.total_bytes:
            return False
        stop_quietly(self.channel.sim.engine, task.source)
        align = bytes_per_sample(task.sounds[0].codec)
        self._send(task, to_bytes // align * align)
        return True

    # -- position -----------------------------------------------------------------------------------------------------
    def _bytes_now(self, task: Task) -> int:
        samples = samples_of(self.channel.sim.engine, task.source)
        if samples is None:
            return task.skipped_bytes
        return task.skipped_bytes + samples * bytes_per_sample(task.sounds[0].codec)

    def bytes_played(self) -> int:
        """Bytes of the present or last task."""
        return self._bytes_now(self.task) if self.task else self.played_bytes

    def ms_played(self) -> int:
        """Milliseconds of the present task, 0 without one."""
        if not self.task:
            return 0
        return self._bytes_now(self.task) // bytes_per_sample(self.task.sounds[0].codec) // 8

    # -- interruptions ------------------------------------------------------------------------------------------------
    def on_digit(self, digit: str) -> None:
        """A digit was heard."""
        if self.task and self.dtmf_stop and digit in self.dtmf_stop_set:
            self.stop(PlayEnd.DTMF)

    def on_barge_in(self) -> None:
        """Voice was heard."""
        if self.task and self.barge_in_stop:
            self.stop(PlayEnd.BARGE_IN)

    def on_remote_hangup(self) -> None:
        """The far end has hung up."""
        if self.task and self.hangup_stop:
            self.stop(PlayEnd.REMOTE_HANGUP)

    # -- the engine ---------------------------------------------------------------------------------------------------
    def on_engine(self, event: EngineEvent) -> None:
        """The source went on to its next sound, or ended; the driver notices an end at its next service interval."""
        if not self.task or event.id != self.task.source:
            return
        if event.kind == Kind.PLAY_NEXT:
            self.task.entry = event.a
            for step in (self.task.on_next, self.task.feed):
                if step:
                    step()
            if not self.task:
                return
            if self.task.kind is PlayKind.FILE_LIST:
                self.channel.post(Event.E_PROC_PLAY_FILE_LIST, event.a - 1)
        elif event.kind == Kind.PLAY_END and event.a != Reason.STOPPED:
            self.task.skipped_bytes += event.b * bytes_per_sample(self.task.sounds[0].codec)
            self.task.source = 0
            if not self.task.fed and self.task.feed:
                self.task.feed()
            if self.task.fed:
                self._ending = self.channel.driver.at_service(self._ended)

    def _ended(self) -> None:
        if self.task and self.task.kind is PlayKind.FILE_LIST:
            self.channel.post(Event.E_PROC_PLAY_FILE_LIST, len(self.task.sounds) - 1)
        self.stop(PlayEnd.NORMAL)

    # -- progress events ----------------------------------------------------------------------------------------------
    def _watch_progress(self) -> None:
        code = Event.E_PROC_PLAY_MEM if self.task and self.task.kind is PlayKind.MEMORY else Event.E_PROC_PLAY_FILE
        setting = self.channel.driver.hub.progress_of(code, self.channel.number)
        if self.task and setting:
            self._progress = self.channel.driver.at_service(self._report, code, setting.condition, setting.step)

    def _report(self, code: Event, condition: int, step: int) -> None:
        task = self.task
        if not task:
            return
        measure = self._buffer_measure if code == Event.E_PROC_PLAY_MEM else self._file_measure
        value, param = measure(task, condition, step)
        if value > task.next_step:
            task.next_step = value
            self.channel.post(code, param)
        self._progress = self.channel.driver.at_service(self._report, code, condition, step)

    def _file_measure(self, task: Task, condition: int, step: int) -> tuple[int, int]:
        """How many steps have passed, and the value to report: percent, ms, bytes played or bytes left."""
        total, done = task.total_bytes, self.bytes_played()
        value = (done * 100 // max(1, total), self.ms_played(), done, done)[condition & 3]
        return value // step, max(0, total - done) if condition == 3 else value // step * step

    def _buffer_measure(self, task: Task, condition: int, step: int) -> tuple[int, int]:
        """The same for a circular buffer: halves (-1 middle, -2 wrapped), rounds, ms or bytes."""
        total, done = max(2, task.total_bytes), self.bytes_played()
        if condition == 0:
            halves = done // (total // 2)
            return halves, -1 if halves % 2 else -2
        if condition == 1:
            return done // total, -2
        value = self.ms_played() if condition == 2 else done
        return value // step, done % total
