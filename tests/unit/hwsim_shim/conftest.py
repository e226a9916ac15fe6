"""The server with a fake behaviour, the shim loaded through cffi, and compiled probe programs."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cffi
import pytest
from shimkit import DECL, HERE, LAYOUTS, MORE, SHIM, TOPICS, Served, declarations


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HWSIM_DIR", str(tmp_path))
    return tmp_path


@pytest.fixture
def served(folder: Path) -> Iterator[Served]:
    server = Served(folder)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def built() -> None:
    """The libraries must have been made (`setup.py build_ext --inplace`)."""
    for folder in LAYOUTS.values():
        assert (folder / "libshpa3.so").exists(), "build the C libraries first: setup.py build_ext --inplace"


@pytest.fixture(scope="session")
def ffi() -> cffi.FFI:
    made = cffi.FFI()
    made.cdef(declarations(*TOPICS, *MORE))
    return made


@pytest.fixture(params=list(LAYOUTS))
def layout(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def lib(ffi: cffi.FFI, built: None) -> Iterator[Any]:
    """The library, not started; closed at the end whatever happened."""
    loaded = ffi.dlopen(str(SHIM / "libshpa3.so"), ffi.RTLD_NOW | ffi.RTLD_LOCAL)
    yield loaded
    loaded.SsmCloseCti()


@pytest.fixture
def started(lib: Any, served: Served) -> Any:
    assert lib.SsmStartCti(b"/nowhere/ShConfig.ini", b"/nowhere/ShIndex.ini") == 0
    return lib


@pytest.fixture(scope="session")
def compile_probe(tmp_path_factory: pytest.TempPathFactory, built: None) -> Callable[..., Path]:
    """Compile a C program against the library in one of the layouts; its path."""
    gcc = shutil.which("gcc") or "cc"
    made: dict[tuple[str, str, bool], Path] = {}

    def compile_one(source: str, layout: str = "newest", inside: bool = False) -> Path:
        key = (source, layout, inside)
        if key not in made:
            target = tmp_path_factory.mktemp("probe") / Path(source).stem
            defines = ["-DSHPA3_LAYOUT_2007"] if layout == "2007" else []
            inner = [str(SHIM / "setting.c")] if inside else []
            subprocess.run(
                [
                    *(gcc, "-std=gnu11", "-g", "-Wall", "-Wextra", "-Werror", *defines, f"-I{DECL}", f"-I{SHIM}"),
                    *(str(HERE / source), *inner, "-o", str(target), f"-L{LAYOUTS[layout]}", "-lshpa3", "-pthread"),
                    f"-Wl,-rpath,{LAYOUTS[layout]}",
                ],
                check=True,
                capture_output=True,
            )
            made[key] = target
        return made[key]

    return compile_one
