"""A far end that sends anything (hostile.py), in a process of its own with the shipped door."""

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def torment(first, last, messages):
    argv = [sys.executable, "hostile.py", str(first), str(last), str(messages)]
    environment = {"PYTHONPATH": str(HERE.parents[2]), "PATH": "/usr/bin:/bin", "MALLOC_PERTURB_": "165"}
    done = subprocess.run(argv, cwd=HERE, env=environment, capture_output=True, text=True, check=False)
    ran = done.stdout.splitlines()
    assert done.returncode == 0, f"seed {first + len(ran)}: status {done.returncode}\n{done.stderr[-2000:]}"
    assert len(ran) == last - first
    assert all(int(line.split()[1]) > 100 for line in ran), "the far end was not heard"


def test_anything_is_survived():
    torment(0, 12, 300)


@pytest.mark.deep
@pytest.mark.timeout(600)
def test_anything_is_survived_for_long():
    torment(100_000, 100_800, 400)
