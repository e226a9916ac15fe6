"""What a channel can do and which kind it is: data declared by the driver, never found out by an exception."""

from __future__ import annotations

from enum import StrEnum


class ChannelKind(StrEnum):
    """What is on the other side of the channel."""

    FXO = "fxo"
    """Analogue trunk: we are the telephone, the exchange feeds us."""
    FXS = "fxs"
    """Station: a telephone hangs on our port."""
    TAP = "tap"
    """High-impedance recorder across somebody else's pair or E1."""
    E1_BEARER = "e1_bearer"
    """One bearer timeslot of an E1."""
    MODEM = "modem"
    """Cellular module."""


class Capability(StrEnum):
    """Operations and properties; one interface per capability in `contract.driver`."""

    DIAL = "dial"
    ALERT = "alert"
    ANSWER = "answer"
    REJECT = "reject"
    HANGUP = "hangup"
    FLASH = "flash"
    RING = "ring"
    TONE = "tone"
    SEND_DIGITS = "send_digits"
    DETECT_DIGITS = "detect_digits"
    PLAY = "play"
    RECORD = "record"
    LINK = "link"
    CONFERENCE = "conference"
    CALLER_ID = "caller_id"
    POLARITY = "polarity"
    LOOPBACK = "loopback"
    """The channel's E1 can be looped and given errors: `DomainDriver.maintain`."""
    BERT = "bert"
    FAX = "fax"
    STREAM = "stream"


class Tone(StrEnum):
    """Tones a station can be given."""

    DIAL = "dial"
    BUSY = "busy"
    RING_BACK = "ring_back"
    CONGESTION = "congestion"
    HOWLER = "howler"


class Maintenance(StrEnum):
    """What a technician may do to an E1 (facts 3.4): one loop at a time, single errors, counters."""

    NONE = "none"
    """Take the loop back."""
    LOCAL_LOOP = "local_loop"
    """Towards the host: what we send comes back, the line gets nothing."""
    LINE_LOOP = "line_loop"
    """Towards the network, all of it: what the far end sends comes back to it."""
    PAYLOAD_LOOP = "payload_loop"
    """The same without the framing."""
    LOOP_UP = "loop_up"
    """Ask the far end to loop."""
    LOOP_DOWN = "loop_down"
    """Ask it to take that back."""
    FAS_ERROR = "fas_error"
    MULTIFRAME_ERROR = "multiframe_error"
    CRC_ERROR = "crc_error"
    CAS_ERROR = "cas_error"
    PRBS_ERROR = "prbs_error"
    BIPOLAR_ERROR = "bipolar_error"
    """One error of the kind, sent to the line."""
    CLEAR_COUNTERS = "clear_counters"
    """Begin to count errors from 0."""
