"""The part of a contact that is in a flow: prompts, digits, timeouts, the last prompt before hanging up."""

from __future__ import annotations

import abc

from boardd.contract.causes import Cause
from boardd.scheduler.contacts.model import ContactState, Outcome
from boardd.scheduler.contacts.talk import Talking
from boardd.scheduler.ivr.machine import Enqueue, Farewell, Listen, Position, Say, Step, Transfer

LISTEN = "listen"
FAREWELL_LIMIT_S = 60.0
FAREWELL = "farewell"


class Menu(Talking):
    """See the module text."""

    @abc.abstractmethod
    async def enter_queue(self, step: Enqueue) -> Step | None:
        """Wait for an agent."""

    @abc.abstractmethod
    async def begin_transfer(self, step: Transfer) -> Step | None:
        """Call an extension or number."""

    @abc.abstractmethod
    async def flow_over(self, step: Farewell) -> None:
        """The flow has come to its end."""

    async def begin_flow(self, flow: str, used: int = 0) -> None:
        """Enter a flow; the first `used` digits of the call do not belong to it."""
        self.contact.state = ContactState.IVR
        self.contact.position = position = Position(flow=flow, used=used)
        await self.perform(self.office.machine.begin(position, self.unread()))

    async def resume_flow(self) -> None:
        """Go on in the flow where the contact was."""
        position = self.contact.position
        if position is not None:
            self.contact.play = ""
            await self.perform(self.office.machine.resume(position, self.unread()))

    async def perform(self, step: Step | None) -> None:
        """Do what the machine says until it has to wait; each position is stored before it is acted upon."""
        while step is not None:
            self.disarm(LISTEN)
            if isinstance(step, Say):
                step = await self._say(step)
            elif isinstance(step, Listen):
                await self.save()
                if self.contact.play:
                    await self.silence(self.caller)
                self.arm(LISTEN, step.timeout_s)
                step = None
            elif isinstance(step, Enqueue):
                step = await self.enter_queue(step)
            elif isinstance(step, Transfer):
                step = await self.begin_transfer(step)
            else:
                await self.flow_over(step)
                step = None

    async def _say(self, step: Say) -> Step | None:
        position = self.contact.position
        files = self.office.sounds.files(step.prompts, position.variables if position is not None else None)
        await self.save()
        had = self.contact.play
        self.contact.play = await self.play(self.caller, files, digit_stops=step.barge_in) if files else ""
        self.contact.music = False
        if self.contact.play:
            self.put()
            return None
        if had:
            await self.silence(self.caller)
        if position is None or self.caller.ended or self.caller.leaving:
            return None
        return self.office.machine.prompt_over(position, self.unread(), heard=False)

    def unread(self) -> str:
        """Digits of the caller's call that the flow has not consumed."""
        position, call = self.contact.position, self.caller.last
        if position is None or call is None:
            return ""
        first = call.digit_count - len(call.digits)
        position.used = max(position.used, first)
        return call.digits[position.used - first :]

    async def heard_digits(self) -> None:
        """The caller's call has more digits than before."""
        if self.contact.state is ContactState.IVR and self.contact.position is not None and self.unread():
            await self.perform(self.office.machine.digits(self.contact.position, self.unread()))

    async def flow_prompt_over(self) -> None:
        """The prompt that was played to the caller has ended."""
        if self.contact.position is not None:
            await self.perform(self.office.machine.prompt_over(self.contact.position, self.unread()))

    async def listened(self) -> None:
        """No digit came in time."""
        if self.contact.state is ContactState.IVR and self.contact.position is not None:
            await self.perform(self.office.machine.time_over(self.contact.position, self.unread()))

    # -- the end ------------------------------------------------------------------------------------------------------
    async def say_farewell(self, prompts: list[str], cause: int, outcome: Outcome) -> None:
        """Play prompts to the caller, then hang up with `cause`."""
        contact = self.contact
        contact.farewell, contact.end_cause, contact.outcome = prompts, cause, outcome
        contact.state = ContactState.FAREWELL
        await self.save()
        await self.play_farewell()

    async def play_farewell(self) -> None:
        """Begin (again) what the caller hears last; with nothing to hear, hang up."""
        variables = self.contact.position.variables if self.contact.position is not None else None
        files = self.office.sounds.files(self.contact.farewell, variables)
        self.contact.play = await self.play(self.caller, files) if files and self.caller.connected else ""
        self.contact.music = False
        if self.contact.play:
            self.arm(FAREWELL, FAREWELL_LIMIT_S)
            self.put()
        else:
            await self.close_down(self.contact.end_cause)

    async def close_down(self, cause: int = Cause.NORMAL_CLEARING) -> None:
        """Hang up whatever is left."""
        self.contact.state = ContactState.CLOSING
        self.disarm(FAREWELL)
        await self.save()
        for leg in self.contact.legs:
            await self.hang_up(leg, cause)
