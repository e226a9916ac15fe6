"""Methods of `boardd.sock` (what clients ask of boards) and of `host.sock` (what hosts tell the daemon).

Requests about a call or channel are routed by the daemon to the host that owns it; the host answers. `key` makes a
request idempotent: the host remembers the answer for 60 s and gives it again for the same key.
"""

from __future__ import annotations

from typing import Any

from boardd.api.method import Method, Right, table
from boardd.contract.capabilities import Maintenance, Tone
from boardd.contract.events import Event
from boardd.contract.objects import (
    Board,
    Bridge,
    Call,
    Channel,
    Domain,
    Fact,
    Link,
    OrphanTreatment,
    PlayStatus,
    RecordStatus,
    Snapshot,
    Span,
    Wire,
)

PROTOCOL_VERSION = 1
LINE_LIMIT_BYTES = 1 << 20
BACKLOG_LIMIT_BYTES = 1 << 20
LEASE_RENEW_MS = 1_000
LEASE_LAPSE_MS = 2_000
KEY_MEMORY_MS = 60_000


class Nothing(Wire):
    """No parameters, or no result."""


# -- sessions ----------------------------------------------------------------------------------------------------------
class HelloParams(Wire):
    """`client` is the name under which claims are held."""

    client: str
    version: int = PROTOCOL_VERSION


class HelloResult(Wire):
    """`epoch` is new for every daemon start."""

    epoch: str
    version: int
    server: str


class SubscribeParams(Wire):
    """Continue after event `seq` of `epoch`; empty epoch = from now, with a snapshot."""

    epoch: str = ""
    seq: int = 0


class SubscribeResult(Wire):
    """`gap` with a snapshot when the events asked for are not all there any more; else they follow as notifications.

    `seq` is the last event that is told with this answer; the next notification has `seq` + 1.
    """

    epoch: str
    seq: int
    gap: bool
    snapshot: Snapshot | None = None


class ClaimParams(Wire):
    """Take the claim on a channel group."""

    group: str


class ClaimResult(Wire):
    """`generation` is one more than the last holder's."""

    group: str
    generation: int


class LeaseParams(Wire):
    """Renew the leases of all claims that this connection holds."""


# -- calls -------------------------------------------------------------------------------------------------------------
class DialParams(Wire):
    """Dial `number` on trunk group `group`, or ring/dial on one `channel` (exactly one of the two).

    On a station channel `number` is empty: its telephone rings with `caller` as caller ID.
    """

    group: str = ""
    channel: str = ""
    number: str = ""
    caller: str = ""
    caller_name: str = ""
    tag: str = ""
    orphan: OrphanTreatment | None = None
    key: str = ""


class CallParams(Wire):
    """Names a call."""

    call: str
    key: str = ""


class AnswerParams(Wire):
    """Answer an offered call; from then on `orphan` says what happens to it while its controller is away."""

    call: str
    orphan: OrphanTreatment | None = None
    tag: str = ""
    key: str = ""


class TakeParams(Wire):
    """Become the controller of a call (offered, or orphaned, or already ours) without answering it."""

    call: str
    orphan: OrphanTreatment | None = None
    tag: str = ""
    key: str = ""


class HangupParams(Wire):
    """End a call, in whatever state it is; `cause` is Q.850."""

    call: str
    cause: int = 16
    key: str = ""


class PlayParams(Wire):
    """Play files (absolute paths on this machine); a running play task is replaced."""

    call: str
    files: list[str]
    loop: bool = False
    digit_stops: bool = False
    voice_stops: bool = False
    key: str = ""


class ToneParams(Wire):
    """Give the line a supervisory tone; empty = silence."""

    call: str
    tone: Tone | None = None
    key: str = ""


class DigitsParams(Wire):
    """Send DTMF."""

    call: str
    digits: str
    key: str = ""


class RecordParams(Wire):
    """Record what this call's channel hears into `path` (raw A-law, 8 kHz, mono)."""

    call: str
    path: str
    key: str = ""


class StopRecordParams(Wire):
    """Stop one record task."""

    call: str
    record: str
    key: str = ""


# -- bridges -----------------------------------------------------------------------------------------------------------
class BridgeParams(Wire):
    """Make a bridge of links between calls; of several domains, if these have ties (`switching.stream_channels`)."""

    links: list[Link]
    key: str = ""


class ChangeBridgeParams(Wire):
    """Replace the links of a bridge."""

    bridge: str
    links: list[Link]
    key: str = ""


class BridgeIdParams(Wire):
    """Names a bridge."""

    bridge: str
    key: str = ""


# -- records -----------------------------------------------------------------------------------------------------------
class FactsParams(Wire):
    """Ask to be sent facts (notification `fact`) until they are acknowledged; one client at a time."""


class AckParams(Wire):
    """Facts that are safely stored: (host, call_id, fact)."""

    keys: list[tuple[str, str, str]]


# -- boards ------------------------------------------------------------------------------------------------------------
class BoardResetParams(Wire):
    """Forget crashes and start the domain's library again."""

    domain: str


class SpanMaintainParams(Wire):
    """Loop an E1, take the loop back, or send a single error to its line."""

    span: str
    what: Maintenance
    key: str = ""


class ScanResult(Wire):
    """Cards as the running libraries report them, one JSON object each."""

    cards: list[dict[str, Any]]


class StatusResult(Wire):
    """Daemon status for `boardctl status`."""

    epoch: str
    seq: int
    server: str
    began_wall_ms: int
    clients: list[dict[str, Any]]
    claims: list[dict[str, Any]]
    domains: list[Domain]
    counters: dict[str, int]


