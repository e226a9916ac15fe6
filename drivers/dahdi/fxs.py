"""Telephone: `signalling.analog.StationLine` decides, DAHDI's channel obeys. The kernel reads hook, flash and pulses.

    lifted    OffHook (state seized), Digit*, Flash*, then OnHook, LineFree (state idle) when it is put down
    rung      [ring] OffHook, Connected(hook); or [hangup] LineFree when nobody lifts it
    hung up   [hangup] while lifted: state releasing until it is put down: OnHook, LineFree

The host moves the state further (offered, connected) as the person's call gets on. Telephones that are off-hook when
the domain starts report OffHook right after it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from boardd import clock
from boardd.contract.capabilities import Capability
from boardd.contract.driver import Connected, Digit, Flash, LineFree, OffHook, OnHook
from boardd.contract.errors import BoarddError, WrongStateError
from boardd.contract.objects import Channel
from boardd.contract.states import AnswerEvidence, ChannelState
from boardd.media.engine.clips import LINEAR, Clip
from boardd.signalling import analog
from boardd.signalling.analog import StationLine, StationProfile, caller_id_sound
from boardd.signalling.analog.caller_id_message import write_message
from drivers.dahdi._codes import PULSE_DIGIT, Alarm, Event, Hook
from drivers.dahdi._native import Native
from drivers.dahdi.ears import Heard, Listen
from drivers.dahdi.parts import Parts
from drivers.dahdi.port import RESTING, DahdiPort
from drivers.dahdi.session import log

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
CHINA = timedelta(hours=8)
TRANSFER_MARGIN_MS = 500
DEBOUNCE_MS = 50
"""While our answer to a lifted telephone settles the kernel does not see flashes: its own 600 ms are too long."""


class FxsPort(DahdiPort):
    """One telephone."""

    def __init__(self, info: Channel, parts: Parts, profile: StationProfile) -> None:
        info.capabilities = list(CAPABILITIES)
        super().__init__(info, parts)
        self.profile = profile
        self.machine = self._new_machine()
        self._lifted_at_start = False
        self._missed = False

    def _new_machine(self) -> StationLine:
        return StationLine(self.profile, self.session.clock, PhoneCard(self), self._told)

    # -- start and end ------------------------------------------------------------------------------------------------
    def set_up(self, native: Native, fd: int) -> None:
        """See DahdiPort. Nobody can put a person's telephone down; its ringing can be stopped."""
        native.set_up_sound(fd, self.session.settings.blocks)
        profile = self.profile
        self.unless_old(
            "SET_PARAMS", lambda: native.set_times(fd, rxflash_ms=profile.flash_max_ms, debounce_ms=DEBOUNCE_MS)
        )
        self.unless_old("SETCADENCE", lambda: native.set_cadence(fd, profile.ring_on_ms, profile.ring_off_ms))
        native.hook(fd, Hook.RINGOFF)
        native.hook(fd, Hook.ONHOOK)
        self._lifted_at_start = native.params(fd).off_hook

    def begin(self, alarms: Alarm) -> None:
        """See DahdiPort. A lifted telephone is announced idle and reports OffHook as the first thing afterwards."""
        self.info.off_hook = False
        self.announced(S.IDLE)
        self.engine_port.run()

    def first(self) -> None:
        """See DahdiPort."""
        if self._lifted_at_start:
            self.machine.lifted()

    def abandon(self) -> None:
        """See DahdiPort."""
        self.machine.close()
        self.machine = self._new_machine()
        if self.info.off_hook:
            self.info.off_hook = False
            self.emit(OnHook(self.id))

    async def compare(self) -> None:
        """See DahdiPort. The hook itself is the truth: what shows twice in a row is so."""
        actual = (await self.session.run("GET_PARAMS", self.native.params, self.fd)).off_hook
        missed = self.attached and actual is not self.machine.off_hook
        if missed and self._missed:
            log.warning("hook_reconciled", channel=self.id, off_hook=actual)
            if actual:
                self.machine.lifted()
            else:
                self.machine.put_down()
        self._missed = missed

    # -- events -------------------------------------------------------------------------------------------------------
    def on_event(self, number: int) -> None:
        """See DahdiPort."""
        if number == Event.RINGOFFHOOK:
            self.machine.lifted()
        elif number == Event.ONHOOK:
            self.machine.put_down()
        elif number == Event.WINKFLASH:
            self.machine.flashed()
        elif number == Event.RINGEROFF:
            self.machine.ring_stopped()
        elif number & PULSE_DIGIT:
            self._pulses(chr(number & 0xFF))

    def _pulses(self, digit: str) -> None:
        """The kernel takes every break up to 200 ms for a pulse: where nobody dials so, a single one is a flash."""
        if self.profile.pulses:
            self.machine.pulse_digit(digit)
        elif digit == "1":
            self.machine.flashed()

    def _heard(self, heard: Heard) -> None:
        if heard.digit and self.machine.off_hook:
            self.emit(Digit(self.id, heard.digit))

    def _told(self, event: analog.StationEvent) -> None:
        match event:
            case analog.Lifted():
                self._lifted(event.rung)
            case analog.PutDown():
                self._put_down()
            case analog.Flashed():
                self.emit(Flash(self.id))
            case analog.PulseDigit():
                self.emit(Digit(self.id, event.digit))

    def _lifted(self, rung: bool) -> None:
        self.info.off_hook = True
        self.session.order("HOOK", self.native.hook, self.fd, Hook.OFFHOOK)
        self.ears.listen(Listen.DIGITS, self._heard)
        if rung and self.state is S.ALERTING:
            self.step(S.CONNECTED)
            self.tell(OffHook(self.id), Connected(self.id, AnswerEvidence.HOOK))
            return
        if self.state is S.OUT_OF_SERVICE:
            self.step(S.IDLE)
        if self.state is S.IDLE:
            self.step(S.SEIZED)
        self.emit(OffHook(self.id))

    def _put_down(self) -> None:
        self.info.off_hook = False
        had_call = self.state not in RESTING
        self.end_sound()
        self.ears.listen(Listen.NOTHING, self._heard)
        self.session.order("HOOK", self.native.hook, self.fd, Hook.ONHOOK)
        if had_call:
            self.step(S.IDLE)
        self.emit(OnHook(self.id))
        if had_call:
            self.emit(LineFree(self.id))

    # -- operations ---------------------------------------------------------------------------------------------------
    async def _do_ring(self, caller: str, caller_name: str) -> None:
        if not self.attached or not self.machine.ring(caller, caller_name):
            raise WrongStateError(f"{self.id} is off-hook", channel=self.id, operation="ring", state=str(self.state))
        self.step(S.ALERTING)
        try:
            await self.session.run("HOOK", self.native.hook, self.fd, Hook.RING)
        except BoarddError:
            if self.machine.stop_ring():
                self.step(S.IDLE)
            raise

    async def _do_hangup(self, cause: int) -> None:
        if self.state in (*RESTING, S.RELEASING):
            if self.state is S.RELEASING and not self.attached:
                self.free_without_card()
            return
        self.machine.stop_ring()
        self.end_sound()
        self.step(S.RELEASING)
        if not self.machine.off_hook and self.step(S.IDLE):
            self.emit(LineFree(self.id))

    def send_caller_id(self, number: str, name: str) -> None:
        """The number as FSK sound to the telephone that rings."""
        date = datetime.fromtimestamp(clock.wall_ms() / 1000, UTC) + CHINA
        clip = Clip(caller_id_sound.sound(write_message(number, name, f"{date:%m%d%H%M}")), LINEAR)
        duration_ms = len(clip) // 8 + TRANSFER_MARGIN_MS
        self.session.order(
            "ONHOOKTRANSFER",
            self.native.on_hook_transfer,
            self.fd,
            duration_ms,
            done=lambda _none: self._say(clip),
        )

    def _say(self, clip: Clip) -> None:
        if self.machine.rung and self.attached:
            self.engine_port.play([clip])


class PhoneCard:
    """What the machine of a telephone orders, as calls to DAHDI and the engine (`StationCard`)."""

    def __init__(self, port: FxsPort) -> None:
        self._port = port

    def ring(self, on: bool) -> None:
        """See StationCard. The kernel makes the cadence, `_do_ring` has it begin; a number being sent ends with it."""
        port = self._port
        if not on and port.attached:
            port.engine_port.stop_play()
            port.session.order("HOOK", port.native.hook, port.fd, Hook.RINGOFF)

    def send_caller_id(self, number: str, name: str) -> None:
        """See StationCard."""
        self._port.send_caller_id(number, name)


__all__ = ["CAPABILITIES", "FxsPort"]
