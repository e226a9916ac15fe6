"""Lets boardd's span and the simulator's exchange be in one process, each with a libpri of its own.

boardd's door is the shipped one and opens the installed library; the simulator's door is built here from its source, in
front of a copy of that library, because libpri follows the clock of whoever opens it first.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "unit" / "signalling_q931"))

from door_of_tests import ROOT, installed_libpri, private_door

from boardd.signalling.q931._native import PACKAGE, open_native
from hwsim.signalling import pri_stack


def separate(folder: Path) -> None:
    """Call once, before any span or network is made. Exits when libpri is not installed."""
    if installed_libpri() is None:
        raise SystemExit(f"{PACKAGE} is not installed; install it with: apt-get install {PACKAGE}")
    open_native()
    door = private_door(folder, [ROOT / "hwsim/signalling/native/pri_door.c"], "libhwpri.so")
    pri_stack.PRI = replace(pri_stack.PRI, library=str(door))
