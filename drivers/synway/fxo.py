"""Analogue trunk (section 10.1): rings and caller ID, answering, dialling with evidence, glare, voltage.

    incoming  Offered, RingCount*, CallerId?, [answer] Connected(connect), ReleasedByFar?, [hangup] LineFree
    outgoing  [dial] Proceeding, Alerting?, Connected(voice | reversal | none) or ReleasedByFar, [hangup] LineFree
    glare     [dial] ReleasedByFar(44, origin glare), [hangup] LineFree, Offered when it still rings

The line is free `fxo_guard_ms` after on-hook (exchanges need the time to notice), or when it rings before that.
"""

from __future__ import annotations

import asyncio

from boardd.contract.capabilities import Capability
from boardd.contract.driver import (
    Alerting,
    CallerId,
    Connected,
    LineVoltage,
    Offered,
    Proceeding,
    RingCount,
    Trouble,
)
from boardd.contract.errors import DeviceError
from boardd.contract.objects import Channel
from boardd.contract.states import CALL_STATES, AnswerEvidence, ChannelState
from drivers.synway._codes import FREE, UNUSABLE, ChState, Dial, Event, Pend
from drivers.synway._errors import GLARE, Reason
from drivers.synway._native import VendorEvent
from drivers.synway.session import Session, log
from drivers.synway.switching import Switch
from drivers.synway.trunk import TrunkPort

S = ChannelState
CAPABILITIES = [
    Capability.DIAL,
    Capability.ANSWER,
    Capability.HANGUP,
    Capability.FLASH,
    Capability.TONE,
    Capability.SEND_DIGITS,
    Capability.DETECT_DIGITS,
    Capability.PLAY,
    Capability.RECORD,
    Capability.LINK,
    Capability.CONFERENCE,
    Capability.CALLER_ID,
    Capability.POLARITY,
]
BEFORE_DIAL_TONE = (ChState.STANDBY, ChState.PICKED_UP, ChState.RINGING, ChState.WAIT_DIAL_TONE)
RING_ENDED = Reason(16, "far", "no ring", "the caller gave up")
NO_VOLTAGE, IN_USE = "no_line_voltage", "line_in_use"
LINE_LOST = Reason(27, "line", NO_VOLTAGE, "the line has no voltage")
VOLTAGE_ALARMS = {NO_VOLTAGE: NO_VOLTAGE, UNUSABLE[8]: NO_VOLTAGE, IN_USE: IN_USE}
"""Which alarm belongs to the reason for which a trunk is out of service."""
JUDGED_AFTER_TICKS = 2


