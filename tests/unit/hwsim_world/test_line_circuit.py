"""The exchange's end of analogue lines, with a scripted FXO port as the set; everything in virtual time."""

import pytest
from worldkit import FxoPort, facts, make_sim, run_s

from hwsim.exchange.exchange import Exchange
from hwsim.exchange.line_circuit import LineOptions, LineState
from hwsim.exchange.numbering import NumberRange
from hwsim.exchange.release import Holding
from hwsim.exchange.ringer import CallerIdForm, RingOptions
from hwsim.line.analog import AnalogLine
from hwsim.people.behaviour import Behaviour
from hwsim.people.cadence import Heard
from hwsim.people.draw import Draw
from hwsim.people.ear import Ear
from hwsim.people.person import Person
from hwsim.people.steps import Answer, Dial, Errand, HangUp, Sound, Speak, Wait, WaitFor
from hwsim.people.subscriber import SubscriberSet


class Town:
    """One exchange, one FXO line 88002000, a caller and a called party with mobile telephones."""

    def __init__(self, options=None):
        self.sim = make_sim()
        self.exchange = Exchange(self.sim)
        self.line = AnalogLine(self.sim, "1/0")
        self.circuit = self.exchange.add_line(self.line, options or LineOptions(number="88002000"))
        self.port = FxoPort(self.line)
        self.port.listen()
        self.ear = Ear(self.sim, self.line.set_leg, lambda: None)
        self.ear.open()
        self.caller = self.person("caller", 100, "13800138000")
        self.friend = self.person("friend", 101, "88001234")

    def person(self, name, party, number):
        return Person(self.sim, name, party, SubscriberSet(self.exchange.add_subscriber(number)))

    def do(self, person, *steps, called=""):
        person.run(Behaviour("test", steps).acts(person, Errand(called)))

    def call_end(self):
        (end,) = facts(self.sim, "call_end")
        return end["cause"], end["by"], end["answered"]


@pytest.fixture
def town():
    made = Town()
    yield made
    made.sim.engine.close()


def test_ringing_cadence_and_caller_id_between_ring_one_and_two(town):
    town.do(town.caller, Dial(), Wait(Draw.fixed(20)), called="88002000")
    run_s(town.sim, 13)
    start = town.port.bursts[0][0]
    edges = [((t - start) / 1e6, on) for t, on in town.port.bursts]
    assert edges == [(0, True), (1, False), (5, True), (6, False), (10, True), (11, False)]
    ((at_us, caller, form),) = town.port.caller_ids
    after_ring_s = (at_us - start) / 1e6 - 1
    assert 0.5 + 0.617 < after_ring_s < 4 - 0.2
    assert (caller.number, form, caller.date) == ("13800138000", "fsk", "03010900")


def test_dtmf_caller_id_is_sound_before_the_first_ring():
    ring = RingOptions(caller_id=CallerIdForm.DTMF)
    town = Town(LineOptions(number="88002000", ring=ring))
    town.do(town.caller, Dial(), Wait(Draw.fixed(20)), called="88002000")
    run_s(town.sim, 10)
    assert town.port.digits == "D13800138000C"
    ((at_us, _caller, form),) = town.port.caller_ids
    assert form == "dtmf" and at_us <= town.port.bursts[0][0]


def test_spoilt_checksum_is_repeated_after_the_second_ring():
    ring = RingOptions(bad_checksum_first=True)
    town = Town(LineOptions(number="88002000", ring=ring))
    town.do(town.caller, Dial(), Wait(Draw.fixed(20)), called="88002000")
    run_s(town.sim, 12)
    assert town.port.bad_caller_ids == 1
    assert [(at_us > town.port.bursts[3][0], c.number) for at_us, c, _ in town.port.caller_ids] == [
        (True, "13800138000")
    ]
    assert [f["good"] for f in facts(town.sim, "caller_id")] == [False, True]


