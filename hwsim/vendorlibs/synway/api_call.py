"""Call control (fact sheet section 11.1)."""

from __future__ import annotations

from hwsim.vendorlibs.rpc import Reply
from hwsim.vendorlibs.synway.api import Call, Result, accepted, api, on_channel, text
from hwsim.vendorlibs.synway.channel import Channel
from hwsim.vendorlibs.synway.codes import ChState, Dial, ErrorCode
from hwsim.vendorlibs.synway.digital import DigitalChannel
from hwsim.vendorlibs.synway.fxo import FxoChannel
from hwsim.vendorlibs.synway.fxs import FxsChannel
from hwsim.vendorlibs.synway.refusal import Refusal

_ACTIVITY_OFFLINE, _ACTIVITY_NOT_OPEN = 8, 7
CALLERS = (FxoChannel, DigitalChannel)


@api("SsmGetChState")
def state(call: Call, number: int) -> int:
    """The channel's state."""
    return int(call.channel(number).state)


@api("SsmGetChStateKeepTime")
def keep_time(call: Call, number: int) -> int:
    """Milliseconds in this state."""
    return call.channel(number).keep_ms()


@api("SsmGetChStateEx")
def activity(call: Call, number: int) -> Reply:
    """What the channel does now, and bytes processed, recorded, played."""
    channel = call.channel(number)
    played, recorded = channel.player.bytes_played(), channel.recorder.bytes_recorded()
    if channel.recorder.active:
        now = 1
    elif channel.player.active:
        now = 2
    elif channel.digits.wait:
        now = 3
    elif channel.dial is Dial.DIALING:
        now = 4
    elif channel.tone.active:
        now = 5
    else:
        now = _ACTIVITY_OFFLINE if channel.state is ChState.S_CALL_OFFLINE else 0
    return Reply(0, (now, played + recorded, recorded, played))


@api("SsmGetPendingReason")
def pending(call: Call, number: int) -> int:
    """Readable only in state 7."""
    channel = call.channel(number)
    if channel.state is not ChState.S_CALL_PENDING or channel.pending is None:
        raise Refusal(ErrorCode.FAILED, f"channel {number} is not pending")
    return int(channel.pending)


@on_channel("SsmGetReleaseReason", only=DigitalChannel)
def release_reason(call: Call, channel: DigitalChannel) -> int:
    """Q.850 cause of the far end's release."""
    return channel.release_cause


@on_channel("SsmPickup", "SsmPickupANX", only=CALLERS)
def pickup(call: Call, channel: Channel, _anx: int = 1) -> int:
    """Seize or answer."""
    value = call.driver.personality.pickup_failure
    return accepted(channel.pickup(), f"can not pick up in state {channel.state}", value)


@on_channel("SsmCheckActualPickup", only=FxoChannel)
def actual_pickup(call: Call, channel: FxoChannel) -> int:
    """Whether the relay has closed."""
    return int(channel.off_hook)


@on_channel("SsmHangup", only=(*CALLERS, FxsChannel))
def hangup(call: Call, channel: Channel) -> int:
    """Release any call state."""
    if not channel.can_hang_up():
        raise Refusal(ErrorCode.UNSUPPORTED, "stations hang up themselves")
    cause = channel.hangup_cause if isinstance(channel, DigitalChannel) else 16
    return accepted(channel.hangup(cause), f"can not hang up in state {channel.state}")


@on_channel("SsmHangupEx", only=DigitalChannel)
def hangup_with_cause(call: Call, channel: DigitalChannel, cause: int) -> int:
    """ISUP: cause with bit 7 set."""
    if not cause & 0x80:
        raise Refusal(ErrorCode.INVALID_PARAMETER, "cause without extension bit")
    return accepted(channel.hangup(cause & 0x7F), f"can not hang up in state {channel.state}")


@on_channel("SsmISDNSetHangupRzn", only=DigitalChannel)
def set_hangup_cause(call: Call, channel: DigitalChannel, cause: int) -> int:
    """Cause of the next SsmHangup."""
    if not channel.kind.isdn or not 1 <= cause <= 127:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"hang-up reason {cause} is refused")
    channel.hangup_cause = cause
    return 0


