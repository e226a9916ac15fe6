"""Circuits and spans beside calls: blocking, loss, reset, guard (sections 10.4, 10.5, 16)."""

from __future__ import annotations

import pytest
from digital_trunks import span
from synmachines import DIGITAL

from hwsim.line.digital import Alarm


# -- blocking ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("signalling", "state", "remote"), [("tup", 20, 19), ("isup", 123, 124), ("isdn_user", 20, 19)]
)
def test_local_and_far_blocking(make, signalling, state, remote):
    bench, net = span(make, signalling)
    assert bench.call("SsmBlockLocalCh", 0) == 0
    assert bench.state(0) == state
    assert bench.reply("SsmQueryLocalChBlockState", 0).outs == (1,)
    assert bench.call("SsmAutoDial", 0, "10086") == -1
    net.call("8001")
    bench.run(1000)
    assert (bench.state(0) == 7) is (signalling != "isup")
    bench.call("SsmHangup", 0)
    bench.run(100)
    assert bench.state(0) == state
    assert bench.call("SsmUnblockLocalCh", 0) == 0
    assert bench.state(0) == 0
    bench.library.block_circuit(0, True)
    assert bench.state(0) == remote
    bench.library.block_circuit(0, False)
    assert bench.state(0) == 0


def test_span_blocking(isdn):
    assert isdn.call("SsmBlockLocalPCM", 0) == 0
    assert {isdn.state(ch) for ch in range(30)} == {20}
    assert isdn.reply("SsmQueryLocalPCMBlockState", 0).outs == (1,)
    isdn.call("SsmUnblockLocalPCM", 0)
    assert {isdn.state(ch) for ch in range(30)} == {0}


def test_remote_blocking_is_acknowledged(make):
    bench, net = span(make, "isup")
    assert bench.call("SsmBlockRemoteCh", 0) == 0
    assert bench.call("SsmGetRemoteChBlockStatus", 0) == 2
    bench.run(100)
    assert bench.call("SsmGetRemoteChBlockStatus", 0) == 1
    assert bench.params(0x1A, 0) == [2, 1]
    net.call("8001")
    assert net.log[-1] == ("release", 44)
    isdn, _ = span(make)
    assert isdn.call("SsmBlockRemoteCh", 0) == -1
    assert isdn.error() == 3


# -- span and circuit --------------------------------------------------------------------------------------------------
def test_span_loss_in_call_and_idle(isdn, net):
    line = isdn.machine.spans["card0/1"]
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.call("SsmSetKB", 0, 1)
    isdn.call("SsmPickup", 0)
    line.set_alarms(frozenset({Alarm.LOS}))
    assert (isdn.state(0), isdn.state(1)) == (7, 11)
    assert isdn.call("SsmGetPendingReason", 0) == 16
    assert isdn.params(0x07, 0) == [0x0002]
    isdn.call("SsmHangup", 0)
    assert isdn.state(0) == 11
    line.set_alarms(frozenset())
    assert isdn.state(1) == 11
    isdn.run(1100)
    assert {isdn.state(ch) for ch in range(30)} == {0}
    assert isdn.params(0x07, 0) == [0x0002, 0]


def test_span_loss_while_dialling(isdn, net):
    isdn.call("SsmAutoDial", 0, "10086")
    isdn.run(100)
    isdn.machine.spans["card0/1"].set_alarms(frozenset({Alarm.AIS}))
    assert isdn.call("SsmGetPendingReason", 0) == 16
    assert isdn.call("SsmGetAutoDialFailureReason", 0) == 4
    assert isdn.call("SsmChkAutoDial", 0) == 11


def test_remote_alarm_is_shown_but_calls_go_on(isdn):
    isdn.machine.spans["card0/1"].set_alarms(frozenset({Alarm.RAI}))
    assert isdn.reply("SsmGetPcmLinkStatus", 0).outs == (0x0010,)
    assert isdn.state(0) == 0


@pytest.mark.parametrize(("signalling", "state"), [("ss1", 11), ("isdn_user", 0)])
def test_multiframe_loss_stops_ss1_only(make, signalling, state):
    bench, _ = span(make, signalling)
    bench.machine.spans["card0/1"].set_alarms(frozenset({Alarm.LMF}))
    assert bench.state(0) == state


def test_span_that_never_syncs(make):
    bench = make(DIGITAL)
    bench.machine.spans["card0/1"].set_alarms(frozenset({Alarm.LOS}))
    bench.ready(20_000)
    assert bench.state(0) == 11
    assert bench.reply("SsmGetPcmLinkStatus", 0).outs == (2,)


@pytest.mark.parametrize("signalling", ["isdn_user", "isup", "ss1", "tup"])
def test_circuit_reset(make, signalling):
    bench, net = span(make, signalling)
    net.call("8001")
    bench.until_state(0, 7)
    bench.call("SsmSetKB", 0, 1)
    bench.call("SsmPickup", 0)
    bench.library.reset_circuit(0)
    assert bench.state(0) == 7
    assert bench.call("SsmGetPendingReason", 0) == 15
    bench.call("SsmHangup", 0)
    bench.run(50)
    assert bench.state(0) == 0
    bench.library.reset_circuit(0)
    assert bench.state(0) != 0
    bench.run(500)
    assert bench.state(0) == 0


def test_guard_after_release_when_the_driver_has_one(make):
    bench, _net = span(make, retry_dial_ms=300)
    bench.call("SsmAutoDial", 0, "10086")
    bench.run(100)
    bench.call("SsmHangup", 0)
    bench.run(100)
    assert bench.state(0) == 0
    assert bench.call("SsmAutoDial", 0, "10086") == -1
    bench.run(300)
    assert bench.call("SsmAutoDial", 0, "10086") == 0


def test_isup_hangup_cause_needs_the_extension_bit(make):
    bench, net = span(make, "isup")
    net.call("8001")
    bench.until_state(0, 7)
    assert bench.call("SsmHangupEx", 0, 0x11) == -1
    assert bench.call("SsmHangupEx", 0, 0x91) == 0
    assert net.log[-1] == ("release", 17)


def test_analog_functions_are_unsupported_here(isdn):
    for name, args in (
        ("SsmGetLineVoltage", (0,)),
        ("SsmTxFlash", (0, 100)),
        ("SsmGetHookState", (0,)),
        ("SsmStartRing", (0,)),
    ):
        assert isdn.call(name, *args) == -1
        assert isdn.error() == 3


def test_a_call_on_a_circuit_that_has_just_been_freed_waits_until_the_driver_has_tidied_up(isdn, net):
    """On the line the circuit is free with the confirmation; state 0 comes a driver tick or two later (section 16)."""
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.call("SsmSetKB", 0, 1)
    isdn.call("SsmPickup", 0)
    net.card.on_release(16)
    assert isdn.call("SsmHangup", 0) == 0
    assert isdn.state(0) == 88
    net.call("8002")
    isdn.until_state(0, 7)
    states = isdn.states(0)
    assert states[states.index(88) :][:2] == [88, 0], states
    assert isdn.text("SsmGetPhoNumStr", 0) == "8002"
    assert ("release", 44) not in net.log


def test_a_caller_who_gives_up_before_the_driver_has_tidied_up_leaves_nothing(isdn, net):
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.call("SsmSetKB", 0, 1)
    isdn.call("SsmPickup", 0)
    net.card.on_release(16)
    isdn.call("SsmHangup", 0)
    net.call("8002")
    net.card.on_release(16)
    isdn.run(2000)
    assert isdn.state(0) == 0 and isdn.states(0)[-1] == 0
