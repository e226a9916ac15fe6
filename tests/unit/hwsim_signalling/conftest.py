import os
import shutil

import pytest

from boardd.contract.errors import ConfigurationError
from hwsim.signalling._native import OPENR2, PRI, open_door


def _need(found, what):
    if not found:
        # Where packages may be installed their absence is a failure, not an excuse.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed")


def _opens(door):
    try:
        open_door(door)
    except ConfigurationError:
        return False
    return True


@pytest.fixture(scope="session")
def libpri():
    _need(_opens(PRI), PRI.package)


@pytest.fixture(scope="session")
def libopenr2():
    _need(_opens(OPENR2), OPENR2.package)


@pytest.fixture(scope="session")
def tshark():
    found = shutil.which("tshark")
    _need(found, "tshark")
    return found
