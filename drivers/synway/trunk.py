"""The life of a call on a trunk, analogue or digital: released by somebody, hung up by the host, line free.

Three things happen in any order and each is awaited: the call is released (we say so, or the host does), the host hangs
up (`hung_up`), and the card's channel is free again (`over`). The host's hang-up reaches the card only while the card
still has this call: after `over` the channel may already have the next one, which must not be killed.
"""

from __future__ import annotations

import abc
import asyncio

from boardd.contract.capabilities import Capability
from boardd.contract.driver import LineFree, ReleasedByFar, Trouble
from boardd.contract.errors import BoarddError, DeviceError
from boardd.contract.objects import Channel
from boardd.contract.states import ChannelState
from drivers.synway._codes import CLEARING, FREE, INCOMING_SETUP, UNUSABLE, ChState, Pend
from drivers.synway._errors import Reason, dial_failure, pending_reason
from drivers.synway.port import SynwayPort
from drivers.synway.session import Session, log
from drivers.synway.switching import Switch

S = ChannelState
RESTING = (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN)


class TrunkPort(SynwayPort):
    """Base of FXO and digital ports."""

    def __init__(self, info: Channel, session: Session, switch: Switch) -> None:
        super().__init__(info, session, switch)
        self.outgoing = False
        self.hung_up = False
        self.over = False
        self._releasing_ms = 0
        self._since_retry_ms = 0
        self._alarmed = False
        self._cause = 16

    # -- start --------------------------------------------------------------------------------------------------------
    async def clear(self) -> None:
        """See SynwayPort. A ringing line goes on ringing: it is offered once we have started."""
        if self.vendor != ChState.RINGING and self.vendor not in UNUSABLE:
            await self._try_vendor_hangup(16)

    def at_rest(self, vendor: int) -> bool:
        """See SynwayPort."""
        waits = vendor in INCOMING_SETUP or vendor == ChState.RINGING
        return vendor in FREE or vendor in UNUSABLE or waits

    def adopt(self, vendor: int) -> None:
        """See SynwayPort."""
        self.vendor = vendor if vendor in FREE or vendor in UNUSABLE else ChState.STANDBY
        reason = UNUSABLE.get(vendor, "")
        self.announced(S.OUT_OF_SERVICE if reason else S.IDLE, reason)

    # -- the card's state ---------------------------------------------------------------------------------------------
    async def on_state(self, old: int, new: int) -> None:
        """See SynwayPort."""
        if self.state in RESTING:
            await self.rested(new)
        elif self.over:
            await self.after_over(new)
        elif new in FREE or new in UNUSABLE:
            await self._line_over()
        elif self.state is S.RELEASING:
            if new == ChState.PENDING and self.hung_up:
                await self._try_vendor_hangup(self._cause)
        elif new == ChState.PENDING:
            await self.pending()
        elif new in CLEARING:
            await self.end(await self.cleared_reason())
        else:
            await self.progress(new)

    async def rested(self, new: int) -> None:
        """The card's state changed while we know of no call."""
        if new in UNUSABLE:
            self.make_unusable(UNUSABLE[new])
        elif new in FREE:
            self.make_usable()
        elif new in INCOMING_SETUP or new in CLEARING:
            return
        elif await self.is_offer(new):
            self.make_usable()
            if self.state is S.IDLE:
                await self.offer()
        else:
            log.warning("unknown_call_cleared", channel=self.id, vendor_state=new)
            await self._try_vendor_hangup(16)

    async def after_over(self, new: int) -> None:
        """The card has something new while the host has not hung up the old call: it waits."""

    @abc.abstractmethod
    async def is_offer(self, new: int) -> bool:
        """Whether the state is an incoming call that may be offered."""

    @abc.abstractmethod
    async def offer(self) -> None:
        """Offer the incoming call that the card has."""

    @abc.abstractmethod
    async def progress(self, new: int) -> None:
        """A call has got on to a state that is neither pending, clearing nor free."""

    # -- the end of a call --------------------------------------------------------------------------------------------
    async def pending(self) -> None:
        """State 7: the card waits for the hang-up; the reason can be read only now (section 11.3)."""
        pending = await self.session.ask(self.id, self.session.lib.SsmGetPendingReason, -1, self.ch)
        if pending == Pend.WAIT_BACKWARD_MESSAGE:
            return
        await self.end(await self.pending_end(pending))

    async def pending_end(self, pending: int) -> Reason:
        """Why the call is over, with what else the card knows."""
        release_cause = await self.release_cause()
        connected = self.state is S.CONNECTED
        if not self.outgoing or connected:
            return pending_reason(pending, release_cause)
        failure = await self.session.ask(self.id, self.session.lib.SsmGetAutoDialFailureReason, 0, self.ch)
        return dial_failure(failure, pending, release_cause)

    async def release_cause(self) -> int:
        """The far end's Q.850 cause where the signalling has one, else 0."""
        return 0

    async def cleared_reason(self) -> Reason:
        """Why the channel went on its way to idle although nobody hung it up."""
        if self.outgoing and self.state is not S.CONNECTED:
            return await self.pending_end(Pend.DIAL_FAILED)
        cause = await self.release_cause()
        return pending_reason(54, cause) if self.state is not S.CONNECTED else pending_reason(12, cause)

    async def end(self, reason: Reason) -> None:
        """The call is over, but not by the host: say so; the host must hang up."""
        if self.state is not S.RELEASING and self.step(S.RELEASING):
            self.emit(ReleasedByFar(self.id, reason.cause, reason.code, reason.text, reason.origin))

    async def _line_over(self) -> None:
        if self.state is not S.RELEASING:
            await self.end(await self.cleared_reason())
        self.over = True
        if self.hung_up:
            await self.free()

    async def free(self) -> None:
        """The host has hung up and the line is free."""
        if self._alarmed:
            self.emit(Trouble(self.id, "release_stuck", False))
        self.outgoing = self.hung_up = self.over = self._alarmed = False
        self._releasing_ms = self._since_retry_ms = 0
        await self.media.forget_digits()
        self.forget_call()
        if self.step(S.IDLE):
            self.emit(LineFree(self.id))
        if self.vendor not in FREE:
            await self.rested(self.vendor)

    def forget_call(self) -> None:
        """Forget what the call was about."""

    # -- hanging up ---------------------------------------------------------------------------------------------------
    async def _do_hangup(self, cause: int) -> None:
        async with self.lock:
            if self.state in RESTING or self.hung_up:
                return
            self._cause = cause
            self.hung_up = True
            self.step(S.RELEASING)
            await self.drop_sound()
            if self.over or await self._card_is_free():
                self.over = True
                await self.free()
            else:
                await self._try_vendor_hangup(cause)

    async def _card_is_free(self) -> bool:
        """Whether the card has no call: asked, because events of a dial that it has just begun may be on their way."""
        if self.vendor not in FREE and self.vendor not in UNUSABLE:
            return False
        actual = await self.session.ask(self.id, self.session.lib.SsmGetChState, self.vendor, self.ch)
        return actual in FREE or actual in UNUSABLE

    async def vendor_hangup(self, cause: int) -> None:
        """Tell the card to hang up."""
        await self.session.command(self.id, self.session.lib.SsmHangup, self.ch)

    async def _try_vendor_hangup(self, cause: int) -> bool:
        """Hang up; a refusal is not the end of it: `tick` asks again, and raises an alarm when that does not help."""
        try:
            await self.vendor_hangup(cause)
        except DeviceError as error:
            log.warning("hangup_refused", channel=self.id, vendor_state=self.vendor, error=error.message)
            return False
        return True

    async def tick(self, period_ms: int) -> None:
        """See SynwayPort: besides media, a line that does not become free."""
        await super().tick(period_ms)
        async with self.lock:
            if self.state is not S.RELEASING or not self.hung_up or self.over:
                self._releasing_ms = self._since_retry_ms = 0
                return
            if self.vendor in FREE or self.vendor in UNUSABLE:
                await self._line_over()
                return
            self._releasing_ms += period_ms
            self._since_retry_ms += period_ms
            quirks = self.session.quirks
            if self._since_retry_ms >= quirks.release_retry_s * 1000:
                self._since_retry_ms = 0
                await self._try_vendor_hangup(self._cause)
            if self._releasing_ms >= quirks.release_alarm_s * 1000 and not self._alarmed:
                self._alarmed = True
                self.emit(Trouble(self.id, "release_stuck", True, f"state {self.vendor}"))

    # -- dialling -----------------------------------------------------------------------------------------------------
    async def _do_dial(self, number: str, caller: str) -> None:
        refusal = await self._first_dial(number, caller)
        if refusal is None:
            return
        # Right after idle the card may refuse; others must not wait for us meanwhile, so the lock is free.
        await asyncio.sleep(self.session.quirks.dial_retry_ms / 1000)
        async with self.lock:
            if self.state is S.DIALING:
                await self._auto_dial(number)

    async def _first_dial(self, number: str, caller: str) -> DeviceError | None:
        """The refusal, when it is worth another try."""
        async with self.turn(Capability.DIAL):
            self.outgoing = True
            self.step(S.DIALING)
            try:
                await self.before_dial(caller)
                await self.session.command(self.id, self.session.lib.SsmAutoDial, self.ch, number.encode("ascii"))
            except DeviceError as refusal:
                state = await self.session.ask(self.id, self.session.lib.SsmGetChState, -1, self.ch)
                if state in FREE and self.session.quirks.dial_retry_ms:
                    return refusal
                self._not_dialled()
                raise
            except BoarddError as error:
                if not error.data.get("begun"):
                    self._not_dialled()
                raise
        return None

    async def _auto_dial(self, number: str) -> None:
        try:
            await self.session.command(self.id, self.session.lib.SsmAutoDial, self.ch, number.encode("ascii"))
        except BoarddError as error:
            if not error.data.get("begun"):
                self._not_dialled()
            raise

    def _not_dialled(self) -> None:
        self.outgoing = False
        self.step(S.IDLE)

    async def before_dial(self, caller: str) -> None:
        """What the card must know before the number."""
