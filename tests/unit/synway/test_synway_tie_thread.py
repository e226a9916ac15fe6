"""The media engine's thread of a Synway domain is watched: a real thread, at the machine's own speed."""

from __future__ import annotations

import asyncio

import pytest

from boardd.contract.driver import Heartbeat, TieEnd
from boardd.media.engine.ring import make_ring
from boardd.native.door import Door
from boardd.native.reports import DoorReports
from drivers.synway import DESCRIPTOR
from drivers.synway.pulse import BEAT_S, Pulse
from drivers.synway.quirks import Quirks
from drivers.synway.session import Session
from drivers.synway.tie import Ties
from tests.tools.thread_stopper import standing_still

ROUND_S = 0.7
"""The thread comes round at least twice a second (media.h)."""
pytestmark = pytest.mark.real_time


def watched(heartbeat: Heartbeat) -> tuple[Ties, Pulse]:
    ties = Ties()
    session = Session(Door("synway", heartbeat), Quirks(), lambda _event: None)
    return ties, Pulse(session, ties, heartbeat, DoorReports("synway", lambda _event: None))


def test_the_heart_of_ties_stands_still_with_the_engines_thread_and_never_without_ties() -> None:
    assert "engine" in DESCRIPTOR.heartbeat_parts

    async def main() -> None:
        heartbeat, now_s = Heartbeat(), 0.0
        ties, pulse = watched(heartbeat)

        def beats() -> int:
            nonlocal now_s
            now_s += BEAT_S
            pulse.look(now_s)
            return heartbeat.beats.get("engine", 0)

        assert [beats() for _ in range(3)] == [1, 2, 3], "without ties there is nothing to wait for"
        ours, theirs = make_ring()
        ties.open("tie/1", TieEnd(ours.hand_over(), ours.side))
        try:
            for count in (4, 5, 6):
                assert beats() == count
                await asyncio.sleep(ROUND_S)
            with standing_still("sound"):
                beats()
                for _ in range(3):
                    await asyncio.sleep(ROUND_S)
                    assert beats() == 7, "nobody notices that the thread stands still"
            await asyncio.sleep(ROUND_S)
            assert beats() == 8, "it goes on"
        finally:
            ties.shut()
            theirs.close()

    asyncio.run(main())
