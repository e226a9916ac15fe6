"""The people of a scenario: those at stations for good, and callers and called parties who come and go."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from boardd.config.yamlfile import ConfigProblemsError
from boardd.contract.text import _
from hwsim.exchange.exchange import Exchange
from hwsim.exchange.numbering import NumberRange
from hwsim.exchange.release import Holding
from hwsim.exchange.subscriber_line import SubscriberLine, SubscriberState
from hwsim.kernel.sim import Sim
from hwsim.people.agent import AgentHabits, working_day
from hwsim.people.behaviour import Behaviour
from hwsim.people.parties import PartyNumbers
from hwsim.people.person import Person
from hwsim.people.process import Acts, Until
from hwsim.people.station import StationSet
from hwsim.people.steps import Errand
from hwsim.people.subscriber import SubscriberSet
from hwsim.people.voice_file import VoiceFiles
from hwsim.scenario.built_in import built_in
from hwsim.scenario.draws import parse_draw
from hwsim.scenario.file import Scenario
from hwsim.scenario.names import kind_of
from hwsim.scenario.schema import AgentSection, PersonSection, SubscriberSection
from hwsim.scenario.script_words import behaviour_of
from hwsim.scenario.site import Machine


class Population:
    """Everybody. `stations` by person's name, `visitors` are the people on subscriber lines at present."""

    def __init__(self, sim: Sim, exchange: Exchange, scenario: Scenario, files: VoiceFiles | None) -> None:
        self.sim = sim
        self.exchange = exchange
        self.scenario = scenario
        self.files = files
        self.parties = PartyNumbers()
        self.stations: dict[str, Person] = {}
        self.visitors: dict[str, Person] = {}
        self.behaviours: dict[str, Behaviour] = dict(built_in())
        self.behaviours |= {
            name: behaviour_of(name, section, scenario.folder) for name, section in scenario.file.scripts.items()
        }
        self._sections: dict[str, PersonSection] = {}
        self._visits = 0

    # -- at stations ------------------------------------------------------------------------------------------------
    def settle(self, machine: Machine) -> None:
        """Put the people of the file at their telephones. Raises ConfigProblemsError."""
        problems = []
        lines = machine.analog_lines
        taken = set(self.exchange.lines)
        for index, section in self._everybody(machine):
            node = self.scenario.at("people", index, "line")
            if section.line not in lines:
                problems.append(node.problem(_("there is no analogue line {line}").format(line=section.line)))
            elif section.line in taken:
                problems.append(node.problem(_("{line} is taken already").format(line=section.line)))
            else:
                taken.add(section.line)
                handset = StationSet(lines[section.line])
                self.stations[section.name] = Person(self.sim, section.name, self.parties.person(), handset, self.files)
                self._sections[section.name] = section
        if problems:
            raise ConfigProblemsError(problems)

    def _everybody(self, machine: Machine) -> Iterator[tuple[int, PersonSection]]:
        """The people of the file with their place in it; those of `kind:fxs` one by one."""
        for index, section in enumerate(self.scenario.file.people):
            kind = kind_of(section.line)
            if kind is None:
                yield index, section
                continue
            for number, line in enumerate(machine.of_kind(kind)):
                station = f"{int(section.station) + number:0{len(section.station)}d}" if section.station else ""
                name = f"{section.name}{number + 1}"
                yield index, msgspec.structs.replace(section, name=name, line=line, station=station)

    def start(self) -> None:
        """Let everybody begin what the file says."""
        for name, person in self.stations.items():
            section = self._sections[name]
            self.sim.truth.note("person", person=name, party=person.party, line=section.line, station=section.station)
            if section.agent or section.script:
                self.sim.later(section.at_s * 1000, self.resume, name)

    def resume(self, name: str) -> None:
        """Let somebody at a station do what the file says, from the beginning."""
        section, person = self._sections[name], self.stations[name]
        if section.agent:
            person.run(working_day(person, habits_of(self.scenario.file.agents[section.agent], section)))
        elif section.script:
            errand = Errand(section.called, section.choice)
            person.run(self.behaviours[section.script].acts(person, errand))

    def at_station(self, name: str) -> Person | None:
        """The person called `name`, or at the station or line called so."""
        if name in self.stations:
            return self.stations[name]
        for person_name, section in self._sections.items():
            if name in (section.station, section.line):
                return self.stations[person_name]
        return None

    # -- who come and go --------------------------------------------------------------------------------------------
    def subscribe(self, section: SubscriberSection) -> None:
        """Make the numbers of other people known; they appear when they are called, and leave afterwards."""
        numbers = NumberRange.parse(section.numbers)
        if section.state is not SubscriberState.NORMAL:
            self.exchange.add_refusal(numbers, section.state, section.announced)
            return
        behaviour = self.behaviours[section.script] if section.script else None

        def make(number: str) -> SubscriberLine | None:
            if not self.parties.left:
                return None
            subscriber = self.exchange.add_subscriber(number)
            subscriber.calls_end = Holding(section.release, section.reanswer_s * 1000)
            if section.tune:
                subscriber.give_tune()
            person = self._visitor(f"called/{number}/{self._visits + 1}", subscriber, self.parties.take())
            acts = behaviour.acts(person, Errand()) if behaviour else _let_ring(person)
            person.when_rung = lambda: person.run(acts, lambda _: self._leave(person))
            return subscriber

        self.exchange.add_on_demand(numbers, make)

    def caller(
        self,
        name: str,
        number: str,
        acts: Callable[[Person], Acts],
        gone: Callable[[Person], None] | None = None,
        shown: str = "",
        withheld: bool = False,
    ) -> Person:
        """Somebody with a telephone of their own acts from now on and leaves afterwards; `gone` is told then.

        `shown` is the name that caller ID has room for; `withheld`: the number is not shown to those who are called.

        Raises NoPartyError when more people are on the telephone than chirps can tell apart.
        """
        party = self.parties.take()
        subscriber = self.exchange.add_subscriber(number)
        subscriber.display_name = shown
        subscriber.withheld = withheld
        person = self._visitor(name, subscriber, party)

        def finished(_completed: bool) -> None:
            self._leave(person)
            if gone:
                gone(person)

        person.run(acts(person), finished)
        return person

    def absent(self, number: str) -> bool:
        """Whether nobody uses `number` at present."""
        return self.exchange.numbering.canonical(number) not in self.exchange.subscribers

    def _visitor(self, name: str, subscriber: SubscriberLine, party: int) -> Person:
        self._visits += 1
        person = Person(self.sim, name, party, SubscriberSet(subscriber), self.files)
        self.visitors[name] = person
        return person

    def _leave(self, person: Person) -> None:
        # Not at once: the exchange may be in the middle of telling this very line something.
        self.sim.later(0, self._remove, person)

    def _remove(self, person: Person) -> None:
        if self.visitors.pop(person.name, None):
            person.hang_up()
            self.exchange.remove_subscriber(person.handset.line)
            self.parties.release(person.party)


def _let_ring(person: Person) -> Acts:
    """Nobody is at home."""
    yield Until(lambda: not person.handset.ringing)


def habits_of(section: AgentSection, person: PersonSection) -> AgentHabits:
    """The habits that a section describes, with the person's own log-in digits."""
    return AgentHabits(
        log_in=person.log_in or section.log_in,
        log_in_at=parse_draw(section.log_in_at_s),
        log_in_hold=parse_draw(section.log_in_hold_s),
        log_out=section.log_out,
        log_out_at=parse_draw(section.log_out_at_s) if section.log_out_at_s else None,
        answer=parse_draw(section.answer_s),
        ignore_ring=section.ignore_ring,
        talk=parse_draw(section.talk_s),
        reaction=parse_draw(section.reaction_s),
        headset=section.headset,
    )
