"""Call-progress tones: sending them, and judging what is heard (fact sheet sections 12.4 and 12.5).

The engine reports edges of single tones and of energy; the verdicts (dial tone, busy, ring-back, silence, voice, fax
tones) are made here from their timing, with the keys of ShConfig.ini as parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hwsim.core.events import Event as EngineEvent
from hwsim.core.events import Kind
from hwsim.kernel.sim import Timer
from hwsim.vendorlibs.synway.codes import ErrorCode, Event, SendTone, Verdict
from hwsim.vendorlibs.synway.enginehelp import stop_quietly
from hwsim.vendorlibs.synway.refusal import Refusal

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.channel import Channel

TONE_HZ = 450
LEVEL_MB = -1000
CADENCE_MS: dict[int, tuple[int, ...]] = {
    SendTone.DIAL: (),
    SendTone.BUSY: (350, 350),
    SendTone.RINGBACK: (1000, 4000),
    SendTone.HOWLER: (),
}
HOWLER_HZ = 950
VOICE_MB = -3800


@dataclass
class ToneSender:
    """SsmSendTone and SsmSendToneEx. `automatic`: the dial tone of a station, which anything else replaces silently."""

    channel: Channel
    source: int = 0
    kind: int = -1
    automatic: bool = False
    f1_hz: int = TONE_HZ
    level1_mb: int = LEVEL_MB
    f2_hz: int = 0
    level2_mb: int = LEVEL_MB

    @property
    def active(self) -> bool:
        """Whether a tone is sent."""
        return self.source != 0

    def send(self, kind: int) -> None:
        """Start a standard tone; raises Refusal for an unknown type or while the channel plays or sends digits."""
        if kind not in CADENCE_MS:
            raise Refusal(ErrorCode.INVALID_PARAMETER, f"no tone type {kind}")
        self._start(kind, HOWLER_HZ if kind == SendTone.HOWLER else self.f1_hz, CADENCE_MS[kind])

    def send_cadence(self, on_ms: int, off_ms: int) -> None:
        """SsmSendToneEx: the set frequencies with a cadence in ms; off 0 is continuous."""
        if on_ms < 0 or off_ms < 0 or on_ms % 8 or off_ms % 8:
            raise Refusal(ErrorCode.INVALID_PARAMETER, "tone times must be multiples of 8 ms")
        self._start(SendTone.CUSTOM, self.f1_hz, (on_ms, off_ms) if off_ms else ())

    def send_automatic(self) -> None:
        """Dial tone by the driver itself (SsmSetASDT)."""
        if not self.channel.speaking():
            self._start(SendTone.DIAL, TONE_HZ, ())
            self.automatic = True

    def _start(self, kind: int, f1_hz: int, cadence_ms: tuple[int, ...]) -> None:
        busy = self.channel.speaking()
        if busy in ("play", "dtmf"):
            raise Refusal(ErrorCode.FAILED, f"channel {self.channel.number} is sending {busy}, stop it first")
        self.stop()
        self.kind = kind
        self.source = self.channel.sim.engine.tone(
            self.channel.leg,
            f1_hz,
            self.level1_mb,
            f2_hz=self.f2_hz if kind == SendTone.CUSTOM else 0,
            level2_mb=self.level2_mb,
            cadence_ms=cadence_ms,
        )

    def stop(self) -> bool:
        """SsmStopSendTone; False when none is sent."""
        source, self.source, self.automatic = self.source, 0, False
        if source:
            stop_quietly(self.channel.sim.engine, source)
        return source != 0

    def on_engine(self, event: EngineEvent) -> None:
        """Tones run until stopped; nothing to do."""


@dataclass(frozen=True, slots=True)
class ToneRules:
    """Parameters of the analyser, ms unless named otherwise."""

    dial_tone_ms: int = 1500
    busy_periods_ms: tuple[int, ...] = (700,)
    busy_cycles: int = 3
    ringback_on_ms: int = 1000
    ringback_off_ms: int = 4000
    voice_ms: int = 320
    silence_ms: int = 5000
    fx_ms: int = 250
    tolerance: float = 0.15


@dataclass
class ToneAnalyser:
    """Judges one channel's sound; `report(verdict)` is called whenever a new verdict is reached."""

    channel: Channel
    rules: ToneRules
    report: Callable[[Verdict], None]
    busy_count: int = 0
    ringback_count: int = 0
    _detectors: dict[int, int] = field(default_factory=dict)
    _energy: int = 0
    _energy_on: bool = False
    _tone_on: bool = False
    _last_on_ms: int = 0
    _busy_period: int = 0
    _timers: dict[str, Timer] = field(default_factory=dict)

    def start(self) -> None:
        """Open the detectors and begin to judge."""
        engine, leg = self.channel.sim.engine, self.channel.leg
        for hertz, width in ((TONE_HZ, 80), (1100, 80), (2100, 80)):
            self._detectors[engine.tone_detect(leg, hertz, width)] = hertz
        self._energy = engine.energy_detect(leg, on_level_mb=VOICE_MB, min_on_ms=40, min_off_ms=160)
        self._await_silence()

    def stop(self) -> None:
        """Close the detectors."""
        for detector in (*self._detectors, self._energy):
            if detector:
                stop_quietly(self.channel.sim.engine, detector)
        self._detectors.clear()
        self._energy = 0
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def on_engine(self, event: EngineEvent) -> None:
        """An edge of a tone or of energy."""
        if event.id == self._energy and self._energy:
            self._on_energy(event.kind == Kind.VOICE_ON)
        elif event.id in self._detectors:
            hertz = self._detectors[event.id]
            if event.kind == Kind.TONE_ON:
                self._on_tone_on(hertz, event.b)
            elif event.kind == Kind.TONE_OFF:
                self._on_tone_off(hertz, event.b)

    # -- edges --------------------------------------------------------------------------------------------------------
    def _on_tone_on(self, hertz: int, gap_ms: int) -> None:
        if hertz != TONE_HZ:
            self._cancel("voice", "silence")
            self._later(f"f{hertz}", self.rules.fx_ms, Verdict.F1 if hertz == 1100 else Verdict.F2)
            return
        self._tone_on = True
        self._cancel("voice", "silence", "ringback_end")
        self._judge_busy(gap_ms)
        self._later("dial_tone", self.rules.dial_tone_ms, Verdict.DIAL_TONE)

    def _on_tone_off(self, hertz: int, duration_ms: int) -> None:
        if hertz != TONE_HZ:
            self._cancel(f"f{hertz}")
            return
        self._tone_on = False
        self._last_on_ms = duration_ms
        self._cancel("dial_tone")
        if abs(duration_ms - self.rules.ringback_on_ms) <= self.rules.ringback_on_ms / 4:
            self.ringback_count += 1
            self.report(Verdict.RINGBACK)
            self._later("ringback_end", self.rules.ringback_off_ms * 1.25, Verdict.RINGBACK_SILENCE)
        if self._energy_on:
            self._later("voice", self.rules.voice_ms, Verdict.VOICE)

    def _judge_busy(self, gap_ms: int) -> None:
        """Count equal on/off cycles of a known period; anything else starts the count again."""
        cycle = self._last_on_ms + gap_ms
        for period in self.rules.busy_periods_ms:
            even = gap_ms > 0 and 0.3 <= self._last_on_ms / max(1, cycle) <= 0.7
            if even and abs(cycle - period) <= period * self.rules.tolerance:
                self.busy_count = self.busy_count + 1 if self._busy_period == period else 1
                self._busy_period = period
                self.channel.post(Event.E_CHG_BUSY_TONE, self.busy_count)
                if self.busy_count >= self.rules.busy_cycles:
                    self.report(Verdict.BUSY_TONE)
                return
        self.busy_count = self._busy_period = 0

    def _on_energy(self, on: bool) -> None:
        self._energy_on = on
        if on:
            self._cancel("silence")
            if not self._tone_on:
                self._later("voice", self.rules.voice_ms, Verdict.VOICE)
            return
        self._cancel("voice")
        self._await_silence()

    def _await_silence(self) -> None:
        if not self.ringback_count:
            self._later("silence", self.rules.silence_ms, Verdict.SILENCE)

    # -- timers -------------------------------------------------------------------------------------------------------
    def _later(self, name: str, delay_ms: float, verdict: Verdict) -> None:
        self._cancel(name)
        self._timers[name] = self.channel.sim.later(delay_ms, self._conclude, verdict)

    def _conclude(self, verdict: Verdict) -> None:
        if verdict is Verdict.VOICE and self._tone_on:
            return
        self.report(verdict)

    def _cancel(self, *names: str) -> None:
        for name in names:
            timer = self._timers.pop(name, None)
            if timer:
                timer.cancel()


