"""Numbers as they stand in Q.931's number elements: octets 3 and 3a without extension bit (facts 3.6)."""

from __future__ import annotations

from boardd.signalling.span import Number, NumberKind, Presentation

_KINDS = {
    0: NumberKind.UNKNOWN,
    1: NumberKind.INTERNATIONAL,
    2: NumberKind.NATIONAL,
    3: NumberKind.NETWORK,
    4: NumberKind.SUBSCRIBER,
    6: NumberKind.ABBREVIATED,
}
_BITS = {kind: bits for bits, kind in _KINDS.items()}
_PRESENTATIONS = (Presentation.ALLOWED, Presentation.RESTRICTED, Presentation.UNAVAILABLE, Presentation.UNAVAILABLE)


def number_of(digits: str, octet3: int, octet3a: int = 0) -> Number:
    """The number in an element; what the standard reserves counts as unknown."""
    return Number(
        digits,
        _KINDS.get(octet3 >> 4 & 7, NumberKind.UNKNOWN),
        octet3 & 0xF,
        _PRESENTATIONS[octet3a >> 5 & 3],
        octet3a & 3,
    )


def octet3(number: Number) -> int:
    """Type of number and numbering plan."""
    return _BITS[number.kind] << 4 | number.plan & 0xF


def octet3a(number: Number) -> int:
    """Presentation and screening."""
    return _PRESENTATIONS.index(number.presentation) << 5 | number.screening & 3
