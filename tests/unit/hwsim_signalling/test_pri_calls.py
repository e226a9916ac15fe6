"""Calls over a simulated PRI: the network side is libpri behind the exchange, the card's is hwsim.edge."""

import pytest
from town import Pbx, Phone, Town

from hwsim.edge.q931 import Element, Kind, Message
from hwsim.signalling.pri_network import PriNetwork
from hwsim.signalling.pri_profile import PriProfile
from hwsim.signalling.q931_events import NumberPlan

pytestmark = pytest.mark.usefixtures("libpri")


class PriTown(Town):
    def __init__(self, profile=None, cpe=None, **options):
        super().__init__(**options)
        self.network = PriNetwork(self.sim, self.bus, profile)
        self.cpe = Pbx(self, **(cpe or {}))
        self.phone = Phone(self, "13800138000")
        assert self.until(lambda: self.network.link_up and self.cpe.link.up, 5)


def test_call_from_the_network():
    town = PriTown(digits_sent=4)
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    town.run_s(1)
    town.phone.hang_up()
    assert town.until(lambda: town.cpe.finished)
    leg = town.cpe.finished[0]
    assert leg.setup.elements[0] == (0x04, bytes.fromhex("9090a3"))
    assert leg.setup.elements[1] == (0x18, bytes.fromhex("a98381"))
    assert leg.setup.get(Element.CALLED) == b"\x81" + b"1055"
    assert leg.setup.get(Element.CALLER) == b"\x01\x83" + b"13800138000"
    assert leg.told == [Kind.SETUP, Kind.CONNECT_ACK, Kind.DISCONNECT, Kind.RELEASE_COMPLETE]
    assert leg.cause == 16
    town.run_s(0.2)
    assert town.idle() and town.ends() == [(16, "calling", True)]


def test_call_from_the_card():
    town = PriTown()
    leg = town.cpe.call(3, "13800138000", "88001000")
    assert town.until(lambda: leg.connected)
    assert leg.told == [Kind.PROCEEDING, Kind.ALERTING, Kind.CONNECT]
    town.cpe.hang_up(leg)
    assert town.until(lambda: leg.over)
    town.run_s(0.2)
    assert town.idle() and town.ends() == [(16, "calling", True)]


def test_refusals_of_the_exchange_arrive_with_their_cause():
    town = PriTown()
    for number, cause in (("88009999", 1), ("13900000000", 1)):
        leg = town.cpe.call(1, number)
        assert town.until(lambda leg=leg: leg.over)
        assert leg.cause == cause and not leg.connected


def test_refusal_of_the_card():
    town = PriTown(cpe={"refuse": 17})
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_end"))
    assert town.ends() == [(17, "called", False)]


def test_overlap_from_the_network():
    town = PriTown(digits_sent=4, overlap=True, cpe={"digits": 4})
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    leg = next(iter(town.cpe.calls.values()))
    assert leg.setup.get(Element.CALLED) == b"\x811" and leg.called == "1055"
    assert not any(code == 0xA1 for code, _ in leg.setup.elements)


def test_overlap_from_the_card():
    town = PriTown()
    leg = town.cpe.call(2, "13800138000", first=3)
    town.run_s(0.5)
    assert leg.told == [Kind.SETUP_ACK]
    assert town.until(lambda: leg.connected)
    assert leg.told == [Kind.SETUP_ACK, Kind.PROCEEDING, Kind.ALERTING, Kind.CONNECT]
    assert town.facts("call_begin")[0]["called"] == "13800138000"


@pytest.mark.parametrize(
    ("plan", "octet", "digits"),
    [
        (NumberPlan.UNKNOWN, 0x00, "02087654321"),
        (NumberPlan.UNKNOWN_E164, 0x01, "02087654321"),
        (NumberPlan.NATIONAL, 0x21, "2087654321"),
        (NumberPlan.INTERNATIONAL, 0x11, "862087654321"),
    ],
)
def test_types_of_the_caller_number(plan, octet, digits):
    town = PriTown(PriProfile(caller_plan=plan))
    Phone(town, "02087654321").call("88001001")
    assert town.until(lambda: town.cpe.calls)
    leg = next(iter(town.cpe.calls.values()))
    assert leg.setup.get(Element.CALLER) == bytes([octet, 0x83]) + digits.encode()


def test_a_failure_with_a_tone_is_progress_with_in_band_information():
    town = PriTown(inband_failure_ms=3000)
    leg = town.cpe.call(1, "88009999")
    assert town.until(lambda: leg.over)
    assert leg.told[:2] == [Kind.PROCEEDING, Kind.PROGRESS] and leg.cause == 1


def test_glare_the_network_keeps_its_bearer():
    town = PriTown(cpe={"answer_ms": 300})
    town.phone.call("88001055")
    town.run_s(0.4)  # the exchange's routing time: its SETUP for slot 1 leaves now
    exclusive = town.cpe.call(1, "88009999")
    flexible = town.cpe.call(1, "88009998", exclusive=False)
    town.run_s(0.3)
    assert exclusive.over and exclusive.cause == 44
    assert flexible.told[0] == Kind.PROCEEDING and flexible.slot == 31
    assert town.until(lambda: town.facts("call_answer"))


