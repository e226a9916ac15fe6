"""Exchange line: `signalling.analog.FxoLine` decides, DAHDI's channel obeys.

    incoming  Offered, RingCount*, CallerId?, [answer] Connected(connect), ReleasedByFar?, [hangup] LineFree
    outgoing  [dial] Proceeding, Alerting?, Connected(reversal | voice | none) or ReleasedByFar, [hangup] LineFree
    glare     [dial] ReleasedByFar(44, origin glare), [hangup] LineFree, Offered when it still rings

DAHDI tells the beginning of a ring (RINGBEGIN) and its end (RINGOFFHOOK), and off-hook that loop current has gone
(ONHOOK); whether it is back must be asked. It does not tell the voltage of the pair.
"""

from __future__ import annotations

from boardd.contract.capabilities import Capability
from boardd.contract.driver import (
    Alerting,
    CallerId,
    Connected,
    Digit,
    LineFree,
    Offered,
    Proceeding,
    ReleasedByFar,
    RingCount,
    Trouble,
)
from boardd.contract.errors import BoarddError, WrongStateError
from boardd.contract.objects import Channel
from boardd.contract.states import AnswerEvidence, ChannelState
from boardd.signalling import analog
from boardd.signalling.analog import Ear, FxoLine, FxoProfile, Phase, Reason
from drivers.dahdi._codes import Alarm, Event, Hook, Signalling
from drivers.dahdi._errors import DahdiError
from drivers.dahdi._native import Native, Params
from drivers.dahdi.ears import Heard
from drivers.dahdi.parts import Parts
from drivers.dahdi.port import RESTING, DahdiPort
from drivers.dahdi.pulses import PulseDialler
from drivers.dahdi.session import log

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
ON_HOOK_RETRY_MS = 1000
BATTERY_ASK_MS = 100


def has_current(params: Params) -> bool:
    """Whether an off-hook line has loop current.

    The kernel's "off-hook" of the far end is that on an analogue card. On a channel of an E1 (a channel bank) it means
    that the received bits are not those at rest: then the bank takes the current away, or rings.
    """
    by_bits = bool(params.capable & Signalling.CAS)
    return params.off_hook is not by_bits


class FxoPort(DahdiPort):
    """One exchange line."""

    def __init__(self, info: Channel, parts: Parts, profile: FxoProfile) -> None:
        info.capabilities = list(CAPABILITIES)
        super().__init__(info, parts)
        self.profile = profile
        self.machine = self._new_machine()
        self.pulses = PulseDialler(
            self, lambda: self.machine.digits_sent(), lambda why: self.machine.digits_failed(why)
        )
        self._missed = False

    def _new_machine(self) -> FxoLine:
        return FxoLine(self.profile, self.session.clock, LineCard(self), self._told)

    # -- start and end ------------------------------------------------------------------------------------------------
    def set_up(self, native: Native, fd: int) -> None:
        """See DahdiPort."""
        native.set_up_sound(fd, self.session.settings.blocks)
        self.unless_old("SET_PARAMS", lambda: native.set_times(fd, flash_ms=self.profile.flash_ms))
        if self.profile.pulse:
            self.unless_old("SET_PARAMS", lambda: self.pulses.set_up(native, fd))
        native.hook(fd, Hook.ONHOOK)

    def begin(self, alarms: Alarm) -> None:
        """See DahdiPort."""
        self.engine_port.run()
        self.machine.begin()
        if alarms & Alarm.RED:
            self.machine.battery(False)
        self.announced(S.IDLE)

    def abandon(self) -> None:
        """See DahdiPort."""
        self.machine.close()
        self.machine = self._new_machine()

    async def compare(self) -> None:
        """See DahdiPort. An idle line's alarm is its battery; what shows twice in a row is so."""
        params = await self.session.run("GET_PARAMS", self.native.params, self.fd)
        fed = not params.alarms & Alarm.RED
        missed = self.attached and not self.machine.off_hook and fed is not self.machine.fed
        if missed and self._missed:
            log.warning("battery_reconciled", channel=self.id, battery=fed)
            self.machine.battery(fed)
        self._missed = missed

    # -- events -------------------------------------------------------------------------------------------------------
    def on_event(self, number: int) -> None:
        """See DahdiPort."""
        machine = self.machine
        if number == Event.RINGBEGIN:
            machine.ring(True)
        elif number == Event.RINGOFFHOOK:
            if machine.off_hook:
                machine.battery(True)
            else:
                machine.ring_ended()
        elif number == Event.ONHOOK:
            machine.battery(False)
            self.session.later(BATTERY_ASK_MS, self._ask_battery)
        elif number == Event.ALARM:
            machine.battery(False)
        elif number == Event.NOALARM:
            machine.battery(True)
        elif number == Event.POLARITY:
            machine.polarity()
        elif number == Event.DIALCOMPLETE:
            self.pulses.complete()

    def _ask_battery(self) -> None:
        """The kernel tells that loop current has gone, not that it is back. On-hook the channel's alarm says it."""
        if self.attached and not self.machine.fed:
            self.session.order("GET_PARAMS", self.native.params, self.fd, done=self._battery_is)

    def _battery_is(self, params: Params) -> None:
        if not self.machine.off_hook:
            self.machine.battery(not params.alarms & Alarm.RED)
        elif has_current(params):
            self.machine.battery(True)
        else:
            self.session.later(BATTERY_ASK_MS, self._ask_battery)

    def heard(self, heard: Heard) -> None:
        """What the detectors found."""
        machine = self.machine
        if heard.digit and machine.phase is Phase.TALKING:
            self.emit(Digit(self.id, heard.digit))
        elif heard.digit:
            machine.digit(heard.digit)
        elif heard.message is not None:
            machine.caller_id(heard.message)
        elif heard.sound is not None:
            machine.heard(heard.sound, heard.why)

    # -- what the machine made of it ----------------------------------------------------------------------------------
    def _told(self, event: analog.FxoEvent) -> None:
        match event:
            case analog.Offered():
                if self.step(S.OFFERED):
                    self.emit(Offered(self.id, caller=event.caller, caller_name=event.caller_name))
            case analog.Rang():
                self.emit(RingCount(self.id, event.count))
            case analog.CallerKnown():
                log.info("caller_id", channel=self.id, how=event.how, known=bool(event.number))
                self.emit(CallerId(self.id, event.number, event.name))
            case analog.Dialled():
                if self.step(S.PROCEEDING):
                    self.emit(Proceeding(self.id))
            case analog.RingBack():
                if self.step(S.ALERTING):
                    self.emit(Alerting(self.id))
            case analog.Answered():
                if self.state is not S.CONNECTED:
                    self.cancel_echo()
                if self.step(S.CONNECTED):
                    self.emit(Connected(self.id, AnswerEvidence(event.evidence)))
            case analog.Cleared():
                self._cleared(event.reason)
            case analog.LineFree():
                self._free()
            case analog.InService():
                self._service(event.usable, event.reason)
            case analog.DialToneMissing():
                self.emit(Trouble(self.id, "no_dial_tone", event.missing))
            case _:
                log.error("unknown_line_event", channel=self.id, line_event=repr(event))

    def _cleared(self, reason: Reason) -> None:
        log.info("call_cleared", channel=self.id, by=reason.code, cause=reason.cause, why=reason.text)
        if self.step(S.RELEASING):
            self.emit(ReleasedByFar(self.id, reason.cause, reason.code, reason.text, reason.origin))

    def _free(self) -> None:
        self.end_sound()
        if self.step(S.IDLE):
            self.emit(LineFree(self.id))

    def _service(self, usable: bool, reason: str) -> None:
        if usable:
            self.make_usable()
        else:
            self.make_unusable(reason)

    # -- operations ---------------------------------------------------------------------------------------------------
    async def _do_dial(self, number: str, caller: str) -> None:
        if not self.attached or not self.machine.usable:
            raise WrongStateError(f"{self.id} is {self.machine.phase}", channel=self.id, operation="dial")
        self.step(S.DIALING)
        self.machine.dial(number)

    async def _do_answer(self) -> None:
        if not self.machine.answer():
            raise WrongStateError(f"{self.id} does not ring any more", channel=self.id, operation="answer")

    async def _do_hangup(self, cause: int) -> None:
        if self.state in RESTING:
            return
        if not self.attached:
            self.free_without_card()
            return
        self.step(S.RELEASING)
        self.end_sound()
        self.machine.hang_up()

    async def _do_flash(self) -> None:
        self.machine.flash()


