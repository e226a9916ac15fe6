"""Fault knobs of the simulated library, turned by the control side while it runs.

Each knob models something seen with real drivers or named in sections 16 and 18 of the fact sheet; each notes itself in
the truth log (`fault`) when set and again when it strikes (`fault_struck`). Knobs that need a channel or a card are on
`library.SynwayLibrary`; process kill and abort belong to the control side, which owns the processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hwsim.kernel.sim import Sim

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.events import Notice

GARBAGE = bytes((0xFE, 0x01, 0xC8, 0xA5, 0x80, 0xFF, 0x25, 0x6E, 0x0A, 0xE4)) * 6
"""What a corrupted text buffer holds: bytes that are neither ASCII nor valid GBK or UTF-8, with a percent sign."""


@dataclass
class _EventRule:
    action: str
    code: int
    ref: int | None
    left: int
    delay_ms: int = 0


@dataclass
class Faults:
    """The knobs of one machine; they stay set over a restart of the library until they are spent or cleared."""

    sim: Sim
    _blocked: dict[str, list[int | None]] = field(default_factory=dict)
    _odd: dict[str, list[int]] = field(default_factory=dict)
    _garbage: dict[str, int] = field(default_factory=dict)
    _rules: list[_EventRule] = field(default_factory=list)
    _held: list[tuple[_EventRule, Notice]] = field(default_factory=list)
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
    def block(self, function: str, ms: int | None = None, times: int = 1) -> None:
        """The next `times` calls of `function` take `ms` longer, or (None) never return: a stuck driver."""
        self._note("block", function=function, ms=ms, times=times)
        self._blocked.setdefault(function, []).extend([ms] * times)

    def odd_return(self, function: str, value: int, times: int = 1) -> None:
        """The next `times` calls of `function` work but return `value`: section 16, "SsmSetKB returned odd values"."""
        self._note("odd_return", function=function, value=value, times=times)
        self._odd.setdefault(function, []).extend([value] * times)

    def garbage(self, function: str, times: int = 1) -> None:
        """The next `times` texts from `function` are random bytes: an unset buffer or a foreign code page."""
        self._note("garbage", function=function, times=times)
        self._garbage[function] = self._garbage.get(function, 0) + times

    def expire_licence(self, expired: bool = True) -> None:
        """The dongle's licence ran out (or is back): commands that use the card's DSP answer error 6, calls stay up."""
        self._note("licence", expired=expired)
        self.licence_expired = expired

    def take_block(self, function: str) -> tuple[bool, int | None]:
        """Whether this call is to be held, and for how long (None: for ever)."""
        waiting = self._blocked.get(function)
        if not waiting:
            return False, None
        ms = waiting.pop(0)
        self._struck("block", function=function, ms=ms)
        return True, ms

    def take_odd(self, function: str) -> int | None:
        """The odd result of this call, or None."""
        waiting = self._odd.get(function)
        if not waiting:
            return None
        value = waiting.pop(0)
        self._struck("odd_return", function=function, value=value)
        return value

    def take_garbage(self, function: str) -> bool:
        """Whether the text of this call is to be garbage."""
        if self._garbage.get(function, 0) <= 0:
            return False
        self._garbage[function] -= 1
        self._struck("garbage", function=function)
        return True

    # -- events -------------------------------------------------------------------------------------------------------
    def lose_event(self, code: int, ref: int | None = None, times: int = 1) -> None:
        """The next `times` events of `code` (of one reference, or of any) never arrive."""
        self._add("lose", code, ref, times)

    def double_event(self, code: int, ref: int | None = None, times: int = 1) -> None:
        """The next `times` events of `code` arrive twice."""
        self._add("double", code, ref, times)

    def delay_event(self, code: int, ms: int, ref: int | None = None, times: int = 1) -> None:
        """The next `times` events of `code` arrive `ms` late, after whatever happens meanwhile."""
        self._add("delay", code, ref, times, ms)

    def reorder_event(self, code: int, ref: int | None = None, times: int = 1) -> None:
        """The next `times` events of `code` each arrive after the event that follows them on the same reference."""
        self._add("reorder", code, ref, times)

    def _add(self, action: str, code: int, ref: int | None, times: int, delay_ms: int = 0) -> None:
        self._note(f"{action}_event", code=code, ref=ref, times=times, delay_ms=delay_ms)
        self._rules.append(_EventRule(action, code, ref, times, delay_ms))

    def shape(self, notice: Notice) -> list[tuple[int, Notice]]:
        """What becomes of an event: a list of (delay in ms, event)."""
        rule = self._rule_for(notice)
        if rule is None:
            return [(0, notice), *self._release(notice.ref)]
        rule.left -= 1
        self._struck(f"{rule.action}_event", code=notice.code, ref=notice.ref)
        if rule.action == "lose":
            return []
        if rule.action == "double":
            return [(0, notice), (0, replace(notice)), *self._release(notice.ref)]
        if rule.action == "delay":
            return [(rule.delay_ms, notice)]
        self._held.append((rule, notice))
        return []

    def _rule_for(self, notice: Notice) -> _EventRule | None:
        for rule in self._rules:
            if rule.left > 0 and rule.code == notice.code and rule.ref in (None, notice.ref):
                return rule
        return None

    def _release(self, ref: int) -> list[tuple[int, Notice]]:
        ready = [(0, notice) for _, notice in self._held if notice.ref == ref]
        self._held = [(rule, notice) for rule, notice in self._held if notice.ref != ref]
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
        for store in (self._blocked, self._odd, self._garbage, self._rules, self._held, self.pickup_delay_ms):
            store.clear()
        self.lost_hangups.clear()
        self.collisions.clear()
        self.licence_expired = False
