"""Analogue lines for cards that leave them to the host: state machines without I/O (facts 1.3-1.8, rules R3-R5).

    FxoLine       an exchange line: rings, caller ID, answering, dialling, evidence of answer, supervision, guard time
    StationLine   a telephone: hook, flash, pulse digits, ringing with caller ID, races

A machine gets what the card and the detectors notice through plain methods, orders the card through a small protocol
(`FxoCard`, `StationCard`), and tells what it made of it by frozen events. Time comes from an injected clock; an asyncio
loop is one. Dial tone, busy tone until on-hook, howler and headsets are the host's (`boardd.host.stations`), as for
every other card.
"""

from boardd.signalling.analog.events import (
    Answered,
    CallerKnown,
    Cleared,
    Dialled,
    DialToneMissing,
    FxoEvent,
    InService,
    LineFree,
    Offered,
    Rang,
    Reason,
    RingBack,
    Sound,
)
from boardd.signalling.analog.fxo import FxoLine
from boardd.signalling.analog.fxo_card import Ear, FxoCard, Phase
from boardd.signalling.analog.fxs import (
    Flashed,
    Lifted,
    PulseDigit,
    PutDown,
    StationCard,
    StationEvent,
    StationLine,
)
from boardd.signalling.analog.profile import FxoProfile, StationProfile

__all__ = [
    "Answered",
    "CallerKnown",
    "Cleared",
    "DialToneMissing",
    "Dialled",
    "Ear",
    "Flashed",
    "FxoCard",
    "FxoEvent",
    "FxoLine",
    "FxoProfile",
    "InService",
    "Lifted",
    "LineFree",
    "Offered",
    "Phase",
    "PulseDigit",
    "PutDown",
    "Rang",
    "Reason",
    "RingBack",
    "Sound",
    "StationCard",
    "StationEvent",
    "StationLine",
    "StationProfile",
]
