"""The maker's numbers that the driver understands, by section of the fact sheet. Plain data; no library is touched."""

from __future__ import annotations

from enum import IntEnum


class ChType(IntEnum):
    """SsmGetChType (section 7.2)."""

    FXO = 0
    FXS = 2
    TAP = 3
    SS1 = 4
    TUP = 6
    ISDN_USER = 7
    ISDN_NET = 8
    ISUP = 11
    EMPTY = 20


SIGNALLING = {
    ChType.SS1: "ss1",
    ChType.TUP: "tup",
    ChType.ISDN_USER: "isdn_user",
    ChType.ISDN_NET: "isdn_net",
    ChType.ISUP: "isup",
}
"""Channel types that are timeslots of an E1, with the names of their signalling."""


class ChState(IntEnum):
    """SsmGetChState (section 9): the states that the driver tells apart."""

    STANDBY = 0
    PICKED_UP = 1
    RINGING = 2
    TALKING = 3
    WAIT_DIAL_TONE = 4
    SENDING_NUMBER = 5
    WAIT_DIAL_RESULT = 6
    PENDING = 7
    OFFLINE = 8
    WAIT_REMOTE_PICKUP = 9
    CLEARING = 10
    UNAVAILABLE = 11
    LOCKED = 12
    REMOTE_BLOCK = 19
    LOCAL_BLOCK = 20
    SS1_WAIT_IDLE = 36
    SS1_OUT_WAIT_KB = 44
    TUP_WAIT_RESET = 70
    ISDN_OUT_WAIT_ALERT = 86
    ISUP_WAIT_RESET = 122
    ISUP_LOCAL_BLOCK = 123
    ISUP_REMOTE_BLOCK = 124
    ISUP_SUSPENDED = 129
    UNPLUGGED = 135


UNUSABLE = {
    8: "line_disconnected",
    11: "unavailable",
    19: "blocked_by_exchange",
    20: "blocked_locally",
    36: "waiting_for_idle",
    70: "waiting_for_reset",
    122: "waiting_for_reset",
    123: "blocked_locally",
    124: "blocked_by_exchange",
    134: "unavailable",
    135: "card_unplugged",
}
"""States without a call in which the channel cannot be used, with the reason that people read (sections 9, 10.5)."""

FREE = frozenset({0, 12})
"""States without a call in which one may begin: idle, and reserved by the maker's search for an idle channel."""

CLEARING = frozenset({10, 35, 73, 76, 88, 121})
"""The line is on its way to idle."""

INCOMING_SETUP = frozenset({30, 31, 32, 33, 34, 37, 38, 71, 72, 74, 83, 84, 87, 89, 105, 120, 126})
"""An incoming digital call whose number is being collected: nothing to offer yet."""

DIALLING = frozenset({4, 5, 40, 41, 42, 43, 45, 75, 77, 81, 82, 87, 125, 127})
"""An outgoing call whose number is being sent or not yet taken by the network."""

PROCEEDING = frozenset({6, 44, 86})
"""The network has the number: FXO waits for a result, SS1 waits for KB, ISDN waits for ALERTING."""


class Event(IntEnum):
    """Event codes (section 6.4)."""

    PCM_LINK_STATUS = 0x07
    LINE_VOLTAGE = 0x08
    RCV_DTMF = 0x0C
    SEND_DTMF = 0x0D
    PLAY_END = 0x0F
    PLAY_FILE_LIST = 0x11
    RECORD_END = 0x13
    CH_STATE = 0x18
    AUTO_DIAL = 0x19
    ACTUAL_PICKUP = 0x1C
    RING_FLAG = 0x1D
    RING_COUNT = 0x1E
    CID_EX_BUF = 0x1F
    FLASH_COUNT = 0x23
    HOOK_STATE = 0x24
    CALLER_ID = 0x45


ALL_EVENTS = 0xFFFF
ALL_CHANNELS = -1
UNLIMITED = 0xFFFFFFFF


class Dial(IntEnum):
    """SsmChkAutoDial and E_PROC_AutoDial (section 11.4)."""

    NONE = 0
    VOICE = 7
    VOICE_F1 = 8
    VOICE_F2 = 9
    ISDN_PROGRESS = 14


DUAL_SEIZURE = 26
"""SsmGetAutoDialFailureReason: both ends seized the circuit."""
ISUP_RELEASE = 66
ISDN_CAUSE_BASE = 100


class Pend(IntEnum):
    """SsmGetPendingReason (section 11.3): those with a meaning beyond their cause."""

    NO_DIAL_TONE = 0
    WAIT_BACKWARD_MESSAGE = 10
    DIAL_FAILED = 13


class PlayEnd(IntEnum):
    """E_PROC_PlayEnd (section 12.1)."""

    NORMAL = 1
    DTMF = 2
    BARGE_IN = 3
    REMOTE_HANGUP = 4
    APPLICATION = 5
    PAUSED = 6
    BUS = 7
    NETWORK = 8


class RecordEnd(IntEnum):
    """E_PROC_RecordEnd (section 12.2)."""

    APPLICATION = 1
    DTMF = 2
    REMOTE_HANGUP = 3
    LIMIT = 4
    PAUSED = 5
    WRITE_FAILURE = 6


class SendTone(IntEnum):
    """SsmSendTone (section 12.4)."""

    DIAL = 0
    BUSY = 1
    RING_BACK = 2
    HOWLER = 3


CODEC_FROM_FILE = -1
CODEC_ALAW = 6
ALERTING_KB = 1
EVENT_MODE_PLAIN = 1
EVENT_MODE_EXTENDED = 4
INTERFACE_EXTENDED = 1
