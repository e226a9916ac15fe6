"""The long forms: every limit, and ten hours without a hang-up. Their output is the report."""

import subprocess
import sys
from pathlib import Path

import lib_corpus
import pytest

ROOT = Path(__file__).resolve().parents[3]

pytestmark = [
    pytest.mark.deep,
    pytest.mark.timeout(1800),
    pytest.mark.skipif(bool(lib_corpus.missing()), reason="sound is missing; ./run score dtmf installs it"),
]


@pytest.mark.parametrize("name", ["dtmf", "progress"])
def test_score(name):
    score = ROOT / "tests" / "bench" / f"score_{name}.py"
    done = subprocess.run([sys.executable, str(score)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
