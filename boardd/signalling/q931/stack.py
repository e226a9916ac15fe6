"""One libpri stack: frames in and out, its timers on the span's clock, its events as values, its text in the log.

Nothing here knows what a call means. The owner calls `settle` after every command, which sends what the stack wants to
send and sets the timer for what it waits for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import structlog

from boardd.contract.errors import ConfigurationError, DeviceError
from boardd.contract.text import _
from boardd.signalling.q931._native import PACKAGE, SONAME, open_native
from boardd.signalling.q931.octets import octet3, octet3a
from boardd.signalling.q931.profile import LIBRARY_TIMERS, Q931Profile, Side, Switch
from boardd.signalling.span import CallRequest, Presentation
from boardd.signalling.timing import Cancellable, SpanClock

log = structlog.get_logger("signalling.q931")

FRAME_OCTETS = 512
TEXT_BYTES = 16384
DIGITS_MAX = 64
LOG_LINES_PER_S = 20
ALL_CHANNELS = -1
_SIDES = {Side.NETWORK: 1, Side.USER: 2}
_SWITCHES = {Switch.EUROISDN: 5, Switch.QSIG: 10}


class Kind(IntEnum):
    """Kinds of event, by libpri's numbers (q931.h)."""

    UP = 1
    DOWN = 2
    RESTART = 3
    CONFIG_ERROR = 4
    RING = 5
    HANGUP = 6
    RINGING = 7
    ANSWER = 8
    HANGUP_ACK = 9
    RESTART_ACK = 10
    INFORMATION = 12
    PROCEEDING = 13
    SETUP_ACK = 14
    HANGUP_REQUEST = 15
    PROGRESS = 17
    KEYPAD = 18
    SERVICE = 19
    SERVICE_ACK = 20
    CONNECT_ACK = 27


@dataclass(frozen=True, slots=True)
class StackEvent:
    """One event; fields as in q931.h. `handle` is the library's call, 0: none."""

    kind: Kind
    channel: int = 0
    handle: int = 0
    reference: int = 0
    cause: int = -1
    progress: int = 0
    complete: bool = False
    flexible: bool = False
    capability: int = 0
    caller_plan: int = 0
    presentation: int = 0
    called_plan: int = 0
    redirecting_plan: int = 0
    original_plan: int = 0
    caller: str = ""
    called: str = ""
    redirecting: str = ""
    original: str = ""
    name: str = ""
    text: str = ""

    @property
    def slot(self) -> int:
        """The timeslot; ALL_CHANNELS: the interface, or any channel."""
        return self.channel & 0xFF if self.channel >= 0 and self.channel & 0xFF != 0xFF else ALL_CHANNELS


