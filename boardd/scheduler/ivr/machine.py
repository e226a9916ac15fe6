"""The interpreter of flows: a pure state machine.

`Position` is everything it remembers; stored after every step, it lets another process go on. The machine is told what
happened (prompt over, digits there, time over, outcome of a queue or transfer) and answers with the next step. Digits
are read from the call's own count: `used` says how many of them the flow has consumed, so none is lost while the
scheduler is away, between nodes, or while a prompt is cut short, and none is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from boardd.contract.causes import Cause
from boardd.contract.objects import Wire
from boardd.scheduler.config.nodes import (
    CollectNode,
    Flow,
    GoodbyeNode,
    GotoNode,
    HangupNode,
    HoursNode,
    MenuNode,
    NodeSection,
    PlayNode,
    QueueNode,
    SetNode,
    TransferNode,
)

VISIT_LIMIT = 100
"""Nodes that may follow each other without anybody hearing or pressing anything."""


class Phase(StrEnum):
    """Where in a node the contact is."""

    PROMPT = "prompt"
    DIGITS = "digits"
    AWAY = "away"
    """In a queue or transfer; the node waits for its outcome."""
    DONE = "done"


class Position(Wire):
    """Where a contact is in its flow. `attempt` counts repetitions of the node, `visits` nodes without a pause."""

    flow: str
    node: str = ""
    phase: Phase = Phase.PROMPT
    attempt: int = 0
    collected: str = ""
    used: int = 0
    variables: dict[str, str] = {}
    visits: int = 0


class Outcome(StrEnum):
    """How a queue or a transfer ended without a conversation."""

    TIMEOUT = "timeout"
    FULL = "full"
    NO_AGENTS = "no_agents"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Say:
    """Play prompts, then report `prompt_over`. Digits end them early if `barge_in`."""

    prompts: tuple[str, ...]
    barge_in: bool


@dataclass(frozen=True, slots=True)
class Listen:
    """Wait for digits, at most `timeout_s`, then report `time_over`."""

    timeout_s: float


@dataclass(frozen=True, slots=True)
class Enqueue:
    """Wait for an agent; `leave_unstaffed`: report NO_AGENTS when nobody is logged in."""

    queue: str
    leave_unstaffed: bool


@dataclass(frozen=True, slots=True)
class Transfer:
    """Connect to an extension or, through a trunk group, to a number."""

    extension: str
    number: str
    group: str
    ring_s: float


@dataclass(frozen=True, slots=True)
class Farewell:
    """Play prompts (perhaps none) and hang up."""

    prompts: tuple[str, ...]
    cause: int


Step = Say | Listen | Enqueue | Transfer | Farewell


class Machine:
    """Interprets `flows`; `is_open(schedule)` tells whether business hours are open now."""

    def __init__(self, flows: Mapping[str, Flow], is_open: Callable[[str], bool]) -> None:
        self._flows = flows
        self._is_open = is_open

    def begin(self, position: Position, unread: str) -> Step:
        """Enter the flow at its start."""
        flow = self._flows.get(position.flow)
        return self._enter(position, flow.start if flow is not None else "", unread)

    def resume(self, position: Position, unread: str) -> Step:
        """Take a contact up again where it was: prompts are repeated, what was already collected stays."""
        node = self._node(position)
        if position.phase is Phase.DONE or node is None:
            return self._end(position)
        if isinstance(node, MenuNode | CollectNode):
            return self._ask(position, node, (), unread)
        return self._perform(position, node, unread)

    def prompt_over(self, position: Position, unread: str, heard: bool = True) -> Step:
        """The prompts have ended; `heard` is False when there was nothing to play."""
        if heard:
            position.visits = 0
        node = self._node(position)
        if isinstance(node, PlayNode):
            return self._enter(position, node.next, unread)
        if isinstance(node, MenuNode | CollectNode):
            return self._read(position, node, unread)
        return self._end(position)

    def digits(self, position: Position, unread: str) -> Step | None:
        """Digits are there. None: they wait (no barge-in, or nothing is asked)."""
        node = self._node(position)
        if not unread or position.phase not in (Phase.PROMPT, Phase.DIGITS):
            return None
        if position.phase is Phase.PROMPT and not _barge_in(node):
            return None
        position.visits = 0
        if isinstance(node, PlayNode):
            return self._enter(position, node.next, unread)
        if isinstance(node, MenuNode | CollectNode):
            return self._read(position, node, unread)
        return None

    def time_over(self, position: Position, unread: str) -> Step | None:
        """The time of `Listen` is over."""
        node = self._node(position)
        if position.phase is not Phase.DIGITS:
            return None
        position.visits = 0
        if isinstance(node, MenuNode):
            return self._again(position, node, node.no_input, node.on_timeout, unread)
        if isinstance(node, CollectNode):
            if len(position.collected) >= node.min:
                return self._collected(position, node, unread)
            return self._again(position, node, node.invalid, node.on_failed, unread)
        return None

    def outcome(self, position: Position, outcome: Outcome, unread: str) -> Step:
        """The queue or transfer of the present node ended without a conversation."""
        node = self._node(position)
        position.visits = 0
        if isinstance(node, QueueNode):
            ways = {Outcome.FULL: node.on_full, Outcome.NO_AGENTS: node.on_no_agents}
            return self._enter(position, ways.get(outcome) or node.on_timeout, unread)
        if isinstance(node, TransferNode):
            ways = {Outcome.NO_ANSWER: node.on_no_answer, Outcome.BUSY: node.on_busy}
            return self._enter(position, ways.get(outcome) or node.on_failed, unread)
        return self._end(position)

    # -- inside -------------------------------------------------------------------------------------------------------
    def _node(self, position: Position) -> NodeSection | None:
        flow = self._flows.get(position.flow)
        return flow.nodes.get(position.node) if flow is not None else None

    def _enter(self, position: Position, name: str, unread: str) -> Step:
        """Enter nodes until one of them has something to do that takes time."""
        while True:
            position.node, position.phase = name, Phase.PROMPT
            position.attempt, position.collected = 0, ""
            position.visits += 1
            node = self._node(position)
            if node is None:
                return self._end(position)
            if position.visits > VISIT_LIMIT:
                return self._end(position, cause=Cause.TEMPORARY_FAILURE)
            if isinstance(node, HoursNode):
                name = node.open if self._is_open(node.schedule) else node.closed
            elif isinstance(node, SetNode):
                for key, value in node.variables.items():
                    position.variables[key] = self._value(position, value)
                name = node.next
            elif isinstance(node, GotoNode):
                position.flow = node.flow
                flow = self._flows.get(node.flow)
                name = node.node or (flow.start if flow is not None else "")
            elif isinstance(node, PlayNode) and node.barge_in and unread:
                name = node.next
            else:
                return self._perform(position, node, unread)

    def _perform(self, position: Position, node: NodeSection, unread: str) -> Step:
        position.phase = Phase.PROMPT
        if isinstance(node, PlayNode):
            return Say(tuple(node.prompts), node.barge_in)
        if isinstance(node, MenuNode | CollectNode):
            return self._ask(position, node, (), unread)
        if isinstance(node, QueueNode):
            position.phase = Phase.AWAY
            return Enqueue(node.queue, bool(node.on_no_agents))
        if isinstance(node, TransferNode):
            position.phase = Phase.AWAY
            extension, number = self._value(position, node.extension), self._value(position, node.number)
            return Transfer(extension, number, node.group, node.ring_s)
        if isinstance(node, GoodbyeNode):
            position.phase = Phase.DONE
            return Farewell(tuple(node.prompts), node.cause)
        if isinstance(node, HangupNode):
            return self._end(position, cause=node.cause)
        return self._enter(position, position.node, unread)

    def _ask(self, position: Position, node: MenuNode | CollectNode, before: tuple[str, ...], unread: str) -> Step:
        if unread and node.barge_in:
            return self._read(position, node, unread)
        position.phase = Phase.PROMPT
        return Say((*before, *node.prompts), node.barge_in)

    def _read(self, position: Position, node: MenuNode | CollectNode, unread: str) -> Step:
        position.phase = Phase.DIGITS
        if isinstance(node, MenuNode):
            return self._choose(position, node, unread)
        for i, digit in enumerate(unread):
            position.used += 1
            if digit == node.terminator:
                return self._judge(position, node, unread[i + 1 :])
            position.collected += digit
            if len(position.collected) >= node.max:
                return self._judge(position, node, unread[i + 1 :])
        return Listen(node.inter_digit_s if position.collected else node.first_digit_s)

    def _choose(self, position: Position, node: MenuNode, unread: str) -> Step:
        if not unread:
            return Listen(node.timeout_s)
        position.used += 1
        if unread[0] in node.choices:
            return self._enter(position, node.choices[unread[0]], unread[1:])
        return self._again(position, node, node.invalid, node.on_invalid, unread[1:])

    def _judge(self, position: Position, node: CollectNode, unread: str) -> Step:
        if len(position.collected) >= node.min:
            return self._collected(position, node, unread)
        return self._again(position, node, node.invalid, node.on_failed, unread)

    def _collected(self, position: Position, node: CollectNode, unread: str) -> Step:
        position.variables[node.variable] = position.collected
        return self._enter(position, node.next, unread)

    def _again(
        self, position: Position, node: MenuNode | CollectNode, before: list[str], give_up: str, unread: str
    ) -> Step:
        """Repeat the node; what was typed ahead belonged to the wrong input and is thrown away."""
        position.used += len(unread)
        position.collected = ""
        position.attempt += 1
        if position.attempt > node.retries:
            return self._enter(position, give_up, "")
        return self._ask(position, node, tuple(before), "")

    def _value(self, position: Position, text: str) -> str:
        return position.variables.get(text[1:], "") if text.startswith("$") else text

    def _end(self, position: Position, cause: int = Cause.NORMAL_CLEARING) -> Farewell:
        position.phase = Phase.DONE
        return Farewell((), cause)


def _barge_in(node: NodeSection | None) -> bool:
    return isinstance(node, PlayNode | MenuNode | CollectNode) and node.barge_in
