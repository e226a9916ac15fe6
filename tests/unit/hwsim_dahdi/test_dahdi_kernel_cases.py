"""The cases that also run on the real kernel (`tests/vm`), on the simulated one; both must find the same."""

import json

import pytest
from dahdibench import IO, Bench, make_pair
from kernelcases import CASES

from hwsim.vendorlibs.dahdi.personality import personality

FINDINGS = json.loads((IO / "findings.json").read_text())
"""What the real kernel said."""


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path, persona=personality("default", {"zone_loaded": False}))
    yield made
    made.close()


def test_every_case_has_been_run_on_the_real_kernel():
    assert set(FINDINGS) == set(CASES)


@pytest.mark.parametrize("name", CASES)
def test_case(bench, name):
    rig = make_pair(bench)
    try:
        found = CASES[name](rig)
    finally:
        rig.close_all()
    assert found == FINDINGS[name]
