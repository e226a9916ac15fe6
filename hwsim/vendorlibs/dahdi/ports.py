"""Modules of analogue cards as DAHDI's drivers run them: an FXO module at the end of an exchange line, an FXS module
that feeds a telephone (telephony.md 1.3; the drivers' times are the personality's).
"""

from __future__ import annotations

from collections.abc import Callable
from errno import EINVAL, ENOSYS, ENOTTY
from typing import Protocol

from hwsim.kernel.sim import Sim
from hwsim.line.analog import AnalogLine
from hwsim.vendorlibs.dahdi.abi import HW_GAIN, INT, AlarmBit, Event, Request, Sig
from hwsim.vendorlibs.dahdi.debounce import Debounced
from hwsim.vendorlibs.dahdi.hooks import RxSig, TxSig
from hwsim.vendorlibs.dahdi.personality import Personality

ANALOG = Sig.SF | Sig.CLEAR
FXO_CAPABLE = Sig.FXSKS | Sig.FXSLS | ANALOG
FXS_CAPABLE = Sig.FXOKS | Sig.FXOLS | Sig.FXOGS | Sig.EM | ANALOG


class Module(Protocol):
    """What is in a socket."""

    capable: int
    leg: int

    def say(self, tx: TxSig) -> None:
        """Do on the line what the channel wants."""

    def asked_again(self) -> None:
        """The channel was configured anew: it wants to hear what the line is like."""

    def ioctl(self, request: int, octets: bytes) -> int:
        """A request that the driver itself answers: 0 or -errno."""

    def unplugged(self, gone: bool) -> None:
        """The card was pulled out, or is back."""


class Above(Protocol):
    """The channel above a module."""

    def hook_signal(self, rx: RxSig) -> None:
        """What the line says."""

    def note(self, event: int) -> None:
        """An event for the program."""

    def set_alarms(self, alarms: AlarmBit) -> None:
        """Alarms of this channel alone."""


class FxoModule:
    """At the set end of the line: sees ringing, feed and polarity, closes the loop."""

    capable = FXO_CAPABLE

    def __init__(self, sim: Sim, line: AnalogLine, persona: Personality, above: Above) -> None:
        self.line = line
        self.leg = line.set_leg
        self._above = above
        self._persona = persona
        self._gone = False
        line.set = self
        fed = line.volts >= persona.battery_volts
        self._ringing = Debounced(sim, False, self._ring_ms, self._ring_seen)
        self._battery = Debounced(sim, fed, lambda _fed: persona.battery_ms, self._battery_seen)
        self._alarm = Debounced(sim, fed, lambda _fed: persona.battery_alarm_ms, self._alarm_due)
        self._polarity = Debounced(sim, line.reversed, lambda _way: persona.polarity_ms, self._polarity_seen)

    def say(self, tx: TxSig) -> None:
        """See Module."""
        if not self._gone:
            self.line.close_loop(tx in (TxSig.OFFHOOK, TxSig.START))

    def asked_again(self) -> None:
        """See Module."""
        self._above.hook_signal(RxSig.OFFHOOK if self._battery.value else RxSig.ONHOOK)
        self._above.set_alarms(AlarmBit.NONE if self._alarm.value else AlarmBit.RED)

    def ioctl(self, request: int, octets: bytes) -> int:
        """See Module."""
        match request:
            case Request.SET_HWGAIN if len(octets) == HW_GAIN.size:
                return 0
            case Request.TONEDETECT:
                return -ENOSYS
            case Request.SETPOLARITY | Request.ONHOOKTRANSFER | Request.VMWI | Request.VMWI_CONFIG:
                return -EINVAL
            case _:
                return -ENOTTY

    def unplugged(self, gone: bool) -> None:
        """See Module."""
        self._gone = gone

    # -- from the line ------------------------------------------------------------------------------------------------
    def on_ringing(self, on: bool) -> None:
        """See SetEnd."""
        self._ringing.see(on and self.line.ring_v_rms >= self._persona.ring_volts)

    def on_polarity(self, reversed_: bool) -> None:
        """See SetEnd."""
        self._polarity.see(reversed_)

    def on_voltage(self, volts: int) -> None:
        """See SetEnd."""
        fed = volts >= self._persona.battery_volts
        self._battery.see(fed)
        self._alarm.see(fed)

    def _ring_ms(self, on: bool) -> int:
        return self._persona.ring_ms if on else self._persona.ring_end_ms

    def _ring_seen(self, on: bool) -> None:
        self._above.hook_signal(RxSig.RING if on else RxSig.OFFHOOK)

    def _battery_seen(self, fed: bool) -> None:
        self._above.hook_signal(RxSig.OFFHOOK if fed else RxSig.ONHOOK)

    def _alarm_due(self, fed: bool) -> None:
        self._above.set_alarms(AlarmBit.NONE if fed else AlarmBit.RED)

    def _polarity_seen(self, _reversed: bool) -> None:
        self._above.note(Event.POLARITY)


class FxsModule:
    """At the office end: feeds, rings, reverses, sees the loop."""

    capable = FXS_CAPABLE

    def __init__(self, sim: Sim, line: AnalogLine, persona: Personality, above: Above) -> None:
        self.line = line
        self.leg = line.office_leg
        self._above = above
        self._saying = TxSig.ONHOOK
        self._gone = False
        line.office = self
        self._hook = Debounced(sim, line.current, lambda _closed: persona.hook_ms, self._hook_seen)

    def say(self, tx: TxSig) -> None:
        """See Module."""
        self._saying = tx
        if self._gone:
            return
        self.line.ring(tx is TxSig.START)
        if self.line.fed != (tx is not TxSig.KEWL):
            self.line.feed(tx is not TxSig.KEWL)

    def asked_again(self) -> None:
        """See Module."""
        self._above.hook_signal(RxSig.OFFHOOK if self._hook.value else RxSig.ONHOOK)

    def ioctl(self, request: int, octets: bytes) -> int:
        """See Module."""
        match request:
            case Request.SETPOLARITY:
                if self._saying in (TxSig.START, TxSig.KEWL):
                    return -EINVAL
                self.line.reverse(bool(INT.unpack_from(octets)[0]))
                return 0
            case Request.ONHOOKTRANSFER | Request.VMWI | Request.VMWI_CONFIG:
                return 0
            case Request.SET_HWGAIN if len(octets) == HW_GAIN.size:
                return 0
            case Request.TONEDETECT:
                return -ENOSYS
            case _:
                return -ENOTTY

    def unplugged(self, gone: bool) -> None:
        """See Module."""
        self._gone = gone
        if gone:
            self.line.ring(False)

    def on_loop(self, closed: bool) -> None:
        """See OfficeEnd. Ringing stops by itself when the telephone is lifted."""
        self._hook.see(closed)

    def _hook_seen(self, closed: bool) -> None:
        if closed and self._saying is TxSig.START:
            self.line.ring(False)
        self._above.hook_signal(RxSig.OFFHOOK if closed else RxSig.ONHOOK)


ModuleMaker = Callable[[Sim, AnalogLine, Personality, Above], Module]
