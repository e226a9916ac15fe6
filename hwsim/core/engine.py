"""The sample engine: legs, lines, sources, detectors and recorders, all in C; this is its typed face.

Time is samples at 8 kHz since the engine began; levels are mB (dBm0 * 100). One thread at a time; `run` releases the
GIL. The same calls give the same samples, always.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from os import strerror
from typing import Any

from hwsim.core._native import load
from hwsim.core.events import NONE_MB, Event, Format, Kind, Tap, What

DEFAULT_LEGS = 1024
BELL_202_MARK_HZ = 1200.0
BELL_202_SPACE_HZ = 2200.0
BELL_202_BAUD = 1200.0
FSK_MESSAGE_BYTES = 258


class EngineError(Exception):
    """Root of the engine's errors."""


class StaleIdError(EngineError):
    """No such leg, source, detector, recorder or link, or not any more."""


class EngineArgumentError(EngineError, ValueError):
    """A value outside its range."""


class EngineFullError(EngineError):
    """No free leg or id, or no memory."""


class EngineFileError(EngineError, OSError):
    """The file descriptor cannot be used."""


@dataclass(frozen=True, slots=True)
class Line:
    """The line at a leg; see `hw_line` in hwcore.h. Losses and delays of both ends of a wire add up."""

    tx_loss_mb: int = 0
    rx_loss_mb: int = 0
    noise_mb: int = NONE_MB
    echo_loss_mb: int = NONE_MB
    echo_delay: int = 0
    delay: int = 0
    mute_rx: bool = False
    mute_tx: bool = False
    cut: bool = False
    error_ppm: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """Where a source or recorder is, in samples."""

    samples: int
    entry_samples: int
    lost_samples: int
    entry: int
    paused: bool


@dataclass(frozen=True, slots=True)
class Level:
    """What a leg heard (rx) and said (tx) in the last 100 ms, mB; `NONE_MB` for silence."""

    rx_mb: int
    tx_mb: int


@dataclass(frozen=True, slots=True)
class Stats:
    """What the engine holds at the moment; all zero but `legs` means that nothing leaked."""

    legs: int
    legs_awake: int
    sources: int
    links: int
    recorders: int
    detectors: int
    descriptors: int
    events: int


