"""Whatever the far end does - wrong bits, wrong tones, silence, cuts - and whenever our side speaks: every call ends
exactly once, and the circuit is idle or reported blocked in the end."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mfcr2_bench import Bench
from r2_peer import ACK, ANSWER, IDLE, SEIZED

from boardd.contract.errors import WrongStateError
from boardd.signalling.span import Blocked, CallEvent, Disconnected, Incoming, Released, Unblocked

YAML = """
called: {lengths: {"": 2}, gap_ms: 800}
caller: {gap_ms: 800}
line: {release_ms: 2000, clear_forward_ms: 3000, suspect_ms: 1000, clear_back_wait_ms: 500}
registers: {held_ms: 2000, silent_ms: 2500, forward_ms: 2000, kb_within_ms: 1000}
alarms: {losing_ms: 1000, lmf_ms: 1500, rai_ms: 1500, quiet_ms: 500}
"""

BITS = st.sampled_from([IDLE, SEIZED, ACK, ANSWER, 0b1001, 0b0001, 0b1101])
STEPS = st.one_of(
    st.tuples(st.just("bits"), BITS),
    st.tuples(st.just("tone"), st.integers(0, 15)),
    st.tuples(st.just("cycle"), st.integers(1, 15)),
    st.tuples(st.just("cut"), st.booleans()),
    st.tuples(st.just("lmf"), st.booleans()),
    st.tuples(st.just("dial"), st.sampled_from(["12", "8001"])),
    st.tuples(st.just("hang_up"), st.sampled_from([16, 17, 1, 42])),
    st.tuples(st.just("alert"), st.just(0)),
    st.tuples(st.just("connect"), st.just(0)),
    st.tuples(st.just("service"), st.booleans()),
    st.tuples(st.just("restart"), st.just(0)),
)
PAUSES = st.sampled_from([0.02, 0.1, 0.3, 1.0, 2.6])


class Life:
    def __init__(self, forward):
        self.bench = Bench(YAML, peers={1: forward}, answer_ms=None)
        self.call = 0

    def do(self, what, value):
        bench, span = self.bench, self.bench.span
        if what == "bits":
            bench.peer.bits(value)
        elif what == "tone":
            bench.peer.send(value)
        elif what == "cycle":
            bench.peer.run(bench.peer.ask(value) if bench.peer.forward else bench.peer.reply(value))
        elif what == "cut":
            bench.bus.disturb(bench.bus.card, signal="none" if value else "framed")
        elif what == "lmf":
            bench.bus.disturb(bench.bus.card, cas_multiframe=not value)
        elif what == "dial":
            try:
                self.call = bench.site.dial(value)
            except WrongStateError:
                assert not span.usable(1)
        elif what == "service":
            span.service(1, in_service=value)
        elif what == "restart":
            span.restart(1)
        else:
            offers = bench.site.of(Incoming)
            call = offers[-1].call if offers else self.call
            {"hang_up": lambda: span.disconnect(call, value), "alert": lambda: span.alerting(call),
             "connect": lambda: span.connect(call)}[what]()  # fmt: skip

    def settle(self):
        """Everything good again, the far end idle."""
        bench = self.bench
        bench.bus.disturb(bench.bus.card, signal="framed", cas_multiframe=True)
        bench.peer.running = None
        bench.peer.send(0)
        bench.peer.bits(IDLE)
        bench.span.service(1, in_service=True)
        bench.run_s(14)

    def check(self):
        by_call = {}
        for event in self.bench.site.events:
            if isinstance(event, CallEvent):
                by_call.setdefault(event.call, []).append(type(event))
        for call, kinds in by_call.items():
            assert kinds.count(Released) == 1 and kinds[-1] is Released, (call, kinds)
            assert kinds.count(Disconnected) <= 1 and (Incoming not in kinds[1:]), (call, kinds)
        told = [e for e in self.bench.site.events if isinstance(e, Blocked | Unblocked)]
        assert self.bench.span.usable(1) and isinstance(told[-1], Unblocked)
        assert self.bench.bus.card.channel(1).tx_bits == IDLE


def run(forward, steps):
    life = Life(forward)
    for (what, value), pause_s in steps:
        life.do(what, value)
        life.bench.run_s(pause_s)
    life.settle()
    life.check()


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(forward=st.booleans(), steps=st.lists(st.tuples(STEPS, PAUSES), max_size=14))
def test_every_call_ends_once_and_the_circuit_comes_back(forward, steps):
    run(forward, steps)


@pytest.mark.deep
@pytest.mark.timeout(1200)
@settings(max_examples=800, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(forward=st.booleans(), steps=st.lists(st.tuples(STEPS, PAUSES), max_size=25))
def test_many_lives(forward, steps):
    run(forward, steps)
