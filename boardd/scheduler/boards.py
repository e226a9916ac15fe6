"""What the scheduler needs of `boardd.api.client.Client`; tests put another implementation in its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from boardd.api.mirror import Mirror
from boardd.contract.objects import Call, Channel, Wire
from boardd.contract.states import ChannelState

T = TypeVar("T")


class Boards(Protocol):
    """See the module text."""

    name: str
    mirror: Mirror

    @property
    def connected(self) -> bool:
        """Whether the daemon is there now."""

    async def call(self, method: str, params: Wire, kind: type[T]) -> T:
        """Send a request. Raises BoarddError."""

    async def claim(self, group: str) -> int:
        """Become the controller of a channel group. Raises BoarddError."""

    async def ack_facts(self, keys: Sequence[tuple[str, str, str]]) -> None:
        """Tell the hosts that facts are stored. Raises BoarddError."""


def present(boards: Boards, domain: str) -> bool:
    """Whether the host of `domain` is connected, so that a call which the mirror does not have is over."""
    found = boards.mirror.domains.get(domain)
    return boards.connected and found is not None and found.connected


def station(boards: Boards, extension: str) -> Channel | None:
    """The channel with that extension."""
    return next((c for c in boards.mirror.channels.values() if extension and c.extension == extension), None)


def station_free(boards: Boards, extension: str) -> bool:
    """Whether the telephone with that extension can be rung now."""
    channel = station(boards, extension)
    if channel is None or channel.state is not ChannelState.IDLE or not present(boards, channel.domain):
        return False
    return not (channel.always_off_hook and channel.off_hook is False)


def extension_of(boards: Boards, call: Call) -> str:
    """The extension of the station that made a call."""
    channel = boards.mirror.channels.get(call.channel)
    return channel.extension if channel is not None and channel.extension else call.caller
