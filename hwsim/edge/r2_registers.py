"""The two registers of MFC-R2 in China: compelled signals, one answering the other (facts 4.2, 4.3).

Both are fed 20 ms of what they hear (`hear`) and asked for 20 ms to send (`say`); `done()` is called at the end, with
`failed` set when a signal was wrong or did not come in time. `log` has the pairs as they went: (forward, backward).
"""

from __future__ import annotations

from collections.abc import Callable

from hwsim.edge.r2_tones import Hearing, tone
from hwsim.kernel.sim import Sim, Timer

T1_MS = 15_000
"""A forward signal without reply."""
PULSE_MS, PULSE_AFTER_MS, PULSE_DEAF_MS = 150, 100, 300
END_OF_CALLER = 15
A1, A2, A3, A4, A5, A6 = range(1, 7)
FREE = (1, 6)
CONGESTION, UNALLOCATED = 42, 1


class Register:
    """What both have in common."""

    forward: bool

    def __init__(self, sim: Sim, done: Callable[[], None]) -> None:
        self.sim = sim
        self.log: list[tuple[int, int]] = []
        self.failed = ""
        self.over = False
        self.sending = 0
        self._done = done
        self._hearing = Hearing(forward=not self.forward)
        self._block = 0
        self._timer: Timer | None = None

    def say(self) -> bytes:
        """The next 20 ms."""
        self._block += 1
        return tone(self.sending, self._block, forward=self.forward)

    def hear(self, sound: bytes) -> None:
        """20 ms from the far end."""
        if self._hearing.hear(sound) and not self.over:
            self.heard(self._hearing.now)

    def heard(self, signal: int) -> None:
        """A signal began, or (0) ended."""

    def stop(self) -> None:
        """Be silent and care for nothing any more."""
        self.over = True
        self.sending = 0
        self.wait(None)

    def wait(self, ms: float | None, callback: Callable[[], None] | None = None) -> None:
        """Start the one timer, or stop it."""
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if ms is not None and callback:
            self._timer = self.sim.later(ms, callback)

    def finish(self, failed: str = "") -> None:
        """The end."""
        if not self.over:
            self.failed = failed
            self.stop()
            self._done()


def digit_of(signal: int) -> str:
    """The digit of a group I signal, 1 to 10."""
    return str(signal % 10)


def signal_of(digit: str) -> int:
    """The group I signal of a digit."""
    return int(digit) or 10


class OutgoingRegister(Register):
    """Sends the called number, the caller's category and number, and KD; `kb` is what the far end said at last.

    `cause`: the Q.850 cause of a refusal in group A, before there was a KB (0: none).
    """

    forward = True

    def __init__(self, sim: Sim, done: Callable[[], None], called: str, caller: str, ka: int, kd: int) -> None:
        super().__init__(sim, done)
        self.called, self.caller, self.ka, self.kd = called, caller, ka, kd
        self.kb = 0
        self.cause = 0
        self._next_called = self._next_caller = 0
        self._caller_asked = self._last = False
        self._answer = 0
        self._send_next(A1)

    def heard(self, signal: int) -> None:
        """Backward signals: the beginning stops ours, the end brings the next."""
        if signal:
            self.log.append((self.sending, signal))
            self._answer = signal
            self.sending = 0
            self.wait(T1_MS, lambda: self.finish("the backward signal does not end"))
        elif self._answer:
            answer, self._answer = self._answer, 0
            if self._last:
                self.kb = answer
                self.finish()
            else:
                self._send_next(answer)

    def _send_next(self, answer: int) -> None:
        self.wait(T1_MS, lambda: self.finish("no backward signal"))
        match answer:
            case 1 if self._caller_asked:
                rest = self.caller[self._next_caller : self._next_caller + 1]
                self._next_caller += 1
                self.sending = signal_of(rest) if rest else END_OF_CALLER
            case 1 | 2:
                self._next_called = self._next_called if answer == A1 else 0
                rest = self.called[self._next_called : self._next_called + 1]
                self._next_called += 1
                self.sending = signal_of(rest) if rest else 0  # no signal says that there are no more
            case 6:
                self._caller_asked = True
                self.sending = self.ka
            case 3:
                self._last = True
                self.sending = self.kd
            case 4 | 5:
                self.cause = CONGESTION if answer == A4 else UNALLOCATED
                self.finish()
            case _:
                self.finish(f"A{answer} has no meaning")


class IncomingRegister(Register):
    """Collects `digits` called digits, category and number of the caller; `kb_for(register)` chooses KB by then.

    When no signal comes for `gap_ms` it goes on by a pulse: after called digits A6, after the caller's A3.
    """

    forward = False
    MOST_CALLER_DIGITS = 20

    def __init__(
        self,
        sim: Sim,
        done: Callable[[], None],
        digits: int,
        gap_ms: float,
        kb_for: Callable[[IncomingRegister], int],
    ) -> None:
        super().__init__(sim, done)
        self.called = self.caller = ""
        self.ka = self.kd = self.kb = 0
        self.pulses: list[int] = []
        self._digits = digits
        self._gap_ms = gap_ms
        self._kb_for = kb_for
        self._take: Callable[[int], int] = self._called_digit
        self._deaf = False
        self.wait(gap_ms, self._nothing_came)

    def heard(self, signal: int) -> None:
        """Forward signals: the beginning is answered, the end stops our answer."""
        if self._deaf:
            return
        if signal:
            answer = self._take(signal)
            if answer:
                self.log.append((signal, answer))
                self.sending = answer
                self.wait(T1_MS, lambda: self.finish("the forward signal does not end"))
        elif self.sending:
            self.sending = 0
            if self.kb:
                self.finish()
            else:
                self.wait(self._gap_ms, self._nothing_came)

    def _called_digit(self, signal: int) -> int:
        if signal > 10:
            self.finish(f"I-{signal} among called digits")
            return 0
        self.called += digit_of(signal)
        if len(self.called) < self._digits or not self._digits:
            return A1
        self._take = self._category
        return A6

    def _category(self, signal: int) -> int:
        self.ka = signal
        self._take = self._caller_digit
        return A1

    def _caller_digit(self, signal: int) -> int:
        if signal <= 10:
            self.caller += digit_of(signal)
            if len(self.caller) < self.MOST_CALLER_DIGITS:
                return A1
        self._take = self._kind
        return A3

    def _kind(self, signal: int) -> int:
        self.kd = signal
        self.kb = self._kb_for(self)
        return self.kb

    def _nothing_came(self) -> None:
        if self._take == self._called_digit and self.called and not self._digits:
            self._take = self._category
            self._pulse(A6)
        elif self._take == self._caller_digit:
            self._take = self._kind
            self._pulse(A3)
        else:
            self.finish("no forward signal")

    def _pulse(self, signal: int) -> None:
        self.pulses.append(signal)
        self._deaf = True
        self.wait(PULSE_AFTER_MS, lambda: self._pulse_begins(signal))

    def _pulse_begins(self, signal: int) -> None:
        self.sending = signal
        self.wait(PULSE_MS, self._pulse_ends)

    def _pulse_ends(self) -> None:
        self.sending = 0
        self.wait(PULSE_DEAF_MS, self._hear_again)

    def _hear_again(self) -> None:
        self._deaf = False
        self.wait(self._gap_ms, self._nothing_came)
        if self._hearing.now:
            self.heard(self._hearing.now)
