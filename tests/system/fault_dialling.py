"""Faults that show when the site dials out on exchange lines: a station, a prefix and a line for each."""

from __future__ import annotations

from typing import Any

from fault_lab import Case, Run
from fault_lines import lines

people: list[dict[str, Any]] = []
outside: dict[str, str] = {}
"""Prefix → the line on which it dials."""


def dials(name: str, line: str) -> None:
    """Somebody at a station of his own dials out on this line at 12 s, and stays for 60 s."""
    prefix = f"7{len(people) + 1}"
    outside[prefix] = line
    called = f"{prefix}13900000{len(people) + 1:03d}"
    people.append(
        {"name": name, "station": str(8091 + len(people)), "script": "dials_out", "called": called, "at_s": 12}
    )


def evidence(r: Run, line: str) -> str:
    return str(r.record(line=line).get("answer_evidence", ""))


def answered_before(r: Run, line: str) -> bool:
    """Whether boardd took the call for answered before it was."""
    told = r.events("call_connected", call__channel=line)
    really = r.facts("call_answer")
    call = r.facts("call_begin", line=line)
    answers = [f["t_us"] for f in really if call and f["call"] == call[0]["call"]]
    return bool(told and (not answers or told[0]["t_us"] < answers[0] - 200_000))


def _no_reversal() -> Case:
    line = lines.take()
    dials("no_reversal", line)
    return Case(
        "no_reversal",
        {"where": line, "at_s": 5},
        lambda r: r.facts("call_answer") and not r.facts("polarity", line=line),
        lambda r: evidence(r, line) == "voice",
    )


def _reversal_glitch() -> Case:
    line = lines.take()
    dials("glitch", line)
    return Case(
        "reversal_glitch",
        {"where": line, "at_s": 25, "args": {"ms": 300}},
        lambda r: len(r.facts("polarity", line=line)) >= 2 and r.facts("fault", kind="reversal_glitch"),
        lambda r: answered_before(r, line),
    )


def _no_dial_tone() -> Case:
    line = lines.take()
    dials("no_dial_tone", line)
    return Case(
        "no_dial_tone",
        {"where": line, "at_s": 5},
        lambda r: not r.facts("tone", line=line, tone="dial"),
        lambda r: r.alarm("no_dial_tone", line, cleared=False) and r.released(line)[0]["cause"] == 38,
    )


def _slow_dial_tone() -> Case:
    line = lines.take()
    dials("slow_dial_tone", line)

    def slow(r: Run) -> bool:
        began = r.events("call_dialing", call__channel=line)[0]["t_us"]
        return bool(r.events("call_proceeding", call__channel=line)[0]["t_us"] - began > 4_500_000)

    return Case(
        "slow_dial_tone",
        {"where": line, "at_s": 5, "args": {"ms": 3000}},
        lambda r: r.facts("tone", line=line, tone="dial") and r.facts("fault", kind="slow_dial_tone"),
        slow,
    )


CASES = [_no_reversal(), _reversal_glitch(), _no_dial_tone(), _slow_dial_tone()]
