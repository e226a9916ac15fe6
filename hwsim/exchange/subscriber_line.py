"""A subscriber of the exchange: the network side of a telephone that somebody else in the world uses.

Its set is digital or mobile: numbers are sent in one piece, ringing and clearing are messages to the telephone, but
everything it hears is sound: `leg` is the telephone's end, `tone_leg` the exchange's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from boardd.contract.causes import Cause
from hwsim.exchange.call import Call
from hwsim.exchange.party import Party, TonePlayer, stop_sound
from hwsim.exchange.tones import ToneKind, tone_of_cause

if TYPE_CHECKING:
    from hwsim.exchange.exchange import Exchange

CHIRP_PERIOD_SAMPLES = 3200
ANNOUNCER_PARTY = 0
ANNOUNCER_LEVEL_MB = -1300


class SubscriberState(StrEnum):
    """What the network thinks of a subscriber."""

    NORMAL = "normal"
    POWER_OFF = "power_off"
    BUSY = "busy"
    """Always busy, whoever calls."""
    REJECTS = "rejects"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a caller hears instead of a tone when a call fails: speech for `speech_ms`, then the tone, or nothing."""

    speech_ms: int = 5000
    then_tone: bool = True


class Telephone(Protocol):
    """The telephone on a subscriber line, as the network sees it."""

    def on_ringing(self, on: bool) -> None:
        """The bell begins or stops."""


class SubscriberLine(Party):
    """One number of the exchange with a telephone behind it; without a telephone it rings unanswered."""

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
        self._announcer = 0
        exchange.sim.engine.wire(self.leg, self.tone_leg)

    @property
    def number(self) -> str:
        """The subscriber's number."""
        return self.name

    @property
    def free(self) -> bool:
        """On-hook, no call, and not set to busy."""
        return self.call is None and not self.off_hook and self.subscriber_state is SubscriberState.NORMAL

    # -- what the telephone does ------------------------------------------------------------------------------------
    def lift(self) -> None:
        """Go off-hook: answers when ringing."""
        self.off_hook = True
        if self.ringing and self.call:
            self._bell(False)
            self.call.called_answered()

    def dial(self, called: str) -> None:
        """Call a number, sent in one piece; the set must be off-hook and without a call."""
        if self.off_hook and self.call is None:
            self._silence()
            self.exchange.originate(self, called, self.number)

    def hang_up(self) -> None:
        """Go on-hook; a ringing call is refused by it."""
        self.off_hook = False
        self._silence()
        call = self.call
        if call and call.calling is self:
            call.calling_cleared()
        elif call and self.ringing:
            self._bell(False)
            call.called_cleared(Cause.CALL_REJECTED)
        elif call:
            call.called_cleared(Cause.NORMAL_CLEARING)

    def close(self) -> None:
        """End any call and give the sound end points back."""
        self.hang_up()
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

    def far_answered(self) -> None:
        """Nothing: it is heard."""

    # -- both -------------------------------------------------------------------------------------------------------
    def far_cleared(self, cause: int) -> None:
        """Stop ringing; or the tone or announcement of the cause until on-hook."""
        if self.ringing:
            self._bell(False)
        elif self.off_hook:
            announcement = self.exchange.announcements.get(int(cause))
            if announcement:
                self._announce(announcement, cause)
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
    def _bell(self, on: bool) -> None:
        if on != self.ringing:
            self.ringing = on
            self.sim.truth.note("ringing", line=self.name, on=on)
            if self.telephone:
                self.telephone.on_ringing(on)

    def _announce(self, announcement: Announcement, cause: int) -> None:
        self.sim.truth.note("announcement", line=self.name, cause=int(cause))
        self._announcer = self.sim.engine.chirp(
            self.tone_leg, ANNOUNCER_PARTY, 0, level_mb=ANNOUNCER_LEVEL_MB, period_samples=CHIRP_PERIOD_SAMPLES
        )
        self.timers.start("announcement", announcement.speech_ms, self._announced, announcement, cause)

    def _announced(self, announcement: Announcement, cause: int) -> None:
        self._silence()
        if announcement.then_tone:
            self.tones.play(tone_of_cause(cause))

    def _silence(self) -> None:
        self.timers.cancel("announcement")
        if self._announcer:
            stop_sound(self.sim.engine, self._announcer)
            self._announcer = 0
        self.tones.silence()