def test_caller_gives_up_while_it_rings(town):
    town.do(town.caller, Dial(), Wait(Draw.fixed(7)), HangUp(), called="88002000")
    run_s(town.sim, 20)
    assert not town.line.ringing and town.circuit.state is LineState.IDLE
    assert town.call_end() == (16, "calling", False)
    assert town.port.bursts[-1][1] is False and town.port.bursts[-1][0] < 8_000_000


def test_answer_connects_and_caller_clearing_gives_busy_tone_as_sound(town):
    town.port.answer_ring = 2
    town.do(town.caller, Dial(), WaitFor(Sound.RING_BACK), Wait(Draw.fixed(8)), Speak(Draw.fixed(3)), called="88002000")
    run_s(town.sim, 12)
    assert town.ear.voice
    assert not town.line.ringing
    run_s(town.sim, 10)
    assert town.ear.tone is Heard.BUSY
    assert town.call_end() == (16, "calling", True)
    town.port.hang_up()
    run_s(town.sim, 1)
    assert town.circuit.state is LineState.IDLE and town.circuit.tones.kind is None


def test_called_line_clearing_gives_the_caller_busy_tone(town):
    town.port.answer_ring = 1
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88002000")
    run_s(town.sim, 6)
    town.port.hang_up()
    run_s(town.sim, 5)
    assert town.call_end() == (16, "called", True)
    assert facts(town.sim, "heard_tone", person="caller", tone="busy")
    assert facts(town.sim, "script_end", person="caller", outcome="cleared")


def test_a_flash_is_not_on_hook_for_the_exchange(town):
    town.port.answer_ring = 1
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88002000")
    run_s(town.sim, 6)
    town.port.hang_up()
    run_s(town.sim, 0.3)
    town.port.lift()
    run_s(town.sim, 3)
    assert not facts(town.sim, "call_end")
    assert facts(town.sim, "flash_seen", line="1/0")[0]["duration_ms"] == 300


def test_reanswer_keeps_the_caller():
    town = Town(LineOptions(number="88002000", calls_end=Holding(wait_ms=30_000)))
    town.port.answer_ring = 1
    town.do(town.caller, Dial(), Wait(Draw.fixed(100)), called="88002000")
    run_s(town.sim, 6)
    town.port.hang_up()
    run_s(town.sim, 10)
    assert not facts(town.sim, "call_end") and not town.circuit.free
    town.port.lift()
    run_s(town.sim, 5)
    assert town.circuit.state is LineState.TALKING and facts(town.sim, "reanswered", line="1/0")
    town.port.hang_up()
    run_s(town.sim, 40)
    assert town.call_end() == (16, "called", True) and town.circuit.free


def _talk(town):
    town.do(town.friend, Answer(Draw.fixed(4)), Speak(Draw.fixed(5)))


def test_outgoing_call_by_sound_with_reversal():
    town = Town(LineOptions(number="88002000", reversal=True))
    _talk(town)
    town.port.lift()
    run_s(town.sim, 2)
    assert town.ear.tone is Heard.DIAL
    town.port.dial("88001234")
    run_s(town.sim, 5)
    assert facts(town.sim, "call_begin")[0]["called"] == "057188001234"
    assert town.port.polarity == []
    run_s(town.sim, 4)
    assert town.port.polarity == [True] and town.ear.voice
    run_s(town.sim, 7)
    assert town.port.polarity == [True, False] and town.ear.tone is Heard.BUSY
    assert town.call_end() == (16, "called", True)


def test_called_party_clears_first_and_the_line_stays_silent_for_the_clear_delay():
    town = Town(LineOptions(number="88002000", clear_delay_ms=60_000))
    _talk(town)
    town.port.lift()
    run_s(town.sim, 2)
    town.port.dial("88001234")
    run_s(town.sim, 14)
    ended = facts(town.sim, "call_end")[0]["t_us"]
    run_s(town.sim, 40)
    assert town.ear.tone is None and town.circuit.tones.kind is None
    run_s(town.sim, 30)
    (busy,) = facts(town.sim, "tone", line="1/0", tone="busy")
    assert busy["t_us"] - ended == 60_000_000
    assert town.ear.tone is Heard.BUSY


