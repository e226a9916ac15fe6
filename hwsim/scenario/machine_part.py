"""The `machine` part of a scenario file: cards, left to those who build them, and what is beside cards on a PC."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from boardd.config.schema import Section, decode
from boardd.config.yamlfile import ConfigProblemsError, Node, nearest_word
from boardd.contract.text import _

KEYS = ("cards", "personality", "dahdi", "modems", "boxes")
NEED = {"modems": "modem", "boxes": "serial"}


class ModemSection(Section):
    """A 4G module with a sound port."""

    name: str
    model: str
    number: str = ""


class BoxKind(StrEnum):
    """What hangs on a serial port."""

    MODBUS_RELAY = "modbus_relay"
    SMDR = "smdr"


class BoxSection(Section):
    """A box on a serial port: a bypass relay, or a PBX that tells of its calls."""

    name: str
    kind: BoxKind


class _Beside(Section):
    modems: list[ModemSection] = []
    boxes: list[BoxSection] = []


@dataclass(frozen=True)
class MachineParts:
    """What the file says. `cards`, `personality` and `dahdi` are nodes, untouched."""

    cards: tuple[Node, ...] = ()
    personality: Node | None = None
    modems: tuple[ModemSection, ...] = ()
    boxes: tuple[BoxSection, ...] = ()
    dahdi: Node | None = None

    @classmethod
    def of(cls, machine: Node | None, needs: Collection[str]) -> MachineParts:
        """Read the part. Raises ConfigProblemsError, also for things that nobody builds yet and no need names."""
        if machine is None or machine.value == "":
            return cls()
        if not isinstance(machine.value, dict):
            raise ConfigProblemsError([machine.problem(_("must be a mapping (key: value)"))])
        problems = [
            node.problem(_("unknown key"), nearest_word(key, KEYS))
            for key, node in machine.value.items()
            if key not in KEYS
        ]
        problems += [
            machine.value[key].problem(_("nothing builds these yet: name {need} in needs").format(need=need))
            for key, need in NEED.items()
            if key in machine.value and need not in needs
        ]
        if problems:
            raise ConfigProblemsError(problems)
        cards = machine.value.get("cards")
        if cards is not None and not isinstance(cards.value, list):
            raise ConfigProblemsError([cards.problem(_("must be a list (- item)"))])
        rest = {key: node for key, node in machine.value.items() if key in NEED}
        beside = decode(Node(machine.file, machine.line, machine.path, rest, machine.key_lines), _Beside)
        listed = tuple(cards.value) if cards is not None and isinstance(cards.value, list) else ()
        given = machine.value
        return cls(listed, given.get("personality"), tuple(beside.modems), tuple(beside.boxes), given.get("dahdi"))
