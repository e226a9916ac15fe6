"""Faults that a process does not survive: library calls that never return or crash, kills, stops, a late event.

Each has its turn; after it a caller is served as if nothing had been.
"""

from __future__ import annotations

from typing import Any

from fault_lab import MENU, Case, Run, caller, people

SEATS = 3
STEP_S = 78.0
callers: list[dict[str, Any]] = []


def when(turn: int) -> float:
    return 30 + STEP_S * turn


def calls(name: str, at_s: float) -> str:
    callers.append(caller(name, "88001000", at_s))
    return f"{name}/1"


def died(r: Run, turn: int, words: str) -> bool:
    """The host was seen to go, came back with the reason, and served the next caller; the call it had ended with 41."""
    since_us, until_us = when(turn) * 1e6, (when(turn) + STEP_S) * 1e6
    raised = [e for e in r.events("alarm_raised") if since_us <= e["t_us"] < until_us]
    codes = {e["alarm"]["code"]: str(e["alarm"].get("text", "")) for e in raised}
    return "host_down" in codes and words in codes.get("host_died", "nothing was said")


def served(r: Run, *persons: str) -> bool:
    return all(r.contact(p)["records"] == 1 and r.contact(p)["cause"] == 16 for p in persons)


def _library(kind: str, turn: int, words: str, **args: Any) -> Case:
    name = f"{kind}_{turn}"
    cut, after = calls(f"{name}_cut", when(turn) - 10), calls(f"{name}_after", when(turn) + 45)
    return Case(
        kind,
        {"where": "SsmGetIntCount", "at_s": when(turn), "args": args},
        lambda r: [f for f in r.struck(kind.removeprefix("library_")) if f["function"] == "SsmGetIntCount"],
        lambda r: died(r, turn, words) and r.contact(cut)["cause"] == 41 and served(r, after),
        "-".join(str(value) for value in args.values()) or "for ever",
    )


def _process(kind: str, process: str, turn: int, report: Any, **more: Any) -> Case:
    after = calls(f"{kind}_{process}_after".replace("-", "_"), when(turn) + 45)
    return Case(
        kind,
        {"where": process, "at_s": when(turn), **more},
        lambda r: r.facts("fault", kind=kind, where=process),
        lambda r: report(r) and served(r, after),
        process,
    )


def _child_ended(r: Run, role: str) -> bool:
    return any(
        '"child_ended"' in line and f'"role": "{role}"' in line and '"code": 0' not in line
        for line in r.log().splitlines()
    )


def _event_after_stop(turn: int) -> Case:
    """The host is told to end in good order; when it has closed the library, one more event comes."""
    after = calls("after_stop_after", when(turn) + 45)
    return Case(
        "event_after_stop",
        {"where": "0x18", "at_s": when(turn) - 1, "args": {"ref": 0, "param": 3}},
        lambda r: r.struck("event_after_stop"),
        lambda r: _ended_well(r) and served(r, after) and "event_handler_failed" not in r.log(),
        also=({"what": "process_kill", "where": "host-synway", "at_s": when(turn), "args": {"signal": "TERM"}},),
    )


def _ended_well(r: Run) -> bool:
    """The host ended by itself, with 0, and was started again."""
    lines = [line for line in r.log().splitlines() if '"child_ended"' in line and '"host/synway"' in line]
    return any('"code": 0' in line for line in lines[:-1])


CASES = [
    _library("library_block", 0, "SsmGetIntCount hangs"),
    _library("library_crash", 1, "crashed or was killed", signal="SEGV"),
    _process("process_kill", "host-synway", 2, lambda r: died(r, 2, "crashed or was killed")),
    _process("process_stop", "host-synway", 3, lambda r: died(r, 3, "crashed or was killed"), for_s=50),
    _process("process_kill", "daemon", 4, lambda r: _child_ended(r, "daemon")),
    _process("process_kill", "scheduler", 5, lambda r: _child_ended(r, "scheduler")),
    _event_after_stop(6),
]

SITE: dict[str, Any] = {
    "site": "faults that end a process",
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
                {"do": "wait_for", "sound": "person", "timeout_s": "40"},
                {"do": "speak", "s": "12"},
                {"do": "hang_up"},
            ]
        }
    },
    "agents": {"desk": {"log_in_at_s": "uniform 8..12", "answer_s": "1", "talk_s": "60"}},
    "people": people("ana", 1, SEATS),
    "callers": callers,
    "end": {"after_s": when(7)},
    "run": {
        "boardd": {"domains": {"synway": {"crash_budget": 10, "crash_window_s": 60}}},
        "scheduler": {
            "flows": {"main": {"start": "menu", "nodes": {"menu": MENU, "all": {"kind": "queue", "queue": "all"}}}}
        },
    },
}
