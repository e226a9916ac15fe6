"""Numbers: the forms in which one subscriber may be dialled, and when a dialled number is complete (facts 3.7)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from boardd.contract.text import _

# National destination codes without the leading 0 that have two digits in all; the others have three.
_SHORT_AREA = re.compile(r"10|2\d")
_MOBILE = re.compile(r"1[3-9]\d{0,9}")
_DIGITS = re.compile(r"\d*")

COUNTRY_PREFIXES = ("+86", "0086")


class Reach(IntEnum):
    """How far away a number is."""

    LOCAL = 0
    """Of this area, a mobile, or a short number."""
    NATIONAL = 1
    INTERNATIONAL = 2


class NumberForm(StrEnum):
    """In which form carriers show a caller's number (facts 3.7)."""

    SHORTEST = "shortest"
    """As a subscriber here would dial it."""
    AREA = "area"
    """Local numbers too have their area code: 0571 8800 1000."""
    NO_ZERO = "no_zero"
    """Numbers with an area code lose the 0 before it: 571 8800 1000, 10 6655 4433."""
    MOBILE_ZERO = "mobile_zero"
    """Mobiles that are not of this area have a 0."""
    PLUS = "plus"
    """+86 without the 0."""
    INTERNATIONAL = "international"
    """0086 without the 0."""


class Analysis(StrEnum):
    """What the digits received so far are."""

    INCOMPLETE = "incomplete"
    COMPLETE = "complete"
    OPEN = "open"
    """Could be a whole number or the beginning of a longer one: the inter-digit timer decides."""
    IMPOSSIBLE = "impossible"


@dataclass(frozen=True, slots=True)
class NumberRange:
    """All numbers from `first` to `last`, both included, of equal length."""

    first: str
    last: str

    @classmethod
    def parse(cls, text: str) -> NumberRange:
        """`88001000` or `88001000-88001099`; raises ValueError when the ends do not fit together."""
        plain = text.replace(" ", "")
        first, dash, last = plain.partition("-")
        last = last if dash else first
        if not (first.isascii() and first.isdigit() and last.isascii() and last.isdigit()):
            raise ValueError(_("{text!r} is not a number or a range FIRST-LAST of digits").format(text=text))
        if len(first) != len(last) or first > last:
            raise ValueError(
                _("{text!r}: both ends need the same number of digits, the smaller one first").format(text=text)
            )
        return cls(first, last)

    def all(self) -> Iterator[str]:
        """Every number of the range."""
        for value in range(int(self.first), int(self.last) + 1):
            yield f"{value:0{len(self.first)}d}"

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return int(self.last) - int(self.first) + 1

    def at(self, index: int) -> str:
        """The number at a place, counted from 0 and around the end."""
        return f"{int(self.first) + index % self.size:0{len(self.first)}d}"

    def __contains__(self, number: str) -> bool:
        return len(number) == len(self.first) and self.first <= number <= self.last


