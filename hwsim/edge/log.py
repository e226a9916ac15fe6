"""What a peer at the edge noticed: its own log, beside the truth log and never part of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hwsim.kernel.sim import Sim


class PeerLog:
    """Notes of all peers of a run: `t_us`, `what`, `span` and the note's own fields (docs/simulator.md lists them)."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.notes: list[dict[str, Any]] = []

    def note(self, what: str, span: str, **fields: Any) -> None:
        """Add a note; `fields` are JSON values."""
        self.notes.append({"t_us": self.sim.now_us, "what": what, "span": span, **fields})

    def write(self, path: Path) -> None:
        """Keep the notes in a file, one JSON object a line."""
        lines = [json.dumps(note, ensure_ascii=False) for note in self.notes]
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
