"""Calls of the whole driver against the simulated exchange: `./run score q931` and `./run score r2`, smaller."""

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS / "bench"))
sys.path.insert(0, str(TESTS / "unit" / "signalling_q931"))

import score_r2  # noqa: E402
from door_of_tests import own_libpri  # noqa: E402
from lib_dahdi_far import LIBRARY  # noqa: E402
from lib_pri_driver import DriverWorld  # noqa: E402
from lib_pri_far import BEGIN_MS  # noqa: E402
from lib_pri_judge import judge_records, judge_wire  # noqa: E402
from score_q931 import EPOCH_S  # noqa: E402

pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="build the simulated library first")


@pytest.fixture
def libpri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The driver runs in this process, where tests of the simulator's networks open libpri with a clock of theirs."""
    with own_libpri(tmp_path_factory.mktemp("q931")):
        yield


@pytest.mark.usefixtures("libpri")
def test_pri_calls_are_what_the_exchange_and_tshark_say(tmp_path: Path) -> None:
    tshark = shutil.which("tshark")
    if tshark is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("tshark is not installed")
    world = DriverWorld(25, 3, tmp_path, restarts_ms=[BEGIN_MS + 6000], every_ms=150)
    records, wire = judge_records(world), judge_wire(world, tshark, tmp_path / "d.pcap", EPOCH_S)
    assert records.wrong == [] and wire.wrong == [] and world.card.stray == []
    assert records.counts["equal to the truth"] >= 45 and records.counts["glare"] >= 1
    assert records.counts["ended by RESTART"] == 1 and wire.counts["complete"] >= 40


def test_r2_calls_are_what_the_checker_reads_from_the_line(tmp_path: Path) -> None:
    """The second round meets circuits of which the engine has seen line bits first."""
    assert score_r2.judge_calls(tmp_path, 1, 60) == (60, [])


def test_circuits_of_wrong_direction_are_named(tmp_path: Path) -> None:
    named, misses = score_r2.judge_directions(tmp_path, 1)
    assert misses == [] and named.count("r2_wrong_direction") == 3
