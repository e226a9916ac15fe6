"""The signalling libraries are loaded when a span needs them, never before, and their absence is one clear error."""

import subprocess
import sys
from dataclasses import replace

import pytest
from town import Town

from boardd.contract.errors import ConfigurationError
from hwsim.signalling._native import HERE, OPENR2, PRI, open_door
from hwsim.signalling.pri_stack import PriStack
from hwsim.signalling.q931_events import Node

IMPORT_EVERYTHING = """
import importlib, pathlib, sys
import hwsim.signalling, hwsim.spanbus
for package in (hwsim.signalling, hwsim.spanbus):
    for module in pathlib.Path(package.__file__).parent.glob("[!_]*.py"):
        importlib.import_module(f"{package.__name__}.{module.stem}")
maps = open("/proc/self/maps").read()
sys.exit("libpri" in maps or "libopenr2" in maps or "libhwpri" in maps)
"""


def test_importing_loads_nothing():
    assert subprocess.run([sys.executable, "-c", IMPORT_EVERYTHING], check=False).returncode == 0


@pytest.mark.parametrize(("door", "source"), [(PRI, "pri_door.c"), (OPENR2, "r2_door.c")])
def test_absent_library_is_a_configuration_error_that_says_what_to_do(door, source, tmp_path, monkeypatch):
    """The door is linked against a library that no machine has: the message is what a technician reads."""
    out = tmp_path / "libdoor.so"
    argv = ["gcc", "-shared", "-fPIC", str(HERE / "native" / source), "-o", str(out), "-Wl,--filter,libnobody.so.9"]
    subprocess.run(argv, check=True)
    absent = replace(door, library=str(out), soname="libnobody.so.9", package="nobody")
    with pytest.raises(ConfigurationError, match=r"libnobody\.so\.9 \(package nobody\).*apt-get install nobody"):
        open_door(absent)


def test_door_that_is_not_built():
    with pytest.raises(ConfigurationError, match="not built; run"):
        open_door(replace(PRI, library="libnowhere.so"))


def test_the_library_follows_simulated_time(libpri):
    """A stack whose far end is silent asks again each second of simulated time."""
    town = Town(circuits=0)
    sent = []
    PriStack(town.sim, Node.NETWORK, lambda frame: sent.append((town.sim.now_us, frame.hex())), lambda event: None)
    town.run_s(3.5)
    assert [at // 1_000_000 for at, frame in sent] == [0, 1, 2, 3]
    assert {frame for _, frame in sent} == {"02017f"}


def test_timers_by_name(libpri):
    stack = PriStack(Town(circuits=0).sim, Node.NETWORK, lambda frame: None, lambda event: None)
    stack.set_timer("T309", 90_000)
    with pytest.raises(ValueError, match="T999"):
        stack.set_timer("T999", 1)


def test_process_that_loaded_libpri_otherwise_is_told(libpri):
    code = (
        "import ctypes, sys; ctypes.CDLL('libpri.so.1.4');"
        "from hwsim.core.engine import Engine; from hwsim.kernel.sim import Sim;"
        "from hwsim.kernel.truth import TruthLog;"
        "from hwsim.signalling.pri_stack import PriStack; from hwsim.signalling.q931_events import Node;"
        "PriStack(Sim(Engine(8, 0), TruthLog(), 1), Node.NETWORK, print, print)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "another part of this process loaded it first" in done.stderr