class FxoPort(TrunkPort):
    """One analogue trunk."""

    def __init__(self, info: Channel, session: Session, switch: Switch) -> None:
        super().__init__(info, session, switch)
        self._rings = 0
        self._ring_timer: asyncio.TimerHandle | None = None
        self._stale_ringing = False
        self._caller_told = False
        self._answering = False
        self._relay_closed = False
        self._pickup_timer: asyncio.TimerHandle | None = None
        self._reversals = 0
        self._freed_at_s = 0.0
        self._guard_timer: asyncio.TimerHandle | None = None
        self._no_dial_tone = False
        self._bad_ticks: dict[str, int] = {}
        self._standing = ""

    async def prepare(self) -> None:
        """See SynwayPort."""
        await super().prepare()
        volts = await self.session.ask(self.id, self.session.lib.SsmGetLineVoltage, -1, self.ch)
        self.info.line_volts = volts if volts >= 0 else None

    # -- incoming -----------------------------------------------------------------------------------------------------
    async def is_offer(self, new: int) -> bool:
        """See TrunkPort. A stale ringing state is none."""
        return new == ChState.RINGING and not self._stale_ringing

    async def offer(self) -> None:
        """See TrunkPort."""
        self.outgoing = False
        caller = await self.read_text("caller")
        name = await self.read_text("caller_name") if caller else ""
        self._caller_told = bool(caller)
        if self.step(S.OFFERED):
            self.emit(Offered(self.id, caller=caller, caller_name=name))
            if self._rings:
                self.emit(RingCount(self.id, self._rings))
            self._watch_ringing()

    async def on_event(self, event: VendorEvent) -> None:
        """Rings, caller ID, relay, voltage."""
        if event.code == Event.RING_COUNT:
            await self._rang(event.param)
        elif event.code == Event.RING_FLAG:
            await self._ring_edge(on=event.param != 0)
        elif event.code in (Event.CID_EX_BUF, Event.CALLER_ID):
            await self._caller_id(complete=event.code == Event.CALLER_ID)
        elif event.code == Event.ACTUAL_PICKUP:
            self._relay_closed = True
            self._connect_incoming()
        elif event.code == Event.LINE_VOLTAGE:
            self._voltage(event.param)

    async def _ring_edge(self, on: bool) -> None:
        self._watch_ringing()
        if on:
            await self._ring_seen()

    async def _rang(self, count: int) -> None:
        self._rings = count
        self._watch_ringing()
        if self.state is S.OFFERED:
            self.emit(RingCount(self.id, count))
        await self._ring_seen()

    async def _ring_seen(self) -> None:
        """Ringing is on: a new call in a stale state, or glare."""
        if self._stale_ringing:
            self._stale_ringing = False
            if self.vendor == ChState.RINGING and self.state in (S.IDLE, S.OUT_OF_SERVICE):
                await self.rested(self.vendor)
        if self.state is S.DIALING and self.vendor in BEFORE_DIAL_TONE:
            await self._glare()

    async def _glare(self) -> None:
        """Our seizure met a ring: give way at once, so that the caller is not answered by nobody."""
        await self.end(GLARE)
        await self._try_vendor_hangup(16)

    def _watch_ringing(self) -> None:
        """(Re)start the time after which a line that does not ring any more counts as given up."""
        self._stop_ring_timer()
        waits = self.state is S.OFFERED or (self.state is S.RELEASING and self.vendor == ChState.RINGING)
        if waits and not self._answering:
            wait_s = self.session.quirks.fxo_ring_end_ms / 1000
            self._ring_timer = asyncio.get_running_loop().call_later(wait_s, self._ring_time_up)

    def _stop_ring_timer(self) -> None:
        if self._ring_timer:
            self._ring_timer.cancel()
            self._ring_timer = None

    def _ring_time_up(self) -> None:
        self._ring_timer = None
        self.session.spawn(self._ringing_ended(), f"ring end {self.id}")

    async def _ringing_ended(self) -> None:
        async with self.lock:
            if self.state not in (S.OFFERED, S.RELEASING) or self._answering or self._ring_timer:
                return
            await self.end(RING_ENDED)
            self._stale_ringing = True
            if not await self._try_vendor_hangup(16) and not await self._unlatch():
                self.over = True
                if self.hung_up:
                    await self.free()

    async def _unlatch(self) -> bool:
        """Some drivers stay in the ringing state and refuse to hang up and to dial: seize and free the line."""
        if not self.session.quirks.fxo_unlatch_ringing:
            return False
        try:
            await self.session.command(self.id, self.session.lib.SsmPickup, self.ch)
        except DeviceError as error:
            log.warning("unlatch_refused", channel=self.id, error=error.message)
            return False
        return await self._try_vendor_hangup(16)

    async def rested(self, new: int) -> None:
        """See TrunkPort. A ringing state without ringing is nothing."""
        if not (new == ChState.RINGING and self._stale_ringing):
            await super().rested(new)

    async def _caller_id(self, complete: bool) -> None:
        if self.state is not S.OFFERED or self._caller_told:
            return
        caller = await self.read_text("caller")
        if caller or complete:
            self._caller_told = True
            name = await self.read_text("caller_name") if caller else ""
            self.emit(CallerId(self.id, caller, name))

    async def _do_answer(self) -> None:
        async with self.turn(Capability.ANSWER):
            self._answering = True
            self._stop_ring_timer()
            try:
                await self.session.command(self.id, self.session.lib.SsmPickup, self.ch)
            except DeviceError:
                self._answering = False
                self._watch_ringing()
                raise

    def _connect_incoming(self) -> None:
        """The call is answered when the card talks and its relay has closed."""
        ready = self.vendor == ChState.TALKING and self._relay_closed and not self.outgoing
        if ready and self.state in (S.OFFERED, S.ALERTING):
            self._stop_pickup_timer()
            if self.step(S.CONNECTED):
                self.emit(Connected(self.id, AnswerEvidence.CONNECT))

    def _poll_pickup(self) -> None:
        """Ask for the relay in case its event does not come."""
        self._stop_pickup_timer()
        wait_s = self.session.quirks.pickup_poll_ms / 1000
        self._pickup_timer = asyncio.get_running_loop().call_later(
            wait_s, lambda: self.session.spawn(self._ask_relay(), f"pickup {self.id}")
        )

    async def _ask_relay(self) -> None:
        async with self.lock:
            if self.vendor != ChState.TALKING or self.state is not S.OFFERED:
                return
            closed = 1
            if self.session.native.has("actual_pickup"):
                closed = await self.session.ask(self.id, self.session.lib.SsmCheckActualPickup, 1, self.ch)
            self._relay_closed = closed == 1
            if self._relay_closed:
                self._connect_incoming()
            else:
                self._poll_pickup()

    def _stop_pickup_timer(self) -> None:
        if self._pickup_timer:
            self._pickup_timer.cancel()
            self._pickup_timer = None

    # -- both ---------------------------------------------------------------------------------------------------------
    async def progress(self, new: int) -> None:
        """See TrunkPort."""
        if not self.outgoing:
            if new == ChState.TALKING:
                self._connect_incoming()
                if self.state is S.OFFERED:
                    self._poll_pickup()
        elif new == ChState.RINGING:
            await self._glare()
        elif new == ChState.SENDING_NUMBER:
            self._dial_tone_heard()
        elif new == ChState.WAIT_DIAL_RESULT:
            self._reversals = await self.session.ask(self.id, self.session.lib.SsmGetPolarRvrsCount, 0, self.ch)
            if self.step(S.PROCEEDING):
                self.emit(Proceeding(self.id))
        elif new == ChState.WAIT_REMOTE_PICKUP:
            if self.step(S.ALERTING):
                self.emit(Alerting(self.id))
        elif new == ChState.TALKING:
            evidence = await self.session.run("evidence", self._evidence)
            if self.step(S.CONNECTED):
                self.emit(Connected(self.id, evidence))

    def _evidence(self) -> AnswerEvidence:
        """On the door thread: how the card knows of the answer."""
        lib = self.session.lib
        if lib.SsmGetPolarRvrsCount(self.ch) > self._reversals:
            return AnswerEvidence.REVERSAL
        if lib.SsmChkAutoDial(self.ch) in (Dial.VOICE, Dial.VOICE_F1, Dial.VOICE_F2):
            return AnswerEvidence.VOICE
        return AnswerEvidence.NONE

    def _dial_tone_heard(self) -> None:
        if self._no_dial_tone:
            self._no_dial_tone = False
            self.emit(Trouble(self.id, "no_dial_tone", False))

    async def pending_end(self, pending: int) -> Reason:
        """See TrunkPort. A missing dial tone is a technician's business."""
        if pending == Pend.NO_DIAL_TONE and self.outgoing and not self._no_dial_tone:
            self._no_dial_tone = True
            self.emit(Trouble(self.id, "no_dial_tone", True))
        return await super().pending_end(pending)

    # -- the end ------------------------------------------------------------------------------------------------------
    async def _do_hangup(self, cause: int) -> None:
        await super()._do_hangup(cause)
        if self.state is S.RELEASING and self.vendor == ChState.RINGING and not self._ring_timer:
            self._watch_ringing()

    async def on_state(self, old: int, new: int) -> None:
        """See TrunkPort."""
        if old == ChState.RINGING:
            self._stale_ringing = False
        if new == ChState.STANDBY or new in UNUSABLE:
            self._rings = 0
            self._freed_at_s = asyncio.get_running_loop().time()
        await super().on_state(old, new)

    async def after_over(self, new: int) -> None:
        """See TrunkPort. Ringing ends the guard time."""
        if new == ChState.RINGING and self.hung_up:
            await self._free_now()

    async def free(self) -> None:
        """See TrunkPort: not before the guard time is over."""
        left_s = self._freed_at_s + self.session.quirks.fxo_guard_ms / 1000 - asyncio.get_running_loop().time()
        if left_s <= 0 or self.vendor == ChState.RINGING:
            await self._free_now()
        elif self._guard_timer is None:
            self._guard_timer = asyncio.get_running_loop().call_later(
                left_s, lambda: self.session.spawn(self._guard_over(), f"guard {self.id}")
            )

    async def _guard_over(self) -> None:
        async with self.lock:
            if self._guard_timer and self.state is S.RELEASING and self.hung_up and self.over:
                await self._free_now()

    async def _free_now(self) -> None:
        if self._guard_timer:
            self._guard_timer.cancel()
            self._guard_timer = None
        await super().free()

    def forget_call(self) -> None:
        """See TrunkPort."""
        self._stop_ring_timer()
        self._stop_pickup_timer()
        self._caller_told = self._answering = self._relay_closed = False

    async def _do_flash(self) -> None:
        async with self.turn(Capability.FLASH):
            await self.session.command(self.id, self.session.lib.SsmTxFlash, self.ch, self.session.quirks.fxo_flash_ms)

    # -- voltage ------------------------------------------------------------------------------------------------------
    def _voltage(self, param: int) -> None:
        volts = abs(param - (1 << 32) if param >= 1 << 31 else param)
        if volts != self.info.line_volts:
            self.info.line_volts = volts
            self.emit(LineVoltage(self.id, volts))

    async def tick(self, period_ms: int) -> None:
        """See SynwayPort. Judge the voltage: what shows at two ticks in a row is real."""
        await super().tick(period_ms)
        async with self.lock:
            bad = self._bad_voltage()
            self._bad_ticks = {bad: self._bad_ticks.get(bad, 0) + 1} if bad else {}
            lasting = bad if bad and self._bad_ticks[bad] >= JUDGED_AFTER_TICKS else ""
            if lasting and self.state is S.IDLE:
                self.make_unusable(lasting)
            elif lasting == NO_VOLTAGE and self.state in CALL_STATES:
                await self.end(LINE_LOST)
            elif not bad and self.info.reason in (NO_VOLTAGE, IN_USE) and self.vendor not in UNUSABLE:
                self.make_usable()

    def _bad_voltage(self) -> str:
        """What is wrong with the line by its voltage (line facts 1.3), or nothing."""
        volts, quirks = self.info.line_volts, self.session.quirks
        if volts is None or not quirks.fxo_no_line_volts:
            return ""
        if volts < quirks.fxo_no_line_volts:
            return NO_VOLTAGE
        at_rest = self.state in (S.IDLE, S.OUT_OF_SERVICE) and self.vendor in FREE
        return IN_USE if at_rest and volts < quirks.fxo_in_use_volts else ""

    def make_unusable(self, reason: str) -> None:
        """See SynwayPort; a bad line is an alarm of its own."""
        super().make_unusable(reason)
        if self.state is S.OUT_OF_SERVICE and reason in VOLTAGE_ALARMS and not self._standing:
            self._standing = VOLTAGE_ALARMS[reason]
            self.emit(Trouble(self.id, self._standing, True, f"{self.info.line_volts} V"))

    def make_usable(self) -> None:
        """See SynwayPort."""
        super().make_usable()
        if self._standing and self.state is S.IDLE:
            self.emit(Trouble(self.id, self._standing, False))
            self._standing = ""
