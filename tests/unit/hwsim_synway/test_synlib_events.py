"""Event modes, masks, queues, timers, callbacks, and the fault knobs (sections 6, 16 and 18)."""

from __future__ import annotations

import signal

import pytest
from synbench import Exchange, FakeClient, FakeConn, Net
from synmachines import ANALOG, DIGITAL

from hwsim.vendorlibs.rpc import PARKED
from hwsim.vendorlibs.synway.faults import GARBAGE, Rule


@pytest.fixture
def idle(make):
    bench = make(ANALOG)
    assert bench.start(mode=0) == 0
    return bench


# -- modes -------------------------------------------------------------------------------------------------------------
def test_no_mode_no_queue(idle):
    assert idle.call("SsmGetEvent") == -2
    assert idle.call("SsmWaitForEvent", 100) == -2
    assert idle.call("SsmPutUserEvent", 1, 0, 0) == -1


def test_changes_before_enabling_are_lost(idle):
    idle.call("SsmPickup", 0)
    idle.call("SsmSetEvent", 0xFFFF, -1, 1, 1, 0, 0, 0, 0)
    assert idle.call("SsmGetEvent") == -1
    idle.run(100)
    assert idle.drain() == [(0x08, 0, 9), (0x1C, 0, 0)]


@pytest.mark.parametrize(
    ("interface", "mode", "result"),
    [(0, 1, 0), (0, 2, 0), (0, 4, -1), (0, 5, -1), (1, 1, -1), (1, 4, 0), (1, 5, 0), (0, 3, -1), (0, 9, -1)],
)
def test_modes_need_their_interface(idle, interface, mode, result):
    assert idle.call("SsmSetInterEventType", interface) == 0
    assert idle.call("SsmGetInterEventType") == interface
    assert idle.call("SsmSetEvent", 0xFFFF, -1, 1, mode, 0, 0, 0, 0) == result


def test_interface_default_by_file_and_personality(make):
    assert make({**ANALOG, "personality": {"default_interface": 1}}).start(mode=4) == 0
    assert make(ANALOG, extra="EventInterfaceType=1").start(mode=4) == 0


def test_changing_the_interface_closes_the_queue(idle):
    idle.call("SsmSetEvent", 0xFFFF, -1, 1, 1, 0, 0, 0, 0)
    idle.call("SsmSetInterEventType", 1)
    assert idle.call("SsmGetEvent") == -2


def test_extended_interface(make):
    bench = make(ANALOG, extra="EventInterfaceType=1")
    bench.start(mode=4)
    assert bench.call("SsmGetEvent") == -2
    assert bench.call("SsmPutUserEventA", 0x1234, 5, 6, 7, 0, 0, 0, b"payload") == 0
    assert bench.reply("SsmGetEventA").outs == (0x1234, 5, 6, 7, 0, 0, 1, b"payload")
    bench.call("SsmPickup", 0)
    assert bench.reply("SsmGetEventA").outs == (0x18, 0, 1, 0, 0, 0, 0, b"")


def test_start_with_events_misses_nothing(make):
    bench = make(DIGITAL)
    files = {0: bench.file("c.ini", bench.config), 1: bench.file("i.ini", b"")}
    assert bench.call("SsmStartCtiEx", "c.ini", "i.ini", 1, 1, 0, 0, 0, 0, files=files) == 0
    bench.run(2000)
    assert bench.states(0) == [0]


def test_second_global_setting(make):
    for once, result in ((False, 0), (True, -1)):
        bench = make({**ANALOG, "personality": {"set_event_once": once}})
        bench.start()
        assert bench.call("SsmSetEvent", 0xFFFF, -1, 1, 1, 0, 0, 0, 0) == result


# -- masks -------------------------------------------------------------------------------------------------------------
def test_one_event_of_one_channel_can_be_masked(analog):
    assert analog.call("SsmSetEvent", 0x18, 0, 0, *[None] * 5) == 0
    analog.call("SsmPickup", 0)
    analog.call("SsmPickup", 1)
    assert analog.states(0) == []
    assert analog.states(1) == [1]
    assert analog.reply("SsmGetEventMode", 0x18, 0).outs[0] == 0
    assert analog.reply("SsmGetEventMode", 0x18, 1).outs[:2] == (1, 1)
    analog.call("SsmSetEvent", 0x18, -1, 1, 1, 0, 0, 0, 0)
    analog.call("SsmHangup", 0)
    assert analog.params(0x18, 0) == [1 << 16 | 10]


