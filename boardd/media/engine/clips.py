"""Sound to play: WAVE files in memory, shared by all plays of them.

Files are read before they are played, never in a tick, and copied: a file that is cut short or overwritten while it is
played changes nothing. `ClipStore.load` blocks on the disk; call it in an executor.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path
from threading import Lock
from typing import Any

from boardd.contract.errors import ArgumentError
from boardd.contract.text import _
from boardd.media._native import load
from boardd.media.engine.errors import file_error
from boardd.media.wav import ALAW_FORMAT, RATE_HZ, WavError, WavInfo, read_info

ALAW, MULAW, LINEAR = 0, 1, 2
"""`codec_law` and `ME_LINEAR`."""
MULAW_FORMAT, PCM_FORMAT = 7, 1
LAWS = {(ALAW_FORMAT, 8): ALAW, (MULAW_FORMAT, 8): MULAW, (PCM_FORMAT, 16): LINEAR}
DEFAULT_LIMIT_BYTES = 64 << 20
LONGEST_BYTES = 1 << 30


class Clip:
    """Sound in memory: A-law, mu-law, or 16-bit linear in host byte order; 8 kHz mono."""

    def __init__(self, sound: Any, law: int = ALAW) -> None:
        ffi, lib = load()
        data = ffi.from_buffer("unsigned char[]", sound)
        handle = lib.me_clip_new(data, len(data), law)
        if not handle:
            raise ArgumentError(f"no clip of {len(data)} bytes in law {law}: whole samples, and memory for them")
        self.size = len(data)
        self._samples = int(lib.me_clip_samples(handle))
        self._handle: Any = ffi.gc(handle, lib.me_clip_free)

    @property
    def handle(self) -> Any:
        """For the C engine, which holds it as long as a play needs it."""
        return self._handle

    def __len__(self) -> int:
        """Samples."""
        return self._samples


class ClipStore:
    """Clips by file, the latest used kept up to `limit_bytes`. A file that has changed is read again."""

    def __init__(self, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.limit_bytes = limit_bytes
        self.size = 0
        self._kept: OrderedDict[tuple[str, int, int, int, int], Clip] = OrderedDict()
        self._lock = Lock()

    def load(self, path: Path) -> Clip:
        """The sound of a WAVE file (A-law, mu-law or 16-bit linear; 8 kHz mono). Raises ArgumentError, DeviceError."""
        try:
            with path.open("rb") as file:
                stat = os.fstat(file.fileno())
                key = (str(path), stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns)
                if kept := self._find(key):
                    return kept
                info = read_info(path)
                law = _law(info, path)
                file.seek(info.data_offset)
                clip = Clip(file.read(info.frames * info.bits // 8), law)
        except OSError as error:
            raise file_error(error, str(path)) from error
        except WavError as error:
            raise ArgumentError(str(error), argument="file", path=str(path)) from error
        self._keep(key, clip)
        return clip

    def _find(self, key: tuple[str, int, int, int, int]) -> Clip | None:
        with self._lock:
            clip = self._kept.get(key)
            if clip:
                self._kept.move_to_end(key)
            return clip

    def _keep(self, key: tuple[str, int, int, int, int], clip: Clip) -> None:
        with self._lock:
            if key not in self._kept:
                self._kept[key] = clip
                self.size += clip.size
            while self.size > self.limit_bytes and self._kept:
                _key, oldest = self._kept.popitem(last=False)
                self.size -= oldest.size


def _law(info: WavInfo, path: Path) -> int:
    law = LAWS.get((info.format, info.bits))
    if law is None or info.channels != 1 or info.rate_hz != RATE_HZ or info.frames > LONGEST_BYTES:
        raise ArgumentError(
            _(
                "{path}: WAVE format {format} with {channels} channels, {bits} bits, {rate} Hz cannot be played; "
                "convert it to A-law, 8000 Hz, mono"
            ).format(path=path, format=info.format, channels=info.channels, bits=info.bits, rate=info.rate_hz),
            argument="file",
            path=str(path),
        )
    return law
