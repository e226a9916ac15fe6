"""The simulated PC: cards of several makers side by side, built from the `machine` part of a scenario.

Each family builds its own entries of `machine.cards`, in the order of the file, so board numbers of one family are not
moved by cards of another. The outside sees lines and spans of all of them under the names of their cards.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import cast

from boardd.config.schema import Section, decode
from boardd.config.yamlfile import ConfigProblemsError, Node, Problem, nearest_word
from boardd.contract.text import _
from hwsim.core.engine import Engine
from hwsim.kernel.sim import Sim
from hwsim.kernel.truth import TruthLog
from hwsim.line.analog import AnalogLine
from hwsim.line.digital import Signalling, Span
from hwsim.scenario.file import Scenario
from hwsim.spanbus.bus import SpanBus
from hwsim.vendorlibs.dahdi import models as dahdi_models
from hwsim.vendorlibs.dahdi.cards import CardPlan, DahdiMachine
from hwsim.vendorlibs.dahdi.personality import Personality, from_site
from hwsim.vendorlibs.dahdi.site import card_plan
from hwsim.vendorlibs.synway.cards import SynwayMachine, build_machine, model
from hwsim.vendorlibs.synway.personality import personality

SYNWAY_EXAMPLES = ("SHD-30A-CT/PCI", "SHT-16D-CT/PCIe", "ATP-24A/PCI")

LEGS = 1024
LEGS_PER_BUS = 90
"""Three a circuit: the card's, the exchange's, its register's."""
LEGS_PER_SPAN = 60
"""Two a circuit: the card's and the exchange's."""
MAX_LEGS = 4096


def legs_for(scenario: Scenario) -> int:
    """How many ends of sound the engine needs for the machine and the people around it."""
    words = [str(card.get("model")) for card in (node.plain() for node in scenario.cards) if isinstance(card, dict)]
    buses = sum(known.spans for known in map(dahdi_models.model, words) if known)
    spans = sum(known.spans for known in map(model, words) if known)
    return min(MAX_LEGS, LEGS + LEGS_PER_BUS * buses + LEGS_PER_SPAN * spans)


class SynwaySpanSection(Section):
    """One E1 of a Synway card."""

    signalling: Signalling = Signalling.ISDN_USER


class SynwayCardSection(Section):
    """A card of Synway."""

    model: str
    name: str = ""
    serial: int | None = None
    spans: list[SynwaySpanSection] = []
    ports: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """What the model does not have."""
        try:
            with Engine(MAX_LEGS, 0) as engine:
                build_machine(Sim(engine, TruthLog(), 0), {"cards": [self.entry()]})
        except ValueError as error:
            return [node.problem(str(error))]
        return []

    def entry(self) -> dict[str, object]:
        """As the family's builder wants it."""
        given: dict[str, object] = {"model": self.model}
        if self.name:
            given["name"] = self.name
        if self.serial is not None:
            given["serial"] = self.serial
        if self.spans:
            given["spans"] = [{"signalling": str(span.signalling)} for span in self.spans]
        if self.ports:
            given["ports"] = self.ports
        return given


class SimulatedPc:
    """The machine of one scenario: `synway` and `dahdi` for their libraries; lines and spans of both for the world.

    `maker_config`: a Synway configuration file, whose cards are the machine's when the scenario names none. Raises
    ConfigProblemsError with file, line and key.
    """

    def __init__(self, sim: Sim, scenario: Scenario, maker_config: bytes | None = None) -> None:
        self.sim = sim
        entries, plans = _sort(scenario)
        site: dict[str, object] = {"cards": entries} if scenario.cards else {}
        if scenario.personality:
            site["personality"] = _personality(scenario.personality)
        self.synway: SynwayMachine = build_machine(sim, site, None if scenario.cards else maker_config)
        self.dahdi = DahdiMachine(sim, plans)
        self.dahdi_personality = _dahdi(scenario.dahdi) if scenario.dahdi else Personality()
        self.analog_lines: Mapping[str, AnalogLine] = ChainMap(self.synway.analog_lines, self.dahdi.analog_lines)
        self.spans: Mapping[str, Span] = ChainMap(self.synway.spans, self.dahdi.spans)

    @property
    def buses(self) -> Mapping[str, SpanBus]:
        """The E1s whose cards leave signalling to the host."""
        return self.dahdi.buses

    def of_kind(self, kind: str) -> list[str]:
        """Names of all lines at `fxo`, `fxs` or `tap` ports, or of all circuits of E1s (`e1`)."""
        return [*self.synway.of_kind(kind), *self.dahdi.of_kind(kind)]


def _sort(scenario: Scenario) -> tuple[list[dict[str, object]], list[CardPlan]]:
    """Entries of `machine.cards` by family."""
    entries: list[dict[str, object]] = []
    plans: list[CardPlan] = []
    problems: list[Problem] = []
    names: dict[str, int] = {}
    for number, node in enumerate(scenario.cards):
        try:
            known = dahdi_models.model(_model(node))
            if known:
                plan = card_plan(node, known, number)
                plans.append(plan)
                name = plan.name
            else:
                entry = {"name": f"card{number}", **decode(node, SynwayCardSection).entry()}
                entries.append(entry)
                name = str(entry["name"])
        except ConfigProblemsError as error:
            problems += error.problems
            continue
        if name in names:
            problems.append(
                _below(node, "name").problem(
                    _("two cards are called {name} (first in line {line})").format(name=name, line=names[name])
                )
            )
        names[name] = node.line
    if problems:
        raise ConfigProblemsError(problems)
    return entries, plans


def _model(node: Node) -> str:
    """The entry's model, of whatever family. Raises ConfigProblemsError when nobody makes it."""
    if not isinstance(node.value, dict):
        raise ConfigProblemsError([node.problem(_("a card is a mapping (key: value)"))])
    name = _below(node, "model").value
    if "model" not in node.value or not isinstance(name, str):
        near = nearest_word("model", node.value)
        if near:
            raise ConfigProblemsError([_below(node, near).problem(_("unknown key"), "model")])
        raise ConfigProblemsError([node.problem(_("model is missing"))])
    if dahdi_models.model(name) is None and model(name) is None:
        near = nearest_word(name, (*dahdi_models.MODELS, *SYNWAY_EXAMPLES))
        text = _("there is no card {name} (Synway: for example {synway}; DAHDI: {dahdi})")
        what = text.format(name=name, synway=", ".join(SYNWAY_EXAMPLES), dahdi=", ".join(dahdi_models.MODELS))
        raise ConfigProblemsError([_below(node, "model").problem(what, near)])
    return name


def _personality(node: Node) -> object:
    try:
        personality(cast("str | dict[str, object]", node.plain()))
    except (ValueError, TypeError) as error:
        raise ConfigProblemsError([node.problem(str(error))]) from error
    return node.plain()


def _dahdi(node: Node) -> Personality:
    try:
        return from_site(node.plain())
    except ValueError as error:
        raise ConfigProblemsError([node.problem(str(error))]) from error


def _below(node: Node, key: str) -> Node:
    return node.value.get(key, node) if isinstance(node.value, dict) else node
