"""boardd's R2 against the simulated exchange, whose end is libopenr2: two implementations that share nothing.

Every call is judged by the independent checker too, from line bits and sound.
"""

import pytest
from mfcr2_card import Site
from r2_checker import BadTraceError, check
from r2_traces import Tape
from test_r2_checked import SPOILT
from town import Phone, Town

from boardd.contract.causes import Cause
from boardd.contract.errors import WrongStateError
from boardd.contract.states import Direction
from boardd.signalling.mfcr2.profile import parse_profile
from boardd.signalling.span import Blocked, BlockReason, Connected, Disconnected, Incoming, Released, Trouble
from hwsim.line.digital import Setup
from hwsim.signalling.r2_network import R2Network
from hwsim.signalling.r2_profile import KbMap, R2Profile

pytestmark = pytest.mark.usefixtures("libopenr2")

FOUR = 'called: {lengths: {"": 4}}'


class R2Town(Town):
    def __init__(self, yaml=FOUR, network=None, site=None, **options):
        super().__init__(cas=True, digits_sent=4, **{"circuits": 2, **options})
        self.network = R2Network(self.sim, self.bus, network)
        profile = parse_profile(yaml, "test.yaml")
        self.site = Site(self.sim, self.bus.card, list(self.trunks), profile, **(site or {}))
        self.span = self.site.span
        self.phone = Phone(self, "13800138000")
        self.run_s(1)


def test_call_from_the_network():
    town = R2Town()
    tape = Tape(town, 1)
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    offer = town.site.of(Incoming)[0]
    assert (offer.called.digits, offer.caller.digits) == ("1055", "13800138000")
    town.phone.hang_up()
    town.run_s(1)
    assert town.idle() and town.ends() == [(16, "calling", True)]
    assert town.site.life() == ["Incoming", "Connected", "Disconnected", "Released"] and town.span.usable(1)
    verdict = check(tape.trace("net"))
    assert (verdict.dnis, verdict.ani, verdict.kb, verdict.answered) == ("1055", "13800138000", 1, True)


def test_call_from_the_card_has_its_own_ka_and_kd():
    town = R2Town()
    tape = Tape(town, 1)
    call = town.site.dial("13800138000", category=2)
    assert town.until(lambda: town.site.of(Connected))
    assert town.facts("call_begin")[0]["called"] == "13800138000"
    assert town.facts("signal", message="setup")[0]["caller"] == "88001000"
    town.span.disconnect(call)
    town.run_s(1)
    assert town.idle() and town.ends() == [(16, "calling", True)] and town.site.of(Released)[0].cause == 16
    verdict = check(tape.trace("card"))
    assert (verdict.dnis, verdict.ani, verdict.ka, verdict.kd, verdict.kb) == ("13800138000", "88001000", 2, 3, 1)


def test_clear_back_of_the_called_subscriber():
    town = R2Town()
    tape = Tape(town, 1)
    town.site.dial("13800138000")
    assert town.until(lambda: town.site.of(Connected))
    town.phone.hang_up()
    town.run_s(2)
    assert town.site.of(Disconnected)[0].raw == "clear back" and town.site.of(Released) and town.idle()
    assert check(tape.trace("card")).answered


def test_clear_back_of_the_card():
    town = R2Town(network=R2Profile(clear_back_ms=10_000))
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))
    town.span.disconnect(town.site.of(Incoming)[0].call)
    town.run_s(9)
    assert not town.facts("call_end") and not town.site.of(Released)
    town.run_s(3)
    assert town.ends() == [(16, "called", True)] and town.idle() and town.site.of(Released)


@pytest.mark.parametrize(("kb", "kd", "raw"), [(KbMap.TOLL, 2, "KB=2"), (KbMap.LOCAL, 3, "KB=4")])
def test_busy_subscriber_is_read_by_the_kind_of_call(kb, kd, raw):
    town = R2Town(FOUR + f"\ngroups: {{kd: {kd}}}", R2Profile(kb=kb))
    town.phone.line.off_hook = True
    tape = Tape(town, 1)
    call = town.site.dial("13800138000")
    assert town.until(lambda: town.site.of(Released))
    event = town.site.of(Disconnected, call=call)[0]
    assert (event.cause, event.raw) == (Cause.USER_BUSY, raw) and town.idle()
    assert check(tape.trace("card")).kb == int(raw[-1])


def test_unallocated_number():
    town = R2Town()
    town.site.dial("88009999")
    assert town.until(lambda: town.site.of(Disconnected))
    assert town.site.of(Disconnected)[0].cause == Cause.UNALLOCATED and town.site.of(Disconnected)[0].raw == "KB=5"


