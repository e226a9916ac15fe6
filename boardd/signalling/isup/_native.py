"""The door to libss7: loading, one signalling link, errors that a technician can act on. Nothing loads at import."""

from __future__ import annotations

import os
import weakref
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any, cast

import cffi

from boardd.contract.errors import ConfigurationError, OverloadError
from boardd.contract.text import _

SONAME = "libss7.so.2.0"
PACKAGE = "libss7-2.0"
VERSION = "2.0."
"""The series whose event layout the door knows."""
FOLDER = Path(__file__).resolve().parent.parent
DOOR = FOLDER / "libisup.so"
HEADER = FOLDER / "native" / "isup.h"
LONGEST_FRAME = 320
SOONEST_US, LATEST_US = -1, 86_400_000_000
"""A timer of the library is due within a day, on the clock that it was given."""
EPOCH_US = 1_000_000_000_000_000
"""Added to the span's clock: the library takes time for time since 1970 and knows no zero."""


class Kind(IntEnum):
    """Kinds of events; numbers of native/isup.h."""

    UP = 1
    DOWN = 2
    IAM = 5
    ACM = 6
    ANM = 7
    REL = 8
    RLC = 9
    GRS = 10
    GRA = 11
    CON = 12
    COT = 13
    CCR = 14
    BLO = 15
    UBL = 16
    BLA = 17
    UBA = 18
    CGB = 19
    CGU = 20
    RSC = 21
    CPG = 22
    UCIC = 23
    SUS = 30
    RES = 31
    SAM = 34
    DIGIT_TIMEOUT = 35
    CLEAR = 100
    NOT_IN_SERVICE = 101
    LOG_LINE = 102


