"""Methods of `scheduler.sock`: contacts, queues, agents, records. Same protocol and framing as `boardd.sock`."""

from __future__ import annotations

from typing import Any

from boardd.api.board_schema import HelloParams, HelloResult, Nothing
from boardd.api.method import Method, Right, table
from boardd.contract.objects import Instant, Wire


class CallInfo(Wire, omit_defaults=False):
    """A call of a contact; `role` is caller, agent or party."""

    call: str
    role: str
    channel: str = ""
    group: str = ""
    agent: str = ""
    connected: bool = False
    ended: bool = False


class ContactInfo(Wire, omit_defaults=False):
    """An open contact. `state`: answering, ivr, queued, dialing, connecting, talking, farewell, closing, closed."""

    id: str
    kind: str
    state: str
    began: Instant
    caller: str = ""
    called: str = ""
    line: str = ""
    group: str = ""
    flow: str = ""
    node: str = ""
    queue: str = ""
    entered: Instant | None = None
    agent: str = ""
    station: str = ""
    talking_since: Instant | None = None
    recording: bool = False
    variables: dict[str, str] = {}
    calls: list[CallInfo] = []


class AgentInfo(Wire, omit_defaults=False):
    """An agent; `status` as in boardd.scheduler.agents.state, `after` is what follows the present call."""

    agent: str
    name: str = ""
    status: str = ""
    reason: str = ""
    station: str = ""
    contact: str = ""
    since: Instant | None = None
    after: str = ""
    queues: list[str] = []


class WaitingInfo(Wire, omit_defaults=False):
    """A contact in a queue; position 1 is next."""

    contact: str
    position: int
    waited_ms: int
    ringing: bool


class QueueInfo(Wire, omit_defaults=False):
    """A queue now."""

    queue: str
    waiting: list[WaitingInfo] = []
    logged_in: int = 0
    ready: int = 0


class AlarmInfo(Wire, omit_defaults=False):
    """Something that needs a person; `code`: store, recording, finishing, boards."""

    code: str
    text: str


class SchedulerStatus(Wire, omit_defaults=False):
    """How the scheduler is."""

    server: str
    began_wall_ms: int
    boards_connected: bool
    claims: list[str]
    contacts: int
    waiting: int
    agents_ready: int
    alarms: list[AlarmInfo]


class ContactParams(Wire):
    """Names a contact."""

    contact: str


class AgentParams(Wire):
    """Names an agent."""

    agent: str


class LoginParams(Wire):
    """Log an agent in at a station (extension); empty: the agent's own."""

    agent: str
    station: str = ""


class NotReadyParams(Wire):
    """Make an agent not ready."""

    agent: str
    reason: str = ""


class RecordsParams(Wire):
    """Which records: begun in [from, to) (Unix ms), a number's last digits, agent, queue. 0 and empty do not filter."""

    from_wall_ms: int = 0
    to_wall_ms: int = 0
    number: str = ""
    agent: str = ""
    queue: str = ""
    limit: int = 100
    offset: int = 0


class RecordParams(Wire):
    """Names a record: a contact's id, or the call id of an unclaimed call."""

    id: str


class GapInfo(Wire, omit_defaults=False):
    """Where a leg of a recording has no sound, ms from the beginning of the file."""

    side: str
    from_ms: int
    to_ms: int


class RecordInfo(Wire, omit_defaults=False):
    """A record (话单). Durations from monotonic clocks; `recording` is relative to the recordings directory."""

    id: str
    contact: str = ""
    kind: str = ""
    direction: str = ""
    caller: str = ""
    called: str = ""
    line: str = ""
    group: str = ""
    digits: str = ""
    queue: str = ""
    wait_ms: int | None = None
    agent: str = ""
    station: str = ""
    talk_ms: int = 0
    outcome: str = ""
    cause: int = 31
    cause_origin: str = ""
    maker_code: str = ""
    answer_evidence: str = "none"
    interrupted: bool = False
    began: Instant | None = None
    answered: Instant | None = None
    ended: Instant | None = None
    line_free: Instant | None = None
    calls: list[str] = []
    variables: dict[str, str] = {}
    recording_state: str = "none"
    recording: str = ""
    recording_began: Instant | None = None
    coverage: float | None = None
    gaps: list[GapInfo] = []


class AgentEventsParams(Wire):
    """The newest changes of one agent's state, or of all agents'."""

    agent: str = ""
    limit: int = 100


class AgentEventInfo(Wire, omit_defaults=False):
    """One change of an agent's state."""

    agent: str
    wall_ms: int
    mono_ms: int
    old: str
    new: str
    reason: str = ""
    station: str = ""
    contact_id: str = ""


class SubscribeResult(Wire):
    """Everything at this moment; `event` notifications follow until the connection ends."""

    contacts: list[ContactInfo]
    agents: list[AgentInfo]
    queues: list[QueueInfo]


METHODS = table(
    [
        Method("hello", HelloParams, HelloResult, Right.READ, "introduce the client"),
        Method("status", Nothing, SchedulerStatus, Right.READ, "how the scheduler is, its alarms"),
        Method("subscribe", Nothing, SubscribeResult, Right.READ, "contacts and agents now, changes from now on"),
        Method("contacts", Nothing, list[ContactInfo], Right.READ, "open contacts"),
        Method("contact", ContactParams, ContactInfo, Right.READ, "one open contact"),
        Method("contact.hangup", ContactParams, Nothing, Right.CONTROL, "end a contact"),
        Method("agents", Nothing, list[AgentInfo], Right.READ, "all agents"),
        Method("agent.login", LoginParams, AgentInfo, Right.CONTROL, "log an agent in (签入)"),
        Method("agent.logout", AgentParams, AgentInfo, Right.CONTROL, "log an agent out (签出)"),
        Method("agent.ready", AgentParams, AgentInfo, Right.CONTROL, "make an agent ready (示闲)"),
        Method("agent.not_ready", NotReadyParams, AgentInfo, Right.CONTROL, "make an agent not ready (示忙)"),
        Method("agent.hangup", AgentParams, Nothing, Right.CONTROL, "end an agent's present call"),
        Method("agent.events", AgentEventsParams, list[AgentEventInfo], Right.READ, "changes of agents' states"),
        Method("queues", Nothing, list[QueueInfo], Right.READ, "all queues"),
        Method("records", RecordsParams, list[RecordInfo], Right.READ, "records, newest first"),
        Method("record", RecordParams, RecordInfo, Right.READ, "one record"),
    ]
)


class ChangeNote(Wire):
    """Notification `event`: exactly one of the three is there; a closed contact comes once more with its record."""

    contact: ContactInfo | None = None
    agent: AgentInfo | None = None
    record: RecordInfo | None = None


NOTIFICATIONS: dict[str, type[Wire]] = {"event": ChangeNote}


def event_note(**what: Any) -> ChangeNote:
    """A notification about one object."""
    return ChangeNote(**what)
