"""Calls: minted, begun, answered and released here; every one ends exactly once.

A release goes: state and cause (at once), what hangs on the call is undone (bridges, recordings), the channel is hung
up, CALL_RELEASED, `end` in the journal, and then the call is forgotten. Until CALL_RELEASED the line is held.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from boardd import clock
from boardd.contract.causes import Cause, known_cause
from boardd.contract.errors import BoarddError, UnknownIdError
from boardd.contract.events import EventType
from boardd.contract.ids import UlidSource
from boardd.contract.objects import Call, FactKind, OrphanTreatment
from boardd.contract.states import AnswerEvidence, ChannelState, Direction
from boardd.host.journal import Journal
from boardd.host.line import Line
from boardd.host.outlet import Outlet
from boardd.host.tasks import Tasks
from boardd.host.timers import Timers


class LiveCall:
    """A call that is not forgotten yet, with what only this process needs to know about it."""

    def __init__(self, call: Call, line: Line) -> None:
        self.call = call
        self.line = line
        self.timers = Timers()
        self.journalled = False
        """Whether its `begin` was journalled, so that it needs an `end`."""
        self.announced = False
        self.cleanups: list[Callable[[], Awaitable[None]]] = []
        """Undone in order after the release was decided and before the channel is hung up."""
        self.afters: list[Callable[[], Awaitable[None]]] = []
        """Waited for after the hang-up and before CALL_RELEASED."""
        self.successor: LiveCall | None = None
        """After glare: the attempt that goes on in its place."""
        self.treatment = ""
        """What the host does with the call by itself now: '', 'orphan', 'hold' or 'fallback'."""
        self.on_card = call.direction is Direction.IN or call.observed
        """Whether the card knows of it: an outgoing call that was not handed over yet cannot have ended there."""
        self.kept_line = False
        """It ended because something else is on the channel, which must be left alone."""
        self.ended = asyncio.Event()
        """CALL_RELEASED was published."""

    @property
    def id(self) -> str:
        """The call id."""
        return self.call.id

    @property
    def alive(self) -> bool:
        """Whether it has not been released."""
        return self.call.released is None

    def age_ms(self) -> int:
        """How long ago it was minted."""
        return clock.mono_ms() - self.call.began.mono_ms if self.call.began is not None else 0

    @property
    def waiting(self) -> bool:
        """Whether it came in and was not answered yet."""
        incoming = self.call.direction is Direction.IN and not self.call.observed
        return self.alive and incoming and self.call.state in (ChannelState.OFFERED, ChannelState.ALERTING)


class Calls:
    """All calls of the domain."""

    def __init__(self, domain: str, outlet: Outlet, journal: Journal, tasks: Tasks) -> None:
        self._domain = domain
        self._outlet = outlet
        self._journal = journal
        self._tasks = tasks
        self._ids = UlidSource()
        self._calls: dict[str, LiveCall] = {}
        self._uses = 0
        self.on_connected: list[Callable[[LiveCall], None]] = []
        self.on_released: list[Callable[[LiveCall], None]] = []
        """Called before anything is undone; may add cleanups."""
        self.drain: Callable[[Line], None] = lambda _line: None
        """Handles the events that waited while the line was held."""

    # -- looking up ---------------------------------------------------------------------------------------------------
    def get(self, call_id: str) -> LiveCall:
        """The call, unless it is over. Raises UnknownIdError."""
        live = self._calls.get(call_id)
        if live is None or not live.alive:
            raise UnknownIdError(f"no call {call_id} in domain {self._domain}", call=call_id)
        return live

    def all(self) -> list[LiveCall]:
        """Calls that are not released."""
        return [live for live in self._calls.values() if live.alive]

    def snapshot(self) -> list[Call]:
        """Calls that have been announced and whose CALL_RELEASED was not, oldest first."""
        return [live.call for live in self._calls.values() if live.announced and not live.ended.is_set()]

    def channel_of(self, call_id: str) -> str:
        """The channel of a call that is not forgotten yet; empty when it is."""
        live = self._calls.get(call_id)
        return live.line.id if live is not None else ""

    def mint_id(self) -> str:
        """A new id for anything that belongs to calls."""
        return self._ids.mint(clock.wall_ms())

    # -- beginning ----------------------------------------------------------------------------------------------------
    def mint(
        self,
        line: Line,
        state: ChannelState,
        direction: Direction,
        *,
        caller: str = "",
        caller_name: str = "",
        called: str = "",
        original_called: str = "",
        controller: str = "",
        tag: str = "",
        orphan: OrphanTreatment | None = None,
        observed: bool = False,
    ) -> LiveCall:
        """A new call on a line that has none. Nobody knows of it before `begin` or `announce`."""
        call = Call(
            id=self.mint_id(),
            domain=self._domain,
            channel=line.id,
            group=line.channel.group,
            direction=direction,
            state=state,
            observed=observed,
            caller=caller,
            caller_name=caller_name,
            called=called,
            original_called=original_called,
            controller=controller,
            tag=tag,
            orphan=orphan,
            began=clock.instant(),
        )
        live = LiveCall(call, line)
        self._calls[call.id] = live
        line.call = live
        line.reserved = False
        self._uses += 1
        line.last_used = self._uses
        line.counters["calls"] += 1
        return live

    async def begin(self, live: LiveCall, kind: EventType) -> None:
        """Journal the call, then announce it with `kind` unless it has ended. The line is held meanwhile."""
        if not live.alive:
            return
        self.hold(live.line)
        try:
            live.journalled = True
            await self._journal.append(FactKind.BEGIN, live.call)
            if live.alive:
                self.announce(live, kind)
        finally:
            self.unhold(live.line)

    def announce(self, live: LiveCall, kind: EventType) -> None:
        """Tell clients of a new call, or of one whose nature changed (seized -> offered)."""
        live.announced = True
        live.line.channel.call_id = live.id
        live.line.sync()
        self._outlet.publish(kind, call=live.call, channel=live.line.channel)

    def hold(self, line: Line) -> None:
        """Let driver events of the line wait."""
        line.holds += 1

    def unhold(self, line: Line) -> None:
        """Undo `hold`; what waited is handled when nothing holds the line any more."""
        line.holds -= 1
        if not line.holds:
            self.drain(line)

    # -- while it lasts -----------------------------------------------------------------------------------------------
    def publish(self, kind: EventType, live: LiveCall, **more: str) -> None:
        """An event about an announced call."""
        if live.announced:
            self._outlet.publish(kind, call=live.call, **more)

    def progress(self, live: LiveCall, state: ChannelState) -> None:
        """The call reached `proceeding` or `alerting`; told once."""
        call = live.call
        if not live.alive or call.state in (state, ChannelState.CONNECTED):
            return
        call.state = state
        if state is ChannelState.ALERTING:
            call.alerted = clock.instant()
        live.line.sync()
        alerting = state is ChannelState.ALERTING
        self.publish(EventType.CALL_ALERTING if alerting else EventType.CALL_PROCEEDING, live)

    def connected(self, live: LiveCall, evidence: AnswerEvidence) -> None:
        """The speech path is through; a tapped call, which stays `observed`, was answered.

        Better evidence that comes later (reversal after none) is told again.
        """
        call = live.call
        if not live.alive:
            return
        first = call.state is not ChannelState.CONNECTED and not (call.observed and call.answered is not None)
        if not first and (evidence is call.evidence or evidence is AnswerEvidence.NONE):
            return
        if not call.observed:
            call.state = ChannelState.CONNECTED
        call.evidence = evidence
        if evidence is not AnswerEvidence.NONE or call.direction is Direction.IN:
            call.answered = call.answered or clock.instant()
        live.line.sync()
        self.publish(EventType.CALL_CONNECTED, live)
        if live.journalled and call.answered is not None:
            self._tasks.spawn(self._journal.append(FactKind.ANSWER, call), f"answer-fact {call.id}")
        if first and not call.observed:
            for listener in list(self.on_connected):
                listener(live)

    def control(self, live: LiveCall, controller: str, orphaned: bool) -> None:
        """Change who controls the call; told when it did."""
        call = live.call
        if (call.controller, call.orphaned) == (controller, orphaned):
            return
        call.controller, call.orphaned = controller, orphaned
        self.publish(EventType.CALL_CONTROL, live)

    # -- ending -------------------------------------------------------------------------------------------------------
    def release(
        self,
        live: LiveCall,
        cause: int,
        origin: str,
        *,
        maker_code: str = "",
        maker_text: str = "",
        reject: bool = False,
        hang_up: bool = True,
        text: str = "",
    ) -> None:
        """End the call; a second release is ignored.

        `origin`: local (a client), far, line, card, glare or host. `reject` refuses an offer with the cause instead of
        hanging up; `hang_up=False` leaves the channel alone because something else is on it already. `text` goes into
        the CALL_RELEASED event.
        """
        call = live.call
        if not live.alive:
            return
        call.released = clock.instant()
        call.state = ChannelState.RELEASING
        call.cause, call.cause_origin = known_cause(cause), origin
        call.maker_code, call.maker_text = maker_code, maker_text
        live.kept_line = not hang_up
        live.timers.cancel_all()
        self.hold(live.line)
        for listener in list(self.on_released):
            listener(live)
        self._tasks.spawn(self._finish(live, reject, hang_up, text), f"release {call.id}")

    async def _finish(self, live: LiveCall, reject: bool, hang_up: bool, text: str) -> None:
        line, call = live.line, live.call
        cause = call.cause if call.cause is not None else Cause.NORMAL_CLEARING
        try:
            for cleanup in live.cleanups:
                await self._undo(cleanup, live)
            if hang_up and not (reject and await self._rejected(line, cause)) and not await line.hang_up(cause):
                self._tasks.spawn(line.insist(cause), f"hang up {line.id}")
            for after in live.afters:
                await self._undo(after, live)
        finally:
            line.call = None
            line.channel.call_id = None
            if live.announced:
                self._outlet.publish(EventType.CALL_RELEASED, call=call, channel=line.channel, text=text)
            live.ended.set()
            line.sync()
            self.unhold(line)
        if live.journalled:
            await self._journal.append(FactKind.END, call)
        self._calls.pop(call.id, None)

    async def _undo(self, step: Callable[[], Awaitable[None]], live: LiveCall) -> None:
        try:
            await step()
        except BoarddError as error:
            live.line.counters["cleanup_failed"] += 1
            live.call.maker_text = live.call.maker_text or error.message

    async def _rejected(self, line: Line, cause: int) -> bool:
        try:
            await line.command(lambda: line.port.reject(cause))
        except BoarddError:
            return False
        return True

    async def wait_all_ended(self, limit_s: float) -> bool:
        """Wait until no call is left, at most `limit_s`; whether none is."""
        waits = [asyncio.ensure_future(live.ended.wait()) for live in self._calls.values()]
        if not waits:
            return True
        _done, late = await asyncio.wait(waits, timeout=limit_s)
        for wait in late:
            wait.cancel()
        return not late
