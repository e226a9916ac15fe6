"""How a caller or called party behaves: a script, what a busy tone makes them do, and how it all ended."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from enum import StrEnum

from hwsim.people.draw import Draw
from hwsim.people.person import Person
from hwsim.people.process import Acts, Pause, Until, Wait
from hwsim.people.steps import Errand, GaveUpError, Steps


class Outcome(StrEnum):
    """How a script ended."""

    COMPLETED = "completed"
    CLEARED = "cleared"
    """A busy tone or its like was heard."""
    GAVE_UP = "gave_up"
    TOO_LONG = "too_long"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """A script and its frame. The receiver is put down at the end in any case."""

    name: str
    steps: Steps
    hang_up_when_cleared: bool = True
    reaction: Draw = field(default_factory=lambda: Draw.uniform(0.3, 1.5))
    """From hearing the busy tone to putting the receiver down."""
    longest: Draw = field(default_factory=lambda: Draw.fixed(1800))
    """After this time the person hangs up whatever happens."""

    def acts(self, person: Person, errand: Errand) -> Acts:
        """The whole behaviour as a process; notes `script_begin` and `script_end` with the outcome."""
        person.note("script_begin", script=self.name, called=errand.called, choice=errand.choice, party=person.party)
        deadline_us = person.sim.now_us + round(self.longest.milliseconds(person.rng) * 1000)
        outcome = yield from _watched(person, self._script(person, errand), self.hang_up_when_cleared, deadline_us)
        if outcome is Outcome.CLEARED:
            yield Pause(self.reaction.milliseconds(person.rng))
        if person.handset.off_hook:
            person.hang_up()
        person.note("script_end", script=self.name, outcome=str(outcome))

    def _script(self, person: Person, errand: Errand) -> Acts:
        for step in self.steps:
            yield from step.run(person, errand)


def _watched(person: Person, acts: Acts, stop_when_cleared: bool, deadline_us: int) -> Generator[Wait, bool, Outcome]:
    """Run `acts`, but end it as soon as a clearing tone is heard or the deadline has come."""

    def cleared() -> bool:
        return stop_when_cleared and person.hears_clear()

    answer: bool | None = None
    try:
        while True:
            wait = next(acts) if answer is None else acts.send(answer)
            left_ms = (deadline_us - person.sim.now_us) / 1000
            if isinstance(wait, Pause):
                yield Until(cleared, min(wait.ms, left_ms))
                answer = True
            else:
                timeout_ms = left_ms if wait.timeout_ms is None else min(wait.timeout_ms, left_ms)
                check = wait.check
                yield Until(lambda check=check: check() or cleared(), timeout_ms)  # type: ignore[misc]
                answer = check()
            if cleared():
                return Outcome.CLEARED
            if person.sim.now_us >= deadline_us:
                return Outcome.TOO_LONG
    except StopIteration:
        return Outcome.COMPLETED
    except GaveUpError:
        return Outcome.GAVE_UP
    finally:
        acts.close()
