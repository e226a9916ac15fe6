"""The numbers of the maker's interface, by the names of the fact sheet (sections 5, 6.4, 7.2, 9, 11 and 12)."""

from __future__ import annotations

from enum import IntEnum


class ErrorCode(IntEnum):
    """SsmGetLastErrCode (section 5)."""

    INIT_FAILED = 0
    API_UNOPENED = 1
    INVALID_CHANNEL = 2
    UNSUPPORTED = 3
    INDEX_VOICE_UNOPENED = 4
    INVALID_BUS_CHANNEL = 5
    OPERATION_UNOPENED = 6
    INVALID_CODEC = 7
    INVALID_PARAMETER = 8
    FILE = 9
    MEMORY = 10
    RESOURCE_USED_UP = 11
    SYSTEM = 12
    NO_IDLE_CHANNEL = 13
    FAILED = 14
    INVALID_CIC = 15
    FAX_FILE = 16
    OUT_OF_SCALE = 17
    DTMF_MODE = 18
    SLAVE_MISMATCH = 19
    SLAVE_IN_USE = 20


class ChType(IntEnum):
    """SsmGetChType (section 7.2), the types that this model builds."""

    FXO = 0
    FXS = 2
    TAP = 3
    SS1 = 4
    TUP = 6
    ISDN_USER = 7
    ISDN_NET = 8
    ISUP = 11
    EMPTY = 20

    @property
    def digital(self) -> bool:
        """Whether the channel is a timeslot of an E1 span."""
        return self in (ChType.SS1, ChType.TUP, ChType.ISDN_USER, ChType.ISDN_NET, ChType.ISUP)

    @property
    def isdn(self) -> bool:
        """Whether the channel's span speaks Q.931, on either side."""
        return self in (ChType.ISDN_USER, ChType.ISDN_NET)

    @property
    def trunk(self) -> bool:
        """Whether the channel leads to an exchange and can place calls."""
        return self.digital or self is ChType.FXO


class ChState(IntEnum):
    """SsmGetChState (section 9), the states that this model enters."""

    S_CALL_STANDBY = 0
    S_CALL_PICKUPED = 1
    S_CALL_RINGING = 2
    S_CALL_TALKING = 3
    S_CALL_ANALOG_WAITDIALTONE = 4
    S_CALL_ANALOG_TXPHONUM = 5
    S_CALL_ANALOG_WAITDIALRESULT = 6
    S_CALL_PENDING = 7
    S_CALL_OFFLINE = 8
    S_CALL_WAIT_REMOTE_PICKUP = 9
    S_CALL_ANALOG_CLEAR = 10
    S_CALL_UNAVAILABLE = 11
    S_CALL_LOCKED = 12
    S_CALL_REMOTE_BLOCK = 19
    S_CALL_LOCAL_BLOCK = 20
    SS1_IN_RCV_PHONUM = 30
    SS1_IN_WAIT_FORWARD_STOP = 31
    SS1_IN_RCV_CALLERID = 32
    SS1_IN_RCV_KD = 33
    SS1_IN_WAIT_KD_STOP = 34
    SS1_SAY_IDLE = 35
    SS1_WAIT_IDLE_CAS = 36
    SS1_OUT_WAIT_ACK = 40
    SS1_OUT_TX_PHONUM = 41
    SS1_OUT_WAIT_APPEND = 42
    SS1_OUT_TX_CALLERID = 43
    SS1_OUT_WAIT_KB = 44
    TUP_WAIT_PCM_RESET = 70
    TUP_WAIT_SAM = 71
    TUP_WAIT_GSM = 72
    TUP_WAIT_CLF = 73
    TUP_WAIT_PREFIX = 74
    TUP_WAIT_DIAL_ANSWER = 75
    TUP_WAIT_RLG = 76
    ISDN_OUT_WAIT_NET_RESPONSE = 81
    ISDN_OUT_PLS_APPEND_NO = 82
    ISDN_IN_CHK_CALL_IN = 83
    ISDN_IN_RCVING_NO = 84
    ISDN_IN_WAIT_TALK = 85
    ISDN_OUT_WAIT_ALERT = 86
    ISDN_CALL_BEGIN = 87
    ISDN_WAIT_HUANGUP = 88
    ISDN_IN_CALL_PROCEEDING = 89
    ISUP_WAIT_SAM = 120
    ISUP_WAIT_RLC = 121
    ISUP_WAIT_RESET = 122
    ISUP_LOCALLY_BLOCKED = 123
    ISUP_REMOTELY_BLOCKED = 124
    ISUP_WAIT_DIAL_ANSWER = 125
    ISUP_WAIT_INF = 126
    ISUP_SUSPEND = 129
    S_CALL_DISCONNECT = 135


