"""The demo's document: which record belongs to which caller, by line and time alone."""

from pathlib import Path
from typing import Any

from hwsim.demo.result import result, summary_lines
from hwsim.demo.workspace import CALLS

BASE_MS = 1_700_000_000_000
RUN = {"seed": 1, "speed": "max", "wall_base_ms": BASE_MS, "interrupted": False}


def caller(line: str | None, began_s: float, ended_s: float, number: str = "138", digits: str = "1") -> dict[str, Any]:
    return {
        "person": "p",
        "party": 100,
        "caller": number,
        "called": "8800",
        "line": line,
        "began_us": round(began_s * 1e6),
        "ended_us": round(ended_s * 1e6),
        "digits_sent": digits,
    }


def record(line: str, began_s: float, number: str = "138", **more: Any) -> dict[str, Any]:
    return {
        "id": f"{line}@{began_s}",
        "line": line,
        "caller": number,
        "began": {"wall_ms": BASE_MS + round(began_s * 1000), "mono_ms": round(began_s * 1000)},
        "ended": {"wall_ms": BASE_MS + round((began_s + 15) * 1000), "mono_ms": round((began_s + 15) * 1000)},
        "digits": "1",
        "cause": 16,
        "agent": "1001",
        "wait_ms": 2500,
        **more,
    }


def run(callers: list[dict[str, Any]], records: list[dict[str, Any]], channels: Any = ()) -> dict[str, Any]:
    return result(callers, records, channels, Path("/r"), RUN)


def test_a_lost_number_does_not_lose_the_record() -> None:
    found = run([caller("ana/1", 10, 60)], [record("ana/1", 12, number="")])["contacts"][0]
    assert (found["records"], found["digits_heard"], found["queue_wait_s"]) == (1, "1", 2.5)


def test_two_calls_one_after_the_other_on_a_line_are_kept_apart() -> None:
    callers = [caller("e1/1/1", 10, 30, "1"), caller("e1/1/1", 31, 50, "2")]
    found = run(callers, [record("e1/1/1", 32, "2"), record("e1/1/1", 11, "1")])["contacts"]
    assert [c["id"] for c in found] == ["e1/1/1@11", "e1/1/1@32"]


def test_a_doubled_and_a_missing_record_show() -> None:
    found = run([caller("e1/1/1", 10, 30), caller("e1/1/2", 10, 30)], [record("e1/1/1", 11), record("e1/1/1", 12)])
    assert [c["records"] for c in found["contacts"]] == [2, 0]
    assert ("records_wrong", "2") in summary_lines(found)


def test_a_line_that_rings_on_while_the_host_comes_back_is_two_contacts() -> None:
    digits = [{"person": "p", "t_us": 40_000_000, "digit": "1"}]
    records = [record("ana/1", 11, digits="", agent="", cause=41), record("ana/1", 30)]
    contacts = result([caller("ana/1", 10, 60)], records, (), Path("/r"), RUN, digits)["contacts"]
    assert [(c["digits_sent"], c["digits_heard"], c["records"], c["cause"]) for c in contacts] == [
        ("", "", 1, 41),
        ("1", "1", 1, 16),
    ]


def test_a_caller_who_reached_no_line_has_no_record() -> None:
    found = run([caller(None, 10, 11)], [record("e1/1/1", 10.5)])
    assert found["contacts"][0]["records"] == 0


def test_stuck_channels_are_named() -> None:
    channels = [
        {"id": "a/1", "state": "idle"},
        {"id": "a/2", "state": "connected"},
        {"id": "a/3", "state": "releasing"},
    ]
    found = run([], [], channels)
    assert (found["stuck_channels"], found["stuck"]) == (2, ["a/2", "a/3"])


def test_calls_option_changes_only_the_marked_line() -> None:
    text = "a:\n  count: 3\nb:\n  count: 20  # hwsim demo --calls\n"
    assert CALLS.sub(r"\g<1>7", text) == "a:\n  count: 3\nb:\n  count: 7  # hwsim demo --calls\n"
