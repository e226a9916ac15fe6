"""A leg in the engine: what it plays, sends, hears, is linked to. All methods return at once; ends are told as events.

A port begins held: nothing is read or written until `run(True)`. `release` ends everything that belongs to a call and
keeps the port; `free` ends the port. After that its methods raise WrongStateError.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from boardd.contract.errors import ArgumentError
from boardd.media.engine.clips import ALAW, Clip
from boardd.media.engine.errors import checked
from boardd.media.engine.events import EngineEvent
from boardd.media.engine.tones import DigitTiming, ToneCadence

if TYPE_CHECKING:
    from boardd.media.engine.banks import EngineBank
    from boardd.media.engine.engine import Engine

DEFAULT_TIMING = DigitTiming()


@dataclass(frozen=True, slots=True)
class DeviceLine:
    """A device descriptor and the functions of its I/O library.

    `read`, `write` and `ioctl` are C function pointers (cdata of any library, or None for the system's own calls); they
    must not block and answer -errno. With `ioctl`, a read or write that answers -`event_errno` makes the engine ask
    `event_request` until it says 0, and each event is told as `LineEvent`. `prefill` blocks of silence are written
    first: they are what the device plays while we are late. `delay` is the number of blocks between writing a sound
    and reading its echo (0: prefill + 1). The descriptor stays the caller's; close it only after `EnginePort.free`.
    """

    descriptor: int
    law: int = ALAW
    read: Any = None
    write: Any = None
    ioctl: Any = None
    event_request: int = 0
    event_errno: int = 0
    prefill: int = 1
    delay: int = 0
    may_drive: bool = True

    def made(self, ffi: Any) -> Any:
        """The `me_device`."""
        device = ffi.new("me_device *")
        device.fd, device.law = self.descriptor, self.law
        for name, kind in (("read", "me_read_fn"), ("write", "me_write_fn"), ("ioctl", "me_ioctl_fn")):
            function = getattr(self, name)
            setattr(device, name, ffi.NULL if function is None else ffi.cast(kind, function))
        device.event_request, device.event_errno = self.event_request, self.event_errno
        device.prefill, device.delay, device.no_clock = self.prefill, self.delay, not self.may_drive
        return device


@dataclass(frozen=True, slots=True)
class PortState:
    """Counters in samples (`heard`, `said` in blocks); numbers of what runs, 0 for nothing; ring figures."""

    heard: int
    said: int
    holes: int
    dropped: int
    unsent: int
    concealed: int
    play: int
    tone: int
    digits: int
    running: bool
    failed: bool
    peer_gone: bool
    ring_delay_ms: float
    ring_rate: float


class EnginePort:
    """One port; made by `Engine`."""

    def __init__(self, engine: Engine, number: int, on_event: Callable[[EngineEvent], None]) -> None:
        self.engine = engine
        self.number = number
        self.on_event = on_event
        self.descriptor = -1
        """Of a device, for the log."""
        self.lane = checked(engine.lib.me_lane(engine.handle, number), "lane")

    def _call(self, name: str, *arguments: Any) -> int:
        function = getattr(self.engine.lib, f"me_{name}")
        return checked(function(self.engine.handle, self.number, *arguments), name, port=self.number)

    def _try(self, name: str, *arguments: Any) -> bool:
        return bool(getattr(self.engine.lib, f"me_{name}")(self.engine.handle, self.number, *arguments) >= 0)

    # -- life ---------------------------------------------------------------------------------------------------------
    def run(self, running: bool = True) -> None:
        """Read and write from the next tick on, or leave the device alone. A failed port begins anew."""
        self._call("port_run", running)
        self.engine.ports_changed()

    def release(self) -> None:
        """The call is over: ends plays, tones, digits, recordings, links, detection, echo cancelling, gains."""
        self._call("release")
        self.engine.recordings_changed()

    def free(self) -> None:
        """End the port; what runs on it ends as `released`. When it returns nobody touches the descriptor."""
        if self.engine.ports.get(self.number) is not self:
            return
        self._try("port_free")
        self.engine.recordings_changed()
        self.engine.take_events()
        self.engine.ports.pop(self.number, None)
        self.engine.ports_changed()

    @property
    def state(self) -> PortState:
        """Where it is."""
        raw = self.engine.ffi.new("me_port_state *")
        self._call("get_port", raw)
        values = {name: getattr(raw, name) for name in PortState.__dataclass_fields__}
        for name in ("running", "failed", "peer_gone"):
            values[name] = bool(values[name])
        return PortState(**values)

    def gain(self, heard_mb: int = 0, said_mb: int = 0) -> None:
        """Gains of what is heard and said, -6000 .. 2400 mB."""
        self._call("port_gain", heard_mb, said_mb)

    # -- sound out ----------------------------------------------------------------------------------------------------
    def play(
        self,
        clips: Sequence[Clip],
        *,
        loop: bool = False,
        digit_stops: bool = False,
        voice_stops: bool = False,
        gain_mb: int = 0,
    ) -> int:
        """Begin a gapless play list; answers its number. Barge-in needs a bank that finds digits or voice on this
        port.
        """
        if not clips:
            raise ArgumentError("play needs at least one clip", argument="clips")
        handles = self.engine.ffi.new("me_clip *[]", [clip.handle for clip in clips])
        return self._call("play", handles, len(clips), loop, digit_stops, voice_stops, gain_mb)

    def stop_play(self) -> bool:
        """End the play; False when there was none."""
        return self._try("play_stop")

    def tone(self, tone: ToneCadence) -> int:
        """Begin a tone in the place of a running one; answers its number."""
        steps = self.engine.ffi.new("me_tone_step[]", len(tone.steps))
        for raw, step in zip(steps, tone.steps, strict=True):
            if len(step.hz) > 2:
                raise ArgumentError("a tone has at most two frequencies at once", argument="tone")
            raw.ms = step.ms
            for voice in range(2):
                sounds = voice < len(step.hz)
                raw.hz[voice] = step.hz[voice] if sounds else 0.0
                raw.level_mb[voice] = step.level_mb if sounds else -100_000
        return self._call("tone", steps, len(steps), -1 if tone.loop_from is None else tone.loop_from, tone.rounds)

    def stop_tone(self) -> bool:
        """End the tone; False when there was none."""
        return self._try("tone_stop")

    def send_digits(self, digits: str, timing: DigitTiming = DEFAULT_TIMING) -> int:
        """Send 1-64 of 0-9 * # A-D and comma (pause); answers the task. The line gets nothing else meanwhile."""
        t = timing
        text = digits.encode("ascii", "replace")
        return self._call("digits", text, t.on_ms, t.off_ms, t.pause_ms, t.low_mb, t.high_mb)

    def stop_digits(self) -> bool:
        """End the task; False when there was none."""
        return self._try("digits_stop")

    # -- sound in -----------------------------------------------------------------------------------------------------
    def detect(self, bank: EngineBank, on: bool = True, *, tell: bool = True) -> None:
        """Feed what this port hears to a bank; `tell` False: for barge-in only."""
        self._call("detect", bank.number, on, tell)

    def echo(self, tail_ms: int) -> None:
        """Cancel echoes of up to `tail_ms` (8 .. 256; 0: off). Raises UnsupportedError without `Engine.load_echo`."""
        self._call("echo", tail_ms)

    def level_control(self, target_mb: int = -1800, max_gain_mb: int = 1200) -> None:
        """Sinks hear this port's voice at about `target_mb`; `max_gain_mb` 0: off."""
        self._call("agc", target_mb, max_gain_mb)

    def comfort_noise(self, level_mb: int) -> None:
        """Noise of that level wherever the port would say exact silence; below -10000 mB: off."""
        self._call("comfort", level_mb)

    # -- null ports ---------------------------------------------------------------------------------------------------
    def feed(self, pcm: Any) -> int:
        """Null port: 16-bit samples to hear next; answers how many found room."""
        data = self.engine.ffi.from_buffer("short[]", pcm)
        return self._call("null_feed", data, len(data))

    def take(self, samples: int) -> bytes:
        """Null port: what was said since the last time, at most `samples`; 16-bit, host byte order."""
        out = self.engine.ffi.new("short[]", max(samples, 1))
        count = self._call("null_take", out, samples)
        return bytes(self.engine.ffi.buffer(out, 2 * count))