def test_cable_cut_for_good_ends_calls_and_the_link_comes_back():
    town = PriTown(PriProfile(timers={"T309": 6000}))
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    town.bus.disturb(town.bus.card, signal="none")
    town.bus.disturb(town.bus.net, signal="none")
    assert town.until(lambda: not town.network.link_up, 30)
    assert all(circuit.card is None for slot, circuit in town.bus.circuits.items() if slot != 3)
    assert town.until(lambda: town.facts("call_end"), 30)
    town.bus.disturb(town.bus.card, signal="framed")
    town.bus.disturb(town.bus.net, signal="framed")
    assert town.until(lambda: town.network.link_up and town.cpe.link.up, 30)
    town.phone.hang_up()
    town.run_s(5)
    again = town.cpe.call(3, "13800138000")
    assert town.until(lambda: again.connected)


def test_short_loss_of_the_link_keeps_calls():
    town = PriTown(PriProfile(timers={"T309": 90_000}))
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    town.bus.disturb(town.bus.card, signalling_slot=False)
    town.bus.disturb(town.bus.net, signalling_slot=False)
    assert town.until(lambda: not town.network.link_up, 30)
    assert not town.bus.card.alarms and not town.bus.net.alarms
    town.bus.disturb(town.bus.card, signalling_slot=True)
    town.bus.disturb(town.bus.net, signalling_slot=True)
    assert town.until(lambda: town.network.link_up, 30)
    town.run_s(10)
    assert not town.facts("call_end")
    town.cpe.hang_up(leg)
    assert town.until(lambda: leg.over)


def test_restart_of_the_exchange_disc_then_sabme():
    town = PriTown()
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    frames = []
    town.bus.frame_taps.append(lambda at, side, frame: frames.append((side, frame.hex())))
    town.network.restart_exchange(silent_ms=2000)
    assert town.facts("call_end")[0]["cause"] == 41
    assert town.until(lambda: town.network.link_up and town.cpe.link.up, 10)
    sent = [frame for side, frame in frames if side == "net"]
    assert sent[0] == "020153" and "02017f" in sent[1:]
    assert town.cpe.link.ups >= 2 and town.idle()


def test_restart_of_one_bearer():
    town = PriTown()
    town.network.restart_channel(5)
    town.run_s(0.5)
    assert [m.get(0x18) for m in town.cpe.restarts] == [bytes.fromhex("a98385")]
    assert [m.get(0x79) for m in town.cpe.restarts] == [b"\x80"]


def on_the_wire(town):
    """Q.931 messages from now on: who sent them, and which."""
    seen = []

    def tap(_at_us, side, frame):
        if len(frame) > 8 and frame[2] & 1 == 0:
            seen.append((side, Kind(frame[8])))

    town.bus.frame_taps.append(tap)
    return seen


@pytest.mark.parametrize("who", ["card", "network"])
def test_restart_of_a_bearer_ends_its_call_without_clearing_messages(who):
    """Q.931 5.5.1: when the RESTART is acknowledged both ends have forgotten the call, and the bearer is idle."""
    town = PriTown(digits_sent=4)
    if who == "card":
        leg = town.cpe.call(3, "13800138000")
        assert town.until(lambda: leg.connected)
    else:
        town.phone.call("88001055")
        assert town.until(lambda: town.facts("call_answer"))
        leg = next(iter(town.cpe.calls.values()))
    town.run_s(0.5)
    seen = on_the_wire(town)
    town.network.restart_channel(leg.slot)
    assert not town.trunks[leg.slot].free
    town.run_s(0.2)
    assert seen == [("net", Kind.RESTART), ("card", Kind.RESTART_ACK)] and town.idle()
    assert [end[0] for end in town.ends()] == [41]
    again = town.cpe.call(leg.slot, "13700137000")
    Phone(town, "13700137000")
    assert town.until(lambda: again.connected, 5) and again.slot == leg.slot


def test_restart_of_a_bearer_that_is_being_released():
    """The card does not answer DISCONNECT: RESTART ends that too."""
    town = PriTown()
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    town.cpe._message = lambda call, message: None
    town.phone.hang_up()
    town.run_s(1)
    assert town.bus.circuits[3].busy
    town.network.restart_channel(3)
    town.run_s(0.2)
    assert town.idle() and town.ends() == [(16, "called", True)]
    seen = on_the_wire(town)
    town.run_s(60)
    assert seen == [], "no timer of the call is left"


def test_restart_from_the_card_ends_the_call_of_that_bearer():
    town = PriTown()
    legs = [town.cpe.call(slot, number) for slot, number in ((3, "13800138000"), (4, "13700137000"))]
    assert town.until(lambda: legs[0].connected)
    answers = []
    town.cpe._global = answers.append
    seen = on_the_wire(town)
    town.cpe.link.send(Message(Kind.RESTART, 0, False, ((0x18, b"\xa9\x83\x83"), (0x79, b"\x80"))).encode())
    town.run_s(1)
    assert [(m.kind, m.get(0x18)) for m in answers] == [(Kind.RESTART_ACK, b"\xa9\x83\x83")]
    assert [kind for side, kind in seen if side == "net"] == [Kind.RESTART_ACK], "no clearing message (Q.931 5.5.2)"
    assert (41, "calling", True) in town.ends()
    town.run_s(10)
    assert town.idle()


