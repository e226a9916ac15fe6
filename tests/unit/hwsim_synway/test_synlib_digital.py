"""Calls on digital trunks: every path of sections 10.4 and 10.5, KB, glare."""

from __future__ import annotations

import pytest
from digital_trunks import CLEARING, IN, OUT, TALK, span
from synbench import Net
from synmachines import DIGITAL


@pytest.mark.parametrize("signalling", IN)
def test_incoming_with_kb_then_caller_releases(make, signalling):
    bench, net = span(make, signalling)
    net.call("8001", "13800138000")
    bench.until_state(0, 7)
    assert bench.call("SsmGetPendingReason", 0) == 10
    assert bench.text("SsmGetPhoNumStr", 0) == "8001"
    assert bench.text("SsmGetCallerId", 0) == "13800138000"
    assert net.log == ["proceeding"]
    assert bench.call("SsmSetKB", 0, 1) == 0
    assert net.log[-1] == "alerting"
    assert bench.call("SsmGetPendingReason", 0) == -1
    assert bench.call("SsmPickup", 0) == 0
    assert net.log[-1] == "connect"
    net.card.on_release(16)
    assert bench.state(0) == 7
    assert bench.call("SsmGetPendingReason", 0) == 12
    bench.run(5000)
    assert bench.state(0) == 7
    assert net.circuit.busy
    assert bench.call("SsmHangup", 0) == 0
    assert net.log[-1] == "released"
    bench.run(100)
    assert bench.states(0) == [*IN[signalling], 7, 2, *TALK[signalling], 7, CLEARING[signalling], 0]
    assert not net.circuit.busy


@pytest.mark.parametrize("signalling", IN)
def test_incoming_with_automatic_kb(make, signalling):
    bench, net = span(make, signalling)
    bench.call("SsmEnableAutoSendKB", 0, 1)
    net.call("8001")
    bench.until_state(0, 2)
    assert bench.states(0) == [*IN[signalling], 2]
    assert net.log == ["proceeding", "alerting"]


@pytest.mark.parametrize(("kb", "cause"), [(2, 17), (3, 34), (4, 42), (5, 1)])
def test_rejecting_kb_clears_with_its_cause(isdn, net, kb, cause):
    net.call("8001")
    isdn.until_state(0, 7)
    assert isdn.call("SsmSetKB", 0, kb) == 0
    isdn.run(100)
    assert net.log[-1] == ("release", cause)
    assert isdn.states(0)[-3:] == [7, 88, 0]


def test_kb_is_refused_out_of_range_and_out_of_place(isdn, net):
    assert isdn.call("SsmSetKB", 0, 1) == -1
    assert isdn.error() == 14
    net.call("8001")
    isdn.until_state(0, 7)
    assert isdn.call("SsmSetKB", 0, 8) == -1
    assert isdn.error() == 8
    assert isdn.call("SsmSetKB", 0, 6) == 0
    assert isdn.call("SsmGetKB", 0) == 6


def test_kb_deadline_releases_the_caller(isdn, net):
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.run(19900)
    assert isdn.state(0) == 7
    isdn.run(300)
    assert net.log[-1] == ("release", 102)
    assert isdn.state(0) == 0


def test_ss1_kb_deadline_sends_kb5_and_comes_from_the_file(make):
    bench, net = span(make, "ss1", extra="[SS1Config]\nMaxWaitSetKBTime=3\n")
    net.call("8001")
    bench.until_state(0, 7)
    bench.run(2900)
    assert bench.call("SsmGetPendingReason", 0) == 10
    bench.run(110)
    assert bench.call("SsmGetPendingReason", 0) == 11
    assert net.log[-1] == ("release", 1)
    bench.run(200)
    assert bench.state(0) == 0


def test_we_release_first_and_wait_for_the_confirmation(isdn):
    net = Net(isdn.machine.spans["card0/1"].circuits[1], confirm=False)
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.call("SsmSetKB", 0, 1)
    isdn.call("SsmPickup", 0)
    assert isdn.call("SsmISDNSetHangupRzn", 0, 17) == 0
    assert isdn.call("SsmHangup", 0) == 0
    assert net.log[-1] == ("release", 17)
    isdn.run(1000)
    assert isdn.state(0) == 88
    assert isdn.call("SsmHangup", 0) == 0
    net.card.on_released()
    isdn.run(50)
    assert isdn.state(0) == 0


def test_missing_confirmation_ends_by_itself(isdn):
    net = Net(isdn.machine.spans["card0/1"].circuits[1], confirm=False)
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.call("SsmHangup", 0)
    isdn.run(4100)
    assert isdn.state(0) == 0


