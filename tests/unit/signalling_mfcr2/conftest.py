import os
import sys
from pathlib import Path

import pytest

from boardd.contract.errors import ConfigurationError
from hwsim.signalling._native import OPENR2, open_door

# The independent checker of R2 traces, and the town behind the exchange, are shared with the simulator's tests.
sys.path.append(str(Path(__file__).resolve().parent.parent / "hwsim_signalling"))


@pytest.fixture(scope="session")
def libopenr2():
    """The library behind the simulated exchange."""
    try:
        open_door(OPENR2)
    except ConfigurationError:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{OPENR2.package} is not installed")
