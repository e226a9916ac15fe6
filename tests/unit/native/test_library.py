"""Loading: every mistake of an installation is one clear line; symbols and features are checked at once."""

import shutil
import subprocess
from pathlib import Path

import cffi
import pytest

from boardd.contract.errors import ConfigurationError
from boardd.native.elf import NotElfError, read_elf
from boardd.native.library import OUR_BITS, load_library
from boardd.native.strings import Cell, TextBuffer, decode

SOURCE = """
int answer(void) { return 42; }
int write_text(char *text) { for (int i = 0; i < 40; i++) text[i] = 'x'; text[40] = 0; return 40; }
"""
pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="needs a compiler")


def build(folder: Path, name: str, source: str = SOURCE, *options: str) -> Path:
    (folder / "code.c").write_text(source)
    path = folder / name
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", path, folder / "code.c", *options], check=True)
    return path


def declare(folder: Path, text: str) -> list[Path]:
    path = folder / "code.h"
    path.write_text(text)
    return [path]


def problem(path: Path, declarations: list[Path], **more: object) -> str:
    with pytest.raises(ConfigurationError) as error:
        load_library(path, declarations, found_by="settings.library", **more)  # type: ignore[arg-type]
    assert "\n" not in error.value.message
    assert str(path) in error.value.message
    return error.value.message


def test_loads_calls_and_describes(tmp_path: Path) -> None:
    path = build(tmp_path, "libx.so.1.2.3", SOURCE, "-Wl,-soname,libx.so.1")
    library = load_library(path, declare(tmp_path, "int answer(void); /* note */"), found_by="test")
    assert library.functions.answer() == 42  # type: ignore[attr-defined]
    assert library.functions.answer.name == "answer"  # type: ignore[attr-defined]
    facts = library.describe()
    assert facts["soname"] == "libx.so.1" and facts["version"] == "1.2.3" and facts["symbols"] == 1
    assert facts["elf_class"] == f"ELF{OUR_BITS}" and facts["found_by"] == "test" and facts["size_bytes"] > 1000


def test_missing_symbols_are_listed_together(tmp_path: Path) -> None:
    path = build(tmp_path, "libx.so")
    text = problem(path, declare(tmp_path, "int answer(void); int one(void); int other(int);"))
    assert "one, other" in text and f"{OUR_BITS}-bit" in text and "settings.library" in text


def test_optional_symbols_make_features(tmp_path: Path) -> None:
    path = build(tmp_path, "libx.so")
    declarations = declare(tmp_path, "int answer(void); int a(void); int b(void);")
    library = load_library(path, declarations, {"newer": ("a", "b"), "basic": ("answer",)})
    assert library.features == {"basic"}
    assert library.missing_optional == {"newer": ("a", "b")}
    assert not hasattr(library.functions, "a")


def test_missing_file_not_elf_relative_and_directory(tmp_path: Path) -> None:
    declarations = declare(tmp_path, "int answer(void);")
    assert "no such file" in problem(tmp_path / "none.so", declarations)
    text = tmp_path / "script.so"
    text.write_text("GROUP ( libc.so.6 )\n" * 10)
    assert "not a Linux shared library" in problem(text, declarations)
    assert "cannot be read" in problem(tmp_path, declarations)
    assert "absolute" in problem(Path("libx.so"), declarations)


def test_other_word_size(tmp_path: Path) -> None:
    path = build(tmp_path, "libx.so")
    data = bytearray(path.read_bytes())
    header = bytearray(52)
    header[:20] = data[:20]
    header[4] = 1 if OUR_BITS == 64 else 2
    header[18:20] = (3).to_bytes(2, "little")
    other = tmp_path / "other.so"
    other.write_bytes(bytes(header) + bytes(200))
    text = problem(other, declare(tmp_path, "int answer(void);"))
    assert "32-bit library (x86)" in text and "interpreter" in text


def test_missing_dependency_is_named(tmp_path: Path) -> None:
    helper = build(tmp_path, "libhelper.so", "int helper(void) { return 1; }", "-Wl,-soname,libhelper.so")
    path = build(tmp_path, "libx.so", "int helper(void); int answer(void) { return helper(); }", str(helper))
    assert read_elf(path).needed[0] == "libhelper.so"
    helper.unlink()
    text = problem(path, declare(tmp_path, "int answer(void);"))
    assert "needs libhelper.so" in text and "LD_LIBRARY_PATH" in text


def test_truncated_elf(tmp_path: Path) -> None:
    path = tmp_path / "cut.so"
    path.write_bytes(build(tmp_path, "libx.so").read_bytes()[:100])
    with pytest.raises(NotElfError):
        read_elf(path)


def test_text_buffer_is_bounded_and_notices_overruns(tmp_path: Path) -> None:
    ffi = cffi.FFI()
    ffi.cdef("int write_text(char *text);")
    lib = ffi.dlopen(str(build(tmp_path, "libx.so")))
    fits, small = TextBuffer(ffi, 64), TextBuffer(ffi, 16)
    assert lib.write_text(fits.pointer) == 40 and fits.text() == "x" * 40 and not fits.overran
    assert lib.write_text(small.pointer) == 40 and small.text() == "x" * 16 and small.overran


def test_texts_of_all_code_pages() -> None:
    assert decode("忙音".encode("gbk")) == "忙音"
    assert decode("忙音".encode()) == "忙音"
    assert decode(b"\xfe\x01\xff\x80") and decode(b"") == ""


def test_cells_have_room_for_wider_words() -> None:
    ffi = cffi.FFI()
    cell = Cell(ffi, "unsigned short")
    wide = ffi.cast("unsigned long long *", cell.pointer)
    wide[0], wide[1] = 0x11223344_55667788, 2**64 - 1
    assert cell.value == 0x7788
