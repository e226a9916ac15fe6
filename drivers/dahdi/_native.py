"""The only place of the driver that touches cffi: libdahdiio, requests as typed methods, pointers for the engine.

Every method is one call of the library. The driver carries them out on the door thread, except those marked *loop*:
they neither sleep nor take long in the kernel (frames, line bits, events of a non-blocking descriptor). No cdata
leaves this file but pointers to the library's functions.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from boardd.native.library import Library, load_library
from drivers.dahdi._codes import (
    BITS,
    CHANNEL,
    CONF_DIGITALMON,
    CTL,
    DIAL_CANCEL,
    DIAL_REPLACE,
    ELAST,
    POLICY_IMMEDIATE,
    Alarm,
    Flush,
    Hook,
    Law,
    Maint,
    Request,
)
from drivers.dahdi._errors import DahdiError

FOLDER = Path(__file__).resolve().parent
LIBRARY = FOLDER / "libdahdiio.so"
DECLARATIONS = (FOLDER / "decl" / "dahdi.h", FOLDER / "decl" / "dio.h")
BLOCK_OCTETS = 160
"""20 ms of sound: a block of the engine."""
FRAME_OCTETS = 1024
ROOT_ROOM = 512


def open_library(path: Path, found_by: str) -> Library:
    """Load one build of libdahdiio. Raises ConfigurationError."""
    return load_library(path, DECLARATIONS, found_by=found_by)


@dataclass(frozen=True, slots=True)
class Params:
    """One channel as GET_PARAMS has it. `position` counts from 1 on its span."""

    channel: int
    span: int
    position: int
    signalling: int
    capable: int
    off_hook: bool
    law: Law
    alarms: Alarm
    name: str


@dataclass(frozen=True, slots=True)
class SpanStatus:
    """One span as SPANSTAT has it. Counters are since the driver was loaded."""

    number: int
    name: str
    description: str
    alarms: Alarm
    channels: int
    configured: int
    spans: int
    location: str
    manufacturer: str
    device_type: str
    type: str
    line: int
    irq_misses: int
    counters: dict[str, int]


class Native:
    """A loaded libdahdiio."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._lib: Any = library.functions
        self._ffi: Any = library.ffi
        self._int = self._ffi.new("int *")
        self._frame = self._ffi.new("unsigned char[]", FRAME_OCTETS)

    @property
    def simulated(self) -> bool:
        """Whether it is hwsim's build."""
        return bool(self._lib.dio_build() == 1)

    def root(self) -> Path:
        """What stands before /sys and /proc."""
        text = self._ffi.new("char[]", ROOT_ROOM)
        _checked("dio_root", self._lib.dio_root(text, ROOT_ROOM))
        return Path("/" + self._ffi.string(text).decode("utf-8", "surrogateescape").lstrip("/"))

    # -- files --------------------------------------------------------------------------------------------------------
    def open_ctl(self) -> int:
        """The control file. Raises DahdiError."""
        return self._open(CTL)

    def open_channel(self, number: int) -> int:
        """A channel, non-blocking. Raises DahdiError (EBUSY: another program has it)."""
        fd = self._open(CHANNEL)
        try:
            self._set_int(fd, Request.SPECIFY, number)
        except DahdiError:
            self.close(fd)
            raise
        return fd

    def _open(self, path: str) -> int:
        flags = os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC
        return _checked(f"open {path}", self._lib.dio_open(path.encode(), flags), path=path)

    def close(self, fd: int) -> None:
        """Close a file; errors do not matter any more."""
        self._lib.dio_close(fd)

    # -- facts --------------------------------------------------------------------------------------------------------
    def version(self, ctl: int) -> tuple[str, str]:
        """Version of DAHDI, and names of the echo cancellers."""
        found = self._ffi.new("struct dahdi_version *")
        self._ioctl(ctl, Request.GETVERSION, found)
        return self._text(found.version), self._text(found.echo_cancellers)

    def span_status(self, ctl: int, span: int) -> SpanStatus | None:
        """None: there is no such span."""
        found = self._ffi.new("struct dahdi_span_status *")
        found.span = span
        try:
            self._ioctl(ctl, Request.SPANSTAT, found)
        except DahdiError as error:
            if error.gone or error.errno == errno.EINVAL:
                return None
            raise
        counters = ("bpv", "crc4", "ebit", "fas", "fe", "cv", "be", "prbs", "errored_s")
        return SpanStatus(
            number=span,
            name=self._text(found.name),
            description=self._text(found.description),
            alarms=Alarm(found.alarms & 0x7FFF),
            channels=int(found.channels),
            configured=int(found.configured_channels),
            spans=int(found.spans),
            location=self._text(found.location),
            manufacturer=self._text(found.manufacturer),
            device_type=self._text(found.device_type),
            type=self._text(found.type),
            line=int(found.line),
            irq_misses=int(found.irq_misses),
            counters={name: int(getattr(found, name)) for name in counters},
        )

    def params(self, fd: int, channel: int = 0) -> Params:
        """Of a channel by number (through ctl), or of an open one. Raises DahdiError."""
        found = self._params(fd, channel)
        return Params(
            channel=int(found.channel),
            span=int(found.span),
            position=int(found.position),
            signalling=int(found.signalling) & 0xFFFFFFFF,
            capable=int(found.signalling_capable) & 0xFFFFFFFF,
            off_hook=bool(found.rx_offhook),
            law=Law.MULAW if found.law == Law.MULAW else Law.ALAW,
            alarms=Alarm(found.alarms & 0x7FFF),
            name=self._text(found.name),
        )

    def _params(self, fd: int, channel: int) -> Any:
        found = self._ffi.new("struct dahdi_params *")
        found.channel = channel
        self._ioctl(fd, Request.GET_PARAMS, found)
        return found

    # -- settings of a channel ----------------------------------------------------------------------------------------
    def set_up_sound(self, fd: int, blocks: int) -> None:
        """20 ms blocks in the law of the card's codec, `blocks` of them each way, sent as soon as they are there."""
        self._set_int(fd, Request.SETLINEAR, 0)
        self.set_buffers(fd, blocks, BLOCK_OCTETS)

    def set_buffers(self, fd: int, count: int, size: int) -> None:
        """Buffers each way."""
        info = self._ffi.new("struct dahdi_buffers *")
        info.tx_policy = info.rx_policy = POLICY_IMMEDIATE
        info.count, info.size = count, size
        self._ioctl(fd, Request.SET_BUFINFO, info)

    def set_audio_mode(self, fd: int) -> None:
        """A clear channel carries sound."""
        self._set_int(fd, Request.AUDIOMODE, 1)

    def set_times(self, fd: int, *, flash_ms: int = 0, rxflash_ms: int = 0, debounce_ms: int = 0) -> None:
        """How long our flash is, how long a telephone's may be, how long our own hook changes settle; 0: as it is."""
        params = self._params(fd, 0)
        params.flash_ms = flash_ms or params.flash_ms
        params.rxflash_ms = rxflash_ms or params.rxflash_ms
        params.debounce_ms = debounce_ms or params.debounce_ms
        self._ioctl(fd, Request.SET_PARAMS, params)

    def set_pulses(self, fd: int, break_ms: int, make_ms: int, after_ms: int) -> None:
        """Times of dialling by loop breaks; the last is the pause behind each digit."""
        params = self._params(fd, 0)
        params.pulse_break_ms, params.pulse_make_ms, params.pulse_after_ms = break_ms, make_ms, after_ms
        self._ioctl(fd, Request.SET_PARAMS, params)

    def set_cadence(self, fd: int, *cadence_ms: int) -> None:
        """Ringing: on, off, on, off …"""
        cadence = self._ffi.new("struct dahdi_ring_cadence *")
        for index, ms in enumerate(cadence_ms[:16]):
            cadence.ms[index] = ms
        self._ioctl(fd, Request.SETCADENCE, cadence)

    def echo_cancel(self, fd: int, taps: int) -> bool:
        """The kernel's canceller; 0: off. Whether one runs now. Raises DahdiError.

        The kernel takes the request also where no canceller is attached. Leaving a mode that it is not in is refused
        then, and nothing otherwise; modules that do not know the question are taken at their word.
        """
        self._set_int(fd, Request.ECHOCANCEL, taps)
        if not taps:
            return False
        try:
            self._set_int(fd, Request.ECHOCANCEL_FAX_MODE, 0)
        except DahdiError as error:
            return error.errno in (errno.ENOTTY, errno.ENOSYS)
        return True

    def flush(self, fd: int, what: Flush = Flush.ALL) -> None:
        """Forget what waits."""
        self._set_int(fd, Request.FLUSH, int(what))

    # -- what a channel does ------------------------------------------------------------------------------------------
    def hook(self, fd: int, value: Hook) -> bool:
        """Change the hook, ring; False: it is on its way, HOOKCOMPLETE will tell. Raises DahdiError."""
        try:
            self._set_int(fd, Request.HOOK, int(value))
        except DahdiError as error:
            if error.errno != errno.EINPROGRESS:
                raise
            return False
        return True

    def dial_pulses(self, fd: int, digits: str) -> None:
        """Loop breaks; DIALCOMPLETE tells their end."""
        self._dial(fd, DIAL_REPLACE, "P" + digits)

    def stop_dialling(self, fd: int) -> None:
        """Send no more of them."""
        self._dial(fd, DIAL_CANCEL, "")

    def _dial(self, fd: int, operation: int, digits: str) -> None:
        order = self._ffi.new("struct dahdi_dial *")
        order.operation = operation
        order.digits = digits.encode("ascii")
        self._ioctl(fd, Request.DIAL, order)

    def on_hook_transfer(self, fd: int, ms: int) -> None:
        """Let sound through to a telephone that is on-hook."""
        self._set_int(fd, Request.ONHOOKTRANSFER, ms)

    def maintain(self, ctl: int, span: int, command: Maint) -> None:
        """Loops and single errors on a span."""
        order = self._ffi.new("struct dahdi_maintenance *")
        order.span, order.command = span, int(command)
        self._ioctl(ctl, Request.MAINT, order)

    # -- loop ---------------------------------------------------------------------------------------------------------
    def event(self, fd: int) -> int:
        """*loop* The next event, 0: none."""
        self._ioctl(fd, Request.GETEVENT, self._int)
        return int(self._int[0]) & 0xFFFFFFFF

    def rx_bits(self, fd: int) -> int:
        """*loop* Line bits received."""
        self._ioctl(fd, Request.GETRXBITS, self._int)
        return int(self._int[0]) & BITS

    def set_tx_bits(self, fd: int, bits: int) -> None:
        """*loop* Line bits sent."""
        self._set_int(fd, Request.SETTXBITS, bits & BITS)

    def read(self, fd: int) -> bytes | None:
        """*loop* A frame or block; None: nothing is there. Raises DahdiError, number ELAST while an event waits."""
        size = self._lib.dio_read(fd, self._frame, FRAME_OCTETS)
        if size == -errno.EAGAIN:
            return None
        return bytes(self._ffi.buffer(self._frame, _checked("read", size)))

    def write(self, fd: int, data: bytes) -> bool:
        """*loop* One frame or block; False: no room. Raises DahdiError."""
        size = self._lib.dio_write(fd, data, len(data))
        if size == -errno.EAGAIN:
            return False
        _checked("write", size)
        return True

    def monitor(self, fd: int, number: int) -> None:
        """*loop* Let the kernel send what comes in on channel `number` in the place of what is written; 0: no more."""
        order = self._ffi.new("struct dahdi_conference *")
        order.conference = number
        order.mode = CONF_DIGITALMON if number else 0
        self._ioctl(fd, Request.SETCONF, order)

    # -- for the engine and the registers -----------------------------------------------------------------------------
    def pointer(self, name: str) -> Any:
        """dio_read, dio_write or dio_ioctl as a pointer, for other C libraries."""
        return self.library.pointer(name)

    # -- inside -------------------------------------------------------------------------------------------------------
    def _ioctl(self, fd: int, request: Request, argument: Any) -> None:
        _checked(request.name, self._lib.dio_ioctl(fd, int(request), argument))

    def _set_int(self, fd: int, request: Request, value: int) -> None:
        cell = self._ffi.new("int *", value)
        self._ioctl(fd, request, cell)

    def _text(self, field: Any) -> str:
        return str(self._ffi.string(field).decode("utf-8", "replace")).strip()


def _checked(function: str, result: int, **data: object) -> int:
    if result < 0:
        raise DahdiError(function, -int(result), **data)
    return int(result)


__all__ = ["BLOCK_OCTETS", "ELAST", "LIBRARY", "Native", "Params", "SpanStatus", "open_library"]
