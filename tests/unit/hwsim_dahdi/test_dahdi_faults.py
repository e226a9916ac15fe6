"""Every fault of E1s whose cards leave signalling to the host: its effect at both ends, its end, what is refused."""

import pytest

from hwsim.edge.log import PeerLog
from hwsim.edge.plan import PeerPlan, PlannedCall
from hwsim.edge.pri_peer import PriPeer
from hwsim.edge.r2_peer import R2Peer
from hwsim.line.digital import Alarm
from hwsim.scenario.faults import FaultError
from hwsim.scenario.file import Scenario
from hwsim.simulator import Options, Simulator
from hwsim.spanbus.section import Clocking

SITE = """
machine:
  cards:
    - {name: e1a, model: TE220, spans: [{signalling: pri_user, pri: {timers_ms: {T309: 90000}}}, {signalling: r2}]}
    - {name: syn, model: SHD-30A-CT/PCI, spans: [{signalling: isdn_user}]}
    - {name: ana, model: TDM410P, ports: OS}
exchange:
  groups:
    - {name: pri, numbers: [88001000-88001099], circuits: ["e1a/1/*"], digits_sent: 4}
    - {name: no1, numbers: [88002000-88002099], circuits: ["e1a/2/*"], digits_sent: 4}
    - {name: line, numbers: ["88003000"], lines: [ana/1]}
  subscribers:
    - {numbers: 13900000000-13900009999, script: friend}
scripts:
  friend: {steps: [{do: answer, after_s: 1}, {do: speak, s: 60}]}
"""


class Site:
    def __init__(self, folder):
        self.simulator = Simulator(Scenario.parse(SITE), Options(folder))
        self.simulator.connect()
        self.sim, self.faults = self.simulator.sim, self.simulator.world.faults
        self.buses = self.simulator.machine.buses
        self.log = PeerLog(self.sim)
        plan = PeerPlan(digits=4)
        self.pri = PriPeer(self.sim, self.log, self.buses["e1a/1"], plan)
        self.no1 = R2Peer(self.sim, self.log, self.buses["e1a/2"], plan)
        self.run_s(1)

    def run_s(self, seconds):
        self.sim.advance_to(self.sim.now_us + round(seconds * 1_000_000))

    def told(self, what, **match):
        return [n for n in self.log.notes if n["what"] == what and all(n.get(k) == v for k, v in match.items())]

    def facts(self, what, **match):
        return list(self.sim.truth.of(what, **match))

    def call(self, span, slot=1):
        peer = self.pri if span == "e1a/1" else self.no1
        return peer.dial(PlannedCall(0, span, slot, "13900000001", "88001000"))


@pytest.fixture
def site(tmp_path, libpri, libopenr2):
    made = Site(tmp_path)
    yield made
    made.simulator.close()


@pytest.mark.parametrize("word", list(Alarm))
@pytest.mark.parametrize("side", ["card", "net", "both"])
def test_alarms_at_either_end(site, word, side):
    span = "e1a/2"
    number = site.faults.inject("alarm", span, {"alarm": word, "side": side})
    site.run_s(0.1)
    ends = {"card": site.buses[span].card, "net": site.buses[span].net}
    for name, end in ends.items():
        assert (word in end.alarms) == (side in (name, "both")), (name, end.alarms)
    assert site.facts("section", span=span) and site.facts("span_alarms", span=span)
    site.faults.end(number)
    site.run_s(0.1)
    assert not any(end.alarms for end in ends.values())


def test_alarms_lie_on_each_other(site):
    card = site.buses["e1a/1"].card
    rai = site.faults.inject("alarm", "e1a/1", {"alarm": "rai"})
    ais = site.faults.inject("alarm", "e1a/1", {"alarm": "ais"})
    los = site.faults.inject("alarm", "e1a/1", {"alarm": "los"})
    seen = []
    for number in (los, ais, rai):
        site.run_s(0.1)
        seen.append(set(card.alarms))
        site.faults.end(number)
    site.run_s(0.1)
    assert [*seen, set(card.alarms)] == [{Alarm.LOS}, {Alarm.AIS}, {Alarm.RAI}, set()]


def test_alarm_of_a_card_with_signalling_of_its_own_is_as_ever(site):
    number = site.faults.inject("alarm", "syn/1", {"alarm": "ais"})
    assert site.simulator.machine.spans["syn/1"].alarms == {Alarm.AIS}
    site.faults.end(number)
    assert not site.simulator.machine.spans["syn/1"].alarms


def test_bit_errors_and_slips_are_counted(site):
    counters = site.buses["e1a/1"].card.counters
    site.faults.inject("bit_errors", "e1a/1", {"ratio": "0.0001"}, for_s=2)
    site.run_s(3)
    assert counters.cv > 100 and counters.crc4 > 0 and site.buses["e1a/1"].net.counters.cv == 0
    before, errors = counters.cv, counters.slips
    site.faults.inject("slips", "e1a/1", {"count": "6", "every_ms": "50"})
    site.run_s(3)
    assert counters.cv == before and counters.slips == errors + 6
    assert [f["frames"] for f in site.facts("slip", span="e1a/1")] == [-1, 1] * 3


