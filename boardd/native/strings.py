"""Texts and cells that vendor functions write into: bounded, with spare room, decoded without ever failing."""

from __future__ import annotations

from typing import Any

import cffi

SPARE_BYTES = 64
_GUARD = 0xAA


def decode(raw: bytes) -> str:
    """Vendor text: UTF-8 if it is valid UTF-8, else GBK with replacement characters. Never raises."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gbk", "replace")


def encode_path(path: str) -> bytes:
    """A file name as the C library must see it."""
    return path.encode("utf-8", "surrogateescape")


class TextBuffer:
    """Memory for a text of `size` bytes incl. NUL that the library writes without being told the size.

    Behind it is spare room, so that a library that writes more than its manual says does not hurt anybody; `overran`
    tells afterwards. The text is cut at `size`.
    """

    def __init__(self, ffi: cffi.FFI, size: int, spare: int = SPARE_BYTES) -> None:
        self._ffi = ffi
        self._size = size
        self._spare = spare
        self.pointer: Any = ffi.new("char[]", size + spare)
        ffi.buffer(self.pointer)[size:] = bytes([_GUARD]) * spare

    @property
    def overran(self) -> bool:
        """Whether the library has written behind its buffer."""
        return bytes(self._ffi.buffer(self.pointer)[self._size :]) != bytes([_GUARD]) * self._spare

    def raw(self) -> bytes:
        """The bytes up to the first NUL or the end."""
        return bytes(self._ffi.buffer(self.pointer)[: self._size]).partition(b"\0")[0]

    def text(self) -> str:
        """The decoded text."""
        return decode(self.raw())


class Cell:
    """An out-parameter of C type `ctype` in memory of at least 32 zeroed bytes.

    Old headers have 8-byte words where new ones have 4: what is written beyond the type goes into the spare room.
    """

    def __init__(self, ffi: cffi.FFI, ctype: str) -> None:
        self._memory = ffi.new("unsigned long long[4]")
        self.pointer: Any = ffi.cast(f"{ctype} *", self._memory)

    @property
    def value(self) -> int:
        """What was written."""
        return int(self.pointer[0])
