"""The part of a contact that waits for an agent, and is answered by one."""

from __future__ import annotations

from boardd import clock
from boardd.contract.causes import Cause
from boardd.contract.objects import Instant
from boardd.contract.states import ChannelState
from boardd.scheduler.agents.roster import STATION_FAULT
from boardd.scheduler.boards import station
from boardd.scheduler.config.sections import AfterAgent, QueueSection
from boardd.scheduler.contacts import actor
from boardd.scheduler.contacts.menu import Menu
from boardd.scheduler.contacts.model import ContactState, Leg, LegRole, Outcome, QueuePlace
from boardd.scheduler.ivr import machine
from boardd.scheduler.ivr.machine import Enqueue, Step

MAX_WAIT, RING, ANNOUNCE = "max_wait", "ring", "announce"
GREETING_LIMIT_S, GREETING = 20.0, "greeting"
NOT_ANSWERED = frozenset({Cause.NO_USER_RESPONDING, Cause.NO_ANSWER, Cause.CALL_REJECTED})


class Waiting(Menu):
    """See the module text."""

    def queue_section(self) -> QueueSection:
        """The settings of the contact's queue."""
        return self.office.config.sections.queues.get(self.contact.queue) or QueueSection(agents=[])

    async def enter_queue(self, step: Enqueue) -> Step | None:
        """See Menu."""
        contact, position = self.contact, self.contact.position
        if position is None:
            return None
        contact.queue = step.queue
        section, distributor = self.queue_section(), self.office.distributor
        if step.leave_unstaffed and not self.office.roster.staffed(step.queue):
            return self.office.machine.outcome(position, machine.Outcome.NO_AGENTS, self.unread())
        if section.max_waiting and len(distributor.waiting(step.queue)) >= section.max_waiting:
            return self.office.machine.outcome(position, machine.Outcome.FULL, self.unread())
        entered = clock.instant()
        place = distributor.enter(contact.id, step.queue, entered.mono_ms)
        contact.place = QueuePlace(
            queue=step.queue, seq=place.seq, entered=entered, leave_unstaffed=step.leave_unstaffed
        )
        contact.state, contact.wait_ms, contact.last_seq = ContactState.QUEUED, None, place.seq
        self.put()
        distributor.match()
        await self.office.store.save()
        if section.max_wait_s > 0:
            self.arm(MAX_WAIT, section.max_wait_s)
        await self.queue_sound([] if place.offered else section.welcome)
        return None

    async def resume_queue(self) -> None:
        """After a restart: the old place, with what is left of the waiting time."""
        contact, place, section = self.contact, self.contact.place, self.queue_section()
        if place is None:
            return
        self.office.distributor.enter(contact.id, place.queue, place.entered.mono_ms, place.seq)
        if section.max_wait_s > 0:
            waited_ms = max(0, clock.mono_ms() - place.entered.mono_ms)
            self.arm(MAX_WAIT, section.max_wait_s - waited_ms / 1000)
        if place.agent:
            self.office.distributor.offered(contact.id, True)

    async def resume_ringing(self) -> None:
        """After a restart: go on ringing the agent that was being rung, or let go of it."""
        place = self.contact.place
        if place is None or not place.agent:
            return
        leg = self.live(LegRole.AGENT)
        state = self.office.roster.agents.get(place.agent)
        if leg is None or leg.agent != place.agent or state is None or state.contact != self.contact.id:
            await self._unanswered(place.agent, give_back=True)
        elif leg.call:
            self.office.roster.rings(leg.agent, self.contact.id)
            self.arm(RING, self.queue_section().ring_s)
        else:
            await self._ring(leg)

    async def queue_sound(self, before: list[str]) -> None:
        """Say something to the waiting caller, then music."""
        section = self.queue_section()
        files = self.office.sounds.files(before)
        self.contact.play = await self.play(self.caller, files) if files else ""
        self.contact.music = False
        if not self.contact.play:
            await self.queue_music()
        if section.announce_every_s > 0:
            self.arm(ANNOUNCE, section.announce_every_s)

    async def queue_music(self) -> None:
        """Music until something happens."""
        files = self.office.sounds.files([self.queue_section().music])
        self.contact.play = await self.play(self.caller, files, loop=True) if files else ""
        self.contact.music = True

    async def announce(self) -> None:
        """Tell the caller how many wait before it."""
        if self.contact.state is ContactState.QUEUED:
            ahead = str(self.office.distributor.ahead(self.contact.id))
            files = self.office.sounds.files(["queue_ahead", "$ahead", "queue_persons"], {"ahead": ahead})
            self.contact.play = await self.play(self.caller, files) if files else ""
            self.contact.music = False
            if not self.contact.play:
                await self.queue_music()
            self.arm(ANNOUNCE, self.queue_section().announce_every_s)

    # -- being rung for -----------------------------------------------------------------------------------------------
    async def granted(self, agent: str) -> None:
        """An agent is reserved for us: ring its station."""
        contact, place = self.contact, self.contact.place
        channel = station(self.office.boards, self.office.roster.get(agent).station)
        if contact.state is not ContactState.QUEUED or place is None or self.caller.ended or self.caller.leaving:
            self.office.distributor.leave(contact.id)
            self.office.roster.give_back(agent, contact.id)
            return
        place.agent = agent
        number = len(contact.legs)
        leg = Leg(
            role=LegRole.AGENT,
            channel=channel.id if channel is not None else "",
            caller=contact.caller,
            agent=agent,
            key=f"{contact.id}-d{number}",
            began=self.now(),
        )
        contact.legs.append(leg)
        await self.save()
        await self._ring(leg)

    async def _ring(self, leg: Leg) -> None:
        call = await self.dial(leg) if leg.channel else None
        if call is None:
            leg.leaving = leg.ended = True
            self.office.roster.could_not_ring(leg.agent, self.contact.id)
            await self._unanswered(leg.agent, give_back=False)
            return
        self.office.roster.rings(leg.agent, self.contact.id)
        self.arm(RING, self.queue_section().ring_s)
        self.post(actor.Seen(call, self.now()))

    async def ring_over(self) -> None:
        """The agent has not answered in time."""
        leg = self.live(LegRole.AGENT)
        if self.contact.state is not ContactState.QUEUED or leg is None:
            return
        self.office.roster.did_not_answer(leg.agent, self.contact.id, self.queue_section().no_answer_reason)
        await self.hang_up(leg, Cause.NO_ANSWER)
        await self._unanswered(leg.agent, give_back=False)

    async def agent_gone_unanswered(self, leg: Leg) -> None:
        """The agent's call ended before it was answered."""
        self.disarm(RING)
        cause = leg.last.cause if leg.last is not None else None
        if cause in NOT_ANSWERED:
            self.office.roster.did_not_answer(leg.agent, self.contact.id, self.queue_section().no_answer_reason)
        else:
            self.office.roster.could_not_ring(leg.agent, self.contact.id)
        await self._unanswered(leg.agent, give_back=False)

    async def _unanswered(self, agent: str, give_back: bool) -> None:
        """Wait on at the old place, or leave when the time is over."""
        place = self.contact.place
        if place is None:
            return
        if give_back:
            self.office.roster.give_back(agent, self.contact.id)
        place.agent = ""
        if place.overdue:
            await self.waited_too_long()
            return
        self.office.distributor.offered(self.contact.id, False)
        self.put()
        self.office.distributor.match()

    async def waited_too_long(self) -> None:
        """The longest waiting time is over; a ringing agent may still answer."""
        place, position = self.contact.place, self.contact.position
        if self.contact.state is not ContactState.QUEUED or place is None or position is None:
            return
        if place.agent:
            place.overdue = True
            self.put()
            return
        self.leave_queue(self.now())
        self.contact.state = ContactState.IVR
        await self.perform(self.office.machine.outcome(position, machine.Outcome.TIMEOUT, self.unread()))

    def leave_queue(self, at: Instant) -> None:
        """Give the place up and note how long it was held."""
        place = self.contact.place
        if place is None:
            return
        self.office.distributor.leave(self.contact.id)
        self.disarm(MAX_WAIT)
        self.disarm(ANNOUNCE)
        self.disarm(RING)
        self.contact.wait_ms = max(0, at.mono_ms - place.entered.mono_ms)
        self.contact.place = None

    # -- answered -----------------------------------------------------------------------------------------------------
    async def agent_answered(self, leg: Leg, at: Instant) -> None:
        """The agent has lifted the handset: tell the caller who it is, then connect."""
        contact, section = self.contact, self.queue_section()
        if contact.state is not ContactState.QUEUED or contact.place is None or contact.place.agent != leg.agent:
            await self.hang_up(leg, Cause.NORMAL_CLEARING)
            return
        self.leave_queue(at)
        self.office.roster.talks(leg.agent, contact.id)
        contact.agent, contact.station = leg.agent, self.office.roster.get(leg.agent).station
        contact.state = ContactState.CONNECTING
        await self.save()
        await self.greet(section)

    async def greet(self, section: QueueSection) -> None:
        """Tell the caller the agent's number; the agent does not hear it."""
        prompts = ["agent_number", "$agent", "at_your_service"] if section.announce_agent else []
        files = self.office.sounds.files(prompts, {"agent": self.contact.agent})
        self.contact.play = await self.play(self.caller, files) if files else ""
        self.contact.music = False
        if self.contact.play:
            self.arm(GREETING, GREETING_LIMIT_S)
            self.put()
        else:
            await self.connect_agent()

    async def connect_agent(self) -> None:
        """Bridge caller and agent."""
        self.disarm(GREETING)
        leg = self.live(LegRole.AGENT)
        if self.contact.state is not ContactState.CONNECTING or leg is None:
            return
        await self.silence(self.caller)
        self.contact.state, self.contact.outcome = ContactState.TALKING, Outcome.TALKED
        if await self.begin_talk(self.caller, leg, self.now()):
            return
        if not self.caller.ended and self._is_lost(leg):
            await self._lost_before_talk(leg)
            return
        self.contact.outcome = Outcome.FAILED
        await self.close_down(Cause.RESOURCE_UNAVAILABLE)

    def _is_lost(self, leg: Leg) -> bool:
        """Whether the leg's call, or its host, is no more, whatever we have been told so far."""
        mirror = self.office.boards.mirror
        domain, call = mirror.domains.get(leg.domain), mirror.calls.get(leg.call)
        return domain is None or not domain.connected or call is None or call.state is not ChannelState.CONNECTED

    async def _lost_before_talk(self, leg: Leg) -> None:
        """The agent's host died while caller and agent were being connected: not the caller's loss."""
        await self.end_talk(self.now())
        self.contact.outcome = Outcome.ABANDONED
        self.office.roster.could_not_ring(leg.agent, self.contact.id)
        await self.hang_up(leg, Cause.RESOURCE_UNAVAILABLE)
        await self._wait_on()

    async def agent_left(self, leg: Leg, at: Instant) -> None:
        """An agent's call has ended."""
        contact, section = self.contact, self.queue_section()
        if leg.leaving and contact.state not in (ContactState.TALKING, ContactState.CONNECTING, ContactState.CLOSING):
            return
        if contact.state is ContactState.QUEUED and contact.place is not None and contact.place.agent == leg.agent:
            await self.agent_gone_unanswered(leg)
        elif contact.state is ContactState.TALKING and leg.agent == contact.agent:
            self.office.roster.release(leg.agent, contact.id, section.wrap_up_s)
            if section.after_agent is AfterAgent.GOODBYE and not self.caller.ended:
                await self.say_farewell(["goodbye"], Cause.NORMAL_CLEARING, Outcome.TALKED)
            else:
                await self.close_down()
        elif contact.state is ContactState.CONNECTING and leg.agent == contact.agent:
            await self._left_before_talk(leg)
        else:
            self.office.roster.release(leg.agent, contact.id, section.wrap_up_s)

    async def _left_before_talk(self, leg: Leg) -> None:
        """The agent hung up while the caller heard who it is: the caller keeps waiting, at the head."""
        contact = self.contact
        self.disarm(GREETING)
        self.office.roster.did_not_answer(leg.agent, contact.id, STATION_FAULT)
        await self._wait_on()

    async def _wait_on(self) -> None:
        """Back to the old place, as if no agent had answered."""
        contact, entered = self.contact, self.now()
        waited_ms = contact.wait_ms or 0
        entered = Instant(wall_ms=entered.wall_ms - waited_ms, mono_ms=entered.mono_ms - waited_ms)
        contact.agent, contact.station, contact.wait_ms = "", "", None
        contact.place = QueuePlace(queue=contact.queue, seq=contact.last_seq, entered=entered)
        contact.state = ContactState.QUEUED
        await self.save()
        await self.resume_queue()
        await self.queue_sound([])
        self.office.distributor.match()
