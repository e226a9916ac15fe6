"""Offered calls: told to the network in time, answered, refused.

The network's deadlines are the host's own business: an offered digital call is alerted within `alert_within_ms` of its
group unless its controller has done so.
"""

from __future__ import annotations

import asyncio
from functools import partial

from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.errors import WrongStateError
from boardd.contract.states import AnswerEvidence, ChannelState
from boardd.host.calls import Calls, LiveCall
from boardd.host.fxo import TrunkGuards
from boardd.host.tasks import Tasks


class Offers:
    """What may be done with a call that came in."""

    def __init__(self, calls: Calls, guards: TrunkGuards, tasks: Tasks) -> None:
        self._calls = calls
        self._guards = guards
        self._tasks = tasks

    def offered(self, live: LiveCall, arrived_s: float) -> None:
        """An offer was announced that the driver had reported at loop time `arrived_s`."""
        line = live.line
        self._guards.offered(live)
        if line.channel.kind is ChannelKind.E1_BEARER and line.can(Capability.ALERT):
            waited_s = asyncio.get_running_loop().time() - arrived_s
            live.timers.start(
                "alert", max(0.0, line.group.alert_within_ms / 1000 - waited_s), partial(self._alert_due, live)
            )

    def _alert_due(self, live: LiveCall) -> None:
        if live.waiting and live.call.state is ChannelState.OFFERED:
            live.line.counters["alerted_by_host"] += 1
            self._tasks.spawn(self.alert(live), f"alert {live.id}")

    async def alert(self, live: LiveCall) -> None:
        """Tell the network that it rings; twice does nothing. Raises what the driver raises."""
        if live.waiting and live.call.state is ChannelState.ALERTING:
            return
        line = live.line
        await line.command(line.port.alert)
        live.timers.cancel("alert")
        if live.waiting:
            self._calls.progress(live, ChannelState.ALERTING)

    async def answer(self, live: LiveCall) -> None:
        """Answer; CALL_CONNECTED tells when the speech path is through. Raises WrongStateError, DeviceError."""
        if not live.waiting:
            raise WrongStateError(
                f"call {live.id} is {live.call.state}; answer needs offered or alerting",
                call=live.id,
                operation="answer",
                state=str(live.call.state),
            )
        line = live.line
        if line.is_station:
            line.step(ChannelState.CONNECTED)
            self._calls.connected(live, AnswerEvidence.HOOK)
            return
        await self._guards.may_answer(live)
        live.timers.cancel("alert")
        await line.command(line.port.answer)

    def reject(self, live: LiveCall, cause: int, origin: str = "local") -> None:
        """Refuse with a Q.850 cause. Raises WrongStateError when it was answered already."""
        if not live.waiting:
            raise WrongStateError(
                f"call {live.id} is {live.call.state}; reject needs offered or alerting",
                call=live.id,
                operation="reject",
                state=str(live.call.state),
            )
        self._calls.release(live, cause, origin, reject=live.line.can(Capability.REJECT))