@dataclass
class NumberingPlan:
    """The numbering around one exchange: its `area_code` (with the leading 0) and how long local numbers are."""

    area_code: str = "0571"
    local_digits: int = 8
    local_mobiles: tuple[str, ...] = ()
    """How mobile numbers of this area begin. With any, the others are of elsewhere: dialled with a 0."""
    _short: set[str] = field(default_factory=set)

    def add_short(self, number: str) -> None:
        """Make a short number (95xxx, 12345) known, so that it is complete when its last digit arrives."""
        self._short.add(number)

    def canonical(self, number: str) -> str:
        """One spelling per subscriber: local numbers with area code and leading 0; mobile and short numbers bare.

        Understands +86 and 0086, a leading 0 before a mobile number, and numbers with or without the own area code.
        """
        digits = re.sub(r"[\s()-]", "", number)
        for prefix in COUNTRY_PREFIXES:
            if digits.startswith(prefix):
                rest = digits.removeprefix(prefix).removeprefix("0")
                return rest if _MOBILE.fullmatch(rest) and len(rest) == 11 else f"0{rest}"
        bare = digits.removeprefix("0")
        if len(bare) == 11 and _MOBILE.fullmatch(bare):
            return bare
        if len(digits) == self.local_digits and digits[:1] in "2345678" and digits not in self._short:
            return self.area_code + digits
        return digits

    def as_dialled_here(self, number: str) -> str:
        """The shortest form in which a subscriber of this exchange would dial `number`."""
        canonical = self.canonical(number)
        local = canonical.removeprefix(self.area_code)
        return local if len(local) == self.local_digits else canonical

    def shown(self, number: str, form: NumberForm) -> str:
        """`number` in the form in which a carrier shows it; short and service numbers are always as they are."""
        canonical, shortest = self.canonical(number), self.as_dialled_here(number)
        mobile = len(canonical) == 11 and bool(_MOBILE.fullmatch(canonical))
        fixed = canonical.startswith("0") and not canonical.startswith("00")
        if form is NumberForm.SHORTEST or not (mobile or fixed):
            return shortest
        if form is NumberForm.MOBILE_ZERO:
            return f"0{canonical}" if mobile and not self.is_local_mobile(canonical) else shortest
        if form is NumberForm.AREA:
            return canonical
        bare = canonical.removeprefix("0")
        return {NumberForm.NO_ZERO: bare, NumberForm.PLUS: f"+86{bare}"}.get(form, f"0086{bare}")

    def is_local_mobile(self, mobile: str) -> bool:
        """Whether a mobile (11 digits) is of this area."""
        return not self.local_mobiles or mobile.startswith(self.local_mobiles)

    def wrong_zero(self, dialled: str) -> bool:
        """A mobile of elsewhere without 0, or one of this area with it: an exchange that is strict refuses that."""
        if not self.local_mobiles:
            return False
        bare = dialled.removeprefix("0")
        if len(bare) != 11 or not _MOBILE.fullmatch(bare):
            return False
        return self.is_local_mobile(bare) is (bare != dialled)

    def reach(self, number: str) -> Reach:
        """How far away a canonical number is."""
        if number.startswith("00"):
            return Reach.INTERNATIONAL
        return Reach.NATIONAL if number.startswith("0") and not number.startswith(self.area_code) else Reach.LOCAL

    def analyse(self, digits: str) -> Analysis:
        """Whether more digits must, may or cannot follow."""
        if not _DIGITS.fullmatch(digits):
            return Analysis.IMPOSSIBLE
        longer_short = any(s != digits and s.startswith(digits) for s in self._short)
        if digits in self._short:
            return Analysis.OPEN if longer_short else Analysis.COMPLETE
        wanted = self._wanted(digits)
        if wanted is None:
            return Analysis.OPEN
        if len(digits) < wanted or longer_short:
            return Analysis.INCOMPLETE
        return Analysis.COMPLETE if len(digits) == wanted else Analysis.IMPOSSIBLE

    def _wanted(self, digits: str) -> int | None:
        """How many digits the whole number has; None when that cannot be told from its beginning."""
        if len(digits) < 2:
            return len(digits) + 1
        if digits.startswith("00"):
            return None if len(digits) >= 7 else len(digits) + 1
        if _MOBILE.match(digits):
            return 11
        if digits[0] == "0":
            national = digits[1:]
            if _MOBILE.match(national):
                return 12
            if len(national) < 2:
                return len(digits) + 1
            if digits.startswith(self.area_code):
                return len(self.area_code) + self.local_digits
            area = 2 if _SHORT_AREA.match(national) else 3
            # Other cities have local numbers of seven or eight digits.
            return None if len(national) == area + 7 else 1 + area + 8
        if digits.startswith(("400", "800")):
            return 10
        if digits[0] in "19":
            return None if len(digits) >= 3 else 3
        return self.local_digits
