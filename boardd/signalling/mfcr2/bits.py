"""Line bits of one circuit: what the far end's really are, and ours.

A change counts when it has lasted `persistence_ms`. While the multiframe is lost the last good state stays, whatever
arrives; when it is back what arrives then is a change like any other.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.signalling.mfcr2.profile import LineRules
from boardd.signalling.mfcr2.timers import Timers

IDLE, SEIZED, BUSY, ANSWERED = 0b1011, 0b0011, 0b1111, 0b0111
"""What we send; forced release is SEIZED backward."""
D_BIT, C_BIT = 1, 2


class LineBits:
    """`changed(abcd)` is called for each change that lasts; d is given as 1 (it is not used)."""

    def __init__(
        self, rules: LineRules, timers: Timers, send: Callable[[int], None], changed: Callable[[int], None]
    ) -> None:
        self.received: int | None = None
        """The far end's bits; None: never seen."""
        self.sent = 0
        self._rules = rules
        self._timers = timers
        self._send = send
        self._changed = changed
        self._raw: int | None = None
        self._frozen = False

    def send(self, abcd: int) -> None:
        """Set our bits."""
        if self._rules.c_bit == 0:
            abcd &= ~C_BIT
        if abcd != self.sent:
            self.sent = abcd
            self._send(abcd)

    def arrived(self, abcd: int) -> None:
        """The receiver's bits now."""
        abcd = abcd & 0xF | D_BIT
        if abcd == self._raw:
            return
        self._raw = abcd
        self._look()

    def freeze(self, on: bool) -> None:
        """Multiframe lost, or back."""
        self._frozen = on
        self._timers.cancel("line")
        if not on:
            self._look()

    def foreign(self, abcd: int) -> bool:
        """Whether bit c is not this country's."""
        return abcd >> 1 & 1 != self._rules.c_bit

    # -- inside -----------------------------------------------------------------------------------------------------
    def _look(self) -> None:
        self._timers.cancel("line")
        if not self._frozen and self._raw is not None and self._raw != self.received:
            self._timers.start("line", self._rules.persistence_ms, self._settled)

    def _settled(self) -> None:
        if self._raw is not None:
            self.received = self._raw
            self._changed(self._raw)
