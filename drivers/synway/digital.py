"""One timeslot of an E1 whose signalling the card does: ISDN (7, 8), SS1 (4), TUP (6), ISUP (11); section 10.4.

    incoming  Offered, [alert], [answer] Connected(connect | r2_answer), ReleasedByFar?, [hangup] LineFree
              Offered, [reject] LineFree        Offered, ReleasedByFar, [hangup] LineFree
    outgoing  [dial] Proceeding?, Alerting?, Connected or ReleasedByFar, [hangup] LineFree
    glare     [dial] ReleasedByFar(44, origin glare), [hangup] LineFree, Offered

The card does not answer the network by itself (automatic KB is off): `alert` sends ALERTING, ACM or KB 1; `answer` does
so first where it was not done. A span that goes away shows as Usable(False) once a call on it has been hung up.
"""

from __future__ import annotations

from boardd.contract.capabilities import Capability
from boardd.contract.driver import Alerting, Connected, Offered, Proceeding
from boardd.contract.errors import DeviceError
from boardd.contract.objects import Channel
from boardd.contract.states import AnswerEvidence, ChannelState
from drivers.synway._codes import ALERTING_KB, PROCEEDING, ChState, ChType, Pend
from drivers.synway._errors import pending_reason, refusing_kb
from drivers.synway.session import Session, log
from drivers.synway.switching import Switch
from drivers.synway.trunk import TrunkPort

S = ChannelState
CAPABILITIES = [
    Capability.DIAL,
    Capability.ALERT,
    Capability.ANSWER,
    Capability.REJECT,
    Capability.HANGUP,
    Capability.TONE,
    Capability.SEND_DIGITS,
    Capability.DETECT_DIGITS,
    Capability.PLAY,
    Capability.RECORD,
    Capability.LINK,
    Capability.CONFERENCE,
    Capability.CALLER_ID,
]
ISDN = (ChType.ISDN_USER, ChType.ISDN_NET)
BY_KB = (ChType.SS1, ChType.TUP)
"""Signalling that refuses a call with a KB value; the others hang up with a cause."""


