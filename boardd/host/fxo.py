"""Analogue trunks: when an offered call may be answered, and how long a call may last at most.

Answering an FXO line before the exchange has sent the caller's number loses it, so `answer` waits at a gate: the number
has come, or ring `caller_id_rings`, or `caller_id_wait_ms` of the group. And because some lines never tell that the far
end has gone, a call on any trunk ends after `max_call_s` at the latest.
"""

from __future__ import annotations

import asyncio
from functools import partial

from boardd.contract.capabilities import ChannelKind
from boardd.contract.causes import Cause
from boardd.contract.errors import WrongStateError
from boardd.contract.text import _
from boardd.host.alarms import Alarms
from boardd.host.calls import Calls, LiveCall


class TrunkGuards:
    """Caller-ID gates of waiting FXO calls and the longest-call guard of all trunk calls."""

    def __init__(self, calls: Calls, alarms: Alarms) -> None:
        self._calls = calls
        self._alarms = alarms
        self._gates: dict[str, asyncio.Event] = {}
        calls.on_connected.append(self._connected)
        calls.on_released.append(self._released)

    def offered(self, live: LiveCall) -> None:
        """Set up the gate of an FXO call that came without a number."""
        if live.line.channel.kind is not ChannelKind.FXO or live.call.caller:
            return
        gate = self._gates[live.id] = asyncio.Event()
        live.timers.start("caller_id", live.line.group.caller_id_wait_ms / 1000, gate.set)

    def caller_id(self, live: LiveCall, complete: bool) -> None:
        """The number came, or it is known that none will."""
        if complete:
            self._open(live)

    def rings(self, live: LiveCall, count: int) -> None:
        """The line has rung `count` times."""
        if count >= live.line.group.caller_id_rings:
            self._open(live)

    async def may_answer(self, live: LiveCall) -> None:
        """Wait at the gate. Raises WrongStateError when the caller gave up meanwhile."""
        gate = self._gates.get(live.id)
        if gate is not None:
            await gate.wait()
        if not live.alive:
            raise WrongStateError(f"call {live.id} is over", call=live.id, operation="answer", state="releasing")

    def _open(self, live: LiveCall) -> None:
        gate = self._gates.get(live.id)
        if gate is not None:
            gate.set()

    def _connected(self, live: LiveCall) -> None:
        line = live.line
        if line.is_station or line.is_tap or line.group.max_call_s <= 0:
            return
        live.timers.start("max_call", line.group.max_call_s, partial(self._too_long, live))

    def _too_long(self, live: LiveCall) -> None:
        live.line.counters["max_call"] += 1
        text = _("a call lasted {s} s: does the card recognise this line's busy tone?")
        self._alarms.set("max_call", live.line.id, text.format(s=live.line.group.max_call_s))
        self._calls.release(live, Cause.TIMER_EXPIRED, "host", maker_text="max_call_s")

    def _released(self, live: LiveCall) -> None:
        if live.call.cause_origin == "far":
            self._alarms.clear("max_call", live.line.id)
        self._open(live)
        self._gates.pop(live.id, None)
