"""Faults of lines and telephones on a real exchange: what the truth log has, and what the card reports."""

from __future__ import annotations

import pytest
from synbench import Bench
from synmachines import ANALOG, FXO, FXS, TAP

from hwsim.core.events import Format, What
from hwsim.core.sound import find_chirps
from hwsim.exchange.announcer import Announcement
from hwsim.exchange.exchange import Exchange
from hwsim.exchange.line_circuit import LineOptions
from hwsim.people.behaviour import Behaviour
from hwsim.people.draw import Draw
from hwsim.people.person import Person
from hwsim.people.station import StationSet
from hwsim.people.steps import Answer, Dial, Errand, HangUp, Send, Sound, Speak, Wait, WaitFor
from hwsim.people.subscriber import SubscriberSet
from hwsim.scenario.faults import FaultError, FaultRegistry
from hwsim.scenario.line_faults import LineFaults

TRUNK, OTHER_TRUNK, STATION, TAPPED = "card0/1", "card0/2", "card0/3", "card0/4"
OWN, FRIEND, CALLER = "88002000", "88001234", "13800138000"


class Site:
    """A started card with a trunk on an exchange, somebody to call, somebody who calls, a telephone at the station."""

    def __init__(self, bench: Bench, **options: object) -> None:
        self.bench, self.sim = bench, bench.sim
        bench.ready(100)
        lines = bench.machine.analog_lines
        self.exchange = Exchange(bench.sim)
        self.circuit = self.exchange.add_line(lines[TRUNK], LineOptions(number=OWN, **options))
        self.line = lines[TRUNK]
        self.station = Person(bench.sim, "agent", 1, StationSet(lines[STATION]))
        self.friend = self.person("friend", 100, FRIEND)
        self.caller = self.person("caller", 101, CALLER)
        self.faults = FaultRegistry(bench.sim)
        LineFaults(self.exchange, lines, {}).register(self.faults)

    def person(self, name: str, party: int, number: str) -> Person:
        return Person(self.sim, name, party, SubscriberSet(self.exchange.add_subscriber(number)))

    def do(self, person: Person, *steps: object, called: str = "") -> None:
        person.run(Behaviour("test", steps).acts(person, Errand(called)))

    def fault(self, kind: str, where: str = TRUNK, **args: object) -> int:
        number = self.faults.inject(kind, where, {key: str(value) for key, value in args.items()})
        assert list(self.sim.truth.of("fault", kind=kind, where=where))
        return number

    def end(self, number: int) -> None:
        self.faults.end(number)
        assert list(self.sim.truth.of("fault_over", fault=number))

    def noted(self, what: str, **match: object) -> list:
        return list(self.sim.truth.of(what, **match))

    # -- what happens on the trunk ------------------------------------------------------------------------------------
    def called(self, *after_answer: object, ms: int = 2500) -> None:
        """The caller calls, the card rings."""
        self.do(self.caller, Dial(), WaitFor(Sound.ANSWER, Draw.fixed(40)), *after_answer, called=OWN)
        self.bench.run(ms)

    def pick_up(self) -> None:
        self.bench.until_state(FXO, 2)
        assert self.bench.call("SsmPickup", FXO) == 0
        self.bench.run(500)

    def talk_out(self) -> None:
        """The card calls the friend, who answers with a voice and speaks."""
        self.do(self.friend, Answer(Draw.fixed(2.5)), Speak(Draw.fixed(6)), HangUp())
        assert self.bench.call("SsmAutoDial", FXO, FRIEND) == 0
        self.bench.until_state(FXO, 3)


@pytest.fixture
def site(make):
    def build(extra: str = "", **options: object) -> Site:
        return Site(make(ANALOG, extra=extra), **options)

    return build


# -- the pair ----------------------------------------------------------------------------------------------------------
def test_cut_pair(site):
    s = site()
    number = s.fault("cut_pair")
    assert s.bench.call("SsmGetLineVoltage", FXO) == 0 and s.bench.params(0x08, FXO) == [0]
    s.called(ms=6000)
    assert s.noted("ringing", line=TRUNK, on=True) and s.bench.states(FXO) == []
    s.end(number)
    assert s.bench.call("SsmGetLineVoltage", FXO) == 48
    s.bench.until_state(FXO, 2, 6000)
    assert [f["state"] for f in s.noted("pair")] == ["cut", "good"]


