"""Ranges of direct dialling numbers: tells when an overlap number is complete."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _


class DdiVerdict(Enum):
    """What the digits so far are."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    IMPOSSIBLE = "impossible"
    """No number of ours begins so: waiting for more is of no use."""


@dataclass(frozen=True, slots=True)
class DdiRange:
    """Numbers of one length from `first` to `last`, as their digits arrive on the line."""

    first: str
    last: str

    @classmethod
    def parse(cls, text: str) -> DdiRange:
        """`88001000-88001099`, or one number. Raises ConfigurationError."""
        first, dash, last = (part.strip() for part in text.partition("-"))
        last = last if dash else first
        if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
            raise ConfigurationError(_("DDI range {text!r}: digits, or FIRST-LAST").format(text=text), range=text)
        if len(first) != len(last) or first > last:
            raise ConfigurationError(
                _("DDI range {text!r}: both ends must have the same length, the smaller first").format(text=text),
                range=text,
            )
        return cls(first, last)

    def verdict(self, digits: str) -> DdiVerdict:
        """How `digits` stand to this range."""
        size = len(digits)
        if size > len(self.first) or not self.first[:size] <= digits <= self.last[:size]:
            return DdiVerdict.IMPOSSIBLE
        return DdiVerdict.COMPLETE if size == len(self.first) else DdiVerdict.PARTIAL


@dataclass(frozen=True, slots=True)
class DdiPlan:
    """All ranges of a trunk; without any, digits are always partial."""

    ranges: tuple[DdiRange, ...] = ()

    @classmethod
    def parse(cls, texts: list[str] | tuple[str, ...]) -> DdiPlan:
        """See DdiRange.parse."""
        return cls(tuple(DdiRange.parse(text) for text in texts))

    def verdict(self, digits: str) -> DdiVerdict:
        """Complete if a range has this very number, partial if one may still get there."""
        if not self.ranges:
            return DdiVerdict.PARTIAL
        found = {item.verdict(digits) for item in self.ranges}
        for verdict in (DdiVerdict.COMPLETE, DdiVerdict.PARTIAL):
            if verdict in found:
                return verdict
        return DdiVerdict.IMPOSSIBLE
