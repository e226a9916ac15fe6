"""Events that clients see. Events are hints, the objects they carry are the truth at that moment.

Every event has `type`, `at`, and the changed object itself (`channel`, `call`, `span`, `board`, `bridge`, `alarm`), so
a client that applies the objects in order holds the same picture as the daemon. The daemon adds `seq`; hosts send
`hseq`.
"""

from __future__ import annotations

from enum import StrEnum

from boardd.contract.objects import Alarm, Board, Bridge, Call, Channel, Domain, Instant, Span, Wire


class EventType(StrEnum):
    """What happened; the object named in brackets is always present."""

    DOMAIN = "domain"
    """A host came, went or changed state [domain]; `text` tells which."""
    BOARD_STATE = "board_state"
    """[board]"""
    SPAN_STATE = "span_state"
    """[span]"""
    CHANNEL_STATE = "channel_state"
    """[channel] `old` is the state before."""
    HOOK = "hook"
    """A station's hook changed [channel]."""
    CALL_SEIZED = "call_seized"
    """A station went off-hook and gets dial tone [call, channel]."""
    CALL_OFFERED = "call_offered"
    """A call may be answered or refused [call, channel]."""
    CALLER_ID = "caller_id"
    """The caller's number arrived after the offer [call]."""
    CALL_DIALING = "call_dialing"
    """An outgoing call began [call, channel]."""
    CALL_PROCEEDING = "call_proceeding"
    """[call]"""
    CALL_ALERTING = "call_alerting"
    """[call]"""
    CALL_CONNECTED = "call_connected"
    """[call] `call.evidence` says how we know."""
    CALL_OBSERVED = "call_observed"
    """A record tap sees a call [call, channel]."""
    CALL_RELEASED = "call_released"
    """The call is over [call, channel]; the channel may still be `releasing`."""
    CALL_CONTROL = "call_control"
    """Controller or orphan treatment of a call changed [call]."""
    DIGIT = "digit"
    """[call] `digit` was heard; `call.digit_count` tells whether any were missed."""
    FLASH = "flash"
    """Hook flash of a station [call]."""
    PLAY_ENDED = "play_ended"
    """[call] `call.play.ended` says why: end, digit, voice, stopped, released, failed."""
    RECORD_ENDED = "record_ended"
    """[call] `record` is the id in `call.records`."""
    BRIDGE_CREATED = "bridge_created"
    """[bridge]"""
    BRIDGE_CHANGED = "bridge_changed"
    """[bridge]"""
    BRIDGE_ENDED = "bridge_ended"
    """[bridge]"""
    ALARM_RAISED = "alarm_raised"
    """[alarm]"""
    ALARM_CLEARED = "alarm_cleared"
    """[alarm]"""


class Event(Wire):
    """See the module text and `EventType`."""

    type: EventType
    at: Instant
    seq: int = 0
    hseq: int = 0
    domain: str = ""
    old: str = ""
    digit: str = ""
    record: str = ""
    text: str = ""
    host: Domain | None = None
    board: Board | None = None
    span: Span | None = None
    channel: Channel | None = None
    call: Call | None = None
    bridge: Bridge | None = None
    alarm: Alarm | None = None
