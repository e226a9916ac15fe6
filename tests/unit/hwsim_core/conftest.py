import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hwcore_bench import Bench

from hwsim.core.engine import Engine


@pytest.fixture
def bench() -> Iterator[Bench]:
    """An engine that must be empty again, but for its legs, once all legs are freed."""
    before = len(os.listdir("/proc/self/fd"))
    with Engine(max_legs=64, seed=42) as engine:
        yield Bench(engine)
    # Fewer is fine: what an earlier test left in a cycle may have been collected meanwhile.
    assert len(os.listdir("/proc/self/fd")) <= before


@pytest.fixture
def pcm_file(tmp_path: Path) -> Iterator[int]:
    fd = os.open(tmp_path / "recording.raw", os.O_RDWR | os.O_CREAT)
    yield fd
    os.close(fd)
