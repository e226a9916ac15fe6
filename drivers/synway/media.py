"""Sound of one channel: the play list, the raw recording, digits heard and sent, tones (fact sheet section 12).

The card does one play, one recording and one sending task at a time. A stopped task is reported at once; the maker's
own end event for it comes later and is swallowed, so that it cannot end the next task. Ends whose event was lost
are found by `tick`. Ties to other domains share these tasks (`flow`). Every method runs under the port's lock.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from boardd.contract.capabilities import Tone
from boardd.contract.driver import Digit, DigitsSent, DriverEvent, PlayAdvanced, PlayEnded, PlayRequest, RecordEnded
from boardd.contract.errors import ArgumentError, DeviceError, WrongStateError
from boardd.native.strings import encode_path
from drivers.synway._codes import CODEC_ALAW, CODEC_FROM_FILE, UNLIMITED, Event, PlayEnd, RecordEnd, SendTone
from drivers.synway._native import DTMF_BYTES, VendorEvent
from drivers.synway.flow import Flow
from drivers.synway.session import Session, log

PLAY_REASONS = {
    PlayEnd.NORMAL: "end",
    PlayEnd.DTMF: "digit",
    PlayEnd.BARGE_IN: "voice",
    PlayEnd.REMOTE_HANGUP: "released",
    PlayEnd.APPLICATION: "stopped",
}
RECORD_REASONS = {
    RecordEnd.APPLICATION: "stopped",
    RecordEnd.DTMF: "stopped",
    RecordEnd.REMOTE_HANGUP: "released",
    RecordEnd.LIMIT: "limit",
    RecordEnd.WRITE_FAILURE: "write_failed",
}
TONES = {
    Tone.DIAL: SendTone.DIAL,
    Tone.BUSY: SendTone.BUSY,
    Tone.RING_BACK: SendTone.RING_BACK,
    Tone.HOWLER: SendTone.HOWLER,
}
DIGITS = frozenset("0123456789*#ABCD")
BUFFER_LIMIT = 100
"""The receive buffer (200 by default) is emptied after this many digits."""
SHORT_LOOP_S = 0.05
FLAGS_UNKNOWN = -1


@dataclass(eq=False)
class _Play:
    request: PlayRequest
    began_s: float
    missed_ticks: int = 0


@dataclass(eq=False)
class _Record:
    path: str
    missed_ticks: int = 0


@dataclass(eq=False)
class _Sending:
    parts: list[str]
    timer: asyncio.TimerHandle | None = None
    missed_ticks: int = 0


@dataclass(eq=False)
class Media:
    """The media of channel `ch` with the id `channel`."""

    session: Session
    channel: str
    ch: int
    _play: _Play | None = None
    _record: _Record | None = None
    _sending: _Sending | None = None
    _tone: bool = False
    _stale_plays: int = 0
    _stale_records: int = 0
    _stale_sendings: int = 0
    _digits_seen: int = 0
    _flags: list[int] = field(default_factory=lambda: [FLAGS_UNKNOWN, FLAGS_UNKNOWN])
    flow: Flow = field(init=False)

    def __post_init__(self) -> None:
        self.flow = Flow(self.session, self.channel, self.ch, self._stopped_play, self._stopped_record)

    def _stopped_play(self) -> None:
        self._stale_plays += 1

    def _stopped_record(self) -> None:
        self._stale_records += 1

    # -- ties ---------------------------------------------------------------------------------------------------------
    @property
    def _silent(self) -> bool:
        """Nothing is sent to the line but what a tie says."""
        return not (self._play or self._sending or self._tone)

    async def carry(self, hear: bool, speak: bool) -> None:
        """Whether ties hear the channel, and whether it says what they say. Raises DeviceError, OverloadError."""
        await self.flow.hear(hear)
        if speak and self._silent:
            await self._set_flags(digit_stops=False, voice_stops=False)
        await self.flow.speak(speak, self._silent)

    async def _line_free(self) -> None:
        """A prompt, digits or a tone are over: the tie is heard again."""
        if not self._silent:
            return
        try:
            await self.flow.go_on()
        except DeviceError as error:
            log.warning("tie_silent", channel=self.channel, error=error.message)

    def _emit(self, event: DriverEvent) -> None:
        self.session.emit(event)

    async def prepare(self) -> None:
        """Settings of the channel that never change; a card that does not know one of them works without it."""
        lib, ch = self.session.lib, self.ch

        def settle() -> list[int]:
            return [
                lib.SsmSetHangupStopPlayFlag(ch, 0),
                lib.SsmSetHangupStopRecFlag(ch, 0),
                lib.SsmSetRecMixer(ch, 0, 0),
                lib.SsmEnableRxDtmf(ch, 1),
                lib.SsmClearRxDtmfBuf(ch),
            ]

        await self.session.run("prepare_media", settle)

    # -- play ---------------------------------------------------------------------------------------------------------
    async def play(self, request: PlayRequest) -> None:
        """Begin a play task. Raises WrongStateError while one runs, DeviceError."""
        if self._play:
            raise WrongStateError(f"{self.channel} is playing", channel=self.channel, operation="play")
        await self._stop_tone()
        await self.flow.make_way()
        lib = self.session.lib
        await self._set_flags(request.digit_stops, request.voice_stops)
        await self.session.command(self.channel, lib.SsmClearFileList, self.ch)
        for path in request.files:
            await self.session.file_command(
                self.channel, lib.SsmAddToFileList, self.ch, encode_path(path), CODEC_FROM_FILE, 0, UNLIMITED
            )
        await self.session.file_command(self.channel, lib.SsmPlayFileList, self.ch)
        self._play = _Play(request, asyncio.get_running_loop().time())

    async def _set_flags(self, digit_stops: bool, voice_stops: bool) -> None:
        wanted = [int(digit_stops), int(voice_stops)]
        setters = (self.session.lib.SsmSetDtmfStopPlay, self.session.lib.SsmSetBargeinStopPlay)
        for position, (setter, value) in enumerate(zip(setters, wanted, strict=True)):
            if self._flags[position] != value:
                await self.session.command(self.channel, setter, self.ch, value)
                self._flags[position] = value

    async def stop_play(self, reason: str = "stopped") -> None:
        """End the play task, if any."""
        if not self._play:
            return
        self._stale_plays += 1
        # Refused: it ended by itself a moment ago; the event for that is on its way and is the one to be swallowed.
        await self.session.ask(self.channel, self.session.lib.SsmStopPlayFileList, 0, self.ch)
        await self._end_play(reason)

    async def _end_play(self, reason: str) -> None:
        self._play = None
        self._emit(PlayEnded(self.channel, reason))
        await self._line_free()

    async def _play_ended(self, code: int) -> None:
        if self._stale_plays:
            self._stale_plays -= 1
            return
        play = self._play
        if not play or code == PlayEnd.PAUSED:
            return
        now_s = asyncio.get_running_loop().time()
        if code == PlayEnd.NORMAL and play.request.loop and now_s - play.began_s >= SHORT_LOOP_S:
            play.began_s = now_s
            try:
                await self.session.file_command(self.channel, self.session.lib.SsmPlayFileList, self.ch)
            except DeviceError:
                await self._end_play("failed")
            else:
                self._emit(PlayAdvanced(self.channel, 0))
            return
        await self._end_play(PLAY_REASONS.get(PlayEnd(code), "failed") if code in set(PlayEnd) else "failed")

    def _file_done(self, index: int) -> None:
        play = self._play
        if play and not self._stale_plays and index + 1 < len(play.request.files):
            self._emit(PlayAdvanced(self.channel, index + 1))

    # -- record -------------------------------------------------------------------------------------------------------
    async def record(self, path: str) -> None:
        """Record what the channel hears into `path`, raw A-law. Raises WrongStateError while one runs, DeviceError."""
        if self._record:
            raise WrongStateError(f"{self.channel} is recording", channel=self.channel, operation="record")
        if path.lower().endswith(".wav"):
            raise ArgumentError("a raw recording must not be called .wav", argument="path", channel=self.channel)
        if self.flow.possible:
            await self.flow.record(path)
        else:
            await self.session.file_command(
                self.channel,
                self.session.lib.SsmRecToFile,
                self.ch,
                encode_path(path),
                CODEC_ALAW,
                0,
                UNLIMITED,
                UNLIMITED,
                self.session.quirks.record_mask,
            )
        self._record = _Record(path)

    async def stop_record(self, reason: str = "stopped") -> None:
        """End the recording, if any."""
        if not self._record:
            return
        self._stale_records += 1
        # As in stop_play.
        await self._end_record(reason, await self.flow.stop_record())

    async def _end_record(self, reason: str, samples: int) -> None:
        self._record = None
        self._emit(RecordEnded(self.channel, reason, samples))

    async def recorded_samples(self) -> int:
        """Samples of the running or last recording (A-law: one byte each)."""
        return await self.session.ask(self.channel, self.session.lib.SsmGetDataBytesToRecord, 0, self.ch)

    async def _record_ended(self, code: int) -> None:
        if self._stale_records:
            self._stale_records -= 1
        elif self._record and code != RecordEnd.PAUSED:
            reason = RECORD_REASONS.get(RecordEnd(code), "write_failed") if code in set(RecordEnd) else "write_failed"
            await self._end_record(reason, await self.recorded_samples())
            await self.flow.record_ended()

    # -- digits heard -------------------------------------------------------------------------------------------------
    async def forget_digits(self) -> None:
        """A call begins or is over: what was heard before does not count."""
        self._digits_seen = 0
        await self.session.ask(self.channel, self.session.lib.SsmClearRxDtmfBuf, 0, self.ch)

    async def _digit(self, event: VendorEvent, wanted: bool) -> None:
        total, seen = event.high, self._digits_seen
        if total == seen:
            return  # the same event twice
        self._digits_seen = total
        heard = chr(event.low)
        if total > seen + 1:
            # Events were lost; the buffer still has the digits.
            buffer = await self.session.run("SsmGetDtmfStr", self._read_digits)
            heard = buffer[seen:total] if len(buffer) >= total else heard
        for digit in heard:
            if wanted and digit in DIGITS:
                self._emit(Digit(self.channel, digit))
        if total >= BUFFER_LIMIT:
            await self.forget_digits()

    def _read_digits(self) -> str:
        return self.session.native.text(self.session.lib.SsmGetDtmfStr, self.ch, DTMF_BYTES)

    # -- digits sent --------------------------------------------------------------------------------------------------
    async def send_digits(self, digits: str) -> None:
        """Send digits; commas are pauses. Raises WrongStateError while some are being sent, DeviceError."""
        if self._sending:
            raise WrongStateError(f"{self.channel} is sending digits", channel=self.channel, operation="send_digits")
        await self._stop_tone()
        await self.flow.make_way()
        self._sending = _Sending(split_digits(digits, self.session.quirks.digits_per_task))
        try:
            await self._send_next()
        except DeviceError:
            self._sending = None
            await self._line_free()
            raise

    async def _send_next(self) -> None:
        sending = self._sending
        if not sending:
            return
        if not sending.parts:
            self._sending = None
            self._emit(DigitsSent(self.channel, True))
            await self._line_free()
            return
        part = sending.parts.pop(0)
        if part == ",":
            pause_s = self.session.quirks.digit_pause_ms / 1000
            sending.timer = asyncio.get_running_loop().call_later(pause_s, self._pause_over, sending)
            return
        await self.session.command(self.channel, self.session.lib.SsmTxDtmf, self.ch, part.encode("ascii"))

    def _pause_over(self, sending: _Sending) -> None:
        if self._sending is sending:
            sending.timer = None
            self.session.spawn(self._go_on(sending), f"digits {self.channel}")

    async def _go_on(self, sending: _Sending) -> None:
        if self._sending is not sending:
            return
        try:
            await self._send_next()
        except DeviceError:
            self._sending = None
            self._emit(DigitsSent(self.channel, False))
            await self._line_free()

    async def _part_sent(self, aborted: bool) -> None:
        if self._stale_sendings:
            self._stale_sendings -= 1
        elif self._sending and self._sending.timer is None:
            if aborted:
                self._sending = None
                self._emit(DigitsSent(self.channel, False))
                await self._line_free()
            else:
                await self._go_on(self._sending)

    async def _stop_sending(self) -> None:
        sending, self._sending = self._sending, None
        if not sending:
            return
        if sending.timer:
            sending.timer.cancel()
        else:
            self._stale_sendings += 1
            await self.session.ask(self.channel, self.session.lib.SsmStopTxDtmf, 0, self.ch)
        self._emit(DigitsSent(self.channel, False))

    # -- tones --------------------------------------------------------------------------------------------------------
    async def tone(self, tone: Tone | None) -> None:
        """Send a supervisory tone until told otherwise, or stop it."""
        lib = self.session.lib
        await self._stop_tone()
        if tone is None:
            await self._line_free()
            return
        await self.flow.make_way()
        if tone is Tone.CONGESTION:
            cadence_ms = self.session.quirks.congestion_cadence_ms
            await self.session.command(self.channel, lib.SsmSendToneEx, self.ch, cadence_ms, cadence_ms)
        else:
            await self.session.command(self.channel, lib.SsmSendTone, self.ch, TONES[tone])
        self._tone = True

    async def _stop_tone(self) -> None:
        if self._tone:
            self._tone = False
            await self.session.ask(self.channel, self.session.lib.SsmStopSendTone, 0, self.ch)

    # -- both ---------------------------------------------------------------------------------------------------------
    async def release(self) -> None:
        """The call is over: end everything."""
        await self.flow.release()
        await self.stop_play("released")
        await self._stop_sending()
        await self._stop_tone()
        await self.stop_record("released")

    async def on_event(self, event: VendorEvent, in_call: bool) -> bool:
        """Handle a media event; False when it is none. Digits are passed on only `in_call`."""
        if event.code == Event.RCV_DTMF:
            await self._digit(event, in_call)
        elif event.code == Event.PLAY_END:
            await self._play_ended(event.param)
        elif event.code == Event.PLAY_FILE_LIST:
            self._file_done(event.param)
        elif event.code == Event.RECORD_END:
            await self._record_ended(event.param)
        elif event.code == Event.SEND_DTMF:
            await self._part_sent(aborted=event.param != 0)
        else:
            return False
        return True

    async def tick(self) -> None:
        """Find ends whose event was lost: an end that is seen at two ticks in a row is taken."""
        lib = self.session.lib
        if play := self._play:
            code = await self.session.ask(self.channel, lib.SsmCheckPlay, 0, self.ch)
            play.missed_ticks = play.missed_ticks + 1 if code not in (0, PlayEnd.PAUSED) else 0
            if play.missed_ticks >= 2:
                self._stale_plays = play.missed_ticks = 0
                await self._play_ended(code)
        if record := self._record:
            code = await self.session.ask(self.channel, lib.SsmCheckRecord, 0, self.ch)
            record.missed_ticks = record.missed_ticks + 1 if code not in (0, RecordEnd.PAUSED) else 0
            if record.missed_ticks >= 2:
                self._stale_records = 0
                await self._record_ended(code)
        sending = self._sending
        if sending and sending.timer is None:
            idle = await self.session.ask(self.channel, lib.SsmChkTxDtmf, 0, self.ch) == 0
            sending.missed_ticks = sending.missed_ticks + 1 if idle else 0
            if sending.missed_ticks >= 2:
                self._stale_sendings = sending.missed_ticks = 0
                await self._part_sent(aborted=False)
        await self.flow.tick(self._silent)


def split_digits(digits: str, most: int) -> list[str]:
    """Parts for one sending task each: commas alone, the rest cut into pieces of at most `most`."""
    parts: list[str] = []
    for digit in digits:
        if digit != "," and parts and parts[-1] != "," and len(parts[-1]) < most:
            parts[-1] += digit
        else:
            parts.append(digit)
    return parts
