"""libpri keeps one clock a process: whoever opens it first. The simulator's stack and ours can therefore be together in
one test process only when each has a libpri of its own. Here ours gets a copy of the installed library under another
file name, behind a door built from the very sources and flags of setup.py; test_native.py has the shipped door alone.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from boardd.signalling.q931 import _native

NATIVE = Path(_native.__file__).resolve().parent.parent / "native"
FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-shared", "-fPIC"]


def _need(found, what):
    if not found:
        # Where packages may be installed their absence is a failure, not an excuse.
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"{what} is not installed")
    return found


def installed_libpri():
    """The file of the installed library, without loading it."""
    listing = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    return next((line.split("=> ")[1] for line in listing.splitlines() if _native.SONAME in line), None)


def build_door(folder, library):
    """A door in front of `library`."""
    out = Path(folder) / "libq931.so"
    sources = sorted(map(str, NATIVE.glob("q931_*.c")))
    subprocess.run(["gcc", *FLAGS, *sources, "-o", str(out), f"-Wl,--filter,{library}"], check=True)
    return out


@pytest.fixture(scope="session")
def private_door(tmp_path_factory):
    folder = tmp_path_factory.mktemp("q931")
    copy = folder / "libpri-of-tests.so"
    shutil.copy(_need(installed_libpri(), _native.PACKAGE), copy)
    return build_door(folder, copy)


@pytest.fixture(autouse=True)
def own_libpri(request, monkeypatch):
    if "shipped_door" not in request.keywords:
        monkeypatch.setattr(_native, "DOOR", request.getfixturevalue("private_door"))


@pytest.fixture(scope="session")
def tshark():
    return _need(shutil.which("tshark"), "tshark")
