"""Playing files, lists and index voices (fact sheet section 12.1)."""

from __future__ import annotations

import os

from hwsim.vendorlibs.rpc import Reply
from hwsim.vendorlibs.synway.api import Call, accepted, api, on_channel
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codecs import playable, refuse_codec
from hwsim.vendorlibs.synway.codes import DTMF_DIGITS, UNLIMITED, Codec, ErrorCode
from hwsim.vendorlibs.synway.play import FAST_STEP_MS, PlayKind, Sound, Task
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.wav import WavError, bytes_per_sample, read_header
from hwsim.vendorlibs.wire import File

MAX_LIST = 256
GAIN_RANGE = (-20, 20)


def sound_of(call: Call, file: File, codec: int, start: int, length: int) -> Sound:
    """An opened file as a sound; takes the descriptor over. Refusal for a format that the card cannot play."""
    offset, size = 0, os.fstat(file.fd).st_size
    found = codec
    if file.path.lower().endswith(".wav"):
        try:
            head = read_header(file.fd)
        except WavError as error:
            raise Refusal(ErrorCode.FILE, f"{file.path}: {error}") from error
        if codec not in (Codec.DEFAULT, head.codec):
            raise Refusal(ErrorCode.INVALID_CODEC, f"{file.path} has codec {head.codec}, not {codec}")
        found, offset, size = head.codec, head.data_offset, head.data_bytes
    if found == Codec.DEFAULT:
        found = call.driver.personality.record_law
    refuse_codec(call.driver.personality, found)
    if start >= size:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"{file.path} ends before byte {start}")
    wanted = size - start if length == UNLIMITED else min(length, size - start)
    align = bytes_per_sample(found)
    return Sound(found, wanted // align * align, fd=file.take(), offset=offset + start)


@on_channel("SsmPlayFile", dsp=True)
def play_file(call: Call, channel: Channel, path: str, codec: int, start: int, length: int) -> int:
    """Play one file."""
    if channel.speaking():
        raise Refusal(ErrorCode.FAILED, f"channel {channel.number} is sending {channel.speaking()}, stop it first")
    sound = sound_of(call, call.file(1), codec, start, length)
    channel.player.start(Task(PlayKind.FILE, [sound]))
    return 0


@on_channel("SsmStopPlayFile", "SsmStopPlay", "SsmStopPlayFileList", "SsmStopPlayIndex", "SsmStopPlayMemList")
def stop(call: Call, channel: Channel) -> int:
    """End the task; nothing playing is no error."""
    channel.player.stop()
    return 0


@on_channel("SsmPausePlay", "SsmRestartPlay")
def pause(call: Call, channel: Channel) -> int:
    """Pause and go on."""
    return accepted(channel.player.pause(call.name == "SsmPausePlay"), "nothing to pause or restart")


@on_channel("SsmCheckPlay")
def check(call: Call, channel: Channel) -> int:
    """0 playing, else how the last task ended."""
    return int(channel.player.last)


@on_channel("SsmGetPlayType")
def kind(call: Call, channel: Channel) -> int:
    """What plays."""
    return int(channel.player.task.kind) if channel.player.task else 0


@on_channel("SsmGetPlayedTime", "SsmGetPlayedTimeEx")
def played_time(call: Call, channel: Channel) -> int:
    """Seconds; milliseconds in the Ex form [I]."""
    ms = channel.player.ms_played()
    return ms if call.name.endswith("Ex") else ms // 1000


@on_channel("SsmGetPlayedPercentage")
def played_percent(call: Call, channel: Channel) -> int:
    """0 to 100."""
    task = channel.player.task
    return channel.player.bytes_played() * 100 // max(1, task.total_bytes) if task else 0


@on_channel("SsmGetDataBytesPlayed")
def played_bytes(call: Call, channel: Channel) -> int:
    """Bytes so far."""
    return channel.player.bytes_played()


@on_channel("SsmGetDataBytesToPlay")
def bytes_to_play(call: Call, channel: Channel) -> int:
    """Bytes left."""
    task = channel.player.task
    return max(0, task.total_bytes - channel.player.bytes_played()) if task else 0


@on_channel("SsmSetPlayTime", "SsmSetPlayPrct", "SsmFastFwdPlay", "SsmFastBwdPlay")
def seek(call: Call, channel: Channel, value: int = 0) -> int:
    """Go on at a time in ms, a percentage, or a step (key FastPlayTime, ms) away."""
    task = channel.player.task
    if not task:
        raise Refusal(ErrorCode.FAILED, "nothing is playing")
    per_ms = 8 * bytes_per_sample(task.sounds[0].codec)
    step = call.driver.setting("FastPlayTime", FAST_STEP_MS) * per_ms
    target = {
        "SsmSetPlayTime": value * per_ms,
        "SsmSetPlayPrct": task.total_bytes * value // 100,
        "SsmFastFwdPlay": channel.player.bytes_played() + step,
        "SsmFastBwdPlay": max(0, channel.player.bytes_played() - step),
    }[call.name]
    return accepted(channel.player.seek(target), "no such place")


# -- file list ---------------------------------------------------------------------------------------------------------
@on_channel("SsmClearFileList")
def clear_list(call: Call, channel: Channel) -> int:
    """Empty the list."""
    channel.file_list.clear()
    return 0


@on_channel("SsmAddToFileList", dsp=True)
def add_to_list(call: Call, channel: Channel, path: str, codec: int, start: int, length: int) -> int:
    """Add one file."""
    if len(channel.file_list) >= call.driver.setting("MaxPlayFileList", MAX_LIST):
        raise Refusal(ErrorCode.RESOURCE_USED_UP, "file list is full")
    channel.file_list.add(sound_of(call, call.file(1), codec, start, length))
    return 0


@on_channel("SsmPlayFileList", dsp=True)
def play_list(call: Call, channel: Channel) -> int:
    """Play the list from its begin; it can be played again."""
    channel.player.start(Task(PlayKind.FILE_LIST, channel.file_list.copies()))
    return 0


# -- index voices ------------------------------------------------------------------------------------------------------
@api("SsmLoadIndexData")
def load_index(call: Call, segment: int, alias: str, codec: int, path: str, start: int, length: int) -> int:
    """Read a file into a global segment."""
    sound = sound_of(call, call.file(3), codec, max(0, start), UNLIMITED if length < 0 else length)
    try:
        data = os.pread(sound.fd, sound.length, sound.offset)
    finally:
        os.close(sound.fd)
    call.driver.index.load(segment, alias, Sound(sound.codec, len(data), data=data))
    return 0


@api("SsmFreeIndexData")
def free_index(call: Call, segment: int) -> int:
    """Empty a segment."""
    return accepted(call.driver.index.free(segment), f"index segment {segment} is empty")


@api("SsmSetMaxIdxSeg")
def set_segments(call: Call, count: int) -> int:
    """How many segments there are."""
    call.driver.index.size = count
    return 0


@api("SsmGetTotalIndexSeg")
def segments(call: Call) -> int:
    """How many segments there are."""
    return call.driver.index.size


@on_channel("SsmPlayIndexString", dsp=True)
def play_aliases(call: Call, channel: Channel, aliases: str) -> int:
    """Play segments by alias, separated by commas."""
    channel.player.start(Task(PlayKind.INDEX, [call.driver.index.by_alias(a) for a in aliases.split(",") if a]))
    return 0


@on_channel("SsmPlayIndexList", dsp=True)
def play_segments(call: Call, channel: Channel, count: int, numbers: bytes) -> int:
    """Play segments by number (an array of 16-bit numbers)."""
    wanted = [int.from_bytes(numbers[2 * n : 2 * n + 2], "little") for n in range(count)]
    channel.player.start(Task(PlayKind.INDEX, [call.driver.index.by_number(n) for n in wanted]))
    return 0


# -- settings ----------------------------------------------------------------------------------------------------------
@on_channel("SsmSetDtmfStopPlay", "SsmSetBargeinStopPlay", "SsmSetHangupStopPlayFlag")
def set_interrupt(call: Call, channel: Channel, enable: int) -> int:
    """What ends a play task."""
    player, on = channel.player, bool(enable)
    if call.name == "SsmSetDtmfStopPlay":
        player.dtmf_stop = on
    elif call.name == "SsmSetBargeinStopPlay":
        player.barge_in_stop = on
    else:
        player.hangup_stop = on
    return 0


@on_channel("SsmSetDTMFStopPlayCharSet")
def set_stop_digits(call: Call, channel: Channel, digits: str) -> int:
    """Which digits."""
    accepted(set(digits.upper()) <= DTMF_DIGITS, "bad digit set")
    channel.player.dtmf_stop_set = frozenset(digits.upper())
    return 0


@on_channel("SsmGetDTMFStopPlayCharSet")
def get_stop_digits(call: Call, channel: Channel) -> Reply:
    """Read back."""
    digits = "".join(sorted(channel.player.dtmf_stop_set))
    return Reply(0, (digits,))


@on_channel("SsmSetPlayVolume")
def set_volume(call: Call, channel: Channel, volume: int) -> int:
    """Steps of 1 dB are assumed; the range is unknown [?]."""
    accepted(GAIN_RANGE[0] <= volume <= GAIN_RANGE[1], f"play volume {volume} out of range")
    channel.player.gain_mb = volume * 100
    return 0


@on_channel("SsmSetPlayGain")
def set_gain(call: Call, channel: Channel, percent: int) -> int:
    """Percent-like; kept as it is between 0 and 1000."""
    accepted(0 < percent <= 1000, f"play gain {percent} out of range")
    return 0


@on_channel("SsmSetPlayDest")
def set_destination(call: Call, channel: Channel, destination: int) -> int:
    """0 to the line, 1 to linked channels only."""
    accepted(destination in (0, 1), f"no play destination {destination}")
    channel.player.bus_only = bool(destination)
    return 0


@on_channel("SsmQueryPlayFormat", "SsmQueryRecFormat")
def query_format(call: Call, channel: Channel, codec: int) -> int:
    """1 when the card has the codec."""
    return int(playable(call.driver.personality, codec))
