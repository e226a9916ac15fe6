"""Virtual time and a wire: what stands between a span and its far end in these tests."""

from __future__ import annotations

import heapq
import itertools


class Timer:
    def __init__(self, action):
        self.action = action

    def cancel(self):
        self.action = None


class VirtualClock:
    """A SpanClock whose time moves only by `run`."""

    def __init__(self, start_us=1_000_000):
        self._now = start_us
        self._heap = []
        self._order = itertools.count()

    def now_us(self):
        return self._now

    def at_us(self, due_us, action):
        timer = Timer(action)
        heapq.heappush(self._heap, (max(due_us, self._now), next(self._order), timer))
        return timer

    def later(self, ms, action, *arguments):
        return self.at_us(self._now + round(ms * 1000), lambda: action(*arguments))

    def run(self, seconds):
        end = self._now + round(seconds * 1_000_000)
        while self._heap and self._heap[0][0] <= end:
            due, _, timer = heapq.heappop(self._heap)
            self._now = due
            action, timer.action = timer.action, None
            if action:
                action()
        self._now = end

    def until(self, condition, seconds=60.0, step_s=0.02):
        for _ in range(round(seconds / step_s)):
            if condition():
                return True
            self.run(step_s)
        return condition()


class Wire:
    """Carries frames both ways in order, each after `delay_ms`. `left` and `right` are called with what arrives there.

    `cut`: nothing arrives. `spoil(side, frame)`: returns the frames to deliver instead.
    """

    def __init__(self, clock, delay_ms=4.0):
        self.clock, self.delay_ms = clock, delay_ms
        self.left = self.right = None
        self.cut = False
        self.spoil = None
        self.seen = []

    def send_left(self, frame):
        """`left` sends."""
        self._carry("left", frame)

    def send_right(self, frame):
        """`right` sends."""
        self._carry("right", frame)

    def _carry(self, side, frame):
        self.seen.append((self.clock.now_us(), side, frame))
        if self.cut:
            return
        for each in self.spoil(side, frame) if self.spoil else (frame,):
            self.clock.later(self.delay_ms, self._deliver, side, each)

    def _deliver(self, side, frame):
        receiver = self.right if side == "left" else self.left
        if receiver and not self.cut:
            receiver(frame)