def test_two_codes_are_not_in_all_events(analog):
    hub = analog.library.driver.hub
    hub.post(0x31, 0, 1)
    assert analog.call("SsmGetEvent") == -1
    analog.call("SsmSetEvent", 0x31, -1, 1, 1, 0, 0, 0, 0)
    hub.post(0x31, 0, 1)
    assert analog.reply("SsmGetEvent").outs == (0x31, 0, 1)


# -- waiting and queues ------------------------------------------------------------------------------------------------
def test_wait_comes_back_with_the_event_or_in_time(analog):
    before_us = analog.sim.now_us
    assert analog.call("SsmWaitForEvent", 200) == -1
    assert 200_000 <= analog.sim.now_us - before_us <= 208_000
    analog.sim.later(50, analog.call, "SsmPickup", 0)
    reply = analog.reply("SsmWaitForEvent", 0xFFFFFFFF)
    assert (reply.ret, reply.outs) == (0, (0x18, 0, 1))
    analog.call("SsmHangup", 0)
    analog.run(50)
    assert analog.call("SsmWaitForEvent", 200) == 0


def test_user_event_wakes_a_waiting_thread(analog):
    waiter = FakeConn(analog.client)
    assert analog.raw("SsmWaitForEvent", 1000, conn=waiter) is PARKED
    assert analog.call("SsmPutUserEvent", 0x7777, 3, 0xFFFFFFFF) == 0
    assert waiter.replies[0].outs == (0x7777, 3, 0xFFFFFFFF)
    analog.run(2000)
    assert len(waiter.replies) == 1


def test_close_ends_a_wait(analog):
    waiter = FakeConn(analog.client)
    analog.raw("SsmWaitForEvent", 0xFFFFFFFF, conn=waiter)
    analog.call("SsmCloseCti")
    assert waiter.replies[0].ret == -1


def test_full_queue_drops_per_channel(make):
    bench = make(ANALOG, extra="MaxEventPerChannel=5\nMaxUserEventSize=2")
    bench.start()
    bench.library.flood_events(0, 20)
    bench.call("SsmPickup", 1)
    assert len(bench.drain()) == 6
    assert bench.library.driver.hub.dropped == 15
    assert len(list(bench.sim.truth.of("event_dropped", ref=0))) == 15
    assert [bench.call("SsmPutUserEvent", 1, 0, 0) for _ in range(3)] == [0, 0, -1]
    assert bench.error() == 11
    bench.drain()
    assert bench.call("SsmPutUserEvent", 1, 0, 0) == 0


def test_timers(analog):
    assert analog.call("SsmStartTimer", 7, 0) == -1
    once = analog.call("SsmStartTimer", 100, 0)
    again = analog.call("SsmStartTimer", 100, 1)
    analog.run(350)
    assert analog.params(0x30, once) == [0]
    assert analog.params(0x30, again) == [0, 0, 0]
    assert analog.call("SsmStopTimer", again) == 0
    assert analog.call("SsmStopTimer", again) == -1
    assert analog.call("SsmStopTimer", once) == -1
    analog.run(500)
    assert analog.params(0x30, again) == [0, 0, 0]


# -- callbacks ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("interface", "mode"), [(0, 2), (1, 5)])
def test_callbacks_go_through_the_shims_event_thread(idle, interface, mode):
    idle.call("SsmSetInterEventType", interface)
    thread = FakeConn(idle.client)
    assert idle.raw("ShimNextCallback", 0, conn=thread).ret == -1
    assert idle.call("SsmSetEvent", 0xFFFF, -1, 1, mode, 0xABCDEF, 0, 0, 42) == 0
    assert idle.raw("ShimNextCallback", 0, conn=thread) is PARKED
    idle.call("SsmPickup", 0)
    idle.call("SsmPickup", 1)
    assert thread.replies[0].outs == (mode, 0xABCDEF, 0x18, 0, 1, 42, 0, 0, 0, b"")
    assert idle.raw("ShimNextCallback", 1, conn=thread).outs[2:5] == (0x18, 1, 1)
    assert idle.call("SsmGetEvent") == -2
    idle.run(100)
    while idle.raw("ShimNextCallback", 0, conn=thread) is not PARKED:
        pass
    idle.call("SsmSetEvent", 0xFFFF, -1, 0, *[None] * 5)
    assert thread.replies[-1].ret == -1


def test_waits_are_declared(analog):
    assert analog.library.waits == {"SsmWaitForEvent", "SsmWaitForEventA", "ShimNextCallback", "ShimNextWork"}