@api("SsmSearchIdleCallOutCh")
def search_idle(call: Call, mode: int, precedence: int) -> int:
    """Reserve an idle channel that may dial; the halves of `precedence` are its highest and lowest number [I]."""
    low, high = precedence & 0xFFFF, precedence >> 16
    in_range = range(low, high + 1) if 0 < high >= low else range(len(call.driver.channels))
    for channel in call.driver.channels:
        if channel and channel.number in in_range and channel.kind.trunk and channel.idle and channel.direction != 0:
            if isinstance(channel, CALLERS):
                channel.lock()
            return channel.number
    raise Refusal(ErrorCode.NO_IDLE_CHANNEL, "no idle channel")


@on_channel("SsmAutoDial", "SsmAutoDialEx", only=CALLERS, dsp=True)
def dial(call: Call, channel: Channel, number: str | None, _param: int = 0) -> int:
    """Start a call."""
    if not number:
        raise Refusal(ErrorCode.INVALID_PARAMETER, "no number")
    return accepted(channel.auto_dial(number), f"channel {channel.number} can not dial in state {channel.state}")


@on_channel("SsmAppendPhoNum", only=CALLERS)
def append(call: Call, channel: Channel, digits: str | None) -> int:
    """More digits."""
    return accepted(channel.append_number(digits or ""), "can not append now")


@on_channel("SsmChkAutoDial", only=CALLERS)
def dial_result(call: Call, channel: Channel) -> int:
    """Dial progress."""
    return int(channel.dial)


@on_channel("SsmGetAutoDialFailureReason", only=CALLERS)
def dial_failure(call: Call, channel: Channel) -> int:
    """Why it failed."""
    return channel.dial_failure


@api("SsmSetWaitAutoDialAnswerTime")
def answer_time(call: Call, seconds: int) -> int:
    """Answer timeout of all channels; 1 is success (the function is a b32)."""
    call.driver.answer_s = seconds
    return 1


@on_channel("SsmSetWaitAutoDialAnswerTimeEx", only=CALLERS)
def channel_answer_time(call: Call, channel: FxoChannel | DigitalChannel, seconds: int) -> int:
    """Answer timeout of one channel."""
    accepted(seconds > 0, "answer time must be positive")
    channel.answer_s = seconds
    return 0


@api("SsmGetWaitAutoDialAnswerTime")
def read_answer_time(call: Call) -> Reply:
    """The global timeout."""
    return Reply(1, (call.driver.answer_s or call.driver.setting("MaxWaitAutoDialAnswerTime", 60),))


@on_channel("SsmSetAutoCallDirection", only=CALLERS)
def set_direction(call: Call, channel: Channel, _enable: int, direction: int) -> int:
    """0 in, 1 out, 2 both."""
    accepted(direction in (0, 1, 2), f"no direction {direction}")
    channel.direction = direction
    return 0


@on_channel("SsmGetAutoCallDirection", only=CALLERS)
def get_direction(call: Call, channel: Channel) -> Reply:
    """1 when supported."""
    return Reply(1, (channel.direction,))


# -- KB ----------------------------------------------------------------------------------------------------------------
@on_channel("SsmEnableAutoSendKB", only=DigitalChannel)
def auto_kb(call: Call, channel: DigitalChannel, enable: int) -> int:
    """Whether the driver accepts incoming calls by itself."""
    channel.auto_kb = bool(enable)
    return 0


@on_channel("SsmGetAutoSendKBFlag", only=DigitalChannel)
def auto_kb_flag(call: Call, channel: DigitalChannel) -> int:
    """Read back."""
    return int(channel.auto_kb)


@on_channel("SsmSetKB", only=DigitalChannel)
def set_kb(call: Call, channel: DigitalChannel, value: int) -> int:
    """Accept or reject."""
    if not 1 <= value <= 7:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"KB {value} out of range")
    accepted(channel.set_kb(value), f"channel {channel.number} does not wait for KB")
    return call.driver.personality.kb_return


@on_channel("SsmGetKB", only=DigitalChannel)
def get_kb(call: Call, channel: DigitalChannel) -> int:
    """The KB that was sent."""
    return channel.kb


