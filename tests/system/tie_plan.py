"""What the desk (`tie_desk`) is to do, and the site in which it does it: conversations over two domains, all at once.

A conversation goes round in cycles: first the caller says some chirps, then the agent, then the supervisor, so that
who hears several people can tell them apart. With each cycle the supervisor does something else.
"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

SPEAK_S = 1.3
"""Four chirps, the last one until 1.32."""
SLOT_S = 2.2
CYCLE_S = 7.2
PHASES = ("monitor", "whisper", "barge_in", "gone")
ROUNDS_UNTIL_CALLERS_HANG_UP = 6
MEDIA_PARTY = 250
MEDIA_CHIRPS = 16
DOMAINS = {"S": "synway", "D": "dahdi"}


CALM_US = 30_000
"""Cards that are later than this lose sound of their own: it is the simulator's, on a machine with other work."""


class Style(StrEnum):
    """How a program supervises: by more links in the bridge of the conversation, or by a bridge beside it."""

    CHANGE = "change"
    BESIDE = "beside"


@dataclass(frozen=True)
class Conversation:
    """`places`: the domains of caller, agent and supervisor, by letter. `ends`: who hangs up while nobody controls."""

    name: str
    places: str
    line: str
    agent: str
    supervisor: str = ""
    style: Style = Style.CHANGE
    treats: bool = True
    ends: str = ""

    @property
    def person(self) -> str:
        """The caller's name in the truth log."""
        return f"{self.name}/1"

    def domain_of(self, role: str) -> str:
        """The domain of caller, agent or supervisor."""
        return DOMAINS[self.places[("caller", "agent", "supervisor").index(role)]]

    def comes_on(self, channel: str, called: str) -> bool:
        """Whether an offered call is its caller's: lines have one number each, circuits one for everybody."""
        return called.endswith(self.line[3:]) if self.line.startswith("e1/") else channel == self.line

    @property
    def number(self) -> str:
        """What the caller dials."""
        if self.line.startswith("e1/"):
            return f"8800{self.line[3:]}"
        card, port = self.line.split("/")
        return f"8800{'21' if card == 'ana' else '22'}{int(port):02d}"


@dataclass(frozen=True)
class Plan:
    """Everything the desk must know. `strike`: kind and place of the fault in the end."""

    boards: str
    simulator: str
    media: str
    strike: tuple[str, str]
    talks: tuple[Conversation, ...]
    live_s: float = 0.0
    """Not 0: everybody talks for so long, and then the desk waits for the death of a host."""
    max_s: int = 6
    strike_after_s: float = 24.0
    """After the desk went away: those left alone have been released by then."""
    end_after_s: float = 8.0

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(dataclasses.asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Plan:
        tree = json.loads(path.read_text(encoding="utf-8"))
        talks = tuple(Conversation(**{**talk, "style": Style(talk["style"])}) for talk in tree.pop("talks"))
        return cls(**{**tree, "strike": tuple(tree["strike"])}, talks=talks)


TALKS = (
    Conversation("one", "SSD", "e1/1001", "ana/9", "dah/9"),
    Conversation("two", "DDS", "dah/1", "dah/10", "ana/10"),
    Conversation("three", "SDD", "e1/1003", "dah/11", "dah/12", ends="caller"),
    Conversation("four", "SDS", "ana/1", "dah/13", "ana/11", Style.BESIDE, ends="agent"),
    Conversation("five", "DSS", "dah/2", "ana/12", "ana/13", Style.BESIDE, ends="caller"),
    Conversation("six", "DSD", "dah/3", "ana/14", "dah/14", Style.BESIDE, ends="agent"),
    Conversation("seven", "SD", "ana/2", "dah/15", treats=False, ends="agent"),
    Conversation("eight", "DS", "dah/4", "ana/15", treats=False, ends="caller"),
    Conversation("nine", "SD", "ana/3", "dah/16"),
    Conversation("ten", "DS", "dah/5", "ana/16"),
)


LIVE = (Conversation("live", "SD", "ana/1", "dah/2"),)
"""In which both speak all the time."""
CARDS = [
    {"name": "e1a", "model": "SHD-30A-CT/PCI", "serial": "3080001", "spans": [{"signalling": "isdn_user"}]},
    {"name": "ana", "model": "SHT-16D-CT/PCIe", "serial": "1600001", "ports": "OOOOOOOOSSSSSSSS"},
    {"name": "dah", "model": "TDM2400P", "serial": "ANA-1", "ports": "OOOOOOOOSSSSSSSS--------"},
]
FEW = [
    {"name": "ana", "model": "SHT-16D-CT/PCIe", "serial": "1600001", "ports": "O-------S-------"},
    {"name": "dah", "model": "TDM410P", "serial": "ANA-1", "ports": "OS--"},
]
"""Where the machine's own speed must be kept: each channel of a card costs time."""


E1 = [{"name": "e1", "numbers": ["88001000-88001099"], "circuits": ["e1a/1/*"], "digits_sent": 4}]


def site(talks: tuple[Conversation, ...] = TALKS) -> dict[str, Any]:
    """The scenario: a machine with cards of both makers, callers who speak in turn, people at telephones."""
    turn = [{"do": "speak", "s": SPEAK_S}, {"do": "wait", "s": round(CYCLE_S - SPEAK_S, 3)}]
    begin = [
        {"do": "dial"},
        {"do": "wait_for", "sound": "person", "timeout_s": 60},
        {"do": "wait", "s": SLOT_S},
    ]
    lines = [talk for talk in talks if not talk.line.startswith("e1/")]
    return {
        "site": "a program that bridges two domains",
        "machine": {"cards": FEW if talks is LIVE else CARDS},
        "exchange": {
            "groups": [
                *(E1 if talks is not LIVE else []),
                *(
                    {
                        "name": talk.name,
                        "numbers": [talk.number],
                        "lines": [talk.line],
                        "line": {"caller_id": "fsk", "reversal": "yes"},
                    }
                    for talk in lines
                ),
            ]
        },
        "scripts": {
            "stays": {"steps": [*begin, *turn * 40]},
            "hangs_up": {"steps": [*begin, *turn * ROUNDS_UNTIL_CALLERS_HANG_UP, {"do": "hang_up"}]},
            "talks": {"steps": [*begin, {"do": "speak", "s": 300}]},
            "seat": {"steps": [{"do": "answer", "after_s": 1, "greets": "no"}, {"do": "wait", "s": 600}]},
        },
        "people": [
            {"name": station, "line": station, "station": station.replace("/", ""), "script": "seat"}
            for talk in talks
            for station in (talk.agent, talk.supervisor)
            if station
        ],
        "callers": [
            {
                "name": talk.name,
                "numbers": f"13800000{number:03d}",
                "called": {talk.number: 1},
                "scripts": {"talks" if talks is LIVE else "hangs_up" if talk.ends == "caller" else "stays": 1},
                "at_s": [round(10 + 0.3 * number, 1)],
            }
            for number, talk in enumerate(talks)
        ],
        "run": {
            "boardd": {
                "scheduler": {"enabled": "no"},
                "domains": {"dahdi": {"settings": {"echo": "kernel"}}},
            }
        },
    }
