"""Numbers and structures of DAHDI's user interface as the simulated kernel sees them (others.md 3, native.md B).

Written a second time on purpose: the driver's declarations are in `drivers/dahdi/decl`, and a mistake made once should
show. Structures are native (little-endian on the machines that DAHDI runs on), texts end with NUL.
"""

from __future__ import annotations

import struct
from enum import IntEnum, IntFlag

TYPE = 0xDA
WRITE, READ = 1, 2


def _number(direction: int, number: int, size: int) -> int:
    return direction << 30 | size << 16 | TYPE << 8 | number


PARAMS = struct.Struct("=12i40s11iI")
SPAN_STATUS = struct.Struct("=i20s40s7i5I7i40s40s40s40s2i6s")
MAINTENANCE = struct.Struct("=2i")
CONFERENCE = struct.Struct("=3i")
GAINS = struct.Struct("=i256s256s")
LINE_CONFIG = struct.Struct("=i20s3i")
CHANNEL_CONFIG = struct.Struct("=i40s4i16s")
TONE_DEF = struct.Struct("=11i")
ZONE_HEADER = struct.Struct("=2i16i40s")
BUFFERS = struct.Struct("=6i")
DIAL_PARAMS = struct.Struct("=6i")
DIAL = struct.Struct("=i256s")
ECHO_PARAM = struct.Struct("=16si")
ECHO_PARAMS = struct.Struct("=2I")
CADENCE = struct.Struct("=16i")
VERSION = struct.Struct("=80s80s")
ECHO_ATTACH = struct.Struct("=i16s")
DYNAMIC_SPAN = struct.Struct("=20s40s3i")
HW_GAIN = struct.Struct("=iI")
INT = struct.Struct("=i")


class Request(IntEnum):
    """ioctl numbers."""

    GET_BLOCKSIZE = _number(READ, 1, 4)
    SET_BLOCKSIZE = _number(WRITE, 1, 4)
    FLUSH = _number(WRITE, 3, 4)
    SYNC = _number(0, 4, 0)
    GET_PARAMS = _number(READ | WRITE, 5, PARAMS.size)
    GET_PARAMS_V1 = _number(READ, 5, PARAMS.size)
    SET_PARAMS = _number(WRITE, 5, PARAMS.size)
    HOOK = _number(WRITE, 7, 4)
    GETEVENT = _number(READ, 8, 4)
    IOMUX = _number(READ | WRITE, 9, 4)
    SPANSTAT = _number(READ | WRITE, 10, SPAN_STATUS.size)
    MAINT = _number(WRITE, 11, MAINTENANCE.size)
    GETCONF = _number(READ | WRITE, 12, CONFERENCE.size)
    SETCONF = _number(READ | WRITE, 13, CONFERENCE.size)
    CONFDIAG = _number(WRITE, 15, 4)
    GETGAINS = _number(READ | WRITE, 16, GAINS.size)
    SETGAINS = _number(WRITE, 16, GAINS.size)
    SPANCONFIG = _number(WRITE, 18, LINE_CONFIG.size)
    CHANCONFIG = _number(WRITE, 19, CHANNEL_CONFIG.size)
    CONFMUTE = _number(WRITE, 20, 4)
    SENDTONE = _number(WRITE, 21, 4)
    GETTONEZONE = _number(READ, 22, 4)
    SETTONEZONE = _number(WRITE, 22, 4)
    DEFAULTZONE = _number(WRITE, 24, 4)
    LOADZONE = _number(WRITE, 25, ZONE_HEADER.size)
    FREEZONE = _number(WRITE, 26, 4)
    GET_BUFINFO = _number(READ, 27, BUFFERS.size)
    SET_BUFINFO = _number(WRITE, 27, BUFFERS.size)
    GET_DIALPARAMS = _number(READ, 29, DIAL_PARAMS.size)
    SET_DIALPARAMS = _number(WRITE, 29, DIAL_PARAMS.size)
    DIAL = _number(WRITE, 31, DIAL.size)
    AUDIOMODE = _number(WRITE, 32, 4)
    ECHOCANCEL = _number(WRITE, 33, 4)
    ECHOCANCEL_PARAMS = _number(WRITE, 33, ECHO_PARAMS.size)
    CHANNO = _number(READ, 34, 4)
    DIALING = _number(READ, 35, 4)
    HDLCRAWMODE = _number(WRITE, 36, 4)
    HDLCFCSMODE = _number(WRITE, 37, 4)
    SPECIFY = _number(WRITE, 38, 4)
    SETLAW = _number(WRITE, 39, 4)
    SETLINEAR = _number(WRITE, 40, 4)
    SETCADENCE = _number(WRITE, 42, CADENCE.size)
    GETRXBITS = _number(READ, 43, 4)
    SETTXBITS = _number(WRITE, 43, 4)
    CHANDIAG = _number(WRITE, 44, 4)
    TIMERCONFIG = _number(WRITE, 47, 4)
    TIMERACK = _number(WRITE, 48, 4)
    GETCONFMUTE = _number(READ, 49, 4)
    ECHOTRAIN = _number(WRITE, 50, 4)
    ONHOOKTRANSFER = _number(WRITE, 51, 4)
    TIMERPING = _number(0, 52, 0)
    TIMERPONG = _number(0, 53, 0)
    GETSIGFREEZE = _number(READ, 54, 4)
    SETSIGFREEZE = _number(WRITE, 54, 4)
    GETVERSION = _number(READ, 57, VERSION.size)
    LOOPBACK = _number(WRITE, 58, 4)
    ATTACH_ECHOCAN = _number(WRITE, 59, ECHO_ATTACH.size)
    DYNAMIC_CREATE = _number(READ | WRITE, 80, DYNAMIC_SPAN.size)
    DYNAMIC_DESTROY = _number(WRITE, 81, DYNAMIC_SPAN.size)
    SET_HWGAIN = _number(WRITE, 86, HW_GAIN.size)
    TONEDETECT = _number(WRITE, 91, 4)
    SETPOLARITY = _number(WRITE, 92, 4)
    VMWI = _number(READ | WRITE, 94, 4)
    VMWI_CONFIG = _number(WRITE, 95, 4)
    STARTUP = _number(WRITE, 99, 4)
    SHUTDOWN = _number(WRITE, 100, 4)
    ECHOCANCEL_FAX_MODE = _number(WRITE, 102, 4)
    BUFFER_EVENTS = _number(WRITE, 105, 4)