def test_two_masters_slip_until_one_follows_again(site):
    bus = site.buses["e1a/1"]
    number = site.faults.inject("two_masters", "e1a/1", {"ppm": "100"})
    assert bus.card.clock.clocking is bus.net.clock.clocking is Clocking.INTERNAL
    site.run_s(10)
    slips = bus.card.counters.slips
    assert slips == 8, "one every 125 s per ppm"
    site.faults.end(number)
    site.run_s(10)
    assert bus.card.counters.slips == slips and bus.card.clock.clocking is Clocking.RECOVERED


def test_no_crc4(site):
    card = site.buses["e1a/1"].card
    number = site.faults.inject("no_crc4", "e1a/1")
    site.run_s(0.1)
    assert not card.crc4_aligned and not card.alarms
    site.faults.end(number)
    site.run_s(0.1)
    assert card.crc4_aligned


def test_signalling_slot_cut_is_a_dead_link_and_frozen_bits_without_alarm(site):
    for span in ("e1a/1", "e1a/2"):
        site.faults.inject("signalling_slot_cut", span, for_s=40)
    site.run_s(1)
    site.no1.lines[1].seize(PlannedCall(0, "e1a/2", 1, "13900000001"))
    site.run_s(3)
    assert site.told("not_acknowledged", slot=1)
    site.run_s(26)
    assert site.facts("d_channel", up=False) and site.told("link", up=False)
    assert not site.buses["e1a/1"].card.alarms and not site.buses["e1a/2"].card.alarms
    site.run_s(25)
    assert site.told("link")[-1]["up"] and site.facts("d_channel")[-1]["up"]


def test_d_channel_down_and_exchange_restart(site):
    call = site.call("e1a/1")
    site.run_s(4)
    site.faults.inject("d_channel_down", "e1a/1", for_s=5)
    site.run_s(8)
    assert [n["up"] for n in site.told("link")] == [True, False, True] and call.connected and not call.over
    site.faults.inject("exchange_restart", "e1a/1", {"silent_ms": "1000"})
    site.run_s(5)
    assert call.over and [n["up"] for n in site.told("link")] == [True, False, True, False, True]


def test_circuit_reset_is_restart(site):
    call = site.call("e1a/1", 7)
    site.run_s(4)
    site.faults.inject("circuit_reset", "e1a/1/7")
    site.run_s(2)
    assert site.told("restart", slot=7) and call.over and call.cause == 41


def test_circuit_blocked_until_it_ends(site):
    site.faults.inject("circuit_blocked", "e1a/2/3", for_s=5)
    site.run_s(10)
    assert [(n["slot"], n["on"]) for n in site.told("blocked")] == [(3, True), (3, False)]


def test_no_seizure_ack(site):
    site.faults.inject("no_seizure_ack", "e1a/2/3")
    site.call("e1a/2", 3)
    site.run_s(4)
    assert site.told("not_acknowledged", slot=3) and site.told("acknowledged", slot=31)


def test_no_end_of_caller(site):
    site.faults.inject("no_end_of_caller", "e1a/2/1")
    site.simulator.world.dial("13900000002", "88002055")
    site.run_s(20)
    assert site.told("registers")[0]["pulses"] == [3] and site.told("call_in", caller="13900000002")


def test_a_card_pulled_and_put_back(site):
    number = site.faults.inject("card_pulled", "e1a")
    site.run_s(0.1)
    assert site.buses["e1a/1"].net.alarms == {Alarm.LOS}
    site.faults.end(number)
    site.run_s(0.1)
    assert not site.buses["e1a/1"].net.alarms
    card = site.simulator.machine.dahdi.card("ana")
    number = site.faults.inject("card_missing", "ana")
    assert not card.fitted
    site.faults.end(number)
    assert card.fitted
    site.faults.inject("card_pulled", "syn")
    assert not site.simulator.machine.synway.cards[0].plugged


@pytest.mark.parametrize(
    ("kind", "where", "args", "why"),
    [
        ("alarm", "e1a/1", {"alarm": "lost"}, "alarm must be one of"),
        ("alarm", "e1a/1", {"side": "left"}, "side must be one of"),
        ("alarm", "e1x/1", {}, "there is no span e1x/1"),
        ("bit_errors", "e1a/1", {"ratio": "1"}, "ratio must be"),
        ("slips", "e1a/1", {"count": "0"}, "count must be"),
        ("two_masters", "e1a/1", {"ppm": "0"}, "ppm must be"),
        ("d_channel_down", "e1a/2", {}, "e1a/2 is not a span of PRI"),
        ("exchange_restart", "", {}, "needs a place"),
        ("circuit_reset", "e1a/2/1", {}, "e1a/2 is not a span of PRI"),
        ("circuit_blocked", "e1a/1/1", {}, "e1a/1 is not a span of No.1 signalling"),
        ("circuit_blocked", "e1a/2/16", {}, "there is no circuit e1a/2/16"),
        ("no_seizure_ack", "e1a/2/40", {}, "there is no circuit e1a/2/40"),
        ("card_pulled", "nobody", {}, "nobody"),
    ],
)
def test_what_makes_no_sense_is_refused(site, kind, where, args, why):
    with pytest.raises(FaultError, match=why):
        site.faults.inject(kind, where, args)
