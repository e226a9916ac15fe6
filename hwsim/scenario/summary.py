"""What became of every caller, told by the truth log alone: the oracle's view of the finished calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class CallerSummary:
    """One caller. Times are microseconds of simulated time; `line` is the trunk line or circuit that was reached."""

    person: str
    stream: str
    caller: str
    called: str
    party: int = -1
    script: str = ""
    choice: str = ""
    began_us: int = 0
    call: int | None = None
    line: str | None = None
    alerted_us: int | None = None
    answered_us: int | None = None
    ended_us: int | None = None
    cause: int | None = None
    ended_by: str | None = None
    outcome: str | None = None
    digits_sent: str = ""
    chirps: int = 0
    last_chirp: int | None = None
    heard_parties: list[int] = field(default_factory=list)
    first_person_us: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """All fields as JSON values."""
        return asdict(self)


def summarise(facts: Iterable[dict[str, Any]]) -> list[CallerSummary]:
    """A summary for each `caller_begin` of the truth log, in order of arrival."""
    people: dict[str, CallerSummary] = {}
    by_line: dict[str, CallerSummary] = {}
    calls: dict[int, CallerSummary] = {}
    for fact in facts:
        what, person = fact["what"], people.get(fact.get("person", ""))
        if what == "caller_begin":
            made = CallerSummary(fact["person"], fact["stream"], fact["caller"], fact["called"], began_us=fact["t_us"])
            people[made.person] = by_line[fact["line"]] = made
        elif what == "call_begin":
            caller = by_line.get(fact["line"])
            if caller and caller.call is None:
                caller.call = fact["call"]
                calls[fact["call"]] = caller
        elif what.startswith("call_") and fact.get("call") in calls:
            _call_fact(calls[fact["call"]], fact)
        elif person:
            _person_fact(person, fact)
            if what == "script_end":
                by_line.pop(fact["line"], None)
    return list(people.values())


def _call_fact(caller: CallerSummary, fact: dict[str, Any]) -> None:
    match fact["what"]:
        case "call_route":
            caller.line = fact["line"]
        case "call_alert":
            caller.alerted_us = fact["t_us"]
        case "call_answer":
            caller.answered_us = fact["t_us"]
        case "call_end":
            caller.ended_us = fact["t_us"]
            caller.cause = fact["cause"]
            caller.ended_by = fact["by"]


def _person_fact(caller: CallerSummary, fact: dict[str, Any]) -> None:
    match fact["what"]:
        case "script_begin":
            caller.party, caller.script, caller.choice = fact["party"], fact["script"], fact["choice"]
        case "digit_sent":
            caller.digits_sent += fact["digit"]
        case "chirp":
            caller.chirps += 1
            caller.last_chirp = fact["number"]
        case "heard_person":
            caller.heard_parties.append(fact["party"])
            if caller.first_person_us is None:
                caller.first_person_us = fact["t_us"]
        case "script_end":
            caller.outcome = fact["outcome"]
