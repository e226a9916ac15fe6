"""Ties to other domains: the media engine's part of the switch.

A tie is a port of the engine on a ring to another process. A channel that is linked with one gets a port on its pump's
stream; the engine mixes and follows the clocks, the card's own switch knows nothing of it. The engine begins with the
first tie. Whoever is hung up is forgotten at once (`forget`); everything else is asked for by the host, one change
after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from boardd.contract.capabilities import Capability
from boardd.contract.driver import LinkChange, TieEnd
from boardd.contract.errors import BoarddError, OverloadError, UnsupportedError
from boardd.media.engine.drive import PRIORITY
from boardd.media.engine.engine import Engine
from boardd.media.engine.events import EngineEvent, PeerGone
from boardd.media.engine.port import EnginePort
from boardd.media.engine.ring import RingEnd
from drivers.synway.flow import Flow

Pair = tuple[str, str]
TIES = 64
"""At a time; as many channels may be linked with them."""
EXCLUDES = (Capability.PLAY, Capability.SEND_DIGITS, Capability.TONE)
"""What goes before the sound of a tie: a channel plays one thing at a time (fact sheet section 12.1)."""
BLOCK_MS = 20
RING_MS = 32
GIVE_MARGIN_MS = 40
TAKE_MS = 32
"""Of the engine: a tick, a ring's delay, and a stream's (media.h, port_stream.c)."""
BYTES_PER_MS = 8


def out_ms(piece_bytes: int) -> int:
    """The most from the line to the ring: a piece is recorded before it is given, and is awaited up to the margin."""
    return piece_bytes // BYTES_PER_MS + GIVE_MARGIN_MS + 2 * BLOCK_MS


def in_ms(piece_bytes: int) -> int:
    """The most from the ring to the line: a piece is gathered, and another one is being played."""
    return RING_MS + TAKE_MS + 2 * (piece_bytes // BYTES_PER_MS) + 2 * BLOCK_MS


class Carrier(Protocol):
    """What a channel is here."""

    @property
    def flow(self) -> Flow:
        """Its sound to and from ties."""

    async def carry(self, wanted: Callable[[], tuple[bool, bool]]) -> None:
        """Under the channel's lock: make true what `wanted` says then: whether ties hear it, whether it says theirs."""


class Ties:
    """All ties of the started library. `carriers`: the channels that can be linked."""

    def __init__(self) -> None:
        self.carriers: Mapping[str, Carrier] = {}
        self.ended: Callable[[str], None] = lambda _name: None
        """The other end of a tie is gone."""
        self._engine: Engine | None = None
        self._ties: dict[str, EnginePort] = {}
        self._legs: dict[str, EnginePort] = {}
        self._links: set[Pair] = set()

    def __contains__(self, name: str) -> bool:
        return name in self._ties

    @property
    def beats(self) -> int | None:
        """Moves while the engine's thread comes round; None: there is no engine."""
        return self._engine.beats if self._engine else None

    def concerns(self, change: LinkChange) -> bool:
        """Whether a link is made here and not by the card."""
        return change.source in self._ties or change.sink in self._ties

    # -- ties ---------------------------------------------------------------------------------------------------------
    def open(self, name: str, end: TieEnd) -> None:
        """A leg in another process; the descriptors are ours in any case. Raises OverloadError, DeviceError."""
        ring = RingEnd(end.descriptors, end.side)
        if name in self._ties or len(self._ties) >= TIES:
            ring.close()
            raise OverloadError(f"no room for the tie {name}: {len(self._ties)} of {TIES} are open", operation="tie")
        if self._engine is None:
            self._engine = Engine(2 * TIES)
            self._engine.start(priority=PRIORITY)
        port = self._engine.ring_port(ring, lambda event: self._of_tie(name, event))
        self._ties[name] = port
        port.run()

    def _of_tie(self, name: str, event: EngineEvent) -> None:
        if isinstance(event, PeerGone):
            self.ended(name)

    async def close(self, name: str) -> None:
        """Drop a tie and its links; again: nothing."""
        port = self._ties.pop(name, None)
        if port is None:
            return
        channels = [end for pair in self._links for end in pair if name in pair and end in self.carriers]
        self._links = {pair for pair in self._links if name not in pair}
        port.free()
        for channel in dict.fromkeys(channels):
            await self._carry(channel)

    def shut(self) -> None:
        """Everything ends; before the library is closed."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None
        self._ties.clear()
        self._legs.clear()
        self._links.clear()

    # -- links --------------------------------------------------------------------------------------------------------
    async def change(self, changes: Sequence[LinkChange]) -> None:
        """Make and drop links with ties: all of them, or an error that names the one that failed."""
        done: list[LinkChange] = []
        for change in changes:
            if ((change.source, change.sink) in self._links) is change.on:
                continue
            done.append(change)
            try:
                await self._apply(change)
            except BoarddError as error:
                for made in reversed(done):
                    await self._undo(made)
                error.data.update(source=change.source, sink=change.sink)
                raise

    async def _apply(self, change: LinkChange) -> None:
        pair = (change.source, change.sink)
        engine, source, sink = self._engine, self._port(change.source), self._port(change.sink)
        if engine is None or source is None or sink is None:
            raise UnsupportedError(self._why_not(change), operation="link")
        if change.on:
            engine.link(source, sink)
            self._links.add(pair)
        else:
            engine.unlink(source, sink)
            self._links.discard(pair)
        for channel in pair:
            if channel in self.carriers:
                await self._carry(channel)

    async def _undo(self, change: LinkChange) -> None:
        pair = (change.source, change.sink)
        if (pair in self._links) is not change.on:
            return
        try:
            await self._apply(LinkChange(change.source, change.sink, not change.on))
        except BoarddError:
            self._links.discard(pair)

    def _why_not(self, change: LinkChange) -> str:
        for end in (change.source, change.sink):
            if end not in self._ties and end not in self.carriers:
                return f"{end} cannot be linked with calls of other domains"
        return f"the tie of {change.source} and {change.sink} is closed"

    def _port(self, name: str) -> EnginePort | None:
        port = self._ties.get(name) or self._legs.get(name)
        carrier = self.carriers.get(name)
        if port is None and carrier is not None and self._engine is not None:
            port = self._engine.stream_port(carrier.flow.pump.stream, lambda _event: None)
            self._legs[name] = port
            port.run()
        return port

    def _wanted(self, channel: str) -> tuple[bool, bool]:
        heard = any(source == channel for source, _sink in self._links)
        speaks = any(sink == channel for _source, sink in self._links)
        return heard, speaks

    async def _carry(self, channel: str) -> None:
        await self.carriers[channel].carry(lambda: self._wanted(channel))
        if self._wanted(channel) == (False, False):
            self._let_go(channel)

    def forget(self, channel: str) -> None:
        """The channel was hung up, and carries nothing any more."""
        self._links = {pair for pair in self._links if channel not in pair}
        self._let_go(channel)

    def _let_go(self, channel: str) -> None:
        port = self._legs.pop(channel, None)
        if port is not None:
            port.free()