@pytest.mark.parametrize(("cause", "heard"), [(17, 42), (1, 1), (42, 42)])
def test_refusal_of_the_card(cause, heard):
    """The exchange's library cannot tell B4 after KD 3 from congestion; ours says busy as the standard has it."""
    town = R2Town(site={"refuse": cause})
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_end"))
    assert town.ends() == [(heard, "called", False)]
    town.run_s(1)
    assert town.idle() and town.site.life() == ["Incoming", "Released"]


def test_refusal_on_a_toll_circuit_is_busy():
    town = R2Town(network=R2Profile(kd=2), site={"refuse": 17})
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_end"))
    assert town.ends() == [(17, "called", False)]


def test_blocked_by_the_network_and_by_us():
    town = R2Town(circuits=1)
    town.network.block(1)
    town.run_s(0.5)
    with pytest.raises(WrongStateError):
        town.site.dial("13800138000")
    assert town.site.of(Blocked)[-1].reason is BlockReason.FAR
    town.network.block(1, False)
    town.run_s(0.5)
    assert town.span.usable(1)
    town.span.service(1, in_service=False)
    town.run_s(0.5)
    town.phone.call("88001055")
    town.run_s(2)
    assert town.ends() == [(34, "exchange", False)]
    town.phone.hang_up()
    town.span.service(1, in_service=True)
    town.run_s(0.5)
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_answer"))


def test_no_seizure_acknowledgement():
    town = R2Town()
    town.network.ignore_card(1)
    town.site.dial("13800138000")
    town.run_s(4)
    assert town.site.life() == ["Disconnected", "Released"] and not town.facts("call_begin")
    assert town.site.of(Blocked)[-1].reason is BlockReason.SUSPECT
    town.network.ignore_card(1, False)
    town.run_s(60)
    town.site.dial("13800138000")
    assert town.until(lambda: town.site.of(Connected))


def test_caller_without_number():
    town = R2Town()
    town.network.circuits[1].on_setup(Setup("1055", ""))
    assert town.until(lambda: town.site.of(Incoming), 10)
    assert town.site.of(Incoming)[0].caller.digits == ""


def test_both_sides_seize_at_once():
    town = R2Town()
    town.phone.call("88001055")
    town.run_s(0.4)  # the exchange's routing time: it seizes now
    town.site.dial("88009999")
    town.run_s(5)
    assert town.site.of(Disconnected)[0].cause == Cause.CHANNEL_UNAVAILABLE
    assert town.site.life() == ["Disconnected", "Released"] and town.idle() and town.span.usable(1)
    town.phone.hang_up()
    town.site.dial("13800138000")
    assert town.until(lambda: town.site.of(Connected))


def test_wrong_direction_circuits_are_named():
    directions = {1: Direction.OUT, 2: Direction.IN}
    town = R2Town(site={"direction": directions})
    town.phone.call("88001055")
    town.run_s(6)
    assert [(t.code, t.slot) for t in town.site.of(Trouble, raised=True)] == [("r2_wrong_direction", 1)]
    assert not town.site.of(Incoming)
    assert "seizure against the direction" in "\n".join(town.span.ladder(1).lines())


@pytest.mark.parametrize("ber", [1e-5, 1e-4])
def test_calls_survive_bit_errors(ber):
    town = R2Town()
    town.bus.disturb(town.bus.card, bit_error_ratio=ber)
    town.site.dial("13800138000")
    assert town.until(lambda: town.site.of(Connected), 20)
    town.phone.hang_up()
    town.run_s(3)
    assert town.idle()


def test_calls_survive_slips():
    from hwsim.spanbus.section import Clock, Clocking

    town = R2Town()
    town.bus.set_clock(town.bus.card, Clock(Clocking.INTERNAL, 50.0))
    town.site.dial("13800138000")
    assert town.until(lambda: town.site.of(Connected), 20)
    assert town.bus.card.counters.slips or town.bus.net.counters.slips


@pytest.fixture(scope="module")
def good(libopenr2):
    town = R2Town()
    tape = Tape(town, 1)
    town.phone.call("88001055")
    town.run_s(6)
    town.phone.hang_up()
    town.run_s(1)
    return tape.trace("net")


def test_good_trace(good):
    assert check(good).dnis == "1055"


@pytest.mark.parametrize("how", SPOILT)
def test_the_checker_refuses_spoilt_traces_of_ours(good, how):
    with pytest.raises(BadTraceError):
        check(SPOILT[how](good))
