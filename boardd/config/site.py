"""boardd.yaml: what this machine has and how its lines are used. `load_site` is the only way in.

Everything has a default except the domains. Keys carry their units. A commented example for installers is
config/boardd.yaml; the demo's is config/demo/boardd.yaml. Both are loaded by the tests.
"""

from __future__ import annotations

import fnmatch
import os
import re
from enum import StrEnum
from pathlib import Path

import msgspec

from boardd.config.schema import Section, decode
from boardd.config.yamlfile import ConfigProblemsError, Node, Problem, load_tree, nearest_word
from boardd.contract.capabilities import ChannelKind
from boardd.contract.ids import valid_name
from boardd.contract.objects import Channel
from boardd.contract.states import Direction
from boardd.contract.text import _

DEFAULT_PATH = Path("/etc/boardd/boardd.yaml")


class Unattended(StrEnum):
    """What the host does with a new offer while no controller holds the group."""

    RING = "ring"
    ANSWER_HOLD = "answer_hold"
    FALLBACK_STATION = "fallback_station"
    REJECT = "reject"
    BUSY_OUT = "busy_out"


class Paths(Section):
    """Directories. Relative paths are taken from the directory of the configuration file."""

    runtime_dir: Path = Path("/run/boardd")
    state_dir: Path = Path("/var/lib/boardd")
    recordings_dir: Path = Path("/var/lib/boardd/recordings")


class Rights(Section):
    """Unix groups: who may read, who may control calls, who may reset boards. root and boardd's own user always may."""

    read: list[str] = msgspec.field(default_factory=lambda: ["boardd"])
    control: list[str] = msgspec.field(default_factory=lambda: ["boardd"])
    admin: list[str] = msgspec.field(default_factory=lambda: ["boardd-admin"])
    socket_group: str = ""


class Deadlines(Section):
    """How long one library call may take, by class."""

    command_ms: int = 2_000
    file_ms: int = 10_000
    start_stop_ms: int = 120_000


class DomainSection(Section):
    """One switching domain = one host process = one maker's library."""

    driver: str
    settings: dict[str, str] = {}
    environment: dict[str, str] = {}
    interpreter: str = ""
    deadlines: Deadlines = msgspec.field(default_factory=Deadlines)
    crash_budget: int = 5
    crash_window_s: int = 300


class BoardSection(Section):
    """Binds a board name to a card's serial number (as `boardctl scan` shows it); `domain`: whose library has it."""

    serial: str
    name: str
    domain: str = ""

    def problems(self, node: Node) -> list[Problem]:
        """Names must be usable in ids."""
        return [] if valid_name(self.name) else [node.problem(_("board name {n} is not valid").format(n=self.name))]


class GroupSection(Section):
    """A channel group: a trunk group or the stations. `channels`: ids or patterns (`e1a/1/*`, `kind:fxs`)."""

    channels: list[str]
    direction: Direction = Direction.BOTH
    unattended: Unattended = Unattended.RING
    unattended_media: str = ""
    fallback_station: str = ""
    alert_within_ms: int = 1_500
    caller_id_wait_ms: int = 6_000
    caller_id_rings: int = 2
    """An exchange line that has rung so often is answered without a number; 3 where the carrier repeats a bad one."""
    max_call_s: int = 14_400
    releasing_limit_s: int = 120
    dial_attempts: int = 3


class ChannelSection(Section):
    """What is special about one channel."""

    label: str = ""
    extension: str = ""
    direction: Direction | None = None
    always_off_hook: bool = False


class NumberPattern(Section):
    """A number that a station may dial: complete as soon as `match` (regular expression) matches everything dialled."""

    match: str

    def problems(self, node: Node) -> list[Problem]:
        """The expression must compile."""
        try:
            re.compile(self.match)
        except re.error as error:
            return [node.problem(_("not a regular expression: {error}").format(error=error))]
        return []


class StationSection(Section):
    """How telephones on FXS ports are treated."""

    numbers: list[NumberPattern] = []
    first_digit_s: float = 20.0
    inter_digit_s: float = 4.0
    busy_tone_s: float = 40.0
    ring_race_ms: int = 500
    off_hook_alarm_s: int = 600


class SchedulerSection(Section):
    """Where the scheduler's own configuration is."""

    config: Path = Path("scheduler.yaml")
    enabled: bool = True


