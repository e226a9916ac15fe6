"""Analog trunks: every path of section 10.1, judged and made by real sound."""

from __future__ import annotations

import pytest
from synbench import Exchange
from synmachines import ANALOG

from hwsim.core.engine import Line
from hwsim.core.events import Format
from hwsim.core.sound import alaw_of
from hwsim.line.caller_id import CallerId
from hwsim.sounds import GREETINGS, sound

CALLER = CallerId("13800138000", "张三", "11220930")

RINGBACK, BUSY = (1000, 4000), (350, 350)


def build(make, extra="", dial_tone_ms=300, **personality):
    bench = make({**ANALOG, "personality": personality}, extra=extra)
    bench.ready(100)
    return bench, Exchange(bench, bench.machine.analog_lines["card0/1"], dial_tone_ms)


def to_result(bench, exchange, number="12345678"):
    """Dial and reach state 6."""
    assert bench.call("SsmAutoDial", 0, number) == 0
    bench.until_state(0, 5)
    exchange.quiet()
    bench.until_state(0, 6)


# -- incoming ----------------------------------------------------------------------------------------------------------
def test_ring_answer_and_busy_tone(analog, exchange):
    exchange.ring(5)
    analog.until_state(0, 2)
    assert analog.call("SsmGetRingFlag", 0) == 1
    analog.run(1000)
    exchange.caller_id.fsk(CALLER)
    analog.run(800)
    assert analog.text("SsmGetCallerId", 0) == "13800138000"
    assert analog.text("SsmGetCallerIdEx", 0) == "1122093013800138000张三"
    assert analog.text("SsmGetCallerName", 0) == "张三"
    analog.run(3700)
    assert analog.call("SsmGetRingCount", 0) == 2
    assert analog.call("SsmPickup", 0) == 0
    assert analog.state(0) == 3
    assert analog.call("SsmCheckActualPickup", 0) == 0
    assert not exchange.line.loop_closed
    analog.run(50)
    assert analog.call("SsmCheckActualPickup", 0) == 1
    assert exchange.line.loop_closed
    exchange.tone(*BUSY)
    analog.run(2000)
    assert analog.state(0) == 3
    analog.until_state(0, 7, 3000)
    assert analog.call("SsmGetPendingReason", 0) == 4
    analog.run(3000)
    assert analog.state(0) == 7
    assert analog.call("SsmHangup", 0) == 0
    analog.run(300)
    assert analog.states(0) == [2, 3, 7, 10, 0]
    assert not exchange.line.loop_closed
    assert analog.params(0x1D, 0)[:2] == [1, 0]
    assert analog.params(0x1E, 0) == [1, 2]
    assert analog.params(0x1F, 0) == [23]
    assert analog.params(0x45, 0) == [0]
    assert analog.params(0x1C, 0) == [0]
    assert analog.text("SsmGetCallerId", 0) == ""


def test_bad_caller_id_is_not_noticed(analog, exchange):
    exchange.caller_id.fsk(CALLER, good=False)
    analog.run(1500)
    assert analog.text("SsmGetCallerId", 0) == "" and analog.params(0x45, 0) == []
    assert [f["good"] for f in analog.sim.truth.of("caller_id_heard")] == [False]
    exchange.caller_id.fsk(CALLER)
    analog.run(1500)
    assert analog.text("SsmGetCallerId", 0) == "13800138000"


@pytest.mark.parametrize("line", [Line(mute_rx=True), Line(noise_mb=-1000), Line(rx_loss_mb=4000)])
def test_a_bad_line_loses_the_number(analog, exchange, line):
    analog.engine.line_set(exchange.line.set_leg, line)
    exchange.ring(1)
    analog.until_state(0, 2)
    analog.run(1600)
    exchange.caller_id.fsk(CALLER)
    analog.run(1500)
    assert list(analog.sim.truth.of("caller_id", number="13800138000", good=True))
    assert analog.text("SsmGetCallerId", 0) == "" and analog.params(0x45, 0) == []


