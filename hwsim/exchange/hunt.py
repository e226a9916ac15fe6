"""Hunt groups: the circuits or lines that one number (or range of numbers) of the exchange leads to."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from hwsim.exchange.numbering import NumberRange
from hwsim.exchange.party import Party


class HuntOrder(StrEnum):
    """In which order members are tried."""

    SEQUENTIAL = "sequential"
    """Always from the first: low members carry most calls."""
    REVERSE = "reverse"
    """Always from the last, as a carrier does against glare."""
    CYCLIC = "cyclic"
    """From the one after the last used."""
    LEAST_RECENT = "least_recent"
    """The one whose last call came longest ago."""


class HuntGroup:
    """Members in hunting order and the numbers that reach them."""

    def __init__(
        self,
        name: str,
        members: Sequence[Party],
        numbers: Sequence[NumberRange] = (),
        order: HuntOrder = HuntOrder.SEQUENTIAL,
    ) -> None:
        self.name = name
        self.members = list(members)
        self.numbers = list(numbers)
        self.order = order
        self._next = 0
        self._turn = 0
        self._turns = [0] * len(self.members)

    def choose(self) -> Party | None:
        """The next free member, or None when all are busy or out of service."""
        count = len(self.members)
        start = self._next if self.order is HuntOrder.CYCLIC else 0
        indices = [(start + i) % count for i in range(count)]
        if self.order is HuntOrder.REVERSE:
            indices.reverse()
        elif self.order is HuntOrder.LEAST_RECENT:
            indices.sort(key=self._turns.__getitem__)
        for index in indices:
            if self.members[index].free:
                self._next = (index + 1) % count
                self._turn += 1
                self._turns[index] = self._turn
                return self.members[index]
        return None
