"""How a carrier has set up a PRI: number formats, channel selection, timers (facts 3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hwsim.signalling.q931_events import NumberPlan


@dataclass(frozen=True, slots=True)
class PriProfile:
    """`called_plan` and `caller_plan` are the type of number in SETUP towards the card.

    With a national caller plan the leading 0 of the number is not sent. `timers`: libpri timer names to milliseconds.
    """

    called_plan: NumberPlan = NumberPlan.UNKNOWN_E164
    caller_plan: NumberPlan = NumberPlan.UNKNOWN_E164
    exclusive: bool = True
    alerting_in_band: bool = True
    timers: Mapping[str, int] = field(default_factory=dict)


def sent(number: str, plan: NumberPlan) -> str:
    """The digits of `number` as they stand in a number element of this type."""
    if plan is NumberPlan.NATIONAL:
        return number.removeprefix("0")
    if plan is NumberPlan.INTERNATIONAL:
        return number.removeprefix("00") if number.startswith("00") else f"86{number.removeprefix('0')}"
    return number


def dialled(digits: str, plan: int) -> str:
    """What a subscriber would have dialled to mean a received number of this type."""
    if plan == NumberPlan.NATIONAL:
        return f"0{digits.removeprefix('0')}"
    if plan == NumberPlan.INTERNATIONAL:
        return f"00{digits.removeprefix('00')}"
    return digits
