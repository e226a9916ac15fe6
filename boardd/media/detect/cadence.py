"""Cadences: from segments of tone and quiet to the tone of a profile, with reasons.

`Cadence` takes the segments of one lane in order. Other sound breaks a cadence (the speech veto): what was counted
before it does not count any more. A tone is told once when it is known and again with each further cycle.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from boardd.media.detect.profiles import Tone, ToneProfile
from boardd.media.detect.sounds import Fault, Refusal, ToneReasons, Window

KEPT = 24
"""Rounds of on and off that are remembered."""
MIN_TONE_MS = 25.0
"""A shorter tone is a click of one."""
SPREAD_PART = 0.10
SPREAD_MS = 30.0
SPREAD_HZ = 10.0
SPREAD_DB = 6.0
STEADY_DB = 1.0
STEADY_HZ = 4.0
"""A continuous tone as a whole against its first moments."""
PATTERN_MEMORY_MS = 15_000.0
"""A pause longer than any cadence's ends it."""


@dataclass(slots=True)
class Round:
    """One tone and the quiet after it, ms; `off_ms` grows while it lasts, `closed` once it has ended."""

    at: int
    on_ms: float
    f_hz: float
    level_dbm0: float
    first_hz: float
    first_dbm0: float
    on_closed: bool = False
    off_ms: float = 0.0
    closed: bool = False


class Cadence:
    """The tones of one lane against one profile."""

    def __init__(self, profile: ToneProfile) -> None:
        self.profile = profile
        self.in_call = False
        self._rounds: deque[Round] = deque(maxlen=KEPT)
        self._told: tuple[str, float, int] | None = None

    def clear(self) -> None:
        """Other sound, or a new call."""
        self._rounds.clear()
        self._told = None

    def tone(
        self, at: int, ms: float, f_hz: float, level_dbm0: float, ended: bool
    ) -> tuple[Tone, ToneReasons, int] | None:
        """A tone goes on or has ended; answers what is known now and was not told before, and since which sample."""
        last = self._rounds[-1] if self._rounds else None
        if last is not None and not last.on_closed:
            last.on_ms, last.f_hz, last.level_dbm0 = ms, f_hz, level_dbm0
        else:
            if last is not None:
                last.closed = True
            last = Round(at, ms, f_hz, level_dbm0, f_hz, level_dbm0)
            self._rounds.append(last)
        last.on_closed = ended
        if ended and ms < MIN_TONE_MS:
            self._rounds.pop()
            return None
        return self._judge()

    def quiet(self, ms: float, ended: bool) -> tuple[Tone, ToneReasons, int] | None:
        """Quiet goes on or has ended."""
        if not self._rounds or not self._rounds[-1].on_closed:
            return None
        last = self._rounds[-1]
        last.off_ms, last.closed = ms, ended
        found = self._judge()
        if ms > PATTERN_MEMORY_MS:
            self.clear()
        return found

    # -- judging ------------------------------------------------------------------------------------------------------
    def _judge(self) -> tuple[Tone, ToneReasons, int] | None:
        rounds = list(self._rounds)
        for tone in self.profile.tones:
            cycles = self._fits(tone, rounds)
            if isinstance(cycles, Refusal):
                continue
            used = rounds[-_used(tone, cycles) :]
            key = (tone.name, cycles, used[0].at)
            if self._told == key:
                return None
            self._told = key
            return tone, self._reasons(tone, used, cycles, rounds), used[0].at
        return None

    def _reasons(self, tone: Tone, used: Sequence[Round], cycles: float, rounds: list[Round]) -> ToneReasons:
        others = (self._fits(other, rounds) for other in self.profile.tones if other is not tone)
        return ToneReasons(
            entry=tone.name,
            profile=self.profile.name,
            f_hz=sum(r.f_hz for r in used) / len(used),
            level_dbm0=sum(r.level_dbm0 for r in used) / len(used),
            on_ms=tuple(round(r.on_ms, 1) for r in used),
            off_ms=tuple(round(r.off_ms, 1) for r in used if r.closed),
            cycles=cycles,
            refused=tuple(other for other in others if isinstance(other, Refusal)),
        )

    def _fits(self, tone: Tone, rounds: list[Round]) -> float | Refusal:
        """The cycles that fit up to now, or why not enough do."""
        last = rounds[-1]
        if last.f_hz not in tone.f_hz:
            return Refusal(tone.name, Fault.FREQUENCY, last.f_hz, tone.f_hz)
        if not tone.cadence:
            least = tone.min_call_ms if self.in_call else tone.min_ms
            if last.on_closed or last.on_ms < least:
                return Refusal(tone.name, Fault.LENGTH, last.on_ms, Window(least, float("inf")))
            if tone.even and abs(last.level_dbm0 - last.first_dbm0) > STEADY_DB:
                kept = Window(last.first_dbm0 - STEADY_DB, last.first_dbm0 + STEADY_DB)
                return Refusal(tone.name, Fault.LEVEL, last.level_dbm0, kept)
            if tone.even and abs(last.f_hz - last.first_hz) > STEADY_HZ:
                steady = Window(last.first_hz - STEADY_HZ, last.first_hz + STEADY_HZ)
                return Refusal(tone.name, Fault.UNEVEN, last.f_hz, steady)
            return 1.0
        if not last.on_closed:
            limit = max(on.high for on, _off in tone.cadence)
            return Refusal(tone.name, Fault.ON if last.on_ms > limit else Fault.CYCLES, last.on_ms, Window(0, limit))
        found = [self._fits_at(tone, rounds, phase) for phase in range(len(tone.cadence))]
        fitting = [cycles for _count, cycles in found if not isinstance(cycles, Refusal)]
        # Of the refusals that one tells the most which fits the longest.
        return max(fitting) if fitting else max(found, key=lambda item: item[0])[1]

    def _fits_at(self, tone: Tone, rounds: list[Round], phase: int) -> tuple[int, float | Refusal]:
        """Rounds that fit if the newest one is number `phase` of the cadence, and what `_fits` says then."""
        count = 0
        wrong: Refusal | None = None
        for index, heard in enumerate(reversed(rounds)):
            on, off = tone.cadence[(phase - index) % len(tone.cadence)]
            wrong = _round_fits(tone, heard, on, off, newest=index == 0)
            if wrong is not None:
                break
            count += 1
        need = tone.cycles * len(tone.cadence)
        if count < need:
            return count, wrong or Refusal(tone.name, Fault.CYCLES, count, Window(need, float("inf")))
        least = tone.cadence[phase][1].low / 2
        if tone.cycles == 1 and rounds[-1].off_ms < least:
            return count, Refusal(tone.name, Fault.OFF, rounds[-1].off_ms, Window(least, tone.cadence[phase][1].high))
        uneven = _uneven(tone, rounds[-count:]) if tone.even else None
        if uneven and count > need and _uneven(tone, rounds[1 - count :]) is None:
            # The oldest was cut short: listening began in it, or other sound covered its beginning.
            count, uneven = count - 1, None
        return count, uneven or count / len(tone.cadence)


