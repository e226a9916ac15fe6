"""The card's switch: directed links between channels, and the bus (fact sheet section 13.1).

Three kinds of link reach a listener: talk (both ways), listen (exclusive) and mixed links. A link carries what the
source channel hears from its line, or only what is played on it.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum

from hwsim.core.engine import Engine, StaleIdError
from hwsim.core.events import Tap
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ErrorCode
from hwsim.vendorlibs.synway.refusal import Refusal

BUS_SLOTS = 4096
VOLUME_STEP_MB = 300


class LinkKind(StrEnum):
    """By which function a link was made; it is undone only by its counterpart."""

    TALK = "talk"
    LISTEN = "listen"
    MIX = "mix"
    PLAY = "play"
    BUS = "bus"
    CONFERENCE = "conference"


Link = tuple[int, int, LinkKind]


def volume_mb(volume: int) -> int:
    """A volume step of the maker's link functions as gain; the range is unknown [?], steps of 3 dB are assumed."""
    return max(-6000, min(1800, volume * VOLUME_STEP_MB))


@dataclass
class Switching:
    """All links of the started library, by (source channel, listener channel, kind)."""

    engine: Engine
    links: dict[Link, tuple[Channel, Channel, int]] = field(default_factory=dict)
    bus: dict[int, Channel] = field(default_factory=dict)
    in_conference: set[int] = field(default_factory=set)
    bus_listeners: dict[tuple[int, int], tuple[Channel, int]] = field(default_factory=dict)

    # -- what the application does ------------------------------------------------------------------------------------
    def talk(self, one: Channel, other: Channel, one_mb: int = 0, other_mb: int = 0) -> None:
        """SsmTalkWith; raises Refusal when one of them talks or listens exclusively already."""
        self._refuse_same(one, other)
        for channel in (one, other):
            self._refuse_exclusive(channel)
        self._add(one, other, LinkKind.TALK, one_mb)
        self._add(other, one, LinkKind.TALK, other_mb)

    def stop_talk(self, one: Channel, other: Channel) -> None:
        """SsmStopTalkWith."""
        self._remove(one, other, LinkKind.TALK)
        self._remove(other, one, LinkKind.TALK)

    def listen(self, source: Channel, listener: Channel, gain_mb: int = 0) -> None:
        """SsmListenTo: the listener hears this source alone."""
        self._refuse_same(source, listener)
        self._refuse_exclusive(listener)
        self._add(source, listener, LinkKind.LISTEN, gain_mb)

    def link(self, source: Channel, listener: Channel, kind: LinkKind = LinkKind.MIX, gain_mb: int = 0) -> None:
        """SsmLinkFrom, SsmListenToPlay: add the source to what the listener hears."""
        self._refuse_same(source, listener)
        self._add(source, listener, kind, gain_mb)

    def unlink(self, source: Channel, listener: Channel, kind: LinkKind) -> None:
        """Undo one link; raises Refusal when it does not exist."""
        self._remove(source, listener, kind)

    def clear(self, channel: Channel) -> None:
        """SsmClearChBusLink: drop every link from and to the channel, conference links excepted."""
        for key in [k for k in self.links if channel.number in k[:2] and k[2] is not LinkKind.CONFERENCE]:
            self._drop(key)
        for slot in [slot for slot, owner in self.bus.items() if owner is channel]:
            del self.bus[slot]
        for place in [place for place in self.bus_listeners if place[1] == channel.number]:
            del self.bus_listeners[place]

    def linked(self, channel: Channel) -> bool:
        """Whether the channel talks or listens by any link but a conference."""
        return any(channel.number in key[:2] and key[2] is not LinkKind.CONFERENCE for key in self.links)

    def slip(self, board: int, late: bool) -> int:
        """The bus slips between `board` and the others: their links are a frame late, or in step again; how many."""
        crossing = [
            (source, listener)
            for (_, _, kind), (source, listener, _) in self.links.items()
            if _tap(kind) is Tap.HEARS and (source.board == board) != (listener.board == board)
        ]
        for source, listener in crossing:
            with suppress(StaleIdError):
                self.engine.link_slip(source.leg, listener.leg, late)
        return len(crossing)

    # -- the bus ------------------------------------------------------------------------------------------------------
    def to_bus(self, channel: Channel, slot: int) -> None:
        """SsmLinkToBus: put what the channel hears on a bus slot."""
        self._refuse_slot(slot)
        if slot in self.bus:
            raise Refusal(ErrorCode.FAILED, f"bus slot {slot} is used by channel {self.bus[slot].number}")
        self.bus[slot] = channel
        for (at, _), (listener, gain_mb) in self.bus_listeners.items():
            if at == slot and listener is not channel:
                self._add(channel, listener, LinkKind.BUS, gain_mb)

    def off_bus(self, channel: Channel, slot: int) -> None:
        """SsmUnLinkToBus."""
        if self.bus.get(slot) is not channel:
            raise Refusal(ErrorCode.INVALID_BUS_CHANNEL, f"channel {channel.number} is not on bus slot {slot}")
        del self.bus[slot]
        for at, number in self.bus_listeners:
            if at == slot:
                self._drop((channel.number, number, LinkKind.BUS))

    def from_bus(self, slot: int, listener: Channel, gain_mb: int = 0) -> None:
        """SsmLinkFromBus: the listener hears a bus slot, whoever drives it now or later."""
        self._refuse_slot(slot)
        if (slot, listener.number) in self.bus_listeners:
            raise Refusal(ErrorCode.FAILED, f"channel {listener.number} hears bus slot {slot} already")
        self.bus_listeners[slot, listener.number] = (listener, gain_mb)
        source = self.bus.get(slot)
        if source and source is not listener:
            self._add(source, listener, LinkKind.BUS, gain_mb)

    def not_from_bus(self, slot: int, listener: Channel) -> None:
        """SsmUnLinkFromBus."""
        if self.bus_listeners.pop((slot, listener.number), None) is None:
            raise Refusal(ErrorCode.INVALID_BUS_CHANNEL, f"channel {listener.number} does not hear bus slot {slot}")
        if slot in self.bus:
            self._drop((self.bus[slot].number, listener.number, LinkKind.BUS))

    # -- inside -------------------------------------------------------------------------------------------------------
    def _refuse_slot(self, slot: int) -> None:
        if not 0 <= slot < BUS_SLOTS:
            raise Refusal(ErrorCode.INVALID_BUS_CHANNEL, f"no bus slot {slot}")

    def _refuse_same(self, one: Channel, other: Channel) -> None:
        if one is other:
            raise Refusal(ErrorCode.INVALID_PARAMETER, "a channel can not be linked with itself")
        for channel in (one, other):
            if not channel.leg or channel.unplugged:
                raise Refusal(ErrorCode.UNSUPPORTED, f"channel {channel.number} has no line")

    def _refuse_exclusive(self, listener: Channel) -> None:
        if listener.number in self.in_conference:
            raise Refusal(ErrorCode.FAILED, f"channel {listener.number} is in a conference")
        exclusive = (LinkKind.TALK, LinkKind.LISTEN)
        for _, number, kind in self.links:
            if number == listener.number and kind in exclusive:
                raise Refusal(ErrorCode.FAILED, f"channel {listener.number} is already listening")

    def _add(self, source: Channel, listener: Channel, kind: LinkKind, gain_mb: int) -> None:
        key = (source.number, listener.number, kind)
        if key in self.links:
            raise Refusal(ErrorCode.FAILED, f"channel {listener.number} is already listening to {source.number}")
        self.links[key] = (source, listener, gain_mb)
        self.engine.link(source.leg, listener.leg, gain_mb=gain_mb, tap=_tap(kind))

    def _remove(self, source: Channel, listener: Channel, kind: LinkKind) -> None:
        key = (source.number, listener.number, kind)
        if key not in self.links:
            raise Refusal(ErrorCode.FAILED, f"channel {listener.number} is not linked to {source.number}")
        self._drop(key)

    def _drop(self, key: Link) -> None:
        """Take the link away, and its sound unless another link of the same tap carries it too."""
        entry = self.links.pop(key, None)
        if entry is None:
            return
        source, listener, _ = entry
        others = [k for k in self.links if k[:2] == key[:2] and _tap(k[2]) is _tap(key[2])]
        with suppress(StaleIdError):
            if not others:
                self.engine.unlink(source.leg, listener.leg, tap=_tap(key[2]))
            else:
                self.engine.link(source.leg, listener.leg, gain_mb=self.links[others[0]][2], tap=_tap(key[2]))

    # -- for conferences ----------------------------------------------------------------------------------------------
    def connect(self, source: Channel, listener: Channel, gain_mb: int) -> None:
        """A conference lets the listener hear a member (again: with another gain)."""
        self._drop((source.number, listener.number, LinkKind.CONFERENCE))
        self._add(source, listener, LinkKind.CONFERENCE, gain_mb)

    def disconnect(self, source: Channel, listener: Channel) -> None:
        """Undo `connect`."""
        self._drop((source.number, listener.number, LinkKind.CONFERENCE))


def _tap(kind: LinkKind) -> Tap:
    return Tap.PLAYS if kind is LinkKind.PLAY else Tap.HEARS
