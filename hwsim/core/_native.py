"""The one door to the sample engine's C library: loading, and nothing else.

cffi in ABI mode; the declarations are read from the same `hwcore.h` that the C sources include.
"""

from functools import cache
from pathlib import Path
from typing import Any

from cffi import FFI

HEADER = Path(__file__).with_name("hwcore.h")
LIBRARY = Path(__file__).with_name("libhwcore.so")


class EngineNotBuiltError(RuntimeError):
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
        return ffi, ffi.dlopen(str(library))
    except OSError as error:
        state = "cannot be loaded" if library.exists() else "is not built"
        message = f"the simulator's sample engine {library} {state}: {error}; run: python setup.py build_ext --inplace"
        raise EngineNotBuiltError(message) from error
