"""The register library: the only place here that touches cffi."""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, cast

from boardd.contract.errors import ConfigurationError, DeviceError
from boardd.contract.text import _
from boardd.native.library import Library, load_library
from boardd.signalling.mfcr2.profile import RegisterRules
from boardd.signalling.mfcr2.signals import End

FOLDER = Path(__file__).resolve().parent.parent
LIBRARY = FOLDER / "libmfcr2.so"
HEADER = FOLDER / "native" / "mfcr2.h"
RATE_HZ = 8000
HOP = 40
"""Samples between two decisions of the receiver."""


class Kind(IntEnum):
    """Kinds of register events."""

    HEARD = 1
    CEASED = 2
    SENT = 3
    STOPPED = 4


@dataclass(frozen=True, slots=True)
class ToneEvent:
    """A register signal began or ended. `at_sample` counts from the register's making; levels are dBm0 of each tone."""

    kind: Kind
    number: int
    at_sample: int
    low_dbm0: float = 0.0
    high_dbm0: float = 0.0


@cache
def library() -> Library:
    """The library, loaded at first use. Raises ConfigurationError when it is not built."""
    if not LIBRARY.exists():
        raise ConfigurationError(
            _("MFC-R2 needs {path}, which is not built; run: python setup.py build_ext --inplace").format(path=LIBRARY),
            path=str(LIBRARY),
        )
    return load_library(LIBRARY, [HEADER], found_by="boardd")


class DeviceIo:
    """The read and write functions of a device I/O library, for `Register.pump`.

    `read`, `write` are C functions `long f(int, void *, unsigned long)` as cdata or addresses; they answer -errno.
    """

    def __init__(self, read: Any, write: Any) -> None:
        ffi: Any = library().ffi
        self.table: Any = ffi.new("mfcr2_io *")
        self.table.read = ffi.cast("long (*)(int, void *, unsigned long)", read)
        self.table.write = ffi.cast("long (*)(int, const void *, unsigned long)", write)


class Register:
    """Sender and receiver at one end of a circuit, for one call. Samples count from its making."""

    def __init__(self, end: End, rules: RegisterRules) -> None:
        found = library()
        self._ffi: Any = found.ffi
        self._lib = cast("Any", found.functions)
        options: Any = self._ffi.new("mfcr2_options *")
        options.send_mb = round(rules.send_dbm0 * 100)
        options.least_mb = round(rules.least_dbm0 * 100)
        options.twist_mb = round(rules.twist_db * 100)
        options.margin_mb = round(rules.margin_db * 100)
        options.recognise_ms = rules.recognise_ms
        self._handle: Any = self._lib.mfcr2_new(options, int(end))
        if self._handle == self._ffi.NULL:
            raise ConfigurationError(_("the levels of the register signals are out of range"))
        weakref.finalize(self, self._lib.mfcr2_free, self._handle).atexit = False
        self._event: Any = self._ffi.new("mfcr2_event *")

    def send(self, number: int, length_ms: int = 0) -> None:
        """Send signal 1 to 15 until the far end answers, or for `length_ms`; 0: be silent."""
        if self._lib.mfcr2_send(self._handle, number, length_ms * RATE_HZ // 1000) < 0:
            raise ValueError(f"register signal {number} for {length_ms} ms")

    @property
    def sending(self) -> int:
        """The signal that is being sent, 0: none."""
        return int(self._lib.mfcr2_sending(self._handle))

    @property
    def hearing(self) -> int:
        """The signal that is being heard, 0: none."""
        return int(self._lib.mfcr2_hearing(self._handle))

    @property
    def now(self) -> int:
        """Samples so far."""
        return int(self._lib.mfcr2_now(self._handle))

    @property
    def dropped(self) -> int:
        """Octets that the device did not take."""
        return int(self._lib.mfcr2_dropped(self._handle))

    def feed(self, alaw: bytes) -> bytes:
        """Sound that arrived; answers as much to send. HOP octets at a time let events decide what follows."""
        out = self._ffi.new("uint8_t[]", max(1, len(alaw)))
        self._lib.mfcr2_feed(self._handle, alaw, out, len(alaw))
        return bytes(self._ffi.buffer(out, len(alaw)))

    def prime(self, io: DeviceIo, fd: int, octets: int) -> None:
        """Put silence ahead into the device's queue."""
        self._check(self._lib.mfcr2_prime(self._handle, io.table, fd, octets), "prime", fd)

    def pump(self, io: DeviceIo, fd: int) -> bool:
        """Take what the device has heard up to the next event, give it as much; True: take the events and go on.

        Raises DeviceError."""
        return self._check(self._lib.mfcr2_pump(self._handle, io.table, fd), "pump", fd) > 0

    def events(self) -> list[ToneEvent]:
        """What happened since the last time."""
        found = []
        event: Any = self._event
        while self._lib.mfcr2_next(self._handle, event):
            found.append(
                ToneEvent(Kind(event.kind), event.number, event.at_sample, event.low_mb / 100, event.high_mb / 100)
            )
        return found

    def _check(self, answer: int, what: str, fd: int) -> int:
        if answer < 0:
            raise DeviceError(
                _("MFC-R2 register: {what} of descriptor {fd} failed: error {code}").format(
                    what=what, fd=fd, code=-answer
                ),
                function=what,
                vendor_code=-answer,
            )
        return answer