@pytest.mark.parametrize("enabled", [0, 1])
def test_dtmf_caller_id_before_the_ring(analog, exchange, enabled):
    analog.call("SsmEnableRxDtmf", 0, enabled)
    exchange.caller_id.dtmf("D13800138000C", "13800138000")
    analog.run(2200)
    assert analog.text("SsmGetCallerId", 0) == "13800138000" and analog.params(0x45, 0) == [0]
    exchange.ring(2)
    analog.until_state(0, 2)
    analog.run(7000)
    assert analog.text("SsmGetCallerId", 0) == "13800138000"
    assert analog.text("SsmGetDtmfStr", 0) == ("D13800138000C" if enabled else "")


def test_a_number_without_a_ring_is_forgotten(analog, exchange):
    exchange.caller_id.dtmf("D13800138000C", "13800138000")
    analog.run(2200)
    assert analog.text("SsmGetCallerId", 0) == "13800138000"
    analog.run(6000)
    assert analog.text("SsmGetCallerId", 0) == ""


def test_digits_of_a_call_are_no_caller_id(analog, exchange):
    exchange.ring(1)
    analog.until_state(0, 2)
    analog.call("SsmPickup", 0)
    analog.run(500)
    analog.engine.dtmf(exchange.line.office_leg, "D13800138000C")
    analog.run(3500)
    assert analog.text("SsmGetCallerId", 0) == ""


def test_weak_ringing_is_no_ring(analog, exchange):
    exchange.line.ring_loss_v = 80
    exchange.ring(2)
    analog.run(7000)
    assert analog.states(0) == [] and analog.call("SsmGetRingCount", 0) == 0


def test_short_ringing_is_no_ring(analog, exchange):
    exchange.line.ring(True)
    analog.run(100)
    exchange.line.ring(False)
    analog.run(2000)
    assert analog.states(0) == []


def test_ring_threshold_from_the_file(make):
    bench, exchange = build(make, extra="ChToRingingOnRingCnt=2")
    exchange.ring(2)
    bench.run(4000)
    assert bench.state(0) == 0
    assert bench.call("SsmGetRingCount", 0) == 1
    bench.run(2000)
    assert bench.state(0) == 2


@pytest.mark.parametrize(("stop_ms", "at_ms"), [(6000, 6000), (12000, 12000), (None, None)])
def test_caller_gives_up(make, stop_ms, at_ms):
    bench, exchange = build(make, ring_stop_ms=stop_ms)
    exchange.ring(1)
    bench.until_state(0, 2)
    bench.until(lambda: not exchange.line.ringing)
    if at_ms is None:
        bench.run(60_000)
        assert bench.state(0) == 2
        return
    bench.run(at_ms - 50)
    assert bench.state(0) == 2
    bench.run(100)
    assert bench.state(0) == 0
    assert bench.call("SsmGetRingCount", 0) == 0


def test_ringing_continues_between_bursts(analog, exchange):
    exchange.ring(4)
    analog.until_state(0, 2)
    analog.run(15_000)
    assert analog.state(0) == 2


def test_reversal_ends_talk(analog, exchange):
    exchange.ring(1)
    analog.until_state(0, 2)
    analog.call("SsmPickup", 0)
    analog.run(1000)
    exchange.line.reverse(True)
    assert analog.call("SsmGetPendingReason", 0) == 4
    assert analog.call("SsmGetPolarRvrsCount", 0) == 1


def test_pending_reason_only_in_seven(analog):
    assert analog.call("SsmGetPendingReason", 0) == -1


@pytest.mark.parametrize("value", [-1, 1])
def test_pickup_failure_value(make, value):
    bench, _exchange = build(make, pickup_failure=value)
    bench.call("SsmPickup", 0)
    assert bench.call("SsmPickup", 0) == value


