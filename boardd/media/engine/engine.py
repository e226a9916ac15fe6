"""The engine of a host: ports, links, recordings, events. No method waits; what takes time is told by an event.

`start` chooses who drives it (decision 0014): a C thread on the card's clock, or, when the simulator keeps the time,
this loop. Tests and tools may start neither and call `tick` and `take_events` themselves. Files and sound to play come
from `clips`, which blocks and belongs into an executor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from boardd import clock
from boardd.contract.errors import ArgumentError, UnsupportedError
from boardd.contract.text import _
from boardd.media._native import load
from boardd.media.engine.drive import Drive, LoopDrive, ThreadDrive
from boardd.media.engine.errors import checked
from boardd.media.engine.events import (
    BlocksLate,
    EngineEvent,
    EventsLost,
    Hole,
    PeerGone,
    PortFailed,
    Reason,
    RecordEnded,
    RecordGap,
    read_event,
)
from boardd.media.engine.port import DeviceLine, EnginePort
from boardd.media.engine.recording import Format, Recording, RecordState, Tap, make_file
from boardd.media.engine.ring import RingEnd

BLOCK_SAMPLES = 160
BLOCK_NS = 20_000_000
EVENTS_AT_ONCE = 64
SPEEXDSP = "libspeexdsp.so.1"

_log = structlog.get_logger("media.engine")


@dataclass(frozen=True, slots=True)
class EngineStats:
    """Counters since the engine began. Times in us; `late_blocks` were done more than a block after they were due."""

    now: int
    blocks: int
    late_blocks: int
    worst_late_us: int
    longest_tick_us: int
    tick_ns: int
    events_lost: int
    write_overruns: int
    ports: int
    links: int
    plays: int
    recordings: int
    clips: int
    events: int
    clock_port: int
    realtime: bool
    beats: int


class Engine:
    """One media engine. Not for several threads, except `clips`; close it, or use it as a context."""

    def __init__(
        self,
        max_ports: int = 256,
        *,
        on_event: Callable[[EngineEvent], None] | None = None,
        event_capacity: int = 4096,
    ) -> None:
        self.ffi, self.lib = load()
        self.max_ports = max_ports
        self.on_event: Callable[[EngineEvent], None] = on_event or (lambda _event: None)
        handle = self.lib.me_new(max_ports, event_capacity)
        if not handle:
            raise ArgumentError(f"no media engine with {max_ports} ports and room for {event_capacity} events")
        self._handle: Any = handle
        self._events = self.ffi.new("me_event[]", EVENTS_AT_ONCE)
        self._drive: Drive | None = None
        self.ports: dict[int, EnginePort] = {}
        self.recordings: dict[int, Recording] = {}
        self._kept: list[object] = []

    # -- life ---------------------------------------------------------------------------------------------------------
    @property
    def handle(self) -> Any:
        """The C engine. Raises RuntimeError after `close`."""
        if not self._handle:
            raise RuntimeError("the media engine is closed")
        return self._handle

    def start(self, *, priority: int = 0, cpu: int = -1) -> None:
        """Let it tick, from a running loop. `priority` 1-99: real-time priority for its thread, if we may."""
        if self._drive:
            raise RuntimeError("the media engine is started already")
        drive: Drive = LoopDrive(self) if clock.simulated() else ThreadDrive(self, priority, cpu)
        drive.start()
        self._drive = drive

    def close(self) -> None:
        """End threads, ports and recordings; each recording is complete and told, then nothing more is."""
        if not self._handle:
            return
        drive, self._drive = self._drive, None
        if drive:
            drive.stop()
        for number in list(self.ports):
            self.lib.me_port_free(self._handle, number)
        self.lib.me_write(self._handle, 1)
        self.take_events()
        self.ports.clear()
        self.lib.me_free(self._handle)
        self._handle = None
        self._kept.clear()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def keep(self, bank: object) -> None:
        """A bank's own: what the tick uses lives as long as the engine."""
        self._kept.append(bank)

    # -- time ---------------------------------------------------------------------------------------------------------
    @property
    def beats(self) -> int:
        """Moves while the engine is alive: for the watchdog."""
        return self._drive.beats if self._drive else 0

    def tick(self, blocks: int = 1, now_ns: int = 0) -> None:
        """Do blocks now, without a drive. Recordings that are due are written, nothing is synced."""
        for _block in range(blocks):
            self.lib.me_tick(self.handle, now_ns)
        self.lib.me_write(self.handle, 0)

    def write(self) -> int:
        """Without a thread: write all that recordings have ready; answers the bytes."""
        return int(self.lib.me_write(self.handle, 1))

    def take_events(self) -> int:
        """Deliver the events that wait; answers how many."""
        total = 0
        while count := self.lib.me_next_events(self.handle, self._events, EVENTS_AT_ONCE):
            taken = [read_event(self._events[position]) for position in range(count)]
            total += len(taken)
            for event in taken:
                self._deliver(event)
        return total

    def _note(self, event: EngineEvent) -> None:
        """What a technician must find in the log. `device` is the descriptor of the port concerned."""
        port = self.ports.get(event.port)
        where = {"port": event.port, "device": port.descriptor if port else -1, "at_sample": event.at_sample}
        match event:
            case BlocksLate():
                _log.warning("blocks_late", blocks=event.blocks, longest_us=event.longest_us, **where)
            case EventsLost():
                _log.error("media_events_lost", count=event.count)
            case PortFailed():
                _log.error("media_port_failed", errno=event.errno, **where)
            case PeerGone():
                _log.warning("media_peer_gone", **where)
            case Hole():
                _log.warning("sound_missing", samples=event.samples, **where)
            case RecordGap():
                _log.warning(
                    "recording_gap", reason=str(event.reason), first=event.first, samples=event.samples, **where
                )
            case RecordEnded() if event.reason is Reason.WRITE_FAILED:
                _log.error("recording_failed", errno=event.errno, samples=event.samples, **where)

    def _deliver(self, event: EngineEvent) -> None:
        self._note(event)
        if isinstance(event, RecordEnded | RecordGap):
            recording = self.recordings.get(event.recording)
            if isinstance(event, RecordEnded):
                self.recordings.pop(event.recording, None)
            if recording:
                recording.take(event)
        port = self.ports.get(event.port)
        if port:
            port.on_event(event)
        else:
            self.on_event(event)

    def stats(self) -> EngineStats:
        """Counters."""
        raw = self.ffi.new("me_stats *")
        self.lib.me_get_stats(self.handle, raw)
        values: dict[str, Any] = {name: int(getattr(raw, name)) for name in EngineStats.__dataclass_fields__}
        values["realtime"] = bool(raw.realtime)
        return EngineStats(**values)

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """No tick runs meanwhile: for what banks offer beside feeding. Call nothing of the engine inside."""
        self.lib.me_lock(self.handle)
        try:
            yield
        finally:
            self.lib.me_unlock(self.handle)

    # -- ports --------------------------------------------------------------------------------------------------------
    def device_port(self, line: DeviceLine, on_event: Callable[[EngineEvent], None]) -> EnginePort:
        """A leg on a device. It is held until `run`. Raises ArgumentError, OverloadError."""
        port = self._port(self.lib.me_port_device(self.handle, line.made(self.ffi)), on_event, "device port")
        port.descriptor = line.descriptor
        return port

    def null_port(
        self, on_event: Callable[[EngineEvent], None] | None = None, *, capacity: int = 0, source: bool = False
    ) -> EnginePort:
        """A leg in memory; `source`: what it plays is heard by its sinks (music)."""
        ignore: Callable[[EngineEvent], None] = lambda _event: None  # noqa: E731
        return self._port(self.lib.me_port_null(self.handle, capacity, source), on_event or ignore, "null port")

    def stream_port(self, stream: Any, on_event: Callable[[EngineEvent], None]) -> EnginePort:
        """A leg on a card's stream (`me_stream *`), held. Raises OverloadError, WrongStateError (it has one)."""
        return self._port(self.lib.me_port_stream(self.handle, stream), on_event, "stream port")

    def ring_port(
        self, end: RingEnd, on_event: Callable[[EngineEvent], None], *, delay_ms: int = 0, drives: bool = False
    ) -> EnginePort:
        """A leg in another process; takes the descriptors of `end` over, also on failure.

        `delay_ms` is the time from the peer's tick to ours (25 .. 100, 0: 32). `drives`: without a device the peer's
        blocks drive our ticks; only one of both ends may do so.
        """
        fds = self.ffi.new("me_ring_fds *", end.take())
        return self._port(self.lib.me_port_ring(self.handle, fds, delay_ms, drives), on_event, "ring port")

    def _port(self, answer: int, on_event: Callable[[EngineEvent], None], what: str) -> EnginePort:
        port = EnginePort(self, checked(answer, what), on_event)
        self.ports[port.number] = port
        return port

    def ports_changed(self) -> None:
        """The port's own: who drives the ticks may have changed."""
        if self._drive:
            self._drive.ports_changed()

    def recordings_changed(self) -> None:
        """The port's own: some may have been told to end, and perhaps nothing ticks any more."""
        if self._drive:
            self._drive.recordings_changed()

    def link(self, source: EnginePort, sink: EnginePort, gain_mb: int = 0) -> None:
        """`sink` says what `source` hears; the same pair again changes the gain (-6000 .. 2400 mB)."""
        checked(self.lib.me_link(self.handle, source.number, sink.number, gain_mb), "link")

    def unlink(self, source: EnginePort, sink: EnginePort) -> bool:
        """False when there was no such link."""
        return bool(self.lib.me_unlink(self.handle, source.number, sink.number) == 0)

    # -- echo cancelling ----------------------------------------------------------------------------------------------
    def load_echo(self, library: str = SPEEXDSP) -> None:
        """Load libspeexdsp for `EnginePort.echo`. Raises UnsupportedError that says what to install."""
        if self.lib.me_echo_load(library.encode()) < 0:
            problem = self.ffi.string(self.lib.me_echo_problem()).decode("utf-8", "replace")
            text = _("{library}: {problem}; install libspeexdsp1 for echo cancelling by the host")
            raise UnsupportedError(text.format(library=library, problem=problem), operation="echo")

    # -- recordings ---------------------------------------------------------------------------------------------------
    def record(
        self,
        path: Path,
        left: tuple[EnginePort, Tap],
        right: tuple[EnginePort, Tap] | None = None,
        *,
        form: Format = Format.RAW,
        ring_ms: int = 4000,
        max_samples: int = 0,
        gaps_path: Path | None = None,
        on_end: Callable[[RecordEnded], Any] | None = None,
        descriptor: int | None = None,
    ) -> Recording:
        """Record one tap or two (then left and right of a stereo file) into a new file `path`.

        `descriptor` is the file where `make_file` has made it already (a loop must not wait for a disk); it is taken
        over, also on failure. `ring_ms` is how long the disk may hang before samples are lost (1000 .. 60000). Gaps are
        also appended to `gaps_path` as lines `first samples reason side` when they occur. Raises DeviceError when the
        file cannot be made, ArgumentError, WrongStateError, OverloadError.
        """
        options = self.ffi.new("me_record_options *")
        options.fd = make_file(path) if descriptor is None else descriptor
        options.format = int(form)
        for side, tap in enumerate((left, right) if right else (left,)):
            options.port[side], options.tap[side] = tap[0].number, int(tap[1])
        options.ring_ms, options.max_samples = ring_ms, max_samples
        name = self.ffi.new("char[]", os.fsencode(gaps_path)) if gaps_path else self.ffi.NULL
        options.gaps_path = name
        number = checked(self.lib.me_record(self.handle, options), f"record {path}", path=str(path))
        recording = Recording(number, path, self._record_state, self._record_stop, on_end)
        self.recordings[number] = recording
        return recording

    def _record_state(self, number: int) -> RecordState | None:
        raw = self.ffi.new("me_record_state *")
        if self.lib.me_get_record(self.handle, number, raw) < 0:
            return None
        return RecordState(int(raw.samples), int(raw.lost), int(raw.written), int(raw.synced))

    def _record_stop(self, number: int) -> None:
        self.lib.me_record_stop(self.handle, number)
        self.recordings_changed()