class DigitalPort(TrunkPort):
    """One bearer timeslot."""

    def __init__(self, info: Channel, session: Session, switch: Switch, kind: ChType) -> None:
        super().__init__(info, session, switch)
        self.kind = kind
        self._accepted = False
        self._answering = False

    async def prepare(self) -> None:
        """See SynwayPort. Decisions are the host's: automatic KB off."""
        await super().prepare()
        try:
            await self.session.command(self.id, self.session.lib.SsmEnableAutoSendKB, self.ch, 0)
        except DeviceError as error:
            log.warning("automatic_accept_stays_on", channel=self.id, error=error.message)

    @property
    def evidence(self) -> AnswerEvidence:
        """How this signalling tells of an answer."""
        return AnswerEvidence.R2_ANSWER if self.kind is ChType.SS1 else AnswerEvidence.CONNECT

    # -- incoming -----------------------------------------------------------------------------------------------------
    async def is_offer(self, new: int) -> bool:
        """See TrunkPort: pending for our decision, or ringing where the card accepts by itself."""
        if new == ChState.PENDING:
            pending = await self.session.ask(self.id, self.session.lib.SsmGetPendingReason, -1, self.ch)
            return pending == Pend.WAIT_BACKWARD_MESSAGE
        return new == ChState.RINGING

    async def offer(self) -> None:
        """See TrunkPort."""
        self.outgoing = False
        self._accepted = self.vendor == ChState.RINGING
        called, caller = await self.read_text("called"), await self.read_text("caller")
        name = await self.read_text("caller_name") if caller else ""
        original = await self.read_text("original_called")
        if self.step(S.OFFERED):
            self.emit(Offered(self.id, called, caller, name, original))

    async def _do_alert(self) -> None:
        async with self.turn(Capability.ALERT):
            if not self._accepted:
                await self._set_kb(ALERTING_KB)
                self._accepted = True
            self.step(S.ALERTING)

    async def _set_kb(self, value: int) -> None:
        lib = self.session.lib
        if self.session.quirks.kb_odd_return_accepts:
            await self.session.query(self.id, lib.SsmSetKB, self.ch, value)
        else:
            await self.session.command(self.id, lib.SsmSetKB, self.ch, value)

    async def _do_answer(self) -> None:
        async with self.turn(Capability.ANSWER):
            if not self._accepted:
                await self._set_kb(ALERTING_KB)
                self._accepted = True
            self._answering = True
            if self.vendor == ChState.RINGING:
                await self._pick_up()

    async def _pick_up(self) -> None:
        """Only the ringing state can be picked up; `_answering` remembers that we want to until it is reached."""
        self._answering = False
        await self.session.command(self.id, self.session.lib.SsmPickup, self.ch)

    async def _do_reject(self, cause: int) -> None:
        async with self.turn(Capability.REJECT):
            self._cause = cause
            self.hung_up = True
            waiting = self.vendor == ChState.PENDING
            self.step(S.RELEASING)
            await self.drop_sound()
            if self.kind in BY_KB and waiting:
                try:
                    await self._set_kb(refusing_kb(cause))
                except DeviceError:
                    await self._try_vendor_hangup(cause)
            else:
                await self._try_vendor_hangup(cause)

    # -- both ---------------------------------------------------------------------------------------------------------
    async def progress(self, new: int) -> None:
        """See TrunkPort."""
        if new == ChState.TALKING:
            if self.state is not S.CONNECTED and self.step(S.CONNECTED):
                self.emit(Connected(self.id, self.evidence))
        elif not self.outgoing:
            if new == ChState.RINGING:
                self._accepted = True
                await self._ringing()
        elif new == ChState.WAIT_REMOTE_PICKUP:
            if self.state is not S.CONNECTED and self.step(S.ALERTING):
                self.emit(Alerting(self.id))
        elif new in PROCEEDING and self.state is S.DIALING and self.step(S.PROCEEDING):
            self.emit(Proceeding(self.id))

    async def _ringing(self) -> None:
        if not self._answering:
            return
        try:
            await self._pick_up()
        except DeviceError as error:
            log.error("answer_refused", channel=self.id, error=error.message)
            await self.end(pending_reason(-1))

    async def before_dial(self, caller: str) -> None:
        """See TrunkPort."""
        await self.session.command(self.id, self.session.lib.SsmSetTxCallerId, self.ch, caller.encode("ascii"))

    async def tick(self, period_ms: int) -> None:
        """See SynwayPort. The reason of a pending call can change without an event (SS1: KB5 was sent)."""
        await super().tick(period_ms)
        async with self.lock:
            if self.state in (S.OFFERED, S.ALERTING) and self.vendor == ChState.PENDING and not self._accepted:
                await self.pending()

    # -- the end ------------------------------------------------------------------------------------------------------
    async def release_cause(self) -> int:
        """See TrunkPort."""
        if self.kind not in (*ISDN, ChType.ISUP) or not self.session.native.has("release_reason"):
            return 0
        return await self.session.ask(self.id, self.session.lib.SsmGetReleaseReason, 0, self.ch)

    async def vendor_hangup(self, cause: int) -> None:
        """See TrunkPort: with the cause, where the signalling has one and the library can say it."""
        lib, native = self.session.lib, self.session.native
        known = cause if 1 <= cause <= 127 else 16
        if self.kind is ChType.ISUP and native.has("isup_cause"):
            await self.session.command(self.id, lib.SsmHangupEx, self.ch, 0x80 | known)
            return
        if self.kind in ISDN and native.has("isdn_cause"):
            await self.session.ask(self.id, lib.SsmISDNSetHangupRzn, 0, self.ch, known)
        await super().vendor_hangup(cause)

    def forget_call(self) -> None:
        """See TrunkPort."""
        self._accepted = self._answering = False
