"""Stations and record taps (sections 10.2 and 10.3)."""

from __future__ import annotations

import pytest
from synbench import Phone
from synmachines import ANALOG, FXS, TAP

from hwsim.core.sound import find_chirps, pcm_of
from hwsim.line.caller_id import CallerId
from hwsim.line.caller_id_sender import CallerIdSender
from tests.tools.descriptors import open_descriptors


def test_off_hook_dial_tone_digits_and_on_hook(analog, phone):
    assert analog.call("SsmSetASDT", FXS, 1) == 0
    phone.hook(True)
    assert analog.state(FXS) == 1
    assert analog.call("SsmGetHookState", FXS) == 1
    analog.run(200)
    assert analog.level(phone.line.set_leg) > -1200
    phone.press("12#")
    analog.run(150)
    assert analog.level(phone.line.set_leg) < -5000
    analog.run(600)
    assert analog.text("SsmGetDtmfStr", FXS) == "12#"
    assert analog.params(0x0C, FXS) == [1 << 16 | ord("1"), 2 << 16 | ord("2"), 3 << 16 | ord("#")]
    phone.hook(False)
    analog.run(650)
    assert analog.call("SsmGetHookState", FXS) == 1
    analog.run(100)
    assert analog.call("SsmGetHookState", FXS) == 0
    assert analog.states(FXS) == [1, 0]
    assert analog.params(0x24, FXS) == [1, 0]


def test_no_dial_tone_when_not_wanted(analog, phone):
    phone.hook(True)
    analog.run(300)
    assert analog.level(phone.line.set_leg) < -5000


@pytest.mark.parametrize(("ms", "count"), [(60, 0), (100, 1), (400, 1), (690, 1), (800, 0)])
def test_flash_window(analog, phone, ms, count):
    phone.hook(True)
    phone.flash(ms)
    analog.run(1500)
    assert analog.call("SsmGetFlashCount", FXS) == count
    assert analog.params(0x23, FXS) == [1] * count
    assert analog.params(0x24, FXS) == ([1, 0, 1] if ms > 700 else [1])


def test_flash_window_can_be_set(analog, phone):
    assert analog.call("SsmSetLocalFlashTime", 300) == 0
    phone.hook(True)
    phone.flash(400)
    analog.run(1000)
    assert analog.params(0x24, FXS) == [1, 0, 1]


def test_ring_cadence_caller_id_and_answer(analog, phone):
    assert analog.call("SsmSetASDT", FXS, 1) == 0
    start_ms = analog.sim.now_us // 1000
    assert analog.call("SsmStartRingWithCIDStr", FXS, "13800138000", 11, 1000) == 0
    assert analog.call("SsmStartRing", FXS) == -1
    analog.run(7000)
    assert [(t - start_ms, on) for t, on in phone.rings] == [(0, True), (1000, False), (5000, True), (6000, False)]
    assert phone.numbers == ["13800138000"]
    assert analog.reply("SsmCheckSendRing", FXS).outs == (2,)
    assert analog.state(FXS) == 0
    phone.hook(True)
    assert analog.reply("SsmCheckSendRing", FXS).ret == 0
    assert analog.state(FXS) == 1
    analog.run(6000)
    assert len(phone.rings) == 4
    assert analog.level(phone.line.set_leg) < -5000
    assert analog.call("SsmStopRing", FXS) == 0
    assert analog.call("SsmStartRing", FXS) == -1


def test_ring_period_and_stop(analog, phone):
    assert analog.call("SsmSetRingPeriod", FXS, 500, 500) == 0
    analog.call("SsmStartRing", FXS)
    analog.run(1600)
    assert [on for _, on in phone.rings] == [True, False, True, False]
    analog.call("SsmStopRing", FXS)
    analog.run(2000)
    assert len(phone.rings) == 4


def test_some_drivers_show_a_state_while_ringing(make):
    bench = make({**ANALOG, "personality": {"fxs_ring_state": 2}})
    bench.ready(100)
    phone = Phone(bench, bench.machine.analog_lines["card0/3"])
    bench.call("SsmStartRing", FXS)
    assert bench.state(FXS) == 2
    phone.hook(True)
    assert bench.states(FXS) == [2, 1]


@pytest.mark.parametrize(("value", "error"), [(0, None), (-1, 3)])
def test_hangup_of_a_station(make, value, error):
    bench = make({**ANALOG, "personality": {"fxs_hangup_return": value}})
    bench.ready(100)
    phone = Phone(bench, bench.machine.analog_lines["card0/3"])
    phone.hook(True)
    assert bench.call("SsmHangup", FXS) == value
    if error is not None:
        assert bench.error() == error
    assert bench.state(FXS) == 1


