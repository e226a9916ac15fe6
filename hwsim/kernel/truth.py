"""The truth log: what really happened on every line, noted by the simulated world itself.

One JSON object per line: `t_us` (microseconds of simulated time), `what` (kind of fact), then the fact's own fields.
It is the oracle of the tests: nothing of boardd writes to it. The kinds are listed in docs/truth.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO


class TruthLog:
    """Append-only list of facts, kept in memory and, when `path` is given, written line by line to a file."""

    def __init__(self, path: Path | None = None) -> None:
        self.facts: list[dict[str, Any]] = []
        self.path = path
        self._file: TextIO | None = path.open("w", encoding="utf-8", buffering=1) if path else None
        self._now_us: Callable[[], int] = lambda: 0

    def attach(self, now_us: Callable[[], int]) -> None:
        """Take the time of each fact from `now_us`."""
        self._now_us = now_us

    def note(self, what: str, **fields: Any) -> None:
        """Add a fact; `fields` must be JSON values. `t_us` may be given to note something slightly in the past."""
        fact = {"t_us": fields.pop("t_us", self._now_us()), "what": what, **fields}
        self.facts.append(fact)
        if self._file:
            self._file.write(json.dumps(fact, ensure_ascii=False) + "\n")

    def of(self, what: str, **match: Any) -> Iterator[dict[str, Any]]:
        """All facts of a kind whose fields equal `match`, in the order they were noted."""
        for fact in self.facts:
            if fact["what"] == what and all(fact.get(k) == v for k, v in match.items()):
                yield fact

    def close(self) -> None:
        """Close the file."""
        if self._file:
            self._file.close()
            self._file = None
