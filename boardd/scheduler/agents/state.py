"""The state of an agent.

    logged_out  not working
    ready       waits for calls (示闲)
    not_ready   works, but takes no calls from queues (示忙); `reason` says why
    reserved    a waiting contact has been given to the agent; the station is about to ring
    ringing     the station rings
    talking     in conversation, from a queue or on a call of the agent's own
    wrap_up     after-call work (话后整理) until it ends by itself or the agent ends it

`after` is what follows when the present call is over: ready, not_ready or logged_out, as the agent asked meanwhile.
"""

from __future__ import annotations

from enum import StrEnum

from boardd.contract.objects import Instant, Wire


class AgentStatus(StrEnum):
    """See the module text."""

    LOGGED_OUT = "logged_out"
    READY = "ready"
    NOT_READY = "not_ready"
    RESERVED = "reserved"
    RINGING = "ringing"
    TALKING = "talking"
    WRAP_UP = "wrap_up"


ENGAGED = frozenset({AgentStatus.RESERVED, AgentStatus.RINGING, AgentStatus.TALKING})
"""A contact holds the agent."""

FREE = frozenset({AgentStatus.READY, AgentStatus.NOT_READY, AgentStatus.WRAP_UP})
"""Logged in and held by nobody."""


class AgentState(Wire, omit_defaults=False):
    """One agent, as stored and as shown. `turn` orders ready agents: the smallest has been idle longest."""

    agent: str
    name: str = ""
    status: AgentStatus = AgentStatus.LOGGED_OUT
    reason: str = ""
    station: str = ""
    contact: str = ""
    since: Instant | None = None
    turn: int = 0
    after: AgentStatus = AgentStatus.READY
    after_reason: str = ""
    wrap_up_until_mono_ms: int = 0
    failures: int = 0
    """Times in a row that the station could not be rung."""
