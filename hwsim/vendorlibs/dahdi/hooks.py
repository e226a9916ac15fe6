"""Hook signalling of one channel as the kernel's core does it: what the program wants becomes states of the line, what
the line does becomes events. Times and rules: native.md B, the core's defaults.

Below is the line: a module of an analogue card, or line bits. It is told by `say(TxSig)`, and tells by `heard(RxSig)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from errno import EBUSY, EINPROGRESS, EINVAL, ENODATA

from hwsim.kernel.sim import Sim, Timer
from hwsim.vendorlibs.dahdi.abi import FXO_SIDE, FXS_SIDE, PULSE_DIGIT, Event, Hook, Sig

RING_DEBOUNCE_MS = 2000
RING_TRAILER_MS = 50
AFTER_START_MS = 500
KEWL_MS = 500
AFTER_KEWL_MS = 300
MIN_PULSE_MS = 15
MAX_PULSE_MS = 200
PULSE_TIMEOUT_MS = MAX_PULSE_MS + 50
PULSE_KEYS = {10: "0", 11: "*", 12: "#"}


class TxSig(IntEnum):
    """What we say on the line."""

    ONHOOK = 0
    OFFHOOK = 1
    START = 2
    KEWL = 3


class RxSig(IntEnum):
    """What the line says."""

    ONHOOK = 0
    OFFHOOK = 1
    START = 2
    RING = 3
    INITIAL = 4


class State(Enum):
    """Where we are in what we say."""

    ONHOOK = "onhook"
    OFFHOOK = "offhook"
    START = "start"
    AFTER_START = "after_start"
    DEBOUNCE = "debounce"
    RING_ON = "ring_on"
    RING_OFF = "ring_off"
    PREWINK = "prewink"
    WINK = "wink"
    PREFLASH = "preflash"
    FLASH = "flash"
    KEWL = "kewl"
    AFTER_KEWL = "after_kewl"
    PULSE_BREAK = "pulse_break"
    PULSE_MAKE = "pulse_make"
    PULSE_AFTER = "pulse_after"


@dataclass(slots=True)
class Times:
    """What GET_PARAMS shows and SET_PARAMS changes."""

    prewink_ms: int = 50
    preflash_ms: int = 50
    wink_ms: int = 150
    flash_ms: int = 750
    start_ms: int = 1500
    rxwink_ms: int = 300
    rxflash_ms: int = 1250
    debounce_ms: int = 600
    pulse_break_ms: int = 50
    pulse_make_ms: int = 50
    pulse_after_ms: int = 750


class Hooks:
    """Of one channel. `note(event)` tells the program, `say(what)` the line."""

    def __init__(self, sim: Sim, note: Callable[[int], None], say: Callable[[TxSig], None]) -> None:
        self.sim = sim
        self.sig: int = Sig.NONE
        self.times = Times()
        self.cadence_ms: list[int] = []
        self.cadence_first = 0
        self.zone_loaded: Callable[[], bool] = lambda: True
        self.nonblock: Callable[[], bool] = lambda: True
        self.settled: Callable[[], None] = lambda: None
        """Called when a hook command is done (somebody may wait)."""
        self.frozen = False
        self.tx = TxSig.ONHOOK
        self.rx = RxSig.INITIAL
        self.state = State.ONHOOK
        self._note = note
        self._say = say
        self._timer: Timer | None = None
        self._cadence_at = 0
        self._got_start = False
        self._kewl_onhook = False
        self._deaf_until_us = 0
        self._rx_timer: Timer | None = None
        self._rx_since_us = 0
        self._trailer: Timer | None = None
        self._pulses = 0
        self._pulse_timer: Timer | None = None
        self._dialled = 0
        self._dialled_done: Callable[[], None] = lambda: None

    # -- from the program ---------------------------------------------------------------------------------------------
    def configure(self, sig: int) -> None:
        """The channel's signalling is this one from now on; the line is told how it looks on-hook."""
        self.sig = sig
        self.hang_up()
        self.rx = RxSig.INITIAL
        self._stop_receiving()
        self._say(self.tx)

    def opened(self, times: Times) -> None:
        """The channel was opened: on-hook, with fresh times; rings are not noticed for two seconds."""
        self.times = times
        if self.sig & FXO_SIDE:
            self.times.start_ms = 2000
        self._stop_receiving()
        self.hang_up()

    def closed(self) -> None:
        """The channel was closed: the line goes on-hook."""
        self.hang_up()
        self._stop_receiving()
        self._deaf_until_us = 0

    def command(self, what: int) -> int:
        """HOOK: 0 or -errno; -EINPROGRESS when it takes its time."""
        match what:
            case Hook.ONHOOK:
                self.hang_up()
            case Hook.OFFHOOK:
                if self.state in (State.KEWL, State.AFTER_KEWL):
                    return -EBUSY
                self._go(TxSig.OFFHOOK, State.DEBOUNCE, self.times.debounce_ms)
            case Hook.RING | Hook.START:
                return self._start()
            case Hook.WINK:
                if self.state is not State.ONHOOK:
                    return -EBUSY
                self._go(TxSig.ONHOOK, State.PREWINK, self.times.prewink_ms)
                return -EINPROGRESS
            case Hook.FLASH:
                if self.state is not State.OFFHOOK:
                    return -EBUSY
                self._go(TxSig.OFFHOOK, State.PREFLASH, self.times.preflash_ms)
                return -EINPROGRESS
            case Hook.RINGOFF:
                self._go(TxSig.ONHOOK, State.ONHOOK)
            case _:
                return -EINVAL
        return 0

    def hang_up(self) -> None:
        """On-hook; a telephone that is still lifted sees the feed drop for half a second."""
        self._kewl_onhook = False
        if self.sig & FXS_SIDE:
            self._deaf_until_us = self.sim.now_us + RING_DEBOUNCE_MS * 1000
        lifted = self.rx is not RxSig.ONHOOK or self._rx_timer is not None
        if self.sig == Sig.FXOKS and self.state is not State.ONHOOK and lifted:
            self._go(TxSig.KEWL, State.KEWL, KEWL_MS)
        else:
            self._go(TxSig.ONHOOK, State.ONHOOK)

    def pulse(self, count: int, done: Callable[[], None]) -> bool:
        """Dial one digit; `done` is called after the pause behind it. Whether we are off-hook."""
        if self.tx is not TxSig.OFFHOOK:
            return False
        self._dialled, self._dialled_done = count, done
        self._go(TxSig.ONHOOK, State.PULSE_BREAK, self.times.pulse_break_ms)
        return True

    def cut_pulses(self) -> None:
        """No more of them than the one that is under way."""
        if self.state in (State.PULSE_BREAK, State.PULSE_MAKE):
            self._dialled = 1

    def _start(self) -> int:
        if not self.zone_loaded():
            return -ENODATA
        if self.state is not State.ONHOOK:
            return -EBUSY
        if self.sig & FXO_SIDE:
            self._cadence_at = 0
            self._go(TxSig.START, State.RING_ON, self._cadence())
        else:
            self._go(TxSig.START, State.START, self.times.start_ms)
        return -EINPROGRESS

    # -- what we say --------------------------------------------------------------------------------------------------
    def _go(self, tx: TxSig, state: State, ms: int = 0) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        self.state = state
        if tx is not self.tx:
            self.tx = tx
            self._say(tx)
        if ms > 0:
            self._timer = self.sim.later(ms, self._time_up)

    def _done(self) -> None:
        if self.nonblock():
            self._note(Event.HOOKCOMPLETE)
        self.settled()

    def _cadence(self) -> int:
        if self._cadence_at >= len(self.cadence_ms) or not self.cadence_ms[self._cadence_at]:
            self._cadence_at = self.cadence_first if self._cadence_at % 2 == 0 else 0
        return self.cadence_ms[self._cadence_at] if self._cadence_at < len(self.cadence_ms) else 0

    def _time_up(self) -> None:
        self._timer = None
        times = self.times
        match self.state:
            case State.RING_OFF:
                self._cadence_at += 1
                self._go(TxSig.START, State.RING_ON, self._cadence())
                self._note(Event.RINGERON)
            case State.RING_ON:
                self._cadence_at += 1
                self._go(TxSig.OFFHOOK, State.RING_OFF, self._cadence())
                self._note(Event.RINGEROFF)
            case State.START:
                self._go(TxSig.OFFHOOK, State.AFTER_START, AFTER_START_MS)
            case State.PREWINK:
                self._go(TxSig.OFFHOOK, State.WINK, times.wink_ms)
            case State.WINK:
                self._go(TxSig.ONHOOK, State.ONHOOK)
                self._done()
            case State.PREFLASH:
                self._go(TxSig.ONHOOK, State.FLASH, times.flash_ms)
            case State.FLASH | State.AFTER_START:
                self._go(TxSig.OFFHOOK, State.OFFHOOK)
                self._done()
            case State.DEBOUNCE:
                self._go(TxSig.OFFHOOK, State.OFFHOOK)
                if self.rx is RxSig.ONHOOK and times.rxflash_ms > 2:
                    self._watch(times.rxflash_ms)
                self.settled()
            case State.KEWL:
                self._go(TxSig.ONHOOK, State.AFTER_KEWL, AFTER_KEWL_MS)
                self._done()
            case State.AFTER_KEWL:
                if self._kewl_onhook:
                    self._note(Event.ONHOOK)
                self.state = State.ONHOOK
                self._got_start = False
            case State.PULSE_BREAK:
                self._go(TxSig.OFFHOOK, State.PULSE_MAKE, times.pulse_make_ms)
            case State.PULSE_MAKE:
                self._made_pulse()
            case State.PULSE_AFTER:
                self.state = State.OFFHOOK
                self._dialled_done()
            case _:
                pass

    def _made_pulse(self) -> None:
        self._dialled -= 1
        if self._dialled > 0:
            self._go(TxSig.ONHOOK, State.PULSE_BREAK, self.times.pulse_break_ms)
        else:
            self._go(TxSig.OFFHOOK, State.PULSE_AFTER, self.times.pulse_after_ms)

    # -- what the line says -------------------------------------------------------------------------------------------
    def heard(self, rx: RxSig) -> None:
        """The line changed."""
        if rx is self.rx or self.frozen:
            return
        was, self.rx = self.rx, rx
        if self.sig & FXS_SIDE:
            self._heard_by_fxo(was, rx)
        elif self.sig in (Sig.FXOLS, Sig.FXOGS, Sig.FXOKS):
            self._heard_by_fxs(rx)
        elif self.sig in (Sig.EM, Sig.EM_E1):
            self._heard_by_em(rx)

    def _heard_by_fxo(self, was: RxSig, rx: RxSig) -> None:
        """The port of a line from the exchange."""
        if rx is RxSig.RING:
            if self._trailer:
                self._trailer.cancel()
            if self.sim.now_us >= self._deaf_until_us:
                self._note(Event.RINGBEGIN)
        elif was is RxSig.RING:
            self._trailer = self.sim.later(RING_TRAILER_MS, self._ring_over)
        if self.sig == Sig.FXSLS or (self.sig == Sig.FXSKS and self.state is not State.OFFHOOK):
            return
        if rx is RxSig.ONHOOK:
            self._deaf_until_us = self.sim.now_us + RING_DEBOUNCE_MS * 1000
            if self._trailer:
                self._trailer.cancel()
            if self.state is not State.DEBOUNCE:
                self._got_start = False
                self._note(Event.ONHOOK)

    def _ring_over(self) -> None:
        if self.sim.now_us >= self._deaf_until_us:
            self._note(Event.RINGOFFHOOK)

    def _heard_by_fxs(self, rx: RxSig) -> None:
        """The port of a telephone."""
        if rx is RxSig.START and not self._got_start:
            self._note(Event.RINGOFFHOOK)
            self._got_start = True
        elif rx is RxSig.OFFHOOK:
            self._lifted()
        elif rx is RxSig.ONHOOK:
            if self.state not in (State.DEBOUNCE, State.KEWL, State.AFTER_KEWL):
                self._watch(self.times.rxflash_ms)
            if self.state is State.KEWL:
                self._kewl_onhook = True

    def _lifted(self) -> None:
        if self.state is State.START:
            self._go(TxSig.OFFHOOK, State.AFTER_START, AFTER_START_MS)
        self._kewl_onhook = False
        if self._rx_timer is None:
            if not self._got_start:
                self._note(Event.RINGOFFHOOK)
                self._got_start = True
            return
        self._rx_timer.cancel()
        self._rx_timer = None
        open_ms = (self.sim.now_us - self._rx_since_us) / 1000
        if open_ms > MAX_PULSE_MS:
            self._note(Event.WINKFLASH)
        elif open_ms >= MIN_PULSE_MS:
            self._count_pulse()

    def _heard_by_em(self, rx: RxSig) -> None:
        if rx is RxSig.OFFHOOK:
            self._watch(self.times.rxwink_ms)
        elif rx is RxSig.ONHOOK:
            winked = self._rx_timer is not None
            self._stop_watch()
            self._note(Event.WINKFLASH if winked else Event.ONHOOK)

    def _watch(self, ms: int) -> None:
        self._stop_watch()
        self._rx_since_us = self.sim.now_us
        self._rx_timer = self.sim.later(ms, self._watched)

    def _stop_watch(self) -> None:
        if self._rx_timer:
            self._rx_timer.cancel()
            self._rx_timer = None

    def _watched(self) -> None:
        self._rx_timer = None
        if self.sig & FXO_SIDE:
            self._note(Event.ONHOOK)
            self._got_start = False
        else:
            self._note(Event.RINGOFFHOOK)

    def _count_pulse(self) -> None:
        self._pulses += 1
        if self._pulses == 1:
            self._note(Event.PULSE_START)
        if self._pulse_timer:
            self._pulse_timer.cancel()
        self._pulse_timer = self.sim.later(PULSE_TIMEOUT_MS, self._digit_over)

    def _digit_over(self) -> None:
        count, self._pulses, self._pulse_timer = self._pulses, 0, None
        if count <= 12:
            self._note(PULSE_DIGIT | ord(PULSE_KEYS.get(count, str(count))))

    def _stop_receiving(self) -> None:
        self._stop_watch()
        for timer in (self._trailer, self._pulse_timer):
            if timer:
                timer.cancel()
        self._trailer = self._pulse_timer = None
        self._pulses = 0
        self._got_start = False
