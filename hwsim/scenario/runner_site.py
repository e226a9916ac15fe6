"""Runs a whole site - simulator, boardd, scheduler - to the end of its scenario and collects what it came to.

The processes are the same as in `hwsim demo`. Nobody looks at a running site here except the listener, which reads
boardd's events as any client would; so the outcome does not depend on how often somebody asks.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardd.contract.errors import BoarddError
from boardd.contract.text import _
from hwsim.cli.control import ask as ask_simulator
from hwsim.demo.ask import NotThereError
from hwsim.demo.processes import Processes
from hwsim.demo.result import result
from hwsim.demo.watch import Watch
from hwsim.demo.workspace import Workspace
from hwsim.kernel.drive import pause_s, real_s
from hwsim.scenario.runner_events import Listener
from hwsim.scenario.runner_header import Source

LOOK_S = 0.02
BORN_S = 60.0


class RunTooLongError(BoarddError):
    """The scenario did not end in the time that it was given."""

    code = "run_too_long"


@dataclass
class SiteOutcome:
    """One finished run. `result` is the document of `hwsim demo --json`; times of `events` are `t_us` as in `facts`."""

    folder: Path
    settled: bool
    result: dict[str, Any]
    facts: list[dict[str, Any]]
    records: list[dict[str, Any]]
    channels: list[dict[str, Any]]
    events: list[dict[str, Any]]

    @property
    def contacts(self) -> list[dict[str, Any]]:
        """One object per caller of the simulated world."""
        return list(self.result["contacts"])

    def things(self, source: Source) -> list[dict[str, Any]]:
        """What a source of checks holds."""
        match source:
            case Source.CONTACTS:
                return self.contacts
            case Source.RECORDS:
                return self.records
            case Source.TRUTH:
                return self.facts
            case Source.EVENTS:
                return self.events
            case Source.CHANNELS:
                return self.channels
            case Source.PEER:
                return []

    def stuck(self) -> str:
        """What has not come to an end, in words."""
        if self.settled and not self.result["stuck"]:
            return ""
        return " ".join(self.result["stuck"]) or "a contact or a recording"

    def of(self, what: str, **match: Any) -> list[dict[str, Any]]:
        """Facts of the truth log of one kind whose fields equal `match`."""
        return [f for f in self.facts if f["what"] == what and all(f.get(k) == v for k, v in match.items())]


class RunningSite:
    """A site whose processes run. `seed` and `speed` (1, a number, max) as for `hwsim demo`; use as a context."""

    def __init__(self, space: Workspace, seed: int = 1, speed: str = "max") -> None:
        self.space = space
        self.seed = seed
        self.speed = speed
        self.processes = Processes.start(space, seed, speed)
        self.watch = Watch(space, self.processes, 0, speed, lambda _picture: None)
        self.listener = Listener(space.sockets / "boardd.sock", self._base_us if speed == "1" else None)
        self.listener.start()

    def __enter__(self) -> RunningSite:
        return self

    def __exit__(self, *_args: object) -> None:
        self.stop()

    def _base_us(self) -> int:
        return int(self.status()["mono_base_us"])

    def status(self) -> dict[str, Any]:
        """The simulator's status: `now_us`, `finished`, counts. Raises ConfigurationError when a process has ended."""
        self.processes.check()
        return dict(ask_simulator(self.space.simulator, "status"))

    def until_over(self, limit_s: float) -> None:
        """Wait for the end of the scenario. Raises RunTooLongError after `limit_s` real seconds."""
        began_s = real_s()
        while not self.status()["finished"]:
            if real_s() - began_s > limit_s:
                what = _("the scenario was not over after {limit:.0f} s; logs are in {folder}")
                raise RunTooLongError(what.format(limit=limit_s, folder=self.space.folder))
            pause_s(LOOK_S)

    def outcome(self) -> SiteOutcome:
        """Wait until everything is finished and collect it all."""
        settled = self.watch.settled()
        run = {"seed": self.seed, "speed": self.speed, "wall_base_ms": self.watch.epoch_ms(), "interrupted": False}
        records, channels = self.watch.records(), self.watch.channels()
        found = result(self.watch.callers(), records, channels, self.space.folder / "recordings", run)
        return SiteOutcome(
            self.space.folder,
            settled,
            found,
            truth_facts(self.space.truth),
            records,
            channels,
            self.listener.events(),
        )

    def stop(self) -> None:
        """End everything; may be called twice."""
        self.listener.stop()
        self.processes.stop()


def truth_facts(folder: Path) -> list[dict[str, Any]]:
    """The truth log of a run, as far as it is written."""
    lines = (folder / "truth.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.endswith("}")]


def log_tails(folder: Path, characters: int = 3000) -> str:
    """The ends of a run's logs, for people who look for what went wrong."""
    parts = []
    for path in sorted(folder.glob("*.log")):
        text = path.read_text(encoding="utf-8", errors="replace")
        parts.append(f"--- {path.name}\n{text[-characters:]}")
    return "\n".join(parts)


__all__ = ["NotThereError", "RunTooLongError", "RunningSite", "SiteOutcome", "log_tails", "truth_facts"]
