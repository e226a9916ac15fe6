"""The cases that also run on the real kernel (`tests/vm`), on the simulated one; both must find the same."""

import sys
from pathlib import Path

import pytest
from dahdibench import Bench, make_pair

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "dahdi_io"))

from kernelcases import CASES

from hwsim.vendorlibs.dahdi.personality import personality


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path, persona=personality("default", {"zone_loaded": False}))
    yield made
    made.close()


@pytest.mark.parametrize("name", CASES)
def test_case(bench, name):
    rig = make_pair(bench)
    try:
        found = CASES[name](rig)
    finally:
        rig.close_all()
    print(name, found)  # noqa
