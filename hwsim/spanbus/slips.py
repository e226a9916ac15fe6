"""Clocks of the two ends of a span, and the slips that their difference makes (facts 3.3)."""

from __future__ import annotations

from collections.abc import Callable

from hwsim.kernel.sim import Sim, Timer
from hwsim.spanbus.section import Clock, Clocking

FRAMES_PER_S = 8000


class SlipBuffer:
    """The elastic store of one receiver: a frame is lost or doubled whenever it is full or empty.

    `slipped(frames)` is called with -1 (a frame is lost: the far end is faster) or +1 (a frame is doubled).
    """

    def __init__(self, sim: Sim, slipped: Callable[[int], None]) -> None:
        self.sim = sim
        self._slipped = slipped
        self._fill = 0.0
        """Frames gained on the reader since the last slip, -1 to 1."""
        self._difference_ppm = 0.0
        self._since_us = 0
        self._timer: Timer | None = None

    def set_difference(self, ppm: float) -> None:
        """The received clock is so much faster than our own from now on."""
        self._settle()
        self._difference_ppm = ppm
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if ppm:
            missing = (1.0 - self._fill) if ppm > 0 else (1.0 + self._fill)
            wait_s = missing / (abs(ppm) * 1e-6 * FRAMES_PER_S)
            self._timer = self.sim.later(wait_s * 1000, self._slip)

    def _settle(self) -> None:
        elapsed_s = (self.sim.now_us - self._since_us) / 1e6
        self._fill += elapsed_s * self._difference_ppm * 1e-6 * FRAMES_PER_S
        self._since_us = self.sim.now_us

    def _slip(self) -> None:
        faster = self._difference_ppm > 0
        self._since_us = self.sim.now_us
        self._fill = 0.0
        self._timer = None
        self._slipped(-1 if faster else 1)
        self.set_difference(self._difference_ppm)


def frequencies(a: Clock, b: Clock, a_hears: bool, b_hears: bool) -> tuple[float, float]:
    """The transmit frequencies of two ends, ppm. `a_hears`: end a receives something that it could follow.

    Two slaves follow each other in a circle: they agree on something that nobody has set, here the mean of their
    oscillators.
    """
    a_follows = a.clocking is Clocking.RECOVERED and a_hears
    b_follows = b.clocking is Clocking.RECOVERED and b_hears
    if a_follows and b_follows:
        mean = (a.offset_ppm + b.offset_ppm) / 2
        return mean, mean
    if a_follows:
        return b.offset_ppm, b.offset_ppm
    if b_follows:
        return a.offset_ppm, a.offset_ppm
    return a.offset_ppm, b.offset_ppm
