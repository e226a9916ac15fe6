"""Outgoing calls: picks and locks a channel of a group, dials, goes elsewhere when the far end was faster (glare)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from boardd.contract.capabilities import Capability
from boardd.contract.causes import Cause
from boardd.contract.driver import check_digits
from boardd.contract.errors import (
    ArgumentError,
    BoarddError,
    OverloadError,
    UnknownIdError,
    UnsupportedError,
    WrongStateError,
)
from boardd.contract.events import EventType
from boardd.contract.objects import OrphanTreatment
from boardd.contract.states import ChannelState, Direction
from boardd.host.calls import Calls, LiveCall
from boardd.host.line import Line
from boardd.host.registry import Registry
from boardd.host.stations import Stations
from boardd.host.tasks import Tasks


@dataclass(slots=True)
class Wish:
    """What somebody wants to be dialled; `left` counts the channels that may still be tried."""

    number: str = ""
    caller: str = ""
    caller_name: str = ""
    controller: str = ""
    tag: str = ""
    orphan: OrphanTreatment | None = None
    group: str = ""
    left: int = 0
    launched: dict[str, asyncio.Event] = field(default_factory=dict)


class Dialer:
    """Begins outgoing calls."""

    def __init__(self, registry: Registry, calls: Calls, stations: Stations, tasks: Tasks) -> None:
        self._registry = registry
        self._calls = calls
        self._stations = stations
        self._tasks = tasks
        self._wishes: dict[str, Wish] = {}
        self.closed = False
        """The host is stopping: nothing new."""
        calls.on_released.append(self._released)

    # -- asking -------------------------------------------------------------------------------------------------------
    async def dial_group(self, group: str, wish: Wish) -> LiveCall:
        """Dial on a free channel of a group. Raises OverloadError when none is free, UnknownIdError, ArgumentError."""
        self._check(wish)
        lines = list(self._registry.in_group(group))
        if not lines:
            raise UnknownIdError(f"no channel of group {group} in this domain", group=group)
        line = self._pick(group)
        if line is None:
            raise OverloadError(f"no free channel in group {group}", group=group, reason="no_free_channel")
        wish.group, wish.left = group, line.group.dial_attempts - 1
        return await self._follow(self._mint(line, wish), wish)

    async def dial_channel(self, line: Line, wish: Wish) -> LiveCall:
        """Dial on this channel and no other."""
        self._check(wish)
        if not line.can(Capability.DIAL):
            raise UnsupportedError(f"{line.id} cannot dial", channel=line.id, operation="dial")
        if line.channel.direction is Direction.IN:
            raise ArgumentError(f"{line.id} is for incoming calls only", argument="channel", value=line.id)
        if not line.free:
            raise self._busy(line, "dial")
        return await self._follow(self._mint(line, wish), wish)

    async def ring(self, line: Line, wish: Wish) -> LiveCall:
        """Bring a call to a station's telephone."""
        self._check_open()
        if wish.number:
            raise ArgumentError(f"{line.id} is a station: it rings, it cannot dial", argument="number")
        if not self._stations.may_ring(line):
            raise self._busy(line, "ring")
        crossed = self._stations.crossed(line)
        if crossed is not None:
            line.reserved = True
            self._calls.release(crossed, Cause.NORMAL_UNSPECIFIED, "glare", hang_up=False)
            await crossed.ended.wait()
            if line.call is not None:
                raise self._busy(line, "ring")
        return await self._follow(self._mint(line, wish), wish)

    def _check(self, wish: Wish) -> None:
        self._check_open()
        check_digits("number", wish.number)
        if wish.caller:
            check_digits("caller", wish.caller)

    def _check_open(self) -> None:
        if self.closed:
            raise OverloadError("the host is stopping", reason="stopping")

    def _busy(self, line: Line, operation: str) -> WrongStateError:
        state = str(line.port.state)
        return WrongStateError(
            f"{line.id} is {state}{' (call in progress)' if line.call else ''}; {operation} needs idle",
            channel=line.id,
            operation=operation,
            state=state,
        )

    def _pick(self, group: str) -> Line | None:
        """The free channel of the group that has rested longest."""
        free = [
            line
            for line in self._registry.in_group(group)
            if line.free and line.can(Capability.DIAL) and line.channel.direction is not Direction.IN
        ]
        return min(free, key=lambda line: line.last_used, default=None)

    # -- doing --------------------------------------------------------------------------------------------------------
    def _mint(self, line: Line, wish: Wish) -> LiveCall:
        live = self._calls.mint(
            line,
            ChannelState.DIALING,
            Direction.OUT,
            caller=wish.caller,
            caller_name=wish.caller_name,
            called=wish.number or line.channel.extension,
            controller=wish.controller,
            tag=wish.tag,
            orphan=wish.orphan,
        )
        self._wishes[live.id] = wish
        return live

    async def _follow(self, live: LiveCall, wish: Wish) -> LiveCall:
        """The call that the card has taken: the first one, or after glare the one that went on in its place."""
        await self._launch(live, wish)
        while live.successor is not None:
            live = live.successor
            await wish.launched[live.id].wait()
        return live

    async def _launch(self, live: LiveCall, wish: Wish) -> None:
        line = live.line
        launched = wish.launched.setdefault(live.id, asyncio.Event())
        try:
            await self._calls.begin(live, EventType.CALL_DIALING)
            if not live.alive:
                return
            if line.is_station:
                await self._stations.ring(live)
            else:
                live.on_card = True
                await line.command(lambda: line.port.dial(wish.number, wish.caller))
        except WrongStateError:
            if live.alive:
                self.glare(live, hang_up=False)
            if live.successor is None:
                raise
        except BoarddError as error:
            code = str(error.data.get("vendor_code", ""))
            self._calls.release(live, Cause.TEMPORARY_FAILURE, "card", maker_code=code, maker_text=error.message)
            raise
        finally:
            launched.set()

    def glare(self, live: LiveCall, hang_up: bool) -> None:
        """The far end took the channel first: end this attempt, go on with another channel if there is one.

        The CALL_RELEASED of the attempt has cause 44 and origin `glare`; its text is the id of the call that goes on in
        its place (CALL_DIALING follows), or empty when no other is tried: cause 34 when none was
        free, 44 when enough were tried.
        """
        wish = self._wishes.get(live.id)
        line = self._pick(wish.group) if wish is not None and wish.left > 0 and not self.closed else None
        live.line.counters["glare"] += 1
        if wish is None or line is None:
            none_free = wish is not None and wish.left > 0
            cause = Cause.NO_CIRCUIT if none_free else Cause.CHANNEL_UNAVAILABLE
            self._calls.release(live, cause, "glare", hang_up=hang_up)
            return
        wish.left -= 1
        successor = live.successor = self._mint(line, wish)
        wish.launched[successor.id] = asyncio.Event()
        self._calls.release(live, Cause.CHANNEL_UNAVAILABLE, "glare", hang_up=hang_up, text=successor.id)
        self._tasks.spawn(self._launch(successor, wish), f"dial again {successor.id}")

    def _released(self, live: LiveCall) -> None:
        self._wishes.pop(live.id, None)