def test_no_pickup_and_no_dial_on_stations(analog):
    for name, args in (("SsmPickup", ()), ("SsmAutoDial", ("1",)), ("SsmSetKB", (1,))):
        assert analog.call(name, FXS, *args) == -1
        assert analog.error() == 3


def test_telephone_off_hook_at_start(make):
    bench = make(ANALOG)
    phone = Phone(bench, bench.machine.analog_lines["card0/3"])
    phone.hook(True)
    assert bench.start() == 0
    assert bench.state(FXS) == 1


def test_order_of_hook_and_state_event(make):
    for worst, expected in ((False, [0x18, 0x24]), (True, [0x24, 0x18])):
        bench = make({**ANALOG, "personality": {"dependent_events_first": worst}})
        bench.ready(100)
        Phone(bench, bench.machine.analog_lines["card0/3"]).hook(True)
        assert [code for code, ref, _ in bench.drain() if ref == FXS] == expected


def test_tones_to_the_telephone(analog, phone):
    phone.hook(True)
    assert analog.call("SsmSendTone", FXS, 1) == 0
    assert analog.reply("SsmChkSendTone", FXS).outs == (1,)
    edges = []
    analog.engine.tone_detect(phone.line.set_leg, 450)
    analog.sim.on_engine(phone.line.set_leg, lambda e: edges.append((e.kind.name, e.b)))
    analog.run(1600)
    durations = [b for kind, b in edges if kind == "TONE_OFF"]
    assert durations and all(abs(d - 350) < 20 for d in durations)
    assert analog.call("SsmStopSendTone", FXS) == 0
    assert analog.reply("SsmChkSendTone", FXS).ret == 0
    assert analog.call("SsmSendTone", FXS, 9) == -1


# -- taps --------------------------------------------------------------------------------------------------------------
@pytest.fixture
def pair(analog):
    return analog.machine.analog_lines["card0/4"]


def test_tap_states_follow_the_line(analog, pair):
    pair.ring(True)
    analog.run(1000)
    pair.ring(False)
    CallerIdSender(analog.sim, pair.name, pair.office_leg).fsk(CallerId("13800138000"))
    analog.run(1500)
    assert analog.state(TAP) == 2
    assert analog.text("SsmGetCallerId", TAP) == "13800138000"
    pair.close_loop(True)
    assert analog.state(TAP) == 1
    analog.engine.dtmf(pair.set_leg, "10086")
    analog.run(1500)
    assert analog.text("SsmGetDtmfStr", TAP) == "10086"
    pair.close_loop(False)
    assert analog.state(TAP) == 0
    pair.cut(True)
    assert analog.state(TAP) == 8
    pair.cut(False)
    assert analog.states(TAP) == [2, 1, 0, 8, 0]


def test_tap_missed_call(analog, pair):
    pair.ring(True)
    analog.run(1000)
    pair.ring(False)
    analog.run(5900)
    assert analog.state(TAP) == 2
    analog.run(200)
    assert analog.state(TAP) == 0


def test_tap_records_both_directions(analog, pair):
    pair.close_loop(True)
    analog.engine.chirp(pair.set_leg, 1, 10, period_samples=4000)
    analog.engine.chirp(pair.office_leg, 2, 20, period_samples=5000)
    file = analog.file("tap.raw")
    assert analog.call("SsmRecToFile", TAP, "tap.raw", -2, 0, 0xFFFFFFFF, 0xFFFFFFFF, 0, files={1: file}) == 0
    analog.run(4000)
    analog.call("SsmStopRecToFile", TAP)
    chirps = find_chirps(pcm_of((analog.tmp_path / "tap.raw").read_bytes()))
    assert {c.party for c in chirps} == {1, 2}


def test_tap_by_voice_instead_of_voltage(analog, pair):
    analog.call("SsmSetIgnoreLineVoltage", TAP, 1)
    pair.close_loop(True)
    assert analog.state(TAP) == 0
    source = analog.engine.noise(pair.set_leg, -1500)
    analog.run(600)
    assert analog.state(TAP) == 1
    analog.engine.stop(source)
    analog.run(600)
    assert analog.state(TAP) == 0


def test_tap_can_not_send(analog):
    for name, argument in (("SsmSendTone", 0), ("SsmTxDtmf", "1")):
        assert analog.call(name, TAP, argument) == -1
        assert analog.error() == 3


def test_tap_leaves_nothing_behind(make):
    bench = make(ANALOG)
    legs = bench.engine.stats().legs
    descriptors = open_descriptors()
    bench.ready(100)
    bench.call("SsmCloseCti")
    assert bench.engine.stats().legs == legs
    assert open_descriptors() == descriptors
