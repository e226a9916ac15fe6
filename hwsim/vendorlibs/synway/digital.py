"""Digital trunk: one circuit of an E1 span whose signalling the card's firmware does (sections 10.4 and 10.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from hwsim.line.digital import Circuit, Setup
from hwsim.vendorlibs.synway.cards import BoardChannel
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import (
    IDLE_STATES,
    Block,
    ChState,
    ChType,
    Dial,
    DialFailure,
    Event,
    Pend,
)
from hwsim.vendorlibs.synway.protocols import ACCEPTING_KB, CAUSE_OF_KB, PROTOCOLS

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.driver import Driver

_NUMBER = re.compile(r"^[0-9*#A-F]{1,30}$")
_APPEND = re.compile(r"^[0-9*#A-F]{1,20}$")
CAUSE_NORMAL, CAUSE_TEMPORARY, CAUSE_CHANNEL, CAUSE_TIMER, CAUSE_NO_ANSWER = 16, 41, 44, 102, 19
TAKES_CALLS = frozenset(
    {
        ChState.S_CALL_STANDBY,
        ChState.S_CALL_LOCKED,
        ChState.S_CALL_LOCAL_BLOCK,
        ChState.S_CALL_REMOTE_BLOCK,
        ChState.ISUP_REMOTELY_BLOCKED,
    }
)
"""States in which the far end may seize the circuit; state 123 keeps it away (section 10.5)."""
LOCAL_APP, REMOTE_BLO, SPAN_APP = 0x01, 0x02, 0x20
ANSWER_S = 60


class DigitalChannel(Channel):
    """Types 4, 6, 7, 8 and 11. `far_released`: the far end needs no more than our confirmation, if anything."""

    def __init__(self, driver: Driver, number: int, board: int, hardware: BoardChannel, circuit: Circuit) -> None:
        super().__init__(driver, number, board, hardware, circuit.card_leg)
        self.circuit = circuit
        self.protocol = PROTOCOLS[self.kind]
        self.auto_kb = driver.personality.auto_kb
        self.kb = 0
        self.block_bits = 0
        self.remote_block = Block.UNBLOCKED
        self.release_cause = 0
        self.answer_s = 0
        self.hangup_cause = CAUSE_NORMAL
        self.far_released = False
        self.synchronised = False
        self._setup_sent = False
        self._complete = False
        self._confirmed = False
        self._early: Setup | None = None
        self._freed_us = -(10**12)

    # -- life and readiness -------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """Library start: the circuit is not ready until the span is in sync and the circuit has been reset."""
        self.circuit.card = self
        self.synchronised = self._confirmed = False
        self._early = None
        self.digits.enable_default()
        self.enter(self.protocol.not_ready)

    def end(self, keep_line: bool) -> None:
        """Library gone: a seized circuit stays seized, or is released."""
        super().end(keep_line)
        in_call = self.state not in IDLE_STATES
        self.circuit.card = None
        if not keep_line and in_call and self.circuit.busy:
            self._tell("release", cause=CAUSE_TEMPORARY)

    def span_ready(self, delay_ms: float) -> None:
        """The span has sync: reset the circuit and become idle after `delay_ms`."""
        self.synchronised = True
        if self.state in (ChState.S_CALL_UNAVAILABLE, self.protocol.not_ready):
            self.enter(self.protocol.not_ready)
            self.after("ready", delay_ms, self._ready)

    def _ready(self) -> None:
        if self.circuit.busy:
            self._tell("release", cause=CAUSE_TEMPORARY)
        self._rest()

    def span_lost(self) -> None:
        """The span lost sync: idle circuits become unavailable, calls become pending (reason 16)."""
        self.synchronised = False
        if self.unplugged:
            return
        self.stop_timer("ready", "locked")
        if self.state in IDLE_STATES or self.state in (self.protocol.clearing, ChState.S_CALL_PICKUPED):
            self.stop_timer()
            self.enter(ChState.S_CALL_UNAVAILABLE)
            return
        self._call_lost(Pend.PCM_SYNC_LOST, DialFailure.PCM_SYNC_LOST)

    def reset_circuit(self) -> None:
        """The far end reset the circuit: a call becomes pending (reason 15), an idle circuit passes its reset state."""
        if self.state in IDLE_STATES:
            if self.synchronised:
                self.enter(self.protocol.not_ready)
                self.after("ready", self.driver.personality.step_ms * 10, self._ready)
            return
        self.far_released = True
        self._call_lost(Pend.CIRCUIT_RESET, DialFailure.CIRCUIT_RESET)
        self._tell("release", cause=CAUSE_TEMPORARY)

    def _call_lost(self, pending: Pend, failure: DialFailure) -> None:
        dialling = self.dialling
        self.stop_timer()
        if dialling:
            self.enter_dial(ChState.S_CALL_PENDING, Dial.FAILURE, pending, failure)
        else:
            self.enter(ChState.S_CALL_PENDING, pending)

    @property
    def dialling(self) -> bool:
        """Whether an outgoing call is under way and not answered."""
        states = (*self.protocol.outgoing, self.protocol.proceeding, ChState.S_CALL_WAIT_REMOTE_PICKUP)
        return self.outgoing and self.state in states

    def _rest(self) -> None:
        """Go to the state of a circuit without a call."""
        self.outgoing = self.far_released = self._setup_sent = False
        self._freed_us = self.sim.now_us
        self.hangup_cause = CAUSE_NORMAL
        self.kb = 0
        if self.dial is not Dial.STANDBY:
            self.dial = Dial.STANDBY
        if not self.synchronised:
            self.enter(ChState.S_CALL_UNAVAILABLE)
        elif self.block_bits & REMOTE_BLO:
            self.enter(self.protocol.remote_block)
        elif self.block_bits:
            self.enter(self.protocol.local_block)
        else:
            self.enter(ChState.S_CALL_STANDBY)

    def _tell(self, message: str, **fields: object) -> None:
        """Send a message to the network end, as far as the span carries it."""
        self.circuit.note("card", message, **fields)
        net = self.circuit.net
        if net is None or not (self.synchronised or message == "release"):
            return
        if message == "release":
            cause = fields["cause"]
            net.on_release(cause if isinstance(cause, int) else CAUSE_NORMAL)
        else:
            {
                "proceeding": net.on_proceeding,
                "alerting": net.on_alerting,
                "connect": net.on_connect,
                "released": net.on_released,
            }[message]()

    def _walk(self, states: tuple[ChState, ...], then: Callable[[], None]) -> None:
        """Pass through states, each for its time, then go on."""
        if not states:
            then()
            return
        self.enter(states[0])
        self.after("walk", self._step_ms(states[0]), self._walk, states[1:], then)

    def _step_ms(self, state: ChState) -> int:
        per_digit = self.driver.personality.mfc_digit_ms
        if state is ChState.SS1_OUT_TX_PHONUM:
            return per_digit * len(self.called)
        if state is ChState.SS1_IN_RCV_CALLERID:
            return per_digit * max(1, len(self.caller_id))
        if state is ChState.SS1_OUT_TX_CALLERID:
            return per_digit * max(1, len(self.tx_caller_id))
        return self.driver.personality.step_ms

    # -- incoming -----------------------------------------------------------------------------------------------------
    def on_setup(self, setup: Setup) -> None:
        """Seizure with a number. A circuit that cannot take it answers with cause 44."""
        if self.state is self.protocol.clearing and self._confirmed and self.synchronised:
            self._early = setup  # the circuit is free on the line already; the driver comes to it when it has tidied up
            return
        if self.dialling and self.driver.personality.glare_incoming_wins:
            self._lose_to_incoming()
        accepts = self.synchronised and not self.unplugged and self.state in TAKES_CALLS
        if not accepts or self.remote_block is Block.BLOCKED:
            self._tell("release", cause=CAUSE_CHANNEL)
            return
        self.stop_timer()
        self.outgoing = self.far_released = False
        self.kb = self.release_cause = 0
        self.called = self.first_called = ""
        self.caller_id = "" if setup.restricted else setup.caller
        self.caller_name = setup.caller_name
        self.first_called = setup.original_called
        self._complete = setup.complete
        self.called = setup.called
        self._walk(self.protocol.begin, self._collect)

    def _lose_to_incoming(self) -> None:
        self.stop_timer()
        self.dial, self.dial_failure = Dial.FAILURE, DialFailure.DUAL_SEIZURE
        self.post(Event.E_PROC_AUTO_DIAL, Dial.FAILURE)
        self._rest()

    def _collect(self) -> None:
        self.enter(self.protocol.collecting)
        self._count_digits()

    def on_digits(self, digits: str) -> None:
        """More digits of the called number."""
        if self._early:
            self._early = replace(self._early, called=self._early.called + digits)
        elif self.state in (*self.protocol.begin, self.protocol.collecting):
            self.called += digits
            if self.state is self.protocol.collecting:
                self._count_digits()

    def _count_digits(self) -> None:
        self.post(Event.E_CHG_RX_PHO_NUM_BUF, len(self.called))
        wait_ms = self._step_ms(self.state)
        if self.kind is ChType.SS1:
            wait_ms = self.driver.personality.mfc_digit_ms * max(1, len(self.called))
        elif not (self._complete or len(self.called) >= self.driver.number_length(self.protocol, self.called)):
            wait_ms = self.driver.personality.overlap_ms
        self.after("walk", wait_ms, self._number_complete)

    def _number_complete(self) -> None:
        skipped = () if self.driver.personality.hold_ss1_kd else (ChState.SS1_IN_RCV_KD, ChState.SS1_IN_WAIT_KD_STOP)
        self._walk(tuple(s for s in self.protocol.incoming if s not in skipped), self._offer)

    def _offer(self) -> None:
        self._tell("proceeding")
        if self.auto_kb:
            self._accept(1)
            return
        self.enter(ChState.S_CALL_PENDING, Pend.WAIT_BCK_STP_MSG)
        deadline_ms = self.driver.kb_deadline_ms(self.protocol)
        self.after("kb", deadline_ms, self._kb_late)

    def set_kb(self, value: int) -> bool:
        """Accept or reject a call that waits for it; False when none does or the value is out of range."""
        waiting = self.state is ChState.S_CALL_PENDING and self.pending is Pend.WAIT_BCK_STP_MSG
        if not waiting or (value not in ACCEPTING_KB and value not in CAUSE_OF_KB):
            return False
        self.stop_timer("kb")
        if value in ACCEPTING_KB:
            self._accept(value)
        else:
            self.kb = value
            self._clear(CAUSE_OF_KB[value])
        return True

    def _accept(self, value: int) -> None:
        self.kb = value
        self.enter(ChState.S_CALL_RINGING)
        self._tell("alerting")

    def _kb_late(self) -> None:
        """Nobody decided in time: SS1 sends KB5 and waits for the release, the others release."""
        if self.kind is ChType.SS1:
            self.kb = 5
            self.pending = Pend.SS1_IN_KB5_SENT
            self.far_released = True
            self._tell("release", cause=CAUSE_OF_KB[5])
            self.after("kb5", self.driver.personality.step_ms * 4, self._clear_confirmed)
            return
        self._clear(CAUSE_TIMER)

    # -- outgoing -----------------------------------------------------------------------------------------------------
    def auto_dial(self, number: str) -> bool:
        """Seize and send the number; False when the channel cannot or the number is bad."""
        usable = (ChState.S_CALL_STANDBY, ChState.S_CALL_PICKUPED, ChState.S_CALL_LOCKED, ChState.S_CALL_REMOTE_BLOCK)
        guard_us = self.driver.personality.retry_dial_ms * 1000
        if not _NUMBER.match(number) or self.state not in usable or self.state is ChState.S_CALL_REMOTE_BLOCK:
            return False
        if self.direction == 0 or self.circuit.busy or self.sim.now_us - self._freed_us < guard_us:
            return False
        self.stop_timer()
        self.outgoing, self.far_released, self._setup_sent = True, False, False
        self.called, self.dial_failure, self.release_cause = number, 0, 0
        self.enter_dial(self.protocol.outgoing[0], Dial.DIALING)
        self._walk(self.protocol.outgoing[:-1], self._send_setup)
        return True

    def _send_setup(self) -> None:
        if self.driver.faults.take_collision(self.number):
            self.far_released = True
            self._dial_failed(DialFailure.DUAL_SEIZURE, CAUSE_CHANNEL)
            return
        self.enter(self.protocol.outgoing[-1])
        self.after("answer", self.driver.answer_ms(self.protocol, self.answer_s), self._no_answer)
        self._setup_sent = True
        self.circuit.note("card", "setup", called=self.called, caller=self.tx_caller_id)
        if self.circuit.net and self.synchronised:
            self.circuit.net.on_setup(Setup(self.called, self.tx_caller_id))

    def append_number(self, digits: str) -> bool:
        """More digits of an outgoing call before the far end has alerted."""
        if not self.dialling or self.state is ChState.S_CALL_WAIT_REMOTE_PICKUP or not _APPEND.match(digits):
            return False
        self.called += digits
        if self._setup_sent and self.circuit.net:
            self.circuit.note("card", "digits", digits=digits)
            self.circuit.net.on_digits(digits)
        return True

    def on_proceeding(self) -> None:
        """The far end has the number."""
        if self.dialling and self.state is not ChState.S_CALL_WAIT_REMOTE_PICKUP:
            self.enter(self.protocol.proceeding)

    def on_progress(self) -> None:
        """In-band sound (ISDN reports it)."""
        if self.dialling and self.kind.isdn:
            self.dial = Dial.ISDN_PROGRESS
            self.post(Event.E_PROC_AUTO_DIAL, Dial.ISDN_PROGRESS)

    def on_alerting(self) -> None:
        """The far telephone rings."""
        if self.dialling and self.state is not ChState.S_CALL_WAIT_REMOTE_PICKUP:
            self.enter_dial(ChState.S_CALL_WAIT_REMOTE_PICKUP, Dial.ECHOTONE)

    def on_connect(self) -> None:
        """The far end answered."""
        if self.dialling:
            self.stop_timer("answer")
            self.enter_dial(ChState.S_CALL_TALKING, Dial.VOICE)

    def _no_answer(self) -> None:
        """Answer timeout: the driver releases; the channel stays pending until the application hangs up."""
        self.far_released = True
        self.dial_failure = DialFailure.ANSWER_TIMEOUT
        ss1 = self.kind is ChType.SS1 and self.driver.personality.specific_pending
        self.enter_dial(ChState.S_CALL_PENDING, Dial.NOANSWER, Pend.SS1_OUT_NO_ANSWER if ss1 else Pend.AUTODIAL_FAILED)
        self._tell("release", cause=CAUSE_NO_ANSWER)

    def _dial_failed(self, failure: int, cause: int) -> None:
        self.stop_timer("answer", "walk")
        pending = Pend.AUTODIAL_FAILED
        if self.driver.personality.specific_pending:
            pending = self.protocol.pendings.get(cause, pending)
        dial = Dial.INVALID_PHONUM if self.kind.isdn and cause == 1 else Dial.FAILURE
        self.enter_dial(ChState.S_CALL_PENDING, dial, pending, failure)

    # -- both ---------------------------------------------------------------------------------------------------------
    def pickup(self) -> bool:
        """Answer a ringing call; an idle circuit goes to 1 in some drivers."""
        if self.state is ChState.S_CALL_RINGING:
            if self.kind.isdn:
                self.enter(ChState.ISDN_IN_WAIT_TALK)
            self.enter(ChState.S_CALL_TALKING)
            self._tell("connect")
            return True
        if self.state is ChState.S_CALL_STANDBY and self.driver.personality.pickup_idle_digital:
            self.enter(ChState.S_CALL_PICKUPED)
            return True
        return False

    def on_release(self, cause: int) -> None:
        """The far end released."""
        if self.unplugged or not self.synchronised or self.driver.faults.take_lost_hangup(self.number):
            return
        self.release_cause = cause
        self._early = None
        if self.state in IDLE_STATES or self.state is self.protocol.clearing:
            self._tell("released")
            return
        if self.state is ChState.S_CALL_PENDING and self.pending is not Pend.WAIT_BCK_STP_MSG:
            self.far_released = True
            return
        self.far_released = True
        self.stop_timer("kb", "walk")
        if self.dialling:
            self._dial_failed(self.protocol.dial_failure(cause), cause)
        elif self.state is ChState.S_CALL_TALKING:
            self.enter(ChState.S_CALL_PENDING, self._talk_ended())
        elif self.state is ChState.S_CALL_RINGING and self.driver.cancel_is_pending(self.protocol):
            self.enter(ChState.S_CALL_PENDING, Pend.REMOTE_CANCEL)
        else:
            self._clear_confirmed()

    def _talk_ended(self) -> Pend:
        reason = self.driver.personality.isdn_release_reason
        if self.kind.isdn and reason != Pend.REMOTE_HANGUP_IN_TALKING:
            return Pend(reason)
        return Pend.CALLEE_HANGUP if self.outgoing else Pend.REMOTE_HANGUP_IN_TALKING

    def hangup(self, cause: int = CAUSE_NORMAL) -> bool:
        """Release in any state; idle after the protocol's clearing."""
        if self.state in (ChState.S_CALL_LOCKED, ChState.S_CALL_PICKUPED):
            self.stop_timer()
            self._rest()
        if self.state in IDLE_STATES or self.state is self.protocol.clearing or self.unplugged:
            return True
        if self.far_released:
            self._clear_confirmed()
        elif self.dialling and not self._setup_sent:
            self.far_released = True
            self.dial_failure = DialFailure.CANCELLED
            self._clear_confirmed()
        else:
            self._clear(cause)
        return True

    def _clear(self, cause: int) -> None:
        """Release from our side; the far end's confirmation ends it."""
        self._leave_call()
        if not self.synchronised:
            self._idle_again()
            return
        self.after("clearing", self.driver.personality.clearing_ms, self._idle_again)
        self._tell("release", cause=cause)

    def _clear_confirmed(self) -> None:
        """The far end has released already: confirm."""
        self._leave_call()
        self._confirmed = True
        self._tell("released")
        self.after("clearing", self.driver.personality.step_ms, self._idle_again)

    def _leave_call(self) -> None:
        self._confirmed = False
        self.stop_timer()
        self.silence()
        self.enter(self.protocol.clearing)

    def on_released(self) -> None:
        """The far end confirmed."""
        if self.state is self.protocol.clearing:
            self._confirmed = True
            self.after("clearing", self.driver.personality.step_ms, self._idle_again)

    def _idle_again(self) -> None:
        self.stop_timer("clearing")
        self.forget_numbers()
        self.driver.on_cleared(self)
        self._rest()
        early, self._early = self._early, None
        if early:
            self.on_setup(early)

    # -- reserving and blocking ---------------------------------------------------------------------------------------
    def lock(self) -> None:
        """Reserved by SsmSearchIdleCallOutCh; the driver frees it after its time."""
        self.enter(ChState.S_CALL_LOCKED)
        self.after("locked", self.driver.personality.locked_ms, self._unlock)

    def _unlock(self) -> None:
        if self.state is ChState.S_CALL_LOCKED:
            self._rest()

    def block(self, bit: int, on: bool) -> None:
        """Set or clear a local block bit; a call is not touched, the state follows when it is over."""
        self.block_bits = self.block_bits | bit if on else self.block_bits & ~bit
        if self.state in (ChState.S_CALL_STANDBY, self.protocol.local_block, self.protocol.remote_block):
            self._rest()

    def block_remote(self, on: bool) -> None:
        """SsmBlockRemoteCh, SsmUnblockRemoteCh: the far end acknowledges."""
        self.remote_block = Block.WAIT_BLOCK_ACK if on else Block.WAIT_UNBLOCK_ACK
        self.post(Event.E_CHG_REMOTE_CH_BLOCK, self.remote_block)
        self.after("block_ack", self.driver.personality.step_ms * 4, self._block_acknowledged, on)

    def _block_acknowledged(self, on: bool) -> None:
        self.remote_block = Block.BLOCKED if on else Block.UNBLOCKED
        self.post(Event.E_CHG_REMOTE_CH_BLOCK, self.remote_block)
