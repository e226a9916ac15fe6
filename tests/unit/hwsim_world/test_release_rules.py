"""Who ends an answered call by going on-hook: first, calling, called, last; on exchange lines and elsewhere."""

import pytest
from worldkit import FxoPort, facts, make_sim, run_s

from hwsim.exchange.exchange import Exchange
from hwsim.exchange.line_circuit import LineOptions, LineState
from hwsim.exchange.release import Holding, ReleaseRule
from hwsim.line.analog import AnalogLine

FIRST, CALLING, CALLED, LAST = ReleaseRule


class Town:
    """An exchange line that has called a subscriber, or was called by one; they talk."""

    def __init__(self, out, holding, reversal=True):
        self.sim = make_sim()
        self.exchange = Exchange(self.sim)
        self.line = AnalogLine(self.sim, "1/0")
        options = LineOptions(number="88002000", reversal=reversal, calls_end=holding)
        self.circuit = self.exchange.add_line(self.line, options)
        self.port = FxoPort(self.line, answer_ring=1)
        self.friend = self.exchange.add_subscriber("88001234")
        self.friend.calls_end = holding
        self.out = out
        if out:
            self.port.lift()
            run_s(self.sim, 1)
            self.port.dial("88001234")
            run_s(self.sim, 4)
            self.friend.lift()
        else:
            self.friend.lift()
            self.friend.dial("88002000")
            run_s(self.sim, 3)
        run_s(self.sim, 1)
        assert facts(self.sim, "call_answer") and self.circuit.state is LineState.TALKING

    def down(self, who):
        """The calling or the called one goes on-hook."""
        (self.port if (who == "calling") is self.out else self.friend).hang_up()
        run_s(self.sim, 2)

    def up(self, who):
        (self.port if (who == "calling") is self.out else self.friend).lift()
        run_s(self.sim, 1)

    def ends(self):
        return [(f["cause"], f["by"]) for f in facts(self.sim, "call_end")]


@pytest.fixture
def town():
    made = []

    def build(*args, **more):
        made.append(Town(*args, **more))
        return made[-1]

    yield build
    for one in made:
        one.sim.engine.close()


@pytest.mark.parametrize("out", [True, False], ids=["line_calls", "line_is_called"])
@pytest.mark.parametrize(
    ("rule", "calling_ends", "called_ends"),
    [(FIRST, True, True), (CALLING, True, False), (CALLED, False, True), (LAST, False, False)],
)
def test_who_ends_it(town, out, rule, calling_ends, called_ends):
    for who, ends in (("calling", calling_ends), ("called", called_ends)):
        made = town(out, Holding(rule))
        made.down(who)
        assert made.ends() == ([(16, who)] if ends else [])
        assert [f["by"] for f in facts(made.sim, "call_held")] == ([] if ends else [who])


@pytest.mark.parametrize("out", [True, False])
@pytest.mark.parametrize("rule", [CALLING, CALLED, LAST])
def test_both_on_hook_end_it_whatever_the_rule(town, out, rule):
    made = town(out, Holding(rule))
    first, second = ("called", "calling") if rule is CALLING else ("calling", "called")
    made.down(first)
    assert not made.circuit.free, "a line that is held is not called"
    made.down(second)
    assert made.ends() == [(16, second)]
    run_s(made.sim, 2)
    assert made.circuit.free and made.friend.free and made.circuit.state is LineState.IDLE


@pytest.mark.parametrize("out", [True, False])
def test_who_lifts_again_has_the_call(town, out):
    made = town(out, Holding(LAST))
    for who in ("calling", "called"):
        made.down(who)
        made.up(who)
    assert len(facts(made.sim, "reanswered")) == 2 and not made.ends()
    assert made.circuit.state is LineState.TALKING and not facts(made.sim, "tone", line="1/0", tone="dial")[1:]


@pytest.mark.parametrize("out", [True, False])
def test_the_wait_is_over_some_time(town, out):
    made = town(out, Holding(CALLED, 20_000))
    made.down("calling")
    run_s(made.sim, 16)
    assert not made.ends()
    run_s(made.sim, 4)
    assert made.ends() == [(16, "calling")]
    made.down("called")
    assert made.circuit.free and made.friend.free


def test_reversal_goes_and_comes_with_the_called_party(town):
    made = town(True, Holding(wait_ms=30_000))
    assert made.port.polarity == [True]
    made.down("called")
    assert made.port.polarity == [True, False] and not made.ends()
    made.up("called")
    assert made.port.polarity == [True, False, True]


def test_a_line_whose_call_was_kept_gets_no_dial_tone(town):
    """What technicians meet after a call to an emergency service."""
    made = town(True, Holding(CALLED), reversal=False)
    made.down("calling")
    made.port.tone_edges.clear()
    made.up("calling")
    run_s(made.sim, 3)
    assert not made.port.tone_edges and not made.ends()


def test_taking_a_held_subscriber_away_ends_the_call(town):
    made = town(False, Holding(LAST))
    made.down("calling")
    made.exchange.remove_subscriber("88001234")
    assert made.ends() == [(16, "calling")]
