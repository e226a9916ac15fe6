"""A site in which each fault has a line, a span, a card or a moment of its own, and what is asked of a finished run.

One run serves a whole group of faults: what disturbs one line leaves the others alone. A `Case` names the fault, what
the truth log must have, and what boardd must report; the same questions, asked of a run without faults, must be
answered no.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from site_run import chirps, wav_sides

from hwsim.scenario.runner_site import SiteOutcome
from hwsim.scenario.runner_sites import start_site

Check = Callable[["Run"], Any]
STARTED_S = 20.0
"""By then every E1 is ready."""
MENU = {
    "kind": "menu",
    "prompts": ["menu"],
    "choices": {"1": "all"},
    "retries": "0",
    "timeout_s": "4",
    "on_timeout": "all",
}


@dataclass(frozen=True)
class Case:
    """One fault: the words of the timetable, and two questions that only a run with the fault answers yes."""

    kind: str
    fault: Mapping[str, Any]
    truth: Check
    report: Check
    note: str = ""
    also: tuple[Mapping[str, Any], ...] = ()
    """Further lines of the timetable that make it strike."""
    same_without: bool = False
    """What boardd tells must be the same without the fault: it is one that must not be noticed."""

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.note}" if self.note else self.kind


@dataclass
class Run:
    """A finished run and short ways to ask it."""

    done: SiteOutcome
    folder: Path

    # -- what really happened -----------------------------------------------------------------------------------------
    def facts(self, what: str, **match: Any) -> list[dict[str, Any]]:
        return self.done.of(what, **match)

    def struck(self, fault: str) -> list[dict[str, Any]]:
        return self.done.of("fault_struck", fault=fault)

    # -- what boardd says ---------------------------------------------------------------------------------------------
    def events(self, kind: str, since_s: float = 0.0, **match: Any) -> list[dict[str, Any]]:
        """Events of a type; `alarm__code="x"` asks for a field of an object."""
        wanted = {tuple(key.split("__")): value for key, value in match.items()}
        found = [e for e in self.done.events if e["type"] == kind and e["t_us"] >= since_s * 1e6]
        return [e for e in found if all(_at(e, path) == v for path, v in wanted.items())]

    def alarm(self, code: str, subject: str, cleared: bool = True, since_s: float = STARTED_S) -> bool:
        """Whether the alarm was raised (and cleared)."""
        match = {"alarm__code": code, "alarm__subject": subject}
        raised = self.events("alarm_raised", since_s, **match)
        return bool(raised) and (not cleared or bool(self.events("alarm_cleared", since_s, **match)))

    def alarm_text(self, code: str, subject: str) -> str:
        raised = self.events("alarm_raised", STARTED_S, alarm__code=code, alarm__subject=subject)
        return " ".join(str(e["alarm"].get("text", "")) for e in raised)

    def was(self, channel: str, state: str, reason: str = "") -> bool:
        """Whether the channel was ever in this state (for this reason), the start of the library left out."""
        seen = self.events("channel_state", STARTED_S, channel__id=channel, channel__state=state)
        return any(not reason or e["channel"].get("reason") == reason for e in seen)

    def contact(self, person: str) -> dict[str, Any]:
        found = [c for c in self.done.contacts if c["person"] == person]
        assert found, (person, [c["person"] for c in self.done.contacts])
        return found[0]

    def record(self, **match: Any) -> dict[str, Any]:
        found = [r for r in self.done.records if all(r.get(k) == v for k, v in match.items())]
        return found[0] if found else {}

    def released(self, channel: str) -> list[dict[str, Any]]:
        return [e["call"] for e in self.events("call_released", call__channel=channel)]

    def counter(self, channel: str, name: str) -> int:
        seen = [
            e["channel"].get("counters", {}).get(name, 0) for e in self.events("channel_state", channel__id=channel)
        ]
        final = [c.get("counters", {}).get(name, 0) for c in self.done.channels if c["id"] == channel]
        return max([*seen, *final], default=0)

    def sides(self, person: str) -> tuple[set[int], set[int]]:
        """Whose chirps are on the caller's and on the agent's side of the recording of this caller."""
        path = self.contact(person)["recording"]
        if not path:
            return set(), set()
        left, right = wav_sides(Path(path))
        return {c.party for c in chirps(left)}, {c.party for c in chirps(right)}

    def numbered(self, person: str) -> tuple[dict[int, int], dict[int, int]]:
        """Which chirps of the caller and of others are on the caller's side of the recording: number → when, in us."""
        contact = self.contact(person)
        left, _right = wav_sides(Path(contact["recording"]))
        mine: dict[int, int] = {}
        others: dict[int, int] = {}
        for chirp in chirps(left):
            side = mine if chirp.party == contact["party"] else others
            side[chirp.number] = contact["recording_start_us"] + chirp.start_sample * 125
        return mine, others

    def party(self, person: str) -> int:
        return int(self.contact(person)["party"])

    def log(self) -> str:
        return (self.folder / "site" / "boardd.log").read_text(encoding="utf-8", errors="replace")


def _at(thing: Any, path: Sequence[str]) -> Any:
    for name in path:
        thing = thing.get(name) if isinstance(thing, dict) else None
    return thing


def run_lab(folder: Path, site: Mapping[str, Any], cases: Sequence[Case], faulty: bool) -> Run:
    """Run the site with the faults of all cases, or without any."""
    folder.mkdir(parents=True, exist_ok=True)
    faults = [fault for case in cases for fault in ({"what": case.kind, **case.fault}, *case.also)] if faulty else []
    lab = start_site(folder, site, faults=faults, seed=5, speed="max")
    try:
        done = lab.finish(110)
    except Exception as error:
        raise AssertionError(f"{error}\n{lab.logs()}") from error
    finally:
        lab.stop()
    return Run(done, folder)


# -- parts of sites ---------------------------------------------------------------------------------------------------
def people(card: str, first_port: int, count: int, habits: str = "desk") -> list[dict[str, Any]]:
    """Agents 1001 ... at telephones of a card, extensions 8001 ..."""
    return [
        {
            "name": f"agent{n + 1}",
            "line": f"{card}/{first_port + n}",
            "station": str(8001 + n),
            "agent": habits,
            "log_in": f"*11{1001 + n}#",
        }
        for n in range(count)
    ]


def caller(name: str, called: str, at_s: float, script: str = "customer") -> dict[str, Any]:
    """One caller with a number of his own."""
    number = f"1380000{abs(hash_of(name)) % 10000:04d}"
    return {"name": name, "numbers": number, "called": {called: 1}, "scripts": {script: 1}, "at_s": [at_s]}


@functools.cache
def hash_of(name: str) -> int:
    """The same small number for the same word in every process."""
    return int.from_bytes(name.encode(), "big") % 9973


@dataclass
class Lines:
    """Gives each case a line of its own: `take()` is the name of the next port, its number is 880020NN."""

    card: str = "ana"
    taken: list[str] = field(default_factory=list)

    def take(self) -> str:
        self.taken.append(f"{self.card}/{len(self.taken) + 1}")
        return self.taken[-1]

    @staticmethod
    def number(line: str) -> str:
        return f"880020{int(line.rpartition('/')[2]):02d}"