IDLE_STATES = frozenset(
    {
        ChState.S_CALL_STANDBY,
        ChState.S_CALL_UNAVAILABLE,
        ChState.S_CALL_LOCKED,
        ChState.S_CALL_REMOTE_BLOCK,
        ChState.S_CALL_LOCAL_BLOCK,
        ChState.SS1_WAIT_IDLE_CAS,
        ChState.TUP_WAIT_PCM_RESET,
        ChState.ISUP_WAIT_RESET,
        ChState.ISUP_LOCALLY_BLOCKED,
        ChState.ISUP_REMOTELY_BLOCKED,
    }
)
"""States of a digital channel without a call."""


class Event(IntEnum):
    """Event codes (section 6.4)."""

    E_CHG_ISDN_STATUS = 0x01
    E_RCV_SS7_MSU = 0x02
    E_CHG_PCM_LINK_STATUS = 0x07
    E_CHG_LINE_VOLTAGE = 0x08
    E_PROC_WAIT_DTMF = 0x0B
    E_CHG_RCV_DTMF = 0x0C
    E_PROC_SEND_DTMF = 0x0D
    E_PROC_SEND_FLASH = 0x0E
    E_PROC_PLAY_END = 0x0F
    E_PROC_PLAY_FILE = 0x10
    E_PROC_PLAY_FILE_LIST = 0x11
    E_PROC_PLAY_MEM = 0x12
    E_PROC_RECORD_END = 0x13
    E_PROC_RECORD_FILE = 0x14
    E_PROC_RECORD_MEM = 0x15
    E_CHG_CH_STATE = 0x18
    E_PROC_AUTO_DIAL = 0x19
    E_CHG_REMOTE_CH_BLOCK = 0x1A
    E_CHG_REMOTE_PCM_BLOCK = 0x1B
    E_SYS_ACTUAL_PICKUP = 0x1C
    E_CHG_RING_FLAG = 0x1D
    E_CHG_RING_COUNT = 0x1E
    E_CHG_CID_EX_BUF = 0x1F
    E_CHG_RX_PHO_NUM_BUF = 0x20
    E_CHG_POLAR_RVRS_COUNT = 0x21
    E_SYS_REMOTE_PICKUP = 0x22
    E_CHG_FLASH_COUNT = 0x23
    E_CHG_HOOK_STATE = 0x24
    E_CHG_TONE_ANALYZE = 0x25
    E_OVERALL_ENERGY = 0x26
    E_CHG_BUSY_TONE = 0x28
    E_CHG_RING_ECHO_TONE_TIME = 0x2C
    E_SYS_BARGE_IN = 0x2E
    E_SYS_NO_SOUND = 0x2F
    E_SYS_TIMEOUT = 0x30
    E_CHG_SPY_STATE = 0x31
    E_RCV_CALLER_ID = 0x45
    E_CHG_RING_ECHO_TONE_CNT = 0x56


ALL_EVENTS = 0xFFFF
NOT_IN_ALL_EVENTS = frozenset({Event.E_RCV_SS7_MSU, Event.E_CHG_SPY_STATE})
"""Codes that the global enable does not cover (section 6.3)."""


class EventMode(IntEnum):
    """EVENT_SET_INFO.dwWorkMode (section 6.1)."""

    NO_EVENT = 0
    EVENT_POLLING = 1
    EVENT_CALLBACK = 2
    EVENT_MESSAGE = 3
    EVENT_POLLINGA = 4
    EVENT_CALLBACKA = 5


class Dial(IntEnum):
    """SsmChkAutoDial and E_PROC_AutoDial (section 11.4)."""

    STANDBY = 0
    DIALING = 1
    ECHOTONE = 2
    NO_DIALTONE = 3
    BUSYTONE = 4
    ECHO_NOVOICE = 5
    NOVOICE = 6
    VOICE = 7
    VOICE_F1 = 8
    VOICE_F2 = 9
    NOANSWER = 10
    FAILURE = 11
    INVALID_PHONUM = 12
    ISDN_PROGRESS = 14


