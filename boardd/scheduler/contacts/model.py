"""A contact as it is stored after every step that a restart must know.

answering   an offered call has been taken and is being answered
ivr         in a flow
queued      waits for an agent; `place.agent` while one is being rung
dialing     an extension or an outside number is being called
connecting  the agent has answered; the caller hears who it is
talking     caller and agent, station or outside party are bridged
farewell    the caller hears a last prompt
closing     hang-ups are sent, calls are ending
closed      the record is written
"""

from __future__ import annotations

from enum import StrEnum

from boardd.contract.causes import Cause
from boardd.contract.objects import Call, Instant, Wire
from boardd.scheduler.ivr.machine import Position
from boardd.scheduler.records.database import ContactRow


class ContactState(StrEnum):
    """See the module text."""

    ANSWERING = "answering"
    IVR = "ivr"
    QUEUED = "queued"
    DIALING = "dialing"
    CONNECTING = "connecting"
    TALKING = "talking"
    FAREWELL = "farewell"
    CLOSING = "closing"
    CLOSED = "closed"


class ContactKind(StrEnum):
    """Who called whom."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    FEATURE = "feature"
    """A station dialled a feature code."""


class LegRole(StrEnum):
    """What a call is to its contact."""

    CALLER = "caller"
    AGENT = "agent"
    PARTY = "party"
    """An extension or outside number that was called."""


class Outcome(StrEnum):
    """How the contact ended, for the record."""

    ABANDONED = "abandoned"
    """The caller left before anybody talked to it, outside a queue."""
    ABANDONED_QUEUE = "abandoned_queue"
    TALKED = "talked"
    NO_ANSWER = "no_answer"
    SELF_SERVICE = "self_service"
    """The flow ended by itself."""
    FAILED = "failed"
    FEATURE = "feature"


class Leg(Wire):
    """A call of the contact. `key` is stored before dialling; `call` is empty until the host has said which it is."""

    role: LegRole
    call: str = ""
    domain: str = ""
    channel: str = ""
    group: str = ""
    number: str = ""
    caller: str = ""
    agent: str = ""
    key: str = ""
    began: Instant | None = None
    connected: bool = False
    leaving: bool = False
    """We have hung up; what it does now does not matter any more."""
    ended: bool = False
    last: Call | None = None


class QueuePlace(Wire):
    """A place in a queue; `seq` and `entered` stay the same through restarts and unanswered offers."""

    queue: str
    seq: int
    entered: Instant
    agent: str = ""
    overdue: bool = False
    leave_unstaffed: bool = False


class Track(Wire):
    """One leg being recorded on the card: which side of the file, which call, its record task, its raw file.

    `began` is kept here too: a host that is killed takes its own note of the task with it.
    """

    side: str
    call: str
    path: str
    record: str = ""
    began: Instant | None = None


class Talk(Wire):
    """One bridged interval. `began` is None until the bridge is known to be there."""

    left: str
    right: str
    key: str
    tracks: list[Track] = []
    bridge: str = ""
    began: Instant | None = None
    ended: Instant | None = None
    answered: Instant | None = None
    """When both sides were there: the beginning, or later when bridged before the called party answered."""


class Contact(Wire):
    """See the module text. Its first leg is the call that began it."""

    id: str
    kind: ContactKind
    state: ContactState
    began: Instant
    caller: str = ""
    called: str = ""
    line: str = ""
    group: str = ""
    position: Position | None = None
    place: QueuePlace | None = None
    legs: list[Leg] = []
    talks: list[Talk] = []
    queue: str = ""
    last_seq: int = 0
    """The place in the queue that the contact had last."""
    agent: str = ""
    station: str = ""
    wait_ms: int | None = None
    play: str = ""
    """Id of the play task that the caller hears."""
    music: bool = False
    """It goes on until something happens; nobody waits for its end."""
    farewell: list[str] = []
    end_cause: int = Cause.NORMAL_CLEARING
    outcome: Outcome = Outcome.ABANDONED
    dial_limit_s: float = 0.0
    early_media: bool = False
    from_flow: bool = False
    feature: str = ""
    feature_argument: str = ""
    ended: Instant | None = None

    def row(self, body: bytes) -> ContactRow:
        """What the store needs."""
        calls = tuple((leg.call, str(leg.role)) for leg in self.legs if leg.call)
        return ContactRow(self.id, str(self.state), self.began.wall_ms, body, calls)

    def leg(self, call_id: str) -> Leg | None:
        """The leg with that call."""
        return next((leg for leg in self.legs if call_id and leg.call == call_id), None)

    def talk(self) -> Talk | None:
        """The bridged interval that has not ended."""
        return self.talks[-1] if self.talks and self.talks[-1].ended is None else None

    def held_agents(self) -> set[str]:
        """Agents that this contact holds."""
        held = {leg.agent for leg in self.legs if leg.agent and not leg.ended and not leg.leaving}
        return held | ({self.place.agent} if self.place is not None and self.place.agent else set())

    @property
    def first(self) -> Leg:
        """The leg that began the contact."""
        return self.legs[0]

    def newest(self, role: LegRole) -> Leg | None:
        """The leg of a role that was added last."""
        return next((leg for leg in reversed(self.legs) if leg.role is role), None)
