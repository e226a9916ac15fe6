"""The desk: all open contacts, which event belongs to which of them, what to do with calls that belong to none.

Events are hints: every time a call is told about, its whole state is looked at. What no event tells (a scheduler that
was away, a host that came late) is found by `look_round`, which goes through the snapshot, and by the sweep, which
every few seconds looks for calls of ours that no contact has, contacts whose calls nobody knows, and hang-ups that
did not work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import msgspec
import structlog

from boardd import clock
from boardd.api import board_schema as schema
from boardd.api.difference import RESYNC
from boardd.contract.capabilities import ChannelKind
from boardd.contract.causes import Cause
from boardd.contract.errors import BoarddError, UnknownIdError
from boardd.contract.events import Event, EventType
from boardd.contract.ids import UlidSource
from boardd.contract.objects import Call, Fact, FactKind, Instant
from boardd.contract.states import ChannelState, Direction
from boardd.scheduler.boards import extension_of, present
from boardd.scheduler.contacts.actor import Begin, Glare, Granted, HangUp, Join, Seen
from boardd.scheduler.contacts.contact import ContactActor
from boardd.scheduler.contacts.model import Contact, ContactKind, ContactState, Leg, LegRole
from boardd.scheduler.contacts.office import Office
from boardd.scheduler.records.record import Record

log = structlog.get_logger()

SWEEP_S = 5.0
GLARE_WAIT_S = 1.0
STRAY_LIMIT_MS = 10_000
HANGUP_REPEAT_MS = 30_000


class Desk:
    """See the module text. `on_contact(contact)` and `on_record(record)` tell others."""

    def __init__(self, on_contact: Callable[[Contact], None], on_record: Callable[[Record], None]) -> None:
        self._on_contact = on_contact
        self._on_record = on_record
        self._office: Office | None = None
        self._mint = UlidSource()
        self._claimed: dict[str, str] = {}
        self._stray_since: dict[str, int] = {}
        self._missing_since: dict[str, int] = {}
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.actors: dict[str, ContactActor] = {}

    @property
    def office(self) -> Office:
        """What contacts work with; set once by `open`."""
        if self._office is None:
            raise RuntimeError("the desk is not open")
        return self._office

    # -- life ---------------------------------------------------------------------------------------------------------
    async def open(self, office: Office) -> None:
        """Take the open contacts out of the store. Their work begins with `begin`."""
        self._office = office
        for body in await office.store.read(lambda database: database.open_contacts()):
            try:
                contact = msgspec.json.decode(body, type=Contact)
            except msgspec.MsgspecError as error:
                log.error("contact_unreadable", error=str(error))
                continue
            self.actors[contact.id] = ContactActor(office, contact)
            for leg in contact.legs:
                if leg.call:
                    self._claimed[leg.call] = contact.id
        held = [(agent, a.contact.id) for a in self.actors.values() for agent in a.contact.held_agents()]
        office.roster.reconcile(held)

    async def begin(self) -> None:
        """The boards are known: contacts from the store go on, calls that wait are taken.

        All places in queues are taken again before any agent is given to anybody.
        """
        database_facts = await self._stored_ends()
        for contact in [actor.contact for actor in self.actors.values()]:
            if contact.place is not None:
                place = contact.place
                self.office.distributor.enter(contact.id, place.queue, place.entered.mono_ms, place.seq)
                self.office.distributor.offered(contact.id, bool(place.agent))
        for actor in sorted(self.actors.values(), key=lambda a: a.contact.id):
            ended = {leg.call: database_facts[leg.call] for leg in actor.contact.legs if leg.call in database_facts}
            actor.start(Join(ended))
        self.look_round()
        self._sweep()

    async def close(self) -> None:
        """Stop working; calls and contacts stay as they are."""
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for actor in list(self.actors.values()):
            await actor.stop()

    async def _stored_ends(self) -> dict[str, Call]:
        calls = [leg.call for actor in self.actors.values() for leg in actor.contact.legs if leg.call]
        facts = await self.office.store.read(lambda database: database.end_facts(calls))
        return {call_id: fact.call for call_id, fact in facts.items()}

    # -- what contacts tell (Listener) --------------------------------------------------------------------------------
    def contact_changed(self, contact: Contact) -> None:
        """See Listener."""
        self._on_contact(contact)

    def contact_claims(self, contact: Contact, call_id: str) -> None:
        """See Listener."""
        self._claimed[call_id] = contact.id

    def contact_closed(self, contact: Contact, record: Record) -> None:
        """See Listener."""
        self.actors.pop(contact.id, None)
        for leg in contact.legs:
            self._claimed.pop(leg.call, None)
            self._missing_since.pop(leg.call, None)
        self._on_record(record)

    def granted(self, contact: str, agent: str) -> None:
        """The distributor has reserved an agent for a contact."""
        actor = self.actors.get(contact)
        if actor is None:
            self.office.distributor.leave(contact)
            self.office.roster.give_back(agent, contact)
        else:
            actor.post(Granted(agent))

    # -- what the boards tell -----------------------------------------------------------------------------------------
    def take_event(self, event: Event) -> None:
        """One event, in order."""
        if event.call is not None:
            released = event.type is EventType.CALL_RELEASED
            actor = self.actors.get(self._claimed.get(event.call.id, ""))
            if released and actor is not None and event.call.cause_origin == "glare" and event.text not in ("", RESYNC):
                actor.post(Glare(event.call, event.text))
            else:
                self._take_call(event.call, event.at, released)
        if event.type in (EventType.CHANNEL_STATE, EventType.HOOK, EventType.DOMAIN, EventType.CALL_RELEASED):
            self.office.distributor.match()

    def take_fact(self, fact: Fact) -> None:
        """One journal entry: stored (and then acknowledged), and told to the contact that has the call."""
        self.office.store.put_fact(fact)
        if fact.fact is not FactKind.END:
            return
        actor = self.actors.get(self._claimed.get(fact.call_id, "")) or self.actors.get(fact.call.tag)
        if actor is not None:
            call = fact.call
            if call.released is None:
                call = msgspec.structs.replace(call, released=fact.at)
            if call.cause_origin == "glare":
                self._after_glare(actor, Seen(call, fact.at))
            else:
                actor.post(Seen(call, fact.at))

    def _after_glare(self, actor: ContactActor, seen: Seen) -> None:
        """The journal may be quicker than the event, and only the event names the attempt that goes on in its place."""
        asyncio.get_running_loop().call_later(GLARE_WAIT_S, actor.post, seen)

    def look_round(self) -> None:
        """Go through the snapshot: every call is told to its contact, calls without one are taken or left."""
        for call in sorted(self.office.boards.mirror.calls.values(), key=lambda c: c.id):
            self._take_call(call, clock.instant(), False)
        self.office.distributor.match()

    def _take_call(self, call: Call, at: Instant, released: bool) -> None:
        actor = self.actors.get(self._claimed.get(call.id, "")) or self.actors.get(call.tag)
        if actor is not None:
            if released and call.released is None:
                call = msgspec.structs.replace(call, released=at)
            actor.post(Seen(call, at))
        elif not released and call.released is None and self._is_new(call):
            self._new_contact(call)

    def _is_new(self, call: Call) -> bool:
        """Whether a contact must be made for the call.

        What the host does with calls while no controller is there (rings a station and bridges it) is left alone.
        """
        if call.observed or call.direction is Direction.OUT:
            return False
        if call.state not in (ChannelState.OFFERED, ChannelState.ALERTING, ChannelState.CONNECTED):
            return False
        if any(
            call.id in (link.source, link.sink) for b in self.office.boards.mirror.bridges.values() for link in b.links
        ):
            return False
        return call.orphaned or call.controller in ("", self.office.boards.name)

    def _new_contact(self, call: Call) -> None:
        now = clock.instant()
        channel = self.office.boards.mirror.channels.get(call.channel)
        from_station = call.group in self.office.config.sections.stations.groups or (
            channel is not None and channel.kind is ChannelKind.FXS
        )
        contact = Contact(
            id=self._mint.mint(now.wall_ms),
            kind=ContactKind.INTERNAL if from_station else ContactKind.INBOUND,
            state=ContactState.ANSWERING,
            began=call.began or now,
            caller=extension_of(self.office.boards, call) if from_station else call.caller,
            called=call.called,
            line=call.channel,
            group=call.group,
            legs=[
                Leg(
                    role=LegRole.CALLER,
                    call=call.id,
                    domain=call.domain,
                    channel=call.channel,
                    group=call.group,
                    last=call,
                )
            ],
        )
        if from_station:
            contact.station = contact.caller
        actor = ContactActor(self.office, contact)
        self.actors[contact.id] = actor
        self._claimed[call.id] = contact.id
        actor.put()
        log.info("contact", contact=contact.id, call=call.id, caller=contact.caller, called=contact.called)
        actor.start(Begin())

    # -- sweep --------------------------------------------------------------------------------------------------------
    def _sweep(self) -> None:
        self._sweep_timer = asyncio.get_running_loop().call_later(SWEEP_S, self._sweep)
        now_ms = clock.mono_ms()
        self._sweep_strays(now_ms)
        self._sweep_missing(now_ms)
        self.office.distributor.match()

    def _sweep_strays(self, now_ms: int) -> None:
        """Outgoing calls of ours that no contact knows: hang up. Unanswered hang-ups: again."""
        mirror = self.office.boards.mirror
        strays = {}
        for call in mirror.calls.values():
            actor = self.actors.get(self._claimed.get(call.id, ""))
            leg = actor.contact.leg(call.id) if actor is not None else None
            if leg is not None:
                if leg.leaving and not leg.ended:
                    strays[call.id] = HANGUP_REPEAT_MS
            elif call.direction is Direction.OUT and call.controller == self.office.boards.name:
                tagged = self.actors.get(call.tag)
                if tagged is None or not tagged.dialing_now:
                    strays[call.id] = STRAY_LIMIT_MS
        self._stray_since = {call_id: self._stray_since.get(call_id, now_ms) for call_id in strays}
        for call_id, limit_ms in strays.items():
            if now_ms - self._stray_since[call_id] >= limit_ms:
                self._stray_since[call_id] = now_ms
                log.warning("stray_call", call=call_id)
                self._spawn(self._hang_up(call_id))

    def _sweep_missing(self, now_ms: int) -> None:
        """Calls that a connected host does not know and of which no fact comes: taken as lost."""
        boards, missing = self.office.boards, {}
        limit_ms = self.office.config.sections.lost_call_s * 1000
        for actor in self.actors.values():
            for leg in actor.contact.legs:
                known = not leg.call or leg.ended or leg.call in boards.mirror.calls
                if not known and present(boards, leg.domain):
                    missing[leg.call] = self._missing_since.get(leg.call, now_ms)
                    if now_ms - missing[leg.call] >= limit_ms:
                        self._declare_lost(actor, leg)
        self._missing_since = missing

    def _declare_lost(self, actor: ContactActor, leg: Leg) -> None:
        log.error("call_lost", contact=actor.contact.id, call=leg.call)
        now = clock.instant()
        call = leg.last or Call(
            id=leg.call, domain=leg.domain, channel=leg.channel, direction=Direction.OUT, state=ChannelState.RELEASING
        )
        actor.post(Seen(msgspec.structs.replace(call, released=now, cause=Cause.TEMPORARY_FAILURE), now))

    async def _hang_up(self, call_id: str) -> None:
        try:
            params = schema.HangupParams(call=call_id, cause=Cause.NORMAL_CLEARING)
            await self.office.boards.call("call.hangup", params, schema.Nothing)
        except BoarddError as error:
            log.warning("stray_not_hung_up", call=call_id, code=error.code, text=error.message)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work, name="hang up a stray call")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what people want ---------------------------------------------------------------------------------------------
    def contact(self, contact_id: str) -> Contact:
        """An open contact. Raises UnknownIdError."""
        if contact_id not in self.actors:
            raise UnknownIdError(f"there is no open contact {contact_id}", contact=contact_id)
        return self.actors[contact_id].contact

    def hang_up(self, contact_id: str) -> None:
        """End a contact. Raises UnknownIdError."""
        self.contact(contact_id)
        self.actors[contact_id].post(HangUp())

    def hang_up_agent(self, agent: str) -> None:
        """End an agent's present call. Raises UnknownIdError when there is none."""
        contact = self.office.roster.get(agent).contact
        self.contact(contact)
        self.actors[contact].post(HangUp(agent=agent))