@dataclass
class AnalyserPort:
    """The channel's classic analyser: switched by the application, and by the FXO call machine for its own use."""

    channel: Channel
    result: Verdict = Verdict.NONE
    by_application: bool = False
    listener: Callable[[Verdict], None] | None = None
    changes: dict[str, int | tuple[int, ...]] = field(default_factory=dict)
    _analyser: ToneAnalyser | None = None

    @property
    def busy_count(self) -> int:
        """SsmGetBusyToneCount."""
        return self._analyser.busy_count if self._analyser else 0

    @property
    def ringback_count(self) -> int:
        """Ring-back bursts so far."""
        return self._analyser.ringback_count if self._analyser else 0

    def rules(self) -> ToneRules:
        """Parameters from ShConfig.ini with the application's changes."""
        setting, ini = self.channel.driver.setting, self.channel.driver.config.ini
        echo = ini.numbers("SystemConfig", "RingEchoTonePara", (1000, 4000))
        values: dict[str, int | tuple[int, ...]] = {
            "dial_tone_ms": setting("IsDialToneDetermineTime", 1500),
            "busy_periods_ms": ini.numbers("SystemConfig", "BusyTonePeriod", (700,)),
            "busy_cycles": setting("IsBusyToneDetermineCount", 3),
            "ringback_on_ms": echo[0],
            "ringback_off_ms": echo[1] if len(echo) > 1 else 4000,
            "voice_ms": setting("VoiceOnDetermineTime", 320),
            "silence_ms": setting("IsNoSoundDtrmTime", 5000),
        }
        return ToneRules(**{**values, **self.changes})  # type: ignore[arg-type]

    def use(self, listener: Callable[[Verdict], None] | None) -> None:
        """Let the call machine listen (None: no longer); the analysis starts afresh."""
        self.listener = listener
        self._close()
        if listener or self.by_application:
            self._open()

    def start(self) -> None:
        """SsmStartToneAnalyze."""
        self.by_application = True
        if not self._analyser:
            self._open()

    def stop(self) -> None:
        """SsmCloseToneAnalyze."""
        self.by_application = False
        if not self.listener:
            self._close()

    def _open(self) -> None:
        self.result = Verdict.NONE
        self._analyser = ToneAnalyser(self.channel, self.rules(), self._report)
        self._analyser.start()

    def _close(self) -> None:
        if self._analyser:
            self._analyser.stop()
        self._analyser = None

    def close(self) -> None:
        """The library goes away."""
        self.listener, self.by_application = None, False
        self._close()

    def _report(self, verdict: Verdict) -> None:
        if verdict is not self.result:
            self.result = verdict
            self.channel.post(Event.E_CHG_TONE_ANALYZE, int(verdict))
        if self.listener:
            self.listener(verdict)

    def on_engine(self, event: EngineEvent) -> None:
        """Pass edges on."""
        if self._analyser:
            self._analyser.on_engine(event)
