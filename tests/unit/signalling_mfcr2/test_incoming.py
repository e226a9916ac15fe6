"""Calls from a far end written from the facts: numbers, their ends, decisions, clearing."""

import pytest
from mfcr2_bench import Bench
from r2_checker import BadTraceError, check
from r2_peer import ACK, ANSWER, IDLE, SEIZED

from boardd.contract.causes import Cause
from boardd.signalling.mfcr2.words import Metering
from boardd.signalling.span import (
    Blocked,
    BlockReason,
    Connected,
    Disconnected,
    Incoming,
    Presentation,
    Released,
    Trouble,
)

FOUR = 'called: {lengths: {"": 4}}'


def script(peer, *numbers, **how):
    yield from peer.seize()
    kb = yield from peer.tell(*numbers, **how)
    return kb


def offered(bench):
    assert bench.until(lambda: bench.site.of(Incoming)), bench.ladder()
    return bench.site.of(Incoming)[-1]


def test_numbers_categories_and_answer():
    bench = Bench(FOUR)
    tape = bench.tape()
    bench.peer.run(script(bench.peer, "8001", 1, "13800138000", 3))
    call = offered(bench)
    assert (call.called.digits, call.caller.digits, call.category) == ("8001", "13800138000", 1)
    assert bench.until(lambda: bench.site.of(Connected))
    assert bench.peer.result == 1
    bench.run_s(1)
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.site.life() == ["Incoming", "Connected", "Disconnected", "Released"]
    assert bench.site.of(Released)[0].cause == Cause.NORMAL_CLEARING
    assert bench.bits_of() == ["net 0011", "card 1111", "card 0111", "net 1011", "card 1011"]
    verdict = check(tape.trace("net"))
    assert (verdict.dnis, verdict.ani, verdict.ka, verdict.kd, verdict.kb) == ("8001", "13800138000", 1, 3, 1)
    assert bench.span.usable(1) and not bench.span.failed


@pytest.mark.parametrize("hole", range(6))
def test_a_block_that_the_far_end_did_not_send_in_time_doubles_no_digit(hole):
    bench = Bench(FOUR)
    bench.peer.hole = hole
    bench.peer.run(script(bench.peer, "8001", 1, "13800138000", 3))
    call = offered(bench)
    assert (call.called.digits, call.caller.digits, call.category) == ("8001", "13800138000", 1)
    assert bench.until(lambda: bench.site.of(Connected)), bench.ladder()
    assert bench.peer.result == 1


@pytest.mark.parametrize("late_blocks", [0, 8, 10])
def test_the_answer_comes_when_the_far_ends_register_is_done(late_blocks):
    """Its card may have 160 ms of our last signal waiting; who looks at changes only must not find it answered."""
    bench = Bench(FOUR, answer_ms=0)
    bench.peer.late_blocks = late_blocks

    def far(peer):
        yield from script(peer, "8001", 1, "1001", 3)
        peer.edges.clear()
        yield lambda: peer.edges == [ANSWER]

    bench.peer.run(far(bench.peer))
    assert bench.until(lambda: bench.peer.done), bench.ladder()


def test_a_restart_shows_clear_back_until_the_caller_clears():
    bench = Bench(FOUR)
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    offered(bench)
    assert bench.until(lambda: bench.site.of(Connected))
    bench.span.restart(1)
    bench.run_s(2)
    assert bench.bits_of()[-2:] == ["card 0111", "card 1111"], "idle would say nothing to an exchange in a call"
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.bits_of()[-1] == "card 1011" and bench.span.usable(1)


def test_no_end_of_the_callers_number():
    """Facts scenario 14: A6, KA=1, no I-15; the time-out is answered by a pulse of A3."""
    bench = Bench(FOUR)
    tape = bench.tape()
    bench.peer.run(script(bench.peer, "8001", 1, "13800138000", 3, end=False))
    call = offered(bench)
    assert (call.called.digits, call.caller.digits, call.category) == ("8001", "13800138000", 1)
    assert bench.until(lambda: bench.peer.done) and bench.peer.result == 1
    assert "pulse" in next(line for line in bench.ladder().splitlines() if "A3" in line)
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    with pytest.raises(BadTraceError, match=r"\d+ forward, \d+ backward"):
        check(tape.trace("net"))
    assert bench.site.of(Released)


