"""What a scenario file may say: the simulated exchange, the people, the callers, the faults and the end.

Read by the house's strict loader (boardd.config): scalars stay text until a field asks for a number, unknown keys are
refused with the nearest word, and every problem names file, line and key. Times whose key ends in `_s` and that are
text here may be distributions (hwsim.scenario.draws).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

import msgspec

from boardd.config.schema import Section
from boardd.config.yamlfile import Node, Problem, nearest_word
from boardd.contract.text import _
from hwsim.exchange.exchange import ServiceShown
from hwsim.exchange.hunt import HuntOrder
from hwsim.exchange.numbering import NumberForm, NumberRange
from hwsim.exchange.release import ReleaseRule
from hwsim.exchange.ringer import CallerIdForm
from hwsim.exchange.subscriber_line import SubscriberState
from hwsim.exchange.tones import PLANS, ToneKind
from hwsim.exchange.trunk_circuit import InbandFailure, Screening
from hwsim.line.feed import FEEDS
from hwsim.people.steps import Otherwise, Sound
from hwsim.scenario.draws import parse_draw
from hwsim.scenario.names import kind_of
from hwsim.scenario.script_words import Do, wrong_fields

MAX_AGENT_PARTY = 99
BUILT_IN = ("answering_machine", "fax", "fax_calls")
"""Scripts that need not be written: hwsim.scenario.built_in."""
LINE_LEVELS = (
    ("loss_db", -20, 60),
    ("noise_dbm0", -90, 0),
    ("echo_db", 0, 60),
    ("echo_ms", 0, 500),
    ("caller_id_dbm0", -60, 3),
    ("seizure_reversal_ms", 0, 5000),
)


def _check(section: Section, node: Node, parse: Callable[[str], object], *keys: str) -> list[Problem]:
    """Problems of those of `keys` that `parse` refuses."""
    found: list[Problem] = []
    for key in keys:
        value = getattr(section, key)
        texts = [value] if isinstance(value, str) else list(value or ())
        for text in texts:
            try:
                if text:
                    parse(text)
            except ValueError as error:
                found.append(child(node, key).problem(str(error)))
    return found


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(_("must be a date and time, such as 2024-03-01 09:00, not {text}").format(text=text)) from None


def child(node: Node, key: str) -> Node:
    """The node of `key`, or `node` itself where the file does not give it."""
    return node.value.get(key, node) if isinstance(node.value, dict) else node


class ToneSection(Section):
    """A tone that deviates from the plan; `cadence_ms` is on, off, on, off ...; none: continuous."""

    hz: float = 450.0
    level_dbm0: float = -10.0
    cadence_ms: list[int] = []


class TimersSection(Section):
    """Exchange timers in seconds; what is left out is as in hwsim.exchange.timers."""

    no_dial_s: float = 20.0
    inter_digit_s: float = 10.0
    overlap_s: float = 15.0
    no_answer_s: float = 60.0
    no_answer_national_s: float = 90.0
    no_answer_international_s: float = 120.0
    setup_s: float = 20.0
    routing_s: float = 0.4
    busy_tone_s: float = 40.0
    howler_s: float = 60.0
    span_hold_s: float = 5.0


class AnnouncementSection(Section):
    """Speech instead of a tone for one release cause."""

    cause: int
    speech_s: float = 5.0
    then_tone: bool = True


class LineSection(Section):
    """How analogue lines are set up by the carrier."""

    caller_id: CallerIdForm = CallerIdForm.FSK
    dtmf_start: str = "D"
    dtmf_stop: str = "C"
    bad_checksum_first: bool = False
    ring_on_ms: int = 1000
    ring_off_ms: int = 4000
    reversal: bool = False
    dial_tone_delay_ms: int = 300
    dial_tone: bool = True
    on_hook_ms: int = 500
    clear_delay_s: float = 0.0
    busy_tone: bool = True
    reanswer_s: float = 0.0
    release: ReleaseRule = ReleaseRule.FIRST
    tone_plan: str = ""
    tones: dict[str, ToneSection] = {}
    feed: str = "exchange"
    loss_db: float = 0.0
    noise_dbm0: float | None = None
    echo_db: float | None = None
    echo_ms: float = 4.0
    caller_id_dbm0: float = -13.5
    caller_id_absent: str = ""
    seizure_reversal_ms: int = 0

    def problems(self, node: Node) -> list[Problem]:
        """Unknown tones, tone plan or feed, and levels that no line has."""
        found = _unknown_tones(self.tones, child(node, "tones"))
        for key, words in (("tone_plan", ("", *PLANS)), ("feed", tuple(FEEDS)), ("caller_id_absent", ("", "O", "P"))):
            if getattr(self, key) not in words:
                found.append(
                    child(node, key).problem(
                        _("must be one of {words}").format(words=", ".join(word for word in words if word))
                    )
                )
        for key, least, most in LINE_LEVELS:
            value = getattr(self, key)
            if value is not None and not least <= value <= most:
                found.append(child(node, key).problem(_("must be {least} to {most}").format(least=least, most=most)))
        return found


class GroupSection(Section):
    """A hunt group: analogue lines (`1/0`, `1/0-7`) or E1 circuits (`0/1/*`, `0/1/1-15`) under some numbers.

    `kind:fxo` and `kind:e1` mean all of the machine; a group whose kind the machine does not have is left out.
    """

    name: str
    numbers: list[str] = []
    lines: list[str] = []
    circuits: list[str] = []
    order: HuntOrder = HuntOrder.SEQUENTIAL
    line_numbers: list[str] = []
    line: LineSection = msgspec.field(default_factory=LineSection)
    digits_sent: int = 0
    caller_number: str = ""
    caller_form: NumberForm = NumberForm.SHORTEST
    screening: Screening = Screening.REPLACE
    overlap: bool = False
    digit_gap_s: float = 0.2
    inband_failure_s: float = 0.0
    inband_failure: InbandFailure = InbandFailure.PROGRESS

    def problems(self, node: Node) -> list[Problem]:
        """Bad ranges, and a group without members or with both kinds."""
        found = _check(self, node, NumberRange.parse, "numbers", "line_numbers")
        found += _check(self, node, kind_of, "lines", "circuits")
        if bool(self.lines) == bool(self.circuits):
            found.append(node.problem(_("a group has either lines or circuits")))
        return found


class SubscriberSection(Section):
    """Numbers of other people; `script` is what they do when they are called (none: it rings unanswered).

    `tune`: callers hear music instead of ring-back. `reanswer_s`: put down, they may lift again within this time.
    """

    numbers: str
    state: SubscriberState = SubscriberState.NORMAL
    script: str = ""
    tune: bool = False
    reanswer_s: float = 0.0
    release: ReleaseRule = ReleaseRule.FIRST
    announced: bool = False

    def problems(self, node: Node) -> list[Problem]:
        """Bad ranges; what only those who ring, or only those who do not, can have."""
        found = _check(self, node, NumberRange.parse, "numbers")
        rings = self.state is SubscriberState.NORMAL
        for key in ("announced",) if rings else ("script", "tune", "reanswer_s"):
            if getattr(self, key):
                text = _("only those who cannot be reached") if rings else _("only those who ring (state: normal)")
                found.append(child(node, key).problem(text))
        return found


class ServiceNumberSection(Section):
    """A number such as 400… or 95… that leads to another one; `shown` is what the called site gets to see."""

    number: str
    leads_to: str
    shown: ServiceShown = ServiceShown.REAL

    def problems(self, node: Node) -> list[Problem]:
        """What are no numbers."""
        found = _check(self, node, NumberRange.parse, "number", "leads_to")
        for key in ("number", "leads_to"):
            if "-" in getattr(self, key):
                found.append(child(node, key).problem(_("must be one number")))
        return found


class ExchangeSection(Section):
    """The public exchange. `start` is the site's local time at simulated time zero."""

    area_code: str = "0571"
    local_digits: int = 8
    start: str = "2024-03-01 09:00"
    tone_plan: str = "china"
    tones: dict[str, ToneSection] = {}
    timers: TimersSection = msgspec.field(default_factory=TimersSection)
    announcements: list[AnnouncementSection] = []
    groups: list[GroupSection] = []
    subscribers: list[SubscriberSection] = []
    service_numbers: list[ServiceNumberSection] = []
    local_mobiles: list[str] = []

    def problems(self, node: Node) -> list[Problem]:
        """Unknown plan or tones, a bad date."""
        found = _unknown_tones(self.tones, child(node, "tones"))
        for index, mobile in enumerate(self.local_mobiles):
            if not re.fullmatch(r"1[3-9]\d{1,9}", mobile):
                where = child(node, "local_mobiles")
                where = where.value[index] if isinstance(where.value, list) else where
                found.append(where.problem(_("must be how mobile numbers begin, such as 1380571")))
        if self.tone_plan not in PLANS:
            found.append(child(node, "tone_plan").problem(_("must be one of {words}").format(words=", ".join(PLANS))))
        return found + _check(self, node, _moment, "start")


