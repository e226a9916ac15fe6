"""The door to the signalling libraries: loading, and the errors that a technician can act on.

Both libraries are separate packages under their own licences. They are opened only when a span needs them, through a
small library of ours that stands in front of each and gives it simulated time (`native/`); nothing is loaded at import.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from boardd.contract.errors import ConfigurationError

HERE = Path(__file__).parent
EPOCH_US = 1_704_067_200_000_000
"""What the libraries' clock shows at simulated time zero (2024-01-01 UTC); they only ever use differences."""


@dataclass(frozen=True, slots=True)
class Door:
    """A library of ours, its declarations, and what it stands in front of."""

    name: str
    declarations: str
    library: str
    soname: str
    package: str
    purpose: str


PRI = Door("libpri", "pri.h", "libhwpri.so", "libpri.so.1.4", "libpri1.4", "ISDN PRI")
OPENR2 = Door("libopenr2", "openr2.h", "libhwr2.so", "libopenr2.so.3", "libopenr2-3", "MFC-R2")


@cache
def open_door(door: Door) -> tuple[Any, Any]:
    """The FFI object and the library. Raises ConfigurationError, which names the missing package."""
    path = HERE / door.library
    if not path.exists():
        raise ConfigurationError(
            f"simulated {door.purpose} spans need {path}, which is not built; run: python setup.py build_ext --inplace",
            library=str(path),
        )
    ffi = FFI()
    ffi.cdef((HERE / "decl" / door.declarations).read_text(encoding="utf-8"))
    try:
        # RTLD_DEEPBIND: the library in front, and the one behind it, look for names in each other before libc.
        return ffi, ffi.dlopen(str(path), os.RTLD_NOW | os.RTLD_DEEPBIND | os.RTLD_LOCAL)
    except OSError as error:
        raise ConfigurationError(
            f"simulated {door.purpose} spans need {door.soname} (package {door.package}), which cannot be loaded:"
            f" {error}; install it with: apt-get install {door.package}",
            package=door.package,
            library=door.soname,
        ) from error