class Engine:
    """One sample engine. Methods raise `EngineError`; ids are positive and never mean something else later."""

    def __init__(self, max_legs: int = DEFAULT_LEGS, seed: int = 0) -> None:
        self._ffi, self._lib = load()
        handle = self._lib.hw_new(max_legs, seed & 0xFFFFFFFF)
        if not handle:
            raise EngineArgumentError(f"no engine with {max_legs} legs: 1 to 4096, and memory for them")
        self._handle: Any = self._ffi.gc(handle, self._lib.hw_free)
        self._event = self._ffi.new("hw_event *")
        self._taken: Any = self._ffi.new("uint8_t[]", 1)  # what rec_read takes out, as large as the largest request

    def close(self) -> None:
        """Frees everything. Every later call but `close` raises."""
        if self._handle:
            self._ffi.release(self._handle)
            self._handle = None

    def __enter__(self) -> "Engine":
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    # Time and events

    @property
    def now(self) -> int:
        """Samples since the engine began; a multiple of `STEP_SAMPLES`."""
        return int(self._lib.hw_now(self._open()))

    def run(self, until_samples: int) -> int:
        """Steps until `now >= until_samples` or the end of the first step that queued an event.

        Does not move while events wait. Returns how many wait.
        """
        return int(self._lib.hw_run(self._open(), until_samples))

    def next_event(self) -> Event | None:
        """Takes the oldest waiting event."""
        event = self._event
        if not self._lib.hw_next_event(self._open(), event):
            return None
        return Event(event.at_samples, Kind(event.kind), event.leg, event.id, event.a, event.b)

    def events(self) -> list[Event]:
        """Takes all waiting events, oldest first."""
        taken = []
        while (event := self.next_event()) is not None:
            taken.append(event)
        return taken

    def stats(self) -> Stats:
        """What the engine holds now."""
        stats = self._ffi.new("hw_stats *")
        self._lib.hw_get_stats(self._open(), stats)
        return Stats(
            stats.legs,
            stats.legs_awake,
            stats.sources,
            stats.links,
            stats.recorders,
            stats.detectors,
            stats.descriptors,
            stats.events,
        )

    # Legs and lines

    def leg_new(self) -> int:
        """A new leg, unwired and silent."""
        return self._checked(self._lib.hw_leg_new(self._open()))

    def leg_free(self, leg: int) -> None:
        """Ends all that is on the leg (end events are queued) and frees it."""
        self._checked(self._lib.hw_leg_free(self._open(), leg))

    def wire(self, leg_a: int, leg_b: int) -> None:
        """Lets two legs face each other; earlier wires of both are undone."""
        self._checked(self._lib.hw_wire(self._open(), leg_a, leg_b))

    def unwire(self, leg: int) -> None:
        """Undoes the wire of a leg, if any."""
        self._checked(self._lib.hw_unwire(self._open(), leg))

    def peer(self, leg: int) -> int | None:
        """The leg at the other end of the wire."""
        return self._checked(self._lib.hw_peer(self._open(), leg)) or None

    def line_set(self, leg: int, line: Line) -> None:
        """Sets the line at a leg."""
        native = self._ffi.new("hw_line *")
        native.tx_loss_mb, native.rx_loss_mb, native.noise_mb = line.tx_loss_mb, line.rx_loss_mb, line.noise_mb
        native.echo_loss_mb, native.echo_delay, native.delay = line.echo_loss_mb, line.echo_delay, line.delay
        native.mute_rx, native.mute_tx, native.cut = line.mute_rx, line.mute_tx, line.cut
        native.error_ppm = line.error_ppm
        self._checked(self._lib.hw_line_set(self._open(), leg, native))

    def line(self, leg: int) -> Line:
        """The line at a leg."""
        native = self._ffi.new("hw_line *")
        self._checked(self._lib.hw_line_get(self._open(), leg, native))
        return Line(
            native.tx_loss_mb,
            native.rx_loss_mb,
            native.noise_mb,
            native.echo_loss_mb,
            native.echo_delay,
            native.delay,
            bool(native.mute_rx),
            bool(native.mute_tx),
            bool(native.cut),
            native.error_ppm,
        )

    def line_slip(self, leg: int, samples: int) -> None:
        """A slip in what a leg hears: +1 doubles a sample, -1 drops one; at most 64 may be doubled at a time."""
        self._checked(self._lib.hw_line_slip(self._open(), leg, samples))

    def level(self, leg: int) -> Level:
        """Levels of the last 100 ms."""
        rx_mb, tx_mb = self._ffi.new("int32_t *"), self._ffi.new("int32_t *")
        self._checked(self._lib.hw_level(self._open(), leg, rx_mb, tx_mb))
        return Level(rx_mb[0], tx_mb[0])

    # Links

    def link(self, source: int, sink: int, gain_mb: int = 0, tap: Tap = Tap.HEARS) -> None:
        """Adds to what `sink` says what `source` hears or plays, one step later. Again: changes the gain."""
        self._checked(self._lib.hw_link(self._open(), source, sink, gain_mb, tap))

    def unlink(self, source: int, sink: int, tap: Tap = Tap.HEARS) -> None:
        """Removes one link."""
        self._checked(self._lib.hw_unlink(self._open(), source, sink, tap))

    def link_slip(self, source: int, sink: int, late: bool) -> None:
        """A slip on the way of a HEARS link: a sample late from now on, or in step again."""
        self._checked(self._lib.hw_link_slip(self._open(), source, sink, late))

    def unlink_all(self, leg: int) -> int:
        """Removes every link from and to a leg; returns how many."""
        return self._checked(self._lib.hw_unlink_all(self._open(), leg))

    # Sources

    def play_fd(
        self,
        leg: int,
        fd: int,
        format: Format,
        *,
        offset_bytes: int = 0,
        max_bytes: int = -1,
        loop: bool = False,
        gain_mb: int = 0,
        bus_only: bool = False,
    ) -> int:
        """Plays a regular file from an offset; the descriptor is duplicated. PLAY_END at its end."""
        return self._checked(
            self._lib.hw_play_fd(self._open(), leg, fd, format, offset_bytes, max_bytes, loop, gain_mb, bus_only)
        )

    def play_mem(
        self,
        leg: int,
        sound: bytes,
        format: Format,
        *,
        loop: bool = False,
        gain_mb: int = 0,
        bus_only: bool = False,
    ) -> int:
        """Plays a copy of `sound`. PLAY_END at its end."""
        return self._checked(
            self._lib.hw_play_mem(self._open(), leg, sound, len(sound), format, loop, gain_mb, bus_only)
        )

    def queue_fd(self, id: int, fd: int, format: Format, *, offset_bytes: int = 0, max_bytes: int = -1) -> None:
        """Appends a file to what a source plays, without a gap. PLAY_NEXT when it starts."""
        self._checked(self._lib.hw_queue_fd(self._open(), id, fd, format, offset_bytes, max_bytes))

    def queue_mem(self, id: int, sound: bytes, format: Format) -> None:
        """Appends sound to what a source plays, without a gap. PLAY_NEXT when it starts."""
        self._checked(self._lib.hw_queue_mem(self._open(), id, sound, len(sound), format))

    def tone(
        self,
        leg: int,
        f1_hz: float,
        level1_mb: int = -1000,
        f2_hz: float = 0,
        level2_mb: int = -1000,
        *,
        cadence_ms: Sequence[int] = (),
        repeat: int = -1,
        bus_only: bool = False,
    ) -> int:
        """Sends one or two tones, steady or in a cadence of on, off, on, off; `repeat` rounds, -1 for ever."""
        cadence = self._ffi.new("int32_t[]", list(cadence_ms))
        return self._checked(
            self._lib.hw_tone(
                self._open(), leg, f1_hz, level1_mb, f2_hz, level2_mb, cadence, len(cadence_ms), repeat, bus_only
            )
        )

    def dtmf(
        self,
        leg: int,
        digits: str,
        *,
        on_ms: int = 100,
        off_ms: int = 100,
        low_mb: int = -900,
        high_mb: int = -700,
        break_ms: int = 0,
        bus_only: bool = False,
    ) -> int:
        """Sends 0-9 * # A-D; ',' waits 500 ms. DTMF_DIGIT_SENT as each starts, DTMF_SENT after the last pause.

        `break_ms` is a gap in the middle of each tone, as of a bouncing key contact.
        """
        text = digits.encode("ascii", "replace")
        return self._checked(
            self._lib.hw_dtmf(self._open(), leg, text, on_ms, off_ms, low_mb, high_mb, break_ms, bus_only)
        )

    def fsk(
        self,
        leg: int,
        message: bytes,
        *,
        mark_hz: float = BELL_202_MARK_HZ,
        space_hz: float = BELL_202_SPACE_HZ,
        baud: float = BELL_202_BAUD,
        seizure_bits: int = 300,
        mark_bits: int = 180,
        level_mb: int = -1350,
        bus_only: bool = False,
    ) -> int:
        """Sends bytes as a Bell 202 modem after channel seizure and marks. PLAY_END after the last stop bits."""
        return self._checked(
            self._lib.hw_fsk(
                self._open(),
                leg,
                message,
                len(message),
                mark_hz,
                space_hz,
                baud,
                seizure_bits,
                mark_bits,
                level_mb,
                bus_only,
            )
        )

    def chirp(
        self,
        leg: int,
        party: int,
        number: int,
        *,
        level_mb: int = -1000,
        period_samples: int = 0,
        bus_only: bool = False,
    ) -> int:
        """Sends the proof signal once, or one each period with the number counting up until stopped."""
        return self._checked(self._lib.hw_chirp(self._open(), leg, party, number, level_mb, period_samples, bus_only))

    def noise(self, leg: int, level_mb: int, *, bus_only: bool = False) -> int:
        """Sends white noise until stopped."""
        return self._checked(self._lib.hw_noise(self._open(), leg, level_mb, bus_only))

    # Detectors, on what a leg hears

    def dtmf_detect(self, leg: int, on: bool = True) -> None:
        """Switches the DTMF receiver: DTMF_ON once per digit, DTMF_OFF at its end."""
        self._checked(self._lib.hw_dtmf_detect(self._open(), leg, on))

    def tone_detect(self, leg: int, f_hz: float, bandwidth_hz: float = 60) -> int:
        """Adds a detector of one frequency (200 to 3600 Hz, +- half the bandwidth, down to about -35 dBm0)."""
        return self._checked(self._lib.hw_tone_detect(self._open(), leg, f_hz, bandwidth_hz))

    def energy_detect(self, leg: int, on_level_mb: int = -4000, min_on_ms: int = 60, min_off_ms: int = 300) -> int:
        """Adds a detector of any sound: VOICE_ON and VOICE_OFF, with 3 dB between them."""
        return self._checked(self._lib.hw_energy_detect(self._open(), leg, on_level_mb, min_on_ms, min_off_ms))

    def fsk_detect(
        self,
        leg: int,
        mark_hz: float = BELL_202_MARK_HZ,
        space_hz: float = BELL_202_SPACE_HZ,
        baud: float = BELL_202_BAUD,
    ) -> int:
        """Adds a receiver of caller-ID messages (types 0x04, 0x06, 0x80, 0x82): FSK_MESSAGE with a verdict each."""
        return self._checked(self._lib.hw_fsk_detect(self._open(), leg, mark_hz, space_hz, baud))

    def fsk_read(self, id: int) -> bytes:
        """The bytes of the last message of a receiver, type to checksum."""
        buffer = self._ffi.new("uint8_t[]", FSK_MESSAGE_BYTES)
        count = self._checked(self._lib.hw_fsk_read(self._open(), id, buffer, FSK_MESSAGE_BYTES))
        return bytes(self._ffi.buffer(buffer, count))

    # Recorders

    def record_fd(
        self,
        leg: int,
        fd: int,
        format: Format,
        what: What,
        *,
        max_samples: int = -1,
        offset_bytes: int = 0,
    ) -> int:
        """Records into a file from an offset, in blocks of 100 ms; the descriptor is duplicated.

        `offset_bytes` -1 writes at the descriptor's own position (pipes). REC_END at the end.
        """
        return self._checked(self._lib.hw_record_fd(self._open(), leg, fd, format, what, max_samples, offset_bytes))

    def record_mem(
        self,
        leg: int,
        ring_samples: int,
        format: Format,
        what: What,
        *,
        max_samples: int = -1,
        notify_samples: int = 0,
    ) -> int:
        """Records into a ring that keeps the newest samples; REC_DATA each `notify_samples`.

        After the limit the ring can be read until `stop`.
        """
        return self._checked(
            self._lib.hw_record_mem(self._open(), leg, ring_samples, format, what, max_samples, notify_samples)
        )

    def rec_read(self, id: int, max_bytes: int = 1 << 20) -> bytes:
        """Takes the oldest recorded bytes out of a ring, whole samples only."""
        if max_bytes > len(self._taken):
            self._taken = self._ffi.new("uint8_t[]", max_bytes)
        count = self._checked(self._lib.hw_rec_read(self._open(), id, self._taken, max_bytes))
        return bytes(self._ffi.buffer(self._taken, count))

    def rec_drop(self, id: int, samples: int) -> None:
        """Fault: loses the next samples of a recording."""
        self._checked(self._lib.hw_rec_drop(self._open(), id, samples))

    # Anything with an id

    def stop(self, id: int) -> None:
        """Ends a source, detector or recorder. Sources and recorders queue their end event; recorders flush first."""
        self._checked(self._lib.hw_stop(self._open(), id))

    def pause(self, id: int, paused: bool = True) -> None:
        """Halts or resumes a source or recorder."""
        self._checked(self._lib.hw_pause(self._open(), id, paused))

    def position(self, id: int) -> Position:
        """Where a source or recorder is."""
        position = self._ffi.new("hw_position *")
        self._checked(self._lib.hw_get_position(self._open(), id, position))
        return Position(
            position.samples,
            position.entry_samples,
            position.lost_samples,
            position.entry,
            bool(position.paused),
        )

    def _open(self) -> Any:
        if not self._handle:
            raise EngineError("the engine is closed")
        return self._handle

    def _checked(self, result: int) -> int:
        if result >= 0:
            return result
        lib = self._lib
        if result == lib.HW_E_HANDLE:
            raise StaleIdError("no such leg or id, or not any more")
        if result == lib.HW_E_ARGUMENT:
            raise EngineArgumentError("a value is outside its range, see hwcore.h")
        if result == lib.HW_E_FILE:
            errno = self._ffi.errno
            raise EngineFileError(errno, strerror(errno))
        raise EngineFullError("no free leg or id, or no memory")
