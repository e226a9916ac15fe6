"""Where time comes from."""

from __future__ import annotations

import time
from typing import Protocol


class Source(Protocol):
    """A wall clock and a monotonic clock."""

    def wall_ms(self) -> int:
        """Milliseconds since the Unix epoch."""

    def mono_ms(self) -> int:
        """Milliseconds that only grow."""


class RealSource:
    """The machine's clocks."""

    def wall_ms(self) -> int:
        """See Source."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """See Source."""
        return time.monotonic_ns() // 1_000_000
