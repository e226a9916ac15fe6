"""Record tap (section 10.3): a high-impedance listener; the line alone decides.

    incoming  Observed(in, caller?), CallerId?, Connected(hook) when it was answered, ReleasedByFar, LineFree
    outgoing  Observed(out), Digit*, ReleasedByFar, LineFree

There is nothing to hang up: both events of the end come together and `hangup` does nothing.
"""

from __future__ import annotations

from boardd.contract.capabilities import Capability
from boardd.contract.causes import Cause
from boardd.contract.driver import CallerId, Connected, LineFree, LineVoltage, Observed, ReleasedByFar
from boardd.contract.objects import Channel
from boardd.contract.states import AnswerEvidence, ChannelState
from drivers.synway._codes import UNUSABLE, ChState, Event
from drivers.synway._native import VendorEvent
from drivers.synway.port import SynwayPort
from drivers.synway.session import Session
from drivers.synway.switching import Switch

S = ChannelState
CAPABILITIES = [Capability.HANGUP, Capability.DETECT_DIGITS, Capability.RECORD, Capability.CALLER_ID]


class TapPort(SynwayPort):
    """One tapped pair."""

    def __init__(self, info: Channel, session: Session, switch: Switch) -> None:
        super().__init__(info, session, switch)
        self._answered = False
        self._outgoing = False
        self._caller_told = False

    async def prepare(self) -> None:
        """See SynwayPort."""
        await super().prepare()
        volts = await self.session.ask(self.id, self.session.lib.SsmGetLineVoltage, -1, self.ch)
        self.info.line_volts = volts if volts >= 0 else None

    async def clear(self) -> None:
        """See SynwayPort: a tap does not touch the line."""

    def at_rest(self, vendor: int) -> bool:
        """See SynwayPort."""
        return True

    def adopt(self, vendor: int) -> None:
        """See SynwayPort. A call that is on already is observed as the first thing afterwards."""
        reason = UNUSABLE.get(vendor, "")
        self.vendor = vendor if reason else ChState.STANDBY
        self.announced(S.OUT_OF_SERVICE if reason else S.IDLE, reason)

    async def on_state(self, old: int, new: int) -> None:
        """See SynwayPort."""
        if new in UNUSABLE:
            await self._end()
            self.make_unusable(UNUSABLE[new])
            return
        self.make_usable()
        if new == ChState.RINGING and self.state is S.IDLE:
            await self._begin(outgoing=False)
        elif new == ChState.PICKED_UP:
            if self.state is S.IDLE:
                await self._begin(outgoing=True)
            elif not self._outgoing and not self._answered:
                self._answered = True
                self.emit(Connected(self.id, AnswerEvidence.HOOK))
        elif new == ChState.STANDBY:
            await self._end()

    async def _begin(self, outgoing: bool) -> None:
        self._outgoing, self._answered = outgoing, False
        await self.media.forget_digits()
        caller = "" if outgoing else await self.read_text("caller")
        self._caller_told = bool(caller) or outgoing
        if self.step(S.OBSERVED):
            self.emit(Observed(self.id, "out" if outgoing else "in", caller))

    async def _end(self) -> None:
        if self.state is not S.OBSERVED:
            return
        unanswered = not self._outgoing and not self._answered
        cause = Cause.NO_ANSWER if unanswered else Cause.NORMAL_CLEARING
        await self.drop_sound()
        self.emit(ReleasedByFar(self.id, int(cause)))
        self.step(S.IDLE)
        self.emit(LineFree(self.id))

    async def on_event(self, event: VendorEvent) -> None:
        """Caller ID and voltage."""
        if event.code in (Event.CALLER_ID, Event.CID_EX_BUF) and self.state is S.OBSERVED and not self._caller_told:
            caller = await self.read_text("caller")
            if caller:
                self._caller_told = True
                self.emit(CallerId(self.id, caller, await self.read_text("caller_name")))
        elif event.code == Event.LINE_VOLTAGE:
            volts = abs(event.param - (1 << 32) if event.param >= 1 << 31 else event.param)
            if volts != self.info.line_volts:
                self.info.line_volts = volts
                self.emit(LineVoltage(self.id, volts))

    async def _do_hangup(self, cause: int) -> None:
        """A tap cannot end anybody's call."""
