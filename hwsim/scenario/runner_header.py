"""What a scenario file says about being run unattended: `needs`, `expect` and `run`.

A scenario without these keys is only a world. `needs` names what the simulator and boardd must be able to do; `expect`
is a list of checks on what was recorded; `run` says by what it is run and changes the generated configuration
(`runner_config`), or tells the peer at the edge what to do (`runner_peer`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from boardd.config.schema import Section, decode
from boardd.config.yamlfile import ConfigProblemsError, Node, Problem, nearest_word
from boardd.contract.text import _
from hwsim.scenario.runner_config import SiteChanges
from hwsim.scenario.runner_peer import PeerSection

CAPABILITIES: Mapping[str, str] = {
    "synway": "the simulated Synway library and the driver for it",
    "analog": "exchange lines, telephones, taps",
    "e1_alarms": "alarms of E1s",
    "fsk_sound": "caller ID as data sound on the line",
    "q931_net": "a network side of Q.931 with data links, for cards that leave signalling to the host",
    "r2_net": "a network side of MFC-R2 with line and register signals",
    "dahdi": "DAHDI cards",
    "modem": "4G modules with a sound port",
    "serial": "serial and USB boxes",
    "disk": "a disk that fills up",
    "clock": "a wall clock that jumps",
    "power": "a power cut: everything killed, another boot",
}
"""What a scenario may need."""

PLANNED_FAULTS: Mapping[str, tuple[str, ...]] = {
    "modem": ("modem_pcm_dead", "modem_without_uac", "modem_replugged"),
    "serial": ("serial_silent", "serial_bad_crc", "serial_split", "serial_garbage"),
    "disk": ("disk_fill",),
    "clock": ("clock_set",),
    "power": ("power_cut",),
}
"""Faults that come with a capability: scenarios that wait for it may name them already."""

KEYS = ("needs", "expect", "run")


class Source(StrEnum):
    """Where a check looks."""

    CONTACTS = "contacts"
    """One object per caller: the document of `hwsim demo --json`."""
    RECORDS = "records"
    """Records (话单) of the store."""
    TRUTH = "truth"
    """Facts of the truth log (docs/truth.md)."""
    EVENTS = "events"
    """Events that boardd told its clients (docs/protocol.md); fields with dots: `alarm.code`."""
    CHANNELS = "channels"
    """boardd's channels at the end."""
    PEER = "peer"
    """What the peer at the edge noted (hwsim.edge)."""


class Runner(StrEnum):
    """What runs a scenario."""

    SITE = "site"
    """A whole site: simulator, boardd, scheduler."""
    EDGE = "edge"
    """The simulator's own edge against an independent peer."""


SOURCES: Mapping[Runner, frozenset[Source]] = {
    Runner.SITE: frozenset(Source) - {Source.PEER},
    Runner.EDGE: frozenset({Source.TRUTH, Source.PEER}),
}
"""Where checks can look in what each leaves behind."""


class Range:
    """A number, or `low..high` with either end left out."""

    def __init__(self, text: str) -> None:
        low, dots, high = text.partition("..")
        try:
            self.low = float(low) if low else float("-inf")
            self.high = (float(high) if high else float("inf")) if dots else self.low
        except ValueError:
            raise ValueError(
                _("not a number or range: {text!r} (for example: 3, 1.., ..2, 0.5..3)").format(text=text)
            ) from None
        if not text.strip(". ") or self.low > self.high:
            raise ValueError(_("not a number or range: {text!r} (for example: 3, 1.., ..2, 0.5..3)").format(text=text))

    def holds(self, value: float) -> bool:
        """Whether the value is inside."""
        return self.low <= value <= self.high


def _bad_range(node: Node, key: str, text: str) -> list[Problem]:
    try:
        Range(text or "1")
    except ValueError as error:
        below = node.value.get(key, node) if isinstance(node.value, dict) else node
        return [below.problem(str(error))]
    return []


class MomentSection(Section):
    """The first thing of a source that matches."""

    source: Source = msgspec.field(name="in")
    match: dict[str, str] = {}


