"""Recognises other people by their chirps in what a telephone hears: whom a person hears, as opposed to any sound."""

from __future__ import annotations

from collections.abc import Callable

from hwsim.core.events import CHIRP_SAMPLES, Event, Format, Kind, What
from hwsim.core.sound import find_chirps
from hwsim.exchange.party import stop_sound
from hwsim.kernel.sim import Sim

LOOK_SAMPLES = 4000
RING_SAMPLES = 4 * LOOK_SAMPLES
PCM_BYTES = 2
NOBODY = 0


class Recogniser:
    """Looks twice a second at what `leg` has heard and calls `heard(party)` for each chirp of somebody else.

    Party 0 is nobody: prompts of tests may use it.
    """

    def __init__(self, sim: Sim, leg: int, own_party: int, heard: Callable[[int], None]) -> None:
        self.sim = sim
        self.leg = leg
        self._own_party = own_party
        self._heard = heard
        self._recorder = 0
        self._tail = b""

    def open(self) -> None:
        """Begin to listen."""
        self._tail = b""
        self._recorder = self.sim.engine.record_mem(
            self.leg, RING_SAMPLES, Format.PCM16, What.IN, notify_samples=LOOK_SAMPLES
        )
        self.sim.on_engine(self.leg, self._sound)

    def close(self) -> None:
        """Listen no more."""
        if self._recorder:
            self.sim.off_engine(self.leg, self._sound)
            stop_sound(self.sim.engine, self._recorder)
            self._recorder = 0

    def _sound(self, event: Event) -> None:
        if event.kind is not Kind.REC_DATA or event.id != self._recorder:
            return
        pcm = self._tail + self.sim.engine.rec_read(self._recorder)
        # A chirp that is not complete yet is found at the next look; one that is complete now must not be found twice.
        self._tail = pcm[-(CHIRP_SAMPLES - 1) * PCM_BYTES :]
        for party in dict.fromkeys(chirp.party for chirp in find_chirps(pcm)):
            if party not in (self._own_party, NOBODY) and self._recorder:
                self._heard(party)
