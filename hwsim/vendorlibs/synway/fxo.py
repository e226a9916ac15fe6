"""Analog trunk, the set end of an exchange line: rings, picks up, dials by sound and judges by sound (section 10.1)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hwsim.line.analog import AnalogLine
from hwsim.vendorlibs.synway.caller_id import CallerIdPort
from hwsim.vendorlibs.synway.cards import BoardChannel
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ChState, Dial, Event, Pend, Verdict

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.driver import Driver

_DIAL_PART = re.compile(r"[0-9*#A-D]+|,|!")
_DIAL_STRING = re.compile(r"^[0-9*#A-D,!]{1,50}$")
_CALLING = frozenset(
    {
        ChState.S_CALL_ANALOG_WAITDIALTONE,
        ChState.S_CALL_ANALOG_TXPHONUM,
        ChState.S_CALL_ANALOG_WAITDIALRESULT,
        ChState.S_CALL_WAIT_REMOTE_PICKUP,
    }
)
FLASH_MS = (32, 1000)
MAX_WAIT_DIAL_TONE_MS = 5000
ANSWER_S = 60


class FxoChannel(Channel):
    """Type 0. `off_hook` is the relay; the state may already be 3 or 4 while it is still closing."""

    def __init__(self, driver: Driver, number: int, board: int, hardware: BoardChannel, line: AnalogLine) -> None:
        super().__init__(driver, number, board, hardware, line.set_leg)
        self.line = line
        self.off_hook = False
        self.ring_flag = False
        self.ring_count = 0
        self.reversals = 0
        self.flashing = False
        self.answer_s = 0
        self.caller_id_port = CallerIdPort(self)
        self._dialling: list[str] = []
        self._number = ""

    # -- life ---------------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Library start (or card put back): the relay opens; a call that hung on the line is gone."""
        self.off_hook = False
        self.line.set = self
        self.line.close_loop(False)
        self.digits.enable_default()
        self.caller_id_port.listen(True)
        self.enter(ChState.S_CALL_STANDBY)
        self.on_voltage(self.line.volts)

    def end(self, keep_line: bool) -> None:
        """Library gone: the relay stays as it is, or opens."""
        self.caller_id_port.listen(False)
        super().end(keep_line)
        self.line.set = None
        if not keep_line:
            self.line.close_loop(False)

    # -- the line -----------------------------------------------------------------------------------------------------
    def on_ringing(self, on: bool) -> None:
        """One edge of ringing voltage; it counts after the debounce time, and only when it is strong enough."""
        if self.off_hook or self.unplugged:
            return
        if on and self.line.ring_v_rms < self.driver.personality.ring_volts:
            return
        if on:
            self.after("ring", self.driver.personality.ring_debounce_ms, self._ring_burst)
            return
        self.stop_timer("ring")
        if self.ring_flag:
            self.ring_flag = False
            self.post(Event.E_CHG_RING_FLAG, 0)
            stop_ms = self.driver.personality.ring_stop_ms
            if stop_ms is not None:
                self.after("ring_stop", stop_ms, self._ring_stopped)

    def _ring_burst(self) -> None:
        self.stop_timer("ring_stop", "locked")
        self.caller_id_port.keep()
        self.ring_flag = True
        self.ring_count += 1
        self.post(Event.E_CHG_RING_FLAG, 1)
        threshold = max(1, self.driver.setting("ChToRingingOnRingCnt", 1))
        count = ((Event.E_CHG_RING_COUNT, self.ring_count),)
        idle = self.state in (ChState.S_CALL_STANDBY, ChState.S_CALL_LOCKED)
        if idle and self.ring_count >= threshold:
            self.outgoing = False
            self.enter(ChState.S_CALL_RINGING, dependent=count)
        else:
            self.post(Event.E_CHG_RING_COUNT, self.ring_count)

    def _ring_stopped(self) -> None:
        self.ring_count = 0
        if self.state is ChState.S_CALL_RINGING:
            self.enter(ChState.S_CALL_STANDBY)
        self.forget_numbers()

    def on_voltage(self, volts: int) -> None:
        """DC voltage; a trunk without feed shows state 8 only in some drivers."""
        if self.unplugged:
            return
        self.post(Event.E_CHG_LINE_VOLTAGE, volts)
        if not self.driver.personality.fxo_offline:
            return
        dead = volts < self.driver.personality.offline_volts
        if dead and self.state is ChState.S_CALL_STANDBY and not self.off_hook:
            self.enter(ChState.S_CALL_OFFLINE)
        elif not dead and self.state is ChState.S_CALL_OFFLINE:
            self.enter(ChState.S_CALL_STANDBY)

    def on_polarity(self, reversed_: bool) -> None:
        """A reversal: answer while dialling, far-end release while talking."""
        if self.unplugged:
            return
        self.reversals += 1
        self.post(Event.E_CHG_POLAR_RVRS_COUNT, self.reversals)
        waiting = (ChState.S_CALL_ANALOG_WAITDIALRESULT, ChState.S_CALL_WAIT_REMOTE_PICKUP)
        if self.state in waiting:
            self._answered(Dial.VOICE)
        elif self.state is ChState.S_CALL_TALKING and self.driver.personality.reversal_ends_talk and self.off_hook:
            self._far_hangup()

    # -- hook ---------------------------------------------------------------------------------------------------------
    def pickup(self) -> bool:
        """Seize an idle line or answer a ringing one; the relay follows."""
        if self.state is ChState.S_CALL_RINGING:
            self._close_relay()
            self.enter(ChState.S_CALL_TALKING)
            self.analyser.use(self._heard_in_talk)
            return True
        if self.state in (ChState.S_CALL_STANDBY, ChState.S_CALL_LOCKED):
            self._close_relay()
            self.enter(ChState.S_CALL_PICKUPED)
            return True
        return False

    def lock(self) -> None:
        """Reserved by SsmSearchIdleCallOutCh; the driver frees it after its time."""
        self.enter(ChState.S_CALL_LOCKED)
        self.after("locked", self.driver.personality.locked_ms, self._unlock)

    def _unlock(self) -> None:
        if self.state is ChState.S_CALL_LOCKED:
            self.enter(ChState.S_CALL_STANDBY)

    def _close_relay(self) -> None:
        self.stop_timer("ring", "ring_stop", "locked")
        delay_ms = self.driver.personality.pickup_ms + self.driver.faults.take_pickup_delay(self.number)
        self.after("pickup", delay_ms, self._picked_up)

    def _picked_up(self) -> None:
        self.off_hook = True
        self.ring_flag = False
        self.caller_id_port.listen(False)
        self.line.close_loop(True)
        self.post(Event.E_SYS_ACTUAL_PICKUP)

    def hangup(self, cause: int = 16) -> bool:
        """Release from any state; the channel is idle at once or after the clearing state 10."""
        if self.state in (ChState.S_CALL_STANDBY, ChState.S_CALL_ANALOG_CLEAR, ChState.S_CALL_OFFLINE):
            return True
        if self.state is ChState.S_CALL_RINGING:
            return False
        if self.state is ChState.S_CALL_LOCKED:
            self.enter(ChState.S_CALL_STANDBY)
            return True
        self.stop_timer("locked", "pickup", "dial_tone", "answer", "pause", "flash")
        self._release_line()
        clear_ms = self.driver.personality.fxo_clear_ms
        if clear_ms:
            self.enter(ChState.S_CALL_ANALOG_CLEAR)
            self.after("clear", clear_ms, self._cleared)
        else:
            self._cleared()
        return True

    def _release_line(self) -> None:
        self.silence()
        self.analyser.use(None)
        self.off_hook = False
        self.flashing = False
        self._dialling.clear()
        self.line.close_loop(False)
        self.caller_id_port.listen(True)

    def _cleared(self) -> None:
        if self.dial is Dial.DIALING:
            self.dial_failure = 1
        self.dial = Dial.STANDBY
        self.ring_count = 0
        self.forget_numbers()
        self.driver.on_cleared(self)
        self.enter(ChState.S_CALL_STANDBY)
        self.on_voltage(self.line.volts)

    def flash(self, ms: int) -> bool:
        """SsmTxFlash: open the loop for `ms`; E_PROC_SendFlash afterwards."""
        if not FLASH_MS[0] <= ms <= FLASH_MS[1] or not self.off_hook or self.flashing:
            return False
        self._flash(ms, lambda: self.post(Event.E_PROC_SEND_FLASH))
        return True

    def _flash(self, ms: int, then: object) -> None:
        self.flashing = True
        self.line.close_loop(False)
        self.after("flash", ms, self._flashed, then)

    def _flashed(self, then: object) -> None:
        self.flashing = False
        self.line.close_loop(True)
        if callable(then):
            then()

    # -- dialling -----------------------------------------------------------------------------------------------------
    def auto_dial(self, number: str) -> bool:
        """Wait for dial tone, send the number, wait for a result."""
        if not _DIAL_STRING.match(number):
            return False
        if self.state in (ChState.S_CALL_STANDBY, ChState.S_CALL_LOCKED):
            self._close_relay()
        elif self.state is not ChState.S_CALL_PICKUPED:
            return False
        self.outgoing = True
        self.dial_failure = 0
        self.called = number
        self._number = number
        self.enter_dial(ChState.S_CALL_ANALOG_WAITDIALTONE, Dial.DIALING)
        self.analyser.use(self._heard_in_dial)
        wait_ms = self.driver.setting("MaxWaitDialToneTime", MAX_WAIT_DIAL_TONE_MS)
        self.after("dial_tone", wait_ms, self._no_dial_tone)
        return True

    def append_number(self, digits: str) -> bool:
        """More digits while the number is being sent."""
        if self.state is not ChState.S_CALL_ANALOG_TXPHONUM or not _DIAL_STRING.match(digits):
            return False
        self.called += digits
        self._dialling += _DIAL_PART.findall(digits)
        return True

    def _no_dial_tone(self) -> None:
        self._failed(Pend.ANALOG_NO_DIALTONE, Dial.NO_DIALTONE)

    def _heard_in_dial(self, verdict: Verdict) -> None:
        if self.state is ChState.S_CALL_ANALOG_WAITDIALTONE:
            if verdict is Verdict.DIAL_TONE:
                self._send_number()
            elif verdict is Verdict.BUSY_TONE:
                self._failed(Pend.ANALOG_BUSYTONE, Dial.BUSYTONE)
            return
        if self.state not in _CALLING or self.state is ChState.S_CALL_ANALOG_TXPHONUM:
            return
        if verdict is Verdict.RINGBACK and self.state is ChState.S_CALL_ANALOG_WAITDIALRESULT:
            self.enter_dial(ChState.S_CALL_WAIT_REMOTE_PICKUP, Dial.ECHOTONE)
        elif verdict is Verdict.BUSY_TONE:
            self._failed(Pend.ANALOG_BUSYTONE, Dial.BUSYTONE)
        elif verdict in (Verdict.VOICE, Verdict.F1, Verdict.F2):
            self._answered({Verdict.F1: Dial.VOICE_F1, Verdict.F2: Dial.VOICE_F2}.get(verdict, Dial.VOICE))
        elif verdict is Verdict.RINGBACK_SILENCE:
            self.after("echo", self.driver.setting("MaxWaitVocAfterEcho", 3000), self._echo_silence)
        elif verdict is Verdict.SILENCE and self.state is ChState.S_CALL_ANALOG_WAITDIALRESULT:
            if self.driver.personality.silence_after_dial_talks:
                self._answered(Dial.NOVOICE)
            else:
                self._failed(Pend.ANALOG_NOVOICE, Dial.NOVOICE)

    def _send_number(self) -> None:
        self.stop_timer("dial_tone")
        self.enter(ChState.S_CALL_ANALOG_TXPHONUM)
        self._dialling = _DIAL_PART.findall(self._number)
        self._send_next()

    def _send_next(self) -> None:
        """The next part of the dial string: digits as sound, a pause, or a flash."""
        if self.state is not ChState.S_CALL_ANALOG_TXPHONUM:
            return
        if not self._dialling:
            self.after("settle", self.driver.setting("WaitAfterDialTime", 0), self._number_sent)
            return
        part = self._dialling.pop(0)
        if part == ",":
            self.after("pause", self.driver.setting("DefaultTxDelayTime", 2000), self._send_next)
        elif part == "!":
            self._flash(self.driver.setting("DefaultTxFlashTime", 500), self._send_next)
        else:
            self.sender.dial(part, self._send_next)

    def _number_sent(self) -> None:
        if self._dialling:
            self._send_next()
            return
        self.enter(ChState.S_CALL_ANALOG_WAITDIALRESULT)
        self.analyser.use(self._heard_in_dial)
        seconds = self.answer_s or self.driver.answer_s or self.driver.setting("MaxWaitAutoDialAnswerTime", ANSWER_S)
        self.after("answer", seconds * 1000, self._no_answer)

    def _echo_silence(self) -> None:
        if self.state is not ChState.S_CALL_WAIT_REMOTE_PICKUP or self.analyser.result is not Verdict.RINGBACK_SILENCE:
            return
        if self.driver.setting("EchoNoVoiceToTalking", 0):
            self._answered(Dial.ECHO_NOVOICE)
        else:
            self._failed(Pend.ANALOG_ECHO_NOVOICE, Dial.ECHO_NOVOICE)

    def _no_answer(self) -> None:
        if self.state in _CALLING:
            self._failed(Pend.ANALOG_NOANSWER, Dial.NOANSWER)

    def _answered(self, dial: Dial) -> None:
        self.stop_timer("answer", "echo")
        self.enter_dial(ChState.S_CALL_TALKING, dial)
        self.analyser.use(self._heard_in_talk)

    def _failed(self, pending: Pend, dial: Dial) -> None:
        self.stop_timer("answer", "echo", "dial_tone", "pickup")
        self.sender.drop()
        self.analyser.use(None)
        self.enter_dial(ChState.S_CALL_PENDING, dial, pending)

    # -- talking ------------------------------------------------------------------------------------------------------
    def _heard_in_talk(self, verdict: Verdict) -> None:
        if verdict is Verdict.BUSY_TONE and self.state is ChState.S_CALL_TALKING:
            self._far_hangup()

    def _far_hangup(self) -> None:
        if self.driver.faults.take_lost_hangup(self.number):
            return
        self.analyser.use(None)
        self.enter(ChState.S_CALL_PENDING, Pend.ANALOG_REMOTE_HANGUP)
