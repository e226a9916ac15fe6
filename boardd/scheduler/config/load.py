"""Loading scheduler.yaml: flows node by node, then everything that one part says about another.

All problems are collected before anything is raised, so that a technician sees them in one go.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TypeVar

from boardd.config.schema import Section, decode
from boardd.config.site import Site
from boardd.config.yamlfile import ConfigProblemsError, Node, Problem, load_tree, nearest_word, parse_tree
from boardd.contract.text import _
from boardd.scheduler.config.nodes import (
    NODE_SECTIONS,
    Flow,
    GotoNode,
    HoursNode,
    MenuNode,
    NodeKind,
    NodeSection,
    QueueNode,
    TransferNode,
)
from boardd.scheduler.config.sections import ALL_AGENTS, SchedulerConfig, SchedulerSections
from boardd.scheduler.sounds import SoundLibrary

S = TypeVar("S", bound=Section)

SHIPPED_SOUNDS = (
    *("goodbye", "busy", "no_answer", "unreachable", "unallocated", "enter_agent", "agent_number", "at_your_service"),
    *("logged_in", "logged_out", "ready", "not_ready", "refused", "queue_ahead", "queue_persons"),
    *(f"digit_{digit}" for digit in range(10)),
)
"""Prompts that the scheduler itself needs, whatever the flows say."""


def load_scheduler(path: Path, site: Site | None = None) -> SchedulerConfig:
    """Read and check scheduler.yaml; with `site`, also what it says about groups and extensions.

    Raises ConfigProblemsError naming every problem.
    """
    return _load(load_tree(path, _(" (scheduler.config in boardd.yaml)")), path.resolve().parent, site)


def read_scheduler(text: str, base: Path, name: str = "scheduler.yaml", site: Site | None = None) -> SchedulerConfig:
    """The same for text; relative paths are taken from `base`."""
    return _load(parse_tree(text, name), base, site)


def _load(tree: Node, base: Path, site: Site | None) -> SchedulerConfig:
    problems: list[Problem] = []
    entries = tree.value if isinstance(tree.value, dict) else {}
    rest = Node(tree.file, tree.line, tree.path, {k: n for k, n in entries.items() if k != "flows"}, tree.key_lines)
    sections = _collect(rest, SchedulerSections, problems)
    flows: dict[str, Flow] = {}
    flows_node = entries.get("flows")
    if flows_node is None:
        problems.append(Problem(tree.file, tree.line, "flows", _("is missing")))
    elif not isinstance(flows_node.value, dict):
        problems.append(flows_node.problem(_("must be a mapping (key: value)")))
    else:
        for flow_name, flow_node in flows_node.value.items():
            flow = _flow(flow_node, problems)
            if flow is not None:
                flows[flow_name] = flow
    if sections is not None and isinstance(flows_node, Node):
        sections.prompts.folder = base / sections.prompts.folder
        config = SchedulerConfig(sections=sections, flows=flows)
        problems += _Checker(config, tree, site, all_flows=_keys(flows_node)).run()
    if problems or sections is None:
        raise ConfigProblemsError(sorted(problems, key=lambda p: p.line))
    return SchedulerConfig(sections=sections, flows=flows)


def _collect(node: Node, schema: type[S], problems: list[Problem]) -> S | None:
    try:
        return decode(node, schema)
    except ConfigProblemsError as error:
        problems.extend(error.problems)
        return None


def _flow(node: Node, problems: list[Problem]) -> Flow | None:
    if not isinstance(node.value, dict):
        problems.append(node.problem(_("must be a mapping (key: value)")))
        return None
    for key, child in node.value.items():
        if key not in ("start", "nodes"):
            problems.append(child.problem(_("unknown key"), nearest_word(key, ("start", "nodes"))))
    missing = [key for key in ("start", "nodes") if key not in node.value]
    if missing:
        problems.extend(Problem(node.file, node.line, f"{node.path}.{key}", _("is missing")) for key in missing)
        return None
    start, nodes = node.value["start"], node.value["nodes"]
    if not isinstance(start.value, str) or not isinstance(nodes.value, dict):
        problems.append(node.problem(_("start must name a node, nodes must be a mapping")))
        return None
    made = {}
    for name, child in nodes.value.items():
        section = _node(child, problems)
        if section is not None:
            made[name] = section
    if start.value not in nodes.value:
        problems.append(start.problem(_("no node {name}").format(name=start.value), nearest_word(start.value, made)))
    return Flow(start=start.value, nodes=made)


def _node(node: Node, problems: list[Problem]) -> NodeSection | None:
    kind = node.value.get("kind") if isinstance(node.value, dict) else None
    if kind is None:
        problems.append(node.problem(_("a node needs a kind: {kinds}").format(kinds=", ".join(NodeKind))))
        return None
    if kind.value not in NODE_SECTIONS:
        what = _("must be one of {kinds}").format(kinds=", ".join(NodeKind))
        problems.append(kind.problem(what, nearest_word(str(kind.value), NodeKind)))
        return None
    return _collect(node, NODE_SECTIONS[NodeKind(str(kind.value))], problems)


def _keys(node: Node | None) -> list[str]:
    return list(node.value) if node is not None and isinstance(node.value, dict) else []


class _Checker:
    """Cross references of a configuration whose parts are well formed."""

    def __init__(self, config: SchedulerConfig, tree: Node, site: Site | None, all_flows: Collection[str]) -> None:
        self._config = config
        self._tree = tree
        self._all_flows = all_flows
        self._sounds = SoundLibrary(config.sections.prompts.folder, config.sections.prompts.language)
        self._groups = None if site is None else {*site.groups, "trunks", "stations", "taps"}
        self._extensions = None if site is None else {c.extension for c in site.channels.values() if c.extension}
        self.problems: list[Problem] = []

    def run(self) -> list[Problem]:
        """Every wrong reference."""
        sections = self._config.sections
        for i, route in enumerate(sections.routes):
            self._known(route.flow, self._all_flows, _("flow"), "routes", i, "flow")
        for name, queue in sections.queues.items():
            for i, agent in enumerate(queue.agents):
                if agent != ALL_AGENTS:
                    self._known(agent, sections.agents, _("agent"), "queues", name, "agents", i)
            self._sound_files([queue.music, *queue.welcome], "queues", name)
        for number, agent_section in sections.agents.items():
            if not number.isdigit():
                self._add(_("an agent's number is made of digits"), "agents", number)
            if agent_section.station and self._extensions is not None:
                self._known(agent_section.station, self._extensions, _("extension"), "agents", number, "station")
        for i, outside in enumerate(sections.stations.outside):
            if self._groups is not None:
                self._known(outside.group, self._groups, _("channel group"), "stations", "outside", i, "group")
        for queue_name in sections.recording.queues:
            self._known(queue_name, sections.queues, _("queue"), "recording", "queues", queue_name)
        self._sound_files([sections.treatment.media] if sections.treatment.media else [], "treatment", "media")
        self._sound_files(SHIPPED_SOUNDS, "prompts")
        for flow_name, flow in self._config.flows.items():
            for node_name, node in flow.nodes.items():
                self._node(node, flow_name, node_name)
        return self.problems

    def _node(self, node: NodeSection, flow: str, name: str) -> None:
        at = ("flows", flow, "nodes", name)
        names = _keys(self._find("flows", flow, "nodes"))
        for key in node.targets:
            if target := getattr(node, key):
                self._known(target, names, _("node"), *at, key)
        for key in node.sounds:
            self._sound_files(getattr(node, key), *at, key)
        sections = self._config.sections
        if isinstance(node, MenuNode):
            for digit, target in node.choices.items():
                if target:
                    self._known(target, names, _("node"), *at, "choices", digit)
        elif isinstance(node, HoursNode):
            self._known(node.schedule, sections.hours, _("hours"), *at, "schedule")
        elif isinstance(node, QueueNode):
            self._known(node.queue, sections.queues, _("queue"), *at, "queue")
        elif isinstance(node, TransferNode):
            if node.group and self._groups is not None:
                self._known(node.group, self._groups, _("channel group"), *at, "group")
            if node.extension and not node.extension.startswith("$") and self._extensions is not None:
                self._known(node.extension, self._extensions, _("extension"), *at, "extension")
        elif isinstance(node, GotoNode):
            self._known(node.flow, self._all_flows, _("flow"), *at, "flow")
            if node.node and node.flow in self._config.flows:
                self._known(node.node, _keys(self._find("flows", node.flow, "nodes")), _("node"), *at, "node")

    def _known(self, word: str, known: Collection[str], what: str, *path: str | int) -> None:
        if word not in known:
            message = _("there is no {what} {word}").format(what=what, word=word)
            self.problems.append((self._find(*path) or self._tree).problem(message, nearest_word(word, known)))

    def _sound_files(self, names: Collection[str], *path: str | int) -> None:
        for name in names:
            if not name.startswith("$") and self._sounds.find(name) is None:
                message = _("no sound file {name}").format(name=name)
                where = self._find(*path) or self._tree
                self.problems.append(where.problem(message, nearest_word(name, self._sounds.names())))

    def _add(self, what: str, *path: str | int) -> None:
        self.problems.append((self._find(*path) or self._tree).problem(what))

    def _find(self, *path: str | int) -> Node | None:
        """The deepest node of the file along `path`."""
        node = self._tree
        for step in path:
            if isinstance(node.value, dict) and step in node.value:
                node = node.value[str(step)]
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
            else:
                break
        return node
