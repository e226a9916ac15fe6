"""The ground every contact stands on: one inbox, one task, timers, requests, storing.

A contact takes one message at a time, so nothing it does is interrupted by what happens meanwhile. Requests to the
boards never raise: what cannot be done returns None, and the call's own end is told by an event or a fact.
"""

from __future__ import annotations

import abc
import asyncio
from dataclasses import dataclass
from typing import TypeVar

import msgspec
import structlog

from boardd import clock
from boardd.api import board_schema as schema
from boardd.contract.causes import Cause
from boardd.contract.errors import BoarddError
from boardd.contract.objects import Call, Instant, PlayStatus, Wire
from boardd.scheduler.contacts.model import Contact, ContactState, Leg, LegRole
from boardd.scheduler.contacts.office import Office

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Seen:
    """A call of the contact is now like this."""

    call: Call
    at: Instant


@dataclass(frozen=True, slots=True)
class Glare:
    """The far end took the channel of an outgoing call; the host goes on with `successor` in its place."""

    call: Call
    successor: str


@dataclass(frozen=True, slots=True)
class TimeUp:
    """A timer has run out; `token` tells an old one from the present one of that name."""

    name: str
    token: int


@dataclass(frozen=True, slots=True)
class Granted:
    """An agent has been reserved for the contact."""

    agent: str


@dataclass(frozen=True, slots=True)
class Begin:
    """First message of a new contact."""


@dataclass(frozen=True, slots=True)
class Join:
    """First message of a contact taken from the store; `ended` are its calls whose end is already known."""

    ended: dict[str, Call]


@dataclass(frozen=True, slots=True)
class HangUp:
    """Somebody wants it to end; with `agent` only that agent's call."""

    agent: str = ""
    cause: int = Cause.NORMAL_CLEARING


Message = Seen | Glare | TimeUp | Granted | Begin | Join | HangUp