class Site(Section):
    """The whole file."""

    domains: dict[str, DomainSection]
    paths: Paths = msgspec.field(default_factory=Paths)
    rights: Rights = msgspec.field(default_factory=Rights)
    boards: list[BoardSection] = []
    groups: dict[str, GroupSection] = {}
    channels: dict[str, ChannelSection] = {}
    station: StationSection = msgspec.field(default_factory=StationSection)
    scheduler: SchedulerSection = msgspec.field(default_factory=SchedulerSection)

    def problems(self, node: Node) -> list[Problem]:
        """Names, references, double bindings."""
        found = [node.problem(_("{n} is not a valid name").format(n=n)) for n in self.domains if not valid_name(n)]
        found += [node.problem(_("{n} is not a valid name").format(n=n)) for n in self.groups if not valid_name(n)]
        for what, values in (("serial", [b.serial for b in self.boards]), ("name", [b.name for b in self.boards])):
            for value in sorted({v for v in values if values.count(v) > 1}):
                found.append(node.problem(_("two boards have the {what} {value}").format(what=what, value=value)))
        for board in self.boards:
            if board.domain and board.domain not in self.domains:
                what = _("board {name}: there is no domain {domain}").format(name=board.name, domain=board.domain)
                found.append(node.problem(what, nearest_word(board.domain, self.domains)))
        extensions = [c.extension for c in self.channels.values() if c.extension]
        for value in sorted({e for e in extensions if extensions.count(e) > 1}):
            found.append(node.problem(_("two channels have the extension {value}").format(value=value)))
        for name, group in self.groups.items():
            if group.unattended is Unattended.FALLBACK_STATION and group.fallback_station not in extensions:
                hint = nearest_word(group.fallback_station, extensions)
                what = _("group {name}: no channel has the extension {value}")
                found.append(node.problem(what.format(name=name, value=group.fallback_station), hint))
        return found

    # -- helpers used by host and daemon ------------------------------------------------------------------------------
    def channel(self, channel_id: str) -> ChannelSection:
        """The channel's own settings, or defaults."""
        return self.channels.get(channel_id, ChannelSection())

    def group_of(self, channel: Channel) -> str:
        """The first group whose patterns match the channel; `trunks`/`stations`/`taps` by kind when none does."""
        for name, group in self.groups.items():
            if any(matches(pattern, channel) for pattern in group.channels):
                return name
        return {ChannelKind.FXS: "stations", ChannelKind.TAP: "taps"}.get(channel.kind, "trunks")

    def group(self, name: str) -> GroupSection:
        """The group's settings, or defaults."""
        return self.groups.get(name, GroupSection(channels=[]))

    def board_names(self, domain: str) -> dict[str, str]:
        """Serial number -> name of the boards that may be this domain's."""
        return {board.serial: board.name for board in self.boards if board.domain in ("", domain)}

    def boards_elsewhere(self, domain: str) -> frozenset[str]:
        """Serial numbers of those that may as well be another's: their section names none, and there are several."""
        anybodys = frozenset(board.serial for board in self.boards if not board.domain)
        return anybodys if set(self.domains) - {domain} else frozenset()

    @property
    def host_socket(self) -> Path:
        """Where hosts dial in."""
        return self.paths.runtime_dir / "host.sock"

    @property
    def board_socket(self) -> Path:
        """Where clients of the daemon connect."""
        return self.paths.runtime_dir / "boardd.sock"

    @property
    def scheduler_socket(self) -> Path:
        """Where clients of the scheduler connect."""
        return self.paths.runtime_dir / "scheduler.sock"


def matches(pattern: str, channel: Channel) -> bool:
    """Whether a group pattern names the channel: an id, a glob over ids, or `kind:fxs`."""
    if pattern.startswith("kind:"):
        return pattern[5:] == channel.kind
    return fnmatch.fnmatchcase(channel.id, pattern)


def load_site(path: Path) -> Site:
    """Read and check boardd.yaml. Raises ConfigProblemsError naming every problem."""
    tree = load_tree(path, _(" (another file: --config FILE)"))
    site = decode(tree, Site)
    base = path.resolve().parent
    site.paths.runtime_dir = base / _expand(site.paths.runtime_dir)
    site.paths.state_dir = base / _expand(site.paths.state_dir)
    site.paths.recordings_dir = base / _expand(site.paths.recordings_dir)
    site.scheduler.config = base / _expand(site.scheduler.config)
    for domain in site.domains.values():
        domain.settings = {k: os.path.expandvars(v) for k, v in domain.settings.items()}
    return site


def _expand(path: Path) -> Path:
    return Path(os.path.expandvars(path)).expanduser()


__all__ = ["ConfigProblemsError", "Site", "load_site"]