def test_cut_pair_in_talk_is_silence_and_nothing_else(site):
    s = site()
    s.talk_out()
    s.fault("cut_pair")
    s.bench.run(3000)
    assert s.noted("call_end", by="calling")
    assert s.bench.state(FXO) == 3, "the card is not told: only the voltage and the silence show it"
    assert s.bench.params(0x08, FXO)[-1] == 0


def test_lift_elsewhere(site):
    s = site()
    number = s.fault("lift_elsewhere")
    assert s.bench.call("SsmGetLineVoltage", FXO) == 12
    s.do(s.caller, Dial(), WaitFor(Sound.BUSY, Draw.fixed(20)), called=OWN)
    s.bench.run(6000)
    assert s.noted("call_end", cause=17) and s.bench.states(FXO) == []
    s.end(number)
    assert s.bench.params(0x08, FXO) == [12, 48]


def test_stuck_relay_keeps_the_line_seized(site):
    s = site()
    s.talk_out()
    number = s.fault("stuck_off_hook")
    assert s.bench.call("SsmHangup", FXO) == 0
    s.bench.run(1000)
    assert s.bench.state(FXO) == 0 and s.line.current, "the card believes that it has hung up"
    assert not s.circuit.free and not s.noted("call_end")
    s.end(number)
    s.bench.run(1000)
    assert s.circuit.free and [f["stuck"] for f in s.noted("hook_stuck")] == [True, False]


def test_stuck_hook_switch_of_a_telephone(site):
    s = site()
    s.fault("stuck_off_hook", STATION)
    s.do(s.station, Dial("1", Draw.fixed(1)), HangUp())
    s.bench.run(6000)
    assert s.noted("on_hook", person="agent") and s.bench.states(FXS) == [1]
    assert s.bench.call("SsmGetHookState", FXS) == 1


@pytest.mark.parametrize(("volts", "rings"), [(10, False), (25, True)])
def test_weak_ringing(site, volts, rings):
    s = site()
    s.fault("weak_ringing", volts=volts)
    s.called(ms=7000)
    assert s.noted("ringing", line=TRUNK, on=True)
    assert s.bench.states(FXO) == ([2] if rings else [])


def test_no_power(site):
    s = site()
    number = s.fault("no_power")
    assert s.bench.call("SsmGetLineVoltage", FXO) == 0
    s.bench.call("SsmAutoDial", FXO, FRIEND)
    s.bench.until_state(FXO, 7, 7000)
    assert s.bench.call("SsmChkAutoDial", FXO) == 3 and [f["on"] for f in s.noted("feed")] == [False]
    s.bench.call("SsmHangup", FXO)
    s.bench.run(500)
    s.end(number)
    assert s.bench.call("SsmGetLineVoltage", FXO) == 48


# -- polarity ----------------------------------------------------------------------------------------------------------
def test_reversal_tells_the_answer_and_its_absence_leaves_it_to_the_voice(site):
    s = site(reversal=True)
    s.talk_out()
    answered = s.noted("call_answer")[0]["t_us"]
    talking = [f["t_us"] for f in s.noted("ch_state", channel=FXO, new=3)]
    assert talking == [answered] and s.bench.call("SsmGetPolarRvrsCount", FXO) == 1


def test_no_reversal(site):
    s = site(reversal=True)
    s.fault("no_reversal")
    s.talk_out()
    answered = s.noted("call_answer")[0]["t_us"]
    (talking,) = [f["t_us"] for f in s.noted("ch_state", channel=FXO, new=3)]
    assert 300_000 < talking - answered < 1_200_000, "by the voice, after the time of the voice detector"
    assert s.bench.call("SsmGetPolarRvrsCount", FXO) == 0 and not s.noted("polarity")


