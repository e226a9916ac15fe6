"""Calls to a far end written from the facts: what it may ask, how it may refuse, answer, meter, clear, be silent."""

import pytest
from outgoing_calls import bench_out, free, refused, talk
from r2_checker import check
from r2_peer import ACK, ANSWER, IDLE, SEIZED

from boardd.contract.causes import Cause
from boardd.contract.errors import ArgumentError
from boardd.signalling.mfcr2.words import Metering
from boardd.signalling.span import (
    Alerting,
    Blocked,
    BlockReason,
    Connected,
    Disconnected,
    Origin,
    Released,
    Trouble,
)


def test_numbers_answer_and_clearing():
    bench = bench_out()
    tape = bench.tape()
    bench.peer.run(free(bench.peer))
    call = bench.site.dial("8001", "13912345678", category=8)
    assert bench.until(lambda: bench.site.of(Connected))
    assert bench.peer.result == ("8001", 8, "13912345678", 3)
    bench.run_s(1)
    assert bench.span.disconnect(call) and not bench.span.disconnect(call)
    bench.run_s(0.1)
    assert not bench.site.of(Released) and not bench.span.usable(1)
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.site.life() == ["Proceeding", "Alerting", "Connected", "Released"] and bench.span.usable(1)
    assert bench.bits_of() == ["card 0011", "net 1111", "net 0111", "card 1011", "net 1011"]
    verdict = check(tape.trace("card"))
    assert (verdict.dnis, verdict.ani, verdict.ka, verdict.kd, verdict.answered) == ("8001", "13912345678", 8, 3, True)


@pytest.mark.parametrize("hole", range(6))
def test_a_block_of_a_backward_signal_that_was_late_loses_no_digit(hole):
    bench = bench_out()
    bench.peer.hole = hole
    bench.peer.run(free(bench.peer))
    bench.site.dial("8001", "13912345678", category=8)
    assert bench.until(lambda: bench.site.of(Connected)), bench.ladder()
    assert bench.peer.result == ("8001", 8, "13912345678", 3)


def test_send_again_from_the_first_digit():
    """A2 means the first digit in China, not the one before (facts 4.2)."""
    bench = bench_out()

    def far(peer):
        yield from peer.acknowledge()
        digits = []
        for answer in (1, 1, 2, 1, 1, 1, 3):
            digits.append((yield from peer.reply(answer)))
        return digits, (yield from peer.reply(1))

    bench.peer.run(far(bench.peer))
    bench.site.dial("8123")
    assert bench.until(lambda: bench.peer.done)
    assert bench.peer.result == ([8, 1, 2, 8, 1, 2, 3], 3)


def test_another_countrys_a2_from_the_profile():
    bench = bench_out("groups: {a: {1: next, 2: previous, 3: group_b}}")

    def far(peer):
        yield from peer.acknowledge()
        digits = []
        for answer in (1, 1, 2, 1, 3):
            digits.append((yield from peer.reply(answer)))
        return digits

    bench.peer.run(far(bench.peer))
    bench.site.dial("8123")
    assert bench.until(lambda: bench.peer.done)
    assert bench.peer.result == [8, 1, 2, 1, 2]


def test_caller_asked_first_and_the_rest_of_the_number_after_it():
    bench = bench_out()

    def far(peer):
        yield from peer.acknowledge()
        digits = []
        for answer in (6, 1, 1, 1, 1, 1, 1, 1, 3, 1):
            digits.append((yield from peer.reply(answer)))
        return digits

    bench.peer.run(far(bench.peer))
    bench.site.dial("8001", "234")
    assert bench.until(lambda: bench.peer.done)
    assert bench.peer.result == [8, 1, 2, 3, 4, 15, 10, 10, 1, 3]


def test_restricted_number_is_only_the_end():
    bench = bench_out()
    bench.peer.run(free(bench.peer))
    bench.site.dial("8001", "1002", restricted=True)
    assert bench.until(lambda: bench.peer.done)
    assert bench.peer.result == ("8001", 1, "", 3)


