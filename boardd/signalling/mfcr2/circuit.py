"""One timeslot: idle, blocked, suspect, stuck, or with a call.

Between calls the circuit waits for the far end's idle before it is used (`clearing`): at start, after a restart, and
when a call was dropped. What it then hears decides: a seizure is a call if the circuit's direction allows one.
"""

from __future__ import annotations

from typing import Protocol

from boardd.contract.causes import Cause
from boardd.contract.states import Direction
from boardd.contract.text import _
from boardd.signalling.mfcr2._native import HOP, DeviceIo, Register
from boardd.signalling.mfcr2.bits import BUSY, IDLE, LineBits
from boardd.signalling.mfcr2.call import R2Call
from boardd.signalling.mfcr2.incoming_call import IncomingCall
from boardd.signalling.mfcr2.ladder import FailedCall, Way, Word
from boardd.signalling.mfcr2.outgoing import Numbers
from boardd.signalling.mfcr2.outgoing_call import OutgoingCall
from boardd.signalling.mfcr2.profile import R2Profile
from boardd.signalling.mfcr2.signals import End, Line, line_of
from boardd.signalling.mfcr2.tape import Tape
from boardd.signalling.mfcr2.timers import Timers
from boardd.signalling.span import Blocked, BlockReason, ChannelRestarted, SpanEvent, Trouble, Unblocked
from boardd.signalling.timing import SpanClock


class Wire(Protocol):
    """What a span needs of the card."""

    def send_bits(self, slot: int, abcd: int) -> None:
        """Set the line bits that a slot sends."""

    def open_register(self, slot: int) -> None:
        """From now on the slot's sound is the register's: `R2Span.sound` or `pump`. No echo canceller, no gain."""

    def close_register(self, slot: int) -> None:
        """And from now on no more."""


class Owner(Protocol):
    """The span, as its circuits see it."""

    clock: SpanClock
    profile: R2Profile
    wire: Wire

    def emit(self, event: SpanEvent) -> None:
        """Tell the driver."""

    def new_call(self) -> int:
        """A call number."""

    def keep(self, failed: FailedCall) -> None:
        """Keep the ladder of a failed call."""


