"""The ladder of one circuit while it is being written: what the state machines note, with its time."""

from __future__ import annotations

from boardd.signalling.mfcr2.ladder import Ladder, LineEntry, ToneEntry, Way, Word
from boardd.signalling.mfcr2.signals import Meaning, Role
from boardd.signalling.timing import SpanClock


class Tape:
    """Notes for the current call of a circuit."""

    def __init__(self, clock: SpanClock) -> None:
        self._clock = clock
        self.ladder = Ladder(clock.now_us())
        self._open: dict[Way, ToneEntry] = {}

    def begin(self) -> None:
        """A new call: a new ladder."""
        self.ladder = Ladder(self._clock.now_us())
        self._open.clear()

    def line(self, way: Way, word: Word, abcd: int | None = None, detail: str = "") -> None:
        """A line signal or an occurrence."""
        self.ladder.add(LineEntry(self._clock.now_us(), way, word, abcd, detail))

    def tone(
        self,
        way: Way,
        number: int,
        role: Role,
        *,
        forward: bool,
        meaning: Meaning | None = None,
        levels_dbm0: tuple[float, float] | None = None,
        pulse: bool = False,
    ) -> None:
        """A register signal begins."""
        entry = ToneEntry(
            self._clock.now_us(), way, number, forward, role, meaning, levels_dbm0=levels_dbm0, pulse=pulse
        )
        self._open[way] = entry
        self.ladder.add(entry)

    def tone_ends(self, way: Way) -> None:
        """It ends."""
        entry = self._open.pop(way, None)
        if entry is not None:
            entry.end_us = self._clock.now_us()