def test_pulse_dialling(town):
    _talk(town)
    town.port.lift()
    run_s(town.sim, 2)
    town.port.pulse("88001234")
    run_s(town.sim, 14)
    assert [f["digit"] for f in facts(town.sim, "digit_received")] == list("88001234")
    assert facts(town.sim, "call_begin")[0]["called"] == "057188001234"


def test_digits_through_a_muted_line_are_not_heard(town):
    town.port.lift()
    run_s(town.sim, 2)
    town.sim.engine.line_set(town.line.set_leg, type(town.sim.engine.line(town.line.set_leg))(mute_tx=True))
    town.port.dial("88001234")
    run_s(town.sim, 5)
    assert facts(town.sim, "digit_received") == []


def test_incomplete_number_gets_busy_tone_after_the_inter_digit_time(town):
    town.port.lift()
    run_s(town.sim, 2)
    town.port.dial("8800")
    run_s(town.sim, 9)
    assert town.circuit.tones.kind is None
    run_s(town.sim, 5)
    assert town.ear.tone is Heard.BUSY and not facts(town.sim, "call_begin")


@pytest.mark.parametrize(
    ("number", "cause", "tone"),
    [("88009999", 1, Heard.UNOBTAINABLE), ("88001111", 20, Heard.BUSY), ("88001112", 17, Heard.BUSY)],
)
def test_failed_calls_have_cause_and_tone(town, number, cause, tone):
    from hwsim.exchange.subscriber_line import SubscriberState

    town.exchange.add_subscriber("88001111", SubscriberState.POWER_OFF)
    town.exchange.add_subscriber("88001112", SubscriberState.BUSY)
    town.port.lift()
    run_s(town.sim, 2)
    town.port.dial(number)
    run_s(town.sim, 7)
    assert town.call_end() == (cause, "exchange", False)
    assert town.ear.tone is tone


def test_no_answer_ends_after_the_exchange_timer(town):
    town.port.lift()
    run_s(town.sim, 2)
    town.port.dial("88001234")
    run_s(town.sim, 70)
    assert town.call_end() == (19, "exchange", False)
    (alert,), (end,) = facts(town.sim, "call_alert"), facts(town.sim, "call_end")
    assert end["t_us"] - alert["t_us"] == 60_000_000
    assert not town.friend.handset.ringing


def test_a_busy_line_in_a_group_is_skipped_and_a_full_group_is_busy(town):
    other = AnalogLine(town.sim, "1/1")
    FxoPort(other)
    second = town.exchange.add_line(other)
    town.exchange.add_group("hotline", [town.circuit, second], [NumberRange.parse("88003000")])
    town.port.lift()
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88003000")
    run_s(town.sim, 3)
    assert facts(town.sim, "call_route")[0]["line"] == "1/1"
    town.do(town.friend, Dial(), Wait(Draw.fixed(60)), called="88003000")
    run_s(town.sim, 5)
    assert facts(town.sim, "call_end")[0]["cause"] == 17


def test_cut_pair_while_talking_is_on_hook_for_the_exchange(town):
    town.port.answer_ring = 1
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88002000")
    run_s(town.sim, 6)
    town.line.cut(True)
    run_s(town.sim, 2)
    assert town.call_end() == (16, "called", True)


def test_power_failure_ends_the_call_and_comes_back(town):
    town.port.answer_ring = 1
    town.do(town.caller, Dial(), Wait(Draw.fixed(60)), called="88002000")
    run_s(town.sim, 6)
    town.circuit.power(False)
    run_s(town.sim, 2)
    assert town.line.volts == 0 and town.call_end()[2] is True
    town.port.hang_up()
    town.circuit.power(True)
    town.port.lift()
    run_s(town.sim, 2)
    assert town.ear.tone is Heard.DIAL


def test_the_clear_delay_is_not_for_a_called_line():
    town = Town(LineOptions(number="88002000", clear_delay_ms=60_000))
    town.port.answer_ring = 1
    town.do(town.caller, Dial(), Wait(Draw.fixed(5)), HangUp(), called="88002000")
    run_s(town.sim, 8)
    assert town.ear.tone is Heard.BUSY
