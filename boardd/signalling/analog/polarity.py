"""Reversals that mean something: those that last, and that are not the answer to our own hook (facts 1.4)."""

from __future__ import annotations

from collections.abc import Callable

from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.profile import FxoProfile


class Polarity:
    """`settled()` for each reversal that lasted `reversal_settle_ms` and did not begin within `reversal_quiet_ms` of
    our own hook change; the others become the new rest position in silence, or were glitches.
    """

    def __init__(self, profile: FxoProfile, clock: Clock, settled: Callable[[], None]) -> None:
        self._profile = profile
        self._clock = clock
        self._timers = Timers(clock)
        self._settled = settled
        self._reversed = False
        self._rest = False
        self._quiet_until_s = float("-inf")
        self._ours = False

    def hook_moved(self) -> None:
        """We went off-hook or on-hook."""
        self._quiet_until_s = self._clock.time() + self._profile.reversal_quiet_ms / 1000

    def flipped(self) -> None:
        """The feed's polarity changed."""
        self._reversed = not self._reversed
        if self._reversed is self._rest:
            self._timers.cancel("settle")
            return
        self._ours = self._clock.time() < self._quiet_until_s
        self._timers.start("settle", self._profile.reversal_settle_ms, self._lasts)

    def close(self) -> None:
        """Nothing is told any more."""
        self._timers.cancel_all()

    def _lasts(self) -> None:
        self._rest = self._reversed
        if not self._ours:
            self._settled()
