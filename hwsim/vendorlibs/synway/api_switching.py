"""Links, bus and conferences (fact sheet sections 13.1 and 13.2)."""

from __future__ import annotations

import struct

from hwsim.vendorlibs.rpc import Reply
from hwsim.vendorlibs.synway.api import Call, api, on_channel
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ErrorCode
from hwsim.vendorlibs.synway.conference import Group, Member
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.switching import LinkKind, volume_mb

UNCHANGED = 0
"""Volume of the functions without a volume argument."""


@api("SsmTalkWith", dsp=True)
def talk(call: Call, one: int, other: int) -> int:
    """Both ways."""
    call.driver.switching.talk(call.channel(one), call.channel(other))
    return 0


@api("SsmTalkWithEx", dsp=True)
def talk_with_volumes(call: Call, one: int, one_volume: int, other: int, other_volume: int) -> int:
    """Both ways, each with a volume."""
    switching = call.driver.switching
    switching.talk(call.channel(one), call.channel(other), volume_mb(one_volume), volume_mb(other_volume))
    return 0


@api("SsmStopTalkWith")
def stop_talk(call: Call, one: int, other: int) -> int:
    """Undo."""
    call.driver.switching.stop_talk(call.channel(one), call.channel(other))
    return 0


@api("SsmListenTo", dsp=True)
def listen(call: Call, source: int, listener: int) -> int:
    """The second hears the first, alone."""
    call.driver.switching.listen(call.channel(source), call.channel(listener))
    return 0


@api("SsmListenToEx", dsp=True)
def listen_with_volume(call: Call, source: int, volume: int, listener: int) -> int:
    """With a volume."""
    call.driver.switching.listen(call.channel(source), call.channel(listener), volume_mb(volume))
    return 0


@api("SsmStopListenTo")
def stop_listen(call: Call, source: int, listener: int) -> int:
    """Undo."""
    call.driver.switching.unlink(call.channel(source), call.channel(listener), LinkKind.LISTEN)
    return 0


@api("SsmLinkFrom", dsp=True)
def link(call: Call, source: int, listener: int) -> int:
    """The second hears the first as well."""
    call.driver.switching.link(call.channel(source), call.channel(listener))
    return 0


@api("SsmLinkFromEx", dsp=True)
def link_with_volume(call: Call, source: int, volume: int, listener: int) -> int:
    """With a volume."""
    call.driver.switching.link(call.channel(source), call.channel(listener), LinkKind.MIX, volume_mb(volume))
    return 0


@api("SsmStopLinkFrom")
def stop_link(call: Call, source: int, listener: int) -> int:
    """Undo."""
    call.driver.switching.unlink(call.channel(source), call.channel(listener), LinkKind.MIX)
    return 0


def _numbers(data: bytes, count: int) -> tuple[int, ...]:
    if len(data) != count * 4:
        raise Refusal(ErrorCode.INVALID_PARAMETER, "bad list of channels")
    return struct.unpack(f"<{count}i", data)


@api("SsmLinkFromAllCh", dsp=True)
def link_many(call: Call, source: int, volume: int, listeners: bytes, count: int) -> int:
    """One source, many listeners."""
    for number in _numbers(listeners, count):
        call.driver.switching.link(call.channel(source), call.channel(number), LinkKind.MIX, volume_mb(volume))
    return 0


@api("SsmUnLinkFromAllCh")
def unlink_many(call: Call, source: int, listeners: bytes, count: int) -> int:
    """Undo."""
    for number in _numbers(listeners, count):
        call.driver.switching.unlink(call.channel(source), call.channel(number), LinkKind.MIX)
    return 0


@api("SsmListenToPlay", dsp=True)
def listen_to_play(call: Call, source: int, volume: int, listener: int) -> int:
    """The listener hears only what is played on the source."""
    call.driver.switching.link(call.channel(source), call.channel(listener), LinkKind.PLAY, volume_mb(volume))
    return 0


@api("SsmUnListenToPlay")
def stop_listen_to_play(call: Call, source: int, listener: int) -> int:
    """Undo."""
    call.driver.switching.unlink(call.channel(source), call.channel(listener), LinkKind.PLAY)
    return 0


@on_channel("SsmClearChBusLink")
def clear_links(call: Call, channel: Channel) -> int:
    """Drop all links."""
    call.driver.switching.clear(channel)
    return 0


@on_channel("SsmLinkToBus", dsp=True)
def to_bus(call: Call, channel: Channel, slot: int) -> int:
    """Drive a bus slot."""
    call.driver.switching.to_bus(channel, slot)
    return 0


@on_channel("SsmUnLinkToBus")
def off_bus(call: Call, channel: Channel, slot: int) -> int:
    """Leave it."""
    call.driver.switching.off_bus(channel, slot)
    return 0


