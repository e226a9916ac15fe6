"""Callers as they arrive: fixed times or a Poisson process, each with a number, somebody to call, a script, a key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from hwsim.exchange.numbering import NumberRange
from hwsim.kernel.sim import Sim
from hwsim.people.person import Person
from hwsim.people.process import Acts
from hwsim.people.steps import Errand
from hwsim.scenario.population import Population
from hwsim.scenario.schema import CallersSection

SECONDS_PER_HOUR = 3600.0


def pick(rng: Random, mix: Mapping[str, float]) -> str:
    """One word of a mix, by weight; the empty word of an empty mix."""
    return rng.choices(list(mix), list(mix.values()))[0] if mix else ""


class CallerStream:
    """One stream of callers; `drained()` is called when the last of them has gone."""

    def __init__(self, sim: Sim, people: Population, section: CallersSection, drained: Callable[[], None]) -> None:
        self.sim = sim
        self.people = people
        self.section = section
        self.arrived = 0
        self.present = 0
        self.done = False
        self._drained = drained
        self._rng = sim.rng(f"callers/{section.name}")
        self._numbers = NumberRange.parse(section.numbers)
        self._fixed = sorted(section.at_s)

    def start(self) -> None:
        """Schedule the first arrival."""
        self._schedule(self.section.from_s)

    def _schedule(self, after_s: float) -> None:
        count = self.section.count
        when_s = self._next(after_s)
        until_s = self.section.until_s
        if (
            when_s is None
            or (count is not None and self.arrived >= count)
            or (until_s is not None and when_s > until_s)
        ):
            self.done = True
            self._check_drained()
            return
        self.sim.at(round(when_s * 1_000_000), self._arrive, when_s)

    def _next(self, after_s: float) -> float | None:
        if self.section.at_s:
            return self._fixed[self.arrived] if self.arrived < len(self._fixed) else None
        return after_s + self._rng.expovariate(self.section.per_hour / SECONDS_PER_HOUR)

    def _arrive(self, when_s: float) -> None:
        self.arrived += 1
        section, rng = self.section, self._rng
        errand = Errand(pick(rng, section.called), pick(rng, section.choices))
        behaviour = self.people.behaviours[pick(rng, section.scripts)]
        number = self._free_number(rng.randrange(self._numbers.size))
        withheld = section.withheld > 0 and rng.random() < section.withheld
        name = f"{section.name}/{self.arrived}"
        if number is None or not self.people.parties.left:
            self.sim.truth.note("caller_lost", person=name, why="all numbers are in use")
        else:

            def acts(person: Person) -> Acts:
                person.note("caller_begin", stream=section.name, caller=number, called=errand.called)
                return behaviour.acts(person, errand)

            self.present += 1
            self.people.caller(name, number, acts, self._gone, withheld=withheld)
        self._schedule(when_s)

    def _free_number(self, start: int) -> str | None:
        for index in range(min(self._numbers.size, len(self.people.visitors) + 1)):
            number = self._numbers.at(start + index)
            if self.people.absent(number):
                return number
        return None

    def _gone(self, _person: Person) -> None:
        self.present -= 1
        self._check_drained()

    def _check_drained(self) -> None:
        if self.done and self.present == 0:
            self._drained()
