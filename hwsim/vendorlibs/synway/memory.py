"""The program's memory: the shim's data thread, index voices, and play and record tasks that work through it.

Memory stays in the program. The shim numbers each buffer or function (a token) and its data thread asks `ShimNextWork`
for what to copy or call; `DataThread` queues that work and hands the answers back. Sound is moved in pieces of 100 ms.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from hwsim.core.events import Format
from hwsim.kernel.sim import Sim
from hwsim.vendorlibs.rpc import PARKED, Connection, Parked, Reply
from hwsim.vendorlibs.synway.codes import ErrorCode, PlayEnd, RecordEnd
from hwsim.vendorlibs.synway.play import PlayKind, Sound, Task
from hwsim.vendorlibs.synway.record import RecordTask
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.wav import bytes_per_sample

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.channel import Channel

PIECE_SAMPLES = 800
RING_SAMPLES = 16000

BLOCK_REASONS = {PlayEnd.NORMAL: 1, PlayEnd.DTMF: 2, PlayEnd.BARGE_IN: 3, PlayEnd.REMOTE_HANGUP: 4}
RECORD_BLOCK_REASONS = {RecordEnd.DTMF: 2, RecordEnd.REMOTE_HANGUP: 3, RecordEnd.LIMIT: 4}
"""Reasons in block callbacks (sections 12.1 and 12.2); anything else is the application."""


class Work(IntEnum):
    """What the data thread can be asked; the numbers are the shim's."""

    READ = 1
    WRITE = 2
    DIGIT = 3
    BLOCK_DONE = 4
    TAP = 5


Answer = Callable[[int, bytes], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work; `done(result, bytes)` is called when the thread comes back."""

    work: Work
    token: int
    channel: int
    a: int = 0
    b: int = 0
    data: bytes = b""
    done: Answer | None = None


@dataclass
class DataThread:
    """The shim's data thread as seen from here."""

    sim: Sim
    _jobs: deque[Job] = field(default_factory=deque)
    _running: Job | None = None
    _waiting: Connection | None = None

    def ask(self, job: Job) -> None:
        """Queue a job."""
        self._jobs.append(job)
        if self._waiting and not self._running:
            conn, self._waiting = self._waiting, None
            conn.reply(self._next())

    def come_back(self, conn: Connection, result: int, data: bytes) -> Reply | Parked:
        """`ShimNextWork`: the answer to the last job, and the question for the next."""
        job, self._running = self._running, None
        if job and job.done:
            job.done(result, data)
        if self._jobs:
            return self._next()
        self._waiting = conn
        return PARKED

    def _next(self) -> Reply:
        job = self._running = self._jobs.popleft()
        return Reply(0, (int(job.work), job.token, job.channel, job.a, job.b, job.data))

    def close(self) -> None:
        """The library goes away: the thread ends."""
        self._jobs.clear()
        self._running = None
        if self._waiting:
            conn, self._waiting = self._waiting, None
            conn.reply(Reply(-1))


# -- lists -------------------------------------------------------------------------------------------------------------
@dataclass
class IndexVoices:
    """Global voice segments (SsmLoadIndexData)."""

    size: int
    _segments: dict[int, tuple[str, Sound]] = field(default_factory=dict)

    def load(self, number: int, alias: str, sound: Sound) -> None:
        """Fill a segment; Refusal outside the range."""
        if not 0 <= number < self.size:
            raise Refusal(ErrorCode.INVALID_PARAMETER, f"no index segment {number}")
        self._segments[number] = (alias, sound)

    def free(self, number: int) -> bool:
        """Empty a segment; False when it was."""
        return self._segments.pop(number, None) is not None

    def by_number(self, number: int) -> Sound:
        """A segment's sound; Refusal when it is empty."""
        if number not in self._segments:
            raise Refusal(ErrorCode.INDEX_VOICE_UNOPENED, f"index segment {number} is empty")
        return self._segments[number][1]

    def by_alias(self, alias: str) -> Sound:
        """The sound of the first segment called so."""
        for name, sound in self._segments.values():
            if name == alias.strip():
                return sound
        raise Refusal(ErrorCode.INDEX_VOICE_UNOPENED, f"no index voice {alias}")


@dataclass
class FileList:
    """A channel's play list. The files stay open until the list is cleared, so that it can be played again."""

    sounds: list[Sound] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sounds)

    def add(self, sound: Sound) -> None:
        """Append; the descriptor is the list's."""
        self.sounds.append(sound)

    def copies(self) -> list[Sound]:
        """The sounds with descriptors of their own."""
        return [Sound(s.codec, s.length, os.dup(s.fd), s.offset) for s in self.sounds]

    def clear(self) -> None:
        """Close and forget all."""
        for sound in self.sounds:
            os.close(sound.fd)
        self.sounds.clear()


@dataclass
class MemoryList:
    """The global list of SsmAddToPlayMemList."""

    sounds: list[Sound] = field(default_factory=list)

    def pick(self, numbers: list[int]) -> list[Sound]:
        """Entries by number; Refusal for one that does not exist."""
        if any(not 0 <= number < len(self.sounds) for number in numbers):
            raise Refusal(ErrorCode.INVALID_PARAMETER, "no such entry in the memory list")
        return [self.sounds[number] for number in numbers]