# -- outgoing ----------------------------------------------------------------------------------------------------------
def test_dial_with_real_tones_and_voice_answer(analog, exchange):
    assert analog.call("SsmAutoDial", 0, "12345678") == 0
    assert (analog.state(0), analog.call("SsmChkAutoDial", 0)) == (4, 1)
    analog.run(1700)
    assert analog.state(0) == 4
    analog.until_state(0, 5, 500)
    exchange.quiet()
    analog.until_state(0, 6, 3000)
    assert "".join(exchange.digits) == "12345678"
    exchange.tone(*RINGBACK)
    analog.until_state(0, 9, 1500)
    assert analog.call("SsmChkAutoDial", 0) == 2
    analog.run(6000)
    assert analog.state(0) == 9
    exchange.voice()
    analog.until_state(0, 3, 800)
    assert analog.call("SsmChkAutoDial", 0) == 7
    assert analog.states(0) == [4, 5, 6, 9, 3]
    assert analog.params(0x19, 0) == [1, 2, 7]
    assert analog.call("SsmHangup", 0) == 0
    assert analog.states(0)[-1] == 10
    analog.run(210)
    assert analog.state(0) == 0


def test_dial_from_picked_up(analog, exchange):
    analog.call("SsmPickup", 0)
    assert analog.state(0) == 1
    analog.run(2500)
    assert analog.call("SsmAutoDial", 0, "1") == 0
    analog.run(100)
    assert analog.state(0) == 4
    analog.until_state(0, 5, 2000)


def test_no_dial_tone(make):
    bench, _exchange = build(make, dial_tone_ms=None)
    bench.call("SsmAutoDial", 0, "123")
    bench.run(4900)
    assert bench.state(0) == 4
    bench.run(200)
    assert bench.call("SsmGetPendingReason", 0) == 0
    assert bench.call("SsmChkAutoDial", 0) == 3


def test_cut_line_has_no_dial_tone(analog, exchange):
    exchange.line.cut(True)
    assert analog.call("SsmGetLineVoltage", 0) == 0
    analog.call("SsmAutoDial", 0, "123")
    analog.run(5200)
    assert analog.call("SsmChkAutoDial", 0) == 3


def test_busy(analog, exchange):
    to_result(analog, exchange)
    exchange.tone(*BUSY)
    analog.until_state(0, 7, 3500)
    assert (analog.call("SsmGetPendingReason", 0), analog.call("SsmChkAutoDial", 0)) == (1, 4)
    assert analog.params(0x28, 0) == [1, 2, 3]


def test_congestion_needs_its_period(make):
    bench, exchange = build(make, extra="BusyTonePeriod=700,1400")
    to_result(bench, exchange)
    exchange.tone(700, 700)
    bench.until_state(0, 7, 6000)
    assert bench.call("SsmChkAutoDial", 0) == 4


def test_voice_without_ringback(analog, exchange):
    to_result(analog, exchange)
    exchange.voice()
    analog.until_state(0, 3, 800)
    assert analog.call("SsmChkAutoDial", 0) == 7


@pytest.mark.parametrize("greeting", GREETINGS)
def test_a_greeting_is_an_answer_with_default_settings(analog, exchange, greeting):
    to_result(analog, exchange)
    exchange.tone(*RINGBACK)
    analog.until_state(0, 9)
    analog.run(1500)
    exchange.quiet()
    analog.engine.play_mem(exchange.line.office_leg, alaw_of(sound(greeting)), Format.ALAW)
    analog.until_state(0, 3, 1600)
    assert analog.call("SsmChkAutoDial", 0) == 7


@pytest.mark.parametrize(("hertz", "dial"), [(1100, 8), (2100, 9)])
def test_fax_tones(analog, exchange, hertz, dial):
    to_result(analog, exchange)
    exchange.tone(hertz=hertz)
    analog.until_state(0, 3, 800)
    assert analog.call("SsmChkAutoDial", 0) == dial


@pytest.mark.parametrize("talks", [False, True])
def test_silence_after_dial(make, talks):
    bench, exchange = build(make, silence_after_dial_talks=talks)
    to_result(bench, exchange)
    bench.run(5200)
    assert bench.call("SsmChkAutoDial", 0) == 6
    assert bench.state(0) == (3 if talks else 7)
    assert bench.call("SsmGetPendingReason", 0) == (-1 if talks else 5)


