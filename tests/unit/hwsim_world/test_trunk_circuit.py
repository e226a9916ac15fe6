"""The network end of E1 circuits, with a scripted card at the other end."""

import pytest
from worldkit import CardCircuit, FxoPort, facts, make_sim, run_s

from hwsim.core.events import Kind
from hwsim.exchange.announcer import Announcement
from hwsim.exchange.exchange import Exchange
from hwsim.exchange.numbering import NumberRange
from hwsim.exchange.trunk_circuit import CircuitOptions, CircuitState, Screening
from hwsim.line.analog import AnalogLine
from hwsim.line.digital import Alarm, Setup, Signalling, Span
from hwsim.people.behaviour import Behaviour
from hwsim.people.draw import Draw
from hwsim.people.person import Person
from hwsim.people.steps import Answer, Dial, Errand, HangUp, Send, Sound, Speak, Wait, WaitFor
from hwsim.people.subscriber import SubscriberSet


class Town:
    def __init__(self, circuits=2, **options):
        self.sim = make_sim()
        self.exchange = Exchange(self.sim)
        self.span = Span.build(self.sim, "0/1", Signalling.ISDN_USER)
        made = CircuitOptions(caller_number="88001000", **options)
        slots = [self.span.circuits[n] for n in range(1, circuits + 1)]
        self.trunks = [self.exchange.add_circuit(self.span, circuit, made) for circuit in slots]
        self.exchange.add_group("e1", self.trunks, [NumberRange.parse("88001000-88001099")])
        self.cards = [CardCircuit(circuit, answer_ms=2000) for circuit in slots]
        self.card, self.trunk, self.circuit = self.cards[0], self.trunks[0], slots[0]
        self.caller = self.person("caller", 100, "13800138000")
        self.friend = self.person("friend", 101, "88005555")

    def person(self, name, party, number):
        return Person(self.sim, name, party, SubscriberSet(self.exchange.add_subscriber(number)))

    def do(self, person, *steps, called=""):
        person.run(Behaviour("test", steps).acts(person, Errand(called)))

    def ends(self):
        return [(f["cause"], f["by"], f["answered"]) for f in facts(self.sim, "call_end")]


def test_incoming_call_setup_answer_and_caller_release():
    town = Town(digits_sent=4)
    town.do(town.caller, Dial(), WaitFor(Sound.RING_BACK), Wait(Draw.fixed(4)), HangUp(), called="88001055")
    run_s(town.sim, 12)
    assert town.card.setup == Setup(called="1055", caller="13800138000")
    assert town.card.words() == ["setup", "release"]
    assert town.card.told[-1] == ("release", 16)
    assert town.ends() == [(16, "calling", True)]
    assert town.trunk.free and not town.circuit.busy


def test_digits_pressed_by_the_caller_reach_the_card_as_sound_only_when_connected():
    town = Town()
    heard = []
    town.sim.engine.dtmf_detect(town.circuit.card_leg, True)
    town.sim.on_engine(town.circuit.card_leg, lambda e: heard.append(e.digit) if e.kind is Kind.DTMF_ON else None)
    early = Send("7", after=Draw.fixed(1))
    town.do(town.caller, Dial(), early, Wait(Draw.fixed(4)), Send("1"), Wait(Draw.fixed(60)), called="88001000")
    run_s(town.sim, 10)
    assert heard == ["1"]
    assert [f["digit"] for f in facts(town.sim, "digit_sent")] == ["7", "1"]


@pytest.mark.parametrize("cause", [16, 17, 34])
def test_card_releases_an_answered_call(cause):
    town = Town()
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88001000")
    run_s(town.sim, 5)
    town.trunk.on_release(cause)
    run_s(town.sim, 5)
    assert town.card.words()[-1] == "released" and town.trunk.free
    assert town.ends() == [(cause, "called", True)]


def test_card_refuses_with_busy():
    town = Town(circuits=1)
    town.card.alerts, town.card.answer_ms = False, None
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88001000")
    run_s(town.sim, 1)
    town.trunk.on_release(17)
    run_s(town.sim, 4)
    assert town.ends() == [(17, "called", False)]
    assert facts(town.sim, "heard_tone", person="caller", tone="busy")


def test_silent_card_is_given_up():
    town = Town(circuits=1)
    town.card.alerts, town.card.answer_ms = False, None
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88001000")
    run_s(town.sim, 30)
    assert town.ends() == [(18, "exchange", False)]
    assert town.card.words() == ["setup", "release"]


