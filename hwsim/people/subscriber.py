"""A set on a subscriber line of the exchange: the telephone of a caller or of a called party."""

from __future__ import annotations

from collections.abc import Callable

from hwsim.exchange.subscriber_line import SubscriberLine
from hwsim.line.keypad import Keypad


class SubscriberSet:
    """Handset on a SubscriberLine (hwsim.people.handset.Handset)."""

    sound_dialling = False

    def __init__(self, subscriber: SubscriberLine) -> None:
        self.subscriber = subscriber
        self.line = subscriber.name
        self.leg = subscriber.leg
        self._changed: Callable[[], None] = _nothing
        subscriber.telephone = self

    @property
    def keypad(self) -> Keypad:
        """How its keys sound."""
        return self.subscriber.keypad

    @property
    def ringing(self) -> bool:
        """Whether the telephone rings."""
        return self.subscriber.ringing

    @property
    def off_hook(self) -> bool:
        """Whether the receiver is off-hook."""
        return self.subscriber.off_hook

    def attach(self, changed: Callable[[], None]) -> None:
        """Call `changed()` when the bell starts or stops."""
        self._changed = changed

    def on_ringing(self, on: bool) -> None:
        """The exchange rings, or has stopped."""
        self._changed()

    def lift(self) -> None:
        """Go off-hook."""
        self.subscriber.lift()

    def hang_up(self) -> None:
        """Go on-hook, or refuse a call that rings."""
        self.subscriber.hang_up()

    def dial(self, number: str) -> None:
        """Call `number`."""
        self.subscriber.dial(number)

    def flash(self, duration_ms: float) -> None:
        """Nothing: this set has no loop."""


def _nothing() -> None:
    """Before anybody is attached."""
