"""The independent peer on a PRI: data link out of service, lost calls, announcements at clearing, overlap timers."""

import subprocess

import pytest
from test_pri_calls import PriTown
from town import Phone

from hwsim.edge.q931 import IN_BAND, Element, Kind
from hwsim.exchange.announcer import Announcement
from hwsim.exchange.trunk_circuit import InbandFailure
from hwsim.signalling.pri_profile import PriProfile
from hwsim.signalling.q931_frames import head_of, with_in_band

pytestmark = pytest.mark.usefixtures("libpri")


def notes(town, what, **match):
    return [n for n in town.cpe.log.notes if n["what"] == what and all(n.get(k) == v for k, v in match.items())]


def test_disc_then_sabme_keeps_calls_and_refuses_new_ones():
    town = PriTown(PriProfile(timers={"T309": 90_000}))
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    frames = []
    town.bus.frame_taps.append(lambda at_us, side, frame: frames.append((side, frame.hex())))
    town.network.close_link()
    town.run_s(0.1)
    assert frames[:2] == [("net", "020153"), ("card", "020173")]
    assert not town.network.link_up and not town.cpe.link.up
    assert town.cpe.call(4, "13800138000") is None
    town.phone.run = None
    Phone(town, "13900139000").call("88001055")
    town.run_s(5)
    assert ("net", "00011f") in frames, "DM to the card's SABME"
    assert town.ends() == [(34, "exchange", False)]
    town.network.open_link()
    assert town.until(lambda: town.network.link_up and town.cpe.link.up, 5)
    town.run_s(5)
    assert notes(town, "enquired") and not leg.over and len(town.ends()) == 1
    town.cpe.hang_up(leg)
    assert town.until(lambda: leg.over)


def test_a_network_that_forgot_its_calls_is_asked_and_says_so():
    town = PriTown()
    leg = town.cpe.call(3, "13800138000")
    assert town.until(lambda: leg.connected)
    town.network.restart_exchange(silent_ms=3000)
    assert town.until(lambda: leg.over, 20)
    assert notes(town, "enquired") and town.ends() == [(41, "calling", True)] and town.idle()
    town.phone.hang_up()
    again = town.cpe.call(3, "13800138000")
    assert town.until(lambda: again.connected)


def announcing(**options):
    town = PriTown(inband_failure_ms=30_000, inband_failure=InbandFailure.DISCONNECT, **options)
    town.exchange.announcements = {1: Announcement(8000)}
    return town


def test_disconnect_with_in_band_information_before_answer(tshark, tmp_path):
    town = announcing()
    town.network.capture(tmp_path / "d.pcap")
    leg = town.cpe.call(3, "88009999")
    assert town.until(lambda: Kind.DISCONNECT in leg.told)
    told = notes(town, "told", message="disconnect")[0]
    assert told["progress"] == [IN_BAND] and told["cause"] == 1
    assert town.until(lambda: notes(town, "sound", on=True), 3)
    assert town.facts("announcement", cause=1) and not leg.connected
    assert town.until(lambda: leg.over, 40)
    released = notes(town, "told", message="release")[0]
    assert 29.9 <= (released["t_us"] - told["t_us"]) / 1e6 <= 30.2 and released["cause"] == 1
    assert town.until(town.idle, 5)
    town.network.close()
    shown = ["tshark", "-n", "-r", str(tmp_path / "d.pcap"), "-Y"]
    bad = subprocess.run([*shown, "_ws.malformed || _ws.expert.severity >= 0x600000"], capture_output=True, check=True)
    good = subprocess.run([*shown, "q931.message_type == 0x45"], capture_output=True, text=True, check=True)
    assert not bad.stdout and len(good.stdout.splitlines()) == 1


def test_the_card_may_release_during_the_announcement():
    town = announcing()
    leg = town.cpe.call(3, "88009999")
    assert town.until(lambda: Kind.DISCONNECT in leg.told)
    town.run_s(4)
    town.cpe.hang_up(leg)
    assert town.until(lambda: leg.over and town.idle(), 5)
    assert town.sim.engine.stats().sources == 0, "the announcement has ended"


def test_other_calls_clear_without_in_band_information():
    """A call reference comes back: only the call that was marked has the element."""
    town = announcing()
    first = town.cpe.call(3, "88009999")
    assert town.until(lambda: Kind.DISCONNECT in first.told)
    town.cpe.hang_up(first)
    assert town.until(lambda: first.over and town.idle(), 5)
    town.cpe._reference = 0
    second = town.cpe.call(3, "13800138000")
    assert second.reference == first.reference and town.until(lambda: second.connected)
    town.phone.hang_up()
    assert town.until(lambda: second.over, 5)
    assert [n["progress"] for n in notes(town, "told", message="disconnect")] == [[IN_BAND], []]


def test_the_element_stands_behind_the_cause():
    frame = bytes.fromhex("02010204" + "08028001" + "45" + "08028181" + "28026869")
    assert with_in_band(frame).hex() == "02010204" + "08028001" + "45" + "08028181" + "1e028288" + "28026869"
    head = head_of(frame)
    assert (head.reference, head.flag, head.kind) == (1, True, Kind.DISCONNECT)
    assert head_of(bytes.fromhex("02010101")) is None and head_of(bytes.fromhex("02017f")) is None


def test_overlap_from_the_card_with_a_gap_shorter_and_longer_than_t302():
    town = PriTown()
    slow = town.cpe.call(2, "13800138000", first=10, gap_ms=14_000)
    assert town.until(lambda: slow.connected, 20)
    town.cpe.hang_up(slow)
    town.run_s(1)
    late = town.cpe.call(2, "13800138000", first=10, gap_ms=16_000)
    assert town.until(lambda: late.over, 30)
    assert late.cause == 28 and not late.connected


def test_overlap_towards_the_card_with_a_gap_longer_than_its_t302():
    town = PriTown(digits_sent=4, overlap=True, digit_gap_ms=16_000, cpe={"digits": 4})
    town.phone.call("88001055")
    assert town.until(lambda: town.facts("call_end"), 30)
    assert town.ends() == [(28, "called", False)] and notes(town, "timer", name="T302")


def test_a_network_without_overlap_takes_what_is_in_setup():
    town = PriTown(PriProfile(overlap=False))
    leg = town.cpe.call(2, "13800138000", first=3)
    assert town.until(lambda: leg.over, 5)
    assert Kind.SETUP_ACK not in leg.told and leg.cause in (1, 28)


def test_glare_the_peers_call_goes_on_another_bearer():
    town = PriTown(cpe={"answer_ms": 300})
    town.phone.call("88001055")
    town.run_s(0.4)
    other = Phone(town, "13900139000")
    first = town.cpe.call(1, "13900139000")
    town.run_s(1.5)
    assert first.over and first.cause == 44
    again = next(call for call in town.cpe.calls.values() if call.ours)
    assert again.slot == 31 and again.connected and other.line.off_hook
    assert town.facts("signal", message="glare")
    incoming = next(call for call in town.cpe.calls.values() if not call.ours)
    assert incoming.slot == 1 and incoming.connected and incoming.setup.get(Element.CHANNEL) == b"\xa9\x83\x81"