def test_all_circuits_busy_is_congestion_as_sound():
    town = Town(circuits=1)
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88001000")
    run_s(town.sim, 5)
    town.do(town.friend, Dial(), Wait(Draw.fixed(60)), called="88001001")
    run_s(town.sim, 5)
    assert town.ends() == [(34, "exchange", False)]
    assert facts(town.sim, "heard_tone", person="friend", tone="congestion")


def _call_out(town, setup):
    town.circuit.net.on_setup(setup)


def test_outgoing_call_with_ring_back_and_answer():
    town = Town()
    town.do(town.friend, Answer(Draw.fixed(3)), Speak(Draw.fixed(4)))
    _call_out(town, Setup("88005555", caller="88001042"))
    assert town.circuit.busy
    run_s(town.sim, 4)
    assert town.card.words() == ["proceeding", "alerting", "connect"]
    (begin,) = facts(town.sim, "call_begin")
    assert (begin["caller"], begin["called"]) == ("057188001042", "057188005555")
    run_s(town.sim, 10)
    assert town.card.told[-1] == ("release", 16) and town.trunk.free


def test_a_called_partys_tune_is_heard_instead_of_ring_back():
    town = Town()
    town.exchange.add_subscriber("88005555").give_tune()
    town.do(town.friend, Answer(Draw.fixed(8)), Speak(Draw.fixed(4)))
    _call_out(town, Setup("88005555"))
    edges = []
    detector = town.sim.engine.tone_detect(town.circuit.card_leg, 450, 120)
    town.sim.on_engine(town.circuit.card_leg, lambda e: edges.append(e.b) if e.id == detector else None)
    run_s(town.sim, 4)
    assert town.card.words() == ["proceeding", "alerting"]
    assert town.sim.engine.level(town.circuit.card_leg).rx_mb > -3500
    assert not any(abs(ms - 1000) < 100 for ms in edges)
    run_s(town.sim, 6)
    assert town.card.words() == ["proceeding", "alerting", "connect"]
    assert facts(town.sim, "ring_back_tune") and town.sim.engine.stats().sources <= 1


@pytest.mark.parametrize(("screening", "shown"), [(Screening.REPLACE, "057188001000"), (Screening.PASS, "01012345678")])
def test_foreign_caller_numbers_are_screened(screening, shown):
    town = Town(screening=screening)
    _call_out(town, Setup("88005555", caller="01012345678"))
    run_s(town.sim, 1)
    assert facts(town.sim, "call_begin")[0]["caller"] == shown


def test_foreign_caller_number_rejected():
    town = Town(screening=Screening.REJECT)
    _call_out(town, Setup("88005555", caller="01012345678"))
    run_s(town.sim, 1)
    assert town.card.told == [("release", 21)] and town.trunk.free


def test_unallocated_number_releases_with_cause_1():
    town = Town()
    _call_out(town, Setup("88007777"))
    run_s(town.sim, 2)
    assert town.card.told[-1] == ("release", 1)


def test_failure_in_band_plays_the_tone_before_the_release():
    town = Town(inband_failure_ms=5000)
    _call_out(town, Setup("88007777"))
    run_s(town.sim, 2)
    assert town.card.words() == ["proceeding", "progress"]
    assert facts(town.sim, "tone", line="0/1/1")[0]["tone"] == "unobtainable"
    run_s(town.sim, 5)
    assert town.card.told[-1] == ("release", 1)


def test_failed_call_in_band_may_be_an_announcement():
    town = Town(inband_failure_ms=6000)
    town.exchange.announcements = {1: Announcement(4000)}
    _call_out(town, Setup("88007777"))
    run_s(town.sim, 3)
    assert town.card.words() == ["proceeding", "progress"] and facts(town.sim, "announcement", line="0/1/1", cause=1)
    assert not facts(town.sim, "tone", line="0/1/1")
    assert town.sim.engine.level(town.circuit.card_leg).rx_mb > -4000
    run_s(town.sim, 2)
    assert facts(town.sim, "tone", line="0/1/1")[0]["tone"] == "unobtainable"
    run_s(town.sim, 3)
    assert town.card.told[-1] == ("release", 1) and town.sim.engine.stats().sources == 0