class Actor(abc.ABC):
    """See the module text."""

    def __init__(self, office: Office, contact: Contact) -> None:
        self.office = office
        self.contact = contact
        self.dialing_now = False
        """A dial request is on its way: a call with our tag may exist that we do not know yet."""
        self.joined = False
        """The contact was taken from the store."""
        self.held: set[str] = set()
        """Calls of which this process is the controller."""
        self.orphans: set[str] = set()
        """Calls that were taken over again and not yet seen without the orphan mark."""
        self.log = log.bind(contact=contact.id)
        self._inbox: asyncio.Queue[Message] = asyncio.Queue()
        self._timers: dict[str, tuple[int, asyncio.TimerHandle]] = {}
        self._last_token = 0
        self._task: asyncio.Task[None] | None = None

    # -- life ---------------------------------------------------------------------------------------------------------
    def start(self, first: Message) -> None:
        """Begin to work."""
        self._inbox.put_nowait(first)
        self._task = asyncio.get_running_loop().create_task(self._work(), name=f"contact {self.contact.id}")

    def post(self, message: Message) -> None:
        """Tell the contact something."""
        self._inbox.put_nowait(message)

    async def stop(self) -> None:
        """Stop where it is, without hanging up: the process ends, the contact goes on."""
        self._disarm_all()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while self.contact.state is not ContactState.CLOSED:
            message = await self._inbox.get()
            try:
                if isinstance(message, TimeUp) and not self._is_due(message):
                    continue
                await self.take(message)
                await self.maybe_close()
            except Exception:
                self.log.exception("contact_failed", message=type(message).__name__)
                await self.give_up()
        self._disarm_all()

    async def give_up(self) -> None:
        """An error of ours: end the contact rather than leave it stuck."""
        self.contact.state = ContactState.CLOSING
        for agent in self.contact.held_agents():
            self.office.roster.release(agent, self.contact.id, 0.0)
        for leg in self.contact.legs:
            await self.hang_up(leg, Cause.TEMPORARY_FAILURE)

    @abc.abstractmethod
    async def take(self, message: Message) -> None:
        """Do what a message asks for."""

    @abc.abstractmethod
    async def maybe_close(self) -> None:
        """Write the record when all calls have ended."""

    # -- timers -------------------------------------------------------------------------------------------------------
    def arm(self, name: str, wait_s: float) -> None:
        """Post TimeUp(name) after `wait_s`; replaces the timer of that name."""
        self.disarm(name)
        self._last_token += 1
        message = TimeUp(name, self._last_token)
        handle = asyncio.get_running_loop().call_later(max(0.0, wait_s), self.post, message)
        self._timers[name] = (self._last_token, handle)

    def disarm(self, name: str) -> None:
        """Stop a timer; one that has run out but was not yet taken counts as stopped, too."""
        if (timer := self._timers.pop(name, None)) is not None:
            timer[1].cancel()

    def armed(self, name: str) -> bool:
        """Whether the timer runs."""
        return name in self._timers

    def _is_due(self, message: TimeUp) -> bool:
        if message.name in self._timers and self._timers[message.name][0] == message.token:
            del self._timers[message.name]
            return True
        return False

    def _disarm_all(self) -> None:
        for name in list(self._timers):
            self.disarm(name)

    # -- storing ------------------------------------------------------------------------------------------------------
    def put(self) -> None:
        """Store the present state with the next transaction, tell listeners."""
        self.office.store.put_contact(self.contact.row(msgspec.json.encode(self.contact)))
        self.office.listener.contact_changed(self.contact)

    async def save(self) -> None:
        """Store the present state and wait until it is on the disk (or the disk refuses: calls go on)."""
        self.put()
        await self.office.store.save()

    # -- requests -----------------------------------------------------------------------------------------------------
    async def ask(self, method: str, params: Wire, kind: type[T]) -> T | None:
        """A request to the boards; None when it was refused or not answered."""
        try:
            return await self.office.boards.call(method, params, kind)
        except BoarddError as error:
            call = getattr(params, "call", "")
            self.log.warning("refused", method=method, call=call, code=error.code, text=error.message)
            return None

    async def dial(self, leg: Leg) -> Call | None:
        """Begin the outgoing call of a stored leg. The same key never dials twice (within the host's memory)."""
        params = schema.DialParams(
            group="" if leg.channel else leg.group,
            channel=leg.channel,
            number=leg.number,
            caller=leg.caller,
            tag=self.contact.id,
            orphan=self.office.treatment(),
            key=leg.key,
        )
        self.dialing_now = True
        try:
            call = await self.ask("call.dial", params, Call)
            if call is not None:
                self.adopt(leg, call)
            return call
        finally:
            self.dialing_now = False

    def adopt(self, leg: Leg, call: Call) -> None:
        """From now on `call` is the call of `leg`."""
        leg.call, leg.domain, leg.channel, leg.group = call.id, call.domain, call.channel, call.group
        leg.last = call
        self.held.add(call.id)
        self.office.listener.contact_claims(self.contact, call.id)
        self.put()

    async def hang_up(self, leg: Leg, cause: int) -> None:
        """End a leg, once. A leg that was never dialled is simply over."""
        if leg.ended:
            return
        if leg.leaving and leg.call:
            return
        leg.leaving = True
        if leg.call:
            await self.ask("call.hangup", schema.HangupParams(call=leg.call, cause=cause), schema.Nothing)
        else:
            leg.ended = True

    async def play(self, leg: Leg, files: list[str], *, loop: bool = False, digit_stops: bool = False) -> str:
        """Play to a leg; the id of the play task, or empty when it could not be begun.

        `contact.play` is the caller's present task; what ends it although nobody asked is the host's doing.
        """
        if leg.ended or leg.leaving:
            return ""
        params = schema.PlayParams(call=leg.call, files=files, loop=loop, digit_stops=digit_stops)
        status = await self.ask("call.play", params, PlayStatus)
        return status.id if status is not None else ""

    async def silence(self, leg: Leg) -> None:
        """Stop what plays on a leg."""
        self.contact.play = ""
        if not leg.ended and not leg.leaving:
            await self.ask("call.stop_play", schema.CallParams(call=leg.call), schema.Nothing)

    async def take_over(self, leg: Leg) -> bool:
        """Become the controller of a leg's call; whether we are."""
        params = schema.TakeParams(call=leg.call, orphan=self.office.treatment(), tag=self.contact.id)
        call = await self.ask("call.take", params, Call)
        if call is None:
            return False
        self.held.add(leg.call)
        leg.last = call
        return True

    def now(self) -> Instant:
        """This moment."""
        return clock.instant()

    @property
    def caller(self) -> Leg:
        """The leg that began the contact."""
        return self.contact.first

    def live(self, role: LegRole) -> Leg | None:
        """The newest leg of a role that we have not given up."""
        leg = self.contact.newest(role)
        return leg if leg is not None and not leg.ended and not leg.leaving else None
