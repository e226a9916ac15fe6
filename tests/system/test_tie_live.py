"""A tie at the machine's own speed: what is said arrives for 20 s on end; then the thread that carries it stands."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from talks import Talk, line_domain
from tie_plan import LIVE
from tie_rig import run_desk

from tests.tools.thread_stopper import stop, thread_called

LIVE_S = 22.0
WHOLE_US = 20_000_000
DECLARED_MS = {("synway", "dahdi"): 180 + 80, ("dahdi", "synway"): 40 + 304}
"""Out of the speaker's domain and into the hearer's."""
BEYOND_MS = 20
CHIRPS = 48
STILL_S = 15
"""How long the host's watchdog lets the thread stand."""


def host_of(supervisor: int, domain: str) -> int:
    """The host process of a domain."""
    for task in Path(f"/proc/{supervisor}/task").iterdir():
        for child in (task / "children").read_text(encoding="utf-8").split():
            words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
            if b"host" in words and domain.encode() in words:
                return int(child)
    raise AssertionError(f"there is no host {domain}")


@pytest.mark.deep
@pytest.mark.real_time
def test_a_tie_carries_sound_at_its_own_speed_and_its_thread_is_watched(tmp_path: Path) -> None:
    def told_of(told: dict[str, Any], supervisor: int) -> None:
        if told["what"] == "talked":
            stop(thread_called(host_of(supervisor, "synway"), "sound"))

    run = run_desk(tmp_path / "run", live_s=LIVE_S, told_of=told_of)
    (talked,) = run.desk("talked")
    to_us = talked["t_us"] - 1_000_000
    for talk in LIVE:
        stays = run.stay(talk.person), run.stay(talk.agent)
        for speaker, hearer in itertools.permutations(stays):
            delays = run.talks.delays_us(Talk(speaker, hearer), to_us - WHOLE_US, to_us)
            way = (line_domain(speaker.line), line_domain(hearer.line))
            assert len(delays) >= CHIRPS, (way, len(delays))
            assert max(delays) - min(delays) <= BEYOND_MS * 1000, (way, min(delays), max(delays))
            assert max(delays) <= (DECLARED_MS[way] + BEYOND_MS) * 1000, (way, max(delays))
    (died,) = run.desk("alarm", code="host_died")
    assert died["subject"] == "synway" and "engine stood still" in died["text"], died
    late_s = (died["t_us"] - talked["t_us"]) / 1e6
    assert STILL_S - 2 <= late_s <= STILL_S + 10, late_s
    released = {t["channel"]: t["cause"] for t in run.desk("released")}
    ours = {t["channel"] for t in run.desk("caller")} | {talk.agent for talk in LIVE}
    assert {channel for channel in ours if line_domain(channel) == "synway"} == set(released), released
    assert set(released.values()) == {41}
