"""The C pump of one channel as Python sees it: starting and ending, nothing in between (native/pump.h).

Sound goes from the maker's threads through the pump into a stream of the media engine, and back, without the
interpreter. Methods that call the maker's library answer what it answers and belong on the door thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from boardd.contract.errors import OverloadError
from boardd.media._native import load
from boardd.native.library import Library, load_library
from boardd.native.strings import encode_path
from drivers.synway._codes import CODEC_ALAW

LIBRARY = Path(__file__).with_name("libsynwaypump.so")
HEADER = Path(__file__).parent / "native" / "pump.h"
GIVES, TAKES, RESTS = 1, 2, 3
"""me_stream_way."""
CALLS = ("", "SsmPlayMemBlock", "SsmRecordMemBlock")
"""sp_call."""


@cache
def pump_library() -> Library:
    """The compiled pump. Raises ConfigurationError."""
    return load_library(LIBRARY, [HEADER], found_by="boardd")


@dataclass(frozen=True, slots=True)
class PumpState:
    """`given` and `taken` in bytes; `refused` pieces that the card did not accept; `dry`: times it had played all.

    `calling`: the function that one of the maker's threads is in now, for us; `calls`: how often they came back.
    """

    capturing: bool
    speaking: bool
    given: int
    taken: int
    refused: int
    dry: int
    calling: str
    calls: int


class Pump:
    """The pump of channel `ch`, with its stream. Close it only when the maker's library is closed."""

    def __init__(self, maker: Library, ch: int, piece_bytes: int) -> None:
        library = pump_library()
        self._ffi, self._lib = library.ffi, library.functions
        media_ffi, self._media = load()
        self.stream = self._media.me_stream_new()
        functions: Any = self._ffi.new("sp_functions *")
        names = {"record_file": "SsmRecToFileB", "record_block": "SsmRecordMemBlock", "play_block": "SsmPlayMemBlock"}
        for field, name in names.items():
            setattr(functions, field, self._void(maker.ffi, maker.pointer(name)))
        functions.give = self._void(media_ffi, self._media.me_stream_give)
        functions.take = self._void(media_ffi, self._media.me_stream_take)
        stream = self._void(media_ffi, self.stream)
        self._leg = self._call("sp_new", ch, CODEC_ALAW, piece_bytes, functions, stream)
        if not self.stream or not self._leg:
            raise OverloadError("there is no memory for the sound of a tie", channel=str(ch))

    def _void(self, ffi: Any, pointer: Any) -> Any:
        return self._ffi.cast("void *", int(ffi.cast("uintptr_t", pointer)))

    def _call(self, name: str, *args: Any) -> Any:
        return getattr(self._lib, name)(*args)

    @property
    def state(self) -> PumpState:
        """Where it is."""
        raw: Any = self._ffi.new("sp_state *")
        self._call("sp_get_state", self._leg, raw)
        numbers = raw.given, raw.taken, raw.refused, raw.dry
        return PumpState(bool(raw.capturing), bool(raw.speaking), *numbers, CALLS[raw.calling], raw.calls)

    def begin(self, way: int) -> None:
        """The card begins to give or to take, or rests."""
        self._media.me_stream_begin(self.stream, way)

    def hear(self, on: bool) -> None:
        """Whether what is recorded goes into the stream."""
        self._call("sp_hear", self._leg, on)

    # -- on the door thread -------------------------------------------------------------------------------------------
    def record_file(self, path: str, mask: int) -> int:
        """SsmRecToFileB: the file, and the same sound for us."""
        return int(self._call("sp_record_file", self._leg, encode_path(path), mask))

    def capture(self) -> int:
        """SsmRecordMemBlock: sound for us alone."""
        return int(self._call("sp_capture", self._leg))

    def capture_end(self) -> None:
        """SsmStopRecordMemBlock follows: no more blocks."""
        self._call("sp_capture_end", self._leg)

    def speak(self) -> int:
        """SsmPlayMemBlock: what is said to the stream."""
        return int(self._call("sp_speak", self._leg))

    def speak_end(self) -> None:
        """SsmStopPlayMemBlock follows: no more blocks."""
        self._call("sp_speak_end", self._leg)

    def close(self) -> None:
        """The library is closed and its threads are gone; again: nothing."""
        if self.stream:
            self._call("sp_free", self._leg)
            self._media.me_stream_free(self.stream)
            self.stream = self._leg = None
