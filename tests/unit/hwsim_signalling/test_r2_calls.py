"""Calls over a simulated MFC-R2 trunk: libopenr2 at both ends, the exchange behind the network's."""

import pytest
from r2_card import R2Card
from town import Phone, Town

from hwsim.exchange.timers import ExchangeTimers
from hwsim.line.digital import Setup
from hwsim.signalling.r2_network import R2Network
from hwsim.signalling.r2_profile import KbMap, R2Cause, R2Profile

pytestmark = pytest.mark.usefixtures("libopenr2")


class R2Town(Town):
    def __init__(self, profile=None, card=None, **options):
        super().__init__(cas=True, digits_sent=4, **{"circuits": 2, **options})
        self.network = R2Network(self.sim, self.bus, profile)
        self.card = R2Card(self, **(card or {}))
        self.phone = Phone(self, "13800138000")
        self.bits = []
        self.bus.bits_taps.append(lambda at_us, side, slot, abcd: self.bits.append((side, slot, f"{abcd:04b}")))
        self.run_s(1)

    def bits_of(self, slot):
        return [f"{side} {abcd}" for side, at, abcd in self.bits if at == slot]


def test_call_from_the_network():
    town = R2Town()
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    assert town.card.ports[1].offers == [("13800138000", "1055")]
    town.phone.hang_up()
    town.run_s(1)
    assert town.bits_of(1)[1:] == ["net 0011", "card 1111", "card 0111", "net 1011", "card 1011"]
    assert town.idle() and town.ends() == [(16, "calling", True)]


def test_call_from_the_card():
    town = R2Town()
    port = town.card.ports[1]
    assert port.dial("13800138000")
    assert town.until(lambda: "CALL_ANSWERED" in port.kinds())
    assert town.facts("call_begin")[0]["called"] == "13800138000"
    assert town.facts("signal", message="setup")[0]["caller"] == "88001000"
    port.hang_up()
    town.run_s(1)
    assert town.bits_of(1)[1:] == ["card 0011", "net 1111", "net 0111", "card 1011", "net 1011"]
    assert town.idle() and town.ends() == [(16, "calling", True)]


def test_clear_back_of_the_called_subscriber():
    town = R2Town()
    port = town.card.ports[1]
    port.dial("13800138000")
    assert town.until(lambda: "CALL_ANSWERED" in port.kinds())
    town.phone.hang_up()
    town.run_s(1)
    assert town.bits_of(1)[1:] == ["card 0011", "net 1111", "net 0111", "net 1111", "card 1011", "net 1011"]
    assert town.idle()


def test_clear_back_of_the_card_waits_for_a_reanswer():
    town = R2Town(R2Profile(clear_back_ms=10_000))
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    town.card.ports[1].hang_up()
    town.run_s(9)
    assert not town.facts("call_end")
    town.run_s(3)
    assert town.ends() == [(16, "called", True)] and town.idle()


@pytest.mark.parametrize(("kb", "heard"), [(KbMap.TOLL, R2Cause.BUSY), (KbMap.LOCAL, R2Cause.CONGESTION)])
def test_busy_is_b2_or_b4_by_the_kind_of_call(kb, heard):
    town = R2Town(R2Profile(kb=kb))
    town.phone.line.off_hook = True
    port = town.card.ports[1]
    port.dial("13800138000")
    assert town.until(lambda: port.causes)
    assert port.causes == [heard]
    town.run_s(1)
    assert town.idle() and "CALL_END" in port.kinds()


def test_unallocated_number_is_b5():
    town = R2Town()
    port = town.card.ports[1]
    port.dial("88009999")
    assert town.until(lambda: port.causes)
    assert port.causes == [R2Cause.UNALLOCATED]


@pytest.mark.parametrize(("refuse", "cause"), [(R2Cause.BUSY, 17), (R2Cause.UNALLOCATED, 1), (R2Cause.CONGESTION, 42)])
def test_refusal_of_the_card(refuse, cause):
    town = R2Town(card={"refuse": refuse})
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_end"))
    assert town.ends() == [(cause, "called", False)]
    town.run_s(1)
    assert town.idle()


def test_no_answer_of_the_subscriber():
    town = R2Town(timers=ExchangeTimers(no_answer_ms=5000))
    town.phone.answer_ms = None
    port = town.card.ports[1]
    port.dial("13800138000")
    assert town.until(lambda: town.facts("call_end"), 30)
    assert town.ends() == [(19, "exchange", False)]
    port.hang_up()
    town.run_s(2)
    assert town.idle(), town.bits_of(1)


def test_blocked_line_is_not_seized():
    town = R2Town()
    town.network.block(1)
    town.run_s(0.5)
    assert not town.card.ports[1].dial("13800138000")
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    assert town.card.ports[2].offers
    town.network.block(1, False)
    town.run_s(0.5)
    assert town.card.ports[1].dial("88009999")


def test_card_that_blocks_gets_no_calls():
    town = R2Town(circuits=1)
    town.card.ports[1].line.set_blocked()
    town.run_s(0.5)
    town.phone.call("88001055")
    town.run_s(2)
    assert town.ends() == [(34, "exchange", False)]
    town.phone.hang_up()
    town.card.ports[1].line.set_idle()
    town.run_s(0.5)
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))


def test_no_seizure_acknowledgement():
    town = R2Town()
    town.network.ignore_card(1)
    port = town.card.ports[1]
    port.dial("13800138000")
    town.run_s(4)
    assert "PROTOCOL_ERROR" in port.kinds() and not town.facts("call_begin")
    assert "net 1111" not in town.bits_of(1)[1:]
    port.line.set_idle()
    town.network.ignore_card(1, False)
    town.run_s(1)
    port.dial("13800138000")
    assert town.until(lambda: "CALL_ANSWERED" in port.kinds())


def test_caller_without_number():
    town = R2Town()
    town.network.circuits[1].on_setup(Setup("1055", ""))
    town.run_s(6)
    assert town.card.ports[1].offers == [("", "1055")]


def test_cut_cable_freezes_then_clears_and_comes_back():
    town = R2Town()
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    for end in (town.bus.net, town.bus.card):
        town.bus.disturb(end, signal="none")
    town.run_s(2)
    assert not town.facts("call_end")
    town.run_s(4)
    assert town.ends() and town.ends()[0][0] == 27
    town.card.ports[1].hang_up()
    for end in (town.bus.net, town.bus.card):
        town.bus.disturb(end, signal="framed")
    town.run_s(12)
    town.phone.hang_up()
    assert town.idle(), town.bits_of(1)
    town.phone.call("88001055")
    assert town.until(lambda: len(town.facts("call_answer")) == 2)


def test_both_sides_seize_at_once():
    """Neither has the line: both clear, and the line can be used again."""
    town = R2Town()
    town.phone.call("88001055")
    town.run_s(0.4)  # the exchange's routing time: it seizes now
    port = town.card.ports[1]
    assert port.dial("88009999")
    town.run_s(5)
    assert town.ends() == [(31, "called", False)] and "CALL_END" in port.kinds() and town.idle()
    town.phone.hang_up()
    assert port.dial("13800138000")
    assert town.until(lambda: "CALL_ANSWERED" in port.kinds())


def test_line_signals_are_frozen_while_the_multiframe_is_lost():
    town = R2Town()
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    town.bus.disturb(town.bus.net, cas_multiframe=False)
    town.card.ports[1].hang_up()
    town.run_s(3)
    assert not town.facts("call_end")
    town.bus.disturb(town.bus.net, cas_multiframe=True)
    town.run_s(1)
    assert town.ends() == [(16, "called", True)]
