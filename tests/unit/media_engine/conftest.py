import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_native import build
from engine_stage import Stage


@pytest.fixture(scope="session")
def fakes(tmp_path_factory):
    """The C library of `engine_native` and its FFI."""
    return build(tmp_path_factory.mktemp("fakes"))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """An engine that leaves no descriptor, clip or recording behind."""
    before = len(os.listdir("/proc/self/fd"))
    stage = Stage(tmp_path)
    clips = stage.engine.stats().clips
    yield stage
    assert stage.engine.stats().clips == clips or stage.engine.stats().plays > 0
    stage.close()
    # Fewer is fine: what an earlier test left in a cycle may have been collected meanwhile.
    assert len(os.listdir("/proc/self/fd")) <= before
