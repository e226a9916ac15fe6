"""Digits, tones, tone analysis and voice activity (fact sheet sections 12.3 to 12.7)."""

from __future__ import annotations

from hwsim.vendorlibs.rpc import Reply
from hwsim.vendorlibs.synway.api import Call, accepted, api, on_channel, text
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ErrorCode, Verdict
from hwsim.vendorlibs.synway.dtmf import DEFAULT_BUFFER, MIN_DIGIT_MS
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.tap import TapChannel


# -- receiving digits --------------------------------------------------------------------------------------------------
@on_channel("SsmEnableRxDtmf")
def enable(call: Call, channel: Channel, on: int) -> int:
    """Hear digits or not."""
    channel.digits.enable(bool(on))
    return 0


@on_channel("SsmClearRxDtmfBuf")
def clear(call: Call, channel: Channel) -> int:
    """Empty the buffer."""
    channel.digits.clear()
    return 0


@on_channel("SsmGetDtmfStr")
def digits(call: Call, channel: Channel) -> Reply:
    """The whole buffer."""
    return text(channel.digits.buffer)


@on_channel("SsmGetRxDtmfLen")
def digit_count(call: Call, channel: Channel) -> int:
    """Digits in the buffer."""
    return len(channel.digits.buffer)


@api("SsmGetRxDtmfBufSize")
def buffer_size(call: Call) -> int:
    """Room of every buffer."""
    return call.driver.setting("RxDtmfBufSize", DEFAULT_BUFFER)


@on_channel("SsmGet1stDtmf", "SsmGet1stDtmfClr", "SsmGetLastDtmf")
def one_digit(call: Call, channel: Channel) -> Reply:
    """1 and the digit, or 0."""
    buffer = channel.digits.buffer
    if not buffer:
        return Reply(0)
    digit = buffer[-1] if call.name == "SsmGetLastDtmf" else buffer[0]
    if call.name == "SsmGet1stDtmfClr":
        channel.digits.take_first()
    return Reply(1, (ord(digit),))


@on_channel("SsmSetWaitDtmf", "SsmSetWaitDtmfEx", "SsmSetWaitDtmfExA", "SsmSetWaitDtmfExB")
def wait(call: Call, channel: Channel, timeout: int, limit: int, end: int | str | None, with_end: int) -> int:
    """Wait for digits; E_PROC_WaitDTMF ends it."""
    ends = chr(end & 0xFF) if isinstance(end, int) else end or ""
    channel.digits.start_wait(timeout * call.driver.personality.wait_dtmf_unit_ms, limit, ends, bool(with_end))
    return 0


@on_channel("SsmChkWaitDtmf")
def check_wait(call: Call, channel: Channel) -> Reply:
    """1 still waiting; else 2 timeout, 3 end digit, 4 enough digits, 5 far end gone, 0 none (numbers are [?])."""
    if channel.digits.wait:
        return Reply(1, (channel.digits.wait.got,))
    result, got = channel.digits.wait_result
    return Reply(result, (got,))


@on_channel("SsmCancelWaitDtmf")
def cancel_wait(call: Call, channel: Channel) -> int:
    """Give up."""
    channel.digits.cancel_wait()
    return 0


# -- sending digits ----------------------------------------------------------------------------------------------------
@on_channel("SsmTxDtmf", dsp=True)
def send(call: Call, channel: Channel, string: str | None) -> int:
    """Send digits."""
    if isinstance(channel, TapChannel):
        raise Refusal(ErrorCode.UNSUPPORTED, "a tap can not send")
    channel.sender.send(string or "")
    return 0


@on_channel("SsmChkTxDtmf")
def sending(call: Call, channel: Channel) -> int:
    """1 while sending."""
    return int(channel.sender.active)


@on_channel("SsmStopTxDtmf")
def stop_sending(call: Call, channel: Channel) -> int:
    """Abort."""
    channel.sender.stop()
    return 0


@on_channel("SsmSetTxDtmfPara")
def send_times(call: Call, channel: Channel, on_ms: int, off_ms: int) -> int:
    """Digit and pause."""
    accepted(on_ms >= MIN_DIGIT_MS and off_ms >= MIN_DIGIT_MS, "digit times below 40 ms")
    channel.sender.on_ms, channel.sender.off_ms = on_ms, off_ms
    return 0


# -- sending tones -----------------------------------------------------------------------------------------------------
@on_channel("SsmSendTone", dsp=True)
def send_tone(call: Call, channel: Channel, kind: int) -> int:
    """Dial, busy, ring-back or howler."""
    if isinstance(channel, TapChannel):
        raise Refusal(ErrorCode.UNSUPPORTED, "a tap can not send")
    channel.tone.send(kind)
    return 0


@on_channel("SsmSendToneEx", dsp=True)
def send_cadence(call: Call, channel: Channel, on_ms: int, off_ms: int) -> int:
    """The set tone with a cadence."""
    channel.tone.send_cadence(on_ms, off_ms)
    return 0


@on_channel("SsmSetTxTonePara")
def tone_parameters(call: Call, channel: Channel, f1: int, volume1: int, f2: int, volume2: int) -> int:
    """Frequencies in Hz; volumes in dB below the standard level."""
    accepted(200 <= f1 <= 3400 and (f2 == 0 or 200 <= f2 <= 3400), "frequency out of range")
    accepted(-30 <= volume1 <= 10 and -30 <= volume2 <= 10, "volume out of range")
    tone = channel.tone
    tone.f1_hz, tone.f2_hz = f1, f2
    tone.level1_mb, tone.level2_mb = -1000 + volume1 * 100, -1000 + volume2 * 100
    return 0