def test_reversal_glitch_ends_the_call_on_the_card(site):
    s = site()
    s.talk_out()
    s.faults.inject("reversal_glitch", TRUNK, {"ms": "100"})
    s.bench.run(200)
    assert s.bench.call("SsmGetPolarRvrsCount", FXO) == 2
    assert (s.bench.state(FXO), s.bench.call("SsmGetPendingReason", FXO)) == (7, 4)
    assert not s.noted("call_end"), "while the caller is still there"


# -- tones -------------------------------------------------------------------------------------------------------------
def test_no_dial_tone(site):
    s = site()
    s.fault("no_dial_tone")
    s.bench.call("SsmAutoDial", FXO, FRIEND)
    s.bench.until_state(FXO, 7, 6000)
    assert s.bench.call("SsmChkAutoDial", FXO) == 3 and not s.noted("tone", line=TRUNK, tone="dial")


def test_slow_dial_tone(site):
    s = site()
    s.fault("slow_dial_tone", ms=2500)
    s.bench.call("SsmAutoDial", FXO, FRIEND)
    s.bench.until_state(FXO, 5, 5000)
    assert s.noted("tone", line=TRUNK, tone="dial")[0]["t_us"] - s.noted("hook", line=TRUNK)[0]["t_us"] == 2_500_000


def test_no_busy_tone_leaves_the_port_seized(site):
    s = site()
    s.fault("no_busy_tone")
    s.talk_out()
    s.bench.run(60_000)
    assert s.noted("call_end", by="called") and not s.noted("tone", line=TRUNK, tone="busy")
    assert s.bench.state(FXO) == 3


@pytest.mark.parametrize(
    ("args", "periods", "noticed"),
    [
        ({}, "700", False),
        ({}, "400,700", True),
        ({"on_ms": 250, "off_ms": 250, "hz": 450}, "700", False),
        ({"on_ms": 350, "off_ms": 350, "hz": 450, "dbm0": -30}, "700", True),
        ({"on_ms": 350, "off_ms": 350, "hz": 450, "dbm0": -50}, "700", False),
        ({"on_ms": 350, "off_ms": 350, "hz": 600}, "700", False),
    ],
)
def test_bad_busy_tone_is_noticed_only_when_the_card_was_taught_it(site, args, periods, noticed):
    s = site(extra=f"BusyTonePeriod={periods}")
    s.fault("bad_busy_tone", **args)
    s.talk_out()
    s.bench.run(20_000)
    assert s.noted("call_end", by="called") and s.noted("tone", line=TRUNK, tone="busy")
    assert s.bench.state(FXO) == (7 if noticed else 3)
    assert bool(s.bench.params(0x28, FXO)) is noticed


# -- sound -------------------------------------------------------------------------------------------------------------
def heard_by(s: Site, leg: int, ms: int = 3000) -> list:
    """The chirps that a leg hears."""
    recorder = s.sim.engine.record_mem(leg, ms * 8, Format.PCM16, What.IN)
    s.bench.run(ms)
    pcm = s.sim.engine.rec_read(recorder)
    s.sim.engine.stop(recorder)
    return find_chirps(pcm)


def card_says(s: Site) -> None:
    s.sim.engine.chirp(s.line.set_leg, 9, 1, period_samples=3200)


@pytest.mark.parametrize(
    ("direction", "card_hears", "is_heard"), [("in", False, True), ("out", True, False), ("both", False, False)]
)
def test_one_way_audio(site, direction, card_hears, is_heard):
    s = site()
    s.talk_out()
    s.bench.run(2500)
    s.fault("mute", direction=direction)
    card_says(s)
    recorder = s.sim.engine.record_mem(s.line.set_leg, 24_000, Format.PCM16, What.IN)
    assert bool(heard_by(s, s.friend.handset.leg)) is is_heard
    assert bool(find_chirps(s.sim.engine.rec_read(recorder))) is card_hears
    assert bool(s.noted("heard_person", person="friend", party=9)) is is_heard


