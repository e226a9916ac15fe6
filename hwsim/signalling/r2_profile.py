"""How a carrier has set up an MFC-R2 trunk in China: register tones, digits, timers (facts 4.2, 4.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from boardd.contract.causes import Cause


class KbMap(StrEnum):
    """Which KB says what: the columns of facts 4.2 by the kind of call that KD gives."""

    LOCAL = "local"
    """KD 3, 4: B4 busy or congestion, B2 and B3 spare."""
    TOLL = "toll"
    """KD 1, 2, 6: B2 local busy, B4 congestion."""


LOCAL_LENGTHS: Mapping[str, int] = {
    **{str(first): 8 for first in range(2, 9)},
    "1": 5,
    **{f"1{second}": 11 for second in range(3, 10)},
    "9": 5,
    "0": 12,
    "010": 11,
    "02": 11,
    **{f"01{second}": 12 for second in range(3, 10)},
    "400": 10,
    "800": 10,
}
"""How many digits a number has that a card dials, by its beginning: there is no tone that says "no more digits"."""


@dataclass(frozen=True, slots=True)
class R2Profile:
    """`called_lengths`: prefixes of numbers that the card may send, and how many digits those have.

    `ka` is the charging category of callers, `kd` the kind of call, by which the card's equipment chooses among the
    meanings of `kb`; `free_kb` is what the network sends for a free subscriber: 1, or 6 where the caller controls
    release. `cd` are the third and fourth line bit (11 in China, 01 elsewhere): words with others are not understood.
    On circuits of `in_only` the exchange seizes and does not see a seizure of the card; on those of `out_only` it never
    seizes (in and out as the site sees them). `clear_back_ms`: how long the caller's exchange waits for a re-answer
    before it clears forward (0: not at all). `refused_in_a`: called numbers, by their beginning, that are refused right
    after their last digit by A4 (congestion) or A5 (unallocated), before there is a KB.
    """

    max_ani: int = 20
    ka: int = 1
    kd: int = 3
    kb: KbMap = KbMap.TOLL
    free_kb: int = 1
    called_lengths: Mapping[str, int] = field(default_factory=lambda: LOCAL_LENGTHS)
    refused_in_a: Mapping[str, int] = field(default_factory=dict)
    clear_back_ms: int = 0
    cd: int = 0b11
    in_only: frozenset[int] = frozenset()
    out_only: frozenset[int] = frozenset()
    persistence_ms: int = 20
    """A change of line bits counts when it has lasted so long."""
    seize_ack_ms: int = 2000
    answer_ms: int = 60_000
    digit_timeout_ms: int = 5000
    alarm_hold_ms: int = 5000
    """LOS, LOF or AIS at the exchange until it clears its calls."""

    @property
    def settings(self) -> str:
        """The library's own settings file."""
        busy = 4 if self.kb is KbMap.LOCAL else 2
        values = {
            # China asks for KA and the caller's digits after the called digits (A6); the library does that only in the
            # words of another country's group C, with the same tones on the line.
            "mf_ga_tones.request_category": "X",
            "mf_ga_tones.request_next_ani_digit": "X",
            "mf_ga_tones.request_category_and_change_to_gc": "6",
            "mf_gc_tones.request_next_ani_digit": "1",
            "mf_gc_tones.request_change_to_g2": "3",
            "mf_gc_tones.request_next_dnis_digit_and_change_to_ga": "X",
            "mf_gc_tones.network_congestion": "4",
            "mf_g1_tones.no_more_ani_available": "F",
            "mf_gb_tones.accept_call_with_charge": str(self.free_kb),
            "mf_gb_tones.busy_number": str(busy),
            "mf_gb_tones.network_congestion": "4",
            "mf_gb_tones.unallocated_number": "5",
            "mf_g2_tones.national_subscriber": str(self.kd),
            "timers.cas_persistence_check": str(self.persistence_ms),
            "timers.r2_seize": str(self.seize_ack_ms),
            "timers.r2_answer": str(self.answer_ms),
            "timers.mf_back_cycle": str(self.digit_timeout_ms),
        }
        return "".join(f"{key}={value}\n" for key, value in values.items())


class R2Cause(StrEnum):
    """Why a call is refused or ended, in the library's words."""

    BUSY = "busy"
    CONGESTION = "congestion"
    UNALLOCATED = "unallocated"
    OUT_OF_ORDER = "out_of_order"
    UNSPECIFIED = "unspecified"
    NO_ANSWER = "no_answer"
    NORMAL = "normal"
    COLLECT_REFUSED = "collect_refused"
    FORCED = "forced"
    NUMBER_CHANGED = "number_changed"


_Q850: Mapping[R2Cause, Cause] = {
    R2Cause.BUSY: Cause.USER_BUSY,
    R2Cause.CONGESTION: Cause.CONGESTION,
    R2Cause.UNALLOCATED: Cause.UNALLOCATED,
    R2Cause.OUT_OF_ORDER: Cause.DESTINATION_OUT_OF_ORDER,
    R2Cause.UNSPECIFIED: Cause.NORMAL_UNSPECIFIED,
    R2Cause.NO_ANSWER: Cause.NO_ANSWER,
    R2Cause.NORMAL: Cause.NORMAL_CLEARING,
    R2Cause.COLLECT_REFUSED: Cause.CALL_REJECTED,
    R2Cause.FORCED: Cause.NORMAL_UNSPECIFIED,
    R2Cause.NUMBER_CHANGED: Cause.NUMBER_CHANGED,
}


def q850_of(cause: R2Cause) -> Cause:
    """The Q.850 cause that an exchange notes."""
    return _Q850[cause]


def r2_of(cause: int) -> R2Cause:
    """What of it can be said by a KB signal."""
    if cause in (Cause.UNALLOCATED, Cause.NUMBER_CHANGED, Cause.INVALID_NUMBER_FORMAT, Cause.NO_ROUTE):
        return R2Cause.UNALLOCATED
    if cause in (Cause.USER_BUSY, Cause.CALL_REJECTED, Cause.SUBSCRIBER_ABSENT):
        return R2Cause.BUSY
    if cause == Cause.NORMAL_CLEARING:
        return R2Cause.NORMAL
    return R2Cause.CONGESTION
