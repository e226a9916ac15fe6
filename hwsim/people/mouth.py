"""What a person says: numbered chirps that tests can find again in any recording, sound files, digits as DTMF."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hwsim.core.events import Event, Format, Kind
from hwsim.core.sound import alaw_of
from hwsim.exchange.party import stop_sound
from hwsim.kernel.sim import SAMPLE_US, Sim, Timer
from hwsim.line.keypad import GOOD, Keypad

CHIRP_PERIOD_MS = 400.0
CHIRP_LEVEL_MB = -1300
FIRST_CHIRP = 1


class Mouth:
    """Speaks into `leg` as party number `party`; chirps are counted through the person's whole life."""

    def __init__(self, sim: Sim, person: str, party: int, leg: int, finished: Callable[[], None]) -> None:
        self.sim = sim
        self.person = person
        self.party = party
        self.leg = leg
        self.next_chirp = FIRST_CHIRP
        self.sending_digits = False
        self.playing = False
        self._finished = finished
        self._source = 0
        self._file_source = 0
        self._digit_source = 0
        self._tone_source = 0
        self._line = ""
        self._chirps_wait = False
        self._timer: Timer | None = None

    @property
    def speaking(self) -> bool:
        """Whether chirps are being said, or will be when the file that plays is over."""
        return self._timer is not None or self._chirps_wait

    def open(self, line: str) -> None:
        """The telephone is off-hook on `line`."""
        self._line = line
        self.sim.on_engine(self.leg, self._sound)

    def close(self) -> None:
        """The telephone goes on-hook: nothing more is said."""
        self.silence()
        self.tone_off()
        for source in (self._digit_source, self._file_source):
            if source:
                stop_sound(self.sim.engine, source)
        self._digit_source = self._file_source = 0
        self.sending_digits = self.playing = False
        self.sim.off_engine(self.leg, self._sound)

    def speak(self) -> None:
        """Say one numbered chirp every 400 ms until `silence`, after what is being played."""
        if self._timer is None and self.playing:
            self._chirps_wait = True
        elif self._timer is None:
            self._chirp()

    def silence(self) -> None:
        """Say no further chirps; one that has begun is finished."""
        self._chirps_wait = False
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def send_digits(self, digits: str, keypad: Keypad = GOOD) -> None:
        """Press keys: DTMF as sound, each digit noted when it begins."""
        self.sending_digits = True
        self._digit_source = self.sim.engine.dtmf(
            self.leg,
            digits,
            on_ms=keypad.on_ms,
            off_ms=keypad.off_ms,
            low_mb=round(keypad.low_dbm0 * 100),
            high_mb=round(keypad.high_dbm0 * 100),
            break_ms=keypad.break_ms,
        )

    def play(self, path: Path) -> None:
        """Play an A-law WAV or raw A-law file once."""
        self.playing = True
        self._file_source = self.sim.engine.play_mem(self.leg, alaw_of(path), Format.ALAW)
        self.sim.truth.note("spoke", person=self.person, line=self._line, file=path.name)

    def tone(self, hertz: float, dbm0: float, cadence_ms: tuple[int, ...]) -> None:
        """Sound a tone until `tone_off`: a beep, a fax machine's call."""
        self.tone_off()
        self._tone_source = self.sim.engine.tone(self.leg, hertz, round(dbm0 * 100), cadence_ms=cadence_ms)
        self.sim.truth.note("sounded", person=self.person, line=self._line, hz=hertz, cadence_ms=list(cadence_ms))

    def tone_off(self) -> None:
        """End the tone."""
        if self._tone_source:
            stop_sound(self.sim.engine, self._tone_source)
            self._tone_source = 0

    def _chirp(self) -> None:
        number, self.next_chirp = self.next_chirp, self.next_chirp + 1
        start_us = self.sim.engine.now * SAMPLE_US
        self.sim.engine.chirp(self.leg, self.party, number, level_mb=CHIRP_LEVEL_MB)
        self.sim.truth.note(
            "chirp", person=self.person, line=self._line, party=self.party, number=number, t_us=start_us
        )
        self._timer = self.sim.later(CHIRP_PERIOD_MS, self._chirp)

    def _sound(self, event: Event) -> None:
        if event.kind is Kind.DTMF_DIGIT_SENT:
            self.sim.truth.note(
                "digit_sent", person=self.person, line=self._line, digit=event.digit, t_us=event.at_samples * SAMPLE_US
            )
        elif event.kind is Kind.DTMF_SENT and event.id == self._digit_source:
            self.sending_digits = False
            self._digit_source = 0
            self._finished()
        elif event.kind is Kind.PLAY_END and event.id == self._file_source:
            self.playing = False
            self._file_source = 0
            if self._chirps_wait:
                self._chirps_wait = False
                self._chirp()
            self._finished()