def _used(tone: Tone, cycles: float) -> int:
    return round(cycles * len(tone.cadence)) if tone.cadence else 1


def _round_fits(tone: Tone, heard: Round, on: Window, off: Window, newest: bool) -> Refusal | None:
    if heard.f_hz not in tone.f_hz:
        return Refusal(tone.name, Fault.FREQUENCY, heard.f_hz, tone.f_hz)
    if heard.on_ms not in on:
        return Refusal(tone.name, Fault.ON, heard.on_ms, on)
    # A pause that goes on need only not be too long yet.
    if heard.off_ms > off.high or (not (newest and not heard.closed) and heard.off_ms < off.low):
        return Refusal(tone.name, Fault.OFF, heard.off_ms, off)
    return None


def _uneven(tone: Tone, used: Sequence[Round]) -> Refusal | None:
    """Exchanges are machines: each place of the cadence lasts as long in every round."""
    for values, least in _places(tone, used):
        if len(values) < 2:
            continue
        limit = max(least, SPREAD_PART * max(values)) if least == SPREAD_MS else least
        spread = max(values) - min(values)
        if spread > limit:
            return Refusal(tone.name, Fault.UNEVEN, spread, Window(0, limit))
    return None


def _places(tone: Tone, used: Sequence[Round]) -> Iterator[tuple[list[float], float]]:
    size = len(tone.cadence)
    for place in range(size):
        yield [r.on_ms for r in used[place::size]], SPREAD_MS
        yield [r.off_ms for r in used[place::size] if r.closed], SPREAD_MS
    yield [r.f_hz for r in used], SPREAD_HZ
    yield [r.level_dbm0 for r in used], SPREAD_DB