# -- circular play -----------------------------------------------------------------------------------------------------
@dataclass
class MemoryPlay:
    """SsmPlayMem: the buffer is read piece by piece while it plays, one piece ahead, round and round until `stop`."""

    channel: Channel
    token: int
    codec: int
    size: int
    start: int
    stop: int
    task: Task
    _fetched: int = 0
    _asked: bool = False

    def begin(self) -> None:
        """Ask for the first two pieces."""
        self.task.feed = self.feed
        self.feed()

    @property
    def offset(self) -> int:
        """SsmGetPlayOffset."""
        return (self.start + self.channel.player.bytes_played()) % self.size

    def feed(self) -> None:
        """Fetch the next piece unless two are on the card already."""
        if self._asked or self.channel.player.task is not self.task:
            return
        piece = PIECE_SAMPLES * bytes_per_sample(self.codec)
        if self._fetched - self.channel.player.bytes_played() >= 2 * piece:
            return
        at = (self.start + self._fetched) % self.size
        end = self.stop if at < self.stop <= self.size else self.size
        length = min(piece, end - at)
        if length <= 0 or (self._fetched and at == self.stop % self.size):
            self.task.fed = True
            return
        self._asked = True
        self.channel.driver.data.ask(Job(Work.READ, self.token, self.channel.number, at, length, done=self._read))

    def _read(self, result: int, data: bytes) -> None:
        self._asked = False
        if self.channel.player.task is not self.task:
            return
        if result <= 0 or not data:
            self.task.fed = True
            return
        self._fetched += len(data)
        self.channel.player.add(self.task, Sound(self.codec, len(data), data=data))
        self.feed()


# -- circular record ---------------------------------------------------------------------------------------------------
@dataclass
class MemoryRecord:
    """SsmRecToMem: what is recorded is written into the buffer, round and round."""

    channel: Channel
    token: int
    codec: int
    size: int
    offset: int

    def begin(self) -> None:
        """Start the recorder."""
        start_recorder(self.channel, self.codec, self.on_data)

    def on_data(self, recorder: int, _last: bool) -> None:
        """A piece is there."""
        data = self.channel.sim.engine.rec_read(recorder)
        while data:
            part = data[: self.size - self.offset]
            self.channel.driver.data.ask(Job(Work.WRITE, self.token, self.channel.number, self.offset, len(part), part))
            self.offset = (self.offset + len(part)) % self.size
            data = data[len(part) :]


def start_recorder(
    channel: Channel,
    codec: int,
    on_data: Callable[[int, bool], None],
    on_end: Callable[[RecordEnd], None] | None = None,
) -> None:
    """Record a channel into a ring that is emptied every 100 ms; Refusal when it records already."""
    channel.recorder.refuse_if_active()
    recorder = channel.sim.engine.record_mem(
        channel.leg, RING_SAMPLES, Format(codec), channel.recorder.what(), notify_samples=PIECE_SAMPLES
    )
    channel.recorder.begin(RecordTask(codec, recorder, on_data=on_data, on_end=on_end))


# -- blocks ------------------------------------------------------------------------------------------------------------
@dataclass
class BlockPlay:
    """SsmPlayMemBlock: a queue of blocks, each reported when it is over."""

    channel: Channel
    tokens: deque[tuple[int, int]] = field(default_factory=deque)

    def add(self, token: int, sound: Sound) -> None:
        """Play a block now or after those that wait."""
        player = self.channel.player
        if player.task and player.task.kind is PlayKind.BLOCK:
            self.tokens.append((token, sound.length))
            player.add(player.task, sound)
            return
        task = Task(PlayKind.BLOCK, [sound], on_end=self._ended, on_next=self._next)
        player.start(task)
        self.tokens.append((token, sound.length))

    def _next(self) -> None:
        if self.tokens:
            self._report(*self.tokens.popleft(), reason=1)

    def _ended(self, reason: PlayEnd) -> None:
        code = BLOCK_REASONS.get(reason, 5)
        if self.channel.driver.personality.block_reasons_swapped and code in (4, 5):
            code = 9 - code
        left = list(self.tokens)
        self.tokens.clear()
        for token, length in left:
            self._report(token, length if reason is PlayEnd.NORMAL else 0, reason=code)

    def _report(self, token: int, stopped_at: int, reason: int) -> None:
        job = Job(Work.BLOCK_DONE, token, self.channel.number, reason, stopped_at)
        driver = self.channel.driver
        if driver.personality.blocks_at_service and reason == 1:
            driver.at_service(driver.data.ask, job)
        else:
            driver.data.ask(job)


@dataclass
class BlockRecord:
    """SsmRecordMemBlock: blocks are filled one after the other, each reported when it is full or the task ends."""

    channel: Channel
    blocks: deque[tuple[int, int]] = field(default_factory=deque)
    filled: int = 0

    def add(self, token: int, size: int, codec: int) -> None:
        """Give a block; the first one starts the recording."""
        if self.channel.recorder.task and not self.blocks:
            self.channel.recorder.refuse_if_active()
        self.blocks.append((token, size))
        if len(self.blocks) == 1 and not self.channel.recorder.task:
            try:
                start_recorder(self.channel, codec, self._on_data, self._ended)
            except Refusal:
                self.blocks.pop()
                raise

    def _on_data(self, recorder: int, _last: bool) -> None:
        data = self.channel.sim.engine.rec_read(recorder)
        while data and self.blocks:
            token, size = self.blocks[0]
            part = data[: size - self.filled]
            self.channel.driver.data.ask(Job(Work.WRITE, token, self.channel.number, self.filled, len(part), part))
            self.filled += len(part)
            data = data[len(part) :]
            if self.filled >= size:
                self._report(4)
        if not self.blocks and self.channel.recorder.task:
            self.channel.recorder.stop(RecordEnd.LIMIT)

    def _ended(self, reason: RecordEnd) -> None:
        while self.blocks:
            self._report(RECORD_BLOCK_REASONS.get(reason, 1))

    def _report(self, reason: int) -> None:
        token, _ = self.blocks.popleft()
        self.channel.driver.data.ask(Job(Work.BLOCK_DONE, token, self.channel.number, reason, self.filled))
        self.filled = 0