@pytest.mark.parametrize("called", ["8", "8001", "13800138000"])
def test_called_number_of_unknown_length_ends_by_time_out(called):
    bench = Bench("called: {gap_ms: 2000}")
    bench.peer.run(script(bench.peer, called, 1, "1001", 3))
    began_us = bench.sim.now_us
    assert offered(bench).called.digits == called
    assert bench.sim.now_us - began_us > 2_000_000


def test_length_by_the_beginning_of_the_number():
    bench = Bench('called: {lengths: {"1": 5, "13": 11, "8": 4}, gap_ms: 9000}')
    for index, called in enumerate(("10086", "13800138000", "8001")):
        bench.peer.run(script(bench.peer, called, 1, "1001", 3))
        assert bench.until(lambda n=index: len(bench.site.of(Incoming)) > n, 8), bench.ladder()
        assert bench.site.of(Incoming)[-1].called.digits == called
        assert bench.until(lambda: bench.site.of(Connected, call=bench.site.of(Incoming)[-1].call))
        bench.peer.bits(IDLE)
        bench.run_s(0.5)
    assert len(bench.site.of(Released)) == 3


def test_longest_number_is_an_end():
    bench = Bench("called: {longest: 6, gap_ms: 9000}")
    bench.peer.run(script(bench.peer, "123456", 1, "1001", 3))
    assert offered(bench).called.digits == "123456"


def test_caller_asked_in_the_middle_of_the_called_number():
    bench = Bench('called: {lengths: {"": 6}}\ncaller: {after_digits: 3}')

    def far(peer):
        yield from peer.seize()
        asked = []
        for number in (8, 10, 10, 1, 5, 6, 15, 1, 2, 3):
            asked.append((yield from peer.ask(number)))
        return asked, (yield from peer.ask(3))

    bench.peer.run(far(bench.peer))
    call = offered(bench)
    assert (call.called.digits, call.caller.digits) == ("800123", "56")
    assert bench.until(lambda: bench.peer.done)
    assert bench.peer.result == ([1, 1, 6, 1, 1, 1, 1, 1, 1, 3], 1)


def test_caller_without_number():
    bench = Bench(FOUR)
    bench.peer.run(script(bench.peer, "8001", 1, "", 3))
    call = offered(bench)
    assert call.caller.digits == "" and call.caller.presentation is Presentation.UNAVAILABLE


def test_trunk_that_does_not_ask_for_the_caller():
    bench = Bench(FOUR + "\ncaller: {ask: no}")
    bench.peer.run(script(bench.peer, "8001", kd=2))
    call = offered(bench)
    assert call.called.digits == "8001" and call.caller.digits == "" and 6 not in bench.peer.got


def test_control_signals_before_the_number_are_not_digits():
    bench = Bench(FOUR)

    def far(peer):
        yield from peer.seize()
        yield from peer.ask(11)
        return (yield from peer.tell("8001", 1, "1001", 3))

    bench.peer.run(far(bench.peer))
    assert offered(bench).called.digits == "8001"
    assert "KC=11" in bench.ladder()


@pytest.mark.parametrize(
    ("kd", "cause", "kb"),
    [(3, 17, 4), (4, 17, 4), (2, 17, 2), (1, 21, 2), (3, 1, 5), (2, 28, 5), (3, 42, 4), (2, 42, 4), (6, 34, 4)],
)
def test_refusal_by_the_kind_of_call(kd, cause, kb):
    """B4 for busy after KD 3 and 4, B2 after toll calls (facts 4.2)."""
    bench = Bench(FOUR, refuse=cause)
    bench.peer.run(script(bench.peer, "8001", 1, "1001", kd))
    assert bench.until(lambda: bench.peer.done) and bench.peer.result == kb
    assert not bench.site.of(Released)
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.site.life() == ["Incoming", "Released"] and bench.site.of(Released)[0].cause == cause
    assert bench.bits_of() == ["net 0011", "card 1111", "net 1011", "card 1011"]


def test_nobody_decides_and_kb_is_sent_before_the_caller_gives_up():
    bench = Bench(FOUR, answer_ms=None)
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    offered(bench)
    assert bench.until(lambda: bench.peer.done, 12) and bench.peer.result == 1
    call = bench.site.of(Incoming)[0].call
    assert bench.span.connect(call) and bench.until(bench.peer.sees(ANSWER), 1)


def test_free_with_callers_control_where_the_map_has_it():
    bench = Bench(FOUR + "\ngroups: {caller_control: yes}")
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    assert bench.until(lambda: bench.peer.done) and bench.peer.result == 6