def test_a_card_that_does_not_answer_setup():
    """T303 twice, then the exchange tells its caller: no user responding."""
    town = PriTown()
    town.cpe._offered = lambda message: None
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_end"), 30)
    assert town.ends() == [(18, "called", False)]
    begun, ended = town.facts("call_route")[0]["t_us"], town.facts("call_end")[0]["t_us"]
    assert 8.0 <= (ended - begun) / 1e6 <= 8.2


def test_a_card_that_does_not_complete_the_release():
    """T308 twice, then the bearer is out of use until the card has answered a RESTART."""
    town = PriTown()
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    deaf, town.cpe._global = town.cpe._global, lambda message: None
    town.cpe._message = lambda call, message: None
    town.phone.hang_up()
    town.run_s(1)
    assert town.bus.circuits[3].busy
    assert town.until(lambda: town.network.circuits[3].phase.value == "maintenance", 60)
    assert town.bus.circuits[3].busy and town.ends() == [(16, "called", True)]
    town.cpe._global = deaf
    assert town.until(town.idle, 150), "RESTART again after T316"
    assert [message.slot for message in town.cpe.restarts] == [3]


def test_a_bearer_that_came_back_at_once_stays():
    """The answer to RESTART may come from within its sending: nothing of the repetition is left over."""
    town = PriTown()
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    town.cpe._message = lambda call, message: None
    restarted = []

    def answered_at_once(slot):
        restarted.append(slot)
        town.network.circuits[slot].maintained()

    town.network.stack.restart = answered_at_once
    town.phone.hang_up()
    assert town.until(lambda: restarted and town.idle(), 60)
    town.run_s(250)
    assert town.idle() and restarted == [3]


def test_a_card_that_only_proceeds():
    """T310: 10 s after CALL PROCEEDING without anything the network gives up."""
    town = PriTown()
    town.cpe._take = lambda call: town.cpe._send(call, Kind.PROCEEDING)
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_end"), 30)
    routed, ended = town.facts("call_route")[0]["t_us"], town.facts("call_end")[0]["t_us"]
    assert town.ends() == [(18, "called", False)] and 10.0 <= (ended - routed) / 1e6 <= 10.1
    town.run_s(1)
    assert town.cpe.finished[0].cause == 102 and town.idle()


def test_restricted_and_absent_caller_numbers():
    from hwsim.line.digital import Setup

    town = PriTown()
    for slot, setup, octets in (
        (1, Setup("1055", "13800138000", restricted=True), b"\x01\xa3" + b"13800138000"),
        (2, Setup("1055", ""), b"\x01\xc3"),
    ):
        town.network.circuits[slot].on_setup(setup)
        town.run_s(0.2)
        assert next(leg for leg in town.cpe.calls.values() if leg.slot == slot).setup.get(Element.CALLER) == octets


def test_a_slip_on_the_d_channel_is_repaired_by_the_data_link():
    town = PriTown()
    leg = town.cpe.call(3, "13800138000")
    for _ in range(8):
        town.run_s(0.05)
        for end in (town.bus.net, town.bus.card):
            end.slip(1)
            end.path(16).hit()
    assert town.until(lambda: leg.connected, 20)


def test_all_bearers_are_restarted_when_the_link_comes_up():
    town = PriTown(PriProfile(restarts=True))
    assert town.until(lambda: len(town.cpe.restarts) == 30, 10)
    assert [message.slot for message in town.cpe.restarts] == [*range(1, 16), *range(17, 32)]


def test_los_at_the_network_only_clears_its_calls():
    """The pair from the card is cut: the card sees RAI, the network holds its calls for 5 s, T309 is longer."""
    town = PriTown(PriProfile(timers={"T309": 90_000}))
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    town.bus.disturb(town.bus.net, signal="none")
    town.run_s(1)
    Phone(town, "13900139000").call("88001055")
    town.run_s(3)
    assert town.ends() == [(34, "exchange", False)], "no new calls at once"
    town.run_s(2)
    assert town.ends()[-1] == (27, "calling", True)
    town.bus.disturb(town.bus.net, signal="framed")
    assert town.until(lambda: leg.over and town.idle(), 60)
    assert town.until(lambda: town.network.link_up and town.cpe.link.up, 30)
    town.phone.hang_up()
    again = town.cpe.call(3, "13800138000")
    assert town.until(lambda: again.connected)


def test_rai_stops_new_calls_and_keeps_those_there():
    town = PriTown()
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    town.bus.disturb(town.bus.net, remote_alarm=True)
    town.run_s(1)
    Phone(town, "13900139000").call("88001055")
    town.run_s(8)
    assert town.ends() == [(34, "exchange", False)] and not leg.over
