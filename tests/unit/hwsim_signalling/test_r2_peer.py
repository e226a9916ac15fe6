"""The independent peer on a No.1 trunk: the rules of facts 4.1 to 4.3 that the network must keep, and deviations."""

import pytest
from town import Phone, R2Pbx, Town

from hwsim.edge.plan import PlannedBlock, PlannedCall
from hwsim.exchange.timers import ExchangeTimers
from hwsim.signalling.r2_network import R2Network
from hwsim.signalling.r2_profile import KbMap, R2Profile

pytestmark = pytest.mark.usefixtures("libopenr2")


class PeerTown(Town):
    def __init__(self, profile=None, timers=None, circuits=2, **plan):
        super().__init__(cas=True, circuits=circuits, digits_sent=4, timers=timers)
        self.network = R2Network(self.sim, self.bus, profile)
        self.peer = R2Pbx(self, **{"digits": 4, "answer_ms": 500, **plan})
        self.phone = Phone(self, "13800138000", answer_ms=500)
        self.bits = []
        self.bus.bits_taps.append(lambda at_us, side, slot, abcd: self.bits.append((side, slot, f"{abcd:04b}")))
        self.run_s(0.5)

    def told(self, what, **match):
        return [n for n in self.peer.log.notes if n["what"] == what and all(n.get(k) == v for k, v in match.items())]

    def until_told(self, what, seconds=40, **match):
        assert self.until(lambda: self.told(what, **match), seconds), self.peer.log.notes
        return self.told(what, **match)[0]


def test_call_from_the_network():
    town = PeerTown()
    town.phone.call("88001055")
    call = town.until_told("call_in")
    assert (call["called"], call["caller"], call["ka"], call["kd"]) == ("1055", "13800138000", 1, 3)
    town.until_told("connected", ours=False)
    town.run_s(2)
    town.phone.hang_up()
    town.run_s(1)
    assert town.ends() == [(16, "calling", True)] and town.idle() and town.told("over", cause=16, answered=True)


def test_call_from_the_card_hears_and_is_heard():
    town = PeerTown()
    town.peer.call(1, "13800138000", "88001000", hang_up_ms=3000)
    town.until_told("sound", on=True)
    over = town.until_told("over", ours=True)
    town.run_s(0.2)
    assert over["answered"] and town.ends() == [(16, "calling", True)] and town.idle()


@pytest.mark.parametrize(("ka", "kd"), [(1, 3), (2, 3), (10, 1), (3, 3)])
def test_category_and_kind_of_call_are_two_things(ka, kd):
    town = PeerTown(R2Profile(ka=ka, kd=kd))
    town.phone.call("88001055")
    call = town.until_told("call_in")
    assert (call["ka"], call["kd"]) == (ka, kd)


def test_no_end_of_the_number_the_peer_goes_on_by_a_pulse():
    town = PeerTown(register_gap_ms=8000)
    town.network.keep_number_open(1)
    town.phone.call("88001055")
    call = town.until_told("call_in")
    registers = town.told("registers")[0]
    assert call["caller"] == "13800138000" and registers["pulses"] == [3] and registers["signals"][-1] == (3, 1)
    assert (15, 3) not in registers["signals"]
    town.until_told("connected")


@pytest.mark.parametrize(("kb", "expected"), [(KbMap.TOLL, 2), (KbMap.LOCAL, 4)])
def test_a_busy_subscriber_is_b2_or_b4(kb, expected):
    town = PeerTown(R2Profile(kb=kb))
    town.phone.line.off_hook = True
    town.peer.call(1, "13800138000", "88001000")
    refused = town.until_told("refused")
    assert (refused["kb"], refused["cause"]) == (expected, 17)
    assert town.until(town.idle, 5)


@pytest.mark.parametrize(("signal", "cause"), [(4, 42), (5, 1)])
def test_refusals_in_group_a(signal, cause):
    """A4 or A5 after the last called digit: no category, no caller's number, no KB (facts 4.2)."""
    town = PeerTown(R2Profile(refused_in_a={"8800": signal}))
    town.peer.call(1, "88009999", "88001000")
    refused = town.until_told("refused")
    assert (refused["kb"], refused["cause"]) == (0, cause)
    assert town.told("registers")[0]["signals"][-1] == (9, signal)
    assert town.until(town.idle, 5) and not town.facts("call_begin")
    town.peer.call(1, "13800138000", "88001000", hang_up_ms=1000)
    assert town.until_told("over", answered=True)


@pytest.mark.parametrize(
    ("refuse", "kd", "kb", "cause"),
    [
        (17, 3, KbMap.LOCAL, 17),
        (17, 2, KbMap.TOLL, 17),
        (1, 3, KbMap.LOCAL, 1),
        (1, 2, KbMap.TOLL, 1),
        (42, 2, KbMap.TOLL, 42),
    ],
)
def test_refusals_of_the_card_reach_the_caller(refuse, kd, kb, cause):
    town = PeerTown(R2Profile(kd=kd, kb=kb), refuse=refuse)
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_end"), 20)
    assert town.ends() == [(cause, "called", False)]
    town.run_s(1)
    town.phone.hang_up()
    assert town.until(town.idle, 5)


