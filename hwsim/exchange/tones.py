"""Call-progress tones as data: frequencies, levels and cadence; the China plan is facts/telephony.md 1.1 (GB 3380)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from boardd.contract.causes import Cause
from hwsim.core.engine import Engine


class ToneKind(StrEnum):
    """The tones that an exchange sends."""

    DIAL = "dial"
    SPECIAL_DIAL = "special_dial"
    RING_BACK = "ring_back"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "unobtainable"
    HOWLER = "howler"
    CALL_WAITING = "call_waiting"


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone: `f1_hz` at `level1_dbm0`, optionally mixed with `f2_hz`; `cadence_ms` is on, off, on, off ... (empty:
    continuous)."""

    f1_hz: float
    level1_dbm0: float = -10.0
    f2_hz: float = 0.0
    level2_dbm0: float = -10.0
    cadence_ms: tuple[int, ...] = ()

    def start(self, engine: Engine, leg: int) -> int:
        """Play the tone on `leg` until stopped; the id of the sound source."""
        return engine.tone(
            leg,
            self.f1_hz,
            round(self.level1_dbm0 * 100),
            self.f2_hz,
            round(self.level2_dbm0 * 100),
            cadence_ms=self.cadence_ms,
        )


TonePlan = Mapping[ToneKind, Tone]

CHINA: TonePlan = {
    ToneKind.DIAL: Tone(450),
    ToneKind.SPECIAL_DIAL: Tone(450, cadence_ms=(400, 40)),
    ToneKind.RING_BACK: Tone(450, cadence_ms=(1000, 4000)),
    ToneKind.BUSY: Tone(450, cadence_ms=(350, 350)),
    ToneKind.CONGESTION: Tone(450, cadence_ms=(700, 700)),
    ToneKind.UNOBTAINABLE: Tone(450, cadence_ms=(100, 100, 100, 100, 100, 100, 400, 400)),
    # The real howler is stepped up far above 0 dBm0; 0 dBm0 is what a PCM path can still carry undistorted.
    ToneKind.HOWLER: Tone(950, level1_dbm0=0.0),
    ToneKind.CALL_WAITING: Tone(450, level1_dbm0=-20.0, cadence_ms=(400, 4000)),
}


TONE_OF_CAUSE: Mapping[int, ToneKind] = {
    Cause.UNALLOCATED: ToneKind.UNOBTAINABLE,
    Cause.NUMBER_CHANGED: ToneKind.UNOBTAINABLE,
    Cause.INVALID_NUMBER_FORMAT: ToneKind.UNOBTAINABLE,
    Cause.NO_ROUTE: ToneKind.UNOBTAINABLE,
    Cause.NO_CIRCUIT: ToneKind.CONGESTION,
    Cause.NETWORK_OUT_OF_ORDER: ToneKind.CONGESTION,
    Cause.TEMPORARY_FAILURE: ToneKind.CONGESTION,
    Cause.CONGESTION: ToneKind.CONGESTION,
    Cause.CHANNEL_UNAVAILABLE: ToneKind.CONGESTION,
    Cause.DESTINATION_OUT_OF_ORDER: ToneKind.CONGESTION,
}


def tone_of_cause(cause: int) -> ToneKind:
    """The tone that tells a caller why the call ended (busy tone unless the cause has one of its own)."""
    return TONE_OF_CAUSE.get(cause, ToneKind.BUSY)


def deviate(plan: TonePlan, changes: Mapping[ToneKind, Tone]) -> TonePlan:
    """`plan` with some tones replaced: what a real access box does to the standard (facts 1.4)."""
    return {**plan, **changes}


def _busy(f_hz: float, *cadence_ms: int) -> TonePlan:
    return deviate(CHINA, {ToneKind.BUSY: Tone(f_hz, cadence_ms=cadence_ms)})


# The standard, and access boxes met in the field whose busy tone kept trunks busy for ever (facts 1.4).
PLANS: Mapping[str, TonePlan] = {
    "china": CHINA,
    "busy_200": _busy(420, 200, 200),
    "busy_250": _busy(450, 250, 250),
    "busy_uneven": _busy(450, 210, 210, 210, 210, 210, 210, 630, 210),
}
