"""Party numbers: who is who in the chirps. A chirp has room for 256 of them, so callers' numbers are used again."""

from __future__ import annotations

FIRST_PERSON = 1
FIRST_CALLER = 100
LAST = 255


class NoPartyError(Exception):
    """More people are on the telephone at once than there are party numbers."""


class PartyNumbers:
    """People at stations keep their number for good (1-99); callers get one for a call (100-255), in turn."""

    def __init__(self) -> None:
        self._next_person = FIRST_PERSON
        self._next_caller = FIRST_CALLER
        self._taken: set[int] = set()

    def person(self) -> int:
        """A number for good. Raises NoPartyError."""
        if self._next_person >= FIRST_CALLER:
            raise NoPartyError(f"more than {FIRST_CALLER - FIRST_PERSON} people at stations")
        self._next_person += 1
        return self._next_person - 1

    @property
    def left(self) -> int:
        """How many callers more there can be at once."""
        return LAST + 1 - FIRST_CALLER - len(self._taken)

    def take(self) -> int:
        """A number for one call; the longest unused comes first. Raises NoPartyError."""
        for _ in range(FIRST_CALLER, LAST + 1):
            number = self._next_caller
            self._next_caller = FIRST_CALLER if number == LAST else number + 1
            if number not in self._taken:
                self._taken.add(number)
                return number
        raise NoPartyError(f"more than {LAST + 1 - FIRST_CALLER} callers at once")

    def release(self, number: int) -> None:
        """The call is over."""
        self._taken.discard(number)
