"""Record tap: a high-impedance listener on a pair that has both ends elsewhere (section 10.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.core.events import Tap
from hwsim.line.analog import AnalogLine
from hwsim.vendorlibs.synway.caller_id import CallerIdPort
from hwsim.vendorlibs.synway.cards import BoardChannel
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ChState, Event

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.driver import Driver


class TapChannel(Channel):
    """Type 3, driven by the line only. A probe leg says what passes on the pair; the card's leg hears the probe."""

    def __init__(self, driver: Driver, number: int, board: int, hardware: BoardChannel, line: AnalogLine) -> None:
        engine = driver.sim.engine
        self._probe, listener = engine.leg_new(), engine.leg_new()
        engine.wire(self._probe, listener)
        engine.link(line.set_leg, self._probe)
        engine.link(line.set_leg, self._probe, tap=Tap.PLAYS)
        super().__init__(driver, number, board, hardware, listener)
        self.line = line
        self.ring_flag = False
        self.ring_count = 0
        self.flashes = 0
        self.caller_id_port = CallerIdPort(self)
        self.off_hook_volts = driver.personality.tap_off_hook_volts
        self.ignore_voltage = False

    def begin(self) -> None:
        """Library start: the state is what the line shows."""
        self.line.tap = self
        self.digits.enable_default()
        self.caller_id_port.listen(True)
        self._judge(self.line.volts)

    def end(self, keep_line: bool) -> None:
        """Library gone."""
        self.caller_id_port.listen(False)
        super().end(keep_line)
        self.line.tap = None
        self.sim.engine.leg_free(self.leg)
        self.sim.engine.leg_free(self._probe)

    # -- the line -----------------------------------------------------------------------------------------------------
    def on_voltage(self, volts: int) -> None:
        """Off-hook and line-off are judged from the voltage."""
        if self.unplugged:
            return
        self.post(Event.E_CHG_LINE_VOLTAGE, volts)
        if not self.ignore_voltage:
            self._judge(volts)

    def _judge(self, volts: int) -> None:
        if self.line.pair != "good" or not self.line.fed:
            state = ChState.S_CALL_OFFLINE
        elif volts < self.off_hook_volts:
            state = ChState.S_CALL_PICKUPED
        elif self.state is ChState.S_CALL_RINGING:
            return
        else:
            state = ChState.S_CALL_STANDBY
        if state is not self.state:
            self._change(state)

    def _change(self, state: ChState) -> None:
        if state is ChState.S_CALL_PICKUPED:
            self.stop_timer("ring_stop")
            # Where voice stands for the voltage, the caller-ID signal itself looks like an answer.
            self.caller_id_port.listen(self.ignore_voltage and self.state is ChState.S_CALL_RINGING)
            self.digits.clear()
        if self.state is ChState.S_CALL_PICKUPED:
            self.recorder.on_remote_hangup()
            self.forget_numbers()
            self.ring_count = 0
            self.caller_id_port.listen(True)
        self.enter(state)

    def on_voice(self, on: bool) -> None:
        """With the voltage ignored, voice is what makes the line busy."""
        if self.ignore_voltage:
            self._change(ChState.S_CALL_PICKUPED if on else ChState.S_CALL_STANDBY)

    def ignore(self, ignored: bool) -> None:
        """SsmSetIgnoreLineVoltage."""
        self.ignore_voltage = ignored
        self.voice.watch(ignored or self.state is not ChState.S_CALL_STANDBY)
        if not ignored:
            self._judge(self.line.volts)

    def on_entered(self, old: ChState) -> None:
        """The voice detector stays on where it replaces the voltage."""
        self.voice.watch(self.ignore_voltage or self.state is not ChState.S_CALL_STANDBY)

    def on_ringing(self, on: bool) -> None:
        """An edge of ringing on the pair."""
        if self.unplugged or self.state is ChState.S_CALL_PICKUPED:
            return
        if on and self.line.ring_v_rms < self.driver.personality.ring_volts:
            return
        if on:
            self.stop_timer("ring_stop")
            self.caller_id_port.keep()
            self.ring_flag = True
            self.ring_count += 1
            self.post(Event.E_CHG_RING_FLAG, 1)
            self.enter(ChState.S_CALL_RINGING, dependent=((Event.E_CHG_RING_COUNT, self.ring_count),))
            return
        self.ring_flag = False
        self.post(Event.E_CHG_RING_FLAG, 0)
        stop_ms = self.driver.personality.ring_stop_ms
        if stop_ms is not None:
            self.after("ring_stop", stop_ms, self._ring_stopped)

    def _ring_stopped(self) -> None:
        if self.state is ChState.S_CALL_RINGING:
            self.ring_count = 0
            self.enter(ChState.S_CALL_STANDBY)
            self.forget_numbers()

    def on_polarity(self, reversed_: bool) -> None:
        """Reversals are not judged on taps."""

    def on_loop(self, closed: bool) -> None:
        """The voltage tells; nothing more."""