@pytest.mark.parametrize(("signalling", "reason"), [("isdn_user", 42), ("isup", 12)])
def test_isdn_may_show_another_reason_for_far_release(make, signalling, reason):
    bench, net = span(make, signalling, isdn_release_reason=42)
    net.call("8001")
    bench.until_state(0, 7)
    bench.call("SsmSetKB", 0, 1)
    bench.call("SsmPickup", 0)
    net.card.on_release(16)
    assert bench.call("SsmGetPendingReason", 0) == reason


@pytest.mark.parametrize(("pending", "end"), [(True, [2, 7]), (False, [2, 88, 0])])
def test_caller_cancels_while_ringing(make, pending, end):
    bench, net = span(make, ring_cancel_pending=pending)
    net.call("8001")
    bench.until_state(0, 7)
    bench.call("SsmSetKB", 0, 1)
    net.card.on_release(16)
    if pending:
        assert bench.call("SsmGetPendingReason", 0) == 54
    bench.run(100)
    assert bench.states(0)[-len(end) :] == end


def test_caller_cancels_before_kb(isdn, net):
    net.call("8001")
    isdn.until_state(0, 7)
    net.card.on_release(16)
    isdn.run(100)
    assert isdn.states(0)[-2:] == [88, 0]
    assert isdn.call("SsmSetKB", 0, 1) == -1


def test_overlap_digits_are_collected(make):
    bench, net = span(make, extra="[ISDN]\nDefaultRcvPhoNumLen=4\n")
    net.call("8", complete=False)
    for digit in "001":
        bench.run(300)
        assert bench.state(0) == 84
        net.card.on_digits(digit)
    bench.until_state(0, 7, 200)
    assert bench.text("SsmGetPhoNumStr", 0) == "8001"
    assert bench.params(0x20, 0) == [1, 2, 3, 4]


def test_overlap_ends_by_time(isdn, net):
    net.call("80", complete=False)
    isdn.run(3900)
    assert isdn.state(0) == 84
    isdn.run(300)
    assert isdn.state(0) == 7


@pytest.mark.parametrize("signalling", OUT)
def test_outgoing_answered_then_callee_releases(make, signalling):
    bench, net = span(make, signalling)
    assert bench.call("SsmSetTxCallerId", 0, "02588880000") == 0
    assert bench.call("SsmAutoDial", 0, "13900139000") == 0
    assert bench.call("SsmChkAutoDial", 0) == 1
    bench.until(lambda: bool(net.log))
    assert net.log == [("setup", "13900139000", "02588880000")]
    net.card.on_proceeding()
    net.card.on_alerting()
    assert (bench.state(0), bench.call("SsmChkAutoDial", 0)) == (9, 2)
    net.card.on_connect()
    assert (bench.state(0), bench.call("SsmChkAutoDial", 0)) == (3, 7)
    net.card.on_release(16)
    assert bench.call("SsmGetPendingReason", 0) == 20
    bench.call("SsmHangup", 0)
    bench.run(100)
    assert bench.states(0) == [*OUT[signalling], 9, 3, 7, CLEARING[signalling], 0]
    assert bench.params(0x19, 0) == [1, 2, 7]


def order(bench):
    bench.drain()
    return [(c, p & 0xFFFF) for c, r, p in bench.events if r == 0 and c in (0x18, 0x19)]


@pytest.mark.parametrize(("first", "expected"), [(False, [(0x18, 9), (0x19, 2)]), (True, [(0x19, 2), (0x18, 9)])])
def test_order_of_state_and_dial_event(make, first, expected):
    bench, net = span(make, dial_event_first=first)
    bench.call("SsmAutoDial", 0, "10086")
    bench.until(lambda: bool(net.log))
    bench.drain()
    bench.events.clear()
    net.card.on_alerting()
    assert order(bench) == expected


FAILURES = [
    ("isdn_user", 17, 117, 11),
    ("isdn_user", 1, 101, 12),
    ("ss1", 17, 50, 11),
    ("ss1", 1, 53, 11),
    ("tup", 1, 14, 11),
    ("tup", 42, 16, 11),
    ("isup", 21, 66, 11),
]


@pytest.mark.parametrize(("signalling", "cause", "failure", "dial"), FAILURES)
def test_failed_dial_is_pending_until_hangup(make, signalling, cause, failure, dial):
    bench, net = span(make, signalling)
    bench.call("SsmAutoDial", 0, "10086")
    bench.until(lambda: bool(net.log))
    net.card.on_release(cause)
    assert bench.state(0) == 7
    assert bench.call("SsmGetPendingReason", 0) == 13
    assert bench.call("SsmChkAutoDial", 0) == dial
    assert bench.call("SsmGetAutoDialFailureReason", 0) == failure
    assert bench.call("SsmGetReleaseReason", 0) == cause
    bench.call("SsmHangup", 0)
    bench.run(50)
    assert bench.state(0) == 0