def test_no_seizure_acknowledgement_tries_elsewhere():
    town = PeerTown()
    town.network.ignore_card(1)
    town.peer.call(1, "13800138000", "88001000", hang_up_ms=2000)
    late = town.until_told("not_acknowledged", slot=1)
    begun = town.told("call_out", slot=1)[0]
    assert late["t_us"] - begun["t_us"] == 2_000_000
    assert town.until_told("over", slot=2)["answered"]
    assert ("net", 1, "1111") not in town.bits
    town.network.ignore_card(1, False)
    town.phone.hang_up()
    town.run_s(1)
    town.peer.call(1, "13800138000", hang_up_ms=2000)
    assert town.until_told("over", slot=1, answered=True)


def test_blocked_circuits_are_seized_by_nobody():
    town = PeerTown()
    town.network.block(1)
    town.until_told("blocked", slot=1, on=True)
    town.peer.call(1, "13800138000", hang_up_ms=2000)
    assert town.until_told("over", answered=True)["slot"] == 2
    town.peer.lines[2].block()
    town.run_s(0.5)
    town.phone.call("88001055")
    town.run_s(2)
    assert town.ends()[-1] == (34, "exchange", False), "one circuit blocked by each side"
    town.phone.hang_up()
    town.network.block(1, False)
    town.until_told("blocked", slot=1, on=False)
    town.phone.call("88001055")
    assert town.until_told("call_in")["slot"] == 1


def test_an_alarm_does_not_open_a_blocked_circuit():
    town = PeerTown()
    town.network.block(1)
    town.bus.disturb(town.bus.net, signal="none")
    town.run_s(0.5)
    town.bus.disturb(town.bus.net, signal="framed")
    town.run_s(0.5)
    town.phone.call("88001055")
    assert town.until_told("call_in")["slot"] == 2


def test_planned_blocks_end():
    town = PeerTown(blocks=(PlannedBlock(1000, "9/1", 1, 3000),))
    town.run_s(6)
    assert [(n["t_us"], n["on"]) for n in town.told("blocks")] == [(1_000_000, True), (4_000_000, False)]


def test_clear_back_of_the_called_subscriber():
    town = PeerTown()
    town.phone.talk_ms = 2000
    town.peer.call(1, "13800138000")
    town.until_told("clear_back")
    assert town.until_told("over")["answered"] and town.until(town.idle, 5)
    sent = [bits for side, slot, bits in town.bits if (side, slot) == ("net", 1)]
    assert sent == ["1011", "1111", "0111", "1111", "1011"]


def test_reanswer_within_the_exchanges_wait():
    """Clear back of the card, then its answer again: the caller never noticed (facts 4.1, 1.4)."""
    town = PeerTown(R2Profile(clear_back_ms=10_000))
    town.phone.call("88001055")
    town.until_told("connected")
    town.run_s(1)
    line = town.peer.lines[1]
    for _ in range(2):
        line.channel.send_bits(0b1111)
        town.run_s(6)
        line.channel.send_bits(0b0111)
        town.run_s(6)
    assert not town.facts("call_end")
    assert [f["message"] for f in town.facts("signal", side="card")] == ["clear_back", "answered_again"] * 2
    town.phone.hang_up()
    town.run_s(1)
    assert town.ends() == [(16, "calling", True)] and town.idle()


def test_wrong_third_bit_is_no_seizure():
    """The trunk was ordered as ITU R2: idle is 1001, and our 0011 means nothing (facts 4.1)."""
    town = PeerTown(R2Profile(cd=0b01))
    assert {bits for side, _, bits in town.bits if side == "net"} <= {"1001"}
    town.peer.lines[1].phase = type(town.peer.lines[1].phase).IDLE
    town.peer.lines[1].seize(PlannedCall(0, "9/1", 1, "13800138000"))
    town.until_told("not_acknowledged", slot=1)
    assert not town.facts("call_begin")


def test_circuits_of_one_direction():
    """1 is incoming only, 2 outgoing only, as the site sees it."""
    town = PeerTown(R2Profile(in_only=frozenset({1}), out_only=frozenset({2})))
    town.phone.call("88001055")
    assert town.until_told("call_in")["slot"] == 1
    other = Phone(town, "13900139000")
    other.call("88001056")
    town.run_s(1)
    assert town.ends() == [(34, "exchange", False)], "the exchange does not seize circuit 2"
    other.hang_up()
    town.phone.hang_up()
    town.run_s(1)
    town.peer.call(1, "13800138000", hang_up_ms=1000)
    town.until_told("not_acknowledged", slot=1)
    assert town.until_told("over", slot=2)["answered"], (
        "the wrong direction was not acknowledged; the other circuit was"
    )


def test_no_answer_of_the_subscriber_is_heard_not_signalled():
    """After KB there is no signal for it: the caller hears busy tone until it clears forward."""
    town = PeerTown(timers=ExchangeTimers(no_answer_ms=5000))
    town.phone.answer_ms = None
    town.peer.call(1, "13800138000")
    assert town.until(lambda: town.facts("call_end"), 30)
    assert town.ends() == [(19, "exchange", False)]
    assert town.until_told("over", seconds=90)["cause"] == 19
    assert town.until(town.idle, 5)
