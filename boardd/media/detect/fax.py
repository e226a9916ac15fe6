"""Fax tones: what a fax bank hears, become a verdict with reasons.

CED is told after a second and is certain: nothing else sends 2100 Hz for so long. One CNG burst may be a note of music;
it is certain when a second one follows after the pause that T.30 asks for.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from boardd.media.detect.banks import Measured, What
from boardd.media.detect.sounds import RATE_HZ, Window


class FaxTone(enum.IntEnum):
    """The codes of det_fax: the calling and the called machine."""

    CNG = 1
    CED = 2


CNG_PERIOD_MS = Window(2950, 4050)
"""From burst to burst: 0.5 s and 3 s of silence, each within 15 %."""
PURE = 0.9


@dataclass(frozen=True, slots=True)
class FaxVerdict:
    """A fax tone. `certain`: act on it; else one burst that may be music. `bursts`: their times, ms."""

    tone: FaxTone
    certain: bool
    at: int
    f_hz: float
    level_dbm0: float
    purity: float
    bursts_ms: tuple[float, ...]
    period_ms: float


class FaxListener:
    """Feed it the events of one lane of a fax bank."""

    def __init__(self) -> None:
        self._last: Measured | None = None

    def clear(self) -> None:
        """A new call."""
        self._last = None

    def take(self, measured: Measured) -> FaxVerdict | None:
        """A verdict for each tone heard; None for other events."""
        if measured.what is not What.FAX_TONE:
            return None
        f_hz, level_dbm0, ms, purity = measured.values
        tone = FaxTone(measured.code)
        if tone is FaxTone.CED:
            return FaxVerdict(tone, True, measured.at, f_hz, level_dbm0, purity, (ms,), 0.0)
        before, self._last = self._last, measured
        period_ms = (measured.at - before.at) * 1000 / RATE_HZ if before else 0.0
        paired = before is not None and period_ms in CNG_PERIOD_MS and min(purity, before.values[3]) >= PURE
        bursts = (before.values[2], ms) if before is not None and paired else (ms,)
        return FaxVerdict(tone, paired, measured.at, f_hz, level_dbm0, purity, bursts, period_ms if paired else 0.0)


def options(min_level_dbm0: float = -43.0) -> Mapping[str, float]:
    """What a fax bank is set to."""
    return {"min_level_dbm0": min_level_dbm0}
