"""Supervisory tones as data: what the engine is asked to make. Frequencies in Hz, levels in mB (dBm0 times 100), times
in ms.

The plan for China follows GB 3380-1982 and what exchanges are known to do (telephony facts 1.1): 450 Hz at -10 dBm0,
cadences as below; the howler is 950 Hz in five steps. A site with another plan gives its own `TonePlan`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boardd.contract.capabilities import Tone

NONE_MB = -100_000
"""No level: silence."""
FOREVER = 0


@dataclass(frozen=True, slots=True)
class ToneStep:
    """Up to two frequencies for `ms`; `ms` 0: without end. No frequency: silence."""

    ms: int
    hz: tuple[float, ...] = ()
    level_mb: int = NONE_MB


@dataclass(frozen=True, slots=True)
class ToneCadence:
    """The steps in order, then again from step `loop_from` (None: the end); `rounds` of the loop, 0: for ever."""

    steps: tuple[ToneStep, ...]
    loop_from: int | None = 0
    rounds: int = FOREVER


@dataclass(frozen=True, slots=True)
class DigitTiming:
    """How DTMF digits are sent; the high tone is a little louder, as lines lose more of it."""

    on_ms: int = 100
    off_ms: int = 100
    pause_ms: int = 500
    low_mb: int = -900
    high_mb: int = -700


@dataclass(frozen=True, slots=True)
class TonePlan:
    """All tones of a place. `others` are those that no telephone is given by the contract, by name."""

    tones: Mapping[Tone, ToneCadence]
    others: Mapping[str, ToneCadence] = field(default_factory=dict)
    digits: DigitTiming = DigitTiming()


def cadence(hz: float, level_mb: int, *on_off_ms: int) -> ToneCadence:
    """One frequency: on, off, on, off … for ever; without times continuous."""
    if not on_off_ms:
        return ToneCadence((ToneStep(0, (hz,), level_mb),), None)
    steps = [
        ToneStep(ms, (hz,), level_mb) if position % 2 == 0 else ToneStep(ms) for position, ms in enumerate(on_off_ms)
    ]
    return ToneCadence(tuple(steps))


def _howler() -> ToneCadence:
    levels_mb = (-2000, -1500, -1000, -500, 0)
    steps = [ToneStep(4000, (950.0,), level) for level in levels_mb]
    return ToneCadence((*steps, ToneStep(0, (950.0,), levels_mb[-1])), None)


CHINA = TonePlan(
    tones={
        Tone.DIAL: cadence(450.0, -1000),
        Tone.BUSY: cadence(450.0, -1000, 350, 350),
        Tone.RING_BACK: cadence(450.0, -1000, 1000, 4000),
        Tone.CONGESTION: cadence(450.0, -1000, 700, 700),
        Tone.HOWLER: _howler(),
    },
    others={
        "special_dial": cadence(450.0, -1000, 400, 40),
        "unobtainable": cadence(450.0, -1000, 100, 100, 100, 100, 100, 100, 400, 400),
        "long_distance": cadence(450.0, -2000, 200, 200, 200, 600),
        "call_waiting": cadence(450.0, -2000, 400, 4000),
        "recording_warning": cadence(950.0, -2000, 400, 10000),
    },
)
