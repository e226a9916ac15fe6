"""What wears quietly: interrupts served too late, errors on an E1 without an alarm, sound that does not come.

Each is trouble with a beginning and an end: raised when it shows, over when it has not shown for some time.

    interrupts_missed   of a span: SPANSTAT counts more interrupts that were served too late: sound was lost on its card
    span_errors         of a span: its error counters grow although no alarm stands
    sound_missing       of a channel: nothing came in for a second while the card's other channels go on
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from boardd.contract.text import _
from boardd.signalling.analog.clock import Clock, Timers
from drivers.dahdi._native import SpanStatus

QUIET_MS = 60_000
"""Trouble of a span that has not shown for so long is over."""
SAMPLES_PER_MS = 8
MISSING_MS = 1_000
SOUND_QUIET_MS = 5_000
ERRORS = ("bpv", "cv", "crc4", "ebit", "fas")

Tell = Callable[[str, bool, str], None]
"""Gets the code, whether it is raised, and what has been found."""


class SpanHealth:
    """Compares the counters of one span; feed it every status, which comes every few seconds."""

    def __init__(self, clock: Clock, tell: Tell) -> None:
        self._timers = Timers(clock)
        self._tell = tell
        self._irq_misses: int | None = None
        self._errors: Mapping[str, int] = {}

    def status(self, status: SpanStatus) -> None:
        """What the kernel counts since its driver was loaded; the first one is what was before us."""
        before, self._irq_misses = self._irq_misses, status.irq_misses
        if before is not None and status.irq_misses > before:
            text = _("{count} interrupts of the card were served too late")
            self._shows("interrupts_missed", text.format(count=status.irq_misses - before))
        grown = {name: status.counters[name] - self._errors.get(name, status.counters[name]) for name in ERRORS}
        self._errors = status.counters
        if not status.alarms and any(count > 0 for count in grown.values()):
            self._shows("span_errors", ", ".join(f"{name} +{count}" for name, count in grown.items() if count > 0))

    def close(self) -> None:
        """Nothing is told any more."""
        self._timers.cancel_all()

    def _shows(self, code: str, text: str) -> None:
        if not self._timers.running(code):
            self._tell(code, True, text)
        self._timers.start(code, QUIET_MS, lambda: self._tell(code, False, ""))


class SoundHealth:
    """Counts what does not come in on one channel; `counters` has `sound_missing_ms`."""

    def __init__(self, clock: Callable[[], Clock], counters: dict[str, int], tell: Tell) -> None:
        self._clock = clock
        self._timers: Timers | None = None
        self._counters = counters
        self._tell = tell
        self._samples = 0
        self._lately = 0
        self._stands = False

    def hole(self, samples: int) -> None:
        """So many samples did not come in time."""
        self._samples += samples
        self._counters["sound_missing_ms"] = self._samples // SAMPLES_PER_MS
        self._lately += samples
        if self._timers is None:
            self._timers = Timers(self._clock())
        self._timers.start("quiet", SOUND_QUIET_MS, self._quiet)
        if not self._stands and self._lately >= MISSING_MS * SAMPLES_PER_MS:
            self._stands = True
            self._tell("sound_missing", True, _("no sound comes in from the card"))

    def close(self) -> None:
        """The channel is closed; what stands goes with it."""
        if self._timers is not None:
            self._timers.cancel_all()
            self._quiet()

    def _quiet(self) -> None:
        self._lately = 0
        if self._stands:
            self._stands = False
            self._tell("sound_missing", False, "")
