"""Behind a card that plays the network the far end is the user: a PBX. The card's side is libpri as network."""

import pytest
from town import Phone, Town

from hwsim.signalling.pri_network import PriNetwork
from hwsim.signalling.pri_stack import PriStack
from hwsim.signalling.q931_events import CallRequest, Node, PriEventKind

pytestmark = pytest.mark.usefixtures("libpri")


class NetworkCard:
    """A card that is the network: proceeds, alerts, answers what comes."""

    def __init__(self, town):
        self.town, self.events = town, []
        self.channel = town.bus.card.channel(16)
        self.channel.open_hdlc()
        self.stack = PriStack(town.sim, Node.NETWORK, self.channel.write, self._event)
        self.channel.hook = self._readable

    def kinds(self):
        return [event.kind for event in self.events]

    def _readable(self, channel):
        while channel.take_event():
            pass
        while (frame := channel.read()) is not None:
            self.stack.receive(frame)

    def _event(self, event):
        self.events.append(event)
        if event.kind is PriEventKind.RING:
            self.stack.proceeding(event.call, event.channel)
            self.stack.alerting(event.call, event.channel)
            self.town.sim.later(200, self.stack.connect, event.call, event.channel)
        elif event.kind in (PriEventKind.HANGUP, PriEventKind.HANGUP_REQ):
            self.stack.hangup(event.call, event.cause)


class PbxTown(Town):
    def __init__(self):
        super().__init__(digits_sent=4)
        self.network = PriNetwork(self.sim, self.bus, None, Node.USER)
        self.card = NetworkCard(self)
        self.phone = Phone(self, "13800138000")
        assert self.until(lambda: self.network.link_up, 5)


def test_calls_both_ways():
    town = PbxTown()
    assert PriEventKind.DCHAN_UP in town.card.kinds()
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    assert next(e for e in town.card.events if e.kind is PriEventKind.RING).called == "1055"
    town.phone.hang_up()
    town.run_s(1)
    call = town.card.stack.setup(CallRequest(3, "13800138000", "88001000"))
    assert town.until(lambda: PriEventKind.ANSWER in town.card.kinds())
    town.card.stack.hangup(call, 16)
    town.run_s(1)
    assert town.ends() == [(16, "calling", True), (16, "calling", True)] and town.idle()


def test_glare_the_far_end_gives_way():
    town = PbxTown()
    other = Phone(town, "13900139000")
    town.phone.call("88001055")
    town.run_s(0.4)  # the exchange's routing time: its SETUP for bearer 1 leaves now
    town.card.stack.setup(CallRequest(1, "13900139000", "88001000"))
    assert town.until(lambda: PriEventKind.ANSWER in town.card.kinds(), 5)
    assert (44, "called", False) in town.ends() and town.facts("signal", side="card", message="glare")
    assert other.line.off_hook and town.facts("call_answer")[0]["line"] == "13900139000"
    town.phone.hang_up()
    other.hang_up()
    assert town.until(town.idle, 10)


def test_disc_of_the_user_and_sabme_again():
    town = PbxTown()
    frames = []
    town.bus.frame_taps.append(lambda at_us, side, frame: frames.append((side, frame.hex())))
    town.network.close_link()
    town.run_s(3)
    assert frames[0] == ("net", "000153") and ("net", "02011f") in frames
    town.network.open_link()
    assert town.until(lambda: town.network.link_up, 5)
