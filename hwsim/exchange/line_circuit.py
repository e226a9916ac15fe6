"""The exchange's line circuit (用户电路): the office end of an analogue line that leads to an FXO port."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from boardd.contract.causes import Cause
from hwsim.core.events import NONE_MB, Event, Kind
from hwsim.exchange.announcer import Announcer, announcement_of
from hwsim.exchange.call import Call
from hwsim.exchange.loop_reader import LoopReader
from hwsim.exchange.numbering import Analysis, NumberForm
from hwsim.exchange.party import Party, TonePlayer
from hwsim.exchange.release import FIRST, Holding
from hwsim.exchange.ringer import Ringer, RingOptions
from hwsim.exchange.tones import ToneKind, TonePlan, tone_of_cause
from hwsim.line.analog import AnalogLine, Pair
from hwsim.line.caller_id import CallerId
from hwsim.line.feed import EXCHANGE, Feed

if TYPE_CHECKING:
    from hwsim.exchange.exchange import Exchange

MIN_DIGIT_MB = -2600
"""Both tones together: an exchange must take digits of -23 dBm0 a tone and must not take -31 dBm0 (facts 2)."""
SAMPLES_PER_MS = 8


@dataclass(frozen=True, slots=True)
class LineSound:
    """What a line does to sound, at the set end: loss each way, noise, and the echo of a hybrid that does not match."""

    loss_db: float = 0.0
    """Negative is gain."""
    noise_dbm0: float | None = None
    echo_db: float | None = None
    """How much weaker the set hears itself."""
    echo_ms: float = 4.0


@dataclass(frozen=True, slots=True)
class LineOptions:
    """How the carrier has set up one analogue line."""

    number: str = ""
    """The line's own number: callers reach it directly, called parties see it."""
    ring: RingOptions = field(default_factory=RingOptions)
    reversal: bool = False
    """Reverse the feed when the called party answers, and back when it clears (facts 1.4)."""
    dial_tone_delay_ms: float = 300.0
    dial_tone: bool = True
    """False: the fault "no dial tone"; digits are still taken."""
    on_hook_ms: float = 500.0
    """How long the loop must be open to be on-hook."""
    clear_delay_ms: float = 0.0
    """From the called party's on-hook until this calling line hears busy tone (facts 1.4: up to 90 s); a called line
    hears it at once."""
    busy_tone: bool = True
    """False: silence instead of busy tone when the far party has cleared."""
    calls_end: Holding = FIRST
    """How calls to this line end, and whether it may lift again after on-hook and still has the caller."""
    tones: TonePlan | None = None
    """Tones of the access box this line hangs on, when they differ from the exchange's."""
    feed: Feed = EXCHANGE
    sound: LineSound = LineSound()
    caller_form: NumberForm = NumberForm.SHORTEST
    """In which form callers' numbers are shown."""
    seizure_reversal_ms: float = 0.0
    """Some exchanges reverse the feed for a moment when the line is seized or begins to ring (facts 1.4)."""


class LineState(StrEnum):
    """The exchange's view of the line."""

    IDLE = "idle"
    WAIT_DIAL_TONE = "wait_dial_tone"
    COLLECTING = "collecting"
    CALLING = "calling"
    RINGING = "ringing"
    TALKING = "talking"
    HELD = "held"
    """On-hook, and the call is still there (`Holding`)."""
    CLEARED = "cleared"
    LOCKED_OUT = "locked_out"