# -- faults ------------------------------------------------------------------------------------------------------------
def test_blocked_for_a_time_and_for_ever(analog):
    analog.library.faults.strike_calls("SsmPickup", Rule("block", value=300))
    assert analog.raw("SsmPickup", 0) is PARKED
    assert analog.state(0) == 0
    analog.run(310)
    assert analog.conn.replies[-1].ret == 0
    assert analog.state(0) == 1
    analog.library.faults.strike_calls("SsmHangup", Rule("block"))
    replies = len(analog.conn.replies)
    assert analog.raw("SsmHangup", 0) is PARKED
    analog.run(600_000)
    assert len(analog.conn.replies) == replies
    assert analog.call("SsmHangup", 0) == 0
    struck = [(f["fault"], f["function"]) for f in analog.sim.truth.of("fault_struck")]
    assert struck == [("block", "SsmPickup"), ("block", "SsmHangup")]


def test_blocked_start_and_a_death_meanwhile(make):
    bench = make(ANALOG)
    bench.library.faults.strike_calls("SsmStartCti", Rule("block"))
    assert bench.raw("SsmStartCti", "a", "b") is PARKED
    bench.library.detached(bench.client)
    assert bench.start(conn=FakeConn(FakeClient(9))) == 0


def test_odd_return(analog):
    analog.library.faults.strike_calls("SsmPickup", Rule("odd_return", value=77))
    assert analog.call("SsmPickup", 0) == 77
    assert analog.state(0) == 1


def test_garbage_in_texts(analog):
    analog.library.faults.strike_calls("SsmGetBoardName", Rule("garbage"))
    assert analog.reply("SsmGetBoardName", 0).outs == (GARBAGE,)
    assert analog.text("SsmGetBoardName", 0) == "SHT-4D-CT/PCI"


@pytest.mark.parametrize(
    ("knob", "codes"),
    [
        ("lose", [0x08, 0x1C]),
        ("double", [0x18, 0x18, 0x08, 0x1C]),
        ("delay", [0x08, 0x1C, 0x18]),
        ("reorder", [0x08, 0x18, 0x1C]),
    ],
)
def test_event_faults(analog, knob, codes):
    faults = analog.library.faults
    faults.strike_events(0x18, Rule(knob, value=500), None if knob == "reorder" else 0)
    analog.call("SsmPickup", 0)
    analog.run(1000)
    assert [c for c, _, _ in analog.drain()] == codes
    assert analog.state(0) == 1


def test_a_fault_by_chance_strikes_some_and_ends_when_it_is_taken_back(analog):
    end = analog.library.faults.strike_calls("SsmGetChState", Rule("odd_return", None, 0.25, -1))
    answers = [analog.call("SsmGetChState", 0) for _ in range(400)]
    assert 60 <= answers.count(-1) <= 140
    assert len(list(analog.sim.truth.of("fault_struck", function="SsmGetChState"))) == answers.count(-1)
    end()
    assert {analog.call("SsmGetChState", 0) for _ in range(50)} == {0}
    end()


def test_events_lost_by_chance(analog):
    end = analog.library.faults.strike_events(0x18, Rule("lose", None, 0.5))
    told = 0
    for _ in range(100):
        analog.call("SsmPickup", 0)
        analog.run(300)
        analog.call("SsmHangup", 0)
        analog.run(1500)
        told += sum(code == 0x18 for code, _, _ in analog.drain())
    lost = len(list(analog.sim.truth.of("fault_struck", fault="lose_event")))
    assert lost > 0 and told > 0
    assert 0.35 <= lost / (lost + told) <= 0.65
    end()


def test_a_crash_inside_a_call_ends_the_process(analog):
    struck = []
    analog.library.crash = lambda pid, number: struck.append((pid, number))
    analog.library.faults.strike_calls("SsmPickup", Rule("crash", value=signal.SIGABRT))
    assert analog.raw("SsmPickup", 0) is PARKED
    assert struck == [(analog.client.pid, signal.SIGABRT)]
    assert analog.state(0) == 0, "the call was not carried out"


def test_two_clock_masters_slip_in_spans_and_between_cards(make):
    bench = make({"cards": [*DIGITAL["cards"], *ANALOG["cards"]]})
    bench.ready()
    net = Net(bench.machine.spans["card0/1"].circuits[1])
    net.call("8001")
    bench.until_state(0, 2)
    bench.call("SsmPickup", 0)
    assert bench.call("SsmLinkFrom", 0, 30) == 0
    end = bench.library.second_master("card1", 50)
    bench.run(6000)
    slips = [(f["card"], f["frames"]) for f in bench.sim.truth.of("bus_slip")]
    assert slips == [("card1", 1), ("card1", -1)], "a frame of 125 us every 2.5 s"
    assert not list(bench.sim.truth.of("slip")), "its ports have no receiver of their own"
    end()
    end = bench.library.second_master("card0", -100)
    bench.run(1300)
    assert [f["span"] for f in bench.sim.truth.of("slip")] == ["card0/1"]
    assert bench.reply("SsmGetPcmLinkStatus", 0).outs == (0x20,)
    end()
    bench.run(10_100)
    assert bench.reply("SsmGetPcmLinkStatus", 0).outs == (0,)
    assert bench.params(0x07, 0)[-2:] == [0x20, 0]
    with pytest.raises(KeyError):
        bench.library.second_master("card7", 50)


