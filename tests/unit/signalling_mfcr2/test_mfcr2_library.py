"""What libopenr2 1.3 does at the card's end where China's facts ask for something else: decision 0020 rests on it.

The library is used as the simulator uses it (with settings that let it send and take a caller's number). When one of
these fails because a later version can do it, the decision wants another look.
"""

import pytest
from r2_card import R2Card
from r2_peer import ACK, ANSWER, Peer
from town import make_sim

from hwsim.signalling.r2_profile import R2Cause
from hwsim.spanbus.bus import SpanBus

pytestmark = pytest.mark.usefixtures("libopenr2")


class LibraryBench:
    """The library's line on the card end, a scripted far end."""

    def __init__(self, *, forward, **card):
        self.sim = make_sim()
        self.bus = SpanBus(self.sim, "9/1", cas=True)
        self.trunks = {1: None}
        self.peer = Peer(self.sim, self.bus, 1, forward=forward)
        self.card = R2Card(self, **card)
        self.port = self.card.ports[1]
        self.run_s(0.5)

    def run_s(self, seconds):
        self.sim.advance_to(self.sim.now_us + round(seconds * 1_000_000))

    def far(self, script, dial="8123", seconds=12):
        self.peer.run(script)
        if dial:
            assert self.port.dial(dial, "1002")
        self.run_s(seconds)


def answers(peer, *signals):
    yield from peer.acknowledge()
    digits = []
    for signal in signals:
        digits.append((yield from peer.reply(signal)))
    return digits


def test_a2_sends_the_digit_before_instead_of_the_first():
    bench = LibraryBench(forward=False)
    bench.far(answers(bench.peer, 1, 1, 2, 1, 1))
    assert bench.peer.result == [8, 1, 2, 1, 2], "China's A2 would give 8, 1, 2, 8, 1"


def test_a5_is_unknown():
    bench = LibraryBench(forward=False)
    bench.far(answers(bench.peer, 1, 5))
    assert "PROTOCOL_ERROR" in bench.port.kinds() and not bench.port.causes


def test_ka_is_the_same_signal_as_kd():
    for kd in (2, 3):
        bench = LibraryBench(forward=False, kd=kd, ka=kd)  # the simulator puts nothing of its own in its place

        def far(peer):
            yield from peer.acknowledge()
            return (yield from peer.collect(4))

        bench.far(far(bench.peer))
        assert bench.peer.result[1] == bench.peer.result[3] == kd


def test_a_callers_number_without_i15_is_never_offered():
    bench = LibraryBench(forward=True)

    def far(peer):
        yield from peer.seize()
        return (yield from peer.tell("8001", 1, "1002", 3, end=False))

    bench.far(far(bench.peer), dial="", seconds=40)
    assert not bench.port.offers and "PROTOCOL_ERROR" in bench.port.kinds()


def test_busy_is_one_signal_whatever_kd_says():
    found = set()
    for kd in (2, 3):
        bench = LibraryBench(forward=True, refuse=R2Cause.BUSY)

        def far(peer, kd=kd):
            yield from peer.seize()
            return (yield from peer.tell("8001", 1, "1002", kd))

        bench.far(far(bench.peer), dial="")
        found.add(bench.peer.result)
    assert found == {2}


def test_a_second_answer_is_an_error():
    bench = LibraryBench(forward=False)

    def far(peer):
        yield from peer.acknowledge()
        yield from peer.collect(4)
        yield 300
        peer.bits(ANSWER)
        yield 1000
        peer.bits(ACK)
        yield 1000
        peer.bits(ANSWER)
        yield 500

    bench.port.line.disconnect = lambda cause: None  # the card waits and does not clear forward
    bench.far(far(bench.peer))
    assert bench.port.kinds()[-3:] == ["CALL_ANSWERED", "CALL_DISCONNECT", "PROTOCOL_ERROR"]