def test_noise_is_a_voice_to_the_card_and_echo_is_its_own_words(site):
    s = site()
    s.called(Wait(Draw.fixed(60)))
    s.pick_up()
    s.bench.run(2000)
    assert s.bench.call("SsmDetectBargeIn", FXO) == 0
    number = s.fault("noise", dbm0=-25)
    s.bench.run(1500)
    assert s.bench.level(s.line.set_leg) == pytest.approx(-2500, abs=60)
    assert s.bench.call("SsmDetectBargeIn", FXO) == 1
    s.end(number)
    s.bench.run(1500)
    assert s.bench.call("SsmDetectBargeIn", FXO) == 0
    s.fault("echo", db=6, ms=20)
    card_says(s)
    assert {chirp.party for chirp in heard_by(s, s.line.set_leg)} == {9}


def test_loss(site):
    s = site()
    s.called(Wait(Draw.fixed(60)))
    s.pick_up()
    source = s.sim.engine.tone(s.caller.handset.leg, 800, -1000)
    s.bench.run(300)
    before = s.bench.level(s.line.set_leg)
    s.fault("loss", db=25)
    s.bench.run(300)
    assert before - s.bench.level(s.line.set_leg) == pytest.approx(2500, abs=20)
    s.sim.engine.stop(source)


@pytest.mark.parametrize(("kind", "args"), [("mute", {}), ("noise", {"dbm0": -10}), ("loss", {"db": 45})])
def test_a_bad_line_loses_the_callers_number(site, kind, args):
    s = site()
    s.fault(kind, **args)
    s.called(ms=4500)
    assert s.bench.state(FXO) == 2
    assert s.noted("caller_id", line=TRUNK, number=CALLER) and not s.noted("caller_id_heard", good=True)
    assert s.bench.text("SsmGetCallerId", FXO) == ""


# -- keys --------------------------------------------------------------------------------------------------------------
KEYS = [
    ("dtmf_short", {}, ""),
    ("dtmf_short", {"ms": 60}, "159"),
    ("dtmf_twist", {}, ""),
    ("dtmf_twist", {"db": -15}, ""),
    ("dtmf_twist", {"db": 3}, "159"),
    ("dtmf_break", {}, "159"),
    ("dtmf_low", {}, ""),
    ("dtmf_low", {"dbm0": -20}, "159"),
]


@pytest.mark.parametrize(("kind", "args", "heard"), KEYS)
@pytest.mark.parametrize("where", [CALLER, "callers"])
def test_keys_of_a_caller(site, kind, args, heard, where):
    s = site()
    number = s.fault(kind, where, **args)
    s.called(Send("159"), Wait(Draw.fixed(4)), Send("7"), Wait(Draw.fixed(20)))
    s.bench.call("SsmEnableRxDtmf", FXO, 1)
    s.pick_up()
    source = s.sim.engine.noise(s.line.set_leg, -2000)
    s.bench.run(700)
    s.sim.engine.stop(source)
    s.bench.run(1500)
    assert "".join(f["digit"] for f in s.noted("digit_sent", person="caller")) == "159"
    assert s.bench.text("SsmGetDtmfStr", FXO) == heard
    s.end(number)
    s.bench.run(4500)
    assert s.bench.text("SsmGetDtmfStr", FXO) == heard + "7"


@pytest.mark.parametrize(("kind", "args", "heard"), KEYS)
def test_keys_of_a_telephone(site, kind, args, heard):
    s = site()
    s.bench.call("SsmSetASDT", FXS, 1)
    s.fault(kind, STATION, **args)
    s.do(s.station, Dial("159"), Wait(Draw.fixed(5)))
    s.bench.run(6000)
    assert len(s.noted("digit_sent", person="agent")) == 3
    assert s.bench.text("SsmGetDtmfStr", FXS) == heard


# -- caller ID at a telephone ------------------------------------------------------------------------------------------
def test_the_telephone_shows_what_the_card_sends_and_nothing_over_a_muted_pair(site):
    s = site()
    assert s.bench.call("SsmStartRingWithCIDStr", FXS, CALLER, len(CALLER), 1000) == 0
    s.bench.run(4500)
    (shown,) = s.noted("caller_id_shown", line=STATION)
    assert (shown["number"], shown["form"]) == (CALLER, "fsk")
    s.bench.call("SsmStopRing", FXS)
    s.fault("mute", STATION, direction="out")
    s.bench.call("SsmStartRingWithCIDStr", FXS, "88887777", 8, 1000)
    s.bench.run(4500)
    assert len(s.noted("caller_id_shown")) == 1 and s.noted("caller_id", line=STATION, number="88887777")


