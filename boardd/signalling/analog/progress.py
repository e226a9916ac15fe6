"""What becomes of a number that was dialled: evidence of answer (rule R3), or why it failed (facts 1.1, 1.4).

An exchange line without reversal never says that the called party has answered; what is known is called by its name:
`reversal`, `voice`, or `none`: ring-back tone simply stopped, or somebody has been talking behind a ring-back tune.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.contract.causes import Cause
from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.events import Reason, Sound
from boardd.signalling.analog.profile import FxoProfile

_TONES = {
    Sound.BUSY: Cause.USER_BUSY,
    Sound.CONGESTION: Cause.CONGESTION,
    Sound.UNOBTAINABLE: Cause.UNALLOCATED,
    Sound.HOWLER: Cause.TIMER_EXPIRED,
}


class Progress:
    """Between `begin` and `end`: `ring_back()` at most once, then `answered(evidence)` or `failed(reason)`, once."""

    def __init__(
        self,
        profile: FxoProfile,
        clock: Clock,
        ring_back: Callable[[], None],
        answered: Callable[[str], None],
        failed: Callable[[Reason], None],
    ) -> None:
        self._profile = profile
        self._timers = Timers(clock)
        self._ring_back = ring_back
        self._answered = answered
        self._failed = failed
        self._waiting = False
        self._rang = False
        self._announced = False

    def begin(self) -> None:
        """All digits are out."""
        self._waiting = True
        self._rang = self._announced = False
        self._timers.start("no_progress", self._profile.no_progress_ms, self._no_progress)
        self._timers.start("no_answer", self._profile.no_answer_ms, self._no_answer)

    def end(self) -> None:
        """Decided, or nobody wants to know any more."""
        self._waiting = False
        self._timers.cancel_all()

    def reversal(self) -> None:
        """A reversal that lasted: the called party answered."""
        self._answer("reversal")

    def heard(self, sound: Sound, why: str) -> None:
        """The detectors recognised something."""
        if not self._waiting:
            return
        if sound in _TONES:
            self._tone(sound, why)
        elif sound is Sound.RING_BACK:
            self._rings()
        elif sound is Sound.ANSWER:
            if self._profile.answer_by_voice:
                self._answer("voice")
        elif sound is Sound.ANNOUNCEMENT:
            self._announced = True
            self._timers.cancel("no_progress", "ring_back_gone", "announcement")
            self._timers.start_once("talk", self._profile.announcement_answer_ms, self._nothing_failed)
        elif sound is Sound.SILENCE:
            if self._announced:
                self._timers.start_once("announcement", self._profile.announcement_silence_ms, self._announcement_over)
        elif sound is Sound.SOUND:
            self._timers.cancel("announcement")

    def _rings(self) -> None:
        self._timers.cancel("no_progress", "announcement", "talk")
        self._announced = False
        self._timers.start("ring_back_gone", self._profile.ring_back_gone_ms, self._ring_back_gone)
        if not self._rang:
            self._rang = True
            self._ring_back()

    def _ring_back_gone(self) -> None:
        self._answer("none")

    def _nothing_failed(self) -> None:
        self._answer("none")

    def _answer(self, evidence: str) -> None:
        if self._waiting:
            self.end()
            self._answered(evidence)

    def _tone(self, sound: Sound, why: str) -> None:
        # After an announcement busy tone says only that it is over; what it was about is not known.
        unclear = self._announced and sound is Sound.BUSY
        cause = Cause.NORMAL_UNSPECIFIED if unclear else _TONES[sound]
        self._fail(cause, f"{'announcement_' if self._announced else ''}{sound}_tone", why)

    def _announcement_over(self) -> None:
        self._fail(Cause.NORMAL_UNSPECIFIED, "announcement_silence", "an announcement, then silence")

    def _no_progress(self) -> None:
        self._fail(Cause.NO_USER_RESPONDING, "no_progress", "neither tone nor voice after dialling")

    def _no_answer(self) -> None:
        self._fail(Cause.NO_ANSWER, "no_answer", f"not answered in {self._profile.no_answer_ms // 1000} s")

    def _fail(self, cause: Cause, code: str, text: str) -> None:
        if self._waiting:
            self.end()
            self._failed(Reason(int(cause), "far", code, text))