@api("SsmLinkFromBus", "SsmLinkFromBusEx", dsp=True)
def from_bus(call: Call, slot: int, listener: int, volume: int = UNCHANGED) -> int:
    """Hear a bus slot."""
    call.driver.switching.from_bus(slot, call.channel(listener), volume_mb(volume))
    return 0


@api("SsmUnLinkFromBus")
def not_from_bus(call: Call, slot: int, listener: int) -> int:
    """Undo."""
    call.driver.switching.not_from_bus(slot, call.channel(listener))
    return 0


@api("SsmSetListenMode")
def listen_mode(call: Call, mode: int) -> int:
    """Values are unknown [?]; noted only."""
    call.driver.sim.truth.note("setting", function=call.name, values=[str(mode)])
    return 0


# -- conferences -------------------------------------------------------------------------------------------------------
@api("SsmCreateConfGroup", dsp=True)
def create(call: Call, members: int, speakers: int, speaking: int, silence: int) -> int:
    """A new group's id."""
    return call.driver.conferences.create(members, speakers, speaking, silence)


@api("SsmJoinConfGroup", dsp=True)
def join(call: Call, group: int, number: int, mode: int, volume: int, create_always: int, _exit_always: int) -> int:
    """Become a member."""
    call.driver.conferences.join(group, call.channel(number), mode, volume, bool(create_always))
    return 0


@on_channel("SsmExitConfGroup")
def leave(call: Call, channel: Channel, free_group: int) -> int:
    """Leave."""
    call.driver.conferences.leave(channel, bool(free_group))
    return 0


@api("SsmFreeConfGroup")
def free(call: Call, group: int) -> int:
    """End a group."""
    call.driver.conferences.free(group)
    return 0


@api("SsmValidateGrpId")
def valid(call: Call, group: int) -> int:
    """1 when it exists."""
    return int(group in call.driver.conferences.groups)


@api("SsmGetTotalConfGroup")
def total(call: Call) -> int:
    """How many groups."""
    return len(call.driver.conferences.groups)


@api("SsmGetConfGrpId")
def group_ids(call: Call) -> Reply:
    """All group ids as an array of i32; the number of groups."""
    ids = sorted(call.driver.conferences.groups)
    return Reply(len(ids), (struct.pack(f"<{len(ids)}i", *ids),))


@api("SsmGetConfCfgInfo")
def system_limits(call: Call) -> Reply:
    """Groups, members, speakers, silence time."""
    conferences = call.driver.conferences
    limits = conferences.defaults
    return Reply(0, (conferences.max_groups, limits.members, limits.speakers, limits.silence))


@api("SsmGetConfGrpCfgInfo")
def group_limits(call: Call, group: int) -> Reply:
    """Members, speakers, speaking, silence time."""
    limits = call.driver.conferences.group(group).limits
    return Reply(0, (limits.members, limits.speakers, limits.speaking, limits.silence))


@api("SsmGetConfGrpInfo")
def group_info(call: Call, group: int) -> Reply:
    """Members, speakers, and who speaks now."""
    found = call.driver.conferences.group(group)
    return Reply(0, (len(found.members), len(found.speakers()), found.speaking()))


@api("SsmGetConfGrpMmbrId")
def member_ids(call: Call, group: int) -> Reply:
    """Member ids as an array of i32; their number."""
    ids = sorted(call.driver.conferences.group(group).members)
    return Reply(len(ids), (struct.pack(f"<{len(ids)}i", *ids),))


@api("SsmGetConfGrpMmbrInfo")
def member_info(call: Call, group: int, number: int) -> Reply:
    """Channel, mode, speaking, silence in ms."""
    member = call.driver.conferences.group(group).members.get(number)
    if member is None:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"no member {number}")
    return Reply(0, (member.channel.number, *_member(member)))


@on_channel("SsmGetConfChInfo")
def channel_info(call: Call, channel: Channel) -> Reply:
    """Group, member, mode, speaking, silence in ms."""
    found: tuple[Group, Member] | None = call.driver.conferences.of(channel)
    if found is None:
        raise Refusal(ErrorCode.FAILED, f"channel {channel.number} is in no conference")
    group, member = found
    return Reply(0, (group.number, member.number, *_member(member)))


def _member(member: Member) -> tuple[int, int, int]:
    voice = member.channel.voice
    return member.mode, int(voice.on), voice.quiet_ms()


@api("SsmSetContactInConf")
def contact(call: Call, group: int, source: int, listener: int, enable: int) -> int:
    """Whether one member hears another."""
    call.driver.conferences.contact(group, call.channel(source), call.channel(listener), bool(enable))
    return 0


@on_channel("SsmSetListenVlmInConf")
def listen_volume(call: Call, channel: Channel, volume: int) -> int:
    """How loud a member hears the others."""
    call.driver.conferences.listen_volume(channel, volume)
    return 0
