"""Events: masks, bounded queues, waiting and callbacks (fact sheet section 6).

One hub per started library. Driver events are bounded per reference (MaxEventPerChannel), the application's own events
by MaxUserEventSize; what does not fit is dropped and counted. Time is simulated milliseconds.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from hwsim.kernel.sim import Sim, Timer
from hwsim.vendorlibs.synway.codes import ALL_EVENTS, NOT_IN_ALL_EVENTS, Event, EventMode
from hwsim.vendorlibs.synway.faults import Faults

MIN_TIMER_MS = 8
FOREVER_MS = 0xFFFFFFFF
POLLING = (EventMode.EVENT_POLLING, EventMode.EVENT_POLLINGA)
CALLBACK = (EventMode.EVENT_CALLBACK, EventMode.EVENT_CALLBACKA)


@dataclass(frozen=True, slots=True)
class Notice:
    """One event. `user` True: the application made it. `data` is the buffer of the SSM_EVENT interface."""

    code: int
    ref: int
    param: int
    user: bool = False
    data: bytes = b""
    cookie: int = 0


@dataclass(frozen=True, slots=True)
class Setting:
    """EVENT_SET_INFO as given: mode, callback token, progress condition and step, user word."""

    mode: int = 0
    handler: int = 0
    condition: int = 0
    step: int = 0
    user: int = 0


@dataclass
class _Waiter:
    done: Callable[[Notice | None], None]
    timer: Timer | None = None

    def finish(self, notice: Notice | None) -> None:
        """Answer the waiting call."""
        if self.timer:
            self.timer.cancel()
        self.done(notice)


@dataclass
class EventHub:
    """Queue and routing of one started library; a waiting thread gets an event at once, others queue."""

    sim: Sim
    faults: Faults
    interface: int
    per_channel: int
    user_events: int
    set_once: bool
    setting: Setting = field(default_factory=Setting)
    enabled_globally: bool = False
    dropped: int = 0
    _queue: deque[Notice] = field(default_factory=deque)
    _queued: Counter[tuple[bool, int]] = field(default_factory=Counter)
    _masked: set[tuple[int, int]] = field(default_factory=set)
    _single: dict[tuple[int, int], Setting] = field(default_factory=dict)
    _waiters: deque[_Waiter] = field(default_factory=deque)
    _timers: dict[int, Timer] = field(default_factory=dict)
    _next_timer: int = 0
    _full_until_us: dict[int, int] = field(default_factory=dict)

    # -- what the application chose -----------------------------------------------------------------------------------
    def set_event(self, code: int, ref: int, enable: bool, setting: Setting | None) -> bool:
        """SsmSetEvent; False is a refusal (bad mode, interface mismatch, already set in a strict driver)."""
        if code == ALL_EVENTS:
            return self._set_global(enable, setting)
        keys = (code, ref)
        if enable:
            self._masked.discard(keys)
            if ref == -1:
                self._masked = {key for key in self._masked if key[0] != code}
            self._single[keys] = setting or Setting()
        else:
            self._masked.add(keys)
            self._single.pop(keys, None)
        return True

    def _set_global(self, enable: bool, setting: Setting | None) -> bool:
        mode = setting.mode if enable and setting else EventMode.NO_EVENT
        if mode not in (EventMode.NO_EVENT, *POLLING, *CALLBACK):
            return False
        if mode != EventMode.NO_EVENT and not self.fits(mode):
            return False
        if self.set_once and self.enabled_globally:
            return False
        if mode != self.setting.mode:
            self.finish_waits()
        self.enabled_globally = mode != EventMode.NO_EVENT
        self.setting = setting if setting and enable else Setting()
        if not self.enabled_globally:
            self._queue.clear()
            self._queued.clear()
        return True

    def fits(self, mode: int) -> bool:
        """Whether the interface type allows the mode (section 6.3)."""
        return (mode in (EventMode.EVENT_POLLINGA, EventMode.EVENT_CALLBACKA)) == (self.interface == 1)

    def mode_of(self, code: int, ref: int) -> tuple[bool, Setting]:
        """SsmGetEventMode: whether the code is delivered for the reference, and its setting."""
        setting = self._single.get((code, ref)) or self._single.get((code, -1)) or self.setting
        return self.wanted(code, ref), setting

    def progress_of(self, code: int, ref: int) -> Setting | None:
        """The setting that asks for progress events of the reference, or None."""
        setting = self._single.get((code, ref)) or self._single.get((code, -1))
        return setting if setting and setting.step > 0 else None

    def wanted(self, code: int, ref: int) -> bool:
        """Whether an event of this code and reference is delivered now."""
        if not self.enabled_globally or (code, ref) in self._masked or (code, -1) in self._masked:
            return False
        if code in NOT_IN_ALL_EVENTS:
            return (code, ref) in self._single or (code, -1) in self._single
        return True

    # -- producing ----------------------------------------------------------------------------------------------------
    def post(self, code: int, ref: int, param: int = 0, data: bytes = b"") -> None:
        """An event of the driver; faults may lose, double, delay or reorder it."""
        for delay_ms, notice in self.faults.shape(Notice(code, ref, param & 0xFFFFFFFF, data=data)):
            if delay_ms:
                self.sim.later(delay_ms, self._accept_late, notice)
            else:
                self._accept(notice)

    def keep_full(self, ref: int, ms: float) -> None:
        """The queue of a reference stays full for so long: what comes for it is dropped (fault)."""
        self._full_until_us[ref] = self.sim.now_us + round(ms * 1000)

    def _drop(self, notice: Notice) -> bool:
        self.dropped += 1
        self.sim.truth.note("event_dropped", code=notice.code, ref=notice.ref, dropped=self.dropped)
        return False

    def post_user(self, notice: Notice) -> bool:
        """SsmPutUserEvent; False when the user queue is full."""
        return self._accept(notice)

    def _accept_late(self, notice: Notice) -> None:
        self._accept(notice)

    def _accept(self, notice: Notice) -> bool:
        if not notice.user and not self.wanted(notice.code, notice.ref):
            return False
        if not notice.user and self.sim.now_us < self._full_until_us.get(notice.ref, 0):
            return self._drop(notice)
        if self._waiters:
            self._waiters.popleft().finish(notice)
            return True
        key = (notice.user, 0 if notice.user else notice.ref)
        if self._queued[key] >= (self.user_events if notice.user else self.per_channel):
            return self._drop(notice)
        self._queued[key] += 1
        self._queue.append(notice)
        return True

    # -- consuming ----------------------------------------------------------------------------------------------------
    @property
    def calls_back(self) -> bool:
        """Whether events go to the program's callback."""
        return self.enabled_globally and self.setting.mode in CALLBACK

    def usable(self, extended: bool) -> bool:
        """Whether the wait and get calls of the plain or extended interface work now."""
        mode = EventMode.EVENT_POLLINGA if extended else EventMode.EVENT_POLLING
        return self.setting.mode == mode and self.fits(mode)

    def take(self) -> Notice | None:
        """The oldest waiting event."""
        if not self._queue:
            return None
        notice = self._queue.popleft()
        self._queued[notice.user, 0 if notice.user else notice.ref] -= 1
        return notice

    def wait(self, timeout_ms: int, done: Callable[[Notice | None], None]) -> None:
        """Call `done` with the next event, or with None after the timeout. 0xFFFFFFFF waits for ever."""
        waiter = _Waiter(done)
        if timeout_ms != FOREVER_MS:
            waiter.timer = self.sim.later(timeout_ms, self._expire, waiter)
        self._waiters.append(waiter)

    def _expire(self, waiter: _Waiter) -> None:
        if waiter in self._waiters:
            self._waiters.remove(waiter)
            waiter.finish(None)

    # -- timers -------------------------------------------------------------------------------------------------------
    def start_timer(self, delay_ms: int, periodic: bool) -> int:
        """SsmStartTimer: the timer's id, or -1 for a delay below one driver tick."""
        if delay_ms < MIN_TIMER_MS:
            return -1
        number = self._next_timer
        self._next_timer += 1
        self._timers[number] = self.sim.later(delay_ms, self._fire, number, delay_ms, periodic)
        return number

    def _fire(self, number: int, delay_ms: int, periodic: bool) -> None:
        if periodic:
            self._timers[number] = self.sim.later(delay_ms, self._fire, number, delay_ms, periodic)
        else:
            del self._timers[number]
        self.post(Event.E_SYS_TIMEOUT, number)

    def stop_timer(self, number: int) -> bool:
        """SsmStopTimer; False for a timer that does not run."""
        timer = self._timers.pop(number, None)
        if timer:
            timer.cancel()
        return timer is not None

    def close(self) -> None:
        """End of the library: timers stop, waiting calls come back without an event."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self.enabled_globally = False
        late, self.faults.late_events = self.faults.late_events, []
        for notice in late:
            waiting = bool(self._waiters)
            self.sim.truth.note(
                "fault_struck", vendor="synway", fault="event_after_stop", code=notice.code, waiting=waiting
            )
            if waiting:
                self._waiters.popleft().finish(notice)
        self.finish_waits()

    def finish_waits(self) -> None:
        """Every waiting call comes back without an event."""
        while self._waiters:
            self._waiters.popleft().finish(None)