class Circuit:
    """See the module text. `direction`: whose calls it carries, seen from us."""

    def __init__(self, owner: Owner, slot: int, direction: Direction) -> None:
        self.slot = slot
        self.direction = direction
        self.profile = owner.profile
        self.call: R2Call | None = None
        self.tape = Tape(owner.clock)
        self.timers = Timers(owner.clock)
        """Of the call; cancelled when it clears."""
        self._own_timers = Timers(owner.clock)
        self._owner = owner
        self.bits = LineBits(
            owner.profile.line, self._own_timers, lambda abcd: owner.wire.send_bits(slot, abcd), self._on_line
        )
        self._register: Register | None = None
        self._clearing = True
        self._held = True
        """The far end may hold a call that is over here: one of a process that died, or one that a restart dropped."""
        self._reasons: set[BlockReason] = {BlockReason.LINK}
        self._told: BlockReason | None = None
        self._troubles: set[str] = set()
        self._refusals = 0

    # -- from the span ----------------------------------------------------------------------------------------------
    @property
    def line_free(self) -> bool:
        """Whether the far end shows idle."""
        return self._far is Line.FREE

    @property
    def _far(self) -> Line | None:
        """What the far end shows; None: nothing, or bits of another country."""
        abcd = self.bits.received
        return None if abcd is None or self.bits.foreign(abcd) else line_of(abcd)

    @property
    def usable(self) -> bool:
        """Whether we may seize it now."""
        return (
            self.direction is not Direction.IN
            and self.call is None
            and not self._clearing
            and self._told is None
            and self.line_free
        )

    def start(self) -> None:
        """Show what we are."""
        self._rest()
        self.look()

    def seize(self, number: int, numbers: Numbers) -> None:
        """Begin an outgoing call; the caller has asked `usable`."""
        self.tape.begin()
        call = OutgoingCall(self, number, numbers)
        self.call = call
        call.start()

    def restart(self) -> None:
        """Drop what there is; usable again when the far end shows idle."""
        if self.call:
            self._held = True
            self.call.drop(Cause.TEMPORARY_FAILURE, _("restart"))
        self._own_timers.cancel("suspect")
        self._refusals = 0
        self._reasons -= {BlockReason.STUCK, BlockReason.SUSPECT}
        for code in tuple(self._troubles - {"r2_foreign_bits"}):
            self.over(code)
        self._clearing = True
        self._reasons.add(BlockReason.RESTARTING)
        self._rest()
        if self.line_free:
            self._cleared()
        self.look()

    def service(self, *, in_service: bool) -> None:
        """Ours to use, or shown blocked to the far end."""
        self._set(BlockReason.OURS, not in_service)
        if not self.call:
            self._rest()
        self.look()

    def link(self, *, up: bool) -> None:
        """The span carries line signals and has been quiet, or not."""
        self._set(BlockReason.LINK, not up)
        if not self.call:
            # A seizure that was shown meanwhile is stale: the far end must go through idle first.
            self._clearing = self._clearing or (up and not self.line_free)
            self._rest()
        self.look()

    def freeze(self, *, on: bool) -> None:
        """The multiframe is lost, or back."""
        if self.call:
            self.tape.line(Way.NONE, Word.FROZEN if on else Word.THAWED)
        self.bits.freeze(on)

    def close(self) -> None:
        """Stop at once."""
        self.timers.cancel_all()
        self._own_timers.cancel_all()
        self._register = None
        self.call = None

    # -- sound of the register --------------------------------------------------------------------------------------
    def sound(self, alaw: bytes) -> bytes:
        """Sound heard on the slot; answers as much to send."""
        said = b""
        for at in range(0, len(alaw), HOP):
            part = alaw[at : at + HOP]
            register = self._register
            if register is None:
                return said + bytes([0xD5]) * (len(alaw) - at)
            said += register.feed(part)
            self._deliver(register)
        return said

    def prime(self, io: DeviceIo, fd: int, octets: int) -> None:
        """See Register.prime."""
        if self._register:
            self._register.prime(io, fd, octets)

    def pump(self, io: DeviceIo, fd: int) -> None:
        """The slot's descriptor is readable."""
        while (register := self._register) is not None and register.pump(io, fd):
            self._deliver(register)

    def _deliver(self, register: Register) -> None:
        for event in register.events():
            if self.call and self._register is register:
                self.call.on_tone(event)

    # -- for the calls ----------------------------------------------------------------------------------------------
    def emit(self, event: SpanEvent) -> None:
        """Tell the driver."""
        self._owner.emit(event)

    def new_call(self) -> int:
        """A call number."""
        return self._owner.new_call()

    def keep(self, failed: FailedCall) -> None:
        """Keep the ladder of a failed call."""
        self._owner.keep(failed)

    def open_register(self, end: End) -> Register:
        """Switch a register in."""
        self._register = Register(end, self.profile.registers)
        self.tape.line(Way.NONE, Word.REGISTER_IN)
        self._owner.wire.open_register(self.slot)
        return self._register

    def close_register(self) -> None:
        """Switch it out."""
        if self._register is not None:
            self._register = None
            self.tape.line(Way.NONE, Word.REGISTER_OUT)
            self._owner.wire.close_register(self.slot)

    def call_over(self, call: R2Call) -> None:
        """The call has ended; the circuit is idle as soon as both ends are."""
        if self.call is not call:
            return
        self.call = None
        self.timers.cancel_all()
        self._clearing = not self.line_free
        if not self._clearing:
            self._rest()
        self.look()

    def seizure_acknowledged(self) -> None:
        """A seizure of ours was taken: the circuit works, and its direction is right."""
        self._refusals = 0
        self.over("r2_no_seizure_ack")
        self.over("r2_wrong_direction")

    def not_acknowledged(self) -> None:
        """It was not."""
        rules = self.profile.line
        wait_ms = min(rules.suspect_ms << min(self._refusals, 16), rules.suspect_most_ms)
        self._refusals += 1
        self._set(BlockReason.SUSPECT, True)
        self._own_timers.start("suspect", wait_ms, self._try_again)
        self.trouble(
            "r2_no_seizure_ack",
            _(
                "no seizure acknowledgement; the far end has not set the circuit up, or as outgoing; "
                "tried again in {s} s"
            ).format(s=wait_ms // 1000),
        )

    def double_seizure(self) -> None:
        """The far end seized in the same moment."""
        if self.direction is Direction.OUT:
            self._wrong_direction()

    def stuck(self, code: str, text: str) -> None:
        """The far end does not let go."""
        self._set(BlockReason.STUCK, True)
        self.trouble(code, text)

    def trouble(self, code: str, text: str) -> None:
        """Something a technician must see, until it is over."""
        if code not in self._troubles:
            self._troubles.add(code)
            self.emit(Trouble(code, text, self.slot))

    def over(self, code: str) -> None:
        """It is."""
        if code in self._troubles:
            self._troubles.discard(code)
            self.emit(Trouble(code, "", self.slot, raised=False))

    def look(self) -> None:
        """Tell when usability has changed."""
        reasons = set(self._reasons)
        if self.call is None and not reasons and (self._clearing or not self.line_free):
            reasons.add(BlockReason.FAR)
        first = next((reason for reason in BlockReason if reason in reasons), None)
        if first is self._told:
            return
        self._told = first
        self.emit(Blocked(self.slot, first) if first else Unblocked(self.slot))

    # -- line signals without a call --------------------------------------------------------------------------------
    def _on_line(self, abcd: int) -> None:
        if self.bits.foreign(abcd):
            self._foreign(abcd)
            return
        self.over("r2_foreign_bits")
        line = line_of(abcd)
        if self.call:
            self.call.on_line(line, abcd)
        elif line is Line.FREE:
            self._cleared()
        elif line is Line.SEIZED and not self._clearing:
            self._seized(abcd)
        else:
            self._rest()
        self.look()

    def _seized(self, abcd: int) -> None:
        if self.direction is Direction.OUT:
            self.tape.begin()
            self.tape.line(Way.THEIRS, Word.WRONG_DIRECTION, abcd)
            self._wrong_direction()
        elif not self._reasons & {BlockReason.OURS, BlockReason.LINK}:
            self.tape.begin()
            call = IncomingCall(self)
            self.call = call
            call.start(abcd)

    def _cleared(self) -> None:
        """Both ends are, or may be, idle."""
        restarted = BlockReason.RESTARTING in self._reasons
        self._clearing = self._held = False
        self._reasons -= {BlockReason.STUCK, BlockReason.RESTARTING}
        self.over("r2_no_release_guard")
        self.over("r2_no_clear_forward")
        self._rest()
        if restarted:
            self.emit(ChannelRestarted(self.slot, by_far=False))

    def _foreign(self, abcd: int) -> None:
        self.tape.line(Way.THEIRS, Word.FOREIGN, abcd)
        if self.call is None:
            self.trouble(
                "r2_foreign_bits",
                _(
                    "the far end sends line bits {bits}: c is {got}, this profile has {want} "
                    "(cd 01 is ITU R2, 11 is China)"
                ).format(bits=f"{abcd:04b}", got=abcd >> 1 & 1, want=self.profile.line.c_bit),
            )
            self.look()

    def _wrong_direction(self) -> None:
        self.trouble(
            "r2_wrong_direction",
            _("the far end seizes this circuit, which is set up as outgoing here: one end has its direction wrong"),
        )

    # -- inside -----------------------------------------------------------------------------------------------------
    def _rest(self) -> None:
        """Line bits without a call: blocked while we cannot take one. A far end that still holds a call which is over
        here reads the same bits as clear back."""
        cannot = self._reasons & {BlockReason.OURS, BlockReason.LINK} or (self._held and self._far is Line.SEIZED)
        blocked = cannot and self.direction is not Direction.OUT
        self.bits.send(BUSY if blocked else IDLE)

    def _try_again(self) -> None:
        self._set(BlockReason.SUSPECT, False)
        self.look()

    def _set(self, reason: BlockReason, on: bool) -> None:
        if on:
            self._reasons.add(reason)
        else:
            self._reasons.discard(reason)
