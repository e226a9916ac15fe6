"""Circuits of an E1 under SS7 ISUP, in the words of boardd.signalling.span (`IsupSpan` is a TrunkSpan). Experimental.

The driver gives signal units as they come from the signalling timeslot (no flags, no check sequence) to `receive`, and
gets those to be sent through `send_frame`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from boardd.contract.causes import Cause
from boardd.contract.errors import UnknownIdError, WrongStateError
from boardd.contract.text import _
from boardd.signalling.isup._native import IsupEvent, Kind, Link
from boardd.signalling.isup.circuit import Call, Circuit, Stage
from boardd.signalling.isup.events import Listener
from boardd.signalling.isup.options import IsupOptions, nature_of, presentation_of
from boardd.signalling.span import (
    Blocked,
    BlockReason,
    CallRequest,
    Released,
    SpanEvent,
    SpanSink,
    Unblocked,
)
from boardd.signalling.timing import Cancellable, SpanClock

FILL_UNIT = 2
"""Signal units with a length indicator up to this say nothing but link state."""
BURST = 32
"""Signal units in one tick at most: ten milliseconds at 64 kbit/s have room for as many of the shortest."""
LOG_LINES = 200
IN_BAND = 3
ALERTING = 1


class IsupSpan:
    """See the module text. Calls are sent en bloc. Raises ConfigurationError when the library is absent or another
    version."""

    def __init__(
        self,
        options: IsupOptions,
        send_frame: Callable[[bytes], None],
        on_event: SpanSink,
        clock: SpanClock,
    ) -> None:
        self.options = options
        self.circuits = {slot: Circuit(slot, options.first_cic + slot) for slot in options.slots}
        self.log: deque[str] = deque(maxlen=LOG_LINES)
        """What the library says, newest last."""
        self.clock = clock
        network = 2 if options.national else 0
        self.link = Link(options.own_pc, options.adjacent_pc, network, clock.now_us())
        for name, ms in options.timers_ms.items():
            self.link.set_timer(name, ms)
        self._listener = Listener(self)
        self._send_frame = send_frame
        self._on_event = on_event
        self._calls = 0
        self._tick: Cancellable | None = None
        self._fill = b""
        self._filled_us = 0
        self._closed = False
        for circuit in self.circuits.values():
            self.link.add_circuit(circuit.cic)

    # -- from the driver --------------------------------------------------------------------------------------------
    def start(self) -> None:
        """Align the link; circuits are reset when it is up."""
        self.link.start(self.clock.now_us())
        for circuit in self.circuits.values():
            self.look(circuit)
        self._on_tick()

    def receive(self, frame: bytes) -> None:
        """A signal unit arrived."""
        if not self._closed:
            self.link.receive(frame, self.clock.now_us())
            self._deliver()

    def alarm(self, on: bool) -> None:
        """The span lost its signal, or has it again."""
        if not self._closed:
            self.link.alarm(on, self.clock.now_us())
            self._deliver()

    # -- TrunkSpan --------------------------------------------------------------------------------------------------
    def setup(self, request: CallRequest) -> int:
        """See TrunkSpan."""
        circuit = self._of(request.slot)
        if not self.usable(request.slot):
            raise WrongStateError(
                _("circuit {cic} (timeslot {slot}) is not free").format(cic=circuit.cic, slot=request.slot),
                slot=request.slot,
            )
        caller = request.caller
        numbers = IsupEvent(
            Kind.IAM,
            called=request.called.digits,
            called_nature=nature_of(request.called.kind),
            caller=caller.digits,
            caller_nature=nature_of(caller.kind),
            presentation=presentation_of(caller.presentation),
            screening=caller.screening,
            category=request.category or self.options.category,
        )
        self._set_time()
        if not self.link.iam(circuit.cic, self.options.dpc, numbers):
            raise WrongStateError(_("circuit {cic} is not free").format(cic=circuit.cic), slot=request.slot)
        self.link.use(circuit.cic, True)
        circuit.call = Call(self.new_call(), True, request.called.digits, Stage.SETUP)
        self._after(circuit)
        return circuit.call.number if circuit.call else self._calls

    def more_digits(self, call: int, digits: str, *, complete: bool = False) -> bool:
        """See TrunkSpan: the library cannot send subsequent addresses."""
        return False

    def proceeding(self, call: int) -> bool:
        """See TrunkSpan: ACM."""
        circuit = self._with(call)
        return circuit is not None and self._accept(circuit)

    def alerting(self, call: int, *, in_band: bool = True) -> bool:
        """See TrunkSpan: ACM, then CPG alerting."""
        circuit = self._with(call)
        if circuit is None or circuit.call is None or circuit.call.outgoing or circuit.call.alerting:
            return False
        self._accept(circuit)
        circuit.call.alerting = self._send(circuit, "cpg", ALERTING)
        return circuit.call.alerting

    def progress(self, call: int) -> bool:
        """See TrunkSpan: ACM, then CPG in-band information."""
        circuit = self._with(call)
        if circuit is None or circuit.call is None or circuit.call.outgoing:
            return False
        self._accept(circuit)
        return circuit.call.stage is Stage.ACCEPTED and self._send(circuit, "cpg", IN_BAND)

    def connect(self, call: int) -> bool:
        """See TrunkSpan: ANM, after ACM."""
        circuit = self._with(call)
        if circuit is None or circuit.call is None or circuit.call.outgoing:
            return False
        self._accept(circuit)
        if circuit.call.stage is not Stage.ACCEPTED or not self._send(circuit, "anm"):
            return False
        self._listener.connected(circuit)
        return True

    def disconnect(self, call: int, cause: int = 16, *, in_band: bool = False) -> bool:
        """See TrunkSpan: REL."""
        circuit = self._with(call)
        if circuit is None or circuit.call is None or circuit.call.stage is Stage.CLEARING:
            return False
        circuit.call.hung_up = True
        circuit.call.cause = circuit.call.cause or cause
        circuit.call.stage = Stage.CLEARING
        self._send(circuit, "rel", cause)
        return True

    def restart(self, slot: int | None) -> None:
        """See TrunkSpan: RSC for a circuit, GRS for all."""
        chosen = [self._of(slot)] if slot is not None else list(self.circuits.values())
        for circuit in chosen:
            self._listener.end_call(circuit, Cause.TEMPORARY_FAILURE, "restart")
            circuit.mark(BlockReason.RESTARTING, True)
            circuit.mark(BlockReason.STUCK, False)
        self._set_time()
        if slot is None:
            for circuit in chosen:
                self.link.drop(circuit.cic, everything=True)
        if slot is not None:
            self.link.send("rsc", chosen[0].cic, self.options.dpc)
        else:
            for first, last in self._ranges():
                self.link.send("grs", first, last, self.options.dpc)
        for circuit in chosen:
            self.look(circuit)
        self._flush()

    def service(self, slot: int, *, in_service: bool) -> None:
        """See TrunkSpan: BLO or UBL."""
        circuit = self._of(slot)
        if (BlockReason.OURS in circuit.reasons) is not in_service:
            return
        circuit.mark(BlockReason.OURS, not in_service)
        self._set_time()
        self.link.send("ubl" if in_service else "blo", circuit.cic, self.options.dpc)
        self.look(circuit)
        self._flush()

    @property
    def link_up(self) -> bool:
        """Whether the user part can send."""
        return self._listener.link_up

    def usable(self, slot: int) -> bool:
        """See TrunkSpan."""
        circuit = self._of(slot)
        return not self._closed and circuit.call is None and not circuit.reasons and not self.link.busy(circuit.cic)

    def close(self) -> None:
        """See TrunkSpan."""
        self._closed = True
        if self._tick:
            self._tick.cancel()
        self.link.close()

    # -- for the handlers -------------------------------------------------------------------------------------------
    def emit(self, event: SpanEvent) -> None:
        """Tell the driver."""
        if not self._closed:
            self._on_event(event)

    def new_call(self) -> int:
        """A call number."""
        self._calls += 1
        return self._calls

    def by_cic(self, cic: int) -> Circuit | None:
        """The circuit of a CIC."""
        return self.circuits.get(cic - self.options.first_cic)

    def look(self, circuit: Circuit) -> None:
        """Tell when usability has changed."""
        reason = circuit.reason
        if reason is not circuit.told:
            circuit.told = reason
            self.emit(Blocked(circuit.slot, reason) if reason else Unblocked(circuit.slot))

    def released(self, circuit: Circuit) -> None:
        """The call is over and the circuit free."""
        call, circuit.call = circuit.call, None
        self.link.use(circuit.cic, False)
        if call:
            self.emit(Released(circuit.slot, call.number, int(call.cause or Cause.NORMAL_CLEARING)))

    def _ranges(self) -> list[tuple[int, int]]:
        """CICs of neighbouring circuits, first and last."""
        found: list[tuple[int, int]] = []
        for circuit in self.circuits.values():
            if found and found[-1][1] == circuit.cic - 1:
                found[-1] = (found[-1][0], circuit.cic)
            else:
                found.append((circuit.cic, circuit.cic))
        return found

    # -- inside -----------------------------------------------------------------------------------------------------
    def _of(self, slot: int) -> Circuit:
        if slot not in self.circuits:
            raise UnknownIdError(_("timeslot {slot} has no SS7 circuit").format(slot=slot), slot=slot)
        return self.circuits[slot]

    def _with(self, call: int) -> Circuit | None:
        return next((c for c in self.circuits.values() if c.call and c.call.number == call), None)

    def _accept(self, circuit: Circuit) -> bool:
        call = circuit.call
        if call is None or call.outgoing or call.stage is not Stage.OFFERED:
            return False
        self._listener.stop_waiting(circuit)
        call.stage = Stage.ACCEPTED
        return self._send(circuit, "acm")

    def _send(self, circuit: Circuit, what: str, *values: int) -> bool:
        self._set_time()
        done = self.link.send(what, circuit.cic, *values)
        self._after(circuit)
        return done

    def _after(self, circuit: Circuit) -> None:
        self._deliver()
        self._flush()

    def _set_time(self) -> None:
        self.link.run_timers(self.clock.now_us())

    def _deliver(self) -> None:
        for event in self.link.events():
            if event.kind is Kind.LOG_LINE:
                self.log.append(event.called.rstrip())
            elif not self._closed:
                self._listener.handle(event)

    def _flush(self) -> None:
        """Send what has something to say now."""
        if self._closed:
            return
        now_us = self.clock.now_us()
        for _unit in range(BURST):
            frame = self.link.transmit(now_us)
            if not frame:
                break
            if frame[2] & 0x3F > FILL_UNIT:
                self._send_frame(frame)
                continue
            if frame != self._fill or now_us - self._filled_us >= self.options.fill_ms * 1000:
                self._fill, self._filled_us = frame, now_us
                self._send_frame(frame)
            break
        self._deliver()

    def _on_tick(self) -> None:
        now_us = self.clock.now_us()
        due = self.link.next_timer_us()
        if due is not None and due <= now_us:
            self.link.run_timers(now_us)
            self._deliver()
        self._flush()
        if not self._closed:
            self._tick = self.clock.at_us(now_us + self.options.tick_ms * 1000, self._on_tick)
