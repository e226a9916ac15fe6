"""One channel as the host sees it: its port, what was announced of it, the call on it, events that must wait.

A line is *held* while a call on it begins or ends (the journal or the library is being waited for). Driver events that
arrive meanwhile wait in `backlog`: clients see everything of one channel in order, and other channels never wait.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import structlog

from boardd import clock
from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.driver import ChannelPort, DriverEvent
from boardd.contract.errors import BoarddError
from boardd.contract.events import EventType
from boardd.contract.objects import Channel
from boardd.contract.states import ChannelState
from boardd.host.alarms import Alarms
from boardd.host.outlet import Outlet
from boardd.host.timers import Timers

if TYPE_CHECKING:
    from boardd.config.site import GroupSection
    from boardd.host.calls import LiveCall

log = structlog.get_logger("boardd.host")
T = TypeVar("T")

QUIET_STATES = frozenset(
    {ChannelState.IDLE, ChannelState.OUT_OF_SERVICE, ChannelState.RELEASING, ChannelState.BROKEN},
)
"""States in which the card has no call of ours on the channel."""
HANGUP_RETRY_S = 1.0
HANGUP_RETRY_LIMIT_S = 30.0


class Line:
    """See the module text. `group` holds the settings of the channel's group."""

    def __init__(
        self, channel: Channel, port: ChannelPort, group: GroupSection, outlet: Outlet, alarms: Alarms
    ) -> None:
        self.channel = channel
        self.port = port
        self.group = group
        self._outlet = outlet
        self._alarms = alarms
        self._commands = asyncio.Lock()
        self.call: LiveCall | None = None
        self.holds = 0
        self.backlog: deque[DriverEvent] = deque()
        self.reserved = False
        self.last_used = 0
        self.counters: Counter[str] = Counter()
        self.timers = Timers()
        self.on_state: Callable[[Line, ChannelState, ChannelState], None] = lambda _line, _old, _new: None

    @property
    def id(self) -> str:
        """The channel id."""
        return self.channel.id

    @property
    def is_station(self) -> bool:
        """Whether a telephone with a person hangs on it."""
        return self.channel.kind is ChannelKind.FXS

    @property
    def is_tap(self) -> bool:
        """Whether it only listens."""
        return self.channel.kind is ChannelKind.TAP

    def can(self, capability: Capability) -> bool:
        """Whether the channel declared the capability."""
        return self.port.can(capability)

    @property
    def free(self) -> bool:
        """Whether a call may be begun on it now."""
        quiet = self.port.state is ChannelState.IDLE and self.channel.state is ChannelState.IDLE
        return quiet and self.call is None and not self.reserved and not self.holds and not self.backlog

    async def command(self, work: Callable[[], Awaitable[T]]) -> T:
        """Run one driver operation after those asked before it; then tell what state the channel is in."""
        async with self._commands:
            try:
                return await work()
            finally:
                self.sync()

    def sync(self) -> None:
        """Announce the port's state if it differs from what was announced last."""
        old, new = self.channel.state, self.port.state
        if old is new:
            return
        self.channel.state = new
        if new not in (ChannelState.OUT_OF_SERVICE, ChannelState.BROKEN):
            self.channel.reason = ""
        self.announce(old)
        self.on_state(self, old, new)

    def announce(self, old: ChannelState | None = None, kind: EventType = EventType.CHANNEL_STATE) -> None:
        """Tell clients how the channel is now."""
        self.channel.changed = clock.instant()
        illegal = {f"illegal {step}": count for step, count in self.port.illegal_steps.items()}
        self.channel.counters = {**self.counters, **self.port.counters, **illegal}
        self._outlet.publish(kind, channel=self.channel, old=str(old if old is not None else self.channel.state))

    def step(self, new: ChannelState) -> None:
        """Move the port where the host itself decides (stations) and announce it."""
        self.port.step(new)
        self.sync()

    async def hang_up(self, cause: int) -> bool:
        """Make the driver end whatever is on the channel; False (and an alarm) when it refused."""
        try:
            await self.command(lambda: self.port.hangup(cause))
        except BoarddError as error:
            self.counters["hangup_failed"] += 1
            self._alarms.set("hangup_failed", self.id, error.message)
            log.error("hangup_failed", channel=self.id, error=error.code, text=error.message)
            return False
        self._alarms.clear("hangup_failed", self.id)
        return True

    async def insist(self, cause: int) -> None:
        """After a refused hang-up: ask again until the card agrees or another call is there."""
        delay_s = HANGUP_RETRY_S
        while True:
            await asyncio.sleep(delay_s)
            delay_s = min(delay_s * 2, HANGUP_RETRY_LIMIT_S)
            if self.call is not None or self.port.state in QUIET_STATES:
                self._alarms.clear("hangup_failed", self.id)
                return
            if await self.hang_up(cause):
                return
