"""Sound of one channel, as the contract wants it: play list, raw recording, digits, tones. All of it is the engine's.

A task ends once, told by the engine; a release ends whatever runs. Clips and recording files are opened by an
executor: a disk that hangs must not hold the loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from boardd.contract.capabilities import Tone
from boardd.contract.driver import (
    DigitsSent,
    DriverEvent,
    PlayAdvanced,
    PlayEnded,
    PlayRequest,
    RecordEnded,
)
from boardd.contract.errors import ArgumentError, WrongStateError
from boardd.media.engine import events as engine
from boardd.media.engine.port import EnginePort
from boardd.media.engine.recording import Recording, Tap, discard_file, make_file
from drivers.dahdi.kernel_bridge import KernelBridge
from drivers.dahdi.session import Session, log
from drivers.dahdi.sound import Sound

PLAY_REASONS = {engine.Reason.EMPTY: "failed"}
RECORD_REASONS = {engine.Reason.END: "stopped"}
WRITTEN_LIMIT_S = 0.4
"""A slow disk must not keep a line; the host waits 0.5 s for the end of a recording."""


class Media:
    """The media of channel `channel` on its engine port."""

    def __init__(self, session: Session, sound: Sound, channel: str, port: EnginePort, bridge: KernelBridge) -> None:
        self._session = session
        self._sound = sound
        self._channel = channel
        self._bridge = bridge
        self._beginning = 0
        self.port = port
        self._play = 0
        self._loading: object | None = None
        self._first = False
        self._recording: Recording | None = None
        self._opening: object | None = None
        self._samples = 0
        self._then: Callable[[], None] | None = None
        self._digits = 0
        self._dial = 0
        self._dialled: Callable[[], None] = lambda: None
        self._tone = False

    def _emit(self, event: DriverEvent) -> None:
        self._session.emit(event)

    @property
    def quiet(self) -> bool:
        """Whether the channel says nothing by itself."""
        return not (self._play or self._loading is not None or self._digits or self._tone)

    @property
    def recording(self) -> bool:
        """Whether it is recorded."""
        return self._recording is not None or self._opening is not None

    @contextmanager
    def _begins(self) -> Iterator[None]:
        """Something begins inside that the kernel would hide, or that must be whole."""
        self._beginning += 1
        self._bridge.hold(self._channel, self)
        try:
            yield
        finally:
            self._beginning -= 1
            self._ended()

    def _ended(self) -> None:
        """Something has ended: perhaps nothing else goes on."""
        if self.quiet and not (self._beginning or self.recording or self._dial):
            self._bridge.let_go(self._channel, self)

    # -- play ---------------------------------------------------------------------------------------------------------
    async def play(self, request: PlayRequest) -> None:
        """Begin a play task. Raises WrongStateError while one runs, ArgumentError, DeviceError."""
        if self._play or self._loading is not None:
            raise WrongStateError(f"{self._channel} is playing", channel=self._channel, operation="play")
        with self._begins():
            await self._start_play(request)

    async def _start_play(self, request: PlayRequest) -> None:
        mine = self._loading = object()
        try:
            loop = asyncio.get_running_loop()
            clips = [await loop.run_in_executor(None, self._sound.clips.load, Path(file)) for file in request.files]
            if self._loading is not mine:
                raise WrongStateError(f"{self._channel} was released", channel=self._channel, operation="play")
            self.tone(None)
            self._first = True
            self._play = self.port.play(
                clips, loop=request.loop, digit_stops=request.digit_stops, voice_stops=request.voice_stops
            )
        finally:
            if self._loading is mine:
                self._loading = None

    def stop_play(self) -> None:
        """End the play task, if any."""
        self._loading = None
        if self._play:
            self.port.stop_play()

    # -- record -------------------------------------------------------------------------------------------------------
    async def record(self, path: str) -> None:
        """Record what the channel hears into `path`, raw A-law. Raises WrongStateError while one runs, DeviceError.

        The file is made by an executor; a release or `stop_record` meanwhile takes it away again (WrongStateError).
        """
        if self.recording:
            raise WrongStateError(f"{self._channel} is recording", channel=self._channel, operation="record")
        if path.lower().endswith(".wav"):
            raise ArgumentError("a raw recording must not be called .wav", argument="path", channel=self._channel)
        with self._begins():
            await self._record(Path(path))

    async def _record(self, file: Path) -> None:
        mine = self._opening = object()
        self._samples = 0
        loop = asyncio.get_running_loop()
        making = loop.run_in_executor(None, make_file, file)
        try:
            descriptor = await asyncio.shield(making)
        except asyncio.CancelledError:
            making.add_done_callback(lambda made: _unwanted(made, file))
            raise
        finally:
            wanted = self._opening is mine
            if wanted:
                self._opening = None
        if not wanted:
            await loop.run_in_executor(None, discard_file, file, descriptor)
            raise WrongStateError(f"{self._channel} was released", channel=self._channel, operation="record")
        self._recording = self._sound.engine.record(
            file, (self.port, Tap.HEARS), on_end=self._record_ended, descriptor=descriptor
        )

    def stop_record(self) -> None:
        """End the recording, if any."""
        self._opening = None
        if self._recording:
            self._recording.stop()

    def recorded_samples(self) -> int:
        """Samples of the running or last recording."""
        return self._recording.state.samples if self._recording else self._samples

    def when_written(self, then: Callable[[], None]) -> None:
        """Call `then` when the recording that is ending is on the disk; at once without one, soon in any case."""
        if self._recording is None:
            then()
            return
        self._then = then
        asyncio.get_running_loop().call_later(WRITTEN_LIMIT_S, self._go_on)

    def _go_on(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            then()

    def _record_ended(self, event: engine.RecordEnded) -> None:
        self._recording = None
        self._samples = event.samples
        if event.lost:
            log.warning("recording_has_gaps", channel=self._channel, samples=event.samples, lost=event.lost)
        reason = RECORD_REASONS.get(event.reason, str(event.reason))
        self._emit(RecordEnded(self._channel, reason, event.samples))
        self._go_on()
        self._ended()

    # -- digits and tones ---------------------------------------------------------------------------------------------
    def send_digits(self, digits: str) -> None:
        """Send digits; commas are pauses. Raises WrongStateError while some are being sent."""
        if self._digits:
            raise WrongStateError(f"{self._channel} is sending digits", channel=self._channel, operation="send_digits")
        with self._begins():
            self.tone(None)
            self._digits = self.port.send_digits(digits, self._sound.tones.digits)

    def dial(self, digits: str, done: Callable[[], None]) -> None:
        """Send the digits of a number being dialled; `done` when they are out, not when they are stopped."""
        self._dialled = done
        with self._begins():
            self._dial = self.port.send_digits(digits, self._sound.tones.digits)

    def stop_dialling(self) -> None:
        """Send no more of it."""
        if self._dial:
            self._dial = 0
            self.port.stop_digits()
            self._ended()

    def tone(self, tone: Tone | None) -> None:
        """Send a supervisory tone until told otherwise, or stop it."""
        if tone is None:
            if self._tone:
                self._tone = False
                self.port.stop_tone()
                self._ended()
            return
        with self._begins():
            self.port.tone(self._sound.tones.tones[tone])
            self._tone = True

    def _digits_ended(self, event: engine.DigitsSent) -> None:
        complete = event.reason is engine.Reason.END
        if event.task == self._digits:
            self._digits = 0
            self._ended()
            self._emit(DigitsSent(self._channel, complete))
        elif event.task == self._dial:
            self._dial = 0
            self._ended()
            if complete:
                self._dialled()

    # -- both ---------------------------------------------------------------------------------------------------------
    def release(self) -> None:
        """The call is over: end everything on the port, detection and links too."""
        self._loading = self._opening = None
        self._tone = False
        self.port.release()
        self._ended()

    def on_event(self, event: engine.EngineEvent) -> bool:
        """Handle an event of the engine; False when it is none of ours."""
        if isinstance(event, engine.PlayMoved):
            if event.play == self._play and not (self._first and event.index == 0):
                self._emit(PlayAdvanced(self._channel, event.index))
            self._first = False
        elif isinstance(event, engine.PlayEnded):
            if event.play == self._play:
                self._play = 0
                self._ended()
                self._emit(PlayEnded(self._channel, PLAY_REASONS.get(event.reason, str(event.reason))))
        elif isinstance(event, engine.DigitsSent):
            self._digits_ended(event)
        elif not isinstance(event, engine.ToneEnded | engine.RecordEnded | engine.RecordGap):
            return False
        return True


def _unwanted(made: asyncio.Future[int], file: Path) -> None:
    """Whoever wanted the file has gone before it was there."""
    if not made.cancelled() and made.exception() is None:
        discard_file(file, made.result())
