"""A door to a private copy of the installed libpri, built from the sources and with the flags of setup.py.

libpri keeps one clock a process: that of whoever opens it first. Two who want it in one process - the simulator's stack
and ours - each need a libpri of their own; a copy of the file under another name is another library for the loader.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest

from boardd.signalling.q931 import _native

SONAME = "libpri.so.1.4"
FLAGS = ["-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-fvisibility=hidden", "-shared", "-fPIC"]
ROOT = Path(__file__).resolve().parents[3]


def installed_libpri():
    """The file of the installed library, without loading it; None: not installed."""
    # Not on the path of everybody.
    ldconfig = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if ldconfig is None:
        return None
    listing = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, check=True).stdout
    return next((line.split("=> ")[1] for line in listing.splitlines() if SONAME in line), None)


def build_door(out, sources, library):
    """A door in front of `library`."""
    subprocess.run(["gcc", *FLAGS, *map(str, sources), "-o", str(out), f"-Wl,--filter,{library}"], check=True)
    return out


def q931_sources():
    return sorted((ROOT / "boardd/signalling/native").glob("q931_*.c"))


def private_door(folder, sources, name):
    """A door `name` in front of a copy of libpri, in `folder`.

    The copy gets a name of its own inside too: the loader takes whatever is called libpri.so.1.4 already for libpri.
    """
    copy = Path(folder) / f"libpri-of-{name}"
    inside = SONAME.replace("pri", name[3:6])
    copy.write_bytes(Path(installed_libpri()).read_bytes().replace(SONAME.encode() + b"\0", inside.encode() + b"\0"))
    return build_door(Path(folder) / name, sources, copy)


@contextmanager
def own_libpri(folder):
    """Within it boardd's own code opens a libpri that nobody else in this process has opened.

    Where packages may be installed the absence of libpri is a failure, not an excuse.
    """
    if installed_libpri() is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("libpri is not installed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_native, "DOOR", private_door(folder, q931_sources(), "libq931.so"))
        yield
