"""Channel states and the one table of legal steps.

    out_of_service  cannot be used now (alarm, blocked, line unplugged, library not started); may come back by itself
    idle            the line is free and a call may begin
    seized          a station is off-hook: dial tone, collecting digits
    offered         a call came in and waits to be answered or refused
    dialing         we are sending digits or waiting for the network to take them
    proceeding      the network has all digits
    alerting        the far end rings (outgoing), or we told the network that we ring (incoming)
    connected       speech path through; `answer_evidence` says how we know
    releasing       the call is over but the line is not free yet (clear-back, guard time, busy tone until on-hook)
    observed        a record tap sees a call
    broken          needs a person or a board reset; the reason says why

`released` is not a state of a channel but the end of a call: the channel is `idle` only when the line is free.
"""

from __future__ import annotations

from enum import StrEnum


class ChannelState(StrEnum):
    """See the module text."""

    OUT_OF_SERVICE = "out_of_service"
    IDLE = "idle"
    SEIZED = "seized"
    OFFERED = "offered"
    DIALING = "dialing"
    PROCEEDING = "proceeding"
    ALERTING = "alerting"
    CONNECTED = "connected"
    RELEASING = "releasing"
    OBSERVED = "observed"
    BROKEN = "broken"


class BoardState(StrEnum):
    """A card: `starting` until its library has started it, `missing` when configured but not found."""

    STARTING = "starting"
    RUNNING = "running"
    MISSING = "missing"
    BROKEN = "broken"


class SpanState(StrEnum):
    """An E1: `up` carries calls; `alarm` has a layer-1 alarm; `down` has no signalling link."""

    UP = "up"
    ALARM = "alarm"
    DOWN = "down"


class AnswerEvidence(StrEnum):
    """How we know that the far end answered (facts R3): an FXO call without evidence is dialled, not answered."""

    NONE = "none"
    VOICE = "voice"
    REVERSAL = "reversal"
    CONNECT = "connect"
    R2_ANSWER = "r2_answer"
    HOOK = "hook"
    """A station's own telephone went off-hook."""


class Direction(StrEnum):
    """Direction of a call seen from the site, or what a channel may be used for (`both`)."""

    IN = "in"
    OUT = "out"
    BOTH = "both"


S = ChannelState
_CALL_END = (S.RELEASING, S.IDLE, S.OUT_OF_SERVICE)

LEGAL_STEPS: dict[ChannelState, frozenset[ChannelState]] = {
    S.OUT_OF_SERVICE: frozenset({S.IDLE, S.RELEASING}),
    S.IDLE: frozenset({S.SEIZED, S.OFFERED, S.DIALING, S.ALERTING, S.OBSERVED, S.OUT_OF_SERVICE, S.RELEASING}),
    S.SEIZED: frozenset({S.OFFERED, S.CONNECTED, *_CALL_END}),
    S.OFFERED: frozenset({S.ALERTING, S.CONNECTED, *_CALL_END}),
    S.DIALING: frozenset({S.PROCEEDING, S.ALERTING, S.CONNECTED, S.OFFERED, *_CALL_END}),
    S.PROCEEDING: frozenset({S.ALERTING, S.CONNECTED, *_CALL_END}),
    S.ALERTING: frozenset({S.CONNECTED, *_CALL_END}),
    S.CONNECTED: frozenset(_CALL_END),
    S.RELEASING: frozenset({S.IDLE, S.OUT_OF_SERVICE, S.SEIZED, S.OFFERED}),
    S.OBSERVED: frozenset(_CALL_END),
    S.BROKEN: frozenset({S.OUT_OF_SERVICE, S.IDLE}),
}
"""From each state the states that may follow; `broken` may follow every state.

`dialing -> offered` is glare: the outgoing attempt has ended with its own cause and the incoming call is offered.
`releasing -> seized` is a station whose telephone was not put down but flashed or lifted again; `releasing -> offered`
is a new incoming call seized inside the guard time.
"""

CALL_STATES = frozenset(
    {S.SEIZED, S.OFFERED, S.DIALING, S.PROCEEDING, S.ALERTING, S.CONNECTED, S.OBSERVED},
)
"""States in which a call exists on the channel."""


def may_step(old: ChannelState, new: ChannelState) -> bool:
    """Whether the step is in the table."""
    return new is S.BROKEN or new in LEGAL_STEPS[old]
