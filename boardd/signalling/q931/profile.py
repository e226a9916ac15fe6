"""How a carrier, or a PBX, has set up a PRI (facts 3.5-3.7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.signalling.q931.ddi import DdiPlan
from boardd.signalling.span import ALL_SLOTS


class Side(StrEnum):
    """Which side of the interface we play. A line of a carrier makes us the user, our own PBX makes us the network."""

    USER = "user"
    NETWORK = "network"


class Switch(StrEnum):
    """Dialect: DSS1 of public networks, or QSIG between PBXs."""

    EUROISDN = "euroisdn"
    QSIG = "qsig"


class RestartPolicy(StrEnum):
    """Which free slots are restarted when the link comes up."""

    ALL = "all"
    """All when it comes up for the first time, so that nothing is left of a host that died; then as `dirty`."""
    DIRTY = "dirty"
    """Those whose call ended while the far end could not be told, or did not finish its release."""
    NEVER = "never"
    """For a far end that does not know RESTART."""


_COMMON_MS = {
    "T200": 1_000,
    "T203": 10_000,
    "T301": 240_000,
    "T302": 15_000,
    "T303": 4_000,
    "T304": 30_000,
    "T305": 30_000,
    "T306": 30_000,
    "T308": 4_000,
    "T309": 90_000,
    "T310": 120_000,
    "T313": 4_000,
    "T316": 120_000,
}
_NETWORK_MS = {"T304": 20_000, "T310": 10_000}
TIMERS = tuple(_COMMON_MS)
"""Names of timers that a profile may set; milliseconds, 0 switches T301 and T310 off."""
_MAY_BE_OFF = frozenset({"T301", "T310"})
LIBRARY_TIMERS = frozenset({"T200", "T203", "T303", "T305", "T308", "T309"})
"""Those that libpri runs; it has no T301, T302, T304, T306, T310 of its own, T313 is ours because libpri clears without
a word and as if nothing were wrong, and T316 because it must not stop at one slot."""


@dataclass(frozen=True, slots=True)
class Q931Profile:
    """`slots` are the bearers in use. `overlap_receiving`: a SETUP without Sending Complete may be continued; its
    number is complete when `ddi` says so, the exchange says so, or T302 has passed; else every SETUP is complete.
    `keep_in_band`: stay connected to an announcement that comes with DISCONNECT (progress indicator 8) until T306.
    `service_messages`: tell the far end of slots out of service by SERVICE (North America, some PBXs). `logical_slots`:
    QSIG numbers bearers 1-30 without a gap. `timers_ms`: see TIMERS; `n200` is Q.921's count of repetitions.
    """

    side: Side = Side.USER
    switch: Switch = Switch.EUROISDN
    slots: tuple[int, ...] = ALL_SLOTS
    overlap_receiving: bool = False
    ddi: DdiPlan = field(default_factory=DdiPlan)
    keep_in_band: bool = True
    restart: RestartPolicy = RestartPolicy.ALL
    restart_patience_ms: int = 10_000
    """How long the first RESTART of a link may stay unanswered before the other slots are used all the same."""
    service_messages: bool = False
    logical_slots: bool = False
    timers_ms: Mapping[str, int] = field(default_factory=dict)
    n200: int = 3
    library_debug: int = 0
    """libpri's own debug mask; its text goes to the log."""

    def __post_init__(self) -> None:
        unknown = sorted(set(self.timers_ms) - set(TIMERS))
        if unknown:
            raise ConfigurationError(
                _("PRI timer {name}: unknown; known are {known}").format(name=unknown[0], known=", ".join(TIMERS)),
                timer=unknown[0],
            )
        for name, ms in self.timers_ms.items():
            if ms < 0 or (ms == 0 and name not in _MAY_BE_OFF):
                raise ConfigurationError(
                    _("PRI timer {name}: {ms} ms is not a time").format(name=name, ms=ms), timer=name, value=ms
                )
        wrong = [slot for slot in self.slots if slot not in ALL_SLOTS]
        if wrong:
            raise ConfigurationError(_("PRI: timeslot {slot} is no bearer").format(slot=wrong[0]), slot=wrong[0])

    def ms(self, timer: str) -> int:
        """A timer's time in milliseconds."""
        own = self.timers_ms.get(timer)
        if own is not None:
            return own
        return _NETWORK_MS.get(timer, _COMMON_MS[timer]) if self.side is Side.NETWORK else _COMMON_MS[timer]
