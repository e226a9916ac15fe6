"""Simulated time for the machines, and cards that write down what they are ordered to do."""

import heapq
import itertools
from collections.abc import Callable
from typing import Any

from boardd.signalling.analog import (
    Cleared,
    Ear,
    FxoEvent,
    FxoLine,
    FxoProfile,
    LineFree,
    StationEvent,
    StationLine,
    StationProfile,
)


class Entry:
    def __init__(self, due_s: float, order: int, call: Callable[[], None]) -> None:
        self.key = (due_s, order)
        self.call: Callable[[], None] | None = call

    def __lt__(self, other: "Entry") -> bool:
        return self.key < other.key

    def cancel(self) -> None:
        self.call = None


class SimClock:
    def __init__(self) -> None:
        self.now_s = 1000.0
        self._heap: list[Entry] = []
        self._order = itertools.count()

    def time(self) -> float:
        return self.now_s

    def call_later(self, delay: float, callback: Callable[..., Any], /, *args: Any) -> Entry:
        entry = Entry(self.now_s + delay, next(self._order), lambda: callback(*args))
        heapq.heappush(self._heap, entry)
        return entry

    def forward(self, ms: float) -> None:
        end_s = self.now_s + ms / 1000
        while self._heap and self._heap[0].key[0] <= end_s + 1e-9:
            entry = heapq.heappop(self._heap)
            self.now_s = max(self.now_s, entry.key[0])
            if entry.call:
                call, entry.call = entry.call, None
                call()
        self.now_s = end_s

    @property
    def pending(self) -> int:
        return sum(entry.call is not None for entry in self._heap)


class Line:
    """An FxoLine with a card that does at once what it is told, unless `slow`."""

    def __init__(self, **changes: Any) -> None:
        self.clock = SimClock()
        self.profile = FxoProfile(**changes)
        self.events: list[FxoEvent] = []
        self.orders: list[tuple[Any, ...]] = []
        self.ear = Ear.NOTHING
        self.slow_hook = False
        self.slow_digits = False
        self.react: Callable[[FxoEvent], None] = lambda _event: None
        self.machine = FxoLine(self.profile, self.clock, self, self.take)
        self.machine.begin()

    def take(self, event: FxoEvent) -> None:
        self.events.append(event)
        self.react(event)

    # the card
    def hook(self, off: bool) -> None:
        self.orders.append(("hook", off))
        if not self.slow_hook:
            self.clock.call_later(0.02, self.machine.hook_done, off)

    def flash(self, duration_ms: int) -> None:
        self.orders.append(("flash", duration_ms))

    def send_digits(self, digits: str, *, pulse: bool) -> None:
        self.orders.append(("pulse" if pulse else "dtmf", digits))
        if not self.slow_digits:
            self.clock.call_later(0.2 * len(digits), self.machine.digits_sent)

    def stop_sending(self) -> None:
        self.orders.append(("stop",))

    def listen(self, ear: Ear) -> None:
        self.ear = ear

    # what tests ask
    def of(self, kind: type[FxoEvent]) -> list[FxoEvent]:
        return [event for event in self.events if type(event) is kind]

    def reason(self) -> tuple[int, str, str]:
        (cleared,) = self.of(Cleared)
        assert isinstance(cleared, Cleared)
        return cleared.reason.cause, cleared.reason.origin, cleared.reason.code

    def rings(self, count: int, on_ms: float = 1000, off_ms: float = 4000) -> None:
        for _ in range(count):
            self.machine.ring(True)
            self.clock.forward(on_ms)
            self.machine.ring(False)
            self.clock.forward(off_ms)

    def flip(self, ms: float = 0) -> None:
        self.machine.polarity()
        self.clock.forward(ms)

    def end(self) -> None:
        """Hang up and wait for the line to be free, exactly once."""
        mark = len(self.of(LineFree))
        self.machine.hang_up()
        self.machine.hang_up()
        self.clock.forward(20_000)
        assert len(self.of(LineFree)) == mark + 1


class Telephone:
    """A StationLine whose card writes down what it is ordered to do."""

    def __init__(self, **changes: Any) -> None:
        self.clock = SimClock()
        self.events: list[StationEvent] = []
        self.orders: list[tuple[Any, ...]] = []
        self.machine = StationLine(StationProfile(**changes), self.clock, self, self.events.append)

    def ring(self, on: bool) -> None:
        self.orders.append(("ring", on))

    def send_caller_id(self, number: str, name: str) -> None:
        self.orders.append(("caller_id", number, name))

    def open_for(self, *openings_ms: float, make_ms: float = 38) -> None:
        for ms in openings_ms:
            self.machine.loop(False)
            self.clock.forward(ms)
            self.machine.loop(True)
            self.clock.forward(make_ms)
