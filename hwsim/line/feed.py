"""What feeds a pair, as data: voltages, loop current and ringing of exchanges and access boxes (facts 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Feed:
    """Direct voltages at the set end (sign dropped), loop current, and ringing."""

    on_hook_v: int = 48
    off_hook_v: int = 9
    elsewhere_v: int = 12
    """A telephone with less resistance than ours is off-hook on the pair while we are on-hook."""
    loop_ma: int = 25
    ring_v_rms: int = 90
    ring_hz: int = 25


EXCHANGE = Feed()
CROSSBAR = Feed(on_hook_v=60, off_hook_v=10, elsewhere_v=14, loop_ma=35)
PBX = Feed(ring_v_rms=75)
ACCESS_BOX = Feed(on_hook_v=24, off_hook_v=7, elsewhere_v=9, loop_ma=20, ring_v_rms=75, ring_hz=20)
"""An IAD: 24 V on-hook is what an exchange line has when a telephone on it is off-hook, or nearly so."""

FEEDS: Mapping[str, Feed] = {"exchange": EXCHANGE, "crossbar": CROSSBAR, "pbx": PBX, "access_box": ACCESS_BOX}
