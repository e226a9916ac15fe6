"""One contact at work: what it does with each message, how it is taken up after a restart, how it ends."""

from __future__ import annotations

import msgspec

from boardd.api import board_schema as schema
from boardd.contract.causes import Cause
from boardd.contract.errors import BoarddError
from boardd.contract.objects import Call, Instant
from boardd.contract.states import ChannelState
from boardd.scheduler.boards import extension_of
from boardd.scheduler.config.nodes import CollectNode, Flow, NodeKind
from boardd.scheduler.contacts import waiting
from boardd.scheduler.contacts.actor import Begin, Glare, Granted, Join, Message, Seen, TimeUp
from boardd.scheduler.contacts.calling import ANSWER_LIMIT, Calling
from boardd.scheduler.contacts.closing import make_record
from boardd.scheduler.contacts.dialled import Extension, Feature, IntoFlow, Outside, meaning
from boardd.scheduler.contacts.menu import FAREWELL, LISTEN
from boardd.scheduler.contacts.model import ContactKind, ContactState, Leg, LegRole, Outcome
from boardd.scheduler.ivr.machine import Farewell
from boardd.scheduler.recording.naming import recording_path

LOGIN_FLOW = "*login"
BUILT_IN_FLOWS = {
    LOGIN_FLOW: Flow(
        start="ask",
        nodes={
            "ask": CollectNode(
                kind=NodeKind.COLLECT, variable="agent", prompts=["enter_agent"], retries=1, max=10, invalid=["refused"]
            )
        },
    )
}
"""Flows of the scheduler's own; their names cannot be written in a file."""

ANSWER, SETTLE = "answer", "settle"
ANSWER_LIMIT_S = 15.0
SETTLE_S = 5.0
"""How long the record waits for the journal when a call's end was not seen."""
REDIAL_LIMIT_MS = 50_000
"""The host remembers keys for 60 s; a dial older than this is not sent again."""

STOPPED_BY_HOST = "stopped"
"""We forget a play task before we stop it: one that stops all the same gave way to the host's orphan treatment."""

_STEPS = (ChannelState.PROCEEDING, ChannelState.ALERTING)