@pytest.mark.parametrize("talks", [0, 1])
def test_silence_after_ringback(make, talks):
    bench, exchange = build(make, extra=f"EchoNoVoiceToTalking={talks}")
    to_result(bench, exchange)
    exchange.tone(*RINGBACK)
    bench.until_state(0, 9)
    exchange.quiet()
    bench.run(7500)
    assert bench.state(0) == 9
    bench.run(1000)
    assert bench.call("SsmChkAutoDial", 0) == 5
    assert bench.state(0) == (3 if talks else 7)
    assert bench.call("SsmGetPendingReason", 0) == (-1 if talks else 2)


def test_no_answer(make):
    bench, exchange = build(make, extra="MaxWaitAutoDialAnswerTime=20")
    to_result(bench, exchange)
    exchange.tone(*RINGBACK)
    bench.run(19_500)
    assert bench.state(0) == 9
    bench.run(600)
    assert (bench.call("SsmGetPendingReason", 0), bench.call("SsmChkAutoDial", 0)) == (3, 10)


def test_reversal_is_an_answer(analog, exchange):
    to_result(analog, exchange)
    exchange.tone(*RINGBACK)
    analog.until_state(0, 9)
    exchange.line.reverse(True)
    assert (analog.state(0), analog.call("SsmChkAutoDial", 0)) == (3, 7)
    exchange.line.reverse(False)
    assert analog.call("SsmGetPendingReason", 0) == 4


def test_append_pause_and_flash_in_the_dial_string(analog, exchange):
    analog.call("SsmAutoDial", 0, "9,1")
    analog.until_state(0, 5)
    exchange.quiet()
    exchange.dial_tone_ms = None
    assert analog.call("SsmAppendPhoNum", 0, "!2") == 0
    analog.run(1500)
    assert exchange.digits == ["9"]
    analog.until_state(0, 6)
    assert exchange.digits == ["9", "1", "2"]
    assert exchange.loops == [True, False, True]
    assert analog.call("SsmAppendPhoNum", 0, "3") == -1


def test_hangup_while_dialling(analog, exchange):
    analog.call("SsmAutoDial", 0, "123456")
    analog.until_state(0, 5)
    analog.call("SsmHangup", 0)
    analog.run(300)
    assert analog.state(0) == 0
    assert analog.call("SsmGetAutoDialFailureReason", 0) == 1


def test_flash(analog, exchange):
    assert analog.call("SsmTxFlash", 0, 300) == -1
    analog.call("SsmPickup", 0)
    analog.run(100)
    assert analog.call("SsmTxFlash", 0, 31) == -1
    assert analog.call("SsmTxFlash", 0, 300) == 0
    assert analog.call("SsmChkTxFlash", 0) == 1
    analog.run(320)
    assert analog.call("SsmChkTxFlash", 0) == 0
    assert exchange.loops == [True, False, True]
    assert analog.params(0x0E, 0) == [0]


def test_voltage_and_offline_state(make):
    bench, exchange = build(make, fxo_offline=True)
    exchange.line.cut(True)
    assert bench.state(0) == 8
    assert bench.call("SsmAutoDial", 0, "1") == -1
    exchange.line.cut(False)
    assert bench.state(0) == 0
    assert bench.params(0x08, 0) == [0, 48]
    assert bench.call("SsmGetLineVoltage", 0) == 48


def test_no_state_ten_in_some_drivers(make):
    bench, _exchange = build(make, fxo_clear_ms=0)
    bench.call("SsmPickup", 0)
    bench.call("SsmHangup", 0)
    assert bench.states(0) == [1, 0]


def test_reserved_trunk(analog):
    assert analog.call("SsmSearchIdleCallOutCh", 1, 0) == 0
    assert analog.state(0) == 12
    assert analog.call("SsmAutoDial", 0, "1") == 0
    assert analog.call("SsmSearchIdleCallOutCh", 1, 0) == 1
    analog.run(60_100)
    assert analog.state(1) == 0


def test_answered_call_hangup_twice(analog, exchange):
    exchange.ring(1)
    analog.until_state(0, 2)
    assert analog.call("SsmHangup", 0) == -1
    analog.call("SsmPickup", 0)
    assert analog.call("SsmHangup", 0) == 0
    assert analog.call("SsmHangup", 0) == 0
    analog.run(300)
    assert analog.call("SsmHangup", 0) == 0
    assert analog.state(0) == 0
