"""From ringing edges to rings: debounce, bursts that belong together, count, and the end of ringing."""

from __future__ import annotations

from collections.abc import Callable

from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.profile import FxoProfile


class Ringing:
    """`seen(count)` when a ring has lasted long enough, `ended()` when none came for `ring_end_ms`.

    `on`: ringing voltage is there now, also if it is too young to count. `count`: rings of this call.
    """

    def __init__(
        self, profile: FxoProfile, clock: Clock, seen: Callable[[int], None], ended: Callable[[], None]
    ) -> None:
        self._profile = profile
        self._clock = clock
        self._timers = Timers(clock)
        self._seen = seen
        self._ended = ended
        self.on = False
        self.count = 0
        self._stopped_s = float("-inf")

    @property
    def active(self) -> bool:
        """A ring was counted, and ringing has not ended."""
        return self._timers.running("end")

    def edge(self, on: bool) -> None:
        """Ringing voltage came or went; the same edge twice is one."""
        if on is self.on:
            return
        self.on = on
        if on:
            self._began()
        else:
            self._timers.cancel("debounce")
            self._stopped_s = self._clock.time()
        if self.count:
            self._wait()

    def burst(self) -> None:
        """A whole ring, from a card that tells only its end."""
        self.on = False
        self._timers.cancel("debounce")
        self._count()

    def forget(self) -> None:
        """The call that rang is answered or over: what rings next is another one. `on` stays what it is."""
        self._timers.cancel_all()
        self.count = 0
        if self.on:
            self._timers.start("debounce", self._profile.min_ring_ms, self._count)

    def quiet(self) -> None:
        """The line is off-hook: nothing can ring."""
        self._timers.cancel_all()
        self.on, self.count = False, 0

    def _began(self) -> None:
        gap_ms = (self._clock.time() - self._stopped_s) * 1000
        if self.count and gap_ms < self._profile.ring_gap_ms:
            return
        if self._profile.min_ring_ms:
            self._timers.start("debounce", self._profile.min_ring_ms, self._count)
        else:
            self._count()

    def _count(self) -> None:
        self.count += 1
        self._wait()
        self._seen(self.count)

    def _wait(self) -> None:
        self._timers.start("end", self._profile.ring_end_ms, self._over)

    def _over(self) -> None:
        self.count = 0
        self.on = False
        self._ended()