@on_channel("SsmStopSendTone")
def stop_tone(call: Call, channel: Channel) -> int:
    """End; no tone is no error."""
    channel.tone.stop()
    return 0


@on_channel("SsmChkSendTone")
def sending_tone(call: Call, channel: Channel) -> Reply:
    """1 and the type while sending."""
    return Reply(int(channel.tone.active), (channel.tone.kind,) if channel.tone.active else ())


# -- analysis ----------------------------------------------------------------------------------------------------------
@on_channel("SsmStartToneAnalyze", dsp=True)
def start_analysis(call: Call, channel: Channel) -> int:
    """Begin."""
    if call.driver.setting("ToneDetectorMode", 0):
        raise Refusal(ErrorCode.OPERATION_UNOPENED, "ToneDetectorMode=1 disables the classic tone analyser")
    channel.analyser.start()
    return 0


@on_channel("SsmCloseToneAnalyze")
def close_analysis(call: Call, channel: Channel) -> int:
    """End."""
    channel.analyser.stop()
    return 0


@on_channel("SsmClearToneAnalyzeResult")
def clear_analysis(call: Call, channel: Channel) -> int:
    """Forget the verdict."""
    channel.analyser.result = Verdict.NONE
    return 0


@on_channel("SsmGetToneAnalyzeResult")
def verdict(call: Call, channel: Channel) -> int:
    """Table 12.5."""
    return int(channel.analyser.result)


@on_channel("SsmGetBusyToneCount")
def busy_count(call: Call, channel: Channel) -> int:
    """Cycles of busy tone."""
    return channel.analyser.busy_count


def _rule(name: str, low: int, high: int, field: str) -> None:
    def change(call: Call, channel: Channel, value: int) -> int:
        if call.driver.setting("ToneDetectorMode", 0):
            raise Refusal(ErrorCode.OPERATION_UNOPENED, "ToneDetectorMode=1 disables the classic tone analyser")
        accepted(low <= value <= high, f"{name}: {value} out of range")
        channel.analyser.changes[field] = (value,) if field == "busy_periods_ms" else value
        return 0

    on_channel(name)(change)


_rule("SsmSetIsDialToneDtrTime", 50, 60000, "dial_tone_ms")
_rule("SsmSetBusyTonePeriod", 100, 10000, "busy_periods_ms")
_rule("SsmSetIsBusyToneDtrCnt", 1, 100, "busy_cycles")
_rule("SsmSetVoiceOnDetermineTime", 10, 60000, "voice_ms")


@on_channel("SsmSetRingEchoTonePara")
def ringback_cadence(call: Call, channel: Channel, on_ms: int, off_ms: int) -> int:
    """Ring-back cadence."""
    accepted(on_ms > 0 and off_ms > 0, "ring-back cadence out of range")
    channel.analyser.changes.update(ringback_on_ms=on_ms, ringback_off_ms=off_ms)
    return 0


def _kept(call: Call, channel: Channel, *values: object) -> int:
    """Parameters whose units are the maker's own and that the model does not use."""
    call.driver.sim.truth.note("setting", function=call.name, channel=channel.number, values=[str(v) for v in values])
    return 0


on_channel(
    "SsmSetTonePara",
    "SsmSetVoiceFxPara",
    "SsmSetMinVocDtrEnergy",
    "SsmSetVoiceEnergyMinValue",
    "SsmStartPickupAnalyze",
    "SsmSetCalleeHookDetectP",
    "SsmSetEchoCanceller",
    "SsmSetEchoCancellerStudy",
    "SsmSetEchoCancelDelaySize",
    "SsmSetMicGain",
    "SsmSetRecAGC",
)(_kept)


@on_channel("SsmGetOverallEnergy")
def energy(call: Call, channel: Channel) -> int:
    """A number that grows with the level heard; the maker's scale is unknown [?]."""
    return max(0, 100 * (10000 + call.driver.sim.engine.level(channel.leg).rx_mb))


# -- voice activity ----------------------------------------------------------------------------------------------------
@on_channel("SsmDetectBargeIn")
def barge_in(call: Call, channel: Channel) -> int:
    """1 while voice is heard."""
    return int(channel.voice.on)


@on_channel("SsmDetectNoSound")
def no_sound(call: Call, channel: Channel) -> int:
    """1 after the silence time."""
    return int(channel.voice.silent)


@on_channel("SsmGetNoSoundTime")
def no_sound_time(call: Call, channel: Channel) -> int:
    """Milliseconds of silence."""
    return channel.voice.quiet_ms()


@on_channel("SsmSetBargeInSens")
def sensitivity(call: Call, channel: Channel, value: int) -> int:
    """1 dB a step around the default, higher hears less [I]."""
    accepted(-20 <= value <= 20, f"sensitivity {value} out of range")
    channel.voice.threshold_mb = -3800 + value * 100
    channel.voice.restart()
    return 0


@on_channel("SsmSetIsBargeInDtrmTime")
def barge_in_time(call: Call, channel: Channel, ms: int) -> int:
    """How long voice must last."""
    accepted(ms >= 8, "barge-in time below 8 ms")
    channel.voice.barge_in_ms = ms
    channel.voice.restart()
    return 0


@on_channel("SsmSetNoSoundDtrmTime")
def no_sound_limit(call: Call, channel: Channel, ms: int) -> int:
    """How long silence must last."""
    accepted(ms >= 8, "silence time below 8 ms")
    channel.voice.no_sound_ms = ms
    channel.voice.restart()
    return 0
