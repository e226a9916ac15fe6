"""How an SS7 span is set up, and how numbers go into ISUP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.signalling.span import ALL_SLOTS, Number, NumberKind, Presentation

Q764_TIMERS_MS: Mapping[str, int] = {
    "t1": 30_000,
    "t5": 300_000,
    "t7": 25_000,
    "t12": 30_000,
    "t13": 300_000,
    "t14": 30_000,
    "t15": 300_000,
    "t16": 30_000,
    "t17": 300_000,
    "t18": 30_000,
    "t19": 300_000,
    "t20": 30_000,
    "t21": 300_000,
    "t22": 30_000,
    "t23": 300_000,
}
"""REL, ACM, ANM, blocking, reset and their repetitions, within the ranges of Q.764 table A.1."""
PC_BITS = 14
CHINA_BITS = 24
LARGEST_CIC = 0xFFF


@dataclass(frozen=True, slots=True)
class IsupOptions:
    """Point codes are ITU-T's 14 bits. `dpc` is the exchange of the circuits, `adjacent_pc` the point at the other end
    of the signalling link; often the same. A slot's circuit is `first_cic` + slot.

    `fill_ms`: how often a fill-in signal unit that says nothing new is sent (the standard sends them without a gap; the
    line shows flags in between). `gap_ms`: no more digits for so long means that the called number is complete.
    """

    own_pc: int
    adjacent_pc: int
    dpc: int
    first_cic: int = 0
    national: bool = True
    slots: tuple[int, ...] = ALL_SLOTS
    category: int = 10
    """Caller's category: 10 is an ordinary subscriber."""
    tick_ms: int = 10
    fill_ms: int = 100
    gap_ms: int = 10_000
    timers_ms: Mapping[str, int] = field(default_factory=lambda: dict(Q764_TIMERS_MS))

    def __post_init__(self) -> None:
        for name in ("own_pc", "adjacent_pc", "dpc"):
            value = getattr(self, name)
            if 0 <= value < 1 << PC_BITS:
                continue
            if 0 <= value < 1 << CHINA_BITS:
                what = _(
                    "{name} {value} is a 24-bit point code; the SS7 library has ITU-T's 14 bits only and cannot reach "
                    "a Chinese signalling network; use ISDN PRI or No.1, or a card that does SS7 itself"
                )
            else:
                what = _("{name} {value} is no point code (0 to 16383)")
            raise ConfigurationError(what.format(name=name, value=value), option=name)
        if not 0 <= self.first_cic <= LARGEST_CIC - 31:
            raise ConfigurationError(
                _("first_cic {value} is out of range (0 to {most})").format(
                    value=self.first_cic, most=LARGEST_CIC - 31
                ),
                option="first_cic",
            )


_NATURES = {
    NumberKind.SUBSCRIBER: 1,
    NumberKind.UNKNOWN: 2,
    NumberKind.NATIONAL: 3,
    NumberKind.INTERNATIONAL: 4,
}
_KINDS = {nature: kind for kind, nature in _NATURES.items()}
_SHOWN = (Presentation.ALLOWED, Presentation.RESTRICTED, Presentation.UNAVAILABLE)


def nature_of(kind: NumberKind) -> int:
    """Nature of address of a kind of number."""
    return _NATURES.get(kind, 2)


def presentation_of(shown: Presentation) -> int:
    """The presentation indicator."""
    return _SHOWN.index(shown)


def number_from(digits: str, nature: int, presentation: int = 0, screening: int = 0) -> Number:
    """A number as it came; the end-of-pulsing mark is taken off."""
    shown = _SHOWN[presentation] if presentation < len(_SHOWN) else Presentation.UNAVAILABLE
    return Number(digits.rstrip("#"), _KINDS.get(nature, NumberKind.UNKNOWN), presentation=shown, screening=screening)
