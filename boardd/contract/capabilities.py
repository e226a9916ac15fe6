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
