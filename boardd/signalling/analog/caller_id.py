"""The caller-ID window of one incoming call (facts 1.6, 1.7, rule R5).

FSK comes between rings 1 and 2 and is repeated after ring 2 where the exchange does that after a bad checksum; some
exchanges send it before the first ring. DTMF comes before ring 1 or after it, with or without delimiters. The window
closes once: with the first good number, or without one when it rings on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.dtmf_number import DtmfNumber, read_dtmf_number
from boardd.signalling.analog.profile import FxoProfile

MAX_DIGITS = 40


@dataclass(frozen=True, slots=True)
class FskMessage:
    """One FSK transmission. `good`: the checksum was right; `absent` O or P when there is no number."""

    good: bool
    number: str = ""
    name: str = ""
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Caller:
    """What the window found; `how`: fsk, dtmf, absent, or what was wrong (nothing heard, bad checksum, digits)."""

    number: str
    name: str
    how: str


class CallerIdWindow:
    """`closed(caller)` is called once per call, after `began`."""

    def __init__(self, profile: FxoProfile, clock: Clock, closed: Callable[[Caller], None]) -> None:
        self._profile = profile
        self._clock = clock
        self._timers = Timers(clock)
        self._closed = closed
        self._open = False
        self._digits = ""
        self._digits_end_s = float("-inf")
        self._spoilt = 0
        self._early: FskMessage | None = None

    @property
    def is_open(self) -> bool:
        """A call is offered and its number is still awaited."""
        return self._open

    # -- the call -----------------------------------------------------------------------------------------------------
    def began(self) -> Caller | None:
        """The first ring: what was sent before it, which closes the window; else it stays open."""
        self._spoilt = 0
        now_s = self._clock.time()
        if (now_s - self._digits_end_s) * 1000 > self._profile.dtmf_keep_ms:
            self._forget_digits()
        early, self._early = self._early, None
        self._timers.cancel("early")
        if early is not None:
            return self._of_message(early)
        heard = read_dtmf_number(self._digits) if self._digits else None
        if heard is not None:
            self._forget_digits()
            return _of_digits(heard)
        self._open = True
        return None

    def rang(self, count: int) -> None:
        """Ring `count` began: without a number the window closes, one ring later when a message was spoilt."""
        limit = self._profile.caller_id_rings + (1 if self._spoilt else 0)
        if self._open and count >= limit and not self._timers.running("digits"):
            self._close(Caller("", "", self._what_was_wrong()))

    def over(self) -> None:
        """Answered, given up, or the line is used otherwise: what was heard does not count any more."""
        self._open = False
        self._timers.cancel_all()
        self._forget_digits()
        self._early = None

    # -- what is heard ------------------------------------------------------------------------------------------------
    def message(self, message: FskMessage) -> None:
        """An FSK transmission ended."""
        if not self._profile.caller_id:
            return
        if not message.good:
            self._spoilt += 1
        elif self._open:
            self._close(self._of_message(message))
        else:
            self._early = message
            self._timers.start("early", self._profile.dtmf_keep_ms, self._forget_early)

    def digit(self, digit: str) -> None:
        """A DTMF digit was heard while the line rests or rings."""
        if not self._profile.caller_id:
            return
        now_s = self._clock.time()
        if (now_s - self._digits_end_s) * 1000 > self._profile.dtmf_keep_ms or len(self._digits) >= MAX_DIGITS:
            self._digits = ""
        self._digits += digit
        self._digits_end_s = now_s
        if self._open:
            heard = read_dtmf_number(self._digits)
            if heard is not None and heard.complete:
                self._take_digits(heard)
            else:
                self._timers.start("digits", self._profile.dtmf_pause_ms, self._pause)

    def _pause(self) -> None:
        heard = read_dtmf_number(self._digits)
        if self._open and heard is not None:
            self._take_digits(heard)

    def _take_digits(self, heard: DtmfNumber) -> None:
        self._forget_digits()
        self._close(_of_digits(heard))

    # -- ends ---------------------------------------------------------------------------------------------------------
    def _close(self, caller: Caller) -> None:
        self._open = False
        self._timers.cancel_all()
        self._closed(caller)

    def _forget_digits(self) -> None:
        self._digits = ""
        self._digits_end_s = float("-inf")
        self._timers.cancel("digits")

    def _forget_early(self) -> None:
        self._early = None

    def _of_message(self, message: FskMessage) -> Caller:
        return Caller(message.number, message.name, "fsk" if message.number else f"absent {message.absent}".strip())

    def _what_was_wrong(self) -> str:
        if self._spoilt:
            return "bad checksum"
        return f"digits without a number: {self._digits}" if self._digits else "nothing heard"


def _of_digits(heard: DtmfNumber) -> Caller:
    return Caller(heard.number, "", "dtmf" if heard.number else f"absent {heard.absent}")
