"""Disconnect supervision of a call that is through (rule R4): whichever says first that the far end has gone.

Reversal, loop current away, a tone that says so (busy, congestion, unobtainable, howler, or dial tone again), long
silence, longest call. `Reason.code` names the one that fired: reversal, battery_drop, TONE_tone, silence, max_call.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.contract.causes import Cause
from boardd.signalling.analog.clock import Clock, Timers
from boardd.signalling.analog.events import DIAL_TONES, FAILURE_TONES, Reason, Sound
from boardd.signalling.analog.profile import FxoProfile


class Supervision:
    """Between `begin` and `end`; `fired(reason)` at most once."""

    def __init__(self, profile: FxoProfile, clock: Clock, fired: Callable[[Reason], None]) -> None:
        self._profile = profile
        self._timers = Timers(clock)
        self._fired = fired
        self._watching = False

    def begin(self) -> None:
        """The call is through."""
        self._watching = True
        if self._profile.max_call_ms:
            self._timers.start("max_call", self._profile.max_call_ms, self._too_long)
        self._count_silence()

    def end(self) -> None:
        """The call is over."""
        self._watching = False
        self._timers.cancel_all()

    def reversal(self) -> None:
        """A reversal that is no answer."""
        if self._profile.hang_up_on_reversal:
            self._fire("reversal", Cause.NORMAL_CLEARING, "polarity reversed")

    def battery_dropped(self) -> None:
        """The loop current has been away for `battery_drop_ms`."""
        if self._profile.hang_up_on_battery_drop:
            self._fire("battery_drop", Cause.NORMAL_CLEARING, f"no loop current for {self._profile.battery_drop_ms} ms")

    def heard(self, sound: Sound, why: str) -> None:
        """The detectors recognised something."""
        if not self._watching:
            return
        if sound is Sound.SILENCE:
            self._count_silence()
            return
        self._timers.cancel("silence")
        if self._profile.hang_up_on_tone and (sound in FAILURE_TONES or sound in DIAL_TONES):
            self._fire(f"{sound}_tone".replace("tone_tone", "tone"), Cause.NORMAL_CLEARING, why)

    def _count_silence(self) -> None:
        if self._profile.silence_ms:
            self._timers.start_once("silence", self._profile.silence_ms, self._silent)

    def _silent(self) -> None:
        self._fire("silence", Cause.NORMAL_UNSPECIFIED, f"nothing heard for {self._profile.silence_ms // 1000} s")

    def _too_long(self) -> None:
        self._fire("max_call", Cause.TIMER_EXPIRED, f"longer than {self._profile.max_call_ms // 1000} s")

    def _fire(self, code: str, cause: Cause, text: str) -> None:
        if not self._watching:
            return
        self.end()
        self._fired(Reason(int(cause), "line" if code == "battery_drop" else "far", code, text))
