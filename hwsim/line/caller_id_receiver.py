"""Receives caller ID from what a leg hears on-hook: FSK messages, and rows of DTMF digits (facts 1.6, 1.7)."""

from __future__ import annotations

from collections.abc import Callable

from hwsim.core.events import Event, FskVerdict, Kind
from hwsim.kernel.sim import Sim, Timer
from hwsim.line.caller_id import CallerId, decode, decode_dtmf

DIGIT_GAP_MS = 500
"""Silence that ends a row of digits without stop digit."""
STOP_DIGITS = frozenset("C#")
MIN_DIGITS = 3
"""Fewer are a click or a key, no number."""


class CallerIdReceiver:
    """Listens between `open` and `close` and calls `received(caller, form)`, form being fsk or dtmf.

    `bad(verdict)` is called for FSK messages that came to nothing. `hear_digits(on)` switches DTMF reception of the leg
    for owners who have a use of their own for it.
    """

    def __init__(
        self,
        sim: Sim,
        leg: int,
        received: Callable[[CallerId, str], None],
        *,
        bad: Callable[[FskVerdict], None] | None = None,
        hear_digits: Callable[[bool], None] | None = None,
    ) -> None:
        self.sim = sim
        self.leg = leg
        self._received = received
        self._bad = bad
        self._hear_digits = hear_digits or self._switch_dtmf
        self._detector = 0
        self._digits = ""
        self._gap: Timer | None = None

    @property
    def is_open(self) -> bool:
        """Whether it listens."""
        return self._detector != 0

    def open(self) -> None:
        """Begin to listen; nothing when it does."""
        if self._detector:
            return
        self._detector = self.sim.engine.fsk_detect(self.leg)
        self._hear_digits(True)
        self.sim.on_engine(self.leg, self._sound)

    def close(self) -> None:
        """Listen no more; what is half received is dropped."""
        if not self._detector:
            return
        self.sim.off_engine(self.leg, self._sound)
        self.sim.engine.stop(self._detector)
        self._detector = 0
        self._hear_digits(False)
        self._drop_digits()

    def _switch_dtmf(self, on: bool) -> None:
        self.sim.engine.dtmf_detect(self.leg, on)

    def _drop_digits(self) -> None:
        self._digits = ""
        if self._gap:
            self._gap.cancel()
            self._gap = None

    def _sound(self, event: Event) -> None:
        if event.kind is Kind.DTMF_ON:
            self._digit(event.digit)
        elif event.kind is Kind.FSK_MESSAGE and event.id == self._detector:
            self._message(FskVerdict(event.a))

    def _message(self, verdict: FskVerdict) -> None:
        if verdict is FskVerdict.GOOD:
            try:
                caller = decode(self.sim.engine.fsk_read(self._detector))
            except ValueError:
                verdict = FskVerdict.BROKEN
            else:
                self._received(caller, "fsk")
                return
        if self._bad:
            self._bad(verdict)

    def _digit(self, digit: str) -> None:
        self._digits += digit
        if self._gap:
            self._gap.cancel()
        if digit in STOP_DIGITS:
            self._digits_over()
        else:
            self._gap = self.sim.later(DIGIT_GAP_MS, self._digits_over)

    def _digits_over(self) -> None:
        digits = self._digits
        self._drop_digits()
        caller = decode_dtmf(digits) if len(digits) >= MIN_DIGITS else None
        if caller:
            self._received(caller, "dtmf")
