"""One Q.921/Q.931 protocol stack (libpri) on one D channel, in simulated time.

The stack is fed whole frames (Q.921 address to last octet, no frame check sequence) and sends such frames. It plays the
network or the user; the two ends of a span are two stacks. It never frees its state: a span lasts as long as the run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from boardd.contract.errors import ConfigurationError
from hwsim.kernel.sim import Sim, Timer
from hwsim.signalling._native import EPOCH_US, PRI, open_door
from hwsim.signalling.q931_events import CallRequest, Node, PriEvent, PriEventKind
from hwsim.signalling.q931_frames import DISCONNECT, RELEASE, head_of, with_cause, with_in_band

VERSION = "1.6."
EUROISDN_E1 = 5
FRAME_BYTES = 512
CAPABILITY_SPEECH, CAPABILITY_AUDIO = 0x00, 0x10
LAYER1_ALAW = 0x23
T306_MS = 30_000

_HANGUPS = (PriEventKind.HANGUP, PriEventKind.HANGUP_REQ, PriEventKind.HANGUP_ACK)


class PriStack:
    """The stack of one end. `send(frame)` gets what it sends, `on_event(event)` what it has to tell.

    Both may be called from within any method here. Call handles are numbers; one is dead after HANGUP_ACK, or when
    `hangup` was called on HANGUP, and may come back as another call's.
    """

    def __init__(
        self, sim: Sim, node: Node, send: Callable[[bytes], None], on_event: Callable[[PriEvent], None]
    ) -> None:
        self._ffi, self._lib = open_door(PRI)
        self.sim = sim
        self.node = node
        self._send = send
        self._on_event = on_event
        self._timer: Timer | None = None
        self._closed = False
        self._reference = 0
        self._in_band: dict[int, int] = {}
        self._frame = self._ffi.new("uint8_t[]", FRAME_BYTES)
        self._text = self._ffi.new("char[]", 16384)
        self.messages: list[str] = []
        self._check_version()
        self._link = self._lib.hwpri_link_new()
        self._tell_time()
        self._pri = self._lib.hwpri_open(self._link, int(node), EUROISDN_E1)
        self._lib.pri_hangup_fix_enable(self._pri, 1)
        self._lib.pri_set_overlapdial(self._pri, 1)
        self._check_time()
        # The first frames leave when the simulation runs, not while it is being put together.
        sim.later(0, self._settle)

    # -- the line ---------------------------------------------------------------------------------------------------
    def receive(self, frame: bytes) -> None:
        """A frame arrived."""
        if self._closed:
            return
        self._tell_time()
        head = head_of(frame)
        self._reference = head.reference if head else 0
        if self._lib.hwpri_push(self._link, frame, len(frame)) == 0:
            self._note(self._lib.pri_check_event(self._pri))
        self._settle()

    def close(self) -> None:
        """Fall silent for good. The library cannot free a stack; what it holds (about 100 kB) stays until the end."""
        self._closed = True
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def set_timer(self, name: str, ms: int) -> None:
        """Set one of the library's timers or counters by its name (T309, T200, N200). Raises ValueError."""
        index = self._lib.pri_timer2idx(name.encode())
        if index < 0 or self._lib.pri_set_timer(self._pri, index, ms) != 0:
            raise ValueError(f"libpri has no timer {name!r}")

    # -- calls ------------------------------------------------------------------------------------------------------
    def setup(self, request: CallRequest) -> int:
        """Send SETUP; the call's handle."""
        lib, null = self._lib, self._ffi.NULL
        self._tell_time()
        call = lib.pri_new_call(self._pri)
        sr = lib.pri_sr_new()
        lib.pri_sr_set_channel(sr, request.slot, request.exclusive, 0)
        lib.pri_sr_set_bearer(sr, CAPABILITY_SPEECH if request.speech else CAPABILITY_AUDIO, LAYER1_ALAW)
        called = self._ffi.new("char[]", request.called.encode())
        lib.pri_sr_set_called(sr, called, request.called_plan, request.complete)
        caller = self._ffi.new("char[]", request.caller.encode())
        lib.pri_sr_set_caller(sr, caller, null, request.caller_plan, request.presentation)
        redirecting = self._ffi.new("char[]", request.redirecting.encode())
        if request.redirecting:
            lib.pri_sr_set_redirecting(sr, redirecting, request.called_plan, request.presentation, 0)
        lib.pri_setup(self._pri, call, sr)
        lib.pri_sr_free(sr)
        self._settle()
        return int(self._ffi.cast("intptr_t", call))

    def information(self, call: int, digits: str) -> None:
        """Send more called digits, one INFORMATION each."""
        for digit in digits:
            self._do(self._lib.pri_information, self._pri, self._call(call), digit.encode())

    def need_more(self, call: int, channel: int) -> None:
        """SETUP ACKNOWLEDGE."""
        self._do(self._lib.pri_need_more_info, self._pri, self._call(call), channel, 0)

    def proceeding(self, call: int, channel: int) -> None:
        """CALL PROCEEDING."""
        self._do(self._lib.pri_proceeding, self._pri, self._call(call), channel, 0)

    def progress(self, call: int, channel: int) -> None:
        """PROGRESS with progress indicator 8."""
        self._do(self._lib.pri_progress, self._pri, self._call(call), channel, 1)

    def alerting(self, call: int, channel: int, *, in_band: bool = True) -> None:
        """ALERTING, with progress indicator 8 when `in_band`."""
        self._do(self._lib.pri_acknowledge, self._pri, self._call(call), channel, in_band)

    def connect(self, call: int, channel: int) -> None:
        """CONNECT."""
        self._do(self._lib.pri_answer, self._pri, self._call(call), channel, 0)

    def hangup(self, call: int, cause: int) -> None:
        """The next clearing message that the call's state asks for; also the answer to HANGUP and HANGUP_REQ."""
        self._do(self._lib.pri_hangup, self._pri, self._call(call), cause)

    def disconnect_in_band(self, call: int, reference: int, cause: int) -> None:
        """DISCONNECT with progress indicator 8, for a call of the far end with this call reference.

        The library knows no such message: the element is added to its DISCONNECT on the way out, its T305 runs as T306,
        and the RELEASE that it then sends gets the cause of the DISCONNECT.
        """
        self._in_band[reference] = cause
        t305, t306 = (self._lib.pri_timer2idx(name) for name in (b"T305", b"T306"))
        before_ms, wait_ms = (self._lib.pri_get_timer(self._pri, index) for index in (t305, t306))
        self._lib.pri_set_timer(self._pri, t305, wait_ms if wait_ms > 0 else T306_MS)
        self.hangup(call, cause)
        self._lib.pri_set_timer(self._pri, t305, before_ms)

    def forget_in_band(self, reference: int) -> None:
        """The call is over, its reference may come back as another call's."""
        self._in_band.pop(reference, None)

    def restart(self, channel: int) -> None:
        """RESTART of one B channel."""
        self._do(self._lib.pri_reset, self._pri, channel)

    def forget(self, call: int) -> None:
        """The call is over, and nobody is told: a RESTART has ended it."""
        self._do(self._lib.pri_destroycall, self._pri, self._call(call))

    # -- inside -----------------------------------------------------------------------------------------------------
    def _call(self, call: int) -> Any:
        return self._ffi.cast("struct q931_call *", call)

    def _do(self, function: Callable[..., int], *arguments: Any) -> None:
        self._tell_time()
        function(*arguments)
        self._settle()

    def _tell_time(self) -> None:
        self._lib.hwpri_set_time(EPOCH_US + self.sim.now_us)

    def _check_version(self) -> None:
        """The layout of events is declared for one series of the library."""
        version = self._ffi.string(self._lib.pri_get_version()).decode("latin-1")
        if not version.startswith(VERSION):
            raise ConfigurationError(
                f"{PRI.soname} is version {version}; simulated PRI spans need {VERSION}x (package {PRI.package})",
                package=PRI.package,
                library=PRI.soname,
            )

    def _check_time(self) -> None:
        """A libpri that was already in this process, opened by somebody else, does not see our clock."""
        due = self._lib.pri_schedule_next(self._pri)
        if due == self._ffi.NULL or abs(due.s * 1_000_000 + due.us - EPOCH_US - self.sim.now_us) > 3_600_000_000:
            raise ConfigurationError(
                "libpri does not follow the simulated clock: another part of this process loaded it first",
                library=PRI.soname,
            )

    def _settle(self) -> None:
        """Deliver frames and text, and set the timer for what the stack waits for."""
        if self._closed:
            return
        while (size := self._lib.hwpri_pop(self._link, self._frame, FRAME_BYTES)) > 0:
            self._send(self._as_wanted(bytes(self._ffi.buffer(self._frame, size))))
        size = self._lib.hwpri_text(self._text, len(self._text))
        if size:
            text = bytes(self._ffi.buffer(self._text, size)).decode("latin-1")
            self.messages = (self.messages + text.splitlines())[-200:]
        due = self._lib.pri_schedule_next(self._pri)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if due != self._ffi.NULL:
            self._timer = self.sim.at(due.s * 1_000_000 + due.us - EPOCH_US, self._run_timers)

    def _as_wanted(self, frame: bytes) -> bytes:
        if not self._in_band:
            return frame
        head = head_of(frame)
        if head is None or not head.flag or head.reference not in self._in_band:
            return frame
        if head.kind == RELEASE:
            return with_cause(frame, self._in_band[head.reference])
        return with_in_band(frame) if head.kind == DISCONNECT else frame

    def _run_timers(self) -> None:
        self._timer = None
        self._tell_time()
        self._note(self._lib.pri_schedule_run(self._pri), by_timer=True)
        self._settle()

    def _note(self, event: Any, *, by_timer: bool = False) -> None:
        """Copy the event, which lasts until the next call only, and deliver it."""
        if event == self._ffi.NULL:
            return
        found = self._event(event)
        if found:
            self._on_event(replace(found, by_timer=by_timer))

    def _event(self, event: Any) -> PriEvent | None:
        try:
            kind = PriEventKind(event.kind)
        except ValueError:
            return None
        if kind in (PriEventKind.RING, PriEventKind.INFO_RECEIVED):
            return self._ring(kind, event.ring)
        if kind in _HANGUPS:
            part = event.hangup
            return PriEvent(kind, part.channel, self._handle(part.call), cause=part.cause)
        if kind in (PriEventKind.RINGING, PriEventKind.ANSWER):
            part = event.answer
            return PriEvent(kind, part.channel, self._handle(part.call), progress_mask=part.progress_mask)
        if kind in (PriEventKind.PROCEEDING, PriEventKind.PROGRESS):
            part = event.proceeding
            return PriEvent(kind, part.channel, self._handle(part.call), progress_mask=part.progress_mask)
        if kind in (PriEventKind.SETUP_ACK, PriEventKind.CONNECT_ACK):
            return PriEvent(kind, event.keypad.channel, self._handle(event.keypad.call))
        if kind is PriEventKind.KEYPAD_DIGIT:
            part = event.keypad
            return PriEvent(kind, part.channel, self._handle(part.call), digits=self._string(part.digits))
        if kind in (PriEventKind.RESTART, PriEventKind.RESTART_ACK):
            return PriEvent(kind, event.ring.channel)
        return PriEvent(kind)

    def _ring(self, kind: PriEventKind, part: Any) -> PriEvent:
        return PriEvent(
            kind,
            part.channel,
            self._handle(part.call),
            called=self._string(part.called),
            called_plan=part.called_plan,
            caller=self._string(part.calling),
            caller_plan=part.calling_plan,
            presentation=part.presentation,
            redirecting=self._string(part.redirecting),
            complete=bool(part.complete),
            flexible=bool(part.flexible),
            digits=self._string(part.called) if kind is PriEventKind.INFO_RECEIVED else "",
            reference=self._reference,
        )

    def _handle(self, call: Any) -> int:
        return int(self._ffi.cast("intptr_t", call))

    def _string(self, text: Any) -> str:
        return str(self._ffi.string(text).decode("latin-1"))
