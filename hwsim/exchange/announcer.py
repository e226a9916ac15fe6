"""Announcements (语音通知): what exchanges say instead of a tone when a call cannot be completed (facts 1.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from boardd.contract.causes import Cause
from hwsim.core.events import Format
from hwsim.core.sound import alaw_of
from hwsim.exchange.party import TimerSet, stop_sound
from hwsim.kernel.sim import Sim
from hwsim.sounds import sound

SPOKEN: Mapping[int, str] = {
    Cause.UNALLOCATED: "unallocated",
    Cause.USER_BUSY: "busy",
    Cause.SUBSCRIBER_ABSENT: "power_off",
    Cause.NO_ANSWER: "no_answer",
    Cause.NUMBER_CHANGED: "changed",
    Cause.INVALID_NUMBER_FORMAT: "wrong_number",
}
SPOKEN_OTHERWISE = "failed"


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a caller hears instead of a tone when a call fails: speech for `speech_ms`, then the tone, or nothing."""

    speech_ms: int = 5000
    then_tone: bool = True


def announcement_of(announcements: Mapping[int, Announcement], cause: int, said: str) -> Announcement | None:
    """The announcement that a caller hears when a call fails; None: the tone. `said`: one of this call's own."""
    return announcements.get(int(cause)) or (Announcement() if said else None)


class Announcer:
    """Speaks into one leg, noted as `announcement` in the truth log."""

    def __init__(self, sim: Sim, line: str, leg: int) -> None:
        self.sim = sim
        self.line = line
        self.leg = leg
        self._source = 0
        self._timers = TimerSet(sim)

    def announce(self, announcement: Announcement, cause: int, then_tone: Callable[[], None], said: str = "") -> None:
        """Say `said`, or what belongs to `cause`, over and over for the announcement's time, then `then_tone()` if
        wanted."""
        self.stop()
        said = said or SPOKEN.get(cause, SPOKEN_OTHERWISE)
        self.sim.truth.note("announcement", line=self.line, cause=int(cause), said=said)
        spoken = alaw_of(sound(said))
        self._source = self.sim.engine.play_mem(self.leg, spoken, Format.ALAW, loop=True)
        then = then_tone if announcement.then_tone else self.stop
        self._timers.start("speech", announcement.speech_ms, self._over, then)

    def stop(self) -> None:
        """Say no more."""
        self._timers.cancel()
        if self._source:
            stop_sound(self.sim.engine, self._source)
            self._source = 0

    def _over(self, then: Callable[[], None]) -> None:
        self.stop()
        then()
