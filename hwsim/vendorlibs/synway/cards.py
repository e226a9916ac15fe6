"""The cards in the machine: model names, modules, spans, and the lines that end on them.

Hardware outlives the library: hooks, seized circuits and serial numbers stay here while the driver (`driver.Driver`)
comes and goes. A card without a site file is fitted by its model name alone (fact sheet sections 7.2, 7.3, 18.3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from boardd.contract.text import _
from hwsim.kernel.sim import Sim
from hwsim.line.analog import AnalogLine
from hwsim.line.digital import BEARER_SLOTS, Circuit, Signalling, Span
from hwsim.vendorlibs.synway.codes import ChType
from hwsim.vendorlibs.synway.inifile import IniFile, SystemConfig
from hwsim.vendorlibs.synway.personality import Personality, personality

_DIGITAL = re.compile(r"^SHD-(30|60|120|240|480)[A-E]?-(CT/)?(PCI|PCIe|CPCI)(/\w+)*$")
_ANALOG = re.compile(r"^SHT-(\d{1,3})[A-Z]?(-CT)?/(PCI|PCIe|CPCI|USB)(/\w+)*$")
_TAP = re.compile(r"^ATP-(\d{1,2})[A-Z]?/(PCI|PCIe|PCIe\+|USB)(/\w+)*$")

_TYPE_OF_MODULE = {"O": ChType.FXO, "S": ChType.FXS, "T": ChType.TAP, "-": ChType.EMPTY}
_TYPE_OF_SIGNALLING = {
    Signalling.ISDN_USER: ChType.ISDN_USER,
    Signalling.ISDN_NET: ChType.ISDN_NET,
    Signalling.SS1: ChType.SS1,
    Signalling.TUP: ChType.TUP,
    Signalling.ISUP: ChType.ISUP,
}
MODEL_IDS = {"SHT": 0x10, "SHD": 0x20, "ATP": 0x30}
"""SsmGetBoardModel answers; the real numbers are unknown [?], only their being >= 0 and not 0xFD/0xFE is used."""


@dataclass(frozen=True, slots=True)
class Model:
    """What a model name says: number of E1 spans or of ports, and the ports' usual modules."""

    name: str
    family: str
    spans: int
    ports: str

    @property
    def channels(self) -> int:
        """Channels on the card (30 per span)."""
        return self.spans * 30 or len(self.ports)