def test_far_end_that_pulses_when_it_has_waited_long_enough():
    """More digits are asked for than there are; after its time-out the far end says A6, later A3, by pulses."""
    bench = bench_out("caller: {end: no}")

    def far(peer):
        yield from peer.acknowledge()
        for _ in range(4):
            yield from peer.reply(1)
        yield 4000
        yield from peer.pulse(6)
        caller = []
        for _ in range(5):
            caller.append((yield from peer.reply(1)))
        yield 4000
        yield from peer.pulse(3)
        return caller, (yield from peer.reply(1))

    bench.peer.run(far(bench.peer))
    bench.site.dial("8001", "1002")
    assert bench.until(lambda: bench.site.of(Alerting), 20), bench.ladder()
    assert bench.peer.result == ([1, 1, 10, 10, 2], 3)


@pytest.mark.parametrize(
    ("kd", "kb", "cause"),
    [(3, 4, 17), (3, 2, 17), (3, 5, 1), (2, 2, 17), (2, 3, 17), (2, 4, 42), (2, 5, 1)],
)
def test_refusals_by_the_kind_of_call(kd, kb, cause):
    """B4 is busy for a local call (KD 3) and congestion for a toll call (facts 4.2; scenario 15)."""
    bench = bench_out(f"groups: {{kd: {kd}}}")
    event = refused(bench, free(bench.peer, kb=kb, answer_ms=None))
    assert (event.cause, event.raw, event.origin) == (cause, f"KB={kb}", Origin.FAR)
    failed = bench.span.failed[0]
    assert (failed.called, failed.caller, failed.cause, failed.outgoing) == ("8001", "1002", cause, True)
    assert f"KB={kb}" in failed.reason and f"KD={kd}" in "\n".join(failed.lines())
    assert bench.span.usable(1)


@pytest.mark.parametrize("kd", [2, 3])
def test_b6_is_free_for_every_kind_of_call(kd):
    bench = bench_out(f"groups: {{kd: {kd}}}")
    bench.peer.run(free(bench.peer, kb=6))
    bench.site.dial("8001")
    assert bench.until(lambda: bench.site.of(Connected), 10)


@pytest.mark.parametrize(
    ("answer", "cause"), [(4, Cause.CONGESTION), (5, Cause.UNALLOCATED), (9, Cause.PROTOCOL_ERROR)]
)
@pytest.mark.parametrize("pulsed", [False, True])
def test_refusals_in_group_a(answer, cause, pulsed):
    bench = bench_out()

    def far(peer):
        yield from peer.acknowledge()
        yield from peer.reply(1)
        if pulsed:
            for _ in range(3):
                yield from peer.reply(1)
            yield 1000
            yield from peer.pulse(answer)
        else:
            yield from peer.reply(answer)

    event = refused(bench, far(bench.peer))
    assert event.cause == cause and f"A{answer}" in event.raw


def test_called_party_hangs_up_first():
    bench, call = talk("line: {pulses: none}")
    bench.peer.bits(ACK)
    bench.run_s(0.1)
    event = bench.site.of(Disconnected, call=call)[0]
    assert (event.cause, event.raw) == (Cause.NORMAL_CLEARING, "clear back")
    assert bench.bits_of()[-1] == "card 1011"
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.site.life(call)[-2:] == ["Disconnected", "Released"] and bench.span.usable(1)
    assert not bench.span.failed


def test_called_party_answers_again():
    bench, call = talk("line: {clear_back_wait_ms: 60000, pulses: none}")
    for _ in range(2):
        bench.peer.bits(ACK)
        bench.run_s(30)
        bench.peer.bits(ANSWER)
        bench.run_s(40)
    assert bench.site.life(call) == ["Proceeding", "Alerting", "Connected"]
    bench.peer.bits(ACK)
    bench.run_s(59)
    assert not bench.site.of(Disconnected)
    bench.run_s(2)
    assert bench.site.of(Disconnected)[0].cause == Cause.NORMAL_CLEARING
    assert bench.ladder().count("answer again") == 2


@pytest.mark.parametrize("pulses", ["ignore", "count"])
def test_metering_pulses(pulses):
    bench, call = talk(f"line: {{pulses: {pulses}}}")

    def meter(peer):
        for _ in range(3):
            peer.bits(ACK)
            yield 150
            peer.bits(ANSWER)
            yield 2000

    bench.peer.run(meter(bench.peer))
    bench.run_s(8)
    assert not bench.site.of(Disconnected) and bench.span.pulses(call) == 3
    assert [m.pulses for m in bench.site.of(Metering)] == ([1, 2, 3] if pulses == "count" else [])
    bench.peer.bits(ACK)
    bench.run_s(0.6)
    assert bench.site.of(Disconnected)[0].raw == "clear back"