def test_clear_back_without_clear_forward():
    """The caller does not hang up: alarm, blocked, the call has ended; all is well when it does."""
    bench = Bench(FOUR + "\nline: {clear_forward_ms: 20000}")
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    assert bench.until(lambda: bench.site.of(Connected))
    call = bench.site.of(Incoming)[0].call
    assert bench.span.disconnect(call) and not bench.span.disconnect(call)
    assert bench.until(bench.peer.sees(ACK), 1)
    bench.run_s(19)
    assert not bench.site.of(Released)
    bench.run_s(2)
    assert [t.code for t in bench.site.of(Trouble, raised=True)] == ["r2_no_clear_forward"]
    assert bench.site.of(Blocked)[-1].reason is BlockReason.STUCK and len(bench.site.of(Released)) == 1
    assert not bench.span.usable(1)
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert [t.code for t in bench.site.of(Trouble, raised=False)] == ["r2_no_clear_forward"]
    assert bench.span.usable(1) and bench.bits_of()[-1] == "card 1011" and len(bench.site.of(Released)) == 1


def test_forced_release_where_the_profile_has_it():
    bench = Bench(FOUR + "\nline: {clear_forward_ms: 3000, forced_release: yes}")
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    assert bench.until(lambda: bench.site.of(Connected))
    bench.span.disconnect(bench.site.of(Incoming)[0].call)
    assert bench.until(bench.peer.sees(SEIZED), 4)
    bench.peer.bits(IDLE)
    assert bench.until(bench.peer.sees(IDLE), 1) and bench.span.usable(1)


def test_hang_up_while_ringing_has_no_line_signal():
    bench = Bench(FOUR, answer_ms=60_000)
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    assert bench.until(lambda: bench.peer.done)
    bench.span.disconnect(bench.site.of(Incoming)[0].call, 19)
    bench.run_s(1)
    assert bench.bits_of() == ["net 0011", "card 1111"] and not bench.site.of(Released)
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.site.of(Released)[0].cause == 19


@pytest.mark.parametrize("digits", [0, 2, 5])
def test_caller_gives_up_while_numbers_are_sent(digits):
    bench = Bench(FOUR)

    def far(peer):
        yield from peer.seize()
        for number in (8, 10, 10, 1, 1)[:digits]:
            yield from peer.ask(number)
        peer.bits(IDLE)
        yield peer.sees(IDLE)

    bench.peer.run(far(bench.peer))
    assert bench.until(lambda: bench.peer.done, 5)
    assert not bench.site.life() and bench.span.usable(1)
    assert len(bench.span.failed) == 1 and bench.span.failed[0].called == ""


def test_caller_gives_up_before_kb():
    bench = Bench(FOUR, answer_ms=None)
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    offered(bench)
    bench.run_s(1)
    bench.peer.send(0)
    bench.run_s(0.2)
    assert bench.site.of(Disconnected)[0].cause == Cause.TEMPORARY_FAILURE
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.site.life() == ["Incoming", "Disconnected", "Released"] and bench.span.usable(1)


def test_silent_caller_fails_by_time_out():
    bench = Bench("registers: {forward_ms: 8000}")
    bench.peer.run(bench.peer.seize())
    bench.run_s(1)
    assert not bench.span.disconnect(0), "a call without a number is nobody's"
    bench.run_s(8)
    assert [t.code for t in bench.site.of(Trouble)] == ["r2_register_failed"]
    assert not bench.site.life() and not bench.span.usable(1)
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.span.usable(1) and bench.span.failed[0].reason == "no forward signal"
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    offered(bench)
    assert [t.raised for t in bench.site.of(Trouble)] == [True, False]


def test_forward_tone_that_does_not_end():
    bench = Bench("registers: {held_ms: 5000}")

    def far(peer):
        yield from peer.seize()
        peer.send(8)

    bench.peer.run(far(bench.peer))
    bench.run_s(6)
    assert [t.code for t in bench.site.of(Trouble)] == ["r2_register_failed"]
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.span.failed[0].reason == "forward signal does not end"


def test_no_metering_on_incoming_calls():
    bench = Bench(FOUR)
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    assert bench.until(lambda: bench.site.of(Connected))
    assert not bench.site.of(Metering) and bench.span.pulses(bench.site.of(Incoming)[0].call) == 0
