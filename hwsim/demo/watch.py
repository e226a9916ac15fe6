"""Runs the demo to its end: waits until the last caller has gone, keeps the live view going, collects the result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from boardd.contract.errors import BoarddError, ConfigurationError
from hwsim.cli.control import ask as ask_simulator
from hwsim.demo.ask import NotThereError, ask
from hwsim.demo.processes import Processes
from hwsim.demo.result import stuck_channels
from hwsim.demo.view import Picture
from hwsim.demo.workspace import Workspace
from hwsim.kernel.drive import pause_s, real_s

LOOK_S = 0.25
SETTLE_TRIES = 240
PAGE = 400
RECORDS_PAGE = 500


@dataclass
class Watch:
    """One run being watched. `show` is called with each new picture."""

    space: Workspace
    processes: Processes
    wanted: int
    speed: str
    show: Callable[[Picture], None]
    picture: Picture = field(default_factory=Picture)

    def until_over(self) -> None:
        """Return when the scenario is over. Raises ConfigurationError when a process has ended."""
        self.picture.speed, self.picture.wanted = self.speed, self.wanted
        while True:
            began_s = real_s()
            self.processes.check()
            status = self._simulator("status")
            self.picture.now_s = status["now_us"] / 1e6
            self.picture.offered = sum(status["arrived"].values())
            if status["finished"]:
                return
            self._look()
            self.show(self.picture)
            pause_s(max(0.02, LOOK_S - (real_s() - began_s)))

    def _look(self) -> None:
        """Fill the picture; what is not there yet is simply not shown."""
        with contextlib.suppress(BoarddError):
            self.picture.snapshot = ask(self.space.sockets / "boardd.sock", "snapshot")
        with contextlib.suppress(BoarddError):
            self.picture.agents = ask(self.space.sockets / "scheduler.sock", "agents")
            self.picture.queues = ask(self.space.sockets / "scheduler.sock", "queues")
            self.picture.contacts = ask(self.space.sockets / "scheduler.sock", "contacts")
        people = {p.get("station", ""): p for p in self._simulator("people")}
        self.picture.levels = {
            station: {"rx_dbm0": p["hears_dbm0"], "tx_dbm0": p["says_dbm0"]}
            for station, p in people.items()
            if station and "hears_dbm0" in p
        }

    def _simulator(self, command: str) -> Any:
        """Ask the simulator; when it does not answer because it has ended, that is what is told."""
        try:
            return ask_simulator(self.space.simulator, command)
        except (ConfigurationError, OSError):
            self.processes.check_soon()
            raise

    def settled(self) -> bool:
        """Wait until every channel is free, no contact is open and every recording is finished; False if that fails."""
        for _attempt in range(SETTLE_TRIES):
            with contextlib.suppress(NotThereError):
                contacts = ask(self.space.sockets / "scheduler.sock", "contacts")
                pending = [r for r in self.records() if r["recording_state"] == "pending"]
                if not contacts and not pending and not stuck_channels(self.channels()):
                    return True
            self.processes.check()
            pause_s(LOOK_S / 2)
        return False

    def records(self) -> list[dict[str, Any]]:
        """All records of the store."""
        found: list[dict[str, Any]] = []
        while True:
            page = ask(self.space.sockets / "scheduler.sock", "records", limit=RECORDS_PAGE, offset=len(found))
            found += page
            if len(page) < RECORDS_PAGE:
                return found

    def channels(self) -> list[dict[str, Any]]:
        """All channels as boardd sees them."""
        return list(ask(self.space.sockets / "boardd.sock", "channels"))

    def callers(self) -> list[dict[str, Any]]:
        """What became of every caller, by the simulator's truth."""
        return list(self._pages())

    def _pages(self) -> Iterator[dict[str, Any]]:
        since = 0
        while True:
            page = ask_simulator(self.space.simulator, "callers", since=since)
            yield from page["callers"]
            if not page["callers"]:
                return
            since = page["next"]

    def epoch_ms(self) -> int:
        """The wall clock at simulated time zero."""
        return int(ask_simulator(self.space.simulator, "status")["wall_base_ms"])
