"""Recording to files (fact sheet section 12.2)."""

from __future__ import annotations

import os

from hwsim.vendorlibs.synway.api import Call, accepted, on_channel
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codecs import refuse_codec
from hwsim.vendorlibs.synway.codes import DTMF_DIGITS, Codec, ErrorCode
from hwsim.vendorlibs.synway.refusal import Refusal

MAX_STOP_DIGITS = 18
VOLUME_RANGE = (-20, 20)


@on_channel("SsmRecToFile", dsp=True)
def record(call: Call, channel: Channel, path: str, codec: int, start: int, size: int, ms: int, _mask: int) -> int:
    """Record what the channel hears, with the mixer on both directions."""
    channel.recorder.refuse_if_active()
    codec = call.driver.personality.record_law if codec == Codec.DEFAULT else codec
    refuse_codec(call.driver.personality, codec)
    file = call.file(1)
    key = file_key(file.fd)
    for other in call.driver.channels:
        task = other.recorder.task if other else None
        if task and task.fd >= 0 and file_key(task.fd) == key:
            raise Refusal(ErrorCode.FILE, f"{path} is in use")
    channel.recorder.to_file(file.take(), codec, path.lower().endswith(".wav"), start, (size, ms))
    return 0


def file_key(fd: int) -> tuple[int, int]:
    """What makes a file the same file."""
    stat = os.fstat(fd)
    return stat.st_dev, stat.st_ino


@on_channel("SsmStopRecToFile")
def stop(call: Call, channel: Channel) -> int:
    """End; nothing recording is no error."""
    channel.recorder.stop()
    return 0


@on_channel("SsmPauseRecToFile", "SsmRestartRecToFile")
def pause(call: Call, channel: Channel) -> int:
    """Pause and go on."""
    return accepted(channel.recorder.pause(call.name == "SsmPauseRecToFile"), "nothing to pause or restart")


@on_channel("SsmChkRecToFile")
def recording(call: Call, channel: Channel) -> int:
    """1 while recording."""
    return int(channel.recorder.active)


@on_channel("SsmCheckRecord")
def check(call: Call, channel: Channel) -> int:
    """0 recording, else how it ended."""
    return int(channel.recorder.last)


@on_channel("SsmGetRecTime")
def record_time(call: Call, channel: Channel) -> int:
    """Milliseconds [I]."""
    return channel.recorder.ms_recorded()


@on_channel("SsmGetDataBytesToRecord")
def record_bytes(call: Call, channel: Channel) -> int:
    """Bytes so far."""
    return channel.recorder.bytes_recorded()


@on_channel("SsmGetRecType")
def record_type(call: Call, channel: Channel) -> int:
    """0 none, 1 file, 2 memory (numbers unknown [?])."""
    task = channel.recorder.task
    return 0 if not task else 1 if task.fd >= 0 else 2


@on_channel("SsmSetRecMixer")
def mixer(call: Call, channel: Channel, on: int, _volume: int) -> int:
    """Both directions from the next recording on."""
    channel.recorder.mixer = bool(on)
    return 0


@on_channel("SsmSetRecBack")
def record_back(call: Call, channel: Channel, on: int) -> int:
    """Record the played voice too [I]: as the mixer does."""
    channel.recorder.mixer = bool(on)
    return 0


@on_channel("SsmSetRecVolume")
def volume(call: Call, channel: Channel, value: int) -> int:
    """Range-checked; the record level is not modelled."""
    return accepted(VOLUME_RANGE[0] <= value <= VOLUME_RANGE[1], f"record volume {value} out of range")


@on_channel("SsmSetDTMFStopRecCharSet")
def stop_digits(call: Call, channel: Channel, digits: str) -> int:
    """Digits that end a recording; 18 at most."""
    accepted(len(digits) <= MAX_STOP_DIGITS and set(digits.upper()) <= DTMF_DIGITS, "bad digit set")
    channel.recorder.dtmf_stop_set = frozenset(digits.upper())
    return 0


@on_channel("SsmSetHangupStopRecFlag")
def hangup_stops(call: Call, channel: Channel, on: int) -> int:
    """Whether the far end's hang-up ends a recording."""
    channel.recorder.hangup_stop = bool(on)
    return 0


@on_channel("SsmSetTruncateTail")
def truncate(call: Call, channel: Channel, ms: int) -> int:
    """Cut so much from the end of every recording."""
    channel.recorder.truncate_ms = ms
    return 0
