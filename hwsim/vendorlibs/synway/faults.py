"""Fault knobs of the simulated library, turned by the control side while it runs.

Each knob models something seen with real drivers or named in sections 16 and 18 of the fact sheet; each notes itself in
the truth log (`fault`) when set and again when it strikes (`fault_struck`). Knobs that need a channel or a card are on
`library.SynwayLibrary`; process kill and abort belong to the control side, which owns the processes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, Any

from hwsim.kernel.sim import Sim

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.events import Notice

GARBAGE = bytes((0xFE, 0x01, 0xC8, 0xA5, 0x80, 0xFF, 0x25, 0x6E, 0x0A, 0xE4)) * 6
"""What a corrupted text buffer holds: bytes that are neither ASCII nor valid GBK or UTF-8, with a percent sign."""


@dataclass
class Rule:
    """One knob that waits for calls or events: it strikes the next `left` ones, or (None) each with `chance`."""

    action: str
    left: int | None = 1
    chance: float = 1.0
    value: int | None = None
    """ms of a block (None: for ever) or of a delay, the odd return value, the signal of a crash."""

    def strikes(self, rng: Random) -> bool:
        """Whether this call or event is struck."""
        if self.left is not None:
            if self.left <= 0:
                return False
            self.left -= 1
            return True
        return rng.random() < self.chance

    @property
    def facts(self) -> dict[str, Any]:
        """How it strikes, for the truth log."""
        return {"times": self.left} if self.left is not None else {"chance": self.chance}


@dataclass
class _EventRule:
    rule: Rule
    code: int
    ref: int | None


@dataclass
class Faults:
    """The knobs of one machine; they stay set over a restart of the library until they are spent or taken back."""

    sim: Sim
    _calls: dict[str, list[Rule]] = field(default_factory=dict)
    _rules: list[_EventRule] = field(default_factory=list)
    _held: list[Notice] = field(default_factory=list)
    pickup_delay_ms: dict[int, int] = field(default_factory=dict)
    lost_hangups: set[int] = field(default_factory=set)
    collisions: set[int] = field(default_factory=set)
    licence_expired: bool = False
    late_events: list[Notice] = field(default_factory=list)

    def _note(self, fault: str, **fields: Any) -> None:
        self.sim.truth.note("fault", vendor="synway", fault=fault, **fields)

    def _struck(self, fault: str, **fields: Any) -> None:
        self.sim.truth.note("fault_struck", vendor="synway", fault=fault, **fields)

    # -- calls --------------------------------------------------------------------------------------------------------
    def strike_calls(self, function: str, rule: Rule) -> Callable[[], None]:
        """Let `rule` strike calls of `function`; what takes it back. Its `action` is one of

        block (takes `value` ms longer, None: never returns: a stuck driver), crash (the process gets signal `value`),
        odd_return (works but returns `value`: section 16, "SsmSetKB returned odd values"), garbage (texts are random
        bytes: an unset buffer or a foreign code page).
        """
        self._note(rule.action, function=function, value=rule.value, **rule.facts)
        rules = self._calls.setdefault(function, [])
        rules.append(rule)
        return lambda: rules.remove(rule) if rule in rules else None

    def take(self, action: str, function: str) -> Rule | None:
        """The rule that strikes this call of `function`, if any."""
        for rule in self._calls.get(function, ()):
            if rule.action == action and rule.strikes(self.sim.rng(f"synway/fault/{action}/{function}")):
                self._struck(action, function=function, value=rule.value)
                return rule
        return None

    def expire_licence(self, expired: bool = True) -> None:
        """The dongle's licence ran out (or is back): commands that use the card's DSP answer error 6, calls stay up."""
        self._note("licence", expired=expired)
        self.licence_expired = expired

    # -- events -------------------------------------------------------------------------------------------------------
    def strike_events(self, code: int, rule: Rule, ref: int | None = None) -> Callable[[], None]:
        """Let `rule` strike events of `code` (of one reference, or of any); what takes it back. Its `action` is one of

        lose (it never arrives), double (it arrives twice), delay (it arrives `value` ms late, after whatever happens
        meanwhile), reorder (it arrives after the event that follows it on the same reference).
        """
        self._note(f"{rule.action}_event", code=code, ref=ref, value=rule.value, **rule.facts)
        mine = _EventRule(rule, code, ref)
        self._rules.append(mine)
        return lambda: self._rules.remove(mine) if mine in self._rules else None

    def shape(self, notice: Notice) -> list[tuple[int, Notice]]:
        """What becomes of an event: a list of (delay in ms, event)."""
        rule = self._rule_for(notice)
        if rule is None:
            return [(0, notice), *self._release(notice.ref)]
        self._struck(f"{rule.action}_event", code=notice.code, ref=notice.ref)
        if rule.action == "lose":
            return []
        if rule.action == "double":
            return [(0, notice), (0, replace(notice)), *self._release(notice.ref)]
        if rule.action == "delay":
            return [(rule.value or 0, notice)]
        self._held.append(notice)
        return []

    def _rule_for(self, notice: Notice) -> Rule | None:
        for mine in self._rules:
            if mine.code != notice.code or mine.ref not in (None, notice.ref):
                continue
            if mine.rule.strikes(self.sim.rng(f"synway/fault/{mine.rule.action}/{mine.code:#x}")):
                return mine.rule
        return None

    def _release(self, ref: int) -> list[tuple[int, Notice]]:
        ready = [(0, notice) for notice in self._held if notice.ref == ref]
        self._held = [notice for notice in self._held if notice.ref != ref]
        return ready

    # -- channels -----------------------------------------------------------------------------------------------------
    def delay_pickup(self, channel: int, ms: int) -> None:
        """The next off-hook of a trunk channel happens `ms` late: a slow relay, or a late task."""
        self._note("delay_pickup", channel=channel, ms=ms)
        self.pickup_delay_ms[channel] = ms

    def lose_hangup(self, channel: int) -> None:
        """The next far-end release on the channel is not noticed: the call stays up until the application ends it."""
        self._note("lose_hangup", channel=channel)
        self.lost_hangups.add(channel)

    def collide(self, channel: int) -> None:
        """The next dial on the channel meets a seizure from the far end (call collision)."""
        self._note("collide", channel=channel)
        self.collisions.add(channel)

    def take_pickup_delay(self, channel: int) -> int:
        """Extra ms before this off-hook."""
        ms = self.pickup_delay_ms.pop(channel, 0)
        if ms:
            self._struck("delay_pickup", channel=channel, ms=ms)
        return ms

    def take_lost_hangup(self, channel: int) -> bool:
        """Whether this far-end release goes unnoticed."""
        if channel not in self.lost_hangups:
            return False
        self.lost_hangups.remove(channel)
        self._struck("lose_hangup", channel=channel)
        return True

    def take_collision(self, channel: int) -> bool:
        """Whether this dial collides."""
        if channel not in self.collisions:
            return False
        self.collisions.remove(channel)
        self._struck("collide", channel=channel)
        return True

    def clear(self) -> None:
        """Turn every knob back; events held for reordering are lost."""
        self._note("clear")
        for store in (self._calls, self._rules, self._held, self.pickup_delay_ms):
            store.clear()
        self.lost_hangups.clear()
        self.collisions.clear()
        self.licence_expired = False
