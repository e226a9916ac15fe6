"""One analogue card whose lines all have something of their own: calls come in on some, others are dialled out on."""

from __future__ import annotations

from typing import Any

import fault_dialling
import fault_lines
from fault_lab import MENU, Lines, people

CASES = [*fault_lines.CASES, *fault_dialling.CASES]
LINES = fault_lines.lines.taken
SEATS = 14
DIALLED = list(fault_dialling.outside.values())


def _group(line: str) -> dict[str, Any]:
    options = {"reversal": True} if line in DIALLED else {"caller_id": "fsk"}
    name = "line" + line.rpartition("/")[2]
    return {"name": name, "numbers": [Lines.number(line)], "lines": [line], "line": options}


def _out(line: str) -> str:
    return "out" + line.rpartition("/")[2]


SITE: dict[str, Any] = {
    "site": "faults of exchange lines",
    "machine": {
        "cards": [
            {
                "name": "ana",
                "model": "SHT-48D-CT/PCIe",
                "serial": 1600001,
                "ports": "O" * len(LINES) + "S" * (SEATS + len(DIALLED)),
            }
        ]
    },
    "exchange": {
        "start": "2026-03-02 09:00",
        "groups": [_group(line) for line in LINES],
        "subscribers": [{"numbers": "13900000000-13900000999", "script": "friend"}],
    },
    "scripts": {
        "customer": {
            "steps": [
                {"do": "dial"},
                {"do": "wait_for", "sound": "answer", "timeout_s": "40"},
                {"do": "send", "digits": "1", "after_s": "3"},
                {"do": "speak", "s": "45"},
                {"do": "hang_up"},
            ]
        },
        "leaves": {
            "steps": [{"do": "dial"}, {"do": "wait_for", "sound": "answer", "timeout_s": "40"}, {"do": "hang_up"}]
        },
        "talks_and_leaves": {
            "steps": [
                {"do": "dial"},
                {"do": "wait_for", "sound": "person", "timeout_s": "60"},
                {"do": "speak", "s": "6"},
                {"do": "hang_up"},
            ]
        },
        "friend": {"steps": [{"do": "answer", "after_s": "12"}, {"do": "speak", "s": "20"}]},
        "dials_out": {
            "hang_up_when_cleared": False,
            "steps": [{"do": "dial"}, {"do": "wait", "s": "60"}, {"do": "hang_up"}],
        },
    },
    "agents": {"desk": {"log_in_at_s": "uniform 1..6", "answer_s": "2", "talk_s": "300"}},
    "people": [
        *people("ana", len(LINES) + 1, SEATS),
        *({**person, "line": f"ana/{len(LINES) + SEATS + n + 1}"} for n, person in enumerate(fault_dialling.people)),
    ],
    "callers": fault_lines.callers,
    "end": {"after_s": 170},
    "run": {
        "scheduler": {
            "flows": {"main": {"start": "menu", "nodes": {"menu": MENU, "all": {"kind": "queue", "queue": "all"}}}},
            "stations": {
                "groups": ["stations"],
                "outside": [{"prefix": p, "group": _out(line)} for p, line in fault_dialling.outside.items()],
            },
        },
        "boardd": {
            "groups": {
                "fxo": {"channels": [line for line in LINES if line not in DIALLED], "max_call_s": 70},
                **{_out(line): {"channels": [line]} for line in DIALLED},
            },
            "station": {"numbers": [{"match": r"7\d{12}"}, {"match": r"\*11\d{4}#?"}]},
        },
    },
}
