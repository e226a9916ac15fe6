"""A number on its way out: digits in groups, pauses between them, each awaited (facts 1.8)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.profile import FxoProfile

_PARTS = re.compile(r",+|[^,]+")


class Sender(Protocol):
    """Who sends digits; tells its end by `Dialling.part_sent`."""

    def send_digits(self, digits: str, *, pulse: bool) -> None:
        """Send one group of digits, as DTMF or as loop breaks."""

    def stop_sending(self) -> None:
        """Stop what is being sent."""


class Dialling:
    """`begin(number)`, then `done(True)` when everything is out, or `done(False)` when the card took too long."""

    def __init__(self, profile: FxoProfile, clock: Clock, sender: Sender, done: Callable[[bool], None]) -> None:
        self._profile = profile
        self._timers = Timers(clock)
        self._sender = sender
        self._done = done
        self._parts: list[str] = []
        self._sending = False

    def begin(self, number: str) -> None:
        """Send `number`: 0-9 * # A-D, a comma is a pause."""
        self._parts = _PARTS.findall(number)
        self._timers.start("limit", self._profile.send_limit_ms + self._pauses_ms(), self._too_long)
        self._next()

    def part_sent(self) -> None:
        """The card has sent the group; late or doubled news are ignored."""
        if self._sending:
            self._sending = False
            self._next()

    def cancel(self) -> None:
        """Send no more."""
        self._timers.cancel_all()
        self._parts = []
        if self._sending:
            self._sending = False
            self._sender.stop_sending()

    def _pauses_ms(self) -> int:
        return sum(part.count(",") for part in self._parts) * self._profile.comma_ms

    def _next(self) -> None:
        if not self._parts:
            self._timers.cancel_all()
            self._done(True)
            return
        part = self._parts.pop(0)
        if part.startswith(","):
            self._timers.start("pause", len(part) * self._profile.comma_ms, self._next)
        else:
            self._sending = True
            self._sender.send_digits(part, pulse=self._profile.pulse)

    def _too_long(self) -> None:
        self.cancel()
        self._done(False)