class Stack:
    """`send(frame)` gets what the stack sends; `on_event(event)` what it tells when a timer ran.

    Raises ConfigurationError when libpri is absent, of another series, or was loaded by somebody else in this process.
    """

    def __init__(
        self,
        name: str,
        profile: Q931Profile,
        clock: SpanClock,
        send: Callable[[bytes], None],
        on_timer: Callable[[], None],
    ) -> None:
        native = open_native()
        self._ffi, self._lib = native.ffi, native.lib
        self.name = name
        self.clock = clock
        self._send = send
        self._on_timer = on_timer
        self._timer: Cancellable | None = None
        self._due_us = -1
        self._closed = False
        self._frame = self._ffi.new("uint8_t[]", FRAME_OCTETS)
        self._event = self._ffi.new("q9_event *")
        self._text = self._ffi.new("char[]", TEXT_BYTES)
        self._log_second, self._log_lines = 0, 0
        self._tell_time()
        self._link = self._lib.q9_open(
            _SIDES[profile.side], _SWITCHES[profile.switch], profile.logical_slots and profile.switch is Switch.QSIG
        )
        if self._link == self._ffi.NULL:
            raise DeviceError(f"{name}: libpri could not open a D channel", function="pri_new_cb")
        for timer in sorted(LIBRARY_TIMERS):
            self._lib.q9_set_timer(self._link, timer.encode(), profile.ms(timer))
        # libpri cannot be told to have none: ours is always first.
        self._lib.q9_set_timer(self._link, b"T313", 2 * profile.ms("T313"))
        self._lib.q9_set_timer(self._link, b"N200", profile.n200)
        self._lib.q9_set_service(self._link, profile.service_messages)
        self._lib.q9_set_debug(self._link, profile.library_debug)
        self._check_time()

    # -- running ----------------------------------------------------------------------------------------------------
    def receive(self, frame: bytes) -> StackEvent | None:
        """A frame arrived; the event that it makes."""
        self._tell_time()
        if self._lib.q9_receive(self._link, frame, len(frame), self._event) == 1:
            return self._copy()
        return None

    def run_timers(self) -> StackEvent | None:
        """Run what is due, up to the first event; call again until None."""
        self._tell_time(self._due_us)
        return self._copy() if self._lib.q9_run(self._link, self._event) == 1 else None

    def settle(self) -> None:
        """Send, log, and set the timer."""
        # What a frame leads to may close the span.
        while not self._closed and (size := self._lib.q9_pop(self._link, self._frame, FRAME_OCTETS)) > 0:
            self._send(bytes(self._ffi.buffer(self._frame, size)))
        if not self._closed:
            self._drain_log()
            self._set_timer()

    def _set_timer(self) -> None:
        due_us = int(self._lib.q9_next_us(self._link))
        if due_us != self._due_us or self._timer is None:
            self._cancel()
            self._due_us = due_us
            if due_us >= 0:
                self._timer = self.clock.at_us(due_us, self._fire)

    def close(self) -> None:
        """Fall silent for good."""
        self._closed = True
        self._cancel()
        self._lib.q9_close(self._link)

    @property
    def counters(self) -> dict[str, int]:
        """Frames and what was thrown away since the start."""
        found = self._ffi.new("q9_counters *")
        self._lib.q9_get_counters(self._link, found)
        names = ("frames_in", "frames_out", "refused_in", "lost_out", "lost_text")
        return {name: int(getattr(found, name)) for name in names}

    # -- commands ---------------------------------------------------------------------------------------------------
    def setup(self, request: CallRequest) -> int:
        """SETUP; the call's handle, 0: the library refused."""
        self._tell_time()
        made = self._ffi.new("q9_request *")
        made.channel, made.exclusive, made.speech = request.slot, request.exclusive, request.speech
        made.complete = request.complete
        made.called, made.called_plan = request.called.digits.encode(), octet3(request.called)
        caller = request.caller
        # A caller who withholds his number still says so; one without any number says nothing.
        made.with_caller = bool(caller.digits) or caller.presentation is not Presentation.ALLOWED
        made.caller, made.caller_plan, made.presentation = caller.digits.encode(), octet3(caller), octet3a(caller)
        redirecting = request.redirecting
        made.redirecting, made.redirecting_plan = redirecting.digits.encode(), octet3(redirecting)
        made.redirecting_presentation = octet3a(redirecting)
        made.name = request.name.encode("latin-1", "replace")[: DIGITS_MAX - 1]
        return int(self._lib.q9_setup(self._link, made))

    def known(self, handle: int) -> bool:
        """Whether the library still has this call."""
        return bool(self._lib.q9_known(self._link, handle))

    def do(self, command: str, *arguments: Any) -> bool:
        """A command of q931.h by its name without prefix; whether the library took it."""
        self._tell_time()
        return bool(getattr(self._lib, f"q9_{command}")(self._link, *arguments) == 0)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _tell_time(self, at_least_us: int = 0) -> None:
        """A timer may fire a microsecond early by the rounding of floats; the library must think it is due."""
        self._lib.q9_set_time_us(max(self.clock.now_us(), at_least_us))

    def _check_time(self) -> None:
        """A libpri that somebody else had opened before follows somebody else's clock."""
        due_us = int(self._lib.q9_next_us(self._link))
        if not 0 <= due_us - self.clock.now_us() <= 3_600_000_000:
            raise ConfigurationError(
                _(
                    "{soname} (package {package}) does not follow the span's clock: another part of this process "
                    "loaded it first"
                ).format(soname=SONAME, package=PACKAGE),
                library=SONAME,
            )

    def _fire(self) -> None:
        self._timer = None
        self._on_timer()

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _copy(self) -> StackEvent | None:
        found = self._event
        try:
            kind = Kind(found.kind)
        except ValueError:
            return None
        return StackEvent(
            kind,
            found.channel,
            found.call,
            found.reference,
            found.cause,
            found.progress,
            bool(found.complete),
            bool(found.flexible),
            found.capability,
            found.caller_plan,
            found.presentation,
            found.called_plan,
            found.redirecting_plan,
            found.original_plan,
            self._string(found.caller),
            self._string(found.called),
            self._string(found.redirecting),
            self._string(found.original),
            self._string(found.name),
            self._string(found.text),
        )

    def _string(self, text: Any) -> str:
        raw = self._ffi.string(text)
        return raw.decode("latin-1") if isinstance(raw, bytes) else raw

    def _drain_log(self) -> None:
        for link in (self._link, self._ffi.NULL):
            size = self._lib.q9_log(link, self._text, TEXT_BYTES)
            if size:
                self._write_log(bytes(self._ffi.buffer(self._text, size)).decode("latin-1"))

    def _write_log(self, text: str) -> None:
        """At most so many lines a second: a line with errors must not fill the disk."""
        second = self.clock.now_us() // 1_000_000
        for line in filter(None, map(str.strip, text.splitlines())):
            if second != self._log_second:
                if self._log_lines > LOG_LINES_PER_S:
                    log.warning("libpri_text_suppressed", span=self.name, lines=self._log_lines - LOG_LINES_PER_S)
                self._log_second, self._log_lines = second, 0
            self._log_lines += 1
            if self._log_lines <= LOG_LINES_PER_S:
                log.info("libpri", span=self.name, text=line)
