"""One line of the R2 peer: line signals of No.1 and the call on it (facts 4.1, 4.3)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from hwsim.edge.plan import PlannedCall
from hwsim.edge.r2_registers import FREE, IncomingRegister, OutgoingRegister
from hwsim.edge.voice import Voice
from hwsim.kernel.sim import Timer
from hwsim.spanbus.channel import Channel, ChannelEvent, Ready, Use

if TYPE_CHECKING:
    from hwsim.edge.r2_peer import R2Peer

IDLE, SEIZED, ACKNOWLEDGED, ANSWERED = 0b1011, 0b0011, 0b1111, 0b0111
"""Idle, both ways; seizure; acknowledgement, clear back and blocking; answer (abcd)."""
BLOCKED = CLEAR_BACK = ACKNOWLEDGED
PERSISTENCE_MS, ACKNOWLEDGE_MS, RELEASE_MS, ANSWER_MS = 20, 2000, 3000, 60_000

NORMAL, BUSY, CONGESTION, UNALLOCATED, NO_ANSWER, EXPIRED = 16, 17, 42, 1, 19, 102
LOCAL_KD = (3, 4)


class Phase(Enum):
    """Where the line is; `OUT` phases are calls of ours."""

    IDLE = "idle"
    BLOCKED = "blocked"
    """The far end shows blocked."""
    CLOSED = "closed"
    """We show blocked."""
    OUT_SEIZED = "out_seized"
    OUT_REGISTERS = "out_registers"
    OUT_RINGING = "out_ringing"
    OUT_TALKING = "out_talking"
    OUT_CLEARING = "out_clearing"
    IN_REGISTERS = "in_registers"
    IN_RINGING = "in_ringing"
    IN_TALKING = "in_talking"
    IN_REFUSED = "in_refused"
    IN_CLEARED = "in_cleared"


class R2Line:
    """The card's end of one timeslot. Notes go to the peer's log with `slot` and `ours`."""

    def __init__(self, peer: R2Peer, channel: Channel) -> None:
        self.peer = peer
        self.sim = peer.sim
        self.channel = channel
        self.phase = Phase.CLOSED
        self.planned: PlannedCall | None = None
        self.register: OutgoingRegister | IncomingRegister | None = None
        self.voice: Voice | None = None
        self.answered = False
        self.cause = NORMAL
        self._far = 0
        self._timer: Timer | None = None
        self._persistence: Timer | None = None
        channel.hook = self._ready

    # -- what the peer wants ----------------------------------------------------------------------------------------
    def open(self) -> None:
        """Show idle."""
        self.channel.send_bits(IDLE)
        self._to_idle()

    def block(self) -> None:
        """Show blocked; only an idle line can be."""
        if self.phase is Phase.IDLE:
            self.phase = Phase.CLOSED
            self.channel.send_bits(BLOCKED)
            self.note("blocks", on=True)

    def unblock(self) -> None:
        """Show idle again."""
        if self.phase is Phase.CLOSED:
            self.note("blocks", on=False)
            self.open()

    def seize(self, planned: PlannedCall) -> None:
        """Begin a call; the line must be idle."""
        self.planned, self.answered, self.cause = planned, False, NORMAL
        self.phase = Phase.OUT_SEIZED
        self.note("call_out", called=planned.called)
        self.channel.send_bits(SEIZED)
        self._wait(ACKNOWLEDGE_MS, self._not_acknowledged)

    def hang_up(self) -> None:
        """Clear forward a call of ours, clear back another."""
        if self.phase in (Phase.OUT_REGISTERS, Phase.OUT_RINGING, Phase.OUT_TALKING, Phase.OUT_SEIZED):
            self._clear_forward()
        elif self.phase is Phase.IN_TALKING:
            self.phase = Phase.IN_CLEARED
            self.channel.send_bits(CLEAR_BACK)
            self._quiet()

    # -- the line ---------------------------------------------------------------------------------------------------
    def note(self, what: str, **fields: object) -> None:
        """Write into the peer's log."""
        ours = self.phase.value.startswith("out")
        self.peer.log.note(what, self.peer.bus.name, slot=self.channel.slot, ours=ours, **fields)

    def _ready(self, channel: Channel) -> None:
        while (event := channel.take_event()) is not ChannelEvent.NONE:
            if event is ChannelEvent.BITS_CHANGED:
                if self._persistence:
                    self._persistence.cancel()
                self._persistence = self.sim.later(PERSISTENCE_MS, self._recognise)
        if self.voice:
            self.voice.pump()
            return
        while self.register and (block := channel.read()) is not None:
            self.register.hear(block)
        while self.register and channel.use is Use.SOUND and channel.ready & Ready.WRITE:
            channel.write(self.register.say())

    def _recognise(self) -> None:
        bits = self.channel.rx_bits
        if bits != self._far:
            self._far = bits
            self._line_signal(bits)

    def _line_signal(self, bits: int) -> None:
        match self.phase:
            case Phase.IDLE | Phase.BLOCKED:
                self._while_idle(bits)
            case Phase.OUT_SEIZED if bits == ACKNOWLEDGED:
                self._registers_out()
            case Phase.OUT_RINGING if bits == ANSWERED:
                self._talk(Phase.OUT_TALKING)
                if self.planned and self.planned.hang_up_ms is not None:
                    self._wait(self.planned.hang_up_ms, self.hang_up)
            case Phase.OUT_TALKING if bits == CLEAR_BACK:
                self.note("clear_back")
                self._clear_forward()
            case Phase.OUT_CLEARING if bits == IDLE:
                self._over()
            case Phase.IN_REGISTERS | Phase.IN_RINGING | Phase.IN_TALKING | Phase.IN_REFUSED | Phase.IN_CLEARED:
                if bits == IDLE:
                    self.note("clear_forward")
                    self.channel.send_bits(IDLE)
                    self._over()

    def _while_idle(self, bits: int) -> None:
        if bits == SEIZED and self.phase is Phase.IDLE:
            self._seized()
        elif bits == BLOCKED and self.phase is Phase.IDLE:
            self.phase = Phase.BLOCKED
            self.note("blocked", on=True)
        elif bits == IDLE and self.phase is Phase.BLOCKED:
            self.phase = Phase.IDLE
            self.note("blocked", on=False)

    # -- calls of ours ----------------------------------------------------------------------------------------------
    def _not_acknowledged(self) -> None:
        self.note("not_acknowledged")
        self.cause = EXPIRED
        self._clear_forward()

    def _registers_out(self) -> None:
        plan, planned = self.peer.plan, self.planned
        if planned:
            self._wait(None)
            self.phase = Phase.OUT_REGISTERS
            self.note("acknowledged")
            self.channel.open_sound(2)
            caller = planned.caller
            register = OutgoingRegister(self.sim, self._sent, planned.called, caller, plan.ka, plan.kd)
            self.register = register

    def _sent(self) -> None:
        register = self.register
        if not isinstance(register, OutgoingRegister):
            return
        self._note_registers()
        if register.failed or register.kb not in FREE:
            self.cause = EXPIRED if register.failed else register.cause or cause_of(register.kb, register.kd)
            self.note("refused", kb=register.kb, cause=self.cause)
            self._clear_forward()
            return
        self.phase = Phase.OUT_RINGING
        self.register = None
        self._listen()
        self._wait(ANSWER_MS, self._no_answer)
        if self._far == ANSWERED:  # line signals are at once here, the end of the last tone is not
            self._line_signal(self._far)

    def _no_answer(self) -> None:
        self.cause = NO_ANSWER
        self._clear_forward()

    def _clear_forward(self) -> None:
        self._quiet()
        self.phase = Phase.OUT_CLEARING
        self.channel.send_bits(IDLE)
        if self._far == IDLE:
            self._over()
        else:
            self._wait(RELEASE_MS, self._release_guard)

    def _release_guard(self) -> None:
        self.note("no_release_guard")

    # -- calls to us ------------------------------------------------------------------------------------------------
    def _seized(self) -> None:
        plan = self.peer.plan
        self.answered, self.cause = False, NORMAL
        self.phase = Phase.IN_REGISTERS
        self.note("seized")
        self.channel.send_bits(ACKNOWLEDGED)
        self.channel.open_sound(2)
        self.register = IncomingRegister(self.sim, self._received, plan.digits, plan.register_gap_ms, self._kb)

    def _kb(self, register: IncomingRegister) -> int:
        refuse = self.peer.plan.refuse
        return kb_of(refuse, register.kd) if refuse else 1

    def _received(self) -> None:
        register = self.register
        if not isinstance(register, IncomingRegister):
            return
        self._note_registers()
        self.register = None
        if register.failed or register.kb not in FREE:
            self.cause = self.peer.plan.refuse if register.kb else EXPIRED
            self.phase = Phase.IN_REFUSED
            self.channel.close()
            return
        self.note("call_in", called=register.called, caller=register.caller, ka=register.ka, kd=register.kd)
        self.phase = Phase.IN_RINGING
        self._listen()
        if self.peer.plan.answer_ms is not None:
            self._wait(self.peer.plan.answer_ms, self._answer)

    def _answer(self) -> None:
        self.channel.send_bits(ANSWERED)
        self._talk(Phase.IN_TALKING)
        if self.peer.plan.talk_ms is not None:
            self._wait(self.peer.plan.talk_ms, self.hang_up)

    # -- both -------------------------------------------------------------------------------------------------------
    def _note_registers(self) -> None:
        register = self.register
        if register:
            pulses = register.pulses if isinstance(register, IncomingRegister) else []
            self.note("registers", signals=register.log, pulses=pulses, failed=register.failed)

    def _listen(self) -> None:
        self.voice = Voice(self.channel, self.peer.plan.party, lambda what, fields: self.note(what, **fields))

    def _talk(self, phase: Phase) -> None:
        self._wait(None)
        self.phase = phase
        self.answered = True
        self.note("connected")
        if self.voice:
            self.voice.speaking = True

    def _quiet(self) -> None:
        self._wait(None)
        if self.register:
            self.register.stop()
            self.register = None
        self.voice = None
        self.channel.close()

    def _over(self) -> None:
        self._quiet()
        self.note("over", cause=self.cause, answered=self.answered)
        ours, planned, failed = self.phase.value.startswith("out"), self.planned, self.cause == EXPIRED
        self._to_idle()
        if ours and planned and failed and not self.answered:
            self.peer.again(planned, self.channel.slot)

    def _to_idle(self) -> None:
        self.phase = Phase.IDLE
        self.planned = None
        self._while_idle(self._far)

    def _wait(self, ms: float | None, callback: object = None) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if ms is not None and callable(callback):
            self._timer = self.sim.later(ms, callback)


def cause_of(kb: int, kd: int) -> int:
    """What a refusing KB means for our caller, by the kind of call (facts 4.2)."""
    if kb == 5:
        return UNALLOCATED
    return CONGESTION if kb == 4 and kd not in LOCAL_KD else BUSY


def kb_of(cause: int, kd: int) -> int:
    """The KB for a refusal, by the kind of call that the far end's KD gave."""
    if cause == UNALLOCATED:
        return 5
    if cause != BUSY:
        return 4
    return 4 if kd in LOCAL_KD else 2
