"""The objects of the contract as they travel on every wire: boards, spans, channels, calls, bridges, alarms, facts.

Times come in pairs: `*_wall_ms` (milliseconds since the Unix epoch, may jump) and `*_mono_ms` (the host's monotonic
clock, comparable only within one host incarnation). Durations are computed from monotonic times. Unknown fields are
ignored when reading, so that either side may be newer.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.states import AnswerEvidence, BoardState, ChannelState, Direction, SpanState


class Wire(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Base of everything that is sent as JSON."""


class FrozenWire(msgspec.Struct, kw_only=True, omit_defaults=True, frozen=True):
    """Base of small values that never change once made."""


class Instant(FrozenWire, frozen=True):
    """One moment on both clocks."""

    wall_ms: int
    mono_ms: int


class Board(Wire):
    """A card. `number` is the maker's own number for it; `serial` is what its name is bound to."""

    id: str
    domain: str
    family: str
    model: str
    serial: str
    number: int
    state: BoardState
    reason: str = ""
    maker: str = ""


class Span(Wire):
    """An E1. `pcm` is the maker's span number, `raw_status` its status word, kept for support."""

    id: str
    board: str
    number: int
    pcm: int
    signalling: str
    state: SpanState
    alarms: list[str] = []
    raw_status: int | None = None
    changed: Instant | None = None


class Channel(Wire):
    """A timeslot or port. `maker_channel` is the maker's channel number (通道号)."""

    id: str
    domain: str
    board: str
    kind: ChannelKind
    maker_channel: int
    state: ChannelState
    span: str | None = None
    timeslot: int | None = None
    port: int | None = None
    signalling: str = ""
    direction: Direction = Direction.BOTH
    group: str = ""
    label: str = ""
    extension: str = ""
    always_off_hook: bool = False
    capabilities: list[Capability] = []
    off_hook: bool | None = None
    line_volts: int | None = None
    reason: str = ""
    call_id: str | None = None
    changed: Instant | None = None
    counters: dict[str, int] = {}


class PlayStatus(Wire):
    """The play task of a call. `position` is the index of the file that plays; `ended` is empty while it plays."""

    id: str
    files: list[str]
    loop: bool = False
    position: int = 0
    ended: str = ""


class RecordStatus(Wire):
    """One leg being recorded on the card. `samples` counts at 8 kHz; `ended` is empty while it records."""

    id: str
    path: str
    began: Instant
    samples: int = 0
    ended: str = ""
    end: Instant | None = None
    reason: str = ""


class OnPeerRelease(StrEnum):
    """What the host does with the surviving leg of a bridge while its controller is away."""

    TREAT = "treat"
    RELEASE = "release"


class OrphanTreatment(Wire):
    """What the host does with an unbridged call when its controller's lease has lapsed (house plan).

    `media` (a sound file, looped; empty = silence), digits are kept when `buffer_digits`, after `max_s` the call is
    released with `cause`.
    """

    media: str = ""
    buffer_digits: bool = True
    on_peer_release: OnPeerRelease = OnPeerRelease.RELEASE
    max_s: int = 120
    cause: int = 41


class Call(Wire):
    """One channel's relation with the network; minted and owned by its host.

    `digits` holds every digit heard since the call began and `digit_count` their number, so that a client that was away
    can tell what it missed. `released` is set once; then `cause` (Q.850), `maker_code` and `maker_text` say why.
    """

    id: str
    domain: str
    channel: str
    direction: Direction
    state: ChannelState
    group: str = ""
    observed: bool = False
    caller: str = ""
    caller_name: str = ""
    called: str = ""
    original_called: str = ""
    evidence: AnswerEvidence = AnswerEvidence.NONE
    controller: str = ""
    orphaned: bool = False
    orphan: OrphanTreatment | None = None
    tag: str = ""
    digits: str = ""
    digit_count: int = 0
    play: PlayStatus | None = None
    records: list[RecordStatus] = []
    began: Instant | None = None
    alerted: Instant | None = None
    answered: Instant | None = None
    released: Instant | None = None
    line_free: Instant | None = None
    cause: int | None = None
    cause_origin: str = ""
    maker_code: str = ""
    maker_text: str = ""
    interrupted: bool = False


class Link(FrozenWire, frozen=True):
    """`sink` (a call id) hears what `source` (a call id) says; `gain_mb` in 1/100 dB."""

    source: str
    sink: str
    gain_mb: int = 0


class Bridge(Wire):
    """A set of links made by one client; talk, monitor, whisper, barge-in and three-way are link sets."""

    id: str
    domain: str
    links: list[Link]
    controller: str = ""
    began: Instant | None = None


class Severity(StrEnum):
    """How urgent an alarm is."""

    WARNING = "warning"
    MAJOR = "major"
    CRITICAL = "critical"


class Alarm(Wire):
    """A standing condition with a beginning and an end; `subject` is an id or a domain name."""

    code: str
    subject: str
    severity: Severity
    text: str = ""
    raised: Instant | None = None


class SwitchingProfile(FrozenWire, frozen=True):
    """What one domain can switch by itself, and its ties to other domains.

    `stream_channels` ties at a time (0: none). A tie delays sound by at most `stream_out_ms` from the line to the other
    domain and `stream_in_ms` from there to the line. While one of `stream_excludes` is sent to a call, it does not hear
    its ties.
    """

    links: bool = True
    mixing: bool = True
    gains: bool = False
    conference_members: int = 0
    record_loss_bound_ms: int = 0
    stream_channels: int = 0
    stream_out_ms: int = 0
    stream_in_ms: int = 0
    stream_excludes: list[Capability] = []


class Domain(Wire):
    """A switching domain and its host process. `incarnation` changes with every start of the host."""

    name: str
    driver: str
    incarnation: str = ""
    connected: bool = False
    state: BoardState = BoardState.STARTING
    reason: str = ""
    library: str = ""
    library_version: str = ""
    switching: SwitchingProfile = SwitchingProfile()


class FactKind(StrEnum):
    """What a journal entry proves."""

    BEGIN = "begin"
    ANSWER = "answer"
    END = "end"


class Fact(Wire):
    """One journal entry, sent until acknowledged; (host, call_id, fact) is unique for ever."""

    host: str
    call_id: str
    fact: FactKind
    at: Instant
    call: Call

    def key(self) -> tuple[str, str, str]:
        """What makes the fact unique."""
        return (self.host, self.call_id, str(self.fact))


class Snapshot(Wire):
    """Everything a daemon or client needs to know at one moment."""

    domains: list[Domain] = []
    boards: list[Board] = []
    spans: list[Span] = []
    channels: list[Channel] = []
    calls: list[Call] = []
    bridges: list[Bridge] = []
    alarms: list[Alarm] = []
