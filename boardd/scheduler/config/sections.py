"""The sections of scheduler.yaml other than flows. Every default of the scheduler is here; keys carry their units."""

from __future__ import annotations

import fnmatch
from enum import StrEnum
from pathlib import Path

import msgspec

from boardd.config.schema import Section
from boardd.config.yamlfile import Node, Problem
from boardd.contract.text import _
from boardd.scheduler.config.nodes import Flow
from boardd.scheduler.hours import HoursSection, zone_of
from boardd.scheduler.prompts import FOLDER

DEFAULT_PROMPTS = FOLDER
ALL_AGENTS = "*"


class PromptsSection(Section):
    """Sound files: `folder`/`language`/name.wav, then `folder`/common, then the same in the shipped folder."""

    folder: Path = DEFAULT_PROMPTS
    language: str = "zh_CN"


class RouteSection(Section):
    """Which flow an offered call starts. `group` and `called` are patterns (`*`, `5718*`); the first match wins."""

    flow: str
    group: str = "*"
    called: str = "*"

    def fits(self, group: str, called: str) -> bool:
        """Whether the route is for a call to `called` in channel group `group`."""
        return fnmatch.fnmatchcase(group, self.group) and fnmatch.fnmatchcase(called, self.called)


class AfterAgent(StrEnum):
    """What the caller gets when the agent hangs up first."""

    GOODBYE = "goodbye"
    RELEASE = "release"


class QueueSection(Section):
    """A queue. `agents`: numbers, or `*` for everybody. Callers are served strictly in the order in which they came."""

    agents: list[str]
    ring_s: float = 15.0
    wrap_up_s: float = 10.0
    max_wait_s: float = 300.0
    """0: no limit."""
    max_waiting: int = 0
    """0: no limit."""
    welcome: list[str] = msgspec.field(default_factory=lambda: ["queue_wait"])
    music: str = "music"
    announce_every_s: float = 0.0
    """How often the waiting caller is told how many are before him; 0: never."""
    announce_agent: bool = True
    """Tell the caller the agent's number before they talk (报工号); the agent does not hear it."""
    after_agent: AfterAgent = AfterAgent.GOODBYE
    no_answer_reason: str = "no_answer"
    """Reason with which an agent who did not answer becomes not ready."""


class AgentSection(Section):
    """An agent. With `station` (an extension) the agent always works there and need not name it to log in."""

    name: str = ""
    station: str = ""


class OutsideSection(Section):
    """Numbers beginning with `prefix` go out through trunk group `group`, without the prefix when `strip`."""

    prefix: str
    group: str
    strip: bool = True
    caller: str = ""
    """Calling number to send; empty: the line's own."""
    early_media: bool = True
    """Let the station hear the line while the call is being set up; else it gets ring-back tone."""
    answer_timeout_s: float = 90.0


class FeatureCodes(Section):
    """What a station dials. After `login` comes the agent's number and #; after `not_ready` a reason digit may come."""

    login: str = "*11"
    logout: str = "*12"
    ready: str = "*13"
    not_ready: str = "*14"
    reasons: dict[str, str] = {}
    """Digit after the not-ready code -> reason, for example "1": break."""

    def codes(self) -> dict[str, str]:
        """Code -> action."""
        return {
            code: action for action in ("login", "logout", "ready", "not_ready") if (code := str(getattr(self, action)))
        }

    def problems(self, node: Node) -> list[Problem]:
        """No code may be the beginning of another."""
        codes = [c for c in (self.login, self.logout, self.ready, self.not_ready) if c]
        return [
            node.problem(_("{a} is the beginning of another code").format(a=a))
            for i, a in enumerate(codes)
            if any(other.startswith(a) for j, other in enumerate(codes) if j != i)
        ]


class StationsSection(Section):
    """How calls that stations make are handled."""

    groups: list[str] = msgspec.field(default_factory=lambda: ["stations"])
    """Channel groups whose calls come from our own telephones."""
    outside: list[OutsideSection] = []
    ring_s: float = 45.0


class Policy(StrEnum):
    """Which contacts are recorded."""

    ALL = "all"
    QUEUES = "queues"
    NONE = "none"


class RecordingSection(Section):
    """Which conversations are recorded. `queues` overrides the policy for single queues."""

    policy: Policy = Policy.ALL
    internal: bool = False
    """Whether calls between stations are recorded as well."""
    queues: dict[str, bool] = {}
    min_free_mb: int = 1024
    """With less free space no recording is started; calls go on."""
    settle_s: float = 1.0
    """Pause between the end of a contact and its finishing, for cards that write late."""


class TreatmentSection(Section):
    """What the host does with unbridged calls while the scheduler is away."""

    media: str = "hold"
    max_s: int = 120
    cause: int = 41


class SchedulerSections(Section):
    """scheduler.yaml without its flows."""

    routes: list[RouteSection]
    queues: dict[str, QueueSection] = {}
    agents: dict[str, AgentSection] = {}
    hours: dict[str, HoursSection] = {}
    timezone: str = "Asia/Shanghai"
    prompts: PromptsSection = msgspec.field(default_factory=PromptsSection)
    stations: StationsSection = msgspec.field(default_factory=StationsSection)
    feature_codes: FeatureCodes = msgspec.field(default_factory=FeatureCodes)
    recording: RecordingSection = msgspec.field(default_factory=RecordingSection)
    treatment: TreatmentSection = msgspec.field(default_factory=TreatmentSection)
    login_ready: bool = False
    """Whether agents are ready as soon as they have logged in."""
    lost_call_s: float = 60.0
    """A call that a connected host does not know, and of which no fact came for so long, is taken as ended."""

    def problems(self, node: Node) -> list[Problem]:
        """The time zone must exist on this machine."""
        if zone_of(self.timezone) is None:
            where = node.value["timezone"] if isinstance(node.value, dict) and "timezone" in node.value else node
            return [where.problem(_("time zone {name} is not known here").format(name=self.timezone))]
        return []


class SchedulerConfig(msgspec.Struct, kw_only=True, frozen=True):
    """The whole, checked configuration."""

    sections: SchedulerSections
    flows: dict[str, Flow]

    def route(self, group: str, called: str) -> str:
        """The flow for an offered call, or empty."""
        return next((r.flow for r in self.sections.routes if r.fits(group, called)), "")

    def serves(self, agent: str, queue: str) -> bool:
        """Whether the agent belongs to the queue."""
        members = self.sections.queues[queue].agents if queue in self.sections.queues else []
        return agent in members or ALL_AGENTS in members
