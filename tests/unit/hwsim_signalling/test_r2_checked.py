"""Every call between the network (libopenr2) and the independent peer is judged by a checker that knows only the facts.

The same checker refuses traces that are spoilt.
"""

from dataclasses import replace
from itertools import pairwise

import pytest
from r2_checker import BACKWARD_HZ, FORWARD_HZ, BadTraceError, check, pulses
from r2_traces import Tape, gain, pair, put, tone, with_bits
from test_r2_calls import R2Town
from test_r2_peer import PeerTown
from town import Phone

from hwsim.signalling.r2_profile import KbMap, R2Cause, R2Profile

pytestmark = pytest.mark.usefixtures("libopenr2")

CALLS = 200
BATCH = 20


class Batch:
    """`BATCH` calls at once, half of them from the card, on as many timeslots of a new town."""

    def __init__(self, number):
        self.town = PeerTown(circuits=BATCH, answer_ms=300)
        self.slots = list(self.town.trunks)
        self.tapes = {slot: Tape(self.town, slot) for slot in self.slots}
        self.inward, self.outward = self.slots[: BATCH // 2], self.slots[BATCH // 2 :]
        self.expected = {}
        for index, slot in enumerate(self.inward):
            caller = f"139{number:02d}{index:02d}{7919 * (index + 1) % 10_000:04d}"
            phone = Phone(self.town, caller)
            self.town.sim.later(37 * index, phone.call, f"880010{index:02d}")
            self.town.sim.later(9000 + 53 * index, phone.hang_up)
            self.expected[slot] = ("net", f"10{index:02d}", caller, True, 1)
        for index, slot in enumerate(self.outward):
            self._outward(number, index, slot)

    def _outward(self, number, index, slot):
        called = f"137{number:02d}{index:02d}{104_729 * (index + 1) % 10_000:04d}"
        kb, caller = 1, f"8800100{index % 10}"
        if index % 5 == 4:
            called, kb = f"8800{9000 + index}", 5
        else:
            phone = Phone(self.town, called)
            if index % 5 == 3:
                phone.line.off_hook, kb = True, 2
        self.town.sim.later(41 * index, self.town.peer.call, slot, called, caller)
        if kb == 1:
            self.town.sim.later(9500 + 47 * index, self.town.peer.lines[slot].hang_up)
        self.expected[slot] = ("card", called, caller, kb == 1, kb)

    def judge(self):
        self.town.run_s(12)
        assert self.town.idle() and not self.town.peer.in_use()
        for slot, (forward, called, caller, answered, kb) in self.expected.items():
            verdict = check(self.tapes[slot].trace(forward))
            assert (verdict.dnis, verdict.ani, verdict.answered, verdict.kb) == (called, caller, answered, kb)
            assert (verdict.ka, verdict.kd) == (1, 3)
        return len(self.expected)


@pytest.mark.parametrize("number", range(CALLS // BATCH))
def test_two_hundred_calls_both_ways(number):
    assert Batch(number).judge() == BATCH


def one_call(profile=None, refuse=None):
    town = R2Town(profile, card={"refuse": refuse} if refuse else None)
    tape = Tape(town, 1)
    town.phone.call("88001055")
    town.run_s(6 if refuse is None else 5)
    town.phone.hang_up()
    town.run_s(1)
    return tape.trace("net")


@pytest.mark.parametrize(("refuse", "kb"), [(R2Cause.BUSY, 2), (R2Cause.CONGESTION, 4), (R2Cause.UNALLOCATED, 5)])
def test_refused_calls_are_good_traces_too(refuse, kb):
    verdict = check(one_call(refuse=refuse))
    assert verdict.kb == kb and not verdict.answered


def test_profiles_change_what_is_sent():
    assert check(one_call(R2Profile(kd=2))).kd == 2
    town = R2Town(R2Profile(kb=KbMap.LOCAL, free_kb=6), card={"free_kb": 6})
    tape = Tape(town, 1)
    port = town.card.ports[1]
    port.dial("13800138000")
    assert town.until(lambda: "CALL_ANSWERED" in port.kinds())
    port.hang_up()
    town.run_s(1)
    assert check(tape.trace("card")).kb == 6


# The good call below has 18 pairs of signals; where they are is found by looking at the trace itself.
@pytest.fixture(scope="module")
def good(libopenr2):
    return one_call()


def edges(trace):
    return pulses(trace.forward, FORWARD_HZ)[0], pulses(trace.backward, BACKWARD_HZ)[0]


def beat(number, forward=True, levels=(-11, -11)):
    return lambda samples: tone(pair(number, forward), levels, samples)


def shift(ms):
    return lambda bits: [(at + (ms if i == 1 else 0), side, abcd) for i, (at, side, abcd) in enumerate(bits)]


def replaced(trace, side, index, what):
    f, b = edges(trace)
    start, end, _ = (f if side == "forward" else b)[index]
    return replace(trace, **{side: put(getattr(trace, side), start - 10, end + 10, what)})


def held(trace, index):
    f, b = edges(trace)
    start, end = f[index][0], b[index][1] + 40
    return replace(trace, forward=put(trace.forward, start, end, beat(f[index][2])))


def hasty(trace, index):
    f, b = edges(trace)
    return replace(trace, backward=put(trace.backward, f[index][0] - 30, b[index][1], beat(b[index][2], False)))


def short(trace, index):
    _, b = edges(trace)
    start, end, _ = b[index]
    return replace(trace, backward=put(trace.backward, start + 20, end + 10))


def early(trace):
    f, _ = edges(trace)
    cut = round((f[0][0] - 40 - trace.bits[0][0]) * 8)
    at = round(trace.bits[0][0] * 8) - 240
    return replace(trace, forward=trace.forward[:at] + trace.forward[at + cut + 240 :],
                   backward=trace.backward[:at] + trace.backward[at + cut + 240 :])  # fmt: skip


def answer_at(trace, ms):
    return with_bits(trace, lambda bits: [*bits[:2], (ms, "backward", 0b0111), *bits[3:]])


def without(index):
    return lambda trace: with_bits(trace, lambda bits: bits[:index] + bits[index + 1 :])


SPOILT = {
    "no acknowledgement": without(1),
    "late acknowledgement": lambda t: with_bits(t, shift(900)),
    "ITU bits": lambda t: with_bits(t, lambda bits: [(a, s, abcd & 0b1101) for a, s, abcd in bits]),
    "forbidden 0000": lambda t: with_bits(t, lambda bits: [*bits[:2], (bits[1][0] + 50, "forward", 0), *bits[2:]]),
    "no clear forward": without(-2),
    "no release guard": without(-1),
    "clear back without answer": lambda t: with_bits(t, lambda b: [*b[:2], (b[2][0], "backward", 0b1111), *b[3:]]),
    "answer while registers work": lambda t: answer_at(t, t.bits[1][0] + 500),
    "directions swapped": lambda t: replace(t, forward=t.backward, backward=t.forward),
    "forward signal missing": lambda t: replaced(t, "forward", 2, None),
    "backward signal missing": lambda t: replaced(t, "backward", 4, None),
    "A2 for A1": lambda t: replaced(t, "backward", 1, beat(2, False)),
    "one frequency only": lambda t: replaced(t, "forward", 3, lambda n: tone([1380], [-8], n)),
    "three frequencies": lambda t: replaced(t, "forward", 3, lambda n: tone([1380, 1500, 1740], [-11] * 3, n)),
    "twist of 10 dB": lambda t: replaced(t, "forward", 3, beat(5, levels=(-8, -18))),
    "forward tone not stopped": lambda t: held(t, 5),
    "backward tone before the forward tone": lambda t: hasty(t, 6),
    "backward tone not held": lambda t: short(t, 7),
    "tones before the acknowledgement": early,
    "KB missing": lambda t: replaced(replaced(t, "forward", -1, None), "backward", -1, None),
    "KD 9": lambda t: replaced(t, "forward", -1, beat(9)),
    "I-15 missing": lambda t: replaced(t, "forward", -2, beat(7)),
    "KA 9": lambda t: replaced(t, "forward", 4, beat(9)),
    "too quiet": lambda t: replace(t, forward=gain(t.forward, -30), backward=gain(t.backward, -30)),
    "too loud": lambda t: replaced(t, "backward", 3, beat(6, False, (-3, -3))),
}


def test_the_good_trace_is_good(good):
    verdict = check(good)
    assert (verdict.dnis, verdict.ani) == ("1055", "13800138000")
    assert all(a[0] <= b[0] for a, b in pairwise(good.bits))


@pytest.mark.parametrize("how", SPOILT)
def test_spoilt_traces_are_refused(good, how):
    with pytest.raises(BadTraceError):
        check(SPOILT[how](good))