class StepSection(Section):
    """One step of a script; which further keys it takes depends on `do`."""

    do: Do
    s: str = ""
    sound: Sound | None = None
    timeout_s: str = ""
    otherwise: Otherwise | None = None
    number: str = ""
    digits: str = ""
    when: Sound | None = None
    after_s: str = ""
    file: Path | None = None
    ms: float | None = None
    greets: bool = True
    hz: float = 1000.0
    dbm0: float = -13.0
    cadence_ms: list[int] = []
    silence_s: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """Keys that the step does not take or lacks, and bad times."""
        given = set(node.value) - {"do"} if isinstance(node.value, dict) else set()
        found = [child(node, key).problem(what) for key, what in wrong_fields(self.do, given)]
        for key, least, most in (("hz", 200, 3400), ("dbm0", -60, 3)):
            if not least <= getattr(self, key) <= most:
                found.append(child(node, key).problem(_("must be {least} to {most}").format(least=least, most=most)))
        if any(ms <= 0 for ms in self.cadence_ms) or len(self.cadence_ms) % 2:
            found.append(child(node, "cadence_ms").problem(_("must be pairs of on and off, each more than 0")))
        return found + _check(self, node, parse_draw, "s", "timeout_s", "after_s", "silence_s")


class ScriptSection(Section):
    """What callers or called parties do, step by step."""

    steps: list[StepSection]
    hang_up_when_cleared: bool = True
    reaction_s: str = "uniform 0.3..1.5"
    longest_s: str = "1800"

    def problems(self, node: Node) -> list[Problem]:
        """Bad times."""
        return _check(self, node, parse_draw, "reaction_s", "longest_s")