def test_event_after_stop(analog):
    analog.library.event_after_stop(0x18, 0, 7)
    waiter = FakeConn(analog.client)
    analog.raw("SsmWaitForEvent", 0xFFFFFFFF, conn=waiter)
    analog.call("SsmCloseCti")
    assert (waiter.replies[0].ret, waiter.replies[0].outs) == (0, (0x18, 0, 7))


def test_delayed_pickup(analog):
    exchange = Exchange(analog, analog.machine.analog_lines["card0/1"])
    analog.library.faults.delay_pickup(0, 2000)
    analog.call("SsmPickup", 0)
    analog.run(1900)
    assert (analog.state(0), exchange.line.loop_closed) == (1, False)
    analog.run(200)
    assert exchange.line.loop_closed


def test_hangup_before_a_delayed_pickup(analog):
    exchange = Exchange(analog, analog.machine.analog_lines["card0/1"])
    analog.library.faults.delay_pickup(0, 2000)
    analog.call("SsmPickup", 0)
    analog.call("SsmHangup", 0)
    analog.run(5000)
    assert exchange.loops == []


def test_lost_hangup(isdn, net):
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.call("SsmSetKB", 0, 1)
    isdn.call("SsmPickup", 0)
    isdn.library.faults.lose_hangup(0)
    net.card.on_release(16)
    isdn.run(10_000)
    assert isdn.state(0) == 3
    assert isdn.call("SsmHangup", 0) == 0
    isdn.run(100)
    assert isdn.state(0) == 0


def test_collision_knob(isdn, net):
    isdn.library.faults.collide(0)
    isdn.call("SsmAutoDial", 0, "10086")
    isdn.run(100)
    assert isdn.call("SsmGetPendingReason", 0) == 13
    assert isdn.call("SsmGetAutoDialFailureReason", 0) == 26
    isdn.call("SsmHangup", 0)
    isdn.run(100)
    assert isdn.call("SsmAutoDial", 0, "10086") == 0


def test_expired_licence(isdn, net):
    net.call("8001")
    isdn.until_state(0, 7)
    isdn.call("SsmSetKB", 0, 1)
    isdn.call("SsmPickup", 0)
    isdn.library.faults.expire_licence()
    assert isdn.call("SsmSendTone", 0, 0) == -1
    assert isdn.error() == 6
    assert isdn.call("SsmAutoDial", 1, "10086") == -1
    assert isdn.state(0) == 3
    assert isdn.call("SsmHangup", 0) == 0
    isdn.library.faults.expire_licence(False)
    assert isdn.call("SsmAutoDial", 1, "10086") == 0


def test_card_pulled_and_put_back(make):
    bench = make({"cards": [*DIGITAL["cards"], *ANALOG["cards"]]})
    bench.ready()
    net = Net(bench.machine.spans["card0/1"].circuits[1])
    net.call("8001")
    bench.until_state(0, 2)
    bench.library.plug_card("card0", False)
    assert {bench.state(ch) for ch in range(30)} == {11}
    assert bench.call("SsmAutoDial", 5, "1") == -1
    bench.library.plug_card("card1", False)
    assert {bench.state(ch) for ch in range(30, 34)} == {135}
    assert bench.call("SsmPickup", 30) == -1
    assert bench.call("SsmHangup", 30) in (0, -1)
    interrupts = bench.call("SsmGetIntCount")
    bench.run(1000)
    assert bench.call("SsmGetIntCount") == interrupts
    for card in ("card0", "card1"):
        bench.library.plug_card(card, True)
    bench.run(2000)
    assert {bench.state(ch) for ch in range(34)} == {0}
    assert not net.circuit.busy


def test_clear_turns_every_knob_back(analog):
    faults = analog.library.faults
    faults.strike_calls("SsmPickup", Rule("block"))
    faults.strike_events(0x18, Rule("lose"))
    faults.expire_licence()
    faults.clear()
    assert analog.call("SsmPickup", 0) == 0
    assert analog.states(0) == [1]


def test_flags(analog):
    assert analog.call("SsmSetFlag", 0, 10, 1) == 0
    assert analog.reply("SsmGetFlag", 0, 10).outs == (1,)
    assert analog.call("SsmSetFlag", 0, 29, 1) == -1
