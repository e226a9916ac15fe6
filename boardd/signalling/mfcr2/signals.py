"""The signals of China No.1 and their names in the trade (facts 4.1, 4.2).

Line signals are the bits a, b, c, d of a circuit in timeslot 16, written `abcd`; c and d are 11 in China, d is not
used. Register signals are numbered 1 to 15, each two of six frequencies.
"""

from __future__ import annotations

from enum import Enum, IntEnum, StrEnum

from boardd.contract.text import N_, _

FORWARD_HZ = (1380, 1500, 1620, 1740, 1860, 1980)
BACKWARD_HZ = (1140, 1020, 900, 780, 660, 540)
PAIRS = tuple((low, high) for high in range(1, 6) for low in range(high))
"""Indices of the two frequencies of signal 1, 2, …, 15."""

END_OF_NUMBER = 15
"""Forward I-15: no more digits of the caller's number."""


class Line(Enum):
    """What bits a and b say; the same pair means other things in the other direction."""

    SEIZED = 0b00
    """Forward: 占用. Backward: forced release (Q.421 option)."""
    ANSWERED = 0b01
    """Backward: 应答. Forward: fault."""
    FREE = 0b10
    """示闲; forward in a call: clear forward."""
    BUSY = 0b11
    """Backward: seizure acknowledged, or clear back, or blocked. Forward: blocked."""


def line_of(abcd: int) -> Line:
    """Bits a and b."""
    return Line(abcd >> 2 & 3)


class Meaning(StrEnum):
    """What a backward signal means. Group A asks, group B answers."""

    NEXT = "next"
    """A: send the next digit."""
    FIRST = "first"
    """A: send again from the first digit."""
    PREVIOUS = "previous"
    """A: send the digit before (other countries' A2)."""
    GROUP_B = "group_b"
    """A: send KD, then listen to group B."""
    CALLER = "caller"
    """A: send KA, then the caller's number."""
    FREE = "free"
    """B: free; neither side controls release."""
    FREE_CALLER_CONTROL = "free_caller_control"
    """B: free; the caller controls release."""
    BUSY = "busy"
    BUSY_TOLL = "busy_toll"
    CONGESTION = "congestion"
    UNALLOCATED = "unallocated"
    SPARE = "spare"


FREE_MEANINGS = frozenset({Meaning.FREE, Meaning.FREE_CALLER_CONTROL})

MEANING_TEXTS: dict[Meaning, str] = {
    Meaning.NEXT: N_("send next digit"),
    Meaning.FIRST: N_("send from first digit"),
    Meaning.PREVIOUS: N_("send previous digit"),
    Meaning.GROUP_B: N_("change to group B"),
    Meaning.CALLER: N_("send KA and caller's number"),
    Meaning.FREE: N_("called party free"),
    Meaning.FREE_CALLER_CONTROL: N_("called party free, caller controls release"),
    Meaning.BUSY: N_("called party busy"),
    Meaning.BUSY_TOLL: N_("toll busy"),
    Meaning.CONGESTION: N_("congestion"),
    Meaning.UNALLOCATED: N_("unallocated number"),
    Meaning.SPARE: N_("spare"),
}

KA_TEXTS: dict[int, str] = {
    1: N_("ordinary, charged at intervals"),
    2: N_("ordinary, subscriber meter"),
    3: N_("ordinary, printer"),
    5: N_("ordinary, free of charge"),
    8: N_("priority, charged at intervals"),
    10: N_("priority, free of charge"),
}
KD_TEXTS: dict[int, str] = {
    1: N_("toll operator, semi-automatic"),
    2: N_("toll, automatic"),
    3: N_("local call"),
    4: N_("local fax or data, or priority"),
    5: N_("semi-automatic, caller's number checked"),
    6: N_("test call"),
}
KC_TEXTS: dict[int, str] = {
    11: N_("transit (H)"),
    12: N_("routed call (Z)"),
    13: N_("test (T)"),
    14: N_("priority"),
    15: N_("satellite circuit (S)"),
}
"""Also KE from toll to local exchange: 11 and 13 mean the same there."""


class Role(StrEnum):
    """As what a register signal was sent or understood."""

    DIGIT = "digit"
    CONTROL = "control"
    """KC or KE."""
    KA = "ka"
    CALLER_DIGIT = "caller_digit"
    CALLER_END = "caller_end"
    KD = "kd"
    A = "a"
    KB = "kb"
    UNKNOWN = "unknown"


class End(IntEnum):
    """Which end of the circuit a register is at; numbers of native/mfcr2.h."""

    OUTGOING = 0
    INCOMING = 1


def digit_of(number: int) -> str:
    """The digit of a group I signal, 1 to 10."""
    return str(number % 10)


def number_of(digit: str) -> int:
    """The group I signal of a digit 0 to 9."""
    return int(digit) or 10


def frequencies(number: int, *, forward: bool) -> tuple[int, int]:
    """The two tones of a signal, Hz."""
    group = FORWARD_HZ if forward else BACKWARD_HZ
    first, second = PAIRS[number - 1]
    return group[first], group[second]


def ka_text(number: int) -> str:
    """What a KA value says."""
    return _(KA_TEXTS[number]) if number in KA_TEXTS else _("spare")


def kd_text(number: int) -> str:
    """What a KD value says."""
    return _(KD_TEXTS[number]) if number in KD_TEXTS else _("spare")


def kc_text(number: int) -> str:
    """What a KC or KE value says."""
    return _(KC_TEXTS[number]) if number in KC_TEXTS else _("spare")