class AgentSection(Section):
    """Agents' habits: hwsim.people.agent.AgentHabits."""

    log_in: str = ""
    log_in_at_s: str = "uniform 1..5"
    log_in_hold_s: str = "3"
    log_out: str = ""
    log_out_at_s: str = ""
    answer_s: str = "uniform 1.5..5"
    ignore_ring: float = 0.0
    talk_s: str = "exponential 60 max 600"
    reaction_s: str = "uniform 0.3..1.5"
    headset: bool = False

    def problems(self, node: Node) -> list[Problem]:
        """Bad times and probabilities."""
        found = _check(
            self, node, parse_draw, "log_in_at_s", "log_in_hold_s", "log_out_at_s", "answer_s", "talk_s", "reaction_s"
        )
        if not 0 <= self.ignore_ring <= 1:
            found.append(child(node, "ignore_ring").problem(_("a probability is between 0 and 1")))
        return found


class PersonSection(Section):
    """Somebody at a station: an agent (`agent` names habits) or the actor of a script, from `at_s` on.

    With `line: kind:fxs` there is one at each telephone port: names get a number, `station` counts upwards.
    """

    name: str
    line: str
    station: str = ""
    agent: str = ""
    script: str = ""
    at_s: float = 0.0
    log_in: str = ""
    """This agent's own log-in digits, instead of the habits'."""
    called: str = ""
    choice: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """Both roles at once, an unknown kind of line, and station numbers that cannot count."""
        found = _check(self, node, kind_of, "line")
        if self.agent and self.script:
            found.append(node.problem(_("a person is either an agent or follows a script")))
        if self.line.startswith("kind:") and self.station and not self.station.isdigit():
            found.append(child(node, "station").problem(_("must be a number to count upwards from")))
        return found


