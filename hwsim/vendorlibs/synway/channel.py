"""What every channel has: state with its event, pending reason, numbers, media parts, and its engine leg.

Channels live as long as the started library; the lines they sit on live longer. Subclasses add the state machines of
fact sheet section 10: `fxo`, `fxs`, `tap`, `digital`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from hwsim.core.events import Event as EngineEvent
from hwsim.kernel.sim import Timer
from hwsim.vendorlibs.synway.activity import VoiceActivity
from hwsim.vendorlibs.synway.cards import BoardChannel
from hwsim.vendorlibs.synway.codes import ChState, ChType, Dial, Event, Pend
from hwsim.vendorlibs.synway.dtmf import DigitReceiver, DigitSender
from hwsim.vendorlibs.synway.memory import BlockPlay, BlockRecord, FileList, MemoryPlay, MemoryRecord
from hwsim.vendorlibs.synway.play import Player
from hwsim.vendorlibs.synway.record import Recorder
from hwsim.vendorlibs.synway.tones import AnalyserPort, ToneSender

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.driver import Driver

EventParam = tuple[int, int]
ACTIVE_STATES = frozenset({ChState.S_CALL_TALKING, ChState.S_CALL_PICKUPED, ChState.S_CALL_WAIT_REMOTE_PICKUP})


class Channel:
    """One application channel. `leg` is the engine leg of the card side, 0 on an empty socket."""

    def __init__(self, driver: Driver, number: int, board: int, hardware: BoardChannel, leg: int) -> None:
        self.driver = driver
        self.sim = driver.sim
        self.number = number
        self.board = board
        self.hardware = hardware
        self.leg = leg
        self.state = ChState.S_CALL_STANDBY
        self.entered_us = self.sim.now_us
        self.pending: Pend | None = None
        self.dial = Dial.STANDBY
        self.dial_failure = 0
        self.outgoing = False
        self.caller_id = ""
        self.caller_name = ""
        self.cid_ex = b""
        self.called = ""
        self.first_called = ""
        self.tx_caller_id = ""
        self.direction = 2
        self.flags: dict[int, int] = {}
        self.unplugged = False
        self.timers: dict[str, Timer] = {}
        self.player = Player(self)
        self.recorder = Recorder(self)
        self.digits = DigitReceiver(self)
        self.sender = DigitSender(self)
        self.tone = ToneSender(self)
        self.analyser = AnalyserPort(self)
        self.voice = VoiceActivity(self)
        self.file_list = FileList()
        self.memory_play: MemoryPlay | None = None
        self.memory_record: MemoryRecord | None = None
        self.block_play: BlockPlay | None = None
        self.block_record: BlockRecord | None = None
        if leg:
            self.sim.on_engine(leg, self._on_engine)

    # -- facts --------------------------------------------------------------------------------------------------------
    @property
    def kind(self) -> ChType:
        """The channel's type."""
        return self.hardware.kind

    @property
    def idle(self) -> bool:
        """Whether the channel may be reserved or dialled on."""
        return self.state is ChState.S_CALL_STANDBY

    def keep_ms(self) -> int:
        """Milliseconds in the present state."""
        return (self.sim.now_us - self.entered_us) // 1000

    # -- state and events ---------------------------------------------------------------------------------------------
    def post(self, code: Event, param: int = 0, data: bytes = b"") -> None:
        """An event with this channel as its reference."""
        self.driver.hub.post(code, self.number, param, data)

    def enter(self, state: ChState, pending: Pend | None = None, dependent: tuple[EventParam, ...] = ()) -> None:
        """Change state and raise E_CHG_ChState, with `dependent` events before or after it by personality."""
        old = self.state
        self.pending = pending
        if old is not state:
            self.state = state
            self.entered_us = self.sim.now_us
            self.sim.truth.note("ch_state", channel=self.number, old=int(old), new=int(state))
        before, after = self._split(dependent)
        for code, param in before:
            self.post(Event(code), param)
        if old is not state:
            self.post(Event.E_CHG_CH_STATE, int(old) << 16 | int(state))
        for code, param in after:
            self.post(Event(code), param)
        if old is not state:
            self.on_entered(old)

    def _split(self, dependent: tuple[EventParam, ...]) -> tuple[list[EventParam], list[EventParam]]:
        persona = self.driver.personality
        before: list[EventParam] = []
        after: list[EventParam] = []
        for item in dependent:
            first = persona.dial_event_first if item[0] == Event.E_PROC_AUTO_DIAL else persona.dependent_events_first
            (before if first else after).append(item)
        return before, after

    def enter_dial(self, state: ChState, dial: Dial, pending: Pend | None = None, failure: int = 0) -> None:
        """Change state together with the dial progress, and raise E_PROC_AutoDial."""
        self.dial = dial
        if failure:
            self.dial_failure = failure
        self.enter(state, pending, ((Event.E_PROC_AUTO_DIAL, int(dial)),))

    def on_entered(self, old: ChState) -> None:
        """Bookkeeping after each transition: voice activity and remote hang-up rules."""
        if self.leg:
            self.voice.watch(self.state not in (ChState.S_CALL_STANDBY, ChState.S_CALL_UNAVAILABLE))
        if self.state is ChState.S_CALL_PENDING and self.pending != Pend.WAIT_BCK_STP_MSG:
            self.player.on_remote_hangup()
            self.recorder.on_remote_hangup()
            self.digits.on_remote_hangup()

    def after(self, name: str, delay_ms: float, callback: Callable[..., None], *args: object) -> None:
        """(Re)start the channel's timer `name`, on the next driver tick at the earliest."""
        self.stop_timer(name)
        self.timers[name] = self.sim.later(delay_ms, callback, *args)

    def stop_timer(self, *names: str) -> None:
        """Cancel timers by name; none given: all."""
        for name in names or tuple(self.timers):
            timer = self.timers.pop(name, None)
            if timer:
                timer.cancel()

    def forget_numbers(self) -> None:
        """Clear what the call was about (driver's own clearing on hang-up)."""
        self.called = self.first_called = ""
        if self.driver.setting("AutoClearCallerIdBufOnHangup", int(self.driver.personality.ring_cid_clears)):
            self.caller_id = self.caller_name = ""
            self.cid_ex = b""

    # -- sound --------------------------------------------------------------------------------------------------------
    def _on_engine(self, event: EngineEvent) -> None:
        if self.unplugged:
            return
        for part in (self.player, self.recorder, self.sender, self.tone, self.digits, self.voice, self.analyser):
            part.on_engine(event)

    def speaking(self) -> str:
        """What occupies the channel's voice towards the line: "play", "dtmf", "tone" or nothing."""
        if self.player.active:
            return "play"
        if self.sender.active:
            return "dtmf"
        return "tone" if self.tone.active and not self.tone.automatic else ""

    def silence(self) -> None:
        """Stop sending whatever is sent, without events."""
        self.player.drop()
        self.sender.drop()
        self.tone.stop()

    def on_digit(self, digit: str) -> None:
        """A digit was heard (after it is in the buffer)."""
        self.player.on_digit(digit)
        self.recorder.on_digit(digit)

    def on_voice(self, on: bool) -> None:
        """Voice began or stopped on the line."""
        if on:
            self.player.on_barge_in()

    # -- what the application does (refused unless a subclass can) -----------------------------------------------------
    def can_hang_up(self) -> bool:
        """Whether SsmHangup means anything here."""
        return self.kind.trunk

    def pickup(self) -> bool:
        """SsmPickup; False is a refusal."""
        return False

    def hangup(self, cause: int = 16) -> bool:
        """SsmHangup with a Q.850 cause; False is a refusal."""
        return False

    def auto_dial(self, number: str) -> bool:
        """SsmAutoDial; False is a refusal."""
        return False

    def append_number(self, digits: str) -> bool:
        """SsmAppendPhoNum; False is a refusal."""
        return False

    # -- life ---------------------------------------------------------------------------------------------------------
    def begin(self) -> None:
        """The library has started: take the line into its initial state."""

    def unplug(self, gone: bool) -> None:
        """The card was pulled out (True) or put back."""
        self.unplugged = gone
        if gone:
            self.stop_timer()
            self.silence()
            self.recorder.drop()
            self.enter(ChState.S_CALL_DISCONNECT if not self.kind.digital else ChState.S_CALL_UNAVAILABLE)
        else:
            self.begin()

    def end(self, keep_line: bool) -> None:
        """The library is gone: sound stops, the line keeps its condition if `keep_line`."""
        self.stop_timer()
        self.silence()
        self.recorder.drop()
        self.digits.close()
        self.voice.watch(False)
        self.analyser.close()
        self.file_list.clear()
        if self.leg:
            self.sim.engine.unlink_all(self.leg)
            self.sim.off_engine(self.leg, self._on_engine)
