"""The world outside the cards: the exchange, everybody at a telephone, what breaks when, and when it all ends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

from boardd.config.yamlfile import ConfigProblemsError, Node, Problem
from boardd.contract.text import _
from hwsim.kernel.sim import Sim
from hwsim.people.behaviour import Behaviour
from hwsim.people.draw import Draw
from hwsim.people.person import Person
from hwsim.people.process import Acts
from hwsim.people.steps import Dial, Errand, Otherwise, Sound, Speak, WaitFor
from hwsim.people.voice_file import VoiceFiles
from hwsim.scenario.arrivals import CallerStream
from hwsim.scenario.fault_arguments import LINES, LINES_AND_CIRCUITS, SPANS
from hwsim.scenario.faults import AtRandom, FaultError, FaultRegistry
from hwsim.scenario.file import Scenario
from hwsim.scenario.line_faults import LineFaults
from hwsim.scenario.names import expand, kind_of
from hwsim.scenario.population import Population
from hwsim.scenario.schema import FaultSection
from hwsim.scenario.site import Machine, build_exchange
from hwsim.scenario.summary import CallerSummary, summarise

DIAL_BY_HAND = Behaviour(
    "by_hand",
    (
        Dial(),
        WaitFor(Sound.ANSWER, Draw.fixed(90), Otherwise.HANG_UP),
        Speak(Draw.fixed(600)),
    ),
)


class World:
    """Built from a scenario on a machine's lines and spans. Register card faults in `faults` before `start`.

    `voices` is an existing folder for truth recordings; without it nothing is recorded. Raises ConfigProblemsError when
    the scenario names lines that the machine does not have.
    """

    def __init__(self, sim: Sim, machine: Machine, scenario: Scenario, voices: Path | None = None) -> None:
        self.sim = sim
        self.machine = machine
        self.scenario = scenario
        self.files = VoiceFiles(voices) if voices else None
        self.exchange = build_exchange(sim, machine, scenario)
        self.people = Population(sim, self.exchange, scenario, self.files)
        for section in scenario.file.exchange.subscribers:
            self.people.subscribe(section)
        self.people.settle(machine)
        self.faults = FaultRegistry(sim)
        LineFaults(self.exchange, machine.analog_lines, machine.spans).register(self.faults)
        self.streams = [CallerStream(sim, self.people, section, self._drained) for section in scenario.file.callers]
        self.finished = False
        self._on_finished: list[Callable[[], None]] = []
        self._by_hand = 0

    def check(self, planned: Collection[str] = ()) -> None:
        """Raise ConfigProblemsError for faults that nobody has registered and that are not `planned` either."""
        problems = []
        for index, fault in enumerate(self.scenario.file.faults):
            if fault.what in planned:
                continue
            try:
                self.faults.check(fault.what)
            except FaultError as error:
                problems.append(self.scenario.at("faults", index, "what").problem(str(error)))
                continue
            try:
                self.faults.check(fault.what, fault.args)
            except FaultError as error:
                problems.append(self.scenario.at("faults", index, "args").problem(str(error)))
            problems += self._wrong_places(fault, self.scenario.at("faults", index, "where"))
        if problems:
            raise ConfigProblemsError(problems)

    def _wrong_places(self, fault: FaultSection, node: Node) -> list[Problem]:
        """Places that the machine does not have, as far as that can be known before."""
        try:
            self.faults.check_place(fault.what, fault.where)
            places = self.places(fault.where) if fault.per_hour else [fault.where]
        except FaultError as error:
            return [node.problem(str(error))]
        known: list[str] = []
        if fault.what in LINES | LINES_AND_CIRCUITS:
            known += self.machine.analog_lines
        if fault.what in LINES_AND_CIRCUITS:
            known += self.exchange.circuits
        if fault.what in SPANS:
            known += self.machine.spans
        wrong = [place for place in places if known and place not in known]
        return [node.problem(_("there is no {name}").format(name=place)) for place in wrong]

    def start(self) -> None:
        """Begin everything the scenario says. Raises ConfigProblemsError as `check` does."""
        self.check()
        self.sim.truth.note("world_begin", site=self.scenario.file.site, seed=self.sim.seed)
        self.people.start()
        for stream in self.streams:
            stream.start()
        for fault in self.scenario.file.faults:
            when_s = fault.from_s if fault.at_s is None else fault.at_s
            if when_s:
                self.sim.later(when_s * 1000, self._break, fault)
            else:
                self._break(fault)  # it is so before any program starts
        if self.scenario.file.end.after_s is not None:
            self.sim.later(self.scenario.file.end.after_s * 1000, self.finish)

    def on_finished(self, callback: Callable[[], None]) -> None:
        """Call `callback()` when the scenario's end has come."""
        self._on_finished.append(callback)

    def finish(self) -> None:
        """The scenario is over (the simulation may go on)."""
        if not self.finished:
            self.finished = True
            self.sim.truth.note("world_end")
            for callback in self._on_finished:
                callback()

    def close(self) -> None:
        """Complete the truth recordings."""
        if self.files:
            self.files.close()

    def callers(self) -> list[CallerSummary]:
        """What became of every caller so far."""
        return summarise(self.sim.truth.facts)

    def dial(self, caller: str, called: str, script: str = "", choice: str = "", shown: str = "") -> str:
        """Make a subscriber call now; the person's name. `shown`: the caller's name as caller ID shows it.

        Raises FaultError when number or script do not fit.
        """
        if script and script not in self.people.behaviours:
            raise FaultError(_("there is no script {script}").format(script=script))
        if not self.people.absent(caller):
            raise FaultError(_("{caller} is in use").format(caller=caller))
        if not self.people.parties.left:
            raise FaultError(_("too many people are on the telephone"))
        behaviour = self.people.behaviours[script] if script else DIAL_BY_HAND
        self._by_hand += 1
        name = f"by_hand/{self._by_hand}"
        errand = Errand(called, choice)

        def acts(person: Person) -> Acts:
            person.note("caller_begin", stream="by_hand", caller=caller, called=called)
            return behaviour.acts(person, errand)

        self.people.caller(name, caller, acts, shown=shown)
        return name

    def _break(self, fault: FaultSection) -> None:
        if fault.at_s is not None:
            self.faults.attempt(fault.what, fault.where, fault.args, fault.for_s)
            return
        places = self.places(fault.where)
        self.faults.inject_at_random(
            AtRandom(self.faults, fault.what, places, fault.args, fault.for_s, fault.per_hour, fault.until_s)
        )

    def places(self, where: str) -> list[str]:
        """The places that alternatives mean: `ana/1|ana/3`, `ana/1-8`, `e1a/1/*`, `kind:fxo`, or any word as it is.

        Raises FaultError for a kind that there is not.
        """
        known = [*self.machine.analog_lines, *self.machine.spans, *self.exchange.circuits]
        found: list[str] = []
        for word in where.split("|"):
            try:
                kind = kind_of(word)
            except ValueError as error:
                raise FaultError(str(error)) from error
            try:
                found += self.machine.of_kind(kind) if kind else expand(word, known)
            except ValueError:
                found.append(word)
        return found

    def _drained(self) -> None:
        idle_s = self.scenario.file.end.idle_s
        if idle_s is not None and all(stream.done and stream.present == 0 for stream in self.streams):
            self.sim.later(idle_s * 1000, self.finish)