class LineCircuit(Party):
    """The exchange behind one pair; it is the `office` end of its AnalogLine."""

    def __init__(self, exchange: Exchange, line: AnalogLine, options: LineOptions) -> None:
        super().__init__(exchange.sim, line.name, line.set_leg)
        self.exchange = exchange
        self.line = line
        self.options = options
        self.state = LineState.IDLE
        self.tones = TonePlayer(exchange.sim, line.name, line.office_leg, options.tones or exchange.tones)
        self.announcer = Announcer(exchange.sim, line.name, line.office_leg)
        self.digits = ""
        self._calls_out = False
        self.ringer = Ringer(line, exchange.date, self._first_ring)
        self.loop = LoopReader(
            exchange.sim,
            lambda: self.options.on_hook_ms,
            off_hook=self._off_hook,
            on_hook=self._on_hook,
            flash=self._flash,
            digit=self._digit,
        )
        line.office = self
        self._fit(LineOptions())
        exchange.sim.on_engine(line.office_leg, self._sound)

    @property
    def number(self) -> str:
        """The line's own number."""
        return self.options.number

    @property
    def free(self) -> bool:
        """On-hook, fed, and no call on it. A cut pair is free: the exchange cannot tell it from an idle one."""
        return self.state is LineState.IDLE and self.line.fed and not self.loop.is_off_hook

    def configure(self, options: LineOptions) -> None:
        """Change the line's options; what has begun goes on with the old ones."""
        before, self.options = self.options, options
        self.tones.plan = options.tones or self.exchange.tones
        self._fit(before)

    def _fit(self, before: LineOptions) -> None:
        """Bring the pair into the condition of the options, as far as it is not that of `before`."""
        self.line.feed_plan = self.options.feed
        sound, engine = self.options.sound, self.sim.engine
        if sound == before.sound:
            return
        loss_mb = round(sound.loss_db * 100)
        changed = replace(
            engine.line(self.line.set_leg),
            rx_loss_mb=loss_mb,
            tx_loss_mb=loss_mb,
            noise_mb=NONE_MB if sound.noise_dbm0 is None else round(sound.noise_dbm0 * 100),
            echo_loss_mb=NONE_MB if sound.echo_db is None else round(sound.echo_db * 100),
            echo_delay=0 if sound.echo_db is None else round(sound.echo_ms * SAMPLES_PER_MS),
        )
        engine.line_set(self.line.set_leg, changed)

    # -- the line ---------------------------------------------------------------------------------------------------
    def on_loop(self, closed: bool) -> None:
        """The set closed or opened the loop."""
        if self.line.fed or not closed:
            self.loop.loop(closed and self.line.pair is Pair.GOOD)

    def power(self, on: bool) -> None:
        """Take the exchange's power away from this line, or bring it back: the call on it ends, nothing is heard."""
        if not on:
            self.ringer.stop()
            self._rest(self.call)
        self.line.feed(on)
        self.loop.reset()
        if on and self.line.current:
            self.on_loop(True)

    def _off_hook(self) -> None:
        if self.state is LineState.RINGING and self.call:
            self.ringer.stop()
            self.state = LineState.TALKING
            self.call.called_answered()
        elif self.state is LineState.HELD and self.call:
            self.state = LineState.TALKING
            self.call.lifted(self)
        elif self.state is LineState.IDLE:
            self.state = LineState.WAIT_DIAL_TONE
            self._seizure_reversal()
            self.digits = ""
            self.sim.engine.dtmf_detect(self.line.office_leg, True)
            self.timers.start("dial_tone", self.options.dial_tone_delay_ms, self._dial_tone)
            self.timers.start("no_dial", self.exchange.timers.no_dial_ms, self._give_up, Cause.NORMAL_CLEARING)

    def _on_hook(self) -> None:
        call = self.call
        if self.state is LineState.TALKING and call and call.put_down(self):
            self.state = LineState.HELD
            return
        self._rest(call)

    def _rest(self, call: Call | None) -> None:
        self.timers.cancel()
        self._stop_collecting()
        self.announcer.stop()
        self.tones.silence()
        self.line.disconnect()
        self.line.reverse(False)
        self.state = LineState.IDLE
        if call and call is self.call:
            if call.calling is self:
                call.calling_cleared()
            else:
                call.called_cleared(Cause.NORMAL_CLEARING)

    def _flash(self, duration_ms: int) -> None:
        self.sim.truth.note("flash_seen", line=self.name, duration_ms=duration_ms)

    # -- digits -----------------------------------------------------------------------------------------------------
    def _sound(self, event: Event) -> None:
        if event.kind is Kind.DTMF_ON and event.b >= MIN_DIGIT_MB:
            self._digit(event.digit)

    def _digit(self, digit: str) -> None:
        if self.state not in (LineState.WAIT_DIAL_TONE, LineState.COLLECTING):
            return
        self.state = LineState.COLLECTING
        self.tones.silence()
        self.timers.cancel("dial_tone", "no_dial")
        self.digits += digit
        self.sim.truth.note("digit_received", line=self.name, digit=digit)
        analysis = self.exchange.numbering.analyse(self.digits)
        if analysis in (Analysis.COMPLETE, Analysis.IMPOSSIBLE):
            self._digits_done()
        else:
            self.timers.start("inter_digit", self.exchange.timers.inter_digit_ms, self._inter_digit)

    def _inter_digit(self) -> None:
        if self.exchange.numbering.analyse(self.digits) is Analysis.OPEN:
            self._digits_done()
        else:
            self._give_up(Cause.INVALID_NUMBER_FORMAT)

    def _digits_done(self) -> None:
        self._stop_collecting()
        self._calls_out = True
        self.state = LineState.CALLING
        self.exchange.originate(self, self.digits, self.number)

    def _dial_tone(self) -> None:
        self.state = LineState.COLLECTING
        if self.options.dial_tone:
            self.tones.play(ToneKind.DIAL)

    def _give_up(self, cause: int) -> None:
        self._stop_collecting()
        self.sim.truth.note("dialling_abandoned", line=self.name, digits=self.digits, cause=int(cause))
        self._cleared(ToneKind.BUSY)

    def _stop_collecting(self) -> None:
        self.timers.cancel("dial_tone", "no_dial", "inter_digit")
        self.sim.engine.dtmf_detect(self.line.office_leg, False)

    # -- as called party --------------------------------------------------------------------------------------------
    def offer(self, call: Call) -> None:
        """Ring."""
        self._calls_out = False
        self.state = LineState.RINGING
        caller = "" if call.withheld else self.exchange.numbering.shown(call.caller_number, self.options.caller_form)
        self._seizure_reversal()
        self.ringer.start(CallerId(caller, "" if call.withheld else call.caller_name), self.options.ring)

    def _first_ring(self) -> None:
        if self.call:
            self.call.called_alerting()

    # -- as calling party -------------------------------------------------------------------------------------------
    def far_alerting(self) -> None:
        """Ring-back tone."""
        self.tones.play(ToneKind.RING_BACK)

    def far_early(self, ear: int) -> None:
        """The called party's own ring-back."""
        self.line.connect(ear)

    def far_answered(self) -> None:
        """Polarity reversal, when the line has it."""
        self.state = LineState.TALKING
        if self.options.reversal:
            self.line.reverse(True)

    # -- both -------------------------------------------------------------------------------------------------------
    @property
    def holding(self) -> Holding:
        """See Party."""
        return self.options.calls_end

    def far_put_down(self) -> None:
        """The called party is on-hook for the present: the reversal of its answer goes (facts 1.4)."""
        if self._calls_out and self.options.reversal:
            self.line.reverse(False)

    def far_lifted(self) -> None:
        """And comes back."""
        if self._calls_out and self.options.reversal:
            self.line.reverse(True)

    def far_cleared(self, cause: int) -> None:
        """Stop ringing; or busy tone (or the tone of the cause) after the line's clear delay."""
        if self.state is LineState.RINGING:
            self.ringer.stop()
            self.state = LineState.IDLE
        elif self.state is LineState.HELD:
            self._rest(None)
        elif self.state is LineState.TALKING:
            self.line.reverse(False)
            self.state = LineState.CLEARED
            if self.options.busy_tone:
                delay_ms = self.options.clear_delay_ms if self._calls_out else 0.0
                self.timers.start("clear", delay_ms, self._cleared, ToneKind.BUSY)
        elif self.state is not LineState.IDLE:
            announcement = announcement_of(self.exchange.announcements, cause, self.announced)
            self.state = LineState.CLEARED
            if announcement:
                tone = tone_of_cause(cause)
                self.announcer.announce(announcement, cause, lambda: self._cleared(tone), self.announced)
            else:
                self._cleared(tone_of_cause(cause))

    def _seizure_reversal(self) -> None:
        if self.options.seizure_reversal_ms:
            self.line.reverse(True)
            self.timers.start("seizure_reversal", self.options.seizure_reversal_ms, self.line.reverse, False)

    def _cleared(self, tone: ToneKind) -> None:
        self.state = LineState.CLEARED
        self.tones.play(tone)
        self.timers.start("howler", self.exchange.timers.busy_tone_ms, self._howl)

    def _howl(self) -> None:
        self.tones.play(ToneKind.HOWLER)
        self.timers.start("lock_out", self.exchange.timers.howler_ms, self._lock_out)

    def _lock_out(self) -> None:
        self.tones.silence()
        self.state = LineState.LOCKED_OUT

    def through(self, other: Party) -> None:
        """Connect the set with the other party."""
        self.tones.silence()
        self.line.connect(other.ear)

    def apart(self) -> None:
        """Connect the set with the line circuit's own leg again."""
        self.tones.silence()
        self.line.disconnect()
