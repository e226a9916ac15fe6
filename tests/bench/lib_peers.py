"""Peers that hear the same sound: libspandsp's DTMF receiver and multimon-ng, when they are installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from typing import Any

import numpy as np
from cffi import FFI

CHUNK = 8000
"""Samples between two looks; the receiver keeps 128 digits."""


@cache
def _spandsp() -> tuple[Any, Any] | None:
    ffi = FFI()
    ffi.cdef(
        "void *dtmf_rx_init(void *, void *, void *); int dtmf_rx(void *, const int16_t *, int);"
        "size_t dtmf_rx_get(void *, char *, int); int dtmf_rx_free(void *);"
    )
    try:
        return ffi, ffi.dlopen("libspandsp.so.2")
    except OSError:
        return None


def spandsp_dtmf(sound: np.ndarray) -> str | None:
    """The digits that libspandsp hears; None: it is not installed."""
    found = _spandsp()
    if found is None:
        return None
    ffi, lib = found
    state = lib.dtmf_rx_init(ffi.NULL, ffi.NULL, ffi.NULL)
    room = ffi.new("char[256]")
    heard = ""
    for at in range(0, len(sound), CHUNK):
        part = np.ascontiguousarray(sound[at : at + CHUNK], np.int16)
        lib.dtmf_rx(state, ffi.from_buffer("int16_t[]", part), len(part))
        count = lib.dtmf_rx_get(state, room, 200)
        heard += ffi.string(room)[:count].decode() if count else ""
    lib.dtmf_rx_free(state)
    return heard


def multimon_dtmf(sound: np.ndarray) -> str | None:
    """The digits that multimon-ng hears (at 22.05 kHz); None: it is not installed."""
    if shutil.which("multimon-ng") is None:
        return None
    spectrum = np.fft.rfft(np.concatenate((sound.astype(float), np.zeros(-len(sound) % 160 + 160))))
    count = (len(sound) + -len(sound) % 160 + 160) * 441 // 160
    wide = np.fft.irfft(np.concatenate((spectrum, np.zeros(count // 2 + 1 - len(spectrum)))), count) * 441 / 160
    raw = np.clip(wide, -32768, 32767).astype("<i2").tobytes()
    told = subprocess.run(
        ["multimon-ng", "-q", "-a", "DTMF", "-t", "raw", "-"], input=raw, capture_output=True, check=True
    )
    return "".join(re.findall(r"DTMF: (\S)", told.stdout.decode()))
