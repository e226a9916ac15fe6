"""DAHDI's numbers that the driver uses (others.md 3); `decl/dahdi.h` has them all, a test compares."""

from __future__ import annotations

from enum import IntEnum, IntFlag


class Request(IntEnum):
    """ioctl requests (type 0xDA)."""

    FLUSH = 0x4004DA03
    GET_PARAMS = 0xC088DA05
    SET_PARAMS = 0x4088DA05
    HOOK = 0x4004DA07
    GETEVENT = 0x8004DA08
    SPANSTAT = 0xC13ADA0A
    MAINT = 0x4008DA0B
    GETCONF = 0xC00CDA0C
    SETCONF = 0xC00CDA0D
    SETGAINS = 0x4204DA10
    SETTONEZONE = 0x4004DA16
    SET_BUFINFO = 0x4018DA1B
    DIAL = 0x4104DA1F
    AUDIOMODE = 0x4004DA20
    ECHOCANCEL = 0x4004DA21
    ECHOCANCEL_PARAMS = 0x4008DA21
    SPECIFY = 0x4004DA26
    SETLAW = 0x4004DA27
    SETLINEAR = 0x4004DA28
    SETCADENCE = 0x4040DA2A
    GETRXBITS = 0x8004DA2B
    SETTXBITS = 0x4004DA2B
    ONHOOKTRANSFER = 0x4004DA33
    GETVERSION = 0x80A0DA39
    ECHOCANCEL_FAX_MODE = 0x4004DA66


ELAST = 500
"""errno of read and write while an event waits."""


class Signalling(IntEnum):
    """How a channel is configured. FXS signalling is what an FXO port speaks, and the other way round."""

    NONE = 0
    EM = 0x40
    CLEAR = 0x80
    HDLCRAW = 0x180
    HDLCFCS = 0x380
    HDLCNET = 0x780
    FXOLS = 0x1008
    FXOGS = 0x1010
    FXOKS = 0x1020
    FXSLS = 0x2001
    FXSGS = 0x2002
    FXSKS = 0x2004
    SF = 0x4000
    CAS = 0x8000
    DACS = 0x10080
    EM_E1 = 0x20000
    HARDHDLC = 0x80080
    MTP2 = 0x100380
    BROKEN = 0x80000000


FXO_PORTS = (Signalling.FXSKS, Signalling.FXSLS, Signalling.FXSGS)
FXS_PORTS = (Signalling.FXOKS, Signalling.FXOLS, Signalling.FXOGS)
D_CHANNELS = (Signalling.HDLCFCS, Signalling.HARDHDLC)


class Event(IntEnum):
    """What GETEVENT answers."""

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
    POLARITY = 17
    RINGBEGIN = 18
    EC_DISABLED = 19
    REMOVED = 20
    READ_OVERRUN = 29
    WRITE_UNDERRUN = 30


PULSE_DIGIT = 0x10000
"""With the digit's ASCII code in the low octet; a DTMF digit of the card's own has 0x20000 or 0x40000."""


class Alarm(IntFlag):
    """Alarms of a span or a channel."""

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


class Line(IntFlag):
    """Configuration of an E1; without CCS timeslot 16 carries line bits."""

    CCS = 0x100
    HDB3 = 0x200
    CRC4 = 0x400


class Hook(IntEnum):
    """HOOK."""

    ONHOOK = 0
    OFFHOOK = 1
    WINK = 2
    FLASH = 3
    START = 4
    RING = 5
    RINGOFF = 6


class Flush(IntFlag):
    """FLUSH."""

    READ = 1
    WRITE = 2
    EVENT = 4
    ALL = 7


class Maint(IntEnum):
    """MAINT."""

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


class Law(IntEnum):
    """Coding of sound. A just opened channel has that of its card: A-law on E1s, often mu-law on analogue cards."""

    DEFAULT = 0
    MULAW = 1
    ALAW = 2


POLICY_IMMEDIATE = 0
POLICY_WHEN_FULL = 1
CONF_DIGITALMON = 9
"""SETCONF: what comes in on another channel is sent, octet by octet."""
DIAL_APPEND = 1
DIAL_REPLACE = 2
DIAL_CANCEL = 3
CTL = "/dev/dahdi/ctl"
CHANNEL = "/dev/dahdi/channel"
BITS = 0xF
"""Received line bits: some drivers put a neighbour's nibble above them (native.md B)."""
