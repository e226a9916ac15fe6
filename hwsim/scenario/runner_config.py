"""The configuration that a scenario's machine needs: the maker's files, boardd.yaml, scheduler.yaml.

An installer would write these by hand; a scenario that is run unattended gets them from its own `machine` and `people`,
with the changes that its `run` section names. Everything generated is plain text in a folder, as on a real machine, and
passes through the same strict loaders. JSON is YAML, so the two YAML files are written as JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hwsim.scenario.runner_dahdi import dahdi_cards, dahdi_domain
from hwsim.scenario.schema import PersonSection
from hwsim.vendorlibs.dahdi.cards import CardPlan
from hwsim.vendorlibs.synway.cards import Model, model

if TYPE_CHECKING:
    from hwsim.scenario.file import Scenario

LOGIN = "*11"
Tree = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class MachineCard:
    """One card of the scenario: its name, serial number, model, ports and spans in the order of the file."""

    name: str
    serial: str
    model: Model
    ports: str
    signalling: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SiteChanges:
    """What a scenario changes: sections of ShConfig.ini, and parts of the two YAML files.

    Mappings are merged into the generated ones, everything else replaces what was generated.
    """

    maker: Tree
    boardd: Tree
    scheduler: Tree


def write_config(folder: Path, scenario: Scenario, changes: SiteChanges | None = None) -> None:
    """Write ShConfig.ini, ShIndex.ini, boardd.yaml and scheduler.yaml for the scenario's machine into `folder`."""
    changes = changes or SiteChanges({}, {}, {})
    cards = list(_cards(scenario))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ShConfig.ini").write_text(_maker_file(cards, changes.maker), encoding="utf-8")
    (folder / "ShIndex.ini").write_text("[System]\nMaxIndexSeg=20\n", encoding="utf-8")
    for name, tree, change in (
        ("boardd.yaml", _boardd(cards, dahdi_cards(scenario), scenario), changes.boardd),
        ("scheduler.yaml", _scheduler(scenario), changes.scheduler),
    ):
        text = json.dumps(merged(tree, change), ensure_ascii=False, indent=1)
        (folder / name).write_text(text + "\n", encoding="utf-8")


def merged(tree: Tree, change: Tree) -> dict[str, Any]:
    """`tree` with `change` laid over it: mappings are merged, all else is replaced."""
    result = dict(tree)
    for key, value in change.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


def _cards(scenario: Scenario) -> Iterator[MachineCard]:
    for number, node in enumerate(scenario.cards):
        entry = node.plain()
        known = model(str(entry.get("model", ""))) if isinstance(entry, dict) else None
        if not isinstance(entry, dict) or known is None:
            continue  # building the machine refuses it, with file and line
        spans = entry.get("spans") or [{}] * known.spans
        yield MachineCard(
            str(entry.get("name", f"card{number}")),
            str(entry.get("serial", 0x10000000 + number)),
            known,
            str(entry.get("ports", known.ports)).upper(),
            tuple(str(span.get("signalling", "isdn_user")) for span in spans),
        )


