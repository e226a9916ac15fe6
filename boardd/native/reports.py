"""What a door's troubles are to the host: the same events whatever the maker."""

from __future__ import annotations

import structlog

from boardd.contract.driver import EventSink, Fatal, Trouble
from boardd.native.door import DoorHooks, LateResult

log = structlog.get_logger("boardd.native")


class DoorReports:
    """Tells the host of `domain`'s door: `library_late` raised and over; Fatal when the library is stuck."""

    def __init__(self, domain: str, emit: EventSink) -> None:
        self._domain = domain
        self._emit = emit

    def hooks(self) -> DoorHooks:
        """For the door."""
        return DoorHooks(self._late, self._recovered, self._late_result, self.stuck)

    def stuck(self, reason: str) -> None:
        """The library cannot be used any more in this process."""
        self._emit(Fatal(self._domain, reason))

    def _late(self, function: str) -> None:
        self._emit(Trouble(self._domain, "library_late", True, function))

    def _recovered(self, function: str) -> None:
        self._emit(Trouble(self._domain, "library_late", False, function))

    def _late_result(self, result: LateResult) -> None:
        log.warning("late_result", function=result.name, args=result.args, duration_ms=result.duration_ms)
