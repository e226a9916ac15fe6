"""Sites for the scores: so many E1s on one card, so many agents at telephones, callers who keep the circuits busy."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PORTS = 16
MEMORY = Path("/dev/shm")
SPAN_CARDS = {1: "SHD-30A-CT/PCI", 2: "SHD-60A-CT/PCI", 4: "SHD-120A-CT/PCI"}


def machine(spans: int, seats: int) -> list[dict[str, Any]]:
    """One digital card with `spans` E1s and enough cards with telephones for `seats` people."""
    cards: list[dict[str, Any]] = [
        {"name": "e1", "model": SPAN_CARDS[spans], "serial": 3080001, "spans": [{"signalling": "isdn_user"}] * spans}
    ]
    for number in range((seats + PORTS - 1) // PORTS):
        ports = min(PORTS, seats - number * PORTS)
        cards.append(
            {"name": f"ana{number + 1}", "model": "SHT-16D-CT/PCIe", "serial": 1600001 + number, "ports": "S" * ports}
        )
    return cards


def people(seats: int, habits: str) -> list[dict[str, Any]]:
    """Somebody at each telephone, who logs in as 1001, 1002 ..."""
    return [
        {
            "name": f"agent{i + 1}",
            "line": f"ana{i // PORTS + 1}/{i % PORTS + 1}",
            "station": str(8001 + i),
            "agent": habits,
            "log_in": f"*11{1001 + i}#",
        }
        for i in range(seats)
    ]


def site(name: str, spans: int, seats: int, habits: dict[str, Any], **parts: Any) -> str:
    """The text of a scenario file (JSON is YAML). `parts` are its other sections."""
    tree: dict[str, Any] = {
        "site": name,
        "machine": {"cards": machine(spans, seats)},
        "exchange": {
            "start": "2026-03-02 09:00",
            "groups": [
                {"name": "e1", "numbers": ["88001000-88001099"], "circuits": [f"e1/{s + 1}/*" for s in range(spans)]}
            ],
        },
        "agents": {"desk": habits},
        "people": people(seats, "desk"),
    }
    tree.update(parts)
    return json.dumps(tree, ensure_ascii=False, indent=1)


@contextmanager
def scratch(prefix: str) -> Iterator[Path]:
    """A folder that goes away; in memory where that is possible, so that a disk's speed does not count."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=MEMORY if MEMORY.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
