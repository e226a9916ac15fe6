"""Types of number on ISDN: what a caller's number must be dialled as, and what type a dialled number has.

Chinese exchanges send a national number with its 0 and without a type, or of type national and without the 0; only the
first can be shown, compared and called back. Mobile numbers need no 0, whatever their type (facts 3.7).
"""

from __future__ import annotations

from enum import StrEnum

from boardd.signalling.span import Number, NumberKind

NATIONAL, INTERNATIONAL = "0", "00"
CHINA = "86"
MOBILE_DIGITS = 11


class NumberTypes(StrEnum):
    """What is done about them. Called numbers of calls that come in are left as they stand: `ddi` is about those."""

    RECEIVED = "received"
    """Types of callers' numbers become prefixes; what we send has no type (every exchange in China takes that)."""
    BOTH = "both"
    """The prefixes of what we send become types as well, for exchanges that insist."""
    NONE = "none"
    """Digits as they stand."""


def as_dialled(number: Number, types: NumberTypes) -> str:
    """The digits with which the number would be dialled here."""
    digits = number.digits
    if types is NumberTypes.NONE or not digits.isdigit():
        return digits
    kind = number.kind
    if kind is NumberKind.INTERNATIONAL:
        digits = digits.removeprefix(INTERNATIONAL)
        if not digits.startswith(CHINA):
            return INTERNATIONAL + digits
        digits, kind = digits.removeprefix(CHINA), NumberKind.NATIONAL
    if kind is NumberKind.NATIONAL and not digits.startswith(NATIONAL) and not _mobile(digits):
        return NATIONAL + digits
    return digits


def as_sent(digits: str, types: NumberTypes) -> Number:
    """The number of what is dialled."""
    if types is NumberTypes.BOTH and digits.isdigit():
        if digits.startswith(INTERNATIONAL) and digits != INTERNATIONAL:
            return Number(digits.removeprefix(INTERNATIONAL), NumberKind.INTERNATIONAL)
        if digits.startswith(NATIONAL) and digits != NATIONAL:
            return Number(digits.removeprefix(NATIONAL), NumberKind.NATIONAL)
    return Number(digits)


def _mobile(digits: str) -> bool:
    return len(digits) == MOBILE_DIGITS and digits[0] == "1" and digits[1] != "0"
