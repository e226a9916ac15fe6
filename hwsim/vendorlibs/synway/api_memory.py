"""Playing from and recording into the program's memory, and its handlers (fact sheet sections 12.1 to 12.3)."""

from __future__ import annotations

from hwsim.vendorlibs.rpc import Reply
from hwsim.vendorlibs.synway.api import Call, Result, accepted, api, on_channel
from hwsim.vendorlibs.synway.api_record import record
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codecs import refuse_codec
from hwsim.vendorlibs.synway.codes import Codec, ErrorCode
from hwsim.vendorlibs.synway.memory import (
    BlockPlay,
    BlockRecord,
    Job,
    MemoryPlay,
    MemoryRecord,
    Work,
)
from hwsim.vendorlibs.synway.play import PlayKind, Sound, Task
from hwsim.vendorlibs.synway.refusal import Refusal

WAITS = frozenset({"ShimNextWork"})
MAX_MEMORY_LIST = 256


@api("ShimNextWork")
def next_work(call: Call, result: int, data: bytes | None) -> Result:
    """The shim's data thread brings an answer and asks for more."""
    return call.driver.data.come_back(call.conn, result, data or b"")


def _codec(call: Call, codec: int) -> int:
    found = call.driver.personality.record_law if codec == Codec.DEFAULT else codec
    refuse_codec(call.driver.personality, found)
    return found


# -- play --------------------------------------------------------------------------------------------------------------
@on_channel("SsmPlayMem", dsp=True)
def play(call: Call, channel: Channel, codec: int, token: int, size: int, start: int, stop: int) -> int:
    """Circular buffer from `start` to `stop`."""
    found = _codec(call, codec)
    accepted(size > 0 and start < size and stop <= size, "bad play offsets")
    task = Task(PlayKind.MEMORY, [Sound(found, size)], fed=False)
    channel.player.start(task)
    channel.memory_play = MemoryPlay(channel, token, found, size, start, stop, task)
    channel.memory_play.begin()
    return 0


@on_channel("SsmGetPlayOffset")
def play_offset(call: Call, channel: Channel) -> Reply:
    """Where it plays."""
    if not channel.memory_play:
        raise Refusal(ErrorCode.FAILED, "no memory play")
    return Reply(0, (channel.memory_play.offset,))


@on_channel("SsmSetStopPlayOffset")
def set_stop(call: Call, channel: Channel, offset: int) -> int:
    """Where it will stop."""
    playing = channel.memory_play
    if not playing or offset > playing.size:
        raise Refusal(ErrorCode.INVALID_PARAMETER, "bad stop offset")
    playing.stop = offset
    playing.task.fed = False
    playing.feed()
    return 0


@on_channel("SsmStopPlayMem", "SsmStopPlayMemBlock")
def stop_play(call: Call, channel: Channel) -> int:
    """End."""
    channel.player.stop()
    return 0


@on_channel("SsmPlayMemBlock", dsp=True)
def play_block(call: Call, channel: Channel, codec: int, _memory: str, size: int, token: int) -> int:
    """One more block, as a copy of its bytes."""
    found = _codec(call, codec)
    if size < call.driver.personality.min_block_bytes:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"block of {size} bytes is too small")
    data = call.file(2).read() or b""
    channel.block_play = channel.block_play or BlockPlay(channel)
    channel.block_play.add(token, Sound(found, len(data), data=data))
    return 0


@api("SsmClearPlayMemList")
def clear_list(call: Call) -> int:
    """Empty the global list."""
    call.driver.memory_list.sounds.clear()
    return 0


@api("SsmAddToPlayMemList", dsp=True)
def add_to_list(call: Call, _memory: str, _size: int, codec: int) -> int:
    """One more entry; its number is its position."""
    sounds = call.driver.memory_list.sounds
    if len(sounds) >= call.driver.setting("MaxPlayMemList", MAX_MEMORY_LIST):
        raise Refusal(ErrorCode.RESOURCE_USED_UP, "memory list is full")
    data = call.file(0).read() or b""
    sounds.append(Sound(_codec(call, codec), len(data), data=data))
    return 0


@on_channel("SsmPlayMemList", dsp=True)
def play_list(call: Call, channel: Channel, entries: bytes, count: int) -> int:
    """Play entries by number (an array of 16-bit numbers)."""
    numbers = [int.from_bytes(entries[2 * n : 2 * n + 2], "little") for n in range(count)]
    channel.player.start(Task(PlayKind.MEMORY_LIST, call.driver.memory_list.pick(numbers)))
    return 0


# -- record ------------------------------------------------------------------------------------------------------------
@on_channel("SsmRecToMem", dsp=True)
def record_memory(call: Call, channel: Channel, codec: int, token: int, size: int, start: int) -> int:
    """Circular buffer."""
    found = _codec(call, codec)
    accepted(size > 0 and start < size, "bad record offset")
    task = MemoryRecord(channel, token, found, size, start)
    task.begin()
    channel.memory_record = task
    return 0


@on_channel("SsmGetRecOffset")
def record_offset(call: Call, channel: Channel) -> Reply:
    """Where it writes."""
    if not channel.memory_record:
        raise Refusal(ErrorCode.FAILED, "no memory record")
    return Reply(0, (channel.memory_record.offset,))


@on_channel("SsmStopRecToMem", "SsmStopRecordMemBlock")
def stop_record(call: Call, channel: Channel) -> int:
    """End."""
    channel.recorder.stop()
    return 0


@on_channel("SsmRecordMemBlock", dsp=True)
def record_block(call: Call, channel: Channel, codec: int, token: int, size: int) -> int:
    """One more block to fill."""
    found = _codec(call, codec)
    accepted(size > 0, "empty block")
    channel.block_record = channel.block_record or BlockRecord(channel)
    channel.block_record.add(token, size, found)
    return 0


@on_channel("SsmRecToFileA", "SsmRecToFileB", dsp=True)
def record_with_tap(
    call: Call, channel: Channel, path: str, codec: int, start: int, size: int, ms: int, mask: int, token: int
) -> int:
    """Record to a file, and hand the data to a function every 100 ms (as the file grows)."""
    record(call, channel, path, codec, start, size, ms, mask)
    channel.recorder.tap(lambda data: call.driver.data.ask(Job(Work.TAP, token, channel.number, data=data)))
    return 0


# -- handlers ----------------------------------------------------------------------------------------------------------
@on_channel("SsmSetRxDtmfHandler")
def digit_handler(call: Call, channel: Channel, token: int) -> int:
    """Call a function for each digit; token 0 ends that."""
    data = call.driver.data

    def digit(text: str) -> None:
        data.ask(Job(Work.DIGIT, token, channel.number, ord(text)))

    channel.digits.handler = digit if token else None
    return 0
