"""How late a simulator that runs at real speed was, since its start and lately. Reading changes nothing."""

from __future__ import annotations

from collections import deque

KEPT_S = 60
"""Seconds that are remembered one by one."""


class Lateness:
    """Takes how late each step was. Times are simulated microseconds, which never go back."""

    def __init__(self) -> None:
        self.most_us = 0
        """Since the start."""
        self._seconds: deque[tuple[int, int]] = deque(maxlen=KEPT_S)
        """Second and the most in it, where there was any; the newest last."""

    def note(self, now_us: int, late_us: int) -> None:
        """A step at `now_us` came `late_us` after its time."""
        self.most_us = max(self.most_us, late_us)
        second = now_us // 1_000_000
        if self._seconds and self._seconds[-1][0] == second:
            late_us = max(late_us, self._seconds.pop()[1])
        self._seconds.append((second, late_us))

    def lately_us(self, now_us: int, seconds: int = KEPT_S) -> int:
        """The most in the last `seconds` (at most KEPT_S), the one that has begun included."""
        since = now_us // 1_000_000 - min(seconds, KEPT_S)
        return max((late_us for second, late_us in self._seconds if second > since), default=0)
