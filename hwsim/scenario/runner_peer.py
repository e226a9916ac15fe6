"""What the peer at the edge is to do in a scenario: `run: {by: edge, peer: …}` as a plan for hwsim.edge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from boardd.config.schema import Section
from boardd.config.yamlfile import ConfigProblemsError, Node, Problem
from boardd.contract.text import _
from hwsim.edge.plan import PeerPlan, PlannedBlock, PlannedCall
from hwsim.spanbus.bus import SpanBus

CAUSES = range(1, 128)


class PeerCallSection(Section):
    """A call that the peer makes. With `first`, so many digits go in SETUP, the others one by one after `gap_s` each.

    `hang_up_s` after the answer it clears; left out, it waits for the far end.
    """

    at_s: float
    circuit: str
    called: str
    caller: str = ""
    first: int = 0
    gap_s: float = 0.0
    hang_up_s: float | None = None


class PeerBlockSection(Section):
    """A circuit (No.1) on which the peer shows blocked for a while."""

    at_s: float
    circuit: str
    for_s: float


class PeerSection(Section):
    """How the peer treats calls: it rings at once, answers after `answer_s`, hangs up `talk_s` later or never.

    `refuse`: the Q.850 cause with which it refuses all. `digits`: how many digits its own numbers have.
    """

    answers: bool = True
    answer_s: float = 2.0
    talk_s: float | None = None
    refuse: int = 0
    digits: int = 0
    register_gap_s: float = 8.0
    ka: int = 1
    kd: int = 3
    calls: list[PeerCallSection] = []
    blocks: list[PeerBlockSection] = []

    def problems(self, node: Node) -> list[Problem]:
        """Causes and signals that do not exist."""
        found = []
        if self.refuse and self.refuse not in CAUSES:
            found.append(_below(node, "refuse").problem(_("must be a Q.850 cause, 1 to 127")))
        for key in ("ka", "kd"):
            if not 1 <= getattr(self, key) <= 15:
                found.append(_below(node, key).problem(_("must be 1 to 15")))
        return found

    def plan(self, calls: Iterable[PlannedCall], blocks: Iterable[PlannedBlock]) -> PeerPlan:
        """As the peers want it."""
        return PeerPlan(
            answer_ms=_ms(self.answer_s) if self.answers else None,
            talk_ms=None if self.talk_s is None else _ms(self.talk_s),
            refuse=self.refuse,
            digits=self.digits,
            register_gap_ms=_ms(self.register_gap_s),
            ka=self.ka,
            kd=self.kd,
            calls=tuple(calls),
            blocks=tuple(blocks),
        )


def peer_plan(section: PeerSection | None, run: Node | None, buses: Mapping[str, SpanBus]) -> PeerPlan:
    """The plan, on the circuits of a machine. Raises ConfigProblemsError for circuits that it does not have."""
    if section is None or run is None:
        return PeerPlan()
    problems: list[Problem] = []
    peer = _below(run, "peer")

    def place(key: str, index: int, circuit: str) -> tuple[str, int]:
        span, _slash, slot = circuit.rpartition("/")
        if span not in buses or not slot.isdigit() or int(slot) not in buses[span].circuits:
            where = _below(_item(_below(peer, key), index), "circuit")
            problems.append(
                where.problem(
                    _("there is no circuit {circuit} whose card leaves signalling to the host").format(circuit=circuit)
                )
            )
            return "", 0
        return span, int(slot)

    calls = [
        PlannedCall(
            _ms(call.at_s),
            *place("calls", index, call.circuit),
            call.called,
            call.caller,
            call.first,
            _ms(call.gap_s),
            None if call.hang_up_s is None else _ms(call.hang_up_s),
        )
        for index, call in enumerate(section.calls)
    ]
    blocks = [
        PlannedBlock(_ms(block.at_s), *place("blocks", index, block.circuit), _ms(block.for_s))
        for index, block in enumerate(section.blocks)
    ]
    if problems:
        raise ConfigProblemsError(problems)
    return section.plan(calls, blocks)


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _below(node: Node, key: str) -> Node:
    return node.value.get(key, node) if isinstance(node.value, dict) else node


def _item(node: Node, index: int) -> Node:
    return node.value[index] if isinstance(node.value, list) else node
