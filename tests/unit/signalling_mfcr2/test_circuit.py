"""One circuit beside its calls: suspect, blocked, seized by both ends, of the wrong direction, restarted."""

import pytest
from mfcr2_bench import Bench
from outgoing_calls import bench_out, free, talk
from r2_peer import ACK, BLOCKED, IDLE, SEIZED

from boardd.contract.causes import Cause
from boardd.contract.errors import WrongStateError
from boardd.contract.states import Direction
from boardd.signalling.span import (
    Blocked,
    BlockReason,
    Connected,
    Disconnected,
    Origin,
    Released,
    Trouble,
    Unblocked,
)


def test_no_seizure_acknowledgement_makes_the_circuit_suspect_and_it_is_tried_again():
    """Facts scenario 16."""
    bench = bench_out("line: {suspect_ms: 30000}")
    call = bench.site.dial("8001")
    bench.run_s(1.9)
    assert not bench.site.of(Disconnected)
    bench.run_s(0.3)
    event = bench.site.of(Disconnected, call=call)[0]
    assert (event.cause, event.origin) == (Cause.CHANNEL_UNAVAILABLE, Origin.LINE)
    assert bench.site.life(call) == ["Disconnected", "Released"]
    assert bench.site.of(Blocked)[-1].reason is BlockReason.SUSPECT and not bench.span.usable(1)
    assert [t.code for t in bench.site.of(Trouble)] == ["r2_no_seizure_ack"]
    with pytest.raises(WrongStateError):
        bench.site.dial("8001")
    bench.run_s(30)
    assert bench.span.usable(1) and isinstance(bench.site.events[-1], Unblocked)
    bench.site.dial("8001")
    bench.run_s(33)
    assert not bench.span.usable(1), "the second wait is twice as long"
    bench.run_s(30)
    bench.peer.run(free(bench.peer))
    bench.site.dial("8001")
    assert bench.until(lambda: bench.site.of(Connected), 10)
    assert bench.site.of(Trouble, raised=False, code="r2_no_seizure_ack")


def test_acknowledgement_that_comes_too_late_is_a_blocked_circuit_until_it_goes():
    bench = bench_out("line: {suspect_ms: 1000}")

    def far(peer):
        yield peer.sees(SEIZED)
        yield 2500
        peer.bits(ACK)
        yield 5000
        peer.bits(IDLE)

    bench.peer.run(far(bench.peer))
    bench.site.dial("8001")
    bench.run_s(4)
    assert bench.site.of(Released) and bench.site.of(Blocked)[-1].reason is BlockReason.FAR
    bench.run_s(5)
    assert bench.span.usable(1)


def test_blocked_while_idle():
    """Facts scenario 17: 1111 while idle is no acknowledgement."""
    bench = bench_out()
    bench.peer.bits(BLOCKED)
    bench.run_s(0.1)
    assert bench.site.of(Blocked)[-1].reason is BlockReason.FAR
    with pytest.raises(WrongStateError, match="not free"):
        bench.site.dial("8001")
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.span.usable(1) and not bench.site.of(Trouble)


def test_both_ends_seize_at_once():
    bench = bench_out(answer_ms=None)

    def far(peer):
        peer.bits(SEIZED)
        yield lambda: peer.channel.rx_bits == SEIZED
        yield 150
        peer.bits(IDLE)

    bench.peer.run(far(bench.peer))
    call = bench.site.dial("8001")
    bench.run_s(1)
    event = bench.site.of(Disconnected, call=call)[0]
    assert event.cause == Cause.CHANNEL_UNAVAILABLE and event.raw == "double seizure"
    assert event.origin is Origin.GLARE
    assert bench.site.life() == ["Disconnected", "Released"] and bench.span.usable(1)
    assert "net 1111" not in bench.bits_of() and "card 1111" not in bench.bits_of()
    assert not bench.site.of(Trouble)


def test_seizure_against_the_direction_is_found_and_named():
    bench = bench_out(direction=Direction.OUT)
    bench.peer.bits(SEIZED)
    bench.run_s(0.5)
    trouble = bench.site.of(Trouble)[0]
    assert (trouble.code, trouble.slot, trouble.raised) == ("r2_wrong_direction", 1, True)
    assert "card 1111" not in bench.bits_of() and not bench.span.usable(1)
    bench.peer.bits(IDLE)
    bench.run_s(0.5)
    assert bench.span.usable(1) and len(bench.site.of(Trouble)) == 1
    bench.peer.run(free(bench.peer))
    bench.site.dial("8001")
    assert bench.until(lambda: bench.site.of(Connected), 10)
    assert bench.site.of(Trouble)[-1].raised is False


def test_double_seizure_on_a_one_way_circuit_is_a_wrong_direction():
    bench = bench_out(direction=Direction.OUT)

    def far(peer):
        yield peer.sees(SEIZED)
        peer.bits(SEIZED)
        yield 400
        peer.bits(IDLE)

    bench.peer.run(far(bench.peer))
    bench.site.dial("8001")
    bench.run_s(1)
    assert [t.code for t in bench.site.of(Trouble)] == ["r2_wrong_direction"]
    assert bench.site.of(Released) and bench.span.usable(1)


def test_incoming_circuits_are_never_seized_by_us():
    bench = bench_out(direction=Direction.IN)
    assert not bench.span.usable(1)
    with pytest.raises(WrongStateError):
        bench.site.dial("8001")


def test_line_bits_of_another_country():
    bench = bench_out()
    bench.peer.bits(0b1001)
    bench.run_s(0.1)
    trouble = bench.site.of(Trouble)[0]
    assert trouble.code == "r2_foreign_bits" and "1001" in trouble.text and "ITU" in trouble.text
    assert not bench.span.usable(1) and bench.site.of(Blocked)[-1].reason is BlockReason.FAR
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.span.usable(1) and bench.site.of(Trouble)[-1].raised is False


def test_out_of_service_is_shown_and_taken_back():
    bench = bench_out()
    bench.span.service(1, in_service=False)
    bench.run_s(0.1)
    assert bench.bits_of() == ["card 1111"] and bench.site.of(Blocked)[-1].reason is BlockReason.OURS
    bench.peer.bits(SEIZED)
    bench.run_s(0.5)
    assert not bench.site.life() and bench.bits_of()[-1] == "net 0011", "a blocked circuit takes no call"
    bench.peer.bits(IDLE)
    bench.span.service(1, in_service=True)
    bench.run_s(0.1)
    assert bench.bits_of()[-1] == "card 1011" and bench.span.usable(1)


def test_restart_ends_the_call_and_waits_for_idle():
    bench, call = talk()
    bench.span.restart(1)
    assert bench.site.life(call)[-2:] == ["Disconnected", "Released"]
    assert bench.site.of(Released)[0].cause == Cause.TEMPORARY_FAILURE
    assert bench.site.of(Blocked)[-1].reason is BlockReason.RESTARTING
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.span.usable(1) and "ChannelRestarted" in [type(e).__name__ for e in bench.site.events]


def test_circuit_that_is_seized_when_we_start_is_no_call():
    """A predecessor died in a call: the far end must have gone through idle first."""
    bench = Bench(first_bits=SEIZED)
    bench.run_s(1)
    assert not bench.site.life() and bench.site.of(Blocked)[-1].reason is BlockReason.FAR
    assert bench.bits_of()[-1] == "card 1111", "clear back for a call that was answered"
    bench.peer.bits(IDLE)
    bench.run_s(0.1)
    assert bench.span.usable(1) and bench.bits_of()[-1] == "card 1011"
    bench.peer.bits(SEIZED)
    assert bench.until(bench.peer.sees(ACK), 1)
