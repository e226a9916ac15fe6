"""The door to libpri: loading, and the errors that a technician can act on.

libpri is GPL and a package of its own. It is opened with the first span, through libq931.so of ours, which stands in
front of it and gives it the span's time (`boardd/signalling/native/q931.h`); nothing is loaded at import. Decision 19.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cffi

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

SONAME = "libpri.so.1.4"
PACKAGE = "libpri1.4"
VERSION = "1.6."
"""The series whose event layout the door knows."""
FOLDER = Path(__file__).resolve().parent.parent
DOOR = FOLDER / "libq931.so"
HEADER = FOLDER / "native" / "q931.h"


@dataclass(frozen=True)
class Native:
    """`lib` has the functions of q931.h, `version` is libpri's."""

    ffi: Any
    lib: Any
    version: str


def open_native() -> Native:
    """The door, opened once per process. Raises ConfigurationError, which names what is missing and what to do."""
    return _open(DOOR)


@cache
def _open(door: Path) -> Native:
    if not door.exists():
        raise ConfigurationError(
            _("PRI spans need {path}, which is not built; run: python setup.py build_ext --inplace").format(path=door),
            library=str(door),
        )
    ffi: Any = cffi.FFI()
    ffi.cdef(HEADER.read_text(encoding="utf-8"))
    try:
        # RTLD_DEEPBIND: door and libpri look for names in each other before they look in libc.
        lib: Any = ffi.dlopen(str(door), os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND)
    except OSError as error:
        raise ConfigurationError(
            _(
                "PRI spans need {soname} (package {package}), which cannot be loaded: {reason}; install it with: "
                "apt-get install {package}"
            ).format(soname=SONAME, package=PACKAGE, reason=_reason(error)),
            package=PACKAGE,
            library=SONAME,
        ) from error
    version = str(ffi.string(lib.q9_library_version()), "latin-1")
    if not version.startswith(VERSION):
        raise ConfigurationError(
            _("{soname} is version {version}; PRI spans need {wanted}x (package {package})").format(
                soname=SONAME, version=version, wanted=VERSION, package=PACKAGE
            ),
            package=PACKAGE,
            library=SONAME,
        )
    return Native(ffi, lib, version)


def _reason(error: OSError) -> str:
    """What the loader said, without cffi's frame around it."""
    text = str(error)
    detail = text.partition("': ")[2].partition(".  Additionally, ")[0] or text
    return " ".join(detail.split())