METHODS = table(
    [
        Method("hello", HelloParams, HelloResult, Right.READ, "introduce the client; first request of a connection"),
        Method("status", Nothing, StatusResult, Right.READ, "daemon, clients, claims, domains"),
        Method("snapshot", Nothing, Snapshot, Right.READ, "everything at this moment"),
        Method("subscribe", SubscribeParams, SubscribeResult, Right.READ, "events from now or after a known one"),
        Method("boards", Nothing, list[Board], Right.READ, "all boards"),
        Method("spans", Nothing, list[Span], Right.READ, "all spans"),
        Method("channels", Nothing, list[Channel], Right.READ, "all channels"),
        Method("calls", Nothing, list[Call], Right.READ, "all present calls"),
        Method("bridges", Nothing, list[Bridge], Right.READ, "all bridges"),
        Method("scan", Nothing, ScanResult, Right.READ, "cards as the running libraries report them"),
        Method("claim", ClaimParams, ClaimResult, Right.CONTROL, "become the controller of a channel group"),
        Method("unclaim", ClaimParams, Nothing, Right.CONTROL, "give a claim back"),
        Method("lease", LeaseParams, Nothing, Right.CONTROL, "renew the leases of this connection's claims"),
        Method("call.dial", DialParams, Call, Right.CONTROL, "begin an outgoing call, or ring a station"),
        Method("call.take", TakeParams, Call, Right.CONTROL, "become the controller of a call"),
        Method("call.alert", CallParams, Nothing, Right.CONTROL, "tell the network that the call rings"),
        Method("call.answer", AnswerParams, Nothing, Right.CONTROL, "answer an offered call"),
        Method("call.reject", HangupParams, Nothing, Right.CONTROL, "refuse an offered call"),
        Method("call.hangup", HangupParams, Nothing, Right.CONTROL, "end a call"),
        Method("call.play", PlayParams, PlayStatus, Right.CONTROL, "play sound files"),
        Method("call.stop_play", CallParams, Nothing, Right.CONTROL, "stop playing"),
        Method("call.tone", ToneParams, Nothing, Right.CONTROL, "give a supervisory tone"),
        Method("call.send_digits", DigitsParams, Nothing, Right.CONTROL, "send DTMF"),
        Method("call.flash", CallParams, Nothing, Right.CONTROL, "send a hook flash"),
        Method("call.record", RecordParams, RecordStatus, Right.CONTROL, "record what the call's channel hears"),
        Method("call.stop_record", StopRecordParams, RecordStatus, Right.CONTROL, "stop a recording"),
        Method("bridge.create", BridgeParams, Bridge, Right.CONTROL, "link calls"),
        Method("bridge.change", ChangeBridgeParams, Bridge, Right.CONTROL, "replace the links of a bridge"),
        Method("bridge.destroy", BridgeIdParams, Nothing, Right.CONTROL, "drop all links of a bridge"),
        Method("facts", FactsParams, Nothing, Right.CONTROL, "receive journal facts until acknowledged"),
        Method("facts.ack", AckParams, Nothing, Right.CONTROL, "acknowledge stored facts"),
        Method("span.maintain", SpanMaintainParams, Nothing, Right.ADMIN, "loop an E1, send errors on it"),
        Method("board.reset", BoardResetParams, Nothing, Right.ADMIN, "start a broken domain again"),
    ]
)


class EventNote(Wire):
    """Notification `event`."""

    event: Event


class FactNote(Wire):
    """Notification `fact`."""

    fact: Fact


NOTIFICATIONS: dict[str, type[Wire]] = {"event": EventNote, "fact": FactNote}


# -- host.sock ---------------------------------------------------------------------------------------------------------
class HostHelloParams(Wire):
    """A host introduces itself: first request on host.sock, again after every reconnect."""

    domain: Domain
    contract_version: int


class HostSnapshotParams(Wire):
    """Everything that the host owns, true at `hseq`; deltas follow as `host.event` notifications with hseq + 1, …"""

    hseq: int
    snapshot: Snapshot


class TieLoan(Wire):
    """Where another host may fetch one end of a call's sound: a socket of the host that has the call, and a token."""

    path: str
    token: str


class OriginParams(Wire):
    """What the daemon sends to a host: a client's request, with who asks. `method` and `params` are the client's."""

    method: str
    params: dict[str, Any]
    client: str
    generation: int
    groups: list[str]
    loans: dict[str, TieLoan] = {}
    """For a bridge over two domains: calls of other hosts, each with where its host lends it."""


class TieLendParams(Wire):
    """Asked by the daemon only: lend a call of yours to the host that makes a bridge over two domains."""

    call: str


HOST_REQUESTS = table(
    [Method("tie.lend", TieLendParams, TieLoan, Right.HOST, "lend a call to the host that bridges it over two domains")]
)
"""What the daemon itself asks of hosts with `host.do`, beside what it passes on for clients."""


class LeaseGrantParams(Wire):
    """Controllers that renewed their leases lately (client names); notification `host.lease`, at least every second.

    The host counts LEASE_LAPSE_MS from the last time it read a name. `claims`: channel group -> client that holds it.
    """

    clients: list[str]
    claims: dict[str, str] | None = None


HOST_METHODS = table(
    [
        Method("host.hello", HostHelloParams, Nothing, Right.HOST, "a host introduces itself"),
        Method("host.snapshot", HostSnapshotParams, Nothing, Right.HOST, "everything the host owns"),
    ]
)
"""Requests from host to daemon. The daemon sends `host.do` requests (OriginParams) and `host.lease` and `facts.ack`
notifications; the host sends `host.event` (EventNote) and `host.fact` (FactNote) notifications."""
