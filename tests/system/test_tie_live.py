"""A tie at the machine's own speed: what is said arrives for 20 s on end; then the thread that carries it stands."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from talks import Talk, line_domain
from tie_plan import CALM_US, LIVE
from tie_rig import TieRun, run_desk

from tests.tools.thread_stopper import stop, thread_called

LIVE_S = 22.0
WHOLE_US = 20_000_000
DECLARED_MS = {("synway", "dahdi"): 180 + 80, ("dahdi", "synway"): 40 + 304}
"""Out of the speaker's domain and into the hearer's."""
QUEUED_MS = {"dahdi": (8 - 2) * 20, "synway": 0}
"""What the kernel's buffers of the hearer may hold beyond what is sent ahead, since a late moment of the card."""
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


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> TieRun:
    def told_of(told: dict[str, Any], supervisor: int) -> None:
        if told["what"] == "strike":
            stop(thread_called(host_of(supervisor, "synway"), "sound"))

    return run_desk(tmp_path_factory.mktemp("live") / "run", live_s=LIVE_S, told_of=told_of)


pytestmark = [pytest.mark.deep, pytest.mark.real_time, pytest.mark.timeout(240)]


def test_a_tie_carries_sound_at_its_own_speed(run: TieRun) -> None:
    talked = run.desk("talked")[-1]
    if talked["late_us"] > CALM_US:
        pytest.skip(f"the machine is too busy: the simulated cards were {talked['late_us'] // 1000} ms late themselves")
    to_us = talked["t_us"] - 1_000_000
    for talk in LIVE:
        stays = run.stay(talk.person), run.stay(talk.agent)
        for speaker, hearer in itertools.permutations(stays):
            delays = run.talks.delays_us(Talk(speaker, hearer), to_us - WHOLE_US, to_us)
            way = (line_domain(speaker.line), line_domain(hearer.line))
            assert len(delays) >= CHIRPS, (way, len(delays))
            assert max(delays) - min(delays) <= BEYOND_MS * 1000, (way, min(delays), max(delays))
            most_ms = DECLARED_MS[way] + QUEUED_MS[way[1]] + BEYOND_MS
            assert max(delays) <= most_ms * 1000, (way, max(delays))


def test_a_sound_thread_that_stands_ends_its_host(run: TieRun) -> None:
    """The calls of the domain end with it, and the next process says why."""
    (died,) = run.desk("alarm", code="host_died")
    assert died["subject"] == "synway" and "engine stood still" in died["text"], died
    late_s = (died["t_us"] - run.desk("strike")[0]["t_us"]) / 1e6
    assert STILL_S - 2 <= late_s <= STILL_S + 10, late_s
    released = {t["channel"]: t["cause"] for t in run.desk("released")}
    ours = {t["channel"] for t in run.desk("caller")} | {talk.agent for talk in LIVE}
    assert {channel for channel in ours if line_domain(channel) == "synway"} == set(released), released
    assert set(released.values()) == {41}
