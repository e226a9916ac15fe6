"""Station port, the office end of a telephone's line: hook, flash, dial tone, ringing, caller ID (section 10.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.line.analog import AnalogLine
from hwsim.line.caller_id import CallerId
from hwsim.line.caller_id_sender import CallerIdSender
from hwsim.vendorlibs.synway.cards import BoardChannel
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ChState, Event

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.driver import Driver

RING_MS = (1000, 4000)


class FxsChannel(Channel):
    """Type 2. The telephone decides: there is no pick-up and no hang-up by the application."""

    def __init__(self, driver: Driver, number: int, board: int, hardware: BoardChannel, line: AnalogLine) -> None:
        super().__init__(driver, number, board, hardware, line.office_leg)
        self.line = line
        self.off_hook = False
        self.flashes = 0
        self.automatic_dial_tone = bool(driver.board_setting(board, "AutoSendDialTone", hardware.number, 0))
        self.ring_ms = RING_MS
        self.ringing = False
        self.bursts = 0
        self._caller_id: CallerId | None = None
        self._caller_id_sender = CallerIdSender(self.sim, line.name, line.office_leg)
        self._caller_id_ms = 1000
        self._opened_us = 0

    # -- life ---------------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Library start: ringing stops, the hook is read."""
        self.line.office = self
        self.line.ring(False)
        self.ringing = False
        self.digits.enable_default()
        self.off_hook = self.line.current
        self.enter(ChState.S_CALL_PICKUPED if self.off_hook else ChState.S_CALL_STANDBY)

    def end(self, keep_line: bool) -> None:
        """Library gone: ringing current is made by the driver's timer and stops with it."""
        super().end(keep_line)
        self._caller_id_sender.stop()
        self.line.office = None
        self.line.ring(False)

    # -- hook ---------------------------------------------------------------------------------------------------------
    def on_loop(self, closed: bool) -> None:
        """The loop closed or opened; an opening becomes on-hook only when it outlasts the flash window."""
        if self.unplugged:
            return
        if not closed:
            if self.off_hook:
                self._opened_us = self.sim.now_us
                self.after("on_hook", self.driver.flash_max_ms, self._on_hook)
            return
        if not self.off_hook:
            self._off_hook()
            return
        self.stop_timer("on_hook")
        open_ms = (self.sim.now_us - self._opened_us) / 1000
        if open_ms >= self.driver.personality.flash_min_ms:
            self.flashes += 1
            self.post(Event.E_CHG_FLASH_COUNT, self.flashes)

    def _off_hook(self) -> None:
        self.off_hook = True
        was_rung = self.ringing
        self.stop_ring()
        self.flashes = 0
        self.digits.clear()
        self.enter(ChState.S_CALL_PICKUPED, dependent=((Event.E_CHG_HOOK_STATE, 1),))
        if self.automatic_dial_tone and not was_rung:
            self.tone.send_automatic()

    def _on_hook(self) -> None:
        self.off_hook = False
        self.silence()
        self.driver.on_cleared(self)
        self.player.on_remote_hangup()
        self.recorder.on_remote_hangup()
        self.enter(ChState.S_CALL_STANDBY, dependent=((Event.E_CHG_HOOK_STATE, 0),))

    def on_digit(self, digit: str) -> None:
        """The first digit ends the automatic dial tone."""
        if self.tone.automatic:
            self.tone.stop()
        super().on_digit(digit)

    def can_hang_up(self) -> bool:
        """SsmHangup is harmless or unsupported by personality."""
        return self.driver.personality.fxs_hangup_return == 0

    def hangup(self, cause: int = 16) -> bool:
        """Changes nothing: the telephone's user hangs up."""
        return True

    # -- ringing ------------------------------------------------------------------------------------------------------
    def start_ring(self, caller_id: CallerId | None = None, caller_id_ms: int = 1000) -> bool:
        """Ring with cadence; caller ID goes out as FSK `caller_id_ms` after the first burst. False when off-hook."""
        if self.off_hook or self.ringing:
            return False
        self.ringing = True
        self.bursts = 0
        self._caller_id, self._caller_id_ms = caller_id, caller_id_ms
        if self.driver.personality.fxs_ring_state:
            self.enter(ChState(self.driver.personality.fxs_ring_state))
        self._burst()
        return True

    def _burst(self) -> None:
        self.bursts += 1
        self.line.ring(True)
        self.after("ring", self.ring_ms[0], self._pause)

    def _pause(self) -> None:
        self.line.ring(False)
        self.after("ring", self.ring_ms[1], self._burst)
        if self.bursts == 1 and self._caller_id:
            self.after("caller_id", self._caller_id_ms, self._caller_id_sender.fsk, self._caller_id)

    def stop_ring(self) -> bool:
        """End ringing; False when it does not ring."""
        if not self.ringing:
            return False
        self.ringing = False
        self.stop_timer("ring", "caller_id")
        self._caller_id_sender.stop()
        self.line.ring(False)
        if not self.off_hook:
            self.enter(ChState.S_CALL_STANDBY)
        return True
