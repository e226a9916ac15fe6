"""Analog lines: rings, hook, voltage, ringing a telephone (fact sheet sections 10.1 to 10.3 and 11.1)."""

from __future__ import annotations

from hwsim.line.caller_id import CallerId
from hwsim.vendorlibs.rpc import Reply
from hwsim.vendorlibs.synway.api import Call, accepted, api, on_channel
from hwsim.vendorlibs.synway.codes import ErrorCode
from hwsim.vendorlibs.synway.fxo import FxoChannel
from hwsim.vendorlibs.synway.fxs import FxsChannel
from hwsim.vendorlibs.synway.refusal import Refusal
from hwsim.vendorlibs.synway.tap import TapChannel

LISTENERS = (FxoChannel, TapChannel)
STATION_LIKE = (FxsChannel, TapChannel)
MAX_CALLER_ID = 64
"""Characters of a number that fit the caller-ID message with room for the rest of it."""


@on_channel("SsmGetRingFlag", only=LISTENERS)
def ring_flag(call: Call, channel: FxoChannel | TapChannel) -> int:
    """1 while ringing voltage is there."""
    return int(channel.ring_flag)


@on_channel("SsmGetRingCount", only=LISTENERS)
def ring_count(call: Call, channel: FxoChannel | TapChannel) -> int:
    """Bursts of this call."""
    return channel.ring_count


@on_channel("SsmClearRingCount", only=LISTENERS)
def clear_rings(call: Call, channel: FxoChannel | TapChannel) -> int:
    """Start counting again."""
    channel.ring_count = 0
    return 0


@on_channel("SsmGetPolarRvrsCount", only=FxoChannel)
def reversals(call: Call, channel: FxoChannel) -> int:
    """Polarity reversals seen."""
    return channel.reversals


@on_channel("SsmGetPolarState", only=FxoChannel)
def polarity(call: Call, channel: FxoChannel) -> int:
    """0 normal, 1 reversed [I]."""
    return int(channel.line.reversed)


@on_channel("SsmSetPolarState", only=FxsChannel)
def set_polarity(call: Call, channel: FxsChannel, state: int) -> int:
    """Reverse the feed towards a telephone."""
    accepted(state in (0, 1), f"no polarity {state}")
    channel.line.reverse(bool(state))
    return 0


@on_channel("SsmGetLineVoltage", only=LISTENERS)
def voltage(call: Call, channel: FxoChannel | TapChannel) -> int:
    """Volts on the pair."""
    return channel.line.volts


@on_channel("SsmSetDtrmLineVoltage", only=TapChannel)
def set_threshold(call: Call, channel: TapChannel, volts: int) -> int:
    """Below this the line is off-hook."""
    accepted(0 < volts < 100, f"{volts} V out of range")
    channel.off_hook_volts = volts
    channel.on_voltage(channel.line.volts)
    return 0


@on_channel("SsmGetDtrmLineVoltage", only=TapChannel)
def threshold(call: Call, channel: TapChannel) -> int:
    """Read back."""
    return channel.off_hook_volts


@on_channel("SsmSetIgnoreLineVoltage", only=TapChannel)
def ignore_voltage(call: Call, channel: TapChannel, ignore: int) -> int:
    """Use voice instead of voltage."""
    channel.ignore(bool(ignore))
    return 0


# -- stations ----------------------------------------------------------------------------------------------------------
@on_channel("SsmGetHookState", only=FxsChannel)
def hook(call: Call, channel: FxsChannel) -> int:
    """1 off-hook."""
    return int(channel.off_hook)


@on_channel("SsmGetFlashCount", only=STATION_LIKE)
def flashes(call: Call, channel: FxsChannel | TapChannel) -> int:
    """Flashes since off-hook."""
    return channel.flashes


@on_channel("SsmClearFlashCount", only=STATION_LIKE)
def clear_flashes(call: Call, channel: FxsChannel | TapChannel) -> int:
    """Start counting again."""
    channel.flashes = 0
    return 0


@api("SsmSetLocalFlashTime")
def flash_time(call: Call, ms: int) -> int:
    """The longest flash, for all stations."""
    accepted(32 <= ms <= 2000, f"flash time {ms} out of range")
    call.driver.flash_max_ms = ms
    return 0


@on_channel("SsmStartRing", only=FxsChannel)
def ring(call: Call, channel: FxsChannel) -> int:
    """Ring the telephone."""
    return accepted(channel.start_ring(), "can not ring: off-hook or ringing")


@on_channel("SsmStartRingWithCIDStr", only=FxsChannel)
def ring_with_number(call: Call, channel: FxsChannel, number: str | None, length: int, delay_ms: int) -> int:
    """Ring, and show a number after the first burst."""
    shown = (number or "")[: max(length, 0)]
    if not shown:
        raise Refusal(ErrorCode.INVALID_PARAMETER, "no caller id")
    if not shown.isascii() or len(shown) > MAX_CALLER_ID:
        raise Refusal(ErrorCode.INVALID_PARAMETER, f"caller id is not ASCII of at most {MAX_CALLER_ID}")
    return accepted(channel.start_ring(CallerId(shown), delay_ms), "can not ring: off-hook or ringing")


@on_channel("SsmStopRing", only=FxsChannel)
def stop_ring(call: Call, channel: FxsChannel) -> int:
    """End; not ringing is no error (answering has ended it)."""
    channel.stop_ring()
    return 0


@on_channel("SsmCheckSendRing", only=FxsChannel)
def ringing(call: Call, channel: FxsChannel) -> Reply:
    """1 while ringing, and the bursts so far."""
    return Reply(int(channel.ringing), (channel.bursts,))


@on_channel("SsmSetRingPeriod", only=FxsChannel)
def ring_period(call: Call, channel: FxsChannel, on_ms: int, off_ms: int) -> int:
    """Cadence of the next ringing."""
    accepted(on_ms >= 100 and off_ms >= 100, "ring period out of range")
    channel.ring_ms = (on_ms, off_ms)
    return 0


@on_channel("SsmSetASDT", only=FxsChannel)
def set_dial_tone(call: Call, channel: FxsChannel, enable: int) -> int:
    """Automatic dial tone on off-hook."""
    channel.automatic_dial_tone = bool(enable)
    return 0


@on_channel("SsmGetASDT", only=FxsChannel)
def dial_tone(call: Call, channel: FxsChannel) -> int:
    """Read back."""
    return int(channel.automatic_dial_tone)
