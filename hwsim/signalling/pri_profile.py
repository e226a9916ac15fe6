"""How a carrier has set up a PRI: number formats, channel selection, timers (facts 3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hwsim.signalling.q931_events import NumberPlan

TIMERS = (
    *("N200", "T200", "T203"),
    *("T301", "T302", "T303", "T304", "T305", "T306", "T307", "T308", "T309", "T310", "T313", "T314", "T316"),
    *("T317", "T318", "T319", "T320", "T321", "T322"),
)
"""Timers of Q.921 and Q.931 that the stack keeps by these names, and one counter."""


@dataclass(frozen=True, slots=True)
class PriProfile:
    """`called_plan` and `caller_plan` are the type of number in SETUP towards the card.

    With a national caller plan the leading 0 of the number is not sent. `overlap`: the card may send a called number in
    several messages; else what SETUP has is taken for all of it. `restarts`: all bearers are restarted when the data
    link has come up. `timers`: names of `TIMERS` to milliseconds. `alarm_hold_ms`: LOS, LOF or AIS at this end until
    its calls are cleared.
    """

    called_plan: NumberPlan = NumberPlan.UNKNOWN_E164
    caller_plan: NumberPlan = NumberPlan.UNKNOWN_E164
    exclusive: bool = True
    overlap: bool = True
    alerting_in_band: bool = True
    restarts: bool = False
    alarm_hold_ms: int = 5000
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
