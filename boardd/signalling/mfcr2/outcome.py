"""How registers end, and how their words and Q.850 causes go into each other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from boardd.contract.causes import Cause
from boardd.contract.text import N_
from boardd.signalling.mfcr2.signals import Meaning


class Failure(Enum):
    """Why registers gave up; the value is the text."""

    NO_BACKWARD = N_("no backward signal")
    BACKWARD_STAYS = N_("backward signal does not end")
    SILENT = N_("registers stand still: no signal asks for more")
    UNKNOWN_SIGNAL = N_("a signal that the profile does not know")
    NO_FORWARD = N_("no forward signal")
    FORWARD_STAYS = N_("forward signal does not end")
    LOST_KD = N_("the caller's register gave up before KB")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The registers' end. `raw` is the deciding signal as a technician writes it: KB=4, A5."""

    meaning: Meaning | None = None
    failure: Failure | None = None
    raw: str = ""


_CAUSES: dict[Meaning, Cause] = {
    Meaning.BUSY: Cause.USER_BUSY,
    Meaning.BUSY_TOLL: Cause.USER_BUSY,
    Meaning.CONGESTION: Cause.CONGESTION,
    Meaning.UNALLOCATED: Cause.UNALLOCATED,
    Meaning.SPARE: Cause.NORMAL_UNSPECIFIED,
}
_UNALLOCATED = frozenset({1, 2, 3, 4, 5, 22, 28})
_BUSY = frozenset({16, 17, 18, 19, 20, 21, 31})


def cause_of(verdict: Verdict) -> Cause:
    """The Q.850 cause of a refusal or failure."""
    if verdict.meaning is not None:
        return _CAUSES.get(verdict.meaning, Cause.NORMAL_UNSPECIFIED)
    return Cause.PROTOCOL_ERROR if verdict.failure is Failure.UNKNOWN_SIGNAL else Cause.TEMPORARY_FAILURE


def meaning_of(cause: int) -> Meaning:
    """What can be said of a Q.850 cause before the answer: bad number, busy, or congestion."""
    if cause in _UNALLOCATED:
        return Meaning.UNALLOCATED
    return Meaning.BUSY if cause in _BUSY else Meaning.CONGESTION