class CallersSection(Section):
    """A stream of callers: `count` of them, at fixed times or at random with `per_hour` on average.

    `called`, `scripts` and `choices` are mixes: word -> weight.
    """

    name: str
    called: dict[str, float]
    scripts: dict[str, float]
    numbers: str = "13800000000-13899999999"
    choices: dict[str, float] = {}
    withheld: float = 0.0
    count: int | None = None
    per_hour: float = 0.0
    at_s: list[float] = []
    from_s: float = 0.0
    until_s: float | None = None

    def problems(self, node: Node) -> list[Problem]:
        """Bad ranges and mixes, and arrivals that are neither fixed nor random."""
        found = _check(self, node, NumberRange.parse, "numbers")
        for key in ("called", "scripts", "choices"):
            weights = getattr(self, key).values()
            if weights and (min(weights) < 0 or sum(weights) <= 0):
                found.append(child(node, key).problem(_("weights are not negative and not all zero")))
        if not 0 <= self.withheld <= 1:
            found.append(child(node, "withheld").problem(_("a probability is between 0 and 1")))
        for key in ("called", "scripts"):
            if not getattr(self, key):
                found.append(child(node, key).problem(_("names nothing")))
        if bool(self.at_s) == bool(self.per_hour):
            found.append(node.problem(_("give either at_s (fixed times) or per_hour (random arrivals)")))
        if self.per_hour and self.count is None and self.until_s is None:
            found.append(node.problem(_("random arrivals need count or until_s")))
        return found


class FaultSection(Section):
    """Something that breaks at `at_s`, or `per_hour` times at random between `from_s` and `until_s`.

    `what` is a word of the fault registry, `where` a line, span or card.
    """

    what: str
    where: str = ""
    at_s: float | None = None
    per_hour: float = 0.0
    from_s: float = 0.0
    until_s: float | None = None
    for_s: float | None = None
    args: dict[str, str] = {}

    def problems(self, node: Node) -> list[Problem]:
        """Neither or both kinds of time, times that cannot be."""
        found = []
        if (self.at_s is None) == (not self.per_hour):
            found.append(node.problem(_("give either at_s (when) or per_hour (at random)")))
        if self.at_s is not None and (self.from_s or self.until_s is not None):
            found.append(node.problem(_("from_s and until_s belong to per_hour")))
        for key in ("at_s", "per_hour", "from_s", "until_s", "for_s"):
            if (getattr(self, key) or 0) < 0:
                found.append(child(node, key).problem(_("must not be negative")))
        return found


class EndSection(Section):
    """When the simulation ends: after so long, or so long after the last caller has hung up."""

    after_s: float | None = None
    idle_s: float | None = None


class ScenarioFile(Section):
    """A whole scenario file without its `machine` part."""

    site: str = ""
    exchange: ExchangeSection = msgspec.field(default_factory=ExchangeSection)
    scripts: dict[str, ScriptSection] = {}
    agents: dict[str, AgentSection] = {}
    people: list[PersonSection] = []
    callers: list[CallersSection] = []
    faults: list[FaultSection] = []
    end: EndSection = msgspec.field(default_factory=EndSection)

    def problems(self, node: Node) -> list[Problem]:
        """Names that nothing bears, and people with the same name."""
        found: list[Problem] = []
        scripts = (*self.scripts, *BUILT_IN)
        for index, person in enumerate(self.people):
            here = _item(node, "people", index)
            found += _known(here, "agent", [person.agent], tuple(self.agents))
            found += _known(here, "script", [person.script], scripts)
            if any(other.name == person.name for other in self.people[:index]):
                found.append(child(here, "name").problem(_("two people have this name")))
        if len(self.people) > MAX_AGENT_PARTY:
            found.append(child(node, "people").problem(_("at most {most} people").format(most=MAX_AGENT_PARTY)))
        for index, callers in enumerate(self.callers):
            found += _known(_item(node, "callers", index), "scripts", list(callers.scripts), scripts)
        for index, subscriber in enumerate(self.exchange.subscribers):
            here = _item(child(node, "exchange"), "subscribers", index)
            found += _known(here, "script", [subscriber.script], scripts)
        return found


def _known(node: Node, key: str, names: list[str], known: Collection[str]) -> list[Problem]:
    where = child(node, key)
    return [
        where.problem(_("there is no {name}").format(name=name), nearest_word(name, known))
        for name in names
        if name and name not in known
    ]


def _item(node: Node, key: str, index: int) -> Node:
    items = child(node, key).value
    return items[index] if isinstance(items, list) else node


def _unknown_tones(tones: dict[str, ToneSection], node: Node) -> list[Problem]:
    words = [str(kind) for kind in ToneKind]
    return [
        child(node, name).problem(_("unknown tone"), nearest_word(name, words)) for name in tones if name not in words
    ]
