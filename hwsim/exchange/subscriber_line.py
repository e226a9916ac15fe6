"""A subscriber of the exchange: the network side of a telephone that somebody else in the world uses.

Its set is digital or mobile: numbers are sent in one piece, ringing and clearing are messages to the telephone, but
everything it hears is sound: `leg` is the telephone's end, `tone_leg` the exchange's.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from boardd.contract.causes import Cause
from hwsim.core.events import Format
from hwsim.core.sound import alaw_of
from hwsim.exchange.announcer import Announcer, announcement_of
from hwsim.exchange.call import Call
from hwsim.exchange.party import Party, TonePlayer, stop_sound
from hwsim.exchange.release import FIRST, Holding
from hwsim.exchange.tones import ToneKind, tone_of_cause
from hwsim.line.keypad import Keypad
from hwsim.sounds import RING_BACK_TUNE, sound

if TYPE_CHECKING:
    from hwsim.exchange.exchange import Exchange


class SubscriberState(StrEnum):
    """What the network thinks of a subscriber."""

    NORMAL = "normal"
    POWER_OFF = "power_off"
    BUSY = "busy"
    """Always busy, whoever calls."""
    REJECTS = "rejects"
    NO_SERVICE = "no_service"
    """Out of reach of any base station (不在服务区)."""
    UNREACHABLE = "unreachable"
    """For the present, for whatever reason (暂时无法接通)."""
    SUSPENDED = "suspended"
    """The bill was not paid (停机)."""
    CHANGED = "changed"
    """The number has changed (改号)."""
    BARRED = "barred"
    """Takes no calls (呼入限制)."""


class Telephone(Protocol):
    """The telephone on a subscriber line, as the network sees it."""

    def on_ringing(self, on: bool) -> None:
        """The bell begins or stops."""


class SubscriberLine(Party):
    """One number of the exchange with a telephone behind it; without a telephone it rings unanswered.

    `calls_end`: how calls to it end; a called telephone put down may be lifted again within a time and still has its
    caller (fixed lines: 30 to 90 s, facts 1.4; mobiles: none). `withheld`: its number is not shown to others.
    """

    def __init__(self, exchange: Exchange, number: str, state: SubscriberState = SubscriberState.NORMAL) -> None:
        self.leg = exchange.sim.engine.leg_new()
        super().__init__(exchange.sim, number, self.leg)
        self.exchange = exchange
        self.subscriber_state = state
        self.tone_leg = exchange.sim.engine.leg_new()
        self.tones = TonePlayer(exchange.sim, number, self.tone_leg, exchange.tones)
        self.telephone: Telephone | None = None
        self.off_hook = False
        self.ringing = False
        self.calls_end = FIRST
        self.withheld = False
        self.own_keypad: Keypad | None = None
        self.announcer = Announcer(exchange.sim, number, self.tone_leg)
        self._tune = 0
        exchange.sim.engine.wire(self.leg, self.tone_leg)

    @property
    def number(self) -> str:
        """The subscriber's number."""
        return self.name

    @property
    def free(self) -> bool:
        """On-hook, no call, and not set to busy."""
        return self.call is None and not self.off_hook and self.subscriber_state is SubscriberState.NORMAL

    @property
    def holding(self) -> Holding:
        """See Party."""
        return self.calls_end

    @property
    def keypad(self) -> Keypad:
        """The keys of the telephone."""
        return self.own_keypad or self.exchange.keypad

    def give_tune(self) -> None:
        """Callers hear music instead of ring-back from now on (彩铃)."""
        self.early_ear = self.tone_leg

    # -- what the telephone does ------------------------------------------------------------------------------------
    def lift(self) -> None:
        """Go off-hook: answers when ringing."""
        self.off_hook = True
        if self.ringing and self.call:
            self._bell(False)
            self.call.called_answered()
        elif self.call:
            self.call.lifted(self)

    def dial(self, called: str) -> None:
        """Call a number, sent in one piece; the set must be off-hook and without a call."""
        if self.off_hook and self.call is None:
            self._silence()
            self.exchange.originate(self, called, self.number, withheld=self.withheld)

    def hang_up(self) -> None:
        """Go on-hook; a ringing call is refused by it."""
        self.off_hook = False
        self._silence()
        call = self.call
        if call and self.ringing:
            self._bell(False)
            call.called_cleared(Cause.CALL_REJECTED)
        elif call and not call.put_down(self):
            self._end(call)

    def close(self) -> None:
        """End any call and give the sound end points back."""
        self.hang_up()
        if self.call:
            self._end(self.call)
        self.timers.cancel()
        for leg in (self.leg, self.tone_leg):
            self.sim.off_engine(leg)
            self.sim.engine.leg_free(leg)

    # -- as called party --------------------------------------------------------------------------------------------
    def offer(self, call: Call) -> None:
        """Ring the telephone."""
        self._bell(True)
        call.called_alerting()

    # -- as calling party -------------------------------------------------------------------------------------------
    def far_alerting(self) -> None:
        """Ring-back tone."""
        self.tones.play(ToneKind.RING_BACK)

    def far_early(self, ear: int) -> None:
        """The called party's own ring-back."""
        self.sim.engine.wire(self.leg, ear)

    def far_answered(self) -> None:
        """Nothing: it is heard."""

    # -- both -------------------------------------------------------------------------------------------------------
    def far_cleared(self, cause: int) -> None:
        """Stop ringing; or the tone or announcement of the cause until on-hook."""
        if self.ringing:
            self._bell(False)
        elif self.off_hook:
            announcement = announcement_of(self.exchange.announcements, cause, self.announced)
            if announcement:
                tone = tone_of_cause(cause)
                self.announcer.announce(announcement, cause, lambda: self.tones.play(tone), self.announced)
            else:
                self.tones.play(tone_of_cause(cause))

    def through(self, other: Party) -> None:
        """Connect the telephone with the other party."""
        self.tones.silence()
        self.sim.engine.wire(self.leg, other.ear)

    def apart(self) -> None:
        """Connect the telephone with the exchange's tones again."""
        self.tones.silence()
        self.sim.engine.wire(self.leg, self.tone_leg)

    # -- inside -----------------------------------------------------------------------------------------------------
    def _end(self, call: Call) -> None:
        if call.calling is self:
            call.calling_cleared()
        else:
            call.called_cleared(Cause.NORMAL_CLEARING)

    def _bell(self, on: bool) -> None:
        if on != self.ringing:
            self.ringing = on
            self.sim.truth.note("ringing", line=self.name, on=on)
            self._play_tune(on)
            if self.telephone:
                self.telephone.on_ringing(on)

    def _play_tune(self, on: bool) -> None:
        if on and self.early_ear:
            tune = alaw_of(sound(RING_BACK_TUNE))
            self._tune = self.sim.engine.play_mem(self.tone_leg, tune, Format.ALAW, loop=True)
            self.sim.truth.note("ring_back_tune", line=self.name)
        elif self._tune:
            stop_sound(self.sim.engine, self._tune)
            self._tune = 0

    def _silence(self) -> None:
        self.announcer.stop()
        self.tones.silence()
