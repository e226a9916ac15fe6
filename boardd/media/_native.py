"""The one door to libmedia: engine and detectors of cards that leave sound to the host. Loading, and nothing else.

cffi in ABI mode; the declarations are read from the same headers that the C sources include.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

FOLDER = Path(__file__).with_name("native")
HEADERS = ("detect.h", "media.h")
"""In this order; the engine's header may use what the detectors' declares."""
LIBRARY = Path(__file__).with_name("libmedia.so")


class MediaNotBuiltError(ConfigurationError):
    """The compiled media library is missing or does not fit this machine."""


@cache
def load() -> tuple[Any, Any]:
    """The `FFI` object and the library. Raises `MediaNotBuiltError`, which says what to do."""
    return open_library(LIBRARY)


def open_library(library: Path) -> tuple[Any, Any]:
    """Loads one build of the library; see `load`."""
    ffi = FFI()
    for name in HEADERS:
        header = FOLDER / name
        if header.exists():
            ffi.cdef(header.read_text(encoding="utf-8"))
    try:
        lib = ffi.dlopen(str(library))
        for name in dir(lib):
            getattr(lib, name)
    except (OSError, AttributeError) as error:
        if not library.exists():
            text = _("{path} is not built; run: python setup.py build_ext --inplace")
            raise MediaNotBuiltError(text.format(path=library)) from error
        text = _("{path}: cannot be loaded: {problem}; run: python setup.py build_ext --inplace")
        problem = " ".join(str(error).split()).partition(". Additionally, ")[0].partition(" Did you mean")[0]
        raise MediaNotBuiltError(text.format(path=library, problem=problem)) from error
    return ffi, lib
