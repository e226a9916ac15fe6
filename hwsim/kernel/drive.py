"""Moves simulated time: free-running at speed 1, token lockstep at every other speed.

Free-running serves programs that others wrote: time is the machine's, the simulator catches up every few milliseconds.
Lockstep is deterministic: time moves to the next timer, sound event or participant's deadline only when everybody is
idle; `speed` then merely throttles it (None = as fast as it goes).
"""

from __future__ import annotations

import time
from collections.abc import Callable

from hwsim.kernel.keeper import Keeper
from hwsim.kernel.lateness import Lateness
from hwsim.kernel.loop import Loop
from hwsim.kernel.sim import STEP_US, Sim

FREE_TICK_S = 0.004
MAX_JUMP_US = 1_000_000


def real_s() -> float:
    """The machine's monotonic clock (the only use of it in the simulator)."""
    return time.monotonic()  # noqa: TID251 - this is where real time enters the simulator


def real_wall_ms() -> int:
    """The machine's wall clock, in milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def pause_s(seconds: float) -> None:
    """Wait in real time (commands that watch a running simulator from outside)."""
    time.sleep(seconds)  # noqa: TID251 - this is where real time enters the simulator


class FreeDrive:
    """Speed 1: simulated time is real time since the start.

    `wall_base_ms` and `mono_base_us`: the machine's wall clock and monotonic clock at simulated time zero.
    """

    def __init__(self, loop: Loop, sim: Sim) -> None:
        self.loop = loop
        self.sim = sim
        self.lateness = Lateness()
        self.wall_base_ms = 0
        self.mono_base_us = 0

    def run(self, until: Callable[[], bool]) -> None:
        """Run until `until()` says so."""
        began_s = real_s() - self.sim.now_us / 1e6
        self.wall_base_ms = real_wall_ms() - self.sim.now_us // 1000
        self.mono_base_us = int(began_s * 1e6)
        while not until():
            target_us = int((real_s() - began_s) * 1e6)
            self.lateness.note(target_us, target_us - self.sim.now_us)
            self.sim.advance_to(target_us)
            self.sim.dirty = False
            next_step_us = (self.sim.now_us // STEP_US + 1) * STEP_US
            timer_us = self.sim.next_timer_us()
            wake_us = next_step_us if timer_us is None else min(next_step_us, timer_us)
            wait_s = (wake_us / 1e6) - (real_s() - began_s)
            self.loop.poll(max(0.0, min(wait_s, FREE_TICK_S)))


class LockstepDrive:
    """Any other speed: everybody waits for everybody; `speed` None is as fast as possible."""

    def __init__(self, loop: Loop, sim: Sim, keeper: Keeper, speed: float | None) -> None:
        self.loop = loop
        self.sim = sim
        self.keeper = keeper
        self.speed = speed

    def run(self, until: Callable[[], bool]) -> None:
        """Run until `until()` says so. Raises TokenStuckError when a process does not give the token back."""
        began_s = real_s()
        base_us = self.sim.now_us
        while self.keeper.empty and not until():
            self.loop.poll(0.05)
            began_s = real_s()
        while not until():
            self.keeper.settle()
            if until():
                return
            self._advance()
            self.loop.poll(0)
            if self.speed is not None:
                ahead_s = (self.sim.now_us - base_us) / 1e6 / self.speed - (real_s() - began_s)
                while ahead_s > 0 and not until():
                    self.loop.poll(min(ahead_s, 0.05))
                    ahead_s = (self.sim.now_us - base_us) / 1e6 / self.speed - (real_s() - began_s)

    def _advance(self) -> None:
        """Move to the next moment at which a process has something to do: its own deadline, or mail for it."""
        deadline_us = self.keeper.next_deadline_us()
        limit_us = self.sim.now_us + MAX_JUMP_US
        target_us = limit_us if deadline_us is None else min(limit_us, deadline_us)
        if not self.sim.dirty and not self.keeper.due():
            self.sim.advance_to(max(target_us, self.sim.now_us), stop_when_dirty=True)
