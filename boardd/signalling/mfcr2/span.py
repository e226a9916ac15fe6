"""All circuits of an E1 with China No.1, in the words of boardd.signalling.span (`R2Span` is a TrunkSpan).

The driver gives line bits (`bits`), alarms (`alarms`) and, between `Wire.open_register` and `close_register`, the
slot's sound (`sound`, or `pump` on a descriptor). Everything on the event loop's thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping

from boardd.contract.causes import Cause
from boardd.contract.errors import ArgumentError, UnknownIdError, WrongStateError
from boardd.contract.states import Direction
from boardd.contract.text import _
from boardd.signalling.mfcr2._native import DeviceIo, library
from boardd.signalling.mfcr2.circuit import Circuit, Wire
from boardd.signalling.mfcr2.incoming_call import IncomingCall
from boardd.signalling.mfcr2.ladder import FailedCall, Ladder
from boardd.signalling.mfcr2.outgoing import Numbers
from boardd.signalling.mfcr2.outgoing_call import OutgoingCall
from boardd.signalling.mfcr2.profile import R2Profile
from boardd.signalling.mfcr2.timers import Timers
from boardd.signalling.span import CallRequest, LinkDown, LinkUp, Presentation, SpanEvent, SpanSink
from boardd.signalling.timing import SpanClock

LOSING = frozenset({"los", "lof", "ais"})
FREEZING = LOSING | {"lmf"}
KNOWN_ALARMS = FREEZING | {"rai"}


class R2Span:
    """See the module text. `directions` names the slots and whose calls each carries.

    Raises ConfigurationError when the register library is not built. Call `start` when the wire is ready.
    """

    def __init__(
        self,
        profile: R2Profile,
        directions: Mapping[int, Direction],
        wire: Wire,
        on_event: SpanSink,
        clock: SpanClock,
    ) -> None:
        library()
        self.profile = profile
        self.wire = wire
        self.clock = clock
        self.failed: deque[FailedCall] = deque(maxlen=max(1, profile.failed_calls))
        """The last failed calls, oldest first."""
        self._on_event = on_event
        self._circuits = {slot: Circuit(self, slot, direction) for slot, direction in sorted(directions.items())}
        self._calls = 0
        self._alarms: frozenset[str] = frozenset()
        self._up = False
        self._closed = False
        self._timers = Timers(clock)

    # -- from the driver --------------------------------------------------------------------------------------------
    def start(self, alarms: Collection[str] = ()) -> None:
        """Show idle on every circuit. `alarms` as they are now; without any the span is up at once."""
        for circuit in self._circuits.values():
            circuit.start()
        self._alarms = self._known(alarms)
        self._freeze()
        if not self._alarms:
            self._quiet()

    def bits(self, slot: int, abcd: int) -> None:
        """The line bits that a slot receives: at the beginning and at each change."""
        if not self._closed and slot in self._circuits:
            self._circuits[slot].bits.arrived(abcd)

    def sound(self, slot: int, alaw: bytes) -> bytes:
        """A-law sound heard while the slot's register is open; answers as much to send."""
        return self._of(slot).sound(alaw)

    def prime(self, slot: int, io: DeviceIo, fd: int, octets: int = 160) -> None:
        """After `open_register`, with descriptors: silence ahead, so that the device does not run dry."""
        self._of(slot).prime(io, fd, octets)

    def pump(self, slot: int, io: DeviceIo, fd: int) -> None:
        """The slot's descriptor can be read while its register is open. Raises DeviceError."""
        self._of(slot).pump(io, fd)

    def alarms(self, now: Collection[str]) -> None:
        """The span's alarms changed: `los lof ais rai lmf`."""
        alarms = self._known(now)
        if alarms == self._alarms or self._closed:
            return
        before, self._alarms = self._alarms, alarms
        if bool(before & FREEZING) != bool(alarms & FREEZING):
            self._freeze()
        self._timers.cancel("quiet")
        if not alarms:
            self._timers.cancel("losing", "lmf", "rai")
            self._timers.start("quiet", max(1, self.profile.alarms.quiet_ms), self._quiet)
            return
        self._set_up(False)
        rules = self.profile.alarms
        for name, present, after_ms in (
            ("losing", alarms & LOSING, rules.losing_ms),
            ("lmf", alarms & {"lmf"}, rules.lmf_ms),
            ("rai", alarms & {"rai"}, rules.rai_ms),
        ):
            if not present:
                self._timers.cancel(name)
            elif not self._timers.running(name):
                self._timers.start(name, after_ms, self._lost)

    # -- TrunkSpan --------------------------------------------------------------------------------------------------
    def setup(self, request: CallRequest) -> int:
        """See TrunkSpan. Raises ArgumentError for a number that registers cannot send."""
        circuit = self._of(request.slot)
        called = request.called.digits
        if not called or not called.isdecimal() or not called.isascii():
            raise ArgumentError(
                _("R2 registers send 0-9 only, not {number}").format(number=called or '""'), argument="called"
            )
        if not circuit.usable:
            raise WrongStateError(
                _("timeslot {slot} is not free for an outgoing call").format(slot=request.slot), slot=request.slot
            )
        shown = request.caller.presentation is Presentation.ALLOWED
        caller = "".join(d for d in request.caller.digits if d.isdecimal() and d.isascii()) if shown else ""
        call = self.new_call()
        ka = request.category or self.profile.caller.ka
        circuit.seize(call, Numbers(called, caller, ka, self.profile.groups.kd))
        return call

    def more_digits(self, call: int, digits: str, *, complete: bool = False) -> bool:
        """See TrunkSpan: registers have the whole number from the beginning."""
        return False

    def proceeding(self, call: int) -> bool:
        """See TrunkSpan: R2 has no such signal."""
        return isinstance(self._call(call), IncomingCall)

    def alerting(self, call: int, *, in_band: bool = True) -> bool:
        """See TrunkSpan: KB free. The caller hears what we send from then on."""
        found = self._call(call)
        return isinstance(found, IncomingCall) and found.alerting()

    def progress(self, call: int, cause: int = 0) -> bool:
        """See TrunkSpan: only KB free opens the way for sound."""
        return self.alerting(call)

    def connect(self, call: int) -> bool:
        """See TrunkSpan."""
        found = self._call(call)
        return isinstance(found, IncomingCall) and found.connect()

    def disconnect(self, call: int, cause: int = 16, *, in_band: bool = False) -> bool:
        """See TrunkSpan. After KB free and before the answer R2 has no signal for it: send busy tone until Released."""
        for circuit in self._circuits.values():
            found = circuit.call
            if found is not None and found.number == call > 0:
                done = found.disconnect(cause)
                circuit.look()
                return done
        return False

    def restart(self, slot: int | None) -> None:
        """See TrunkSpan."""
        for circuit in [self._of(slot)] if slot is not None else self._circuits.values():
            circuit.restart()

    def service(self, slot: int, *, in_service: bool) -> None:
        """See TrunkSpan: blocked (1111) is shown on circuits that the far end may seize."""
        self._of(slot).service(in_service=in_service)

    def usable(self, slot: int) -> bool:
        """See TrunkSpan."""
        return not self._closed and self._of(slot).usable

    def close(self) -> None:
        """See TrunkSpan."""
        self._closed = True
        self._timers.cancel_all()
        for circuit in self._circuits.values():
            circuit.close()

    # -- for technicians --------------------------------------------------------------------------------------------
    def ladder(self, slot: int) -> Ladder:
        """What was on the slot during its last call, or the one it has."""
        return self._of(slot).tape.ladder

    def pulses(self, call: int) -> int:
        """Metering pulses of an outgoing call so far."""
        found = self._call(call)
        return found.pulses if isinstance(found, OutgoingCall) else 0

    # -- for the circuits -------------------------------------------------------------------------------------------
    def emit(self, event: SpanEvent) -> None:
        """Tell the driver."""
        if not self._closed:
            self._on_event(event)

    def new_call(self) -> int:
        """A call number."""
        self._calls += 1
        return self._calls

    def keep(self, failed: FailedCall) -> None:
        """Keep the ladder of a failed call."""
        self.failed.append(failed)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _of(self, slot: int) -> Circuit:
        if slot not in self._circuits:
            raise UnknownIdError(_("timeslot {slot} has no R2 circuit").format(slot=slot), slot=slot)
        return self._circuits[slot]

    def _call(self, number: int) -> IncomingCall | OutgoingCall | None:
        for circuit in self._circuits.values():
            found = circuit.call
            if isinstance(found, IncomingCall | OutgoingCall) and found.number == number > 0:
                return found
        return None

    def _known(self, alarms: Collection[str]) -> frozenset[str]:
        return frozenset(alarms) & KNOWN_ALARMS

    def _freeze(self) -> None:
        on = bool(self._alarms & FREEZING)
        for circuit in self._circuits.values():
            circuit.freeze(on=on)

    def _quiet(self) -> None:
        self._set_up(True)

    def _set_up(self, up: bool) -> None:
        if up == self._up:
            return
        self._up = up
        self.emit(LinkUp() if up else LinkDown())
        for circuit in self._circuits.values():
            circuit.link(up=up)

    def _lost(self) -> None:
        """An alarm has lasted too long: the calls are over at our end."""
        raw = "+".join(sorted(self._alarms))
        for circuit in self._circuits.values():
            if circuit.call:
                circuit.call.drop(Cause.DESTINATION_OUT_OF_ORDER, raw)
