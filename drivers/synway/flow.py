"""Sound of one channel to and from a tie: which of the card's tasks carries it (fact sheet sections 12.1, 12.2).

A channel records one thing at a time. A recording to a file hands the same sound to the pump as it comes; without one
the pump lets the card record into memory. When they take turns, the end of one and the beginning of the other are one
job at the door. A channel also plays one thing at a time: prompts, tones and digits go first, and what the tie says is
not heard meanwhile. Every method runs under the port's lock.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.contract.errors import BoarddError
from boardd.native.library import Function
from drivers.synway.pump import GIVES, RESTS, TAKES, Pump, PumpState
from drivers.synway.session import Session, log


class Flow:
    """The sound of channel `ch` (id `channel`). `stopped_play`, `stopped_record`: we ended a task of the card
    ourselves, so its end event is nobody's.
    """

    def __init__(
        self,
        session: Session,
        channel: str,
        ch: int,
        stopped_play: Callable[[], None],
        stopped_record: Callable[[], None],
    ) -> None:
        self._session = session
        self._channel = channel
        self._ch = ch
        self._stopped_play = stopped_play
        self._stopped_record = stopped_record
        self._pump: Pump | None = None
        self._hears = False
        self._speaks = False
        self._speaking = False
        self._free = False
        self._file = False

    @property
    def hears(self) -> bool:
        """Whether sound must come from the line now."""
        return self._hears

    @property
    def speaks(self) -> bool:
        """Whether sound must go to the line now: a tie speaks, and nothing goes before it."""
        return self._speaks and self._free

    @property
    def possible(self) -> bool:
        """Whether the library has what ties need, and nobody forbade it."""
        return self._session.quirks.ties and self._session.native.has("ties")

    @property
    def pump(self) -> Pump:
        """The channel's pump, made when first used. Raises OverloadError."""
        if self._pump is None:
            self._pump = Pump(self._session.native.library, self._ch, self._session.quirks.tie_piece_bytes)
        return self._pump

    @property
    def state(self) -> PumpState | None:
        """Where the pump is; None: it was never needed."""
        return self._pump.state if self._pump else None

    def close(self) -> None:
        """The library is closed."""
        if self._pump is not None:
            self._pump.close()
            self._pump = None

    # -- from the line ------------------------------------------------------------------------------------------------
    async def hear(self, on: bool) -> None:
        """Whether ties hear the channel. Raises DeviceError, DeadlineError."""
        if on == self._hears:
            return
        if on:
            self.pump.begin(GIVES)
            self.pump.hear(True)
            self._hears = True
            if not self._file:
                try:
                    await self._capture()
                except BoarddError:
                    self._deaf()
                    raise
            return
        self._deaf()
        if not self._file:
            self._stopped_record()
            await self._session.ask(self._channel, Function("SsmStopRecordMemBlock", self._end_capture), 0)

    def _deaf(self) -> None:
        self._hears = False
        self.pump.hear(False)
        self.pump.begin(RESTS)

    async def _capture(self) -> None:
        await self._session.command(self._channel, Function("SsmRecordMemBlock", self.pump.capture))

    def _end_capture(self) -> int:
        """On the door thread."""
        self.pump.capture_end()
        return int(self._session.lib.SsmStopRecordMemBlock(self._ch))

    async def record(self, path: str) -> None:
        """Record into a file, and go on hearing. Raises DeviceError, DeadlineError."""
        mask = self._session.quirks.record_mask
        if self._hears:
            self._stopped_record()

        def to_file() -> int:
            if self._hears:
                self._end_capture()
            return self.pump.record_file(path, mask)

        try:
            await self._session.file_command(self._channel, Function("SsmRecToFileB", to_file))
        except BoarddError:
            if self._hears:
                await self._again()
            raise
        self._file = True

    async def stop_record(self) -> int:
        """End the file, and go on hearing; the samples in it."""
        self._file = False

        def to_memory() -> int:
            lib = self._session.lib
            # Refused: it ended by itself a moment ago.
            lib.SsmStopRecToFile(self._ch)
            samples = lib.SsmGetDataBytesToRecord(self._ch)
            if self._hears:
                self.pump.capture()
            return samples

        return await self._session.ask(self._channel, Function("SsmStopRecToFile", to_memory), 0)

    async def record_ended(self) -> None:
        """The card ended the file by itself."""
        self._file = False
        if self._hears:
            await self._again()

    # -- to the line --------------------------------------------------------------------------------------------------
    async def speak(self, on: bool, free: bool) -> None:
        """Whether the channel says what ties say; `free`: nothing else is sent to the line. Raises DeviceError."""
        self._speaks, self._free = on, free
        if not on:
            await self.make_way()
        elif free:
            await self.go_on()

    async def make_way(self) -> None:
        """Something else is about to be sent to the line, or the tie is done."""
        self._free = False
        if not self._speaking:
            return
        self._speaking = False
        self._stopped_play()

        def end() -> int:
            self.pump.speak_end()
            return int(self._session.lib.SsmStopPlayMemBlock(self._ch))

        await self._session.ask(self._channel, Function("SsmStopPlayMemBlock", end), 0)

    async def go_on(self) -> None:
        """The line is free again. Raises DeviceError, DeadlineError."""
        self._free = True
        if not self._speaks or self._speaking:
            return
        self.pump.begin(TAKES)
        await self._session.command(self._channel, Function("SsmPlayMemBlock", self.pump.speak))
        self._speaking = True

    # -- both ---------------------------------------------------------------------------------------------------------
    async def release(self) -> None:
        """The call is over."""
        await self.speak(False, free=False)
        await self.hear(False)

    async def tick(self, free: bool) -> None:
        """Find what the card has ended by itself, and begin anew."""
        if not self._hears and not self._speaks:
            return
        state = self.pump.state
        if self._speaking and not state.speaking:
            log.warning("tie_play_ended", channel=self._channel, refused=state.refused, dry=state.dry)
            self._speaking = False
        try:
            if free:
                await self.go_on()
        except BoarddError as error:
            log.warning("tie_silent", channel=self._channel, error=error.message)
        if self._hears and not self._file and not state.capturing:
            await self._again()

    async def _again(self) -> None:
        try:
            await self._capture()
        except BoarddError as error:
            log.warning("tie_deaf", channel=self._channel, error=error.message)