def test_forced_release():
    bench, call = talk()
    bench.peer.bits(SEIZED)
    bench.run_s(0.1)
    event = bench.site.of(Disconnected, call=call)[0]
    assert (event.cause, event.raw) == (Cause.NORMAL_CLEARING, "forced release")
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.span.usable(1)


def test_far_end_falls_idle_in_a_conversation():
    bench, call = talk()
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.site.life(call)[-2:] == ["Disconnected", "Released"] and bench.span.usable(1)
    assert bench.span.failed[0].cause == Cause.NORMAL_UNSPECIFIED


def test_far_end_that_never_shows_idle():
    bench, call = talk("line: {release_ms: 5000}")
    bench.span.disconnect(call)
    bench.run_s(6)
    assert bench.site.life(call)[-1] == "Released"
    assert bench.site.of(Blocked)[-1].reason is BlockReason.STUCK
    assert [t.code for t in bench.site.of(Trouble)] == ["r2_no_release_guard"]
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.span.usable(1) and bench.site.of(Trouble)[-1].raised is False


def test_hang_up_before_the_acknowledgement_waits_for_it():
    bench = bench_out()

    def far(peer):
        yield peer.sees(SEIZED)
        yield 500
        peer.bits(ACK)
        yield peer.sees(IDLE)
        peer.bits(IDLE)

    bench.peer.run(far(bench.peer))
    call = bench.site.dial("8001")
    bench.run_s(0.1)
    assert bench.span.disconnect(call) and not bench.span.disconnect(call)
    bench.run_s(1)
    assert bench.bits_of() == ["card 0011", "net 1111", "card 1011", "net 1011"]
    assert bench.site.life() == ["Released"] and bench.span.usable(1) and not bench.site.of(Trouble)


def test_hang_up_while_registers_work():
    bench = bench_out()
    bench.peer.run(free(bench.peer))
    call = bench.site.dial("8001")
    bench.run_s(0.6)
    assert bench.span.disconnect(call, 31)
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.site.life() == ["Released"] and bench.site.of(Released)[0].cause == 31 and bench.span.usable(1)


def test_answer_together_with_kb():
    bench = bench_out()

    def far(peer):
        yield from peer.acknowledge()
        for answer in (1, 1, 1, 3):
            yield from peer.reply(answer)
        yield lambda: peer.heard
        peer.send(1)
        yield lambda: not peer.heard
        peer.bits(ANSWER)
        yield 100
        peer.send(0)

    bench.peer.run(far(bench.peer))
    bench.site.dial("8001")
    assert bench.until(lambda: bench.site.of(Connected), 10)
    assert bench.site.life() == ["Proceeding", "Alerting", "Connected"]


def test_answer_before_kb_is_out_of_place():
    bench = bench_out()

    def far(peer):
        yield from peer.acknowledge()
        yield from peer.reply(1)
        peer.bits(ANSWER)
        yield peer.sees(IDLE)

    event = refused(bench, far(bench.peer))
    assert event.cause == Cause.PROTOCOL_ERROR and "0111" in event.raw


@pytest.mark.parametrize(
    ("how", "rules", "reason"),
    [
        ("silent", "held_ms: 6000", "no backward signal"),
        ("held", "held_ms: 6000", "backward signal does not end"),
        ("waits", "silent_ms: 6000", "registers stand still: no signal asks for more"),
    ],
)
def test_registers_that_come_to_a_stop(how, rules, reason):
    bench = bench_out(f"registers: {{{rules}}}")

    def far(peer):
        yield from peer.acknowledge()
        if how == "held":
            yield lambda: peer.heard
            peer.send(1)
        elif how == "waits":
            for _ in range(4):
                yield from peer.reply(1)
        yield peer.sees(IDLE)
        peer.send(0)

    event = refused(bench, far(bench.peer))
    assert (event.cause, event.raw, event.origin) == (Cause.TEMPORARY_FAILURE, reason, Origin.LINE)
    assert bench.span.failed[0].reason == reason


@pytest.mark.parametrize("number", ["", "12a4", "1*", "１２"])
def test_numbers_that_registers_cannot_send(number):
    bench = bench_out()
    with pytest.raises(ArgumentError):
        bench.site.dial(number)
    assert bench.bits_of() == []
