"""Spans on an event loop, as in production: the loop's time is the library's, and nothing waits in real time."""

import asyncio
import selectors

from boardd.signalling.q931.profile import Q931Profile, Side
from boardd.signalling.q931.span import Q931Span
from boardd.signalling.span import CallRequest, Incoming, Number
from boardd.signalling.timing import LoopClock


class VirtualSelector(selectors.SelectSelector):
    """Never waits: time is moved instead."""

    def __init__(self):
        super().__init__()
        self.now_s = 5000.0

    def select(self, timeout=None):
        ready = super().select(0)
        if not ready and timeout:
            self.now_s += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self):
        self._virtual = VirtualSelector()
        super().__init__(self._virtual)

    def time(self):
        return self._virtual.now_s


async def calls_on_a_loop():
    loop = asyncio.get_running_loop()
    told = {"net": [], "user": []}
    spans = {}

    def carry(to):
        return lambda frame: loop.call_later(0.004, lambda: spans[to].receive(frame))

    spans["net"] = Q931Span("n", Q931Profile(side=Side.NETWORK), LoopClock(), carry("user"), told["net"].append)
    spans["user"] = Q931Span("u", Q931Profile(), LoopClock(), carry("net"), told["user"].append)
    await asyncio.sleep(3)
    assert spans["user"].usable(31) and spans["net"].usable(31)
    for each in told.values():
        each.clear()
    call = spans["net"].setup(CallRequest(3, Number("1055")))
    await asyncio.sleep(0.1)
    (offer,) = told["user"]
    assert isinstance(offer, Incoming)
    spans["user"].connect(offer.call)
    await asyncio.sleep(3600)
    assert [type(e).__name__ for e in told["net"]] == ["Proceeding", "Connected"]
    spans["net"].disconnect(call)
    await asyncio.sleep(1)
    for span in spans.values():
        span.close()
    return [type(e).__name__ for e in told["user"]]


def test_an_hour_of_talk_on_a_loop():
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(calls_on_a_loop()) == ["Incoming", "Connected", "Disconnected", "Released"]


def test_microseconds_of_a_loop():
    async def main():
        clock = LoopClock()
        fired = []
        begin = clock.now_us()
        clock.at_us(begin + 1_500_000, lambda: fired.append(clock.now_us() - begin))
        clock.at_us(begin + 500_000, lambda: fired.append(-1)).cancel()
        clock.at_us(begin - 10, lambda: fired.append(0))
        assert fired == []
        await asyncio.sleep(2)
        return fired

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        fired = runner.run(main())
    assert fired[0] == 0 and abs(fired[1] - 1_500_000) <= 2 and len(fired) == 2