@pytest.mark.parametrize(("signalling", "cause", "reason"), [("isdn_user", 1, 45), ("ss1", 17, 26), ("tup", 17, 13)])
def test_specific_pending_reasons(make, signalling, cause, reason):
    bench, net = span(make, signalling, specific_pending=True)
    bench.call("SsmAutoDial", 0, "10086")
    bench.until(lambda: bool(net.log))
    net.card.on_release(cause)
    assert bench.call("SsmGetPendingReason", 0) == reason


def test_answer_timeout(isdn, net):
    assert isdn.call("SsmSetWaitAutoDialAnswerTimeEx", 0, 5) == 0
    isdn.call("SsmAutoDial", 0, "10086")
    isdn.run(100)
    net.card.on_alerting()
    isdn.run(5000)
    assert isdn.state(0) == 7
    assert isdn.call("SsmChkAutoDial", 0) == 10
    assert isdn.call("SsmGetAutoDialFailureReason", 0) == 3
    assert net.log[-1] == ("release", 19)


def test_progress_is_reported_on_isdn(isdn, net):
    isdn.call("SsmAutoDial", 0, "10086")
    isdn.run(100)
    net.card.on_progress()
    assert isdn.params(0x19, 0) == [1, 14]


def test_hangup_before_the_setup_went_out_sends_nothing(make):
    bench, net = span(make, "ss1")
    bench.call("SsmAutoDial", 0, "13900139000")
    bench.run(100)
    assert bench.call("SsmHangup", 0) == 0
    bench.run(3000)
    assert bench.state(0) == 0
    assert net.log == ["released"]


@pytest.mark.parametrize("number", ["", None, "12ab", "1" * 31])
def test_bad_numbers_are_refused(isdn, number):
    assert isdn.call("SsmAutoDial", 0, number) == -1
    assert isdn.state(0) == 0


def test_dial_is_refused_in_a_call_and_with_direction_in(isdn, net):
    net.call("8001")
    isdn.until_state(0, 7)
    assert isdn.call("SsmAutoDial", 0, "10086") == -1
    assert isdn.call("SsmSetAutoCallDirection", 1, 1, 0) == 0
    assert isdn.call("SsmAutoDial", 1, "10086") == -1


def test_pickup_of_an_idle_circuit(make):
    bench, _ = span(make)
    assert bench.call("SsmPickup", 0) == 0
    assert bench.state(0) == 1
    assert bench.call("SsmAutoDial", 0, "10086") == 0
    other, _ = span(make, pickup_idle_digital=False, pickup_failure=1)
    assert other.call("SsmPickup", 0) == 1


def test_a_circuit_that_is_not_ready_takes_no_call(make):
    bench = make(DIGITAL)
    net = Net(bench.machine.spans["card0/1"].circuits[1])
    assert bench.start() == 0
    for ms in (100, 1000):
        bench.run(ms)
        net.call("8001")
        assert net.log[-1] == ("release", 44)
    bench.run(1000)
    net.call("8001")
    bench.until_state(0, 2)


def test_reserved_channel_is_freed_after_a_minute(isdn):
    assert isdn.call("SsmSearchIdleCallOutCh", 160, 0x1D0003) == 3
    assert isdn.state(3) == 12
    assert isdn.call("SsmSearchIdleCallOutCh", 160, 0x1D0003) == 4
    assert isdn.call("SsmAutoDial", 4, "10086") == 0
    isdn.run(59_000)
    assert isdn.state(3) == 12
    isdn.run(1_100)
    assert isdn.state(3) == 0


def test_no_idle_channel(isdn):
    for ch in range(30):
        isdn.call("SsmSetAutoCallDirection", ch, 1, 0)
    assert isdn.call("SsmSearchIdleCallOutCh", 1, 0) == -1
    assert isdn.error() == 13


def test_setup_on_a_busy_circuit_is_refused_with_44(isdn, net):
    net.call("8001")
    isdn.until_state(0, 7)
    net.call("8002")
    assert net.log[-1] == ("release", 44)


@pytest.mark.parametrize("wins", [True, False])
def test_call_collision(make, wins):
    bench, net = span(make, glare_incoming_wins=wins)
    bench.call("SsmAutoDial", 0, "10086")
    bench.until(lambda: bool(net.log))
    net.call("8001")
    bench.run(200)
    if wins:
        assert bench.state(0) == 7
        assert bench.call("SsmGetPendingReason", 0) == 10
        assert bench.params(0x19, 0) == [1, 11]
        assert bench.call("SsmGetAutoDialFailureReason", 0) == 26
    else:
        assert bench.state(0) == 0x51
        assert net.log[-1] == ("release", 44)


def test_incoming_takes_a_reserved_circuit(isdn, net):
    isdn.call("SsmSearchIdleCallOutCh", 1, 0)
    assert isdn.state(0) == 12
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.run(61_000)
    assert isdn.state(0) == 0
