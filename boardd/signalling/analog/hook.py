"""What a telephone's loop says: off-hook, on-hook, hook flash, pulse digits (facts 1.8).

A break of 30 to 95 ms is a pulse while a digit is being dialled; openings from 80 ms (the flash window) that no pulse
train surrounds are a flash; from `flash_max_ms` on the telephone is on-hook, told when that time is over. Between 80
and 95 ms an opening may be either: it is a pulse when others stand beside it, and a flash when it stands alone.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.profile import StationProfile

MOST_PULSES = 10


class HookReader:
    """Reads loop edges; `lifted()`, `put_down()`, `flash()`, `digit(d)`."""

    def __init__(
        self,
        profile: StationProfile,
        clock: Clock,
        *,
        lifted: Callable[[], None],
        put_down: Callable[[], None],
        flash: Callable[[], None],
        digit: Callable[[str], None],
    ) -> None:
        self._profile = profile
        self._clock = clock
        self._timers = Timers(clock)
        self._lifted = lifted
        self._put_down = put_down
        self._flash = flash
        self._digit = digit
        self.off_hook = False
        self._opened_s: float | None = None
        self._breaks_ms: list[float] = []

    def loop(self, closed: bool) -> None:
        """The loop closed or opened; the same twice is one."""
        if closed and not self.off_hook:
            self.off_hook = True
            self._lifted()
        elif closed and self._opened_s is not None:
            self._timers.cancel("on_hook")
            open_ms, self._opened_s = (self._clock.time() - self._opened_s) * 1000, None
            self._opening(open_ms)
        elif not closed and self.off_hook and self._opened_s is None:
            self._opened_s = self._clock.time()
            self._timers.cancel("digit")
            self._timers.start("on_hook", self._profile.flash_max_ms, self._is_on_hook)

    def close(self) -> None:
        """Nothing is told any more."""
        self._timers.cancel_all()

    def _opening(self, open_ms: float) -> None:
        profile = self._profile
        if profile.pulses and profile.pulse_min_ms <= open_ms <= profile.pulse_max_ms:
            self._breaks_ms.append(open_ms)
            self._timers.start("digit", profile.pulse_digit_ms, self._train_over)
            return
        if self._breaks_ms:
            self._train_over()
        if open_ms >= profile.flash_min_ms:
            self._flash()

    def _train_over(self) -> None:
        self._timers.cancel("digit")
        breaks, self._breaks_ms = self._breaks_ms, []
        if len(breaks) == 1 and breaks[0] >= self._profile.flash_min_ms:
            self._flash()
        elif 1 <= len(breaks) <= MOST_PULSES:
            self._digit(str(len(breaks) % 10))

    def _is_on_hook(self) -> None:
        self.off_hook = False
        self._opened_s = None
        self._breaks_ms = []
        self._timers.cancel_all()
        self._put_down()