class ExpectSection(Section):
    """One check: of those things in `in` that match, there are `count`, and each has the values of `each`.

    Values are texts with `*`, alternatives `a|b`, ranges `2..4`, and `!` in front for "not". With `after` the first
    match comes `within_s` seconds after that moment. `is` says in words what is checked.
    """

    source: Source = msgspec.field(name="in")
    match: dict[str, str] = {}
    count: str = ""
    each: dict[str, str] = {}
    after: MomentSection | None = None
    within_s: str = ""
    meaning: str = msgspec.field(name="is", default="")

    def problems(self, node: Node) -> list[Problem]:
        """Bad ranges, and half a time check."""
        found = _bad_range(node, "count", self.count) + _bad_range(node, "within_s", self.within_s)
        if (self.after is None) != (not self.within_s):
            found.append(node.problem(_("after and within_s go together")))
        return found


class HeaderSection(Section):
    """The typed part of the header."""

    needs: list[str] = []
    expect: list[ExpectSection] = []

    def problems(self, node: Node) -> list[Problem]:
        """Unknown capabilities."""
        below = node.value.get("needs", node) if isinstance(node.value, dict) else node
        return [
            below.problem(_("there is no capability {need}").format(need=need), nearest_word(need, CAPABILITIES))
            for need in self.needs
            if need not in CAPABILITIES
        ]


class RunSection(Section):
    """The typed part of `run`."""

    by: Runner = Runner.SITE
    limit_s: float = 100.0
    """Real seconds that the run may take at full speed."""
    seed: int = 1
    peer: PeerSection | None = None

    def problems(self, node: Node) -> list[Problem]:
        """A peer where there is none."""
        if self.peer is not None and self.by is not Runner.EDGE:
            below = node.value.get("peer", node) if isinstance(node.value, dict) else node
            return [below.problem(_("a peer goes with by: edge"))]
        return []


@dataclass(frozen=True)
class Header:
    """`needs`, `expect` and `run` of one file; `run_node` locates what is wrong with `run` once the world is built."""

    needs: tuple[str, ...] = ()
    expect: tuple[ExpectSection, ...] = ()
    run: RunSection = field(default_factory=RunSection)
    changes: SiteChanges = field(default_factory=lambda: SiteChanges({}, {}, {}))
    run_node: Node | None = None

    @property
    def planned_faults(self) -> frozenset[str]:
        """Faults that are not there as long as something that the scenario needs is not."""
        return frozenset(kind for need in self.needs for kind in PLANNED_FAULTS.get(need, ()))

    @classmethod
    def take(cls, root: Node, parts: dict[str, Node]) -> Header:
        """Take the header's keys out of `parts`. Raises ConfigProblemsError."""
        mine = {key: parts.pop(key) for key in KEYS if key in parts}
        run = mine.pop("run", Node(root.file, root.line, "run", {}))
        if not isinstance(run.value, dict):
            raise ConfigProblemsError([run.problem(_("must be a mapping (key: value)"))])
        plain = dict(run.value)
        free = {key: _mapping(plain.pop(key)) for key in ("maker", "boardd", "scheduler") if key in plain}
        section = decode(Node(root.file, root.line, "", mine, root.key_lines), HeaderSection)
        typed = decode(Node(run.file, run.line, run.path, plain, run.key_lines), RunSection)
        strangers = list(_strangers(root, section, typed.by))
        if strangers:
            raise ConfigProblemsError(strangers)
        changes = SiteChanges(free.get("maker", {}), free.get("boardd", {}), free.get("scheduler", {}))
        return cls(tuple(section.needs), tuple(section.expect), typed, changes, run)


def _strangers(root: Node, section: HeaderSection, by: Runner) -> Iterator[Problem]:
    """Checks that look where this kind of run leaves nothing."""
    expect = root.value.get("expect") if isinstance(root.value, dict) else None
    for index, check in enumerate(section.expect):
        node = expect.value[index] if expect and isinstance(expect.value, list) else root
        for source in filter(None, (check.source, check.after and check.after.source)):
            if source not in SOURCES[by]:
                words = ", ".join(sorted(SOURCES[by]))
                yield node.problem(
                    _("a run by {by} leaves no {source} (there are: {words})").format(by=by, source=source, words=words)
                )


def _mapping(node: Node) -> dict[str, object]:
    plain = node.plain()
    if not isinstance(plain, dict):
        raise ConfigProblemsError([node.problem(_("must be a mapping (key: value)"))])
    return plain