class ContactActor(Calling):
    """See the module text."""

    async def take(self, message: Message) -> None:
        """See Actor."""
        if isinstance(message, Seen):
            await self._seen(message.call, message.at)
        elif isinstance(message, Glare):
            await self._glare(message.call, message.successor)
        elif isinstance(message, TimeUp):
            await self._time_up(message.name)
        elif isinstance(message, Granted):
            await self.granted(message.agent)
        elif isinstance(message, Begin):
            await self._begin()
        elif isinstance(message, Join):
            await self._join(message.ended)
        elif message.agent:
            leg = self.live(LegRole.AGENT) or self.live(LegRole.PARTY)
            leg = leg if leg is not None and leg.agent == message.agent else None
            if leg is None and self.caller.agent == message.agent:
                leg = self.caller
            if leg is not None:
                await self._hang_up_person(leg, message.cause)
        else:
            await self.close_down(message.cause)

    async def _hang_up_person(self, leg: Leg, cause: int) -> None:
        """End a leg as if its person had put the handset down."""
        params = schema.HangupParams(call=leg.call, cause=cause)
        await self.ask("call.hangup", params, schema.Nothing)

    async def _time_up(self, name: str) -> None:
        actions = {
            LISTEN: self.listened,
            FAREWELL: self.close_down,
            waiting.MAX_WAIT: self.waited_too_long,
            waiting.RING: self.ring_over,
            waiting.ANNOUNCE: self.announce,
            waiting.GREETING: self.connect_agent,
            ANSWER_LIMIT: self.answer_limit_over,
            ANSWER: self._not_connected,
        }
        if name in actions:
            await actions[name]()

    # -- beginning ----------------------------------------------------------------------------------------------------
    async def _begin(self) -> None:
        """Answer the call that began the contact, or go on at once when it is connected already."""
        await self.save()
        leg = self.caller
        if leg.last is not None and leg.last.state is ChannelState.CONNECTED:
            await self.take_over(leg)
            if leg.last is not None:
                await self._seen(leg.last, self.now())
            return
        if self.contact.kind is ContactKind.INBOUND and not self.flow():
            self.contact.outcome = Outcome.FAILED
            await self.close_down(Cause.UNALLOCATED)
            return
        await self._answer()

    async def _answer(self) -> None:
        leg = self.caller
        self.held.add(leg.call)
        params = schema.AnswerParams(
            call=leg.call, orphan=self.office.treatment(), tag=self.contact.id, key=f"{self.contact.id}-a"
        )
        await self.ask("call.answer", params, schema.Nothing)
        self.arm(ANSWER, ANSWER_LIMIT_S)

    async def _not_connected(self) -> None:
        """The call was answered, but never became connected."""
        if self.contact.state is ContactState.ANSWERING:
            self.contact.outcome = Outcome.FAILED
            await self.close_down(Cause.TEMPORARY_FAILURE)

    def flow(self) -> str:
        """The flow that the contact's numbers lead to."""
        return self.office.config.route(self.contact.group, self.contact.called)

    async def _connected(self) -> None:
        """The caller can hear us: what did it call?"""
        contact = self.contact
        self.disarm(ANSWER)
        if contact.kind is ContactKind.INBOUND:
            await self.begin_flow(self.flow())
            return
        digits_before = self.caller.last.digit_count if self.caller.last is not None else 0
        extensions = {c.extension for c in self.office.boards.mirror.channels.values() if c.extension}
        what = meaning(self.office.config, contact.group, contact.called, extensions)
        agent = self.office.roster.at_station(contact.caller)
        if isinstance(what, Feature):
            contact.kind, contact.outcome = ContactKind.FEATURE, Outcome.FEATURE
            contact.feature, contact.feature_argument = what.action, what.argument
            await self._do_feature(digits_before)
            return
        if agent is not None:
            self.caller.agent = contact.agent = agent.agent
            self.office.roster.talks(agent.agent, contact.id)
        if isinstance(what, Extension):
            await self.call_extension(what.extension, self.office.config.sections.stations.ring_s)
        elif isinstance(what, Outside):
            contact.kind, contact.called = ContactKind.OUTBOUND, what.number
            section = what.section
            await self.call_outside(
                what.number, section.group, section.caller, section.answer_timeout_s, early_media=section.early_media
            )
        elif isinstance(what, IntoFlow):
            await self.begin_flow(what.flow, digits_before)
        else:
            await self.not_reached(Cause.UNALLOCATED)

    async def _do_feature(self, digits_before: int) -> None:
        contact, roster = self.contact, self.office.roster
        extension = extension_of(self.office.boards, self.caller.last) if self.caller.last is not None else ""
        number = contact.feature_argument or roster.resident(extension)
        if contact.feature == "login" and not number:
            await self.begin_flow(LOGIN_FLOW, digits_before)
            return
        prompt = {"login": "logged_in", "logout": "logged_out"}.get(contact.feature, contact.feature)
        try:
            if contact.feature == "login":
                contact.agent = number
                roster.login(number, extension)
            else:
                state = roster.at_station(extension)
                if state is None:
                    prompt = "refused"
                else:
                    contact.agent = state.agent
                    self._change_agent(state.agent)
        except BoarddError as error:
            self.log.info("feature_refused", action=contact.feature, agent=number, text=error.message)
            prompt = "refused"
        await self.say_farewell([prompt], Cause.NORMAL_CLEARING, Outcome.FEATURE)

    def _change_agent(self, agent: str) -> None:
        if self.contact.feature == "logout":
            self.office.roster.logout(agent)
        elif self.contact.feature == "ready":
            self.office.roster.ready(agent)
        else:
            reasons = self.office.config.sections.feature_codes.reasons
            argument = self.contact.feature_argument
            self.office.roster.not_ready(agent, reasons.get(argument, argument))

    async def flow_over(self, step: Farewell) -> None:
        """See Menu."""
        contact = self.contact
        if contact.feature == "login" and contact.position is not None and contact.position.flow == LOGIN_FLOW:
            contact.feature_argument = contact.position.variables.get("agent", "") or "?"
            contact.position = None
            await self._do_feature(0)
            return
        outcome = Outcome.SELF_SERVICE if not contact.queue else Outcome.NO_ANSWER
        if contact.talks:
            outcome = contact.outcome
        await self.say_farewell(list(step.prompts), step.cause, outcome)

    # -- calls --------------------------------------------------------------------------------------------------------
    async def _seen(self, call: Call, at: Instant) -> None:
        """A call of ours is now like this; everything it tells is looked at, whatever event brought it."""
        contact = self.contact
        leg = contact.leg(call.id)
        if leg is None:
            return
        if leg.ended:
            if call.cause is not None and leg.last is not None and leg.last.cause is None:
                leg.last = call
            return
        leg.last, leg.channel, leg.domain, leg.group = call, call.channel, call.domain, call.group or leg.group
        if leg is self.caller and contact.kind is ContactKind.INBOUND and call.caller and not contact.caller:
            contact.caller = call.caller
        if call.released is not None:
            await self._leg_ended(leg, call.released)
            return
        if not call.orphaned:
            self.orphans.discard(call.id)
        if call.id not in self.held or (call.orphaned and call.id not in self.orphans):
            await self._retake(leg)
        if leg.leaving or leg.ended:
            return
        if call.state is ChannelState.CONNECTED and not leg.connected:
            leg.connected = True
            await self._leg_connected(leg, call.answered or at)
        elif call.state in _STEPS and leg.role is LegRole.PARTY:
            await self.party_progress(leg, call)
        if leg is self.caller and leg.connected:
            await self._listen_to(leg)

    async def _listen_to(self, leg: Leg) -> None:
        """Digits first: a digit that cut the prompt short was heard before the prompt's end."""
        await self.heard_digits()
        call = leg.last
        play = call.play if call is not None else None
        if not self.contact.play or play is None or play.id != self.contact.play or not play.ended:
            return
        self.contact.play = ""
        if play.ended == STOPPED_BY_HOST:
            await self._resume()
        elif not self.contact.music:
            await self._play_over()

    async def _play_over(self) -> None:
        state = self.contact.state
        if state is ContactState.IVR:
            await self.flow_prompt_over()
        elif state is ContactState.QUEUED:
            await self.queue_music()
        elif state is ContactState.CONNECTING:
            await self.connect_agent()
        elif state is ContactState.FAREWELL:
            await self.close_down(self.contact.end_cause)

    async def _leg_connected(self, leg: Leg, at: Instant) -> None:
        if leg is self.caller:
            if self.contact.state is ContactState.ANSWERING:
                await self._connected()
        elif leg.role is LegRole.AGENT:
            await self.agent_answered(leg, at)
        else:
            await self.party_answered(leg, at)

    async def _glare(self, call: Call, successor: str) -> None:
        """An outgoing attempt lost its channel; the leg goes on with the attempt that took its place."""
        leg = self.contact.leg(call.id)
        if leg is None or leg.ended:
            return
        lost = msgspec.structs.replace(leg, ended=True, leaving=True, agent="", last=call)
        self.contact.legs.insert(self.contact.legs.index(leg), lost)
        leg.call = successor
        self.held.add(successor)
        self.office.listener.contact_claims(self.contact, successor)
        self.put()
        follower = self.office.boards.mirror.calls.get(successor)
        if follower is not None:
            await self._seen(follower, self.now())

    async def _leg_ended(self, leg: Leg, at: Instant) -> None:
        leg.ended = True
        talk = self.contact.talk()
        if talk is not None and leg.call in (talk.left, talk.right):
            await self.end_talk(at)
        if leg is self.caller:
            await self._caller_left(at)
        elif leg.role is LegRole.AGENT:
            await self.agent_left(leg, at)
        else:
            await self.party_left(leg)
        self.put()

    async def _caller_left(self, at: Instant) -> None:
        """Whoever began the contact is gone: everybody else goes, too."""
        contact, roster = self.contact, self.office.roster
        if contact.state is ContactState.QUEUED:
            agent = contact.place.agent if contact.place is not None else ""
            self.leave_queue(at)
            contact.outcome = Outcome.ABANDONED_QUEUE
            contact.state = ContactState.CLOSING
            if agent:
                roster.give_back(agent, contact.id)
        elif contact.state in (ContactState.CONNECTING, ContactState.TALKING) and contact.queue:
            roster.release(contact.agent, contact.id, self.queue_section().wrap_up_s)
        self.free_stations()
        await self.close_down()

    # -- restarts -----------------------------------------------------------------------------------------------------
    async def _retake(self, leg: Leg) -> None:
        """The host treated the call as an orphan, or never heard of this process: become its controller again."""
        if leg.last is not None and leg.last.orphaned:
            self.orphans.add(leg.call)
        taken = await self.take_over(leg)
        if taken and leg is self.caller and not leg.leaving and leg.connected:
            await self._resume()

    async def _resume(self) -> None:
        """Let the caller hear again what belongs to where it is."""
        state = self.contact.state
        self.contact.play = ""
        if state is ContactState.IVR:
            await self.resume_flow()
        elif state is ContactState.QUEUED:
            await self.queue_sound([])
        elif state is ContactState.CONNECTING:
            await self.greet(self.queue_section())
        elif state is ContactState.TALKING:
            await self.resume_talk()
        elif state is ContactState.DIALING:
            await self.resume_dialing()
        elif state is ContactState.FAREWELL:
            await self.play_farewell()

    async def _join(self, ended: dict[str, Call]) -> None:
        """Go on where the process before us was.

        Calls whose end is known are taken as ended, calls that the boards show are taken over, of the others news will
        come: from their host when it connects, from the journal, or from the sweep that declares calls lost.
        """
        contact, mirror = self.contact, self.office.boards.mirror
        contact.play, self.joined = "", True
        for leg in contact.legs:
            if not leg.call and not leg.ended:
                self._find(leg)
        if contact.state is ContactState.QUEUED:
            await self.resume_queue()
        if contact.state is ContactState.CLOSING:
            for leg in contact.legs:
                leg.leaving = False
                await self.hang_up(leg, contact.end_cause)
        for leg in list(contact.legs):
            known = ended.get(leg.call)
            seen = known or mirror.calls.get(leg.call)
            if seen is None:
                continue
            if leg is self.caller and not leg.ended and _unanswered(seen):
                leg.last = seen
                await self._answer()
            else:
                await self._seen(seen, self.now())
        if contact.state is ContactState.QUEUED and not self.caller.ended:
            await self.resume_ringing()
        self.put()

    def _find(self, leg: Leg) -> None:
        """A leg that was being dialled: the boards may show its call under our tag, or it is dialled (again)."""
        known = {other.call for other in self.contact.legs}
        for call in self.office.boards.mirror.calls.values():
            if call.tag == self.contact.id and call.id not in known and leg.channel in ("", call.channel):
                self.adopt(leg, call)
                self.held.discard(call.id)
                return
        if leg.began is None or not 0 <= self.now().mono_ms - leg.began.mono_ms < REDIAL_LIMIT_MS:
            leg.leaving = leg.ended = True

    # -- the end ------------------------------------------------------------------------------------------------------
    async def maybe_close(self) -> None:
        """See Actor."""
        contact = self.contact
        if contact.state is not ContactState.CLOSING or not all(leg.ended for leg in contact.legs):
            return
        told = all(leg.last is None or leg.last.cause is not None for leg in contact.legs if leg.call)
        if not told and contact.ended is None:
            contact.ended = self.now()
            self.arm(SETTLE, SETTLE_S)
            self.put()
        if not told and self.armed(SETTLE):
            return
        contact.ended = contact.ended or self.now()
        contact.state = ContactState.CLOSED
        record = make_record(contact, contact.ended, str(recording_path(self.office.config, contact)))
        self.office.store.put_record(record)
        self.office.distributor.leave(contact.id)
        self.office.roster.reconcile_contact(contact.id)
        self.put()
        await self.office.store.save()
        self.office.listener.contact_closed(contact, record)


def _unanswered(call: Call) -> bool:
    return call.state in (ChannelState.OFFERED, ChannelState.ALERTING) and call.released is None
