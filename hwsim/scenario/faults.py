"""Faults: a registry of things that can break, filled by lines, cards and the main loop, and a timetable of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boardd.config.yamlfile import nearest_word
from hwsim.kernel.sim import Sim

Undo = Callable[[], None]
Inject = Callable[[str, Mapping[str, str]], Undo | None]


class FaultError(ValueError):
    """No such kind of fault, no such place, or an argument that makes no sense."""


@dataclass(slots=True)
class ActiveFault:
    """A fault that has begun; `undo` is None when it cannot be taken back."""

    number: int
    kind: str
    where: str
    undo: Undo | None


class FaultRegistry:
    """Kinds of fault by name. Noted in the truth log: `fault` when it begins, `fault_over` when it is taken back."""

    def __init__(self, sim: Sim) -> None:
        self.sim = sim
        self.active: dict[int, ActiveFault] = {}
        self._kinds: dict[str, Inject] = {}
        self._count = 0

    def register(self, kind: str, inject: Inject) -> None:
        """Make a kind known. `inject(where, args)` starts it and returns how to take it back; it raises FaultError."""
        self._kinds[kind] = inject

    def extend(self, kind: str, mine: Callable[[str], bool], inject: Inject) -> None:
        """Let `inject` have a kind where `mine(where)` is true; other places stay with whoever had the kind before."""
        before = self._kinds.get(kind)

        def choose(where: str, args: Mapping[str, str]) -> Undo | None:
            if mine(where):
                return inject(where, args)
            if before is None:
                raise FaultError(f"there is no {where} for {kind}")
            return before(where, args)

        self._kinds[kind] = choose

    @property
    def kinds(self) -> list[str]:
        """All known kinds, sorted."""
        return sorted(self._kinds)

    def check(self, kind: str) -> None:
        """Raise FaultError when there is no such kind."""
        if kind not in self._kinds:
            near = nearest_word(kind, self._kinds)
            raise FaultError(f"there is no fault {kind}" + (f" (did you mean {near}?)" if near else ""))

    def inject(self, kind: str, where: str, args: Mapping[str, str] | None = None, for_s: float | None = None) -> int:
        """Begin a fault, for ever or for so long; the number by which it can be ended. Raises FaultError."""
        self.check(kind)
        undo = self._kinds[kind](where, args or {})
        self._count += 1
        self.active[self._count] = ActiveFault(self._count, kind, where, undo)
        self.sim.truth.note("fault", fault=self._count, kind=kind, where=where, args=dict(args or {}))
        if for_s is not None and undo is not None:
            self.sim.later(for_s * 1000, self.end, self._count)
        return self._count

    def end(self, number: int) -> None:
        """Take a fault back. Raises FaultError when that is impossible; nothing happens when it is over already."""
        fault = self.active.get(number)
        if fault is None:
            return
        if fault.undo is None:
            raise FaultError(f"fault {number} ({fault.kind}) cannot be taken back")
        del self.active[number]
        fault.undo()
        self.sim.truth.note("fault_over", fault=number, kind=fault.kind, where=fault.where)