# -- numbers -----------------------------------------------------------------------------------------------------------
@on_channel("SsmSetTxCallerId", only=CALLERS)
def set_caller(call: Call, channel: Channel, number: str | None) -> int:
    """Own number of the next call."""
    if number is None or len(number) > 30 or (channel.kind.digital and number and not number.isdigit()):
        raise Refusal(ErrorCode.INVALID_PARAMETER, "caller id must be digits")
    channel.tx_caller_id = number
    return 0


@on_channel("SsmGetTxCallerId", only=CALLERS)
def get_own(call: Call, channel: Channel) -> Reply:
    """Read back."""
    return text(channel.tx_caller_id)


@on_channel("SsmGetCallerId")
def caller(call: Call, channel: Channel) -> Reply:
    """The caller's number."""
    return text(channel.caller_id)


@on_channel("SsmGetCallerIdEx")
def caller_message(call: Call, channel: Channel) -> Reply:
    """Analog: the complete message; digital: the number."""
    return text(channel.cid_ex or channel.caller_id)


@on_channel("SsmGetCallerName")
def caller_name(call: Call, channel: Channel) -> Reply:
    """The caller's name."""
    return text(channel.caller_name)


@on_channel("SsmGetUserCallerId")
def user_caller(call: Call, channel: Channel) -> Reply:
    """The user-provided number."""
    return text(channel.caller_id if channel.kind.isdn else "")


@on_channel("SsmClearCallerId", "SsmClearCallerIdEx")
def clear_caller(call: Call, channel: Channel) -> int:
    """Empty one of the buffers."""
    if call.name == "SsmClearCallerIdEx":
        channel.cid_ex = b""
    else:
        channel.caller_id = ""
    return 0


@on_channel("SsmGetPhoNumStr")
def called(call: Call, channel: Channel) -> Reply:
    """The called number."""
    return text(channel.called)


@on_channel("SsmGetPhoNumLen")
def called_length(call: Call, channel: Channel) -> int:
    """Its length."""
    return len(channel.called)


@on_channel("SsmGet1stPhoNumStr")
def first_called(call: Call, channel: Channel) -> Reply:
    """The original called number."""
    return text(channel.first_called)


@on_channel("SsmGet1stPhoNumLen")
def first_called_length(call: Call, channel: Channel) -> int:
    """Its length."""
    return len(channel.first_called)


# -- analog ------------------------------------------------------------------------------------------------------------
@on_channel("SsmTxFlash", "SsmTxFlashEx", only=FxoChannel)
def flash(call: Call, channel: FxoChannel, ms: int, _state: int = 0, _ignore: int = 0) -> int:
    """Hook flash on the trunk."""
    return accepted(channel.flash(ms), "can not flash now")


@on_channel("SsmChkTxFlash", only=FxoChannel)
def flashing(call: Call, channel: FxoChannel) -> Result:
    """1 while the flash lasts."""
    return int(channel.flashing)


@on_channel("SsmSetChState")
def set_state(call: Call, channel: Channel, _state: int) -> int:
    """Exists, must not be used; the model refuses it and says so."""
    call.driver.sim.truth.note("misuse", function=call.name, channel=channel.number)
    raise Refusal(ErrorCode.UNSUPPORTED, "SsmSetChState is not for applications")


@on_channel("SsmGetBlockReason", only=DigitalChannel)
def block_reason(call: Call, channel: DigitalChannel) -> int:
    """0 none, 5 blocked by the application."""
    return 5 if channel.block_bits & 0x21 else 0


def _kept(call: Call, channel: Channel, *values: object) -> int:
    """Settings that change nothing in the model: call category, charge, presentation, original numbers."""
    call.driver.sim.truth.note("setting", function=call.name, channel=channel.number, values=[str(v) for v in values])
    return 0


on_channel(
    "SsmSetTxOriginalCallerID",
    "SsmSetTxRedirectingNum",
    "SsmISDNSetCallerIdPresent",
    "SsmSetNumType",
    "SsmSetISUPCAT",
    "SsmSetCharge",
    "SsmSetCalleeHoldFlag",
    only=DigitalChannel,
)(_kept)
