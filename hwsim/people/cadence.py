"""Which call-progress tone a row of beeps is, judged as a person does: by rhythm, not by a table of one exchange."""

from __future__ import annotations

from enum import StrEnum


class Heard(StrEnum):
    """What a person can tell apart."""

    DIAL = "dial"
    RING_BACK = "ring_back"
    BUSY = "busy"
    CONGESTION = "congestion"
    UNOBTAINABLE = "unobtainable"
    HOWLER = "howler"
    VOICE = "voice"


CLEARED_TONES = frozenset({Heard.BUSY, Heard.CONGESTION, Heard.UNOBTAINABLE, Heard.HOWLER})

CONTINUOUS_MS = 1400
RING_BURST_MS = (850, 1300)
RING_SILENCE_MS = 1500
SHORT_BEEP_MS = 145
BEEP_MS = (145, 850)
CONGESTION_MS = 550
MAX_GAP_MS = 900
BEEPS_NEEDED = 3
SPREAD = 0.2
HISTORY = 8


class CadenceReader:
    """Fed with beeps as (duration, silence before it); answers what they are, or None while that is open.

    A beep of ring-back length is only ring-back when silence follows: the caller of `beep` waits RING_SILENCE_MS and
    asks `pause`. A tone that lasts CONTINUOUS_MS is dial tone or howler: that is for the caller too, as it is still on.
    """

    def __init__(self) -> None:
        self._beeps: list[tuple[int, int]] = []

    def reset(self) -> None:
        """Forget what was heard."""
        self._beeps.clear()

    def beep(self, duration_ms: int, silence_before_ms: int) -> Heard | None:
        """A beep ended."""
        if silence_before_ms < 0 or silence_before_ms > MAX_GAP_MS:
            self._beeps.clear()
        self._beeps = [*self._beeps[-(HISTORY - 1) :], (duration_ms, silence_before_ms)]
        durations = [duration for duration, _ in self._beeps]
        if self._unobtainable(durations):
            return Heard.UNOBTAINABLE
        last = self._beeps[-BEEPS_NEEDED:]
        if len(last) < BEEPS_NEEDED:
            return None
        lengths = [duration for duration, _ in last]
        gaps = [gap for _, gap in last[1:]]
        if not all(BEEP_MS[0] <= length <= BEEP_MS[1] for length in lengths):
            return None
        if not (_even(lengths) and _even(gaps)):
            return None
        return Heard.CONGESTION if lengths[-1] >= CONGESTION_MS else Heard.BUSY

    def pause(self) -> Heard | None:
        """RING_SILENCE_MS of silence have followed the last beep."""
        duration = self._beeps[-1][0] if self._beeps else 0
        return Heard.RING_BACK if RING_BURST_MS[0] <= duration <= RING_BURST_MS[1] else None

    @staticmethod
    def _unobtainable(durations: list[int]) -> bool:
        shorts = [duration < SHORT_BEEP_MS for duration in durations[-4:]]
        return len(shorts) == 4 and sum(shorts) == 3


def _even(values: list[int]) -> bool:
    return max(values) - min(values) <= max(SPREAD * max(values), 40)
