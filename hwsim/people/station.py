"""A telephone (话机) on one of the box's own FXS ports: the set end of an analogue line."""

from __future__ import annotations

from collections.abc import Callable

from hwsim.exchange.party import TimerSet
from hwsim.line.analog import AnalogLine
from hwsim.line.caller_id import CallerId
from hwsim.line.caller_id_receiver import CallerIdReceiver
from hwsim.line.keypad import Keypad

RING_GAP_MS = 6_000.0
"""Silence after which a set that rang no longer rings: longer than the longest pause of a ringing cadence."""


class StationSet:
    """Handset on an AnalogLine; it is the `set` end of the line (hwsim.line.analog.SetEnd)."""

    sound_dialling = True

    def __init__(self, line: AnalogLine) -> None:
        self.analog = line
        self.sim = line.sim
        self.line = line.name
        self.leg = line.set_leg
        self.ringing = False
        self.off_hook = False
        self.caller_id: CallerId | None = None
        self._display = CallerIdReceiver(line.sim, line.set_leg, self._show)
        self._changed: Callable[[], None] = _nothing
        self._timers = TimerSet(line.sim)
        line.set = self
        self._display.open()

    @property
    def keypad(self) -> Keypad:
        """How its keys sound."""
        return self.analog.keypad

    def attach(self, changed: Callable[[], None]) -> None:
        """Call `changed()` when ringing starts or is over."""
        self._changed = changed

    # -- the line ---------------------------------------------------------------------------------------------------
    def on_ringing(self, on: bool) -> None:
        """A burst of ringing began or ended."""
        if on:
            self._timers.cancel("gap")
            if not self.ringing and not self.off_hook:
                self.ringing = True
                self._changed()
        else:
            self._timers.start("gap", RING_GAP_MS, self._rings_no_more)

    def on_polarity(self, reversed_: bool) -> None:
        """A telephone does not care."""

    def on_voltage(self, volts: int) -> None:
        """Nor about this."""

    # -- the person -------------------------------------------------------------------------------------------------
    def lift(self) -> None:
        """Go off-hook."""
        self.off_hook = True
        self.ringing = False
        self._timers.cancel()
        self._display.close()
        self.analog.close_loop(True)

    def hang_up(self) -> None:
        """Go on-hook."""
        self.off_hook = False
        self._timers.cancel()
        self.caller_id = None
        self.analog.close_loop(False)
        self._display.open()

    def dial(self, number: str) -> None:
        """Nothing: numbers are dialled by sound on this set."""

    def flash(self, duration_ms: float) -> None:
        """Press the hook (拍叉) for so long."""
        if self.off_hook:
            self.analog.close_loop(False)
            self._timers.start("flash", duration_ms, self._flash_over)

    def _show(self, caller: CallerId, form: str) -> None:
        """The display shows what came over the line; messages with a bad checksum show nothing."""
        self.caller_id = caller
        self.sim.truth.note(
            "caller_id_shown", line=self.line, number=caller.number, name=caller.name, date=caller.date, form=form
        )

    def _flash_over(self) -> None:
        if self.off_hook:
            self.analog.close_loop(True)

    def _rings_no_more(self) -> None:
        if self.ringing:
            self.ringing = False
            self._changed()


def _nothing() -> None:
    """Before anybody is attached."""