FXS_SIDE = 0x2000
"""Bit of signalling types that an FXO port speaks."""
FXO_SIDE = 0x1000
"""Bit of signalling types that an FXS port speaks."""


class Sig(IntEnum):
    """Signalling of a channel."""

    NONE = 0
    EM = 0x40
    CLEAR = 0x80
    HDLCRAW = 0x180
    HDLCFCS = 0x380
    HDLCNET = 0x780
    FXOLS = FXO_SIDE | 0x08
    FXOGS = FXO_SIDE | 0x10
    FXOKS = FXO_SIDE | 0x20
    FXSLS = FXS_SIDE | 0x01
    FXSGS = FXS_SIDE | 0x02
    FXSKS = FXS_SIDE | 0x04
    SF = 0x4000
    CAS = 0x8000
    DACS = 0x10080
    EM_E1 = 0x20000
    HARDHDLC = 0x80080
    MTP2 = 0x100380


class Event(IntEnum):
    """What GETEVENT says."""

    NONE = 0
    ONHOOK = 1
    RINGOFFHOOK = 2
    WINKFLASH = 3
    ALARM = 4
    NOALARM = 5
    ABORT = 6
    OVERRUN = 7
    BADFCS = 8
    DIALCOMPLETE = 9
    RINGERON = 10
    RINGEROFF = 11
    HOOKCOMPLETE = 12
    BITSCHANGED = 13
    PULSE_START = 14
    TIMER_EXPIRED = 15
    TIMER_PING = 16
    POLARITY = 17
    RINGBEGIN = 18
    REMOVED = 20
    READ_OVERRUN = 29
    WRITE_UNDERRUN = 30


PULSE_DIGIT = 0x10000
"""With the digit's ASCII code added: an event."""


class AlarmBit(IntFlag):
    """Alarms of spans and channels."""

    NONE = 0
    RECOVER = 0x1
    LOOPBACK = 0x2
    YELLOW = 0x4
    RED = 0x8
    BLUE = 0x10
    NOTOPEN = 0x20
    LOS = 0x100
    LFA = 0x200
    LMFA = 0x400


class LineBit(IntFlag):
    """Line configuration of an E1."""

    CCS = 0x100
    HDB3 = 0x200
    CRC4 = 0x400


class Hook(IntEnum):
    """Argument of HOOK."""

    ONHOOK = 0
    OFFHOOK = 1
    WINK = 2
    FLASH = 3
    START = 4
    RING = 5
    RINGOFF = 6


class Law(IntEnum):
    """Argument of SETLAW."""

    DEFAULT = 0
    MULAW = 1
    ALAW = 2


class Policy(IntEnum):
    """When sending begins."""

    IMMEDIATE = 0
    WHEN_FULL = 1
    HALF_FULL = 2


class Flush(IntFlag):
    """Argument of FLUSH."""

    READ = 1
    WRITE = 2
    EVENT = 4


class Mux(IntFlag):
    """IOMUX, in and out."""

    READ = 1
    WRITE = 2
    WRITEEMPTY = 4
    SIGEVENT = 8
    NOWAIT = 0x100


class Maint(IntEnum):
    """Commands of MAINT."""

    NONE = 0
    LOCALLOOP = 1
    NETWORKLINELOOP = 2
    LOOPUP = 3
    LOOPDOWN = 4
    FAS_DEFECT = 6
    MULTI_DEFECT = 7
    CRC_DEFECT = 8
    CAS_DEFECT = 9
    PRBS_DEFECT = 10
    BIPOLAR_DEFECT = 11
    PRBS = 12
    NETWORKPAYLOADLOOP = 13
    RESET_COUNTERS = 14
    ALARM_SIM = 15


class DialOp(IntEnum):
    """What DIAL does."""

    APPEND = 1
    REPLACE = 2
    CANCEL = 3


class Conf(IntEnum):
    """Modes of SETCONF that are known."""

    NORMAL = 0
    MONITOR = 1
    MONITORTX = 2
    MONITORBOTH = 3
    CONF = 4
    DIGITALMON = 9


CONF_LISTENER = 0x100
CONF_TALKER = 0x200


def known(kind: type[IntEnum], value: int) -> bool:
    """Whether it is one of these numbers."""
    return any(value == member for member in kind)


def text(value: str, size: int) -> bytes:
    """A text for a field of so many octets, cut if need be."""
    return value.encode("utf-8")[: size - 1]


def untext(field: bytes) -> str:
    """The text of a field."""
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")
