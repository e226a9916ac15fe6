"""Faults of the maker's library that the host outlives: slow calls, odd answers, garbage, events that go astray.

They strike one after the other, each in a time of its own with a call of its own.
"""

from __future__ import annotations

from typing import Any

from fault_lab import MENU, Case, Run, caller, people

SEATS = 4
STEP_S = 55.0
STATE_EVENT = "0x18"
callers: list[dict[str, Any]] = []


def when(turn: int) -> float:
    return 20 + STEP_S * turn


def calls(name: str, at_s: float) -> str:
    callers.append(caller(name, "88001000", at_s))
    return f"{name}/1"


def channel_of(r: Run, person: str) -> str:
    return str(r.contact(person)["line"])


def whole(r: Run, person: str) -> bool:
    """The call went on as if nothing had happened: an agent, a talk, one record, the caller's number and key."""
    c = r.contact(person)
    return bool(c["agent"] and c["records"] == 1 and c["cause"] == 16 and c["digits_heard"] == c["digits_sent"] == "1")


def _block(turn: int) -> Case:
    person = calls("slow", when(turn))
    return Case(
        "library_block",
        {"where": "SsmPickup", "at_s": when(turn) - 5, "args": {"ms": 6000}},
        lambda r: r.struck("block"),
        lambda r: (
            r.alarm("library_late", "synway")
            and "SsmPickup" in r.alarm_text("library_late", "synway")
            and r.contact(person)["records"] == 1
        ),
    )


def _odd_return(turn: int) -> Case:
    person = calls("odd", when(turn))
    return Case(
        "library_odd_return",
        {"where": "SsmHangup", "at_s": when(turn), "for_s": STEP_S - 10, "args": {"value": -1, "chance": 1}},
        lambda r: r.struck("odd_return"),
        lambda r: r.alarm("hangup_failed", channel_of(r, person)) or "hangup_refused" in r.log(),
    )


def _garbage(turn: int) -> Case:
    person = calls("garbage", when(turn))
    return Case(
        "library_garbage",
        {"where": "SsmGetCallerId", "at_s": when(turn) - 5},
        lambda r: r.struck("garbage"),
        lambda r: (
            r.record(line=channel_of(r, person), caller=r.contact(person)["caller"]) == {}
            and r.record(line=channel_of(r, person), caller="")
            and r.counter(channel_of(r, person), "odd_texts") == 1
            and r.contact(person)["agent"]
        ),
    )


def _events(kind: str, action: str, turn: int, counter: str = "events_missed", **args: Any) -> Case:
    person = calls(kind, when(turn))
    return Case(
        kind,
        {"where": STATE_EVENT, "at_s": when(turn) - 1, "for_s": 45, "args": {"chance": 0.6, **args}},
        lambda r: len(r.struck(f"{action}_event")) > 3,
        lambda r: _counted(r, counter, when(turn)) and r.contact(person)["records"] == 1,
    )


def _counted(r: Run, counter: str, since_s: float) -> bool:
    """Whether the driver found, within the turn, that events did not tell what the card had."""
    counts = [
        sum(e["channel"].get("counters", {}).get(counter, 0) for e in _last(r, until_s))
        for until_s in (since_s, since_s + STEP_S)
    ]
    return counts[1] > counts[0]


def _last(r: Run, until_s: float) -> list[dict[str, Any]]:
    """The last state of each channel before a moment."""
    last = {e["channel"]["id"]: e for e in r.events("channel_state") if e["t_us"] < until_s * 1e6}
    return list(last.values())


def _flood(turn: int) -> Case:
    person = calls("flood", when(turn))
    return Case(
        "event_flood",
        {"where": "e1/1/1", "at_s": when(turn) - 0.2, "args": {"count": 2000, "ms": 3000}},
        lambda r: r.facts("event_dropped"),
        lambda r: _counted(r, "events_missed", when(turn) - 1) and r.contact(person)["records"] == 1,
    )


def _licence(turn: int) -> Case:
    person = calls("licence", when(turn))
    calls("licence_is_back", when(turn) + 36)
    return Case(
        "licence_expired",
        {"where": "", "at_s": when(turn) + 3, "for_s": 30},
        lambda r: r.facts("fault", vendor="synway", fault="licence", expired=True),
        lambda r: (
            r.alarm("licence", "synway")
            and "licence" in r.alarm_text("licence", "synway")
            and r.contact(person)["records"] == 1
        ),
    )


CASES = [
    _block(0),
    _odd_return(1),
    _garbage(2),
    _events("event_lost", "lose", 3),
    _events("event_late", "delay", 4, ms=1500),
    _events("event_out_of_order", "reorder", 5),
    _events("event_doubled", "double", 6, "events_repeated"),
    _flood(7),
    _licence(8),
]

SITE: dict[str, Any] = {
    "site": "faults of the library",
    "machine": {
        "cards": [
            {"name": "e1", "model": "SHD-30A-CT/PCI", "serial": 3080001, "spans": [{"signalling": "isdn_user"}]},
            {"name": "ana", "model": "SHT-16D-CT/PCIe", "serial": 1600001, "ports": "S" * SEATS},
        ]
    },
    "exchange": {
        "start": "2026-03-02 09:00",
        "groups": [{"name": "e1", "numbers": ["88001000"], "circuits": ["e1/1/*"]}],
    },
    "scripts": {
        "customer": {
            "steps": [
                {"do": "dial"},
                {"do": "wait_for", "sound": "answer", "timeout_s": "40"},
                {"do": "send", "digits": "1", "after_s": "2"},
                {"do": "wait_for", "sound": "person", "timeout_s": "40"},
                {"do": "speak", "s": "12"},
                {"do": "hang_up"},
            ]
        }
    },
    "agents": {"desk": {"log_in_at_s": "uniform 8..12", "answer_s": "1", "talk_s": "60"}},
    "people": people("ana", 1, SEATS),
    "callers": callers,
    "end": {"after_s": when(9)},
    "run": {
        "scheduler": {
            "flows": {"main": {"start": "menu", "nodes": {"menu": MENU, "all": {"kind": "queue", "queue": "all"}}}}
        },
    },
}
