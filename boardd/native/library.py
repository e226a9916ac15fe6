"""Loads a maker's shared library: plain C declarations, absolute path, every symbol resolved before anything is called.

cffi in ABI mode, RTLD_NOW | RTLD_LOCAL. Runs wherever the caller runs it (the door thread: loading may block).
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cffi

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.native.elf import ElfFacts, NotElfError, read_elf

OUR_BITS = struct.calcsize("P") * 8
NAMES_SHOWN = 6
_VERSION = re.compile(r"\.so\.(\d[\w.]*)$|-(\d[\d.]*)\.so$")


class Function:
    """A resolved C function that knows its name. Calling it releases the GIL for the time of the call."""

    __slots__ = ("_pointer", "name")

    def __init__(self, name: str, pointer: Any) -> None:
        self.name = name
        self._pointer = pointer

    def __call__(self, *args: Any) -> Any:
        """Call it."""
        return self._pointer(*args)

    def __repr__(self) -> str:
        return f"<C function {self.name}>"


class Functions:
    """The resolved functions as attributes; asking for one that the library lacks raises AttributeError."""

    def __init__(self, found: Mapping[str, Function]) -> None:
        self.__dict__.update(found)


@dataclass(frozen=True)
class Library:
    """A loaded library. `features` are the optional feature flags whose symbols are all there."""

    path: Path
    found_by: str
    elf: ElfFacts
    size_bytes: int
    ffi: cffi.FFI
    functions: Functions
    symbols: int
    features: frozenset[str]
    missing_optional: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _handle: Any = None

    @property
    def version(self) -> str:
        """The version in the real file's name, empty when it has none."""
        match = _VERSION.search(str(self.path.resolve()))
        return next((group for group in match.groups() if group), "") if match else ""

    def pointer(self, name: str) -> Any:
        """A function as a pointer, for another C library that is to call it."""
        return getattr(self._handle, name)

    def describe(self) -> dict[str, Any]:
        """What a technician wants to know; JSON values."""
        return {
            "path": str(self.path),
            "real_path": str(self.path.resolve()),
            "found_by": self.found_by,
            "elf_class": f"ELF{self.elf.bits}",
            "machine": self.elf.machine,
            "size_bytes": self.size_bytes,
            "soname": self.elf.soname,
            "needed": list(self.elf.needed),
            "version": self.version,
            "symbols": self.symbols,
            "features": sorted(self.features),
            "missing_optional": {name: list(symbols) for name, symbols in sorted(self.missing_optional.items())},
        }


def load_library(
    path: Path,
    declarations: Sequence[Path],
    features: Mapping[str, Sequence[str]] | None = None,
    found_by: str = "",
) -> Library:
    """Load `path`, declared by the C files `declarations` in that order.

    Every declared function must be in the library, except those that `features` lists by feature flag: a feature with a
    missing function is simply absent. Raises ConfigurationError with one line that says what is wrong and what to do.
    """
    where = f"{path} ({found_by})" if found_by else str(path)
    elf = _check_file(path, where)
    ffi = cffi.FFI()
    for declaration in declarations:
        ffi.cdef(declaration.read_text(encoding="utf-8"))
    handle = _open(ffi, path, where, elf)
    found, missing = _resolve(handle)
    optional = {symbol for symbols in (features or {}).values() for symbol in symbols}
    required = sorted(set(missing) - optional)
    if required:
        raise ConfigurationError(
            _(
                "{where}: {n} functions are missing in this {bits}-bit library: {names}; install the driver version "
                "that boardd supports, or set the path of the right file"
            ).format(where=where, n=len(required), names=_some(required), bits=elf.bits),
            path=str(path),
            found_by=found_by,
            missing=required,
            library_bits=elf.bits,
            our_bits=OUR_BITS,
        )
    lacking = {
        name: tuple(symbol for symbol in symbols if symbol in missing)
        for name, symbols in (features or {}).items()
        if any(symbol in missing for symbol in symbols)
    }
    return Library(
        path=path,
        found_by=found_by,
        elf=elf,
        size_bytes=path.stat().st_size,
        ffi=ffi,
        functions=Functions(found),
        symbols=len(found),
        features=frozenset(set(features or {}) - set(lacking)),
        missing_optional=lacking,
        _handle=handle,
    )


def _some(names: Sequence[str]) -> str:
    """The first few of many names."""
    return ", ".join(names[:NAMES_SHOWN]) + (", …" if len(names) > NAMES_SHOWN else "")


def _check_file(path: Path, where: str) -> ElfFacts:
    def refuse(why: str, **data: Any) -> ConfigurationError:
        return ConfigurationError(f"{where}: {why}", path=str(path), **data)

    if not path.is_absolute():
        raise refuse(_("the library's path must be absolute"))
    try:
        elf = read_elf(path)
    except FileNotFoundError as error:
        raise refuse(_("there is no such file; install the maker's driver or correct the path")) from error
    except NotElfError as error:
        raise refuse(
            _(
                "this is not a Linux shared library ({reason}); correct the path, or install the maker's driver again"
            ).format(reason=error)
        ) from error
    except OSError as error:
        raise refuse(_("cannot be read: {reason}").format(reason=os.strerror(error.errno or 0))) from error
    if elf.bits != OUR_BITS:
        raise refuse(
            _(
                "this is a {theirs}-bit library ({machine}) and boardd runs with {ours} bits; install the {ours}-bit "
                "driver, or set `interpreter` of the domain to a {theirs}-bit Python"
            ).format(theirs=elf.bits, ours=OUR_BITS, machine=elf.machine),
            library_bits=elf.bits,
            our_bits=OUR_BITS,
        )
    return elf


def _open(ffi: cffi.FFI, path: Path, where: str, elf: ElfFacts) -> Any:
    try:
        return ffi.dlopen(str(path), os.RTLD_NOW | os.RTLD_LOCAL)
    except OSError as error:
        raise ConfigurationError(_loader_problem(str(error), path, where, elf), path=str(path)) from error


def _loader_problem(text: str, path: Path, where: str, elf: ElfFacts) -> str:
    """One line for what the loader said (its text: "cannot load library 'PATH': DETAIL")."""
    detail = text.partition("': ")[2].partition(".  Additionally, ")[0] or text
    absent = re.match(r"(\S+): cannot open shared object file", detail)
    if absent and absent[1] != str(path):
        return _(
            "{where}: needs {name}, which the loader does not find; install it or add its directory to LD_LIBRARY_PATH "
            "in the domain's `environment`"
        ).format(where=where, name=absent[1])
    return _("{where}: the loader refuses it ({machine}): {detail}").format(
        where=where, machine=elf.machine, detail=" ".join(detail.split())
    )


def _resolve(handle: Any) -> tuple[dict[str, Function], list[str]]:
    """All declared functions: those found, and the names of those missing."""
    found: dict[str, Function] = {}
    missing: list[str] = []
    for name in dir(handle):
        try:
            found[name] = Function(name, getattr(handle, name))
        except AttributeError:
            missing.append(name)
    return found, missing
