"""What the parts of a span share: the stack, the calls, the slots, the timers, and the way events go out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog

from boardd.signalling.q931.calls import Call, CallTable
from boardd.signalling.q931.frames import Message
from boardd.signalling.q931.profile import Q931Profile
from boardd.signalling.q931.slots import SlotTable
from boardd.signalling.q931.stack import Stack
from boardd.signalling.q931.timers import Timers
from boardd.signalling.span import SpanEvent, SpanSink, Trouble
from boardd.signalling.timing import SpanClock

log = structlog.get_logger("signalling.q931")


class Core:
    """State of one span. `message` is the Q.931 message that is being worked on, None when a timer is."""

    stack: Stack

    def __init__(self, name: str, profile: Q931Profile, clock: SpanClock, sink: SpanSink) -> None:
        self.name = name
        self.profile = profile
        self.clock = clock
        self.timers = Timers(clock)
        self.calls = CallTable()
        self.slots = SlotTable(profile.slots, self.emit)
        self.message: Message | None = None
        self.closed = False
        self._sink = sink
        self._outbox: deque[SpanEvent] = deque()
        self._dispatching = False
        self._depth = 0
        self._raised: set[tuple[str, int]] = set()

    # -- events -----------------------------------------------------------------------------------------------------
    def emit(self, event: SpanEvent) -> None:
        """Tell the owner, in order; an event that comes while another is being told waits for its turn."""
        self._outbox.append(event)
        if self._dispatching:
            return
        self._dispatching = True
        try:
            while self._outbox and not self.closed:
                self._sink(self._outbox.popleft())
        finally:
            self._dispatching = False

    def trouble(self, code: str, text: str, slot: int = 0, *, raised: bool = True, lasts: bool = False) -> None:
        """Tell trouble. One that `lasts` is told once until it is cleared."""
        key = (code, slot)
        if lasts and raised == (key in self._raised):
            return
        if lasts:
            (self._raised.add if raised else self._raised.discard)(key)
        log.warning("pri_trouble" if raised else "pri_trouble_over", span=self.name, code=code, slot=slot, text=text)
        self.emit(Trouble(code, text, slot, raised))

    # -- work -------------------------------------------------------------------------------------------------------
    @contextmanager
    def working(self) -> Iterator[None]:
        """Around everything that talks to the stack: what it wants to send leaves at the end, still busy, because a
        device may deliver the answer from within the write."""
        self._depth += 1
        try:
            yield
        finally:
            try:
                self.stack.settle()
            finally:
                self._depth -= 1

    def settle(self) -> None:
        """Send what the stack wants to send."""
        with self.working():
            pass

    @property
    def busy(self) -> bool:
        """A frame that arrives now must wait: the stack or the owner is in the middle of something."""
        return self._depth > 0 or self._dispatching

    # -- short cuts -------------------------------------------------------------------------------------------------
    def do(self, command: str, call: Call, *arguments: int | bytes) -> bool:
        """A command of the stack about a call."""
        return self.stack.do(command, call.handle, *arguments)

    def start(self, timer: str, call: Call, action: Callable[[], None]) -> None:
        """Start a timer of the profile for a call, replacing the one that runs."""
        self.timers.start((timer, call.number), self.profile.ms(timer), action)

    def stop(self, call: Call, *timers: str) -> None:
        """Stop timers of a call."""
        for timer in timers:
            self.timers.cancel((timer, call.number))
