import os
import shutil
from dataclasses import replace

import pytest
from door_of_tests import ROOT, SONAME, installed_libpri, private_door, q931_sources

from boardd.signalling.q931 import _native


def _need(found, what):
    if not found:
        # Where packages may be installed their absence is a failure, not an excuse.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed")
    return found


@pytest.fixture(scope="session")
def libpri():
    return _need(installed_libpri(), SONAME)


@pytest.fixture(scope="session")
def our_door(libpri, tmp_path_factory):
    return private_door(tmp_path_factory.mktemp("q931"), q931_sources(), "libq931.so")


@pytest.fixture(autouse=True)
def own_libpri(our_door, monkeypatch):
    """Other tests of this process may have opened the installed libpri with the simulator's clock."""
    monkeypatch.setattr(_native, "DOOR", our_door)


@pytest.fixture(scope="session")
def simulators_door(libpri, tmp_path_factory):
    source = ROOT / "hwsim/signalling/native/pri_door.c"
    return private_door(tmp_path_factory.mktemp("hwpri"), [source], "libhwpri.so")


@pytest.fixture
def simulators_libpri(simulators_door, monkeypatch):
    from hwsim.signalling import pri_stack

    monkeypatch.setattr(pri_stack, "PRI", replace(pri_stack.PRI, library=str(simulators_door)))


@pytest.fixture(scope="session")
def tshark():
    return _need(shutil.which("tshark"), "tshark")