class LineCard:
    """What the machine of an exchange line orders, as calls to DAHDI and the engine (`FxoCard`)."""

    def __init__(self, port: FxoPort) -> None:
        self._port = port
        self._stuck = False

    def hook(self, off: bool) -> None:
        """See FxoCard. Accepted is done: the relay needs milliseconds, HOOKCOMPLETE tells only of its debounce."""
        port = self._port
        port.session.order(
            "HOOK",
            port.native.hook,
            port.fd,
            Hook.OFFHOOK if off else Hook.ONHOOK,
            done=lambda _at_once: self._done(off),
            failed=lambda error: self._failed(off, error),
        )

    def _done(self, off: bool) -> None:
        port = self._port
        if self._stuck and not off:
            self._stuck = False
            port.emit(Trouble(port.id, "release_stuck", False))
        port.machine.hook_done(off)

    def _failed(self, off: bool, error: BoarddError) -> None:
        port = self._port
        log.error("hook_failed", channel=port.id, off_hook=off, error=error.message)
        if isinstance(error, DahdiError) and error.gone:
            port.on_removed()
        else:
            port.machine.hook_failed(error.message)
        if not off and port.attached:
            # A line that stays seized is dead for everybody: ask for ever, and say so.
            if not self._stuck:
                self._stuck = True
                port.emit(Trouble(port.id, "release_stuck", True, error.message))
            port.session.later(ON_HOOK_RETRY_MS, self._again)

    def _again(self) -> None:
        if self._stuck and self._port.attached and not self._port.machine.off_hook:
            self.hook(False)

    def flash(self, duration_ms: int) -> None:
        """See FxoCard: the duration is a setting of the channel."""
        self._port.session.order("HOOK", self._port.native.hook, self._port.fd, Hook.FLASH)

    def send_digits(self, digits: str, *, pulse: bool) -> None:
        """See Sender."""
        port = self._port
        if pulse:
            port.pulses.send(digits)
        else:
            port.media.dial(digits, port.machine.digits_sent)

    def stop_sending(self) -> None:
        """See Sender."""
        port = self._port
        if not port.attached:
            return
        if port.profile.pulse:
            port.pulses.stop()
        else:
            port.media.stop_dialling()

    def listen(self, ear: Ear) -> None:
        """See FxoCard."""
        if self._port.attached:
            self._port.ears.listen(ear, self._port.heard)


__all__ = ["CAPABILITIES", "FxoPort"]
