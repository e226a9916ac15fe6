"""One E1 with a D channel: frames and commands in, frames and events out (`boardd.signalling.span` has the words).

    span = Q931Span("b1/1", Q931Profile(), LoopClock(), send_frame, on_event)
    span.receive(frame)          whole frames as the D channel delivers them, without check sequence
    span.setup(CallRequest(1, Number("1055"), Number("88001000")))

`send_frame(frame)` must not block; a frame that the device does not take may be dropped, Q.921 repeats it. Everything
runs on one thread. A frame that arrives while a command runs is worked on after it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from boardd.signalling.q931.calls import Call
from boardd.signalling.q931.clearing import Clearing
from boardd.signalling.q931.core import Core
from boardd.signalling.q931.frames import SERVICE, Element, Message, MessageType, read_frame
from boardd.signalling.q931.incoming import IncomingSide
from boardd.signalling.q931.link import LinkWatch
from boardd.signalling.q931.outgoing import OutgoingSide
from boardd.signalling.q931.profile import Q931Profile, RestartPolicy
from boardd.signalling.q931.restarts import Restarts
from boardd.signalling.q931.slots import Slot
from boardd.signalling.q931.stack import ALL_CHANNELS, Kind, Stack, StackEvent
from boardd.signalling.q931.trace import Trace
from boardd.signalling.span import CallRequest, ChannelRestarted, LinkDown, LinkUp, Origin, SpanSink
from boardd.signalling.timing import SpanClock

IN_SERVICE, OUT_OF_SERVICE = 0, 2
_OUTGOING = (Kind.SETUP_ACK, Kind.PROCEEDING, Kind.PROGRESS, Kind.RINGING, Kind.ANSWER)


class Q931Span:
    """See the module text; a TrunkSpan. Raises ConfigurationError when libpri cannot be used."""

    def __init__(
        self,
        name: str,
        profile: Q931Profile,
        clock: SpanClock,
        send_frame: Callable[[bytes], None],
        on_event: SpanSink,
    ) -> None:
        self.name = name
        self.profile = profile
        self.trace = Trace(name, clock)
        self._core = Core(name, profile, clock, on_event)
        self._send_frame = send_frame
        self._inbox: deque[bytes] = deque()
        self._watch = LinkWatch(self._core)
        self._restarts = Restarts(self._core)
        self._clearing = Clearing(self._core, self._restarts)
        self._restarts.ender = self._clearing
        self._in = IncomingSide(self._core, self._clearing, self._restarts)
        self._out = OutgoingSide(self._core, self._clearing)
        self._was_up = False
        self._core.stack = Stack(name, profile, clock, self._send, self._run_timers)
        # The first SABME leaves when the clock runs, not from within the constructor.
        self._core.timers.start("start", 1, self._core.settle)

    # -- the line ---------------------------------------------------------------------------------------------------
    def receive(self, frame: bytes) -> None:
        """A frame arrived."""
        if self._core.closed:
            return
        self._inbox.append(frame)
        if self._core.busy:
            self._core.timers.start("inbox", 1, self._drain)
        else:
            self._drain()

    def close(self) -> None:
        """See TrunkSpan."""
        self._core.closed = True
        self._core.timers.cancel_all()
        self._core.stack.close()
        self.trace.close()

    # -- commands ---------------------------------------------------------------------------------------------------
    def setup(self, request: CallRequest) -> int:
        """See TrunkSpan. Raises WrongStateError, ArgumentError, DeviceError."""
        with self._core.working():
            return self._out.setup(request).number

    def more_digits(self, call: int, digits: str, *, complete: bool = False) -> bool:
        """See TrunkSpan."""
        return self._on_call(call, lambda found: self._out.more_digits(found, digits, complete=complete))

    def proceeding(self, call: int) -> bool:
        """See TrunkSpan."""
        return self._on_call(call, self._in.proceed)

    def alerting(self, call: int, *, in_band: bool = True) -> bool:
        """See TrunkSpan."""
        return self._on_call(call, lambda found: self._in.alert(found, in_band=in_band))

    def progress(self, call: int, cause: int = 0) -> bool:
        """See TrunkSpan."""
        return self._on_call(call, lambda found: self._in.progress(found, cause))

    def connect(self, call: int) -> bool:
        """See TrunkSpan."""
        return self._on_call(call, self._in.connect)

    def disconnect(self, call: int, cause: int = 16) -> bool:
        """See TrunkSpan."""
        return self._on_call(call, lambda found: self._disconnect(found, cause))

    def restart(self, slot: int | None) -> None:
        """See TrunkSpan."""
        with self._core.working():
            for wanted in [slot] if slot is not None else [each.slot for each in self._core.slots]:
                self._restarts.want(wanted)

    def service(self, slot: int, *, in_service: bool) -> None:
        """See TrunkSpan."""
        found = self._core.slots.get(slot)
        if found is None or found.ours is not in_service:
            return
        found.ours = not in_service
        with self._core.working():
            if self.profile.service_messages:
                self._core.stack.do("service", slot, IN_SERVICE if in_service else OUT_OF_SERVICE)
            self._core.slots.refresh(found)

    def usable(self, slot: int) -> bool:
        """See TrunkSpan."""
        found = self._core.slots.get(slot)
        return found is not None and self._core.slots.free(found)

    # -- for technicians --------------------------------------------------------------------------------------------
    @property
    def link_up(self) -> bool:
        """Whether Q.921 is established."""
        return self._core.slots.link_up

    def capture(self, path: Path) -> None:
        """Write every frame of both directions into a pcap file from now on; a running capture is completed."""
        self.trace.capture(path)

    def describe(self) -> dict[str, Any]:
        """State as JSON values: link, slots that are busy or blocked, calls, counters."""
        slots, calls = self._core.slots, self._core.calls
        return {
            "span": self.name,
            "side": str(self.profile.side),
            "link_up": slots.link_up,
            "link": self._watch.diagnosis(),
            "blocked": {str(s.slot): str(r) for s in slots if (r := slots.reason(s)) is not None},
            "calls": [
                {"call": c.number, "slot": c.slot, "outgoing": c.outgoing, "phase": c.phase.value, "called": c.called}
                for c in calls
                if not c.silent
            ],
            "counters": self._core.stack.counters,
        }

    # -- running ----------------------------------------------------------------------------------------------------
    def _send(self, frame: bytes) -> None:
        self.trace.note(frame, sent=True)
        self._watch.sent(frame)
        self._send_frame(frame)

    def _drain(self) -> None:
        if self._core.busy:
            self._core.timers.start("inbox", 1, self._drain)
            return
        while self._inbox and not self._core.closed:
            frame = self._inbox.popleft()
            self.trace.note(frame, sent=False)
            self._watch.received(frame)
            with self._core.working():
                read = read_frame(frame)
                self._core.message = message = read.message
                event = self._core.stack.receive(frame)
                if read.kind == "SABME" and self._core.slots.link_up:
                    self._renewed()
                if message is not None:
                    self._core.calls.spoken_of(message.flagged_reference)
                if message is not None and message.is_service:
                    self._on_service(message)
                elif message is not None and message.kind == MessageType.STATUS and event is None:
                    self._in.on_status(message)
                elif event is not None:
                    self._on_event(event)
                self._core.message = None
                self._clearing.sweep()

    def _run_timers(self) -> None:
        with self._core.working():
            while not self._core.closed and (event := self._core.stack.run_timers()) is not None:
                self._on_event(event)
            self._clearing.sweep()

    def _on_call(self, number: int, action: Callable[[Call], bool]) -> bool:
        call = self._core.calls.by_number(number)
        if call is None or call.over:
            return False
        with self._core.working():
            return action(call)

    def _disconnect(self, call: Call, cause: int) -> bool:
        self._clearing.disconnect(call, cause)
        return True

    # -- events of the stack ----------------------------------------------------------------------------------------
    def _on_event(self, event: StackEvent) -> None:
        kind = event.kind
        if kind is Kind.UP:
            self._link(up=True)
        elif kind is Kind.DOWN:
            self._link(up=False)
        elif kind is Kind.CONFIG_ERROR:
            self._watch.role_clash()
        elif kind is Kind.RING:
            self._in.on_ring(event)
        elif kind is Kind.RESTART:
            self._on_restart(event)
        elif kind is Kind.RESTART_ACK:
            for slot in self._meant(event):
                self._restarts.acknowledged(slot.slot)
        else:
            self._on_call_event(event)

    def _on_call_event(self, event: StackEvent) -> None:
        call = self._core.calls.by_handle(event.handle)
        if call is None:
            if event.kind in (Kind.HANGUP, Kind.HANGUP_REQUEST):
                self._core.stack.do("hangup", event.handle, max(event.cause, 1))
            return
        call.reference = event.reference or call.reference
        if event.kind in _OUTGOING:
            self._out.on_event(call, event)
        elif event.kind is Kind.HANGUP_REQUEST:
            self._clearing.on_request(call, event)
        elif event.kind is Kind.HANGUP:
            self._clearing.on_hangup(call, event)
        elif event.kind is Kind.HANGUP_ACK:
            self._clearing.on_acknowledged(call, event)
        elif event.kind in (Kind.INFORMATION, Kind.KEYPAD) and not call.outgoing:
            self._in.on_information(call, event)
        elif event.kind is Kind.CONNECT_ACK:
            self._in.on_connect_ack(call)

    def _link(self, *, up: bool) -> None:
        core = self._core
        if up == core.slots.link_up:
            return
        core.slots.link_up = up
        if up:
            self._watch.up()
            wanted = self._restart_what_must()
            core.emit(LinkUp())
            for slot in wanted:
                self._restarts.want(slot.slot)
        else:
            self._restarts.link_lost()
            self._doubt_calls()
            core.emit(LinkDown())
        core.slots.refresh_all()

    def _renewed(self) -> None:
        """The far end has established the link anew, perhaps because it knows nothing any more."""
        self._doubt_calls()
        self._restarts.link_renewed()

    def _doubt_calls(self) -> None:
        for call in self._core.calls:
            call.doubtful = True

    def _restart_what_must(self) -> list[Slot]:
        """The link is back: slots without a call that the far end may believe busy. They take no call from now on."""
        policy, first, self._was_up = self.profile.restart, not self._was_up, True
        wanted = []
        for slot in self._core.slots:
            if policy is RestartPolicy.NEVER:
                slot.dirty = False
            elif not slot.call and (slot.dirty or (first and policy is RestartPolicy.ALL)):
                slot.restarting = True
                wanted.append(slot)
        return wanted

    def _on_restart(self, event: StackEvent) -> None:
        """The far end brings slots back to idle; libpri has acknowledged already."""
        for slot in self._meant(event):
            self._clearing.restarted(slot.slot, Origin.FAR)
            self._restarts.not_needed(slot.slot)
            slot.dirty = slot.stuck = slot.far = False
            self._core.trouble("stuck_call", "", slot.slot, raised=False, lasts=True)
            self._core.slots.refresh(slot)
            self._core.emit(ChannelRestarted(slot.slot, by_far=True))

    def _on_service(self, message: Message) -> None:
        """SERVICE. libpri answers it, except for the whole interface, but does not read the status."""
        status = message.get(Element.CHANGE_STATUS)
        if message.kind != SERVICE or not status or not self.profile.service_messages:
            return
        one = None if message.slot is None else self._core.slots.get(message.slot)
        for slot in list(self._core.slots) if message.slot is None else [one] if one is not None else []:
            slot.far = status[0] & 0xF != IN_SERVICE
            self._core.slots.refresh(slot)

    def _meant(self, event: StackEvent) -> list[Slot]:
        if event.slot == ALL_CHANNELS:
            return list(self._core.slots)
        slot = self._core.slots.get(event.slot)
        return [slot] if slot is not None else []
