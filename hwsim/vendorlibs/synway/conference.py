"""Conferences on the card: groups, members, who hears whom (fact sheet section 13.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ErrorCode
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.switching import Switching, volume_mb

CHAIR, OTHER = 0, 1
"""Join modes: 0 full member; 1 another kind, modelled as a listener who may be given a voice."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one group, or of the whole system for new groups."""

    members: int
    speakers: int
    speaking: int
    silence: int


@dataclass
class Member:
    """A channel in a group."""

    number: int
    channel: Channel
    mode: int
    gain_mb: int
    speaks: bool
    listen_mb: int = 0


@dataclass
class Group:
    """One conference. `muted` pairs (from, to) were separated by SsmSetContactInConf."""

    number: int
    limits: Limits
    members: dict[int, Member] = field(default_factory=dict)
    muted: set[tuple[int, int]] = field(default_factory=set)

    def speakers(self) -> list[Member]:
        """Members with a voice."""
        return [member for member in self.members.values() if member.speaks]

    def speaking(self) -> int:
        """Members whose voice is heard now."""
        return sum(member.channel.voice.on for member in self.speakers())


@dataclass
class Conferences:
    """All groups of the started library."""

    switching: Switching
    max_groups: int
    defaults: Limits
    groups: dict[int, Group] = field(default_factory=dict)

    def create(self, members: int, speakers: int, speaking: int, silence: int) -> int:
        """SsmCreateConfGroup: the group's id; -1 arguments take the defaults; raises Refusal above the limits."""
        wanted = Limits(
            self.defaults.members if members < 0 else members,
            self.defaults.speakers if speakers < 0 else speakers,
            self.defaults.speaking if speaking < 0 else speaking,
            self.defaults.silence if silence < 0 else silence,
        )
        if wanted.members < 1 or wanted.speakers > wanted.members or wanted.speaking > wanted.speakers:
            raise Refusal(ErrorCode.INVALID_PARAMETER, "conference limits contradict each other")
        number = next((n for n in range(self.max_groups) if n not in self.groups), -1)
        if number < 0:
            raise Refusal(ErrorCode.RESOURCE_USED_UP, "no free conference group")
        self.groups[number] = Group(number, wanted)
        return number

    def group(self, number: int) -> Group:
        """The group, or Refusal."""
        if number not in self.groups:
            raise Refusal(ErrorCode.INVALID_PARAMETER, f"no conference group {number}")
        return self.groups[number]

    def of(self, channel: Channel) -> tuple[Group, Member] | None:
        """The group and membership of a channel."""
        for group in self.groups.values():
            for member in group.members.values():
                if member.channel is channel:
                    return group, member
        return None

    def join(self, number: int, channel: Channel, mode: int, volume: int, create_always: bool) -> None:
        """SsmJoinConfGroup; `create_always` makes the group when it does not exist."""
        if number not in self.groups and create_always and 0 <= number < self.max_groups:
            self.groups[number] = Group(number, self.defaults)
        group = self.group(number)
        if mode not in (CHAIR, OTHER):
            raise Refusal(ErrorCode.INVALID_PARAMETER, f"no conference mode {mode}")
        if self.of(channel):
            raise Refusal(ErrorCode.FAILED, f"channel {channel.number} is in a conference")
        if self.switching.linked(channel):
            raise Refusal(ErrorCode.FAILED, f"channel {channel.number} is talking or listening, unlink it first")
        if not channel.leg:
            raise Refusal(ErrorCode.UNSUPPORTED, f"channel {channel.number} has no line")
        if len(group.members) >= group.limits.members:
            raise Refusal(ErrorCode.RESOURCE_USED_UP, "conference is full")
        if mode == CHAIR and len(group.speakers()) >= group.limits.speakers:
            raise Refusal(ErrorCode.RESOURCE_USED_UP, "conference has no free speaker")
        place = next(n for n in range(group.limits.members) if n not in group.members)
        gain_mb = volume_mb(volume) if mode == CHAIR and volume > 1 else 0
        group.members[place] = Member(place, channel, mode, gain_mb, speaks=mode == CHAIR)
        self.switching.in_conference.add(channel.number)
        self._wire(group)

    def leave(self, channel: Channel, free_group: bool) -> None:
        """SsmExitConfGroup."""
        found = self.of(channel)
        if not found:
            raise Refusal(ErrorCode.FAILED, f"channel {channel.number} is in no conference")
        group, member = found
        for other in group.members.values():
            self.switching.disconnect(channel, other.channel)
            self.switching.disconnect(other.channel, channel)
        del group.members[member.number]
        self.switching.in_conference.discard(channel.number)
        if free_group and not group.members:
            del self.groups[group.number]

    def free(self, number: int) -> None:
        """SsmFreeConfGroup: everybody leaves."""
        group = self.group(number)
        for member in list(group.members.values()):
            self.leave(member.channel, free_group=False)
        self.groups.pop(number, None)

    def contact(self, number: int, source: Channel, listener: Channel, on: bool) -> None:
        """SsmSetContactInConf: let one member not hear another, or again."""
        group = self.group(number)
        pair = (source.number, listener.number)
        if on:
            group.muted.discard(pair)
        else:
            group.muted.add(pair)
        self._wire(group)

    def listen_volume(self, channel: Channel, volume: int) -> None:
        """SsmSetListenVlmInConf."""
        found = self.of(channel)
        if not found:
            raise Refusal(ErrorCode.FAILED, f"channel {channel.number} is in no conference")
        found[1].listen_mb = volume_mb(volume)
        self._wire(found[0])

    def _wire(self, group: Group) -> None:
        for source in group.members.values():
            for listener in group.members.values():
                if source is listener:
                    continue
                pair = (source.channel.number, listener.channel.number)
                if source.speaks and pair not in group.muted:
                    self.switching.connect(source.channel, listener.channel, source.gain_mb + listener.listen_mb)
                else:
                    self.switching.disconnect(source.channel, listener.channel)