class Pend(IntEnum):
    """SsmGetPendingReason (section 11.3)."""

    ANALOG_NO_DIALTONE = 0
    ANALOG_BUSYTONE = 1
    ANALOG_ECHO_NOVOICE = 2
    ANALOG_NOANSWER = 3
    ANALOG_REMOTE_HANGUP = 4
    ANALOG_NOVOICE = 5
    WAIT_BCK_STP_MSG = 10
    SS1_IN_KB5_SENT = 11
    REMOTE_HANGUP_IN_TALKING = 12
    AUTODIAL_FAILED = 13
    SS7_UNUSABLE = 14
    CIRCUIT_RESET = 15
    PCM_SYNC_LOST = 16
    CALLEE_HANGUP = 20
    SS1_OUT_NO_ANSWER = 21
    SS1_OUT_NO_ACK = 22
    SS1_OUT_CLEARED = 23
    SS1_OUT_A5 = 24
    SS1_OUT_KB5 = 25
    SS1_OUT_KB2 = 26
    SS1_OUT_KB3 = 27
    SS1_OUT_A4 = 28
    SS1_OUT_KB4 = 29
    ISDN_CALL_OVER = 41
    ISDN_DISCONNECT = 42
    ISDN_UNALLOCATED = 45
    ISDN_NET_BUSY = 46
    ISDN_CIRCUIT_UNAVAILABLE = 47
    ISDN_NO_ANSWER = 52
    ISDN_REJECTED = 53
    REMOTE_CANCEL = 54
    ISDN_NO_ROUTE = 56
    ISDN_UNSPECIFIED = 65
    ISDN_NO_CIRCUIT = 68


class DialFailure(IntEnum):
    """SsmGetAutoDialFailureReason (section 11.5); ISDN adds `ISDN_CAUSE` + Q.850 cause."""

    NONE = 0
    CANCELLED = 1
    RESPONSE_TIMEOUT = 2
    ANSWER_TIMEOUT = 3
    PCM_SYNC_LOST = 4
    SS7_UNUSABLE = 10
    TUP_SSB = 11
    TUP_SLB = 12
    TUP_STB = 13
    TUP_UNN = 14
    TUP_SEC = 15
    TUP_CGC = 16
    TUP_CFL = 18
    TUP_LOS = 19
    TUP_SST = 20
    DUAL_SEIZURE = 26
    CIRCUIT_RESET = 27
    REMOTE_BLOCKED = 28
    SS1_NO_ACK = 40
    SS1_CLEARED = 41
    SS1_A4 = 42
    SS1_A5 = 43
    SS1_KB2 = 50
    SS1_KB3 = 51
    SS1_KB4 = 52
    SS1_KB5 = 53
    ISUP_REL = 66
    ISDN_CAUSE = 100


class PlayEnd(IntEnum):
    """SsmCheckPlay and E_PROC_PlayEnd (section 12.1); 0 is "still playing"."""

    PLAYING = 0
    NORMAL = 1
    DTMF = 2
    BARGE_IN = 3
    REMOTE_HANGUP = 4
    APPLICATION = 5
    PAUSED = 6
    BUS = 7
    NETWORK = 8


class RecordEnd(IntEnum):
    """E_PROC_RecordEnd and SsmCheckRecord (section 12.2); 0 is "still recording"."""

    RECORDING = 0
    APPLICATION = 1
    DTMF = 2
    REMOTE_HANGUP = 3
    LIMIT = 4
    PAUSED = 5
    WRITE_FAILURE = 6


class Verdict(IntEnum):
    """SsmGetToneAnalyzeResult (section 12.5)."""

    NONE = 0
    DIAL_TONE = 1
    BUSY_TONE = 2
    RINGBACK = 3
    RINGBACK_SILENCE = 4
    SILENCE = 5
    VOICE = 6
    F1 = 7
    F2 = 8


class SendTone(IntEnum):
    """SsmSendTone types (section 12.4)."""

    DIAL = 0
    BUSY = 1
    RINGBACK = 2
    HOWLER = 3
    CUSTOM = 4


class Block(IntEnum):
    """Remote block status (sections 6.4 and 8)."""

    UNBLOCKED = 0
    BLOCKED = 1
    WAIT_BLOCK_ACK = 2
    WAIT_UNBLOCK_ACK = 3


class Codec(IntEnum):
    """Codec numbers of section 12.0 that this card model can play and record."""

    DEFAULT = -1
    PCM16 = -2
    PCM8 = 1
    ALAW = 6
    ULAW = 7
    IMA_ADPCM = 17
    VOX_ADPCM = 23
    GSM = 49
    MP3 = 85
    GC8 = 131
    G729A = 65411


UNLIMITED = 0xFFFFFFFF
"""Length, byte and time arguments: no limit."""

DTMF_DIGITS = frozenset("0123456789*#ABCD")
