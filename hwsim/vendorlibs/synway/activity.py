"""Voice activity of one channel: barge-in and silence (fact sheet section 12.6).

The detector runs only while the channel is in use; its threshold stands for the maker's opaque energy number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hwsim.core.events import Event as EngineEvent
from hwsim.core.events import Kind
from hwsim.kernel.sim import Timer
from hwsim.vendorlibs.synway.codes import Event
from hwsim.vendorlibs.synway.enginehelp import stop_quietly

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.channel import Channel

THRESHOLD_MB = -3800
HANGOVER_MS = 200


@dataclass
class VoiceActivity:
    """`on` is what SsmDetectBargeIn answers."""

    channel: Channel
    on: bool = False
    barge_in_ms: int = 304
    no_sound_ms: int = 5000
    threshold_mb: int = THRESHOLD_MB
    quiet_since_us: int = 0
    silent: bool = False
    _detector: int = 0
    _silence: Timer | None = None

    def watch(self, wanted: bool) -> None:
        """Run the detector or not."""
        if wanted == bool(self._detector):
            return
        engine = self.channel.sim.engine
        if wanted:
            self._detector = engine.energy_detect(
                self.channel.leg, on_level_mb=self.threshold_mb, min_on_ms=self.barge_in_ms, min_off_ms=HANGOVER_MS
            )
            self._quiet()
            return
        stop_quietly(engine, self._detector)
        self._detector = 0
        self.on = self.silent = False
        if self._silence:
            self._silence.cancel()

    def restart(self) -> None:
        """Take changed parameters over."""
        if self._detector:
            self.watch(False)
            self.watch(True)

    def quiet_ms(self) -> int:
        """SsmGetNoSoundTime."""
        return 0 if self.on else (self.channel.sim.now_us - self.quiet_since_us) // 1000

    def on_engine(self, event: EngineEvent) -> None:
        """Voice (or any sound above the threshold) began or ended."""
        if not self._detector or event.id != self._detector:
            return
        if event.kind == Kind.VOICE_ON:
            self.on, self.silent = True, False
            if self._silence:
                self._silence.cancel()
            self.channel.post(Event.E_SYS_BARGE_IN, 1)
            self.channel.on_voice(True)
        elif event.kind == Kind.VOICE_OFF:
            self.on = False
            self._quiet()
            self.channel.post(Event.E_SYS_BARGE_IN, 0)
            self.channel.on_voice(False)

    def _quiet(self) -> None:
        self.quiet_since_us = self.channel.sim.now_us
        if self._silence:
            self._silence.cancel()
        self._silence = self.channel.sim.later(self.no_sound_ms, self._no_sound)

    def _no_sound(self) -> None:
        self.silent = True
        self.channel.post(Event.E_SYS_NO_SOUND)
