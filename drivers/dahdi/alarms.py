"""Alarms of an E1: the kernel's mask as words, a state, and how long calls outlive it (facts 3.2).

The kernel debounces alarms by itself and keeps RECOVER for five seconds after one; so a mask that is read is true at
once. What is timed here are the calls: LOS, LOF and AIS for 5 s, then they end with cause 27; RAI alone for 10 s. While
it recovers the signal is back: no new calls, but those that there are have outlived it.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.contract.causes import Cause
from boardd.signalling.analog.clock import Clock, Timers
from drivers.dahdi._codes import Alarm

LOSING = frozenset({"los", "lof", "ais", "loop"})
LOSING_MS, RAI_MS = 5_000, 10_000
_WORDS = (
    (Alarm.LOS, "los"),
    (Alarm.LFA, "lof"),
    (Alarm.BLUE, "ais"),
    (Alarm.LMFA, "lmf"),
    (Alarm.YELLOW, "rai"),
    (Alarm.LOOPBACK, "loop"),
)


def words(mask: Alarm, before: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The mask as words: los lof ais lmf rai loop. RED alone is a lost signal; RECOVER alone is what was before."""
    found = tuple(word for bit, word in _WORDS if mask & bit)
    if mask & Alarm.RED and not {"los", "lof", "lmf", "ais"} & set(found):
        found = ("los", *found)
    if not found and mask & Alarm.RECOVER:
        return before or ("recovering",)
    return found


class AlarmWatch:
    """The alarms of one E1: `changed(words)` when what is shown changes, `present(words)` when what there really is
    does, `over(cause, why)` when calls must end.
    """

    def __init__(
        self,
        clock: Clock,
        changed: Callable[[tuple[str, ...]], None],
        over: Callable[[int, str], None],
        present: Callable[[tuple[str, ...]], None] = lambda _words: None,
    ) -> None:
        self._timers = Timers(clock)
        self._changed = changed
        self._present = present
        self._over = over
        self.now: tuple[str, ...] = ()
        """As shown: while it recovers what was before."""
        self.real: tuple[str, ...] = ()
        """Without those that it recovers from."""

    def mask(self, mask: Alarm, looped: bool = False) -> None:
        """What the kernel says now; `looped`: by us, which not every driver shows."""
        mask = mask | Alarm.LOOPBACK if looped else mask
        real, shown = words(mask & ~Alarm.RECOVER), words(mask, self.now)
        if real != self.real:
            self.real = real
            self._time("losing", bool(LOSING & set(real)), LOSING_MS)
            self._time("rai", "rai" in real, RAI_MS)
            self._present(real)
        if shown != self.now:
            self.now = shown
            self._changed(shown)

    def close(self) -> None:
        """No call is ended any more."""
        self._timers.cancel_all()

    def _time(self, name: str, present: bool, after_ms: int) -> None:
        if present:
            self._timers.start_once(name, after_ms, self._lasts)
        else:
            self._timers.cancel(name)

    def _lasts(self) -> None:
        self._over(int(Cause.DESTINATION_OUT_OF_ORDER), "+".join(self.now))
