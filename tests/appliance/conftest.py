"""What the appliance tests need from the machine. With CI=true a missing tool fails; at home it skips."""

import os
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

ROOT = Path(__file__).resolve().parents[2]


def need(*tools, root=False):
    """Skip, or fail under CI, when a tool or a right is missing."""
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if root and os.geteuid() != 0:
        missing.append("root")
    if not missing:
        return
    text = f"needs {', '.join(missing)}"
    if os.environ.get("CI"):
        pytest.fail(text)
    pytest.skip(text)


@pytest.fixture(scope="session")
def needs():
    return need


@pytest.fixture(scope="session")
def checkout():
    return ROOT
