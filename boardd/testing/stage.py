"""What a case works with: the started driver, its far end, and a log of everything that the driver said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.driver import ChannelPort, DomainDriver, DriverEvent, Inventory, LineFree
from boardd.contract.states import ChannelState

E = TypeVar("E", bound=DriverEvent)
PATIENCE_S = 60.0
"""Time of the driver's own clock that anything may take; simulated lines may make it pass at once."""


class FaultsUnavailableError(Exception):
    """The far end cannot break what a case wants broken; the case is skipped."""


@dataclass(frozen=True)
class Trunk:
    """Lines of one kind to the outside: calls come in on any of `channels`; `dials` is one to dial from."""

    name: str
    kind: ChannelKind
    channels: tuple[str, ...]
    dials: str
    sends_caller: bool = True
    reverses: bool = False
    signals_answer: bool = True


class FarEnd(Protocol):
    """The world beyond the card.

    Callers (`behaviour`) by seconds since they dialled: `waits` for ever, `clears` after 12, `gives_up` after 7,
    `presses` 4711 after 8, `speaks` after 6. Numbers: `answers`, `busy`, `rings`.
    """

    trunks: Sequence[Trunk]
    stations: Sequence[str]
    taps: Sequence[str]

    async def call(self, trunk: Trunk, behaviour: str) -> str:
        """Begin an incoming call; the caller's number."""

    def number(self, behaviour: str) -> str:
        """A number whose owner behaves so."""

    async def lift(self, station: str) -> None:
        """The person at the station lifts the handset."""

    async def put_down(self, station: str) -> None:
        """The person puts it down."""

    async def press(self, station: str, digits: str) -> None:
        """The person dials."""

    async def flash(self, station: str) -> None:
        """The person flashes."""

    async def span_alarm(self, span: str, on: bool) -> None:
        """An E1 loses its signal, or gets it back."""

    async def lose_states(self, channel: str, times: int) -> None:
        """The next state events of a channel never reach the driver."""

    async def double_states(self, channel: str, times: int) -> None:
        """The next state events of a channel reach the driver twice."""

    async def delay_states(self, channel: str, times: int) -> None:
        """The next state events of a channel reach the driver one second late."""

    async def flood(self, channel: str, events: int) -> None:
        """So many meaningless events at once that the card's queue overflows."""

    async def odd_return(self, operation: Capability) -> None:
        """The library's next answer to this operation is a success with an odd value."""

    async def hang(self, ms: int) -> None:
        """The library's next cheap query takes so long."""


class EventLog:
    """The driver's sink. `started` and `stopped` are set by the factory; what comes outside them is a mistake."""

    def __init__(self) -> None:
        self.events: list[DriverEvent] = []
        self.started = False
        self.stopped = False
        self.misplaced: list[DriverEvent] = []
        self._more = asyncio.Event()

    def __call__(self, event: DriverEvent) -> None:
        """Take an event."""
        if not self.started or self.stopped:
            self.misplaced.append(event)
        self.events.append(event)
        self._more.set()

    @property
    def mark(self) -> int:
        """Where the log ends now, for `since`."""
        return len(self.events)

    def of(self, channels: Sequence[str] | str, since: int = 0) -> list[DriverEvent]:
        """Events of some channels."""
        wanted = (channels,) if isinstance(channels, str) else channels
        return [event for event in self.events[since:] if event.channel in wanted]

    async def wait(
        self, kind: type[E], channels: Sequence[str] | str, since: int = 0, within_s: float = PATIENCE_S, **fields: Any
    ) -> E:
        """The first event of `kind` on one of the channels whose fields are so. Raises AssertionError."""
        try:
            async with asyncio.timeout(within_s):
                while True:
                    for event in self.of(channels, since):
                        if isinstance(event, kind) and all(getattr(event, k) == v for k, v in fields.items()):
                            return event
                    self._more.clear()
                    await self._more.wait()
        except TimeoutError:
            seen = [repr(event) for event in self.of(channels, since)]
            raise AssertionError(f"no {kind.__name__} {fields} on {channels}; seen: {seen}") from None


@dataclass
class Stage:
    """One started driver. `folder` is for recordings; `sounds` are two short A-law WAV files."""

    driver: DomainDriver
    inventory: Inventory
    far: FarEnd
    log: EventLog
    folder: Path
    sounds: tuple[str, str]
    skipped: list[str] = field(default_factory=list)

    def port(self, channel: str) -> ChannelPort:
        """The port of a channel."""
        return self.inventory.ports[channel]

    async def until(self, channel: str, *states: ChannelState, within_s: float = PATIENCE_S) -> None:
        """Wait for a state. Raises AssertionError."""
        loop = asyncio.get_running_loop()
        end_s = loop.time() + within_s
        while self.port(channel).state not in states:
            assert loop.time() < end_s, f"{channel} is {self.port(channel).state}, not {states}"
            await asyncio.sleep(0.05)

    async def free(self, channel: str, since: int) -> None:
        """Hang up twice and wait for the line to be free."""
        port = self.port(channel)
        await port.hangup()
        await port.hangup()
        await self.log.wait(LineFree, channel, since)
        await self.until(channel, ChannelState.IDLE)
