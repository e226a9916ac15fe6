"""The one door to the sample engine's C library: loading, and nothing else.

cffi in ABI mode; the declarations are read from the same `hwcore.h` that the C sources include.
"""

from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _

HEADER = Path(__file__).with_name("hwcore.h")
LIBRARY = Path(__file__).with_name("libhwcore.so")


class EngineNotBuiltError(ConfigurationError):
    """The compiled sample engine is missing or does not fit this machine."""


@cache
def load() -> tuple[Any, Any]:
    """The `FFI` object and the library. Raises `EngineNotBuiltError`, which says what to do."""
    return open_library(HEADER, LIBRARY)


def open_library(header: Path, library: Path) -> tuple[Any, Any]:
    """Loads one library by one header; see `load`."""
    ffi = FFI()
    ffi.cdef(header.read_text(encoding="utf-8"))
    try:
        lib = ffi.dlopen(str(library))
        for name in dir(lib):
            getattr(lib, name)
    except (OSError, AttributeError) as error:
        if not library.exists():
            text = _("{path} is not built; run: python setup.py build_ext --inplace")
            raise EngineNotBuiltError(text.format(path=library)) from error
        text = _("{path}: cannot be loaded: {problem}; run: python setup.py build_ext --inplace")
        problem = " ".join(str(error).split()).partition(". Additionally, ")[0].partition(" Did you mean")[0]
        raise EngineNotBuiltError(text.format(path=library, problem=problem)) from error
    return ffi, lib