def test_overlap_dialling_out_routes_at_the_last_digit():
    town = Town()
    _call_out(town, Setup("880", complete=False))
    for digit in "05555":
        run_s(town.sim, 1)
        assert not facts(town.sim, "call_begin")
        town.trunk.on_digits(digit)
    assert facts(town.sim, "call_begin")[0]["called"] == "057188005555"


def test_overlap_dialling_out_with_a_gap_too_long_is_an_incomplete_number():
    town = Town()
    _call_out(town, Setup("8800", complete=False))
    run_s(town.sim, 16)
    assert town.card.told[-1] == ("release", 28) and not facts(town.sim, "call_begin")


def test_overlap_towards_the_card():
    town = Town(overlap=True, digits_sent=4)
    town.card.alerts, town.card.answer_ms = False, None
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88001055")
    run_s(town.sim, 3)
    assert town.card.setup.called == "1" and not town.card.setup.complete
    assert [d for word, d in town.card.told if word == "digits"] == list("055")


def test_card_gives_up_while_its_call_rings():
    town = Town()
    _call_out(town, Setup("88005555"))
    run_s(town.sim, 2)
    town.trunk.on_release(16)
    run_s(town.sim, 1)
    assert not town.friend.handset.ringing and town.trunk.free
    assert town.ends() == [(16, "calling", False)]


def test_glare_is_won_by_the_network():
    town = Town()
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88001000")
    run_s(town.sim, 1)
    _call_out(town, Setup("88005555"))
    run_s(town.sim, 4)
    assert facts(town.sim, "signal", message="glare") and len(facts(town.sim, "call_begin")) == 1
    assert facts(town.sim, "call_answer")


def test_short_alarm_keeps_the_call_and_a_long_one_ends_it():
    town = Town()
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88001000")
    run_s(town.sim, 5)
    town.span.set_alarms(frozenset({Alarm.AIS}))
    assert not town.trunks[1].free
    run_s(town.sim, 2)
    town.span.set_alarms(frozenset())
    run_s(town.sim, 10)
    assert town.ends() == []
    town.span.set_alarms(frozenset({Alarm.LOS}))
    run_s(town.sim, 6)
    assert town.ends() == [(27, "called", True)]
    assert town.trunk.state is CircuitState.RELEASING and "release" not in town.card.words()
    town.span.set_alarms(frozenset())
    assert town.card.told[-1] == ("release", 41) and town.trunk.free
    run_s(town.sim, 20)
    assert town.ends() == [(27, "called", True)]


def test_remote_alarm_does_not_block():
    town = Town()
    town.span.set_alarms(frozenset({Alarm.RAI}))
    assert town.trunk.free


def test_the_box_may_call_itself_from_e1_to_an_analogue_line():
    town = Town()
    line = AnalogLine(town.sim, "1/0")
    circuit = town.exchange.add_line(line)
    town.exchange.add_group("pstn", [circuit], [NumberRange.parse("88002000")])
    port = FxoPort(line, answer_ring=2)
    port.listen()
    _call_out(town, Setup("88002000"))
    run_s(town.sim, 8)
    assert town.card.words()[-1] == "connect"
    town.sim.engine.dtmf(town.circuit.card_leg, "42")
    run_s(town.sim, 1)
    assert port.digits == "42"
    port.hang_up()
    run_s(town.sim, 1)
    assert town.card.told[-1] == ("release", 16)
    port.lift()
    run_s(town.sim, 2)
    assert facts(town.sim, "tone", line="1/0")[-1]["tone"] == "dial"


def test_a_release_that_the_card_does_not_confirm_keeps_the_circuit_out_of_use():
    town = Town(circuits=1)
    town.do(town.caller, Dial(), Wait(Draw.fixed(5)), HangUp(), called="88001000")
    town.card.on_release = lambda cause: town.card.told.append(("release", cause))
    run_s(town.sim, 20)
    assert facts(town.sim, "signal", message="release_unconfirmed")
    assert town.circuit.busy and not town.trunk.free
    town.trunk.on_release(41)
    assert town.trunk.free and town.card.words()[-1] == "release"


def test_a_card_that_only_rings_is_cleared_when_the_exchange_stops_waiting():
    town = Town()
    town.card.answer_ms = None
    town.do(town.caller, Dial(), Wait(Draw.fixed(80)), called="88001000")
    run_s(town.sim, 70)
    assert town.ends() == [(19, "exchange", False)]
    assert town.card.told[-1] == ("release", 16) and town.trunk.free