_KINDS = {int(kind): kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class IsupEvent:
    """One event. `value`: cause, status or what, by kind; `called`: digits, marks of a range, or a log line."""

    kind: Kind
    cic: int = 0
    last: int = 0
    value: int = 0
    continuity: bool = False
    called: str = ""
    called_nature: int = 0
    caller: str = ""
    caller_nature: int = 0
    presentation: int = 0
    screening: int = 0
    category: int = 0
    original: str = ""


@dataclass(frozen=True)
class Native:
    """`lib` has the functions of isup.h."""

    ffi: Any
    lib: Any


@cache
def open_native(door: Path = DOOR) -> Native:
    """The door, opened once per process. Raises ConfigurationError, which names what is missing and what to do."""
    if not door.exists():
        raise ConfigurationError(
            _("SS7 spans need {path}, which is not built; run: python setup.py build_ext --inplace").format(path=door),
            library=str(door),
        )
    ffi = cast("Any", cffi.FFI())
    ffi.cdef(HEADER.read_text(encoding="utf-8"))
    try:
        # RTLD_DEEPBIND: door and libss7 look for names in each other before they look in libc.
        lib = ffi.dlopen(str(door), os.RTLD_NOW | os.RTLD_LOCAL | os.RTLD_DEEPBIND)
    except OSError as error:
        reason = str(error).partition("': ")[2].partition(".  Additionally, ")[0] or str(error)
        raise ConfigurationError(
            _(
                "SS7 spans need {soname} (package {package}), which cannot be loaded: {reason}; install it with: "
                "apt-get install {package}"
            ).format(soname=SONAME, package=PACKAGE, reason=" ".join(reason.split())),
            package=PACKAGE,
            library=SONAME,
        ) from error
    version = str(ffi.string(lib.isd_library_version()), "latin-1")
    if not version.startswith(VERSION):
        raise ConfigurationError(
            _("{soname} is version {version}; SS7 spans need {wanted}x (package {package})").format(
                soname=SONAME, version=version, wanted=VERSION, package=PACKAGE
            ),
            package=PACKAGE,
            library=SONAME,
        )
    return Native(ffi, lib)


class Link:
    """One signalling link. Times are the span's microseconds; `events` must be taken after each call."""

    def __init__(self, own_pc: int, adjacent_pc: int, network: int, now_us: int) -> None:
        native = open_native()
        self._ffi, self._lib = native.ffi, native.lib
        self._set_time(now_us)
        self._handle = self._lib.isd_new(own_pc, adjacent_pc, network)
        if self._handle == self._ffi.NULL:
            raise OverloadError(_("no more SS7 links in this process"), library=SONAME)
        self._close = weakref.finalize(self, self._lib.isd_free, self._handle)
        self._close.atexit = False
        self._event = self._ffi.new("isd_event *")
        self._frame = self._ffi.new("uint8_t[]", LONGEST_FRAME)

    def start(self, now_us: int) -> None:
        """Begin alignment. Raises ConfigurationError when the library does not live on our clock."""
        self._set_time(now_us)
        self._lib.isd_start(self._handle)
        due = self.next_timer_us()
        if due is not None and not SOONEST_US < due - now_us < LATEST_US:
            raise ConfigurationError(
                _("{soname} does not follow boardd's clock: another part of this process loaded it first").format(
                    soname=SONAME
                ),
                library=SONAME,
            )

    def close(self) -> None:
        """Give the link back."""
        self._close()

    def alarm(self, on: bool, now_us: int) -> None:
        """The physical link is lost, or back."""
        self._set_time(now_us)
        self._lib.isd_alarm(self._handle, on)

    def receive(self, frame: bytes, now_us: int) -> None:
        """A signal unit arrived; what is no signal unit is dropped."""
        self._set_time(now_us)
        self._lib.isd_receive(self._handle, frame, len(frame))

    def transmit(self, now_us: int) -> bytes:
        """The next signal unit; there is always one."""
        self._set_time(now_us)
        size = self._lib.isd_transmit(self._handle, self._frame, LONGEST_FRAME)
        return bytes(self._ffi.buffer(self._frame, size))

    def next_timer_us(self) -> int | None:
        """When a timer is due."""
        due = int(self._lib.isd_next_timer_us(self._handle))
        return None if due < 0 else due - EPOCH_US

    def run_timers(self, now_us: int) -> None:
        """Let due timers run."""
        self._set_time(now_us)
        self._lib.isd_run_timers(self._handle)

    def set_timer(self, name: str, ms: int) -> None:
        """Change a timer by its name (t7, t16 …). Raises ValueError."""
        if self._lib.isd_timer(self._handle, name.encode(), ms) < 0:
            raise ValueError(f"no timer {name!r} in {SONAME}")

    def add_circuit(self, cic: int) -> None:
        """A circuit that exists."""
        self._lib.isd_circuit(self._handle, cic, 1)

    def use(self, cic: int, on: bool) -> None:
        """Somebody has a call on a circuit, or no more."""
        self._lib.isd_use(self._handle, cic, on)

    def drop(self, cic: int, *, everything: bool = False) -> None:
        """Forget the library's call on a circuit, without a message; `everything`: also what it waits for there."""
        self._lib.isd_drop(self._handle, cic, everything)

    def busy(self, cic: int) -> bool:
        """Whether the library has anything going on for a circuit."""
        return bool(self._lib.isd_busy(self._handle, cic))

    def iam(self, cic: int, dpc: int, numbers: IsupEvent) -> bool:
        """Send an IAM with the numbers, natures and category of `numbers`."""
        event = self._ffi.new("isd_event *")
        event.called, event.called_nature = numbers.called.encode(), numbers.called_nature
        event.caller, event.caller_nature = numbers.caller.encode(), numbers.caller_nature
        event.presentation, event.screening = numbers.presentation, numbers.screening
        event.category = numbers.category
        return bool(self._lib.isd_iam(self._handle, cic, dpc, event) == 0)

    def send(self, what: str, *values: int) -> bool:
        """Send a message by the name of its function without `isd_`: acm, cpg, anm, rel, rlc, rsc, grs, blo, ubl."""
        return bool(getattr(self._lib, f"isd_{what}")(self._handle, *values) == 0)

    def acknowledge(self, event: IsupEvent) -> bool:
        """Answer a BLO, UBL, CGB, CGU, GRS or RSC."""
        asked = self._ffi.new("isd_event *")
        asked.kind, asked.cic, asked.last = int(event.kind), event.cic, event.last
        return bool(self._lib.isd_acknowledge(self._handle, asked) == 0)

    def events(self) -> list[IsupEvent]:
        """What happened since the last time."""
        found = []
        event = self._event
        while self._lib.isd_next_event(self._handle, event):
            kind = _KINDS.get(event.kind)
            if kind is not None:
                found.append(self._copy(kind, event))
        return found

    def _copy(self, kind: Kind, event: Any) -> IsupEvent:
        called, caller, original = (
            self._ffi.string(text).decode("latin-1") for text in (event.called, event.caller, event.original)
        )
        return IsupEvent(
            kind,
            event.cic,
            event.last,
            event.value,
            bool(event.continuity),
            called,
            event.called_nature,
            caller,
            event.caller_nature,
            event.presentation,
            event.screening,
            event.category,
            original,
        )

    def _set_time(self, now_us: int) -> None:
        self._lib.isd_set_time_us(EPOCH_US + now_us)
