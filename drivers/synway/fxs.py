"""Station port (section 10.2): a telephone with a person; the driver reports the hook and rings.

    lifted    OffHook (state seized), Digit*, Flash*, then OnHook, LineFree (state idle) when it is put down
    rung      [ring] OffHook, Connected(hook); or [hangup] LineFree when nobody lifts it
    hung up   [hangup] while lifted: state releasing until it is put down: OnHook, LineFree

The host moves the state further (offered, connected) as the person's call gets on. The maker's automatic dial tone is
off: tones are asked for. Telephones that are off-hook when the library starts report OffHook right after it.
"""

from __future__ import annotations

from boardd.contract.capabilities import Capability
from boardd.contract.driver import Connected, Flash, LineFree, OffHook, OnHook
from boardd.contract.errors import DeviceError
from boardd.contract.objects import Channel
from boardd.contract.states import AnswerEvidence, ChannelState
from drivers.synway._codes import UNUSABLE, ChState, Event
from drivers.synway._native import VendorEvent
from drivers.synway.port import SynwayPort
from drivers.synway.session import Session
from drivers.synway.switching import Switch

S = ChannelState
CAPABILITIES = [
    Capability.RING,
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


class FxsPort(SynwayPort):
    """One station."""

    def __init__(self, info: Channel, session: Session, switch: Switch) -> None:
        super().__init__(info, session, switch)
        self.off_hook = False
        self._ringing = False
        self._flashes = 0

    # -- start --------------------------------------------------------------------------------------------------------
    async def prepare(self) -> None:
        """See SynwayPort. The host gives the tones."""
        await super().prepare()
        await self.session.ask(self.id, self.session.lib.SsmSetASDT, 0, self.ch, 0)

    async def clear(self) -> None:
        """See SynwayPort. Nobody can put a person's telephone down; its ringing can be stopped."""
        await self.session.ask(self.id, self.session.lib.SsmStopRing, 0, self.ch)

    def at_rest(self, vendor: int) -> bool:
        """See SynwayPort."""
        return True

    def adopt(self, vendor: int) -> None:
        """See SynwayPort. A lifted telephone is announced idle and reports OffHook as the first thing afterwards."""
        reason = UNUSABLE.get(vendor, "")
        self.vendor = vendor if reason else ChState.STANDBY
        self.info.off_hook = False
        self.announced(S.OUT_OF_SERVICE if reason else S.IDLE, reason)

    # -- events -------------------------------------------------------------------------------------------------------
    async def on_state(self, old: int, new: int) -> None:
        """See SynwayPort. State 2 while it is rung says nothing (section 20)."""
        if new in UNUSABLE:
            await self._gone(UNUSABLE[new])
            return
        if old in UNUSABLE:
            self.make_usable()
        if new == ChState.PICKED_UP:
            await self._hook(True)
        elif new == ChState.STANDBY:
            await self._hook(False)

    async def on_event(self, event: VendorEvent) -> None:
        """Hook and flash."""
        if event.code == Event.HOOK_STATE and (event.param != 0) is not self.off_hook:
            # A doubled or late event must not make a hook change that did not happen.
            actual = await self.session.ask(self.id, self.session.lib.SsmGetHookState, event.param, self.ch)
            await self._hook(actual != 0)
        elif event.code == Event.FLASH_COUNT and event.param != self._flashes:
            self._flashes = event.param
            if self.off_hook:
                self.emit(Flash(self.id))

    async def _hook(self, off_hook: bool) -> None:
        if off_hook is self.off_hook:
            return
        self.off_hook = self.info.off_hook = off_hook
        self._flashes = 0
        if off_hook:
            await self._lifted()
        else:
            await self._put_down()

    async def _lifted(self) -> None:
        rung, self._ringing = self._ringing, False
        if rung:
            await self.session.ask(self.id, self.session.lib.SsmStopRing, 0, self.ch)
        await self.media.forget_digits()
        if rung and self.state is S.ALERTING:
            self.step(S.CONNECTED)
            self.tell(OffHook(self.id), Connected(self.id, AnswerEvidence.HOOK))
            return
        if self.state is S.OUT_OF_SERVICE:
            self.step(S.IDLE)
        if self.state is S.IDLE:
            self.step(S.SEIZED)
        self.emit(OffHook(self.id))

    async def _put_down(self) -> None:
        had_call = self.state not in (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN)
        await self.drop_sound()
        await self.media.forget_digits()
        if had_call:
            self.step(S.IDLE)
        self.emit(OnHook(self.id))
        if had_call:
            self.emit(LineFree(self.id))

    async def _gone(self, reason: str) -> None:
        if self.state not in (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN):
            self.off_hook = self.info.off_hook = False
            await self._put_down()
        self.make_unusable(reason)

    async def tick(self, period_ms: int) -> None:
        """See SynwayPort. The hook itself is the truth."""
        await super().tick(period_ms)
        async with self.lock:
            if self.vendor in UNUSABLE:
                return
            hook = await self.session.ask(self.id, self.session.lib.SsmGetHookState, int(self.off_hook), self.ch)
            missed = (hook != 0) is not self.off_hook
            if missed and self._hook_missed:
                self.surprised()
                await self._hook(hook != 0)
            self._hook_missed = missed

    _hook_missed = False

    # -- operations ---------------------------------------------------------------------------------------------------
    async def _do_ring(self, caller: str, caller_name: str) -> None:
        lib = self.session.lib
        async with self.turn(Capability.RING):
            self.step(S.ALERTING)
            try:
                if caller or caller_name:
                    text = (caller or caller_name).encode("gbk", "replace")
                    delay_ms = self.session.quirks.fxs_caller_id_delay_ms
                    await self.session.command(self.id, lib.SsmStartRingWithCIDStr, self.ch, text, len(text), delay_ms)
                else:
                    await self.session.command(self.id, lib.SsmStartRing, self.ch)
            except DeviceError:
                self.step(S.IDLE)
                raise
            self._ringing = True

    async def _do_hangup(self, cause: int) -> None:
        lib = self.session.lib
        async with self.lock:
            if self.state in (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN, S.RELEASING):
                return
            if self._ringing:
                self._ringing = False
                await self.session.ask(self.id, lib.SsmStopRing, 0, self.ch)
            await self.drop_sound()
            self.step(S.RELEASING)
            if self.session.quirks.fxs_hangup:
                await self.session.ask(self.id, lib.SsmHangup, 0, self.ch)
            if not self.off_hook:
                self.step(S.IDLE)
                self.emit(LineFree(self.id))
