"""scheduler.sock: answers about contacts, queues, agents and records, and tells subscribers what changes."""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
import structlog
from msgspec import Raw

from boardd import clock
from boardd.api import codec
from boardd.api import scheduler_schema as schema
from boardd.api.board_schema import PROTOCOL_VERSION, HelloParams, HelloResult, Nothing
from boardd.api.server import Session
from boardd.contract.errors import ArgumentError, UnknownIdError
from boardd.scheduler.agents.roster import Roster
from boardd.scheduler.agents.state import AgentState, AgentStatus
from boardd.scheduler.contacts.desk import Desk
from boardd.scheduler.contacts.model import Contact, ContactState
from boardd.scheduler.records.record import Record

log = structlog.get_logger()

RECORDS_LIMIT = 1000


class Control:
    """The service behind scheduler.sock. `alarms()` tells what needs a person, `claims()` which groups are ours."""

    def __init__(
        self,
        desk: Desk,
        epoch: str,
        alarms: Callable[[], list[schema.AlarmInfo]],
        claims: Callable[[], list[str]],
    ) -> None:
        self._desk = desk
        self._epoch = epoch
        self._alarms = alarms
        self._claims = claims
        self._server = socket.gethostname()
        self._began_wall_ms = clock.wall_ms()
        self._subscribers: set[Session] = set()

    # -- server.Service -----------------------------------------------------------------------------------------------
    def handlers(self) -> Mapping[str, Callable[[Session, Any], Any]]:
        """See server.Service."""
        return {
            "hello": self._hello,
            "status": self._status,
            "subscribe": self._subscribe,
            "contacts": lambda _session, _params: self._contacts(),
            "contact": lambda _session, params: contact_info(self._desk.contact(params.contact)),
            "contact.hangup": lambda _session, params: self._desk.hang_up(params.contact),
            "agents": lambda _session, _params: self._agents(),
            "agent.login": lambda _session, params: self._agent(self._roster.login(params.agent, params.station)),
            "agent.logout": lambda _session, params: self._agent(self._roster.logout(params.agent)),
            "agent.ready": lambda _session, params: self._agent(self._roster.ready(params.agent)),
            "agent.not_ready": lambda _session, params: self._agent(
                self._roster.not_ready(params.agent, params.reason)
            ),
            "agent.hangup": lambda _session, params: self._desk.hang_up_agent(params.agent),
            "agent.events": self._agent_events,
            "queues": lambda _session, _params: self._queues(),
            "records": self._records,
            "record": self._record,
        }

    def session_opened(self, session: Session) -> None:
        """See server.Service."""

    def session_closed(self, session: Session) -> None:
        """See server.Service."""
        self._subscribers.discard(session)

    def notification(self, session: Session, method: str, params: Raw) -> None:
        """See server.Service; nobody has anything to notify us of."""
        raise codec.UnknownMethodError(f"there is no notification {method[:100]!r} here", method=method[:100])

    # -- changes ------------------------------------------------------------------------------------------------------
    def contact_changed(self, contact: Contact) -> None:
        """Tell subscribers."""
        if self._subscribers:
            self._tell(schema.ChangeNote(contact=contact_info(contact)))

    def agent_changed(self, state: AgentState) -> None:
        """Tell subscribers."""
        if self._subscribers:
            self._tell(schema.ChangeNote(agent=self._agent(state)))

    def record_made(self, record: Record) -> None:
        """Tell subscribers."""
        if self._subscribers:
            self._tell(schema.ChangeNote(record=record_info(record)))

    def _tell(self, note: schema.ChangeNote) -> None:
        line = codec.notification_line("event", note)
        for session in list(self._subscribers):
            session.connection.send_line(line)

    # -- answers ------------------------------------------------------------------------------------------------------
    @property
    def _roster(self) -> Roster:
        return self._desk.office.roster

    def _hello(self, session: Session, params: HelloParams) -> HelloResult:
        session.name = params.client
        return HelloResult(epoch=self._epoch, version=PROTOCOL_VERSION, server=self._server)

    def _status(self, _session: Session, _params: Nothing) -> schema.SchedulerStatus:
        office = self._desk.office
        actors = [actor.contact for actor in self._desk.actors.values()]
        return schema.SchedulerStatus(
            server=self._server,
            began_wall_ms=self._began_wall_ms,
            boards_connected=office.boards.connected,
            claims=self._claims(),
            contacts=len(actors),
            waiting=sum(1 for contact in actors if contact.state is ContactState.QUEUED),
            agents_ready=sum(1 for state in office.roster.agents.values() if state.status is AgentStatus.READY),
            alarms=self._alarms(),
        )

    def _subscribe(self, session: Session, _params: Nothing) -> schema.SubscribeResult:
        self._subscribers.add(session)
        return schema.SubscribeResult(contacts=self._contacts(), agents=self._agents(), queues=self._queues())

    def _contacts(self) -> list[schema.ContactInfo]:
        return [contact_info(actor.contact) for _id, actor in sorted(self._desk.actors.items())]

    def _agents(self) -> list[schema.AgentInfo]:
        return [self._agent(state) for _number, state in sorted(self._desk.office.roster.agents.items())]

    def _agent(self, state: AgentState) -> schema.AgentInfo:
        config = self._desk.office.config
        return schema.AgentInfo(
            agent=state.agent,
            name=state.name,
            status=str(state.status),
            reason=state.reason,
            station=state.station,
            contact=state.contact,
            since=state.since,
            after=str(state.after),
            queues=[queue for queue in config.sections.queues if config.serves(state.agent, queue)],
        )

    def _queues(self) -> list[schema.QueueInfo]:
        office, now_ms = self._desk.office, clock.mono_ms()
        found = []
        for queue in office.config.sections.queues:
            serving = [s for number, s in office.roster.agents.items() if office.config.serves(number, queue)]
            waiting = [
                schema.WaitingInfo(
                    contact=place.contact,
                    position=i,
                    waited_ms=max(0, now_ms - place.entered_mono_ms),
                    ringing=place.offered,
                )
                for i, place in enumerate(office.distributor.waiting(queue), 1)
            ]
            found.append(
                schema.QueueInfo(
                    queue=queue,
                    waiting=waiting,
                    logged_in=sum(1 for s in serving if s.status is not AgentStatus.LOGGED_OUT),
                    ready=sum(1 for s in serving if s.status is AgentStatus.READY),
                )
            )
        return found

    def _records(self, _session: Session, params: schema.RecordsParams) -> Awaitable[list[schema.RecordInfo]]:
        if not 1 <= params.limit <= RECORDS_LIMIT:
            raise ArgumentError(f"limit must be 1-{RECORDS_LIMIT}", argument="limit", value=params.limit)
        if params.offset < 0:
            raise ArgumentError("offset must not be negative", argument="offset", value=params.offset)

        async def answer() -> list[schema.RecordInfo]:
            found = await self._desk.office.store.read(
                lambda database: database.records(
                    from_wall_ms=params.from_wall_ms,
                    to_wall_ms=params.to_wall_ms,
                    number=params.number,
                    agent=params.agent,
                    queue=params.queue,
                    limit=params.limit,
                    offset=params.offset,
                )
            )
            return [record_info(record) for record in found]

        return answer()

    async def _record(self, _session: Session, params: schema.RecordParams) -> schema.RecordInfo:
        record = await self._desk.office.store.read(lambda database: database.record(params.id))
        if record is None:
            raise UnknownIdError(f"there is no record {params.id}", record=params.id)
        return record_info(record)

    async def _agent_events(self, _session: Session, params: schema.AgentEventsParams) -> list[schema.AgentEventInfo]:
        if not 1 <= params.limit <= RECORDS_LIMIT:
            raise ArgumentError(f"limit must be 1-{RECORDS_LIMIT}", argument="limit", value=params.limit)
        found = await self._desk.office.store.read(lambda database: database.agent_events(params.agent, params.limit))
        return [schema.AgentEventInfo(**msgspec.structs.asdict(event)) for event in found]


def record_info(record: Record) -> schema.RecordInfo:
    """A record as it is sent."""
    return msgspec.convert(msgspec.to_builtins(record), schema.RecordInfo)


def contact_info(contact: Contact) -> schema.ContactInfo:
    """A contact as it is sent."""
    talk, position, place = contact.talk(), contact.position, contact.place
    return schema.ContactInfo(
        id=contact.id,
        kind=str(contact.kind),
        state=str(contact.state),
        began=contact.began,
        caller=contact.caller,
        called=contact.called,
        line=contact.line,
        group=contact.group,
        flow=position.flow if position is not None else "",
        node=position.node if position is not None else "",
        queue=contact.queue,
        entered=place.entered if place is not None else None,
        agent=contact.agent or (place.agent if place is not None else ""),
        station=contact.station,
        talking_since=talk.answered if talk is not None else None,
        recording=talk is not None and any(track.record for track in talk.tracks),
        variables=dict(position.variables) if position is not None else {},
        calls=[
            schema.CallInfo(
                call=leg.call,
                role=str(leg.role),
                channel=leg.channel,
                group=leg.group,
                agent=leg.agent,
                connected=leg.connected,
                ended=leg.ended,
            )
            for leg in contact.legs
        ],
    )
