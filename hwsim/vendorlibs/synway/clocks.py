"""Two clock masters among the cards of one PC, and the slips that they make (facts 3.3; fact sheet 3.1, 8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hwsim.kernel.sim import Timer

if TYPE_CHECKING:
    from hwsim.vendorlibs.synway.cards import Card
    from hwsim.vendorlibs.synway.library import SynwayLibrary

FRAME_US = 125


class SecondMaster:
    """A card that runs on its own oscillator, `ppm` off, while the bus has a master already; until `end`.

    One frame slips every 125/ppm seconds: in what its E1s receive, and on each link of the bus between it and another
    card.
    """

    def __init__(self, library: SynwayLibrary, card: Card, ppm: float) -> None:
        self.library = library
        self.card = card
        self._period_ms = FRAME_US / abs(ppm) * 1000
        self._late = False
        self._timer: Timer = library.sim.later(self._period_ms, self._slip)

    def end(self) -> None:
        """The card follows the bus again."""
        self._timer.cancel()
        if self._late:
            self._slip_bus()

    def _slip(self) -> None:
        for span in self.card.spans:
            span.slip()
        self._slip_bus()
        self._timer = self.library.sim.later(self._period_ms, self._slip)

    def _slip_bus(self) -> None:
        self._late = not self._late
        driver = self.library.driver
        if driver and self.card in driver.boards and driver.switching.slip(driver.boards.index(self.card), self._late):
            frames = 1 if self._late else -1
            self.library.sim.truth.note("bus_slip", card=self.card.name, frames=frames)
