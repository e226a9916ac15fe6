"""Links between channels of the domain, and ties to other domains. The engine mixes; where the site has chosen so the
kernel carries simple talks above it, and is told before links change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from boardd.contract.driver import LinkChange, TieEnd
from boardd.contract.errors import BoarddError, OverloadError, UnknownIdError
from boardd.media.engine.events import EngineEvent, PeerGone
from boardd.media.engine.port import EnginePort
from boardd.media.engine.ring import RingEnd
from drivers.dahdi.kernel_bridge import KernelBridge, Pair
from drivers.dahdi.sound import TIES, Sound

CONFERENCE_MEMBERS = 32
"""More than fit into this call centre; the engine takes 64 sources for a sink."""


class Switch:
    """Links by (source, sink) with their gains; ties to other domains stand in them like channels."""

    def __init__(self, sound: Sound, bridge: KernelBridge) -> None:
        self._sound = sound
        self._bridge = bridge
        self.links: dict[Pair, int] = {}
        self._ties: dict[str, EnginePort] = {}
        self.tie_ended: Callable[[str], None] = lambda _name: None
        """The other end of a tie is gone."""
        self.port_of: Callable[[str], EnginePort | None] = lambda _channel: None
        """The engine's leg of a channel; None: no such channel, or its card is gone."""

    def change(self, changes: Sequence[LinkChange]) -> None:
        """Make and drop links: all of them, or an error that names the one that failed (data: source, sink)."""
        ends = [(self._end(change.source), self._end(change.sink)) for change in changes]
        self._bridge.make_room(self._after(changes))
        try:
            self._change(changes, ends)
        finally:
            self._bridge.settle(self.links)

    def _after(self, changes: Sequence[LinkChange]) -> dict[Pair, int]:
        links = dict(self.links)
        for change in changes:
            links.pop((change.source, change.sink), None)
            if change.on:
                links[change.source, change.sink] = change.gain_mb
        return links

    def _change(self, changes: Sequence[LinkChange], ends: Sequence[tuple[EnginePort, EnginePort]]) -> None:
        done: list[tuple[LinkChange, int | None]] = []
        for change, (source, sink) in zip(changes, ends, strict=True):
            pair = (change.source, change.sink)
            before = self.links.get(pair)
            try:
                self._apply(pair, source, sink, change.gain_mb if change.on else None)
            except BoarddError as error:
                self._take_back(done)
                error.data.update(source=change.source, sink=change.sink)
                raise
            done.append((change, before))

    def forget(self, channel: str) -> None:
        """The channel is being hung up; the engine drops its links by itself."""
        kept = {pair: gain for pair, gain in self.links.items() if channel not in pair}
        self._bridge.make_room(kept)
        self.links = kept
        self._bridge.settle(kept)

    # -- ties to other domains ----------------------------------------------------------------------------------------
    def open_tie(self, name: str, end: TieEnd) -> None:
        """A leg in another process. Raises DeviceError, OverloadError; the descriptors are the engine's in any case."""
        ring = RingEnd(end.descriptors, end.side)
        if name in self._ties or len(self._ties) >= TIES:
            ring.close()
            raise OverloadError(f"no room for the tie {name}: {len(self._ties)} of {TIES} are open", operation="tie")
        port = self._sound.engine.ring_port(ring, lambda event: self._of_tie(name, event))
        self._ties[name] = port
        port.run()

    def close_tie(self, name: str) -> None:
        """Drop it and its links; again: nothing."""
        port = self._ties.pop(name, None)
        if port is not None:
            port.free()
            self.forget(name)

    def _of_tie(self, name: str, event: EngineEvent) -> None:
        if isinstance(event, PeerGone):
            self.tie_ended(name)

    # -- inside -------------------------------------------------------------------------------------------------------
    def _end(self, channel: str) -> EnginePort:
        port = self._ties.get(channel) or self.port_of(channel)
        if port is None:
            raise UnknownIdError(f"no channel {channel} in this domain", channel=channel)
        return port

    def _apply(self, pair: Pair, source: EnginePort, sink: EnginePort, gain_mb: int | None) -> None:
        if gain_mb is None:
            self._sound.engine.unlink(source, sink)
            self.links.pop(pair, None)
        else:
            self._sound.engine.link(source, sink, gain_mb)
            self.links[pair] = gain_mb

    def _take_back(self, done: Iterable[tuple[LinkChange, int | None]]) -> None:
        for change, before in reversed(list(done)):
            self._apply((change.source, change.sink), self._end(change.source), self._end(change.sink), before)