# -- the maker's file -------------------------------------------------------------------------------------------------
def _maker_file(cards: list[MachineCard], changes: Tree) -> str:
    sections: dict[str, dict[str, str]] = {
        "SystemConfig": {
            "TotalBoards": str(len(cards)),
            "WhoSupplySysClock": "0",
            "EventInterfaceType": "0",
            "VoiceOnDetermineTime": "200",  # simulated people talk in bursts of 120 ms
        },
        "AppChToBoardChTable": {},
    }
    spans: list[tuple[int, int, str]] = []
    channels = 0
    for board, card in enumerate(cards):
        sections[f"BoardId={board}"] = {"BoardModel": card.model.name}
        table = sections["AppChToBoardChTable"]
        table[f"AppCh[{channels}]"] = f"{board},0..{card.model.channels - 1}"
        channels += card.model.channels
        spans += [(board, span, signalling) for span, signalling in enumerate(card.signalling)]
    sections["AppChToBoardChTable"]["TotalAppCh"] = str(channels)
    sections.update(_span_sections(spans))
    for section, values in changes.items():
        sections.setdefault(section, {}).update({key: str(value) for key, value in values.items()})
    lines: list[str] = []
    for section, values in sections.items():
        lines += [f"[{section}]", *(f"{key}={value}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def _span_sections(spans: list[tuple[int, int, str]]) -> dict[str, dict[str, str]]:
    """[PcmInfo] and the section of each kind of signalling."""
    if not spans:
        return {}
    found = {"PcmInfo": {"TotalPcm": str(len(spans))}}
    kinds = {
        "isdn_user": ("ISDN", "TotalUserLinker", "UserPcmLink"),
        "isdn_net": ("ISDN", "TotalNetLinker", "NetPcmLink"),
        "isup": ("ISUP", "TotalIsupPcm", "IsupPcm"),
    }
    for number, (board, span, signalling) in enumerate(spans):
        found["PcmInfo"][f"Pcm[{number}]"] = f"{board},{span}"
        if signalling in kinds:
            section, total, key = kinds[signalling]
            values = found.setdefault(section, {})
            count = int(values.get(total, "0"))
            values[f"{key}[{count}]"] = f"LocalPCM[{number}]"
            values[total] = str(count + 1)
    return found


_SYNWAY: Tree = {
    "driver": "synway",
    "settings": {
        "library": "${BOARDD_DEMO_LIBRARY}",
        "config": "${BOARDD_DEMO}/ShConfig.ini",
        "index": "${BOARDD_DEMO}/ShIndex.ini",
    },
}


# -- boardd and scheduler ---------------------------------------------------------------------------------------------
def _boardd(cards: list[MachineCard], dahdi: list[CardPlan], scenario: Scenario) -> dict[str, Any]:
    every: list[MachineCard | CardPlan] = [*cards, *dahdi]
    modules = {letter for card in every for letter in card.ports}
    groups: dict[str, Any] = {}
    circuits = [f"{card.name}/{span + 1}/*" for card in every for span in range(card.model.spans)]
    if circuits:
        groups["e1"] = {"channels": circuits, "direction": "both", "unattended": "answer_hold"}
    for letter, name, kind in (("O", "fxo", "fxo"), ("S", "stations", "fxs"), ("T", "taps", "tap")):
        if letter in modules:
            groups[name] = {"channels": [f"kind:{kind}"]}
    seats = [person for person in scenario.file.people if person.station]
    lengths = sorted({len(person.station) for person in seats})
    return {
        "paths": {
            "runtime_dir": "${BOARDD_DEMO}/run",
            "state_dir": "${BOARDD_DEMO}/state",
            "recordings_dir": "${BOARDD_DEMO}/recordings",
        },
        "domains": {
            **({"synway": _SYNWAY} if cards or not dahdi else {}),
            **({"dahdi": dahdi_domain(dahdi)} if dahdi else {}),
        },
        "boards": [{"serial": card.serial, "name": card.name} for card in every],
        "groups": groups,
        "channels": {person.line: {"extension": person.station} for person in seats},
        "station": {
            "numbers": [
                *({"match": f"[1-8]\\d{{{length - 1}}}"} for length in lengths),
                {"match": r"\*11\d{4}#?"},
                {"match": r"\*1[23]"},
                {"match": r"\*14\d?"},
                {"match": r"9(1\d{10}|0\d{10}|[2-8]\d{7})"},
            ]
        },
        "scheduler": {"config": "scheduler.yaml"},
    }


def _scheduler(scenario: Scenario) -> dict[str, Any]:
    """One flow that queues at once, music only; agents are those people who log in."""
    agents = {number: {"station": p.station} for p in scenario.file.people if (number := agent_number(scenario, p))}
    trunks = "e1" if any(group.circuits for group in scenario.file.exchange.groups) else "fxo"
    return {
        "routes": [{"flow": "main"}],
        "flows": {"main": {"start": "wait", "nodes": {"wait": {"kind": "queue", "queue": "all"}}}},
        "queues": {
            "all": {
                "agents": ["*"],
                "wrap_up_s": "0",
                "max_wait_s": "0",
                "welcome": [],
                "announce_agent": "no",
                "after_agent": "release",
            }
        },
        "agents": agents,
        "login_ready": "yes",
        "stations": {"groups": ["stations"], "outside": [{"prefix": "9", "group": trunks}]},
        "recording": {"policy": "all", "min_free_mb": "64"},
    }


def agent_number(scenario: Scenario, person: PersonSection) -> str:
    """The number that the person logs in with, or empty."""
    habits = scenario.file.agents.get(person.agent)
    code = person.log_in or (habits.log_in if habits else "")
    return code.removeprefix(LOGIN).rstrip("#") if code.startswith(LOGIN) else ""