def model(name: str) -> Model | None:
    """The model called `name`, or None when the driver would not know it."""
    if match := _DIGITAL.match(name):
        return Model(name, "SHD", int(match[1]) // 30, "")
    if (match := _ANALOG.match(name)) and 1 <= int(match[1]) <= 128:
        count = int(match[1])
        trunks = count - count // 2
        return Model(name, "SHT", 0, "O" * trunks + "S" * (count - trunks))
    if (match := _TAP.match(name)) and int(match[1]) >= 1:
        return Model(name, "ATP", 0, "T" * int(match[1]))
    return None


@dataclass(frozen=True, slots=True)
class BoardChannel:
    """One channel of a card: a port with its pair, or a timeslot with its circuit; neither on an empty socket."""

    number: int
    kind: ChType
    line: AnalogLine | None = None
    circuit: Circuit | None = None
    span: int = 0


@dataclass
class Card:
    """A card in its slot. `fitted` False: it is broken or absent; `plugged` False: pulled out in operation."""

    name: str
    model: Model
    serial: int
    spans: list[Span] = field(default_factory=list)
    channels: list[BoardChannel] = field(default_factory=list)
    fitted: bool = True
    plugged: bool = True


@dataclass
class SynwayMachine:
    """The simulated PC's Synway cards and the lines that the exchange side connects to.

    `analog_lines` by `<card>/<port>` (port from 1), `spans` by `<card>/<span>` (span from 1; a span's circuits are
    named `<card>/<span>/<timeslot>`). Which end the card takes: FXO port = set end, FXS port = office end, tap = tap
    end, E1 = card end.
    """

    sim: Sim
    cards: list[Card]
    personality: Personality
    analog_lines: dict[str, AnalogLine]
    spans: dict[str, Span]

    def of_kind(self, kind: str) -> list[str]:
        """Names of all lines at ports of a kind (`fxo`, `fxs`, `tap`), or of all circuits of E1s (`e1`)."""
        if kind == "e1":
            return [circuit.name for span in self.spans.values() for circuit in span.circuits.values()]
        wanted = ChType[kind.upper()]
        channels = [channel for card in self.cards for channel in card.channels if channel.kind is wanted]
        return [channel.line.name for channel in channels if channel.line]


def build_machine(sim: Sim, site: dict[str, Any] | None = None, config: bytes | None = None) -> SynwayMachine:
    """Create cards and lines from the site file's `synway` section, or, without `cards` there, from a ShConfig.ini.

    Site keys: `cards`: list of {model, serial, name, spans: [{signalling}], ports: "OOSST-..."}; `personality`: name or
    mapping. Raises ValueError for an unknown model, signalling, module letter or personality field.
    """
    site = site or {}
    machine = SynwayMachine(sim, [], personality(site.get("personality")), {}, {})
    entries = site.get("cards")
    if entries is None:
        entries = _entries_of(IniFile.parse(config)) if config else []
    for number, entry in enumerate(entries):
        _add_card(machine, number, entry)
    return machine


def _entries_of(ini: IniFile) -> list[dict[str, Any]]:
    """Cards as the driver's own configuration describes them; a model that nobody knows is left to start to refuse."""
    entries: list[dict[str, Any]] = []
    signalling = _span_signalling(ini)
    for number in range(ini.number("SystemConfig", "TotalBoards", 0)):
        known = model(ini.text(f"BoardId={number}", "BoardModel"))
        if known:
            spans = [{"signalling": signalling.get((number, span), "isdn_user")} for span in range(known.spans)]
            entries.append({"model": known.name, "spans": spans})
    return entries


def _span_signalling(ini: IniFile) -> dict[tuple[int, int], str]:
    """Spans that the file gives to a protocol other than ISDN user side, by (board, span on board)."""
    found: dict[tuple[int, int], str] = {}
    links = (("ISDN", "TotalNetLinker", "NetPcmLink", "isdn_net"), ("ISUP", "TotalIsupPcm", "IsupPcm", "isup"))
    for section, total, key, name in links:
        for number in range(ini.number(section, total, 0)):
            logical = re.search(r"\[(\d+)\]", ini.text(section, f"{key}[{number}]"))
            place = ini.numbers("PcmInfo", f"Pcm[{logical[1]}]", ()) if logical else ()
            if len(place) == 2:
                found[place[0], place[1]] = name
    return found


def _add_card(machine: SynwayMachine, number: int, entry: dict[str, Any]) -> None:
    known = model(str(entry.get("model", "")))
    if not known:
        examples = "SHD-30A-CT/PCI, SHT-16D-CT/PCIe, ATP-24A/PCI"
        raise ValueError(
            _("unknown Synway model: {model!r} (models are, for example, {examples})").format(
                model=entry.get("model"), examples=examples
            )
        )
    name = str(entry.get("name", f"card{number}"))
    if any(card.name == name for card in machine.cards):
        raise ValueError(_("two Synway cards are called {name!r}").format(name=name))
    card = Card(name, known, int(entry.get("serial", 0x10000000 + number)))
    if known.spans:
        _add_spans(machine, card, entry.get("spans") or [{}] * known.spans)
    else:
        _add_ports(machine, card, str(entry.get("ports", known.ports)))
    machine.cards.append(card)


def _add_spans(machine: SynwayMachine, card: Card, entries: list[dict[str, Any]]) -> None:
    if len(entries) != card.model.spans:
        raise ValueError(
            _("{model} has {spans} spans, not {given}").format(
                model=card.model.name, spans=card.model.spans, given=len(entries)
            )
        )
    for index, entry in enumerate(entries):
        signalling = Signalling(str(entry.get("signalling", Signalling.ISDN_USER)))
        span = Span.build(machine.sim, f"{card.name}/{index + 1}", signalling)
        card.spans.append(span)
        machine.spans[span.name] = span
        for slot in BEARER_SLOTS:
            circuit = span.circuits[slot]
            kind = _TYPE_OF_SIGNALLING[signalling]
            card.channels.append(BoardChannel(len(card.channels), kind, circuit=circuit, span=index))


def _add_ports(machine: SynwayMachine, card: Card, modules: str) -> None:
    if len(modules) > len(card.model.ports):
        raise ValueError(
            _("{model} has {ports} ports, not {given}").format(
                model=card.model.name, ports=len(card.model.ports), given=len(modules)
            )
        )
    for index, letter in enumerate(modules.upper().ljust(len(card.model.ports), "-")):
        if letter not in _TYPE_OF_MODULE:
            raise ValueError(
                _("unknown module letter {letter!r}: use O (FXO), S (FXS), T (tap), - (empty)").format(letter=letter)
            )
        kind = _TYPE_OF_MODULE[letter]
        line = None if kind is ChType.EMPTY else AnalogLine(machine.sim, f"{card.name}/{index + 1}")
        if line:
            machine.analog_lines[line.name] = line
        card.channels.append(BoardChannel(index, kind, line=line))


def match_cards(config: SystemConfig, machine: SynwayMachine) -> list[Card | None]:
    """The card of each configured board, None where none of that model answers in that place."""
    matched: list[Card | None] = []
    for entry in config.boards:
        card = machine.cards[entry.number] if entry.number < len(machine.cards) else None
        usable = card is not None and card.fitted and card.plugged and card.model.name == entry.model
        matched.append(card if usable else None)
    return matched
