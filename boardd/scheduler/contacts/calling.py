"""The part of a contact that calls somebody: transfers from flows, calls between stations, calls to the outside."""

from __future__ import annotations

from boardd.api import board_schema as schema
from boardd.contract.capabilities import Tone
from boardd.contract.causes import Cause
from boardd.contract.objects import Call, Instant
from boardd.contract.states import ChannelState
from boardd.scheduler.boards import station, station_free
from boardd.scheduler.contacts import actor
from boardd.scheduler.contacts.model import ContactKind, ContactState, Leg, LegRole, Outcome
from boardd.scheduler.contacts.waiting import Waiting
from boardd.scheduler.ivr import machine
from boardd.scheduler.ivr.machine import Step, Transfer

ANSWER_LIMIT = "answer_limit"

_PROMPTS: dict[int, str] = {
    Cause.UNALLOCATED: "unallocated",
    Cause.NO_ROUTE: "unallocated",
    Cause.INVALID_NUMBER_FORMAT: "unallocated",
    Cause.USER_BUSY: "busy",
    Cause.NO_USER_RESPONDING: "no_answer",
    Cause.NO_ANSWER: "no_answer",
}


class Calling(Waiting):
    """See the module text."""

    async def begin_transfer(self, step: Transfer) -> Step | None:
        """See Menu."""
        self.contact.from_flow = True
        if step.extension:
            await self.call_extension(step.extension, step.ring_s)
        else:
            await self.call_outside(step.number, step.group, "", step.ring_s, early_media=False)
        return None

    async def call_extension(self, extension: str, ring_s: float) -> None:
        """Ring a station."""
        channel = station(self.office.boards, extension)
        if channel is None:
            await self.not_reached(Cause.UNALLOCATED)
        elif not station_free(self.office.boards, extension):
            await self.not_reached(Cause.USER_BUSY)
        else:
            agent = self.office.roster.at_station(extension)
            leg = Leg(
                role=LegRole.PARTY,
                channel=channel.id,
                number=extension,
                caller=self.contact.caller,
                agent=agent.agent if agent is not None else "",
            )
            self.contact.station = extension
            await self._call(leg, ring_s)

    async def call_outside(self, number: str, group: str, caller: str, ring_s: float, *, early_media: bool) -> None:
        """Dial a number through a trunk group."""
        self.contact.early_media = early_media
        await self._call(Leg(role=LegRole.PARTY, group=group, number=number, caller=caller), ring_s)

    async def _call(self, leg: Leg, ring_s: float) -> None:
        contact = self.contact
        leg.key, leg.began = f"{contact.id}-d{len(contact.legs)}", self.now()
        contact.legs.append(leg)
        contact.state = ContactState.DIALING
        contact.dial_limit_s = ring_s
        await self.save()
        await self._dial(leg)

    async def _dial(self, leg: Leg) -> None:
        if leg.channel and leg.number:
            leg.number = ""
        if self.caller.connected:
            await self._sound_ringing()
        call = await self.dial(leg)
        if call is None:
            leg.leaving = leg.ended = True
            await self.not_reached(Cause.NO_CIRCUIT)
            return
        if leg.agent:
            self.office.roster.talks(leg.agent, self.contact.id)
        self.arm(ANSWER_LIMIT, self.contact.dial_limit_s)
        self.post(actor.Seen(call, self.now()))

    async def resume_dialing(self) -> None:
        """After a restart: go on with the call that was being made."""
        leg = self.live(LegRole.PARTY)
        if leg is None:
            await self.not_reached(Cause.TEMPORARY_FAILURE)
        elif not leg.call:
            await self._dial(leg)
        else:
            self.arm(ANSWER_LIMIT, self.contact.dial_limit_s)
            if self.contact.talk() is not None:
                await self.resume_talk()
            else:
                await self._sound_ringing()

    async def _sound_ringing(self) -> None:
        """Ring-back for whoever waits: tone on a station, and music on a trunk, whose card may lack the tone."""
        if self.contact.kind in (ContactKind.INTERNAL, ContactKind.OUTBOUND):
            await self._tone(Tone.RING_BACK)
        else:
            await self.queue_music()

    async def _tone(self, tone: Tone | None) -> None:
        if not self.caller.ended and not self.caller.leaving:
            await self.ask("call.tone", schema.ToneParams(call=self.caller.call, tone=tone), schema.Nothing)

    async def party_progress(self, leg: Leg, call: Call) -> None:
        """The called side proceeds or rings: let the station hear the line if it shall."""
        rings = call.state in (ChannelState.PROCEEDING, ChannelState.ALERTING)
        waits = self.contact.state is ContactState.DIALING and self.contact.talk() is None
        if rings and waits and self.contact.early_media and not leg.leaving:
            self.contact.early_media = False
            await self._tone(None)
            if not await self.begin_talk(self.caller, leg, None):
                await self.end_talk(self.now())
                await self._tone(Tone.RING_BACK)

    async def party_answered(self, leg: Leg, at: Instant) -> None:
        """The called side has answered."""
        contact = self.contact
        if contact.state is not ContactState.DIALING:
            await self.hang_up(leg, Cause.NORMAL_CLEARING)
            return
        self.disarm(ANSWER_LIMIT)
        contact.state, contact.outcome = ContactState.TALKING, Outcome.TALKED
        talk = contact.talk()
        if talk is not None:
            talk.answered = at
            await self.save()
            return
        if contact.kind in (ContactKind.INTERNAL, ContactKind.OUTBOUND):
            await self._tone(None)
        else:
            await self.silence(self.caller)
        if not await self.begin_talk(self.caller, leg, at):
            contact.outcome = Outcome.FAILED
            await self.close_down(Cause.RESOURCE_UNAVAILABLE)

    async def answer_limit_over(self) -> None:
        """Nobody has answered in time."""
        leg = self.live(LegRole.PARTY)
        if self.contact.state is ContactState.DIALING and leg is not None:
            await self.end_talk(self.now())
            await self.hang_up(leg, Cause.NO_ANSWER)
            await self._party_over(leg, Cause.NO_ANSWER)

    async def party_left(self, leg: Leg) -> None:
        """The called side's call has ended."""
        if self.contact.state is ContactState.DIALING and not leg.leaving:
            cause = leg.last.cause if leg.last is not None and leg.last.cause is not None else Cause.NORMAL_UNSPECIFIED
            await self._party_over(leg, cause)
        elif self.contact.state is ContactState.TALKING:
            self.free_stations()
            await self.close_down()

    async def _party_over(self, leg: Leg, cause: int) -> None:
        self.disarm(ANSWER_LIMIT)
        if leg.agent:
            self.office.roster.release(leg.agent, self.contact.id, 0.0)
        await self.not_reached(cause)

    async def not_reached(self, cause: int) -> None:
        """The called side was not reached: the flow says what next, a station hears why."""
        contact = self.contact
        if contact.from_flow and contact.position is not None:
            ways = {Cause.USER_BUSY: machine.Outcome.BUSY}
            ways |= dict.fromkeys((Cause.NO_ANSWER, Cause.NO_USER_RESPONDING), machine.Outcome.NO_ANSWER)
            contact.state = ContactState.IVR
            outcome = ways.get(Cause(cause) if cause in list(Cause) else Cause.INTERWORKING, machine.Outcome.FAILED)
            await self.perform(self.office.machine.outcome(contact.position, outcome, self.unread()))
            return
        if self.caller.connected:
            await self._tone(None)
        outcome_of_contact = Outcome.NO_ANSWER if _PROMPTS.get(cause) == "no_answer" else Outcome.FAILED
        await self.say_farewell([_PROMPTS.get(cause, "unreachable")], cause, outcome_of_contact)

    def free_stations(self) -> None:
        """Agents who were on a call of their own are free again."""
        for leg in self.contact.legs:
            if leg.agent and leg.role is not LegRole.AGENT:
                self.office.roster.release(leg.agent, self.contact.id, 0.0)
