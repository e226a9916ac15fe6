"""Same seed, same outcome, whatever the speed (token lockstep)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from site_run import SiteRun, run_site


def story(run: SiteRun) -> list[dict[str, Any]]:
    """All that happened until the scenario was over; pids differ, and so does the moment at which the demo stops."""
    whats = [fact["what"] for fact in run.facts]
    return [fact for fact in run.facts[: whats.index("world_end")] if "pid" not in fact]


def test_same_seed_same_outcome_at_full_speed(tmp_path: Path) -> None:
    first = run_site(tmp_path / "a", calls=20, seed=7)
    second = run_site(tmp_path / "b", calls=20, seed=7)
    assert first.status == second.status == 0
    assert first.outcome() == second.outcome()
    assert story(first) == story(second)


def test_another_seed_is_another_day(tmp_path: Path) -> None:
    one = run_site(tmp_path / "a", calls=3, seed=1)
    two = run_site(tmp_path / "b", calls=3, seed=2)
    assert one.outcome() != two.outcome()


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_sixty_calls_throttled_and_unthrottled(tmp_path: Path) -> None:
    runs = [
        run_site(tmp_path / str(i), calls=60, seed=7, speed=speed, timeout_s=400)
        for i, speed in enumerate(("10", "10", "max"))
    ]
    assert all(run.status == 0 for run in runs)
    assert runs[0].outcome() == runs[1].outcome() == runs[2].outcome()
