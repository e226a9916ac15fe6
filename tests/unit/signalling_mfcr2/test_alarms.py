"""Alarms of the span: bits are frozen, calls held for a time, then cleared by rule; quiet before use."""

import pytest
from mfcr2_bench import Bench
from outgoing_calls import BACKWARD, free
from r2_peer import ACK, ANSWER, IDLE
from test_incoming import FOUR, script

from boardd.contract.causes import Cause
from boardd.signalling.span import (
    Blocked,
    BlockReason,
    Connected,
    Disconnected,
    Incoming,
    LinkDown,
    LinkUp,
    Origin,
    Released,
)

CUT = {"signal": "none"}
WHOLE = {"signal": "framed"}


def talking(yaml="", forward=False):
    bench = Bench(FOUR + "\n" + yaml, peers=None if forward else BACKWARD)
    if forward:
        bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    else:
        bench.peer.run(free(bench.peer))
        bench.site.dial("8001")
    assert bench.until(lambda: bench.site.of(Connected), 20)
    return bench


def disturb(bench, **changes):
    bench.bus.disturb(bench.bus.card, **changes)


@pytest.mark.parametrize("changes", [CUT, {"signal": "ais"}, {"signal": "unframed"}, {"cas_multiframe": False}])
@pytest.mark.parametrize("forward", [False, True])
def test_a_short_loss_changes_nothing(changes, forward):
    bench = talking(forward=forward)
    disturb(bench, **changes)
    bench.run_s(2)
    assert bench.site.of(LinkDown) and not bench.site.of(Disconnected)
    disturb(bench, signal="framed", cas_multiframe=True)
    bench.run_s(20)
    assert not bench.site.of(Disconnected) and bench.site.of(LinkUp)
    assert "line signals frozen" in bench.ladder()


@pytest.mark.parametrize(
    ("changes", "raw", "hold_s"),
    [
        (CUT, "los", 5),
        ({"signal": "ais"}, "ais", 5),
        ({"cas_multiframe": False}, "lmf", 10),
        ({"remote_alarm": True}, "rai", 10),
    ],
)
@pytest.mark.parametrize("forward", [False, True])
def test_a_long_loss_clears_by_rule(changes, raw, hold_s, forward):
    bench = talking(forward=forward)
    disturb(bench, **changes)
    bench.run_s(hold_s - 0.5)
    assert not bench.site.of(Disconnected)
    bench.run_s(2)
    event = bench.site.of(Disconnected)[0]
    assert (event.cause, event.raw, event.origin) == (Cause.DESTINATION_OUT_OF_ORDER, raw, Origin.LINE)
    assert len(bench.site.of(Released)) == 1 and bench.bits_of()[-1] == ("card 1111" if forward else "card 1011")
    disturb(bench, signal="framed", cas_multiframe=True, remote_alarm=False)
    bench.run_s(20)
    assert not bench.span.usable(1), "the far end still has its call"
    bench.peer.bits(IDLE)
    bench.run_s(0.5)
    assert (
        bench.span.usable(1) and len(bench.site.of(Released)) == 1 and bench.bits_of()[-1] in ("card 1011", "net 1011")
    )
    assert bench.bus.card.channel(1).tx_bits == IDLE


def test_a_hang_up_during_the_loss_counts_when_it_is_over():
    bench = talking(forward=True)
    disturb(bench, cas_multiframe=False)
    bench.run_s(1)
    bench.peer.bits(IDLE)
    bench.run_s(3)
    assert not bench.site.of(Disconnected)
    disturb(bench, cas_multiframe=True)
    bench.run_s(1)
    assert bench.site.life()[-2:] == ["Disconnected", "Released"]
    assert bench.site.of(Disconnected)[0].cause == Cause.NORMAL_CLEARING


def test_garbage_bits_while_frozen_are_no_hang_up():
    """A receiver without multiframe may show 0000 or 1111 (facts 3.2)."""
    bench = talking()
    bench.span.alarms(["lmf"])
    for abcd in (0b1111, 0b0000, 0b1011, 0b1111):
        bench.span.bits(1, abcd)
        bench.run_s(0.2)
    bench.span.bits(1, ANSWER)
    bench.span.alarms([])
    bench.run_s(1)
    assert not bench.site.of(Disconnected)


def test_no_calls_until_it_has_been_quiet():
    bench = Bench(FOUR)
    disturb(bench, **CUT)
    bench.run_s(1)
    assert bench.site.of(Blocked)[-1].reason is BlockReason.LINK and not bench.span.usable(1)
    assert bench.bits_of()[-1] == "card 1111", "shown blocked"
    disturb(bench, **WHOLE)
    bench.run_s(4)
    assert not bench.span.usable(1)
    disturb(bench, **CUT)
    bench.run_s(0.5)
    disturb(bench, **WHOLE)
    bench.run_s(4.5)
    assert not bench.span.usable(1), "flapping starts the quiet time again"
    bench.run_s(2)
    assert bench.span.usable(1) and bench.bits_of()[-1] == "card 1011"


def test_a_seizure_from_before_the_quiet_time_is_stale():
    bench = Bench(FOUR)
    disturb(bench, **CUT)
    bench.run_s(1)
    bench.peer.bits(0b0011)
    disturb(bench, **WHOLE)
    bench.run_s(10)
    assert not bench.site.of(Incoming) and bench.bus.card.channel(1).tx_bits != ACK
    bench.peer.bits(IDLE)
    bench.run_s(0.2)
    assert bench.span.usable(1)


def test_a_call_in_registers_is_lost_with_the_signal():
    bench = Bench(FOUR)
    bench.peer.run(script(bench.peer, "8001", 1, "1001", 3))
    bench.run_s(0.5)
    disturb(bench, **CUT)
    bench.run_s(6)
    assert not bench.site.life() and bench.span.failed[-1].reason == "los"


def test_close_is_silent():
    bench = talking()
    before = list(bench.site.events)
    bench.span.close()
    bench.peer.bits(IDLE)
    bench.run_s(20)
    assert bench.site.events == before and not bench.span.usable(1)
