import os
import shutil

import pytest

from boardd.contract.errors import ConfigurationError
from boardd.signalling.isup._native import PACKAGE, open_native


def _need(found, what):
    if not found:
        # Where packages may be installed their absence is a failure, not an excuse.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed")


def _opens():
    try:
        open_native()
    except ConfigurationError:
        return False
    return True


@pytest.fixture(scope="session")
def libss7():
    _need(_opens(), PACKAGE)


@pytest.fixture(scope="session")
def tshark_path():
    found = shutil.which("tshark")
    _need(found, "tshark")
    return found
