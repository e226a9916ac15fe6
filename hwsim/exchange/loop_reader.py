"""What the openings of a subscriber's loop mean to an exchange: dial pulses, a hook flash, or on-hook (facts 1.8)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hwsim.exchange.party import TimerSet
from hwsim.kernel.sim import Sim


@dataclass(frozen=True, slots=True)
class PulseRules:
    """Which loop openings are dial pulses: 8 to 14 a second, break to make 1.3:1 to 2.5:1 (facts 1.8).

    The longest such break is 89 ms (8 a second, 2.5:1), the shortest 40 ms; the shortest flash in use is 100 ms.
    """

    min_break_ms: int = 30
    max_break_ms: int = 90
    inter_digit_ms: int = 250
    """A make of this length ends the digit."""


PULSES = PulseRules()


class LoopReader:
    """Reads loop edges and calls `off_hook`, `on_hook`, `flash` and `digit` (the digit of a pulse train).

    A short opening is a dial pulse (PulseRules), a longer one below `on_hook_ms` a hook flash, and from `on_hook_ms` on
    the set is on-hook; that is told when the time is over, not when the loop opens.
    """

    def __init__(
        self,
        sim: Sim,
        on_hook_ms: Callable[[], float],
        *,
        off_hook: Callable[[], None],
        on_hook: Callable[[], None],
        flash: Callable[[int], None],
        digit: Callable[[str], None],
        pulses: PulseRules = PULSES,
    ) -> None:
        self.sim = sim
        self.is_off_hook = False
        self._on_hook_ms = on_hook_ms
        self._off_hook = off_hook
        self._on_hook = on_hook
        self._flash = flash
        self._digit = digit
        self._rules = pulses
        self._opened_us: int | None = None
        self._pulses = 0
        self._timers = TimerSet(sim)

    def loop(self, closed: bool) -> None:
        """The loop closed or opened."""
        if closed:
            self._closed()
        elif self.is_off_hook:
            self._opened_us = self.sim.now_us
            self._timers.cancel("digit")
            self._timers.start("on_hook", self._on_hook_ms(), self._is_on_hook)

    def reset(self) -> None:
        """Forget everything: the set counts as on-hook."""
        self.is_off_hook = False
        self._pulses = 0
        self._timers.cancel()

    def _closed(self) -> None:
        if not self.is_off_hook:
            self.is_off_hook = True
            self._pulses = 0
            self._opened_us = None
            self._off_hook()
            return
        self._timers.cancel("on_hook")
        if self._opened_us is None:
            return
        open_ms, self._opened_us = (self.sim.now_us - self._opened_us) / 1000, None
        if self._rules.min_break_ms <= open_ms <= self._rules.max_break_ms:
            self._pulses += 1
            self._timers.start("digit", self._rules.inter_digit_ms, self._train_over)
        elif open_ms > self._rules.max_break_ms:
            self._flash(int(open_ms))

    def _train_over(self) -> None:
        pulses, self._pulses = self._pulses, 0
        if pulses <= 10:
            self._digit(str(pulses % 10))

    def _is_on_hook(self) -> None:
        self.is_off_hook = False
        self._pulses = 0
        self._timers.cancel()
        self._on_hook()
