import os

import pytest

from boardd.contract.errors import ConfigurationError
from hwsim.signalling._native import OPENR2, PRI, open_door


def _opened(door):
    try:
        open_door(door)
    except ConfigurationError:
        # Where packages may be installed their absence is a failure, not an excuse.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{door.package} is not installed")


@pytest.fixture(scope="session")
def libpri():
    _opened(PRI)


@pytest.fixture(scope="session")
def libopenr2():
    _opened(OPENR2)