@pytest.mark.parametrize("number", ["\ufffd\u0225\u0001", "7" * 65, ""])
def test_what_is_no_number_is_refused_and_the_machine_goes_on(site, number):
    s = site()
    assert s.bench.call("SsmStartRingWithCIDStr", FXS, number, len(number), 1000) == -1
    assert s.bench.call("SsmStartRingWithCIDStr", FXS, CALLER, len(CALLER), 1000) == 0
    s.bench.run(4500)
    assert [f["number"] for f in s.noted("caller_id_shown", line=STATION)] == [CALLER]


def test_a_tap_reads_the_number_on_the_pair(make):
    bench = make(ANALOG)
    s = Site(bench)
    circuit = s.exchange.add_line(bench.machine.analog_lines[TAPPED], LineOptions(number="88004000"))
    StationSet(bench.machine.analog_lines[TAPPED])
    s.do(s.caller, Dial(), Wait(Draw.fixed(20)), called="88004000")
    bench.run(5000)
    assert circuit.call and bench.state(TAP) == 2
    assert bench.text("SsmGetCallerId", TAP) == CALLER
    assert s.noted("caller_id_heard", channel=TAP) and s.noted("caller_id_shown", line=TAPPED)


@pytest.mark.parametrize("ignore", [0, 1])
def test_a_tap_reads_the_number_whether_voltage_or_voice_tells_it_the_hook(make, ignore):
    bench = make(ANALOG)
    s = Site(bench)
    bench.call("SsmSetIgnoreLineVoltage", TAP, ignore)
    s.exchange.add_line(bench.machine.analog_lines[TAPPED], LineOptions(number="88004000"))
    s.do(s.caller, Dial(), Wait(Draw.fixed(20)), called="88004000")
    bench.run(5000)
    assert bench.params(0x45, TAP) == [0]
    assert [f["number"] for f in s.noted("caller_id_heard", channel=TAP)] == [CALLER]


# -- what is no answer -------------------------------------------------------------------------------------------------
def test_a_ring_back_tune_is_taken_for_an_answer(site):
    s = site()
    s.exchange.add_subscriber(FRIEND).give_tune()
    s.do(s.friend, Answer(Draw.fixed(20)), Speak(Draw.fixed(5)))
    s.bench.call("SsmAutoDial", FXO, FRIEND)
    s.bench.until_state(FXO, 3)
    assert s.noted("ring_back_tune", line="057188001234") and not s.noted("call_answer")
    assert s.bench.call("SsmChkAutoDial", FXO) == 7


def test_an_announcement_is_taken_for_an_answer(site):
    s = site()
    s.exchange.announcements = {1: Announcement(4000)}
    s.bench.call("SsmAutoDial", FXO, "88009999")
    s.bench.until_state(FXO, 3)
    assert s.noted("announcement", line=TRUNK, cause=1) and not s.noted("call_answer")
    s.bench.run(20_000)
    assert s.noted("tone", line=TRUNK, tone="unobtainable") and s.bench.state(FXO) == 3, "no busy tone, no end"


# -- mistakes ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "where", "args"),
    [
        ("dtmf_short", TRUNK, {}),
        ("dtmf_short", "nobody", {}),
        ("dtmf_short", STATION, {"ms": "0"}),
        ("dtmf_twist", STATION, {"db": "much"}),
        ("dtmf_break", STATION, {"ms": "101"}),
        ("dtmf_low", STATION, {"dbm0": "3"}),
        ("weak_ringing", TRUNK, {"volts": "200"}),
        ("stuck_off_hook", "card9/9", {}),
        ("bad_busy_tone", STATION, {}),
        ("bad_busy_tone", TRUNK, {"hz": "9000"}),
        ("bad_busy_tone", TRUNK, {"on_ms": "0"}),
        ("no_reversal", STATION, {}),
    ],
)
def test_what_makes_no_sense_is_refused(site, kind, where, args):
    s = site()
    with pytest.raises(FaultError, match=r"."):
        s.faults.inject(kind, where, args)
    assert not s.noted("fault")
