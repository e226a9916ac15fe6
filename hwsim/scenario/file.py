"""A scenario file read and checked: the typed part, and the `machine` part as the makers' builders want it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from boardd.config.schema import decode
from boardd.config.yamlfile import ConfigProblemsError, Node, Problem, load_tree, parse_tree
from boardd.contract.text import _
from hwsim.scenario.machine_part import BoxSection, MachineParts, ModemSection
from hwsim.scenario.runner_header import Header
from hwsim.scenario.schema import ScenarioFile

CHINA = timezone(timedelta(hours=8))


@dataclass(frozen=True)
class Scenario:
    """`cards` are the nodes of `machine.cards`, untouched: each maker's builder decodes its own (with lines for its
    problems), and so are `personality`, of Synway's library (None: the newest), and `dahdi`, the same of DAHDI.
    `modems` and `boxes` wait for those who build them. `tree` is the rest of the file, to locate problems found while
    the world is built; sound files are relative to `folder`, where the file lies. `header` says how the scenario is run
    and judged."""

    file: ScenarioFile
    cards: tuple[Node, ...]
    tree: Node
    folder: Path = Path()
    personality: Node | None = None
    header: Header = field(default_factory=Header)
    modems: tuple[ModemSection, ...] = ()
    boxes: tuple[BoxSection, ...] = ()
    dahdi: Node | None = None

    @classmethod
    def load(cls, path: Path) -> Scenario:
        """Read a file. Raises ConfigProblemsError with all problems."""
        root = load_tree(path, _(" (hwsim scenario list: those that ship)"))
        if not root.value:
            raise ConfigProblemsError([root.problem(_("there is nothing in it"))])
        return cls._from(root, path.parent)

    @classmethod
    def parse(cls, text: str, name: str = "scenario") -> Scenario:
        """Read text; `name` stands in messages."""
        return cls._from(parse_tree(text, name), Path())

    @classmethod
    def _from(cls, root: Node, folder: Path) -> Scenario:
        if not isinstance(root.value, dict):
            raise ConfigProblemsError([root.problem(_("must be a mapping (key: value)"))])
        parts = dict(root.value)
        machine = parts.pop("machine", None)
        header = Header.take(root, parts)
        tree = Node(root.file, root.line, root.path, parts, root.key_lines)
        found = MachineParts.of(machine, header.needs)
        made = cls(
            decode(tree, ScenarioFile),
            found.cards,
            tree,
            folder,
            found.personality,
            header,
            found.modems,
            found.boxes,
            found.dahdi,
        )
        missing = list(made._missing_sounds())
        if missing:
            raise ConfigProblemsError(missing)
        return made

    def _missing_sounds(self) -> Iterator[Problem]:
        for name, script in self.file.scripts.items():
            for index, step in enumerate(script.steps):
                if step.file and not (self.folder / step.file).is_file():
                    yield self.at("scripts", name, "steps", index, "file").problem(
                        _("there is no file {file}").format(file=step.file)
                    )

    def at(self, *path: str | int) -> Node:
        """The node at a path of keys and list indices; the nearest one above where the file says nothing there."""
        node = self.tree
        for step in path:
            below = node.value
            if isinstance(below, dict):
                node = below.get(str(step), node)
            elif isinstance(below, list) and isinstance(step, int):
                node = below[step]
        return node


def wall_base_ms(scenario: Scenario) -> int:
    """The simulated wall clock at time zero, in ms since the Unix epoch (the exchange's `start`, Chinese time)."""
    start = datetime.fromisoformat(scenario.file.exchange.start)
    return round(start.replace(tzinfo=CHINA).timestamp() * 1000)
