"""Faults: a registry of things that can break, filled by lines, cards and the main loop; now, or at random times."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from boardd.config.yamlfile import nearest_word
from boardd.contract.text import _
from hwsim.kernel.sim import Sim, Timer
from hwsim.scenario.fault_arguments import ARGUMENTS, NUMBERS, PLACELESS

SECONDS_PER_HOUR = 3600.0

Undo = Callable[[], None]
Inject = Callable[[str, Mapping[str, str]], Undo | None]


def meant(near: str) -> str:
    """The nearest word as a question; empty without one."""
    return _(" (did you mean {nearest}?)").format(nearest=near) if near else ""


def _is_number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


class FaultError(ValueError):
    """No such kind of fault, no such place, or an argument that makes no sense."""


@dataclass(slots=True)
class ActiveFault:
    """A fault that has begun; `undo` is None when it cannot be taken back."""

    number: int
    kind: str
    where: str
    undo: Undo | None


@dataclass
class AtRandom:
    """A fault that comes again and again, `per_hour` times on average, at one of `places` each time, until `end`.

    Times are those of a Poisson process, drawn from a stream of its own: other faults change nothing in them.
    """

    registry: FaultRegistry
    kind: str
    places: Sequence[str]
    args: Mapping[str, str]
    for_s: float | None
    per_hour: float
    until_s: float | None = None
    _timer: Timer | None = field(default=None, init=False)

    def begin(self) -> None:
        """Wait for the first one."""
        rng = self._rng
        when_s = self.registry.sim.now_us / 1e6 + rng.expovariate(self.per_hour / SECONDS_PER_HOUR)
        if self.until_s is None or when_s <= self.until_s:
            self._timer = self.registry.sim.at(round(when_s * 1e6), self._strike, rng.choice(self.places))

    def end(self) -> None:
        """No more of them; one that has begun goes on for its time."""
        if self._timer:
            self._timer.cancel()

    @property
    def _rng(self) -> Random:
        return self.registry.sim.rng(f"faults/{self.kind}/{'|'.join(self.places)}/{self.per_hour:g}")

    def _strike(self, where: str) -> None:
        self.registry.attempt(self.kind, where, self.args, self.for_s)
        self.begin()


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
                raise FaultError(_("there is no {where} for {kind}").format(where=where, kind=kind))
            return before(where, args)

        self._kinds[kind] = choose

    @property
    def kinds(self) -> list[str]:
        """All known kinds, sorted."""
        return sorted(self._kinds)

    def check(self, kind: str, args: Mapping[str, str] | None = None) -> None:
        """Raise FaultError when there is no such kind, or when it does not take these arguments."""
        if kind not in self._kinds:
            near = nearest_word(kind, self._kinds)
            raise FaultError(_("there is no fault {kind}").format(kind=kind) + meant(near))
        if args and kind in ARGUMENTS:
            known = ARGUMENTS[kind]
            for key in args:
                if key not in known:
                    what = (
                        _("{kind} has no argument {key}; it takes {words}") if known else _("{kind} takes no arguments")
                    )
                    raise FaultError(what.format(kind=kind, key=key, words=", ".join(known)))
                if key in NUMBERS and not _is_number(args[key]):
                    raise FaultError(_("{key} must be a number, not {word}").format(key=key, word=args[key]))

    def check_place(self, kind: str, where: str) -> None:
        """Raise FaultError when a place is missing."""
        if not where and kind not in PLACELESS:
            raise FaultError(_("{kind} needs a place (line, span, card, channel, function, process)").format(kind=kind))

    def inject(self, kind: str, where: str, args: Mapping[str, str] | None = None, for_s: float | None = None) -> int:
        """Begin a fault, for ever or for so long; the number by which it can be ended. Raises FaultError."""
        self.check(kind, args)
        self.check_place(kind, where)
        undo = self._kinds[kind](where, args or {})
        self._count += 1
        self.active[self._count] = ActiveFault(self._count, kind, where, undo)
        self.sim.truth.note("fault", fault=self._count, kind=kind, where=where, args=dict(args or {}))
        if for_s is not None and undo is not None:
            self.sim.later(for_s * 1000, self.end, self._count)
        return self._count

    def attempt(self, kind: str, where: str, args: Mapping[str, str], for_s: float | None = None) -> None:
        """`inject` for the timetable: what makes no sense at its time is noted as `fault_refused`."""
        try:
            self.inject(kind, where, args, for_s)
        except FaultError as error:
            self.sim.truth.note("fault_refused", kind=kind, where=where, why=str(error))

    def inject_at_random(self, fault: AtRandom) -> int:
        """Let a fault come at random times; the number by which that can be ended. Raises FaultError."""
        self.check(fault.kind, fault.args)
        if fault.per_hour <= 0:
            raise FaultError(_("per_hour must be more than 0"))
        self._count += 1
        where = "|".join(fault.places)
        self.active[self._count] = ActiveFault(self._count, fault.kind, where, fault.end)
        facts = {"kind": fault.kind, "where": where, "args": dict(fault.args), "per_hour": fault.per_hour}
        self.sim.truth.note("fault_at_random", fault=self._count, **facts)
        fault.begin()
        return self._count

    def end(self, number: int) -> None:
        """Take a fault back. Raises FaultError when there never was one of this number, or when that is impossible;
        nothing happens when it is over already."""
        fault = self.active.get(number)
        if not 1 <= number <= self._count:
            raise FaultError(_("there is no fault number {number}").format(number=number))
        if fault is None:
            return
        if fault.undo is None:
            raise FaultError(_("fault {number} ({kind}) cannot be taken back").format(number=number, kind=fault.kind))
        del self.active[number]
        fault.undo()
        self.sim.truth.note("fault_over", fault=number, kind=fault.kind, where=fault.where)
