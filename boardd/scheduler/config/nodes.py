"""The nodes of IVR flows as they are written in scheduler.yaml, one section per kind.

Where a node names another node, an empty name means: say nothing more and hang up (cause 16). A prompt is the name of a
sound file, an absolute path, or `$variable`, whose digits are spoken.
"""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

import msgspec

from boardd.config.schema import Section
from boardd.config.yamlfile import Node, Problem
from boardd.contract.text import _

MENU_KEYS = frozenset("0123456789*#ABCD")


class NodeKind(StrEnum):
    """What a node does."""

    PLAY = "play"
    MENU = "menu"
    COLLECT = "collect"
    HOURS = "hours"
    QUEUE = "queue"
    TRANSFER = "transfer"
    GOODBYE = "goodbye"
    HANGUP = "hangup"
    SET = "set"
    GOTO = "goto"


class NodeSection(Section):
    """Base of all nodes. `targets` are the keys that name another node of the same flow."""

    kind: NodeKind

    targets: ClassVar[tuple[str, ...]] = ()
    sounds: ClassVar[tuple[str, ...]] = ()


class PlayNode(NodeSection):
    """Play prompts, then go on. With `barge_in` a digit ends them and stays unread for the next node."""

    targets = ("next",)
    sounds = ("prompts",)

    prompts: list[str]
    next: str = ""
    barge_in: bool = False


class MenuNode(NodeSection):
    """One digit chooses. `retries` says how often the prompts are repeated after no or a wrong digit."""

    targets = ("on_timeout", "on_invalid")
    sounds = ("prompts", "no_input", "invalid")

    choices: dict[str, str]
    prompts: list[str] = []
    barge_in: bool = True
    timeout_s: float = 5.0
    retries: int = 2
    no_input: list[str] = []
    invalid: list[str] = msgspec.field(default_factory=lambda: ["invalid"])
    on_timeout: str = ""
    on_invalid: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """Keys must be single DTMF digits."""
        found = [
            node.problem(_("a menu key must be one of 0-9 * # A-D, not {key}").format(key=key))
            for key in self.choices
            if key not in MENU_KEYS
        ]
        if not self.choices:
            found.append(node.problem(_("a menu needs at least one choice")))
        return found + _counts(node, retries=(self.retries, 0, 20), timeout_s=(self.timeout_s, 0.1, 300))


class CollectNode(NodeSection):
    """Collect `min` to `max` digits into `variable`; `terminator` (may be empty) ends the input early."""

    targets = ("next", "on_failed")
    sounds = ("prompts", "invalid")

    variable: str
    prompts: list[str] = []
    min: int = 1
    max: int = 20
    terminator: str = "#"
    first_digit_s: float = 8.0
    inter_digit_s: float = 4.0
    barge_in: bool = True
    retries: int = 2
    invalid: list[str] = msgspec.field(default_factory=lambda: ["invalid"])
    next: str = ""
    on_failed: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """Lengths, terminator and variable name."""
        found = _counts(
            node,
            min=(self.min, 0, 64),
            max=(self.max, max(1, self.min), 64),
            retries=(self.retries, 0, 20),
            first_digit_s=(self.first_digit_s, 0.1, 300),
            inter_digit_s=(self.inter_digit_s, 0.1, 300),
        )
        if self.terminator and self.terminator not in MENU_KEYS:
            found.append(node.problem(_("terminator must be one of 0-9 * # A-D or empty")))
        if not self.variable.isidentifier():
            found.append(node.problem(_("{name} is not a variable name").format(name=self.variable)))
        return found


class HoursNode(NodeSection):
    """Go on by business hours."""

    targets = ("open", "closed")

    schedule: str
    open: str = ""
    closed: str = ""


class QueueNode(NodeSection):
    """Wait for an agent. Without its own `on_full` or `on_no_agents` the way of `on_timeout` is taken."""

    targets = ("on_timeout", "on_full", "on_no_agents")

    queue: str
    on_timeout: str = ""
    on_full: str = ""
    on_no_agents: str = ""
    """Nobody who serves the queue is logged in; empty: wait all the same."""


class TransferNode(NodeSection):
    """Connect to an `extension`, or to an outside `number` through trunk group `group`; both may be `$variable`."""

    targets = ("on_no_answer", "on_busy", "on_failed")

    extension: str = ""
    number: str = ""
    group: str = ""
    ring_s: float = 30.0
    on_no_answer: str = ""
    on_busy: str = ""
    on_failed: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """Exactly one destination."""
        found = _counts(node, ring_s=(self.ring_s, 1, 600))
        if bool(self.extension) == bool(self.number):
            found.append(node.problem(_("a transfer needs either an extension or a number")))
        if bool(self.number) != bool(self.group):
            found.append(node.problem(_("number and group go together")))
        return found


class GoodbyeNode(NodeSection):
    """Play prompts and hang up."""

    sounds = ("prompts",)

    prompts: list[str] = msgspec.field(default_factory=lambda: ["goodbye"])
    cause: int = 16

    def problems(self, node: Node) -> list[Problem]:
        """Cause range."""
        return _counts(node, cause=(self.cause, 1, 127))


class HangupNode(NodeSection):
    """Hang up at once."""

    cause: int = 16

    def problems(self, node: Node) -> list[Problem]:
        """Cause range."""
        return _counts(node, cause=(self.cause, 1, 127))


class SetNode(NodeSection):
    """Set variables; a value `$other` copies another variable. All variables end up in the contact's record."""

    targets = ("next",)

    variables: dict[str, str]
    next: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """Variable names."""
        bad = [name for name in self.variables if not name.isidentifier()]
        return [node.problem(_("{name} is not a variable name").format(name=name)) for name in bad]


class GotoNode(NodeSection):
    """Go on in another flow, at its start or at `node`."""

    flow: str
    node: str = ""


NODE_SECTIONS: dict[NodeKind, type[NodeSection]] = {
    NodeKind.PLAY: PlayNode,
    NodeKind.MENU: MenuNode,
    NodeKind.COLLECT: CollectNode,
    NodeKind.HOURS: HoursNode,
    NodeKind.QUEUE: QueueNode,
    NodeKind.TRANSFER: TransferNode,
    NodeKind.GOODBYE: GoodbyeNode,
    NodeKind.HANGUP: HangupNode,
    NodeKind.SET: SetNode,
    NodeKind.GOTO: GotoNode,
}


class Flow(Section):
    """A flow: where it starts and its nodes (decoded one by one, each by its kind)."""

    start: str
    nodes: dict[str, NodeSection]


def _counts(node: Node, **limits: tuple[float, float, float]) -> list[Problem]:
    found = []
    for key, (value, low, high) in limits.items():
        if not low <= value <= high:
            where = node.value[key] if isinstance(node.value, dict) and key in node.value else node
            found.append(where.problem(_("must be from {low} to {high}").format(low=f"{low:g}", high=f"{high:g}")))
    return found
