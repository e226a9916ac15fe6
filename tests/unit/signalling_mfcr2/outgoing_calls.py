"""Outgoing calls on one circuit, and far ends that take or refuse them."""

from mfcr2_bench import Bench
from r2_peer import ANSWER, IDLE

from boardd.signalling.span import (
    Connected,
    Disconnected,
    Released,
)

BACKWARD = {1: False}


def bench_out(yaml="", **site):
    return Bench(yaml, peers=BACKWARD, **site)


def free(peer, called=4, answer_ms=300, **how):
    """A far end that takes everything and answers."""
    yield from peer.acknowledge()
    numbers = yield from peer.collect(called, **how)
    if answer_ms is not None:
        yield answer_ms
        peer.bits(ANSWER)
    return numbers


def talk(yaml="", **how):
    bench = bench_out(yaml)
    bench.peer.run(free(bench.peer, **how))
    call = bench.site.dial("8001", "1002")
    assert bench.until(lambda: bench.site.of(Connected), 20), bench.ladder()
    return bench, call


def refused(bench, script):
    """Dial into a script that refuses; the event."""
    bench.peer.run(script)
    call = bench.site.dial("8001", "1002")
    assert bench.until(lambda: bench.site.of(Disconnected, call=call), 60), bench.ladder()
    bench.peer.bits(IDLE)
    bench.run_s(0.3)
    assert bench.site.life(call)[-1] == "Released" and len(bench.site.of(Released, call=call)) == 1
    return bench.site.of(Disconnected, call=call)[0]
