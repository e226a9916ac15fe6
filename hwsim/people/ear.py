"""What a person hears on a telephone: tones by their rhythm, voices by energy, other people by their numbered chirps.

The sample engine's detectors on the telephone's leg are the only source: nothing here asks the exchange or a card.
"""

from __future__ import annotations

from collections.abc import Callable

from hwsim.core.events import Event, Kind
from hwsim.exchange.party import TimerSet
from hwsim.kernel.sim import Sim
from hwsim.people.cadence import CONTINUOUS_MS, RING_SILENCE_MS, CadenceReader, Heard

TONE_HZ = 450.0
TONE_BANDWIDTH_HZ = 120.0
HOWLER_HZ = 950.0
HOWLER_BANDWIDTH_HZ = 100.0
SOUND_LEVEL_MB = -3800
SOUND_MIN_ON_MS = 60
SOUND_MIN_OFF_MS = 160
VOICE_AFTER_MS = 220
VOICE_HOLD_MS = 900
TONE_HOLD_MS = 4_700


class Ear:
    """Listens on `leg` between `open` and `close`; calls `changed()` whenever one of its answers changes.

    `tone` is the tone recognised at present, `voice` whether somebody or a prompt speaks.
    """

    def __init__(self, sim: Sim, leg: int, changed: Callable[[], None]) -> None:
        self.sim = sim
        self.leg = leg
        self.tone: Heard | None = None
        self.voice = False
        self.is_open = False
        self._changed = changed
        self._cadence = CadenceReader()
        self._sounding = False
        self._beep_on = False
        self._quiet_since_us = 0
        self._silence_before_ms = -1
        self._detectors: list[int] = []
        self._timers = TimerSet(sim)

    def open(self) -> None:
        """The receiver is at the ear."""
        if self.is_open:
            return
        self.is_open = True
        self.tone, self.voice = None, False
        self._sounding = self._beep_on = False
        self._quiet_since_us = self.sim.now_us
        self._cadence.reset()
        engine = self.sim.engine
        self._detectors = [
            engine.tone_detect(self.leg, TONE_HZ, TONE_BANDWIDTH_HZ),
            engine.tone_detect(self.leg, HOWLER_HZ, HOWLER_BANDWIDTH_HZ),
            engine.energy_detect(self.leg, SOUND_LEVEL_MB, SOUND_MIN_ON_MS, SOUND_MIN_OFF_MS),
        ]
        self.sim.on_engine(self.leg, self._sound)

    def close(self) -> None:
        """The receiver is put down."""
        if not self.is_open:
            return
        self.is_open = False
        self.sim.off_engine(self.leg, self._sound)
        for detector in self._detectors:
            self.sim.engine.stop(detector)
        self._detectors = []
        self._timers.cancel()
        self.tone, self.voice = None, False

    def quiet_ms(self) -> float:
        """For how long nothing at all has been heard; 0 while there is sound."""
        return 0.0 if self._sounding else (self.sim.now_us - self._quiet_since_us) / 1000

    def silent(self, for_ms: float) -> bool:
        """Whether it has been quiet for `for_ms` and no tone with long pauses (ring-back) is going on."""
        if self.tone is Heard.RING_BACK:
            return False
        return self.quiet_ms() >= for_ms

    # -- the engine's detectors -------------------------------------------------------------------------------------
    def _sound(self, event: Event) -> None:
        if event.id not in self._detectors:
            return  # somebody else listens on this leg too
        match event.kind:
            case Kind.TONE_ON:
                self._beep_begins(event)
            case Kind.TONE_OFF:
                self._beep_ends(event)
            case Kind.VOICE_ON:
                self._sounding = True
                self._timers.cancel("voice_off")
                if not self._beep_on:
                    self._timers.start("voice", VOICE_AFTER_MS, self._maybe_voice)
                self._changed()
            case Kind.VOICE_OFF:
                self._sounding = False
                self._quiet_since_us = self.sim.now_us
                self._timers.start("voice_off", VOICE_HOLD_MS, self._voice_over)
                self._changed()
            case _:
                pass

    def _beep_begins(self, event: Event) -> None:
        self._beep_on = True
        self._silence_before_ms = int(event.b)
        self._timers.cancel("voice", "ring_back", "tone_over")
        heard = Heard.HOWLER if event.a == int(HOWLER_HZ) else Heard.DIAL
        self._timers.start("continuous", CONTINUOUS_MS, self._recognise, heard)

    def _beep_ends(self, event: Event) -> None:
        self._beep_on = False
        self._timers.cancel("continuous")
        if self.tone in (Heard.DIAL, Heard.HOWLER):
            self._tone_over()
        self._recognise(self._cadence.beep(int(event.b), self._silence_before_ms))
        self._timers.start("ring_back", RING_SILENCE_MS, self._after_beep)
        # A voice that follows a tone without a gap gives no edge of its own.
        self._timers.start("voice", VOICE_AFTER_MS, self._maybe_voice)
        self._timers.start("tone_over", TONE_HOLD_MS, self._tone_over)

    def _after_beep(self) -> None:
        heard = self._cadence.pause()
        if heard is None and self.tone is not None:
            self._tone_over()
        self._recognise(heard)

    def _recognise(self, heard: Heard | None) -> None:
        if heard is not None and heard is not self.tone:
            self.tone = heard
            self.voice = False
            self._changed()

    def _tone_over(self) -> None:
        if self.tone is not None:
            self.tone = None
            self._cadence.reset()
            self._changed()

    def _maybe_voice(self) -> None:
        if self._beep_on or self.voice or not self._sounding:
            return
        self.voice = True
        self._tone_over()
        self._changed()

    def _voice_over(self) -> None:
        if self.voice:
            self.voice = False
            self._changed()
