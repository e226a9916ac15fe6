"""Two spans, one of each side, on a wire: what one asks for the other tells."""

import pytest
from virtual import VirtualClock, Wire

from boardd.signalling.q931.profile import Q931Profile, Side, Switch
from boardd.signalling.q931.span import Q931Span
from boardd.signalling.span import (
    Alerting,
    CallRequest,
    Connected,
    Disconnected,
    Incoming,
    LinkUp,
    Number,
    NumberKind,
    Origin,
    Presentation,
    Proceeding,
    Progress,
    Released,
)


class Pair:
    """`net` and `user` with their events in `told`."""

    def __init__(self, net=None, user=None, delay_ms=4.0):
        self.clock = VirtualClock()
        self.wire = Wire(self.clock, delay_ms)
        self.told = {"net": [], "user": []}
        self.net = self._span("net", Q931Profile(side=Side.NETWORK, **(net or {})), self.wire.send_left)
        self.user = self._span("user", Q931Profile(side=Side.USER, **(user or {})), self.wire.send_right)
        self.wire.left, self.wire.right = self.net.receive, self.user.receive
        assert self.clock.until(lambda: self.net.usable(31) and self.user.usable(31), 10)
        for told in self.told.values():
            assert told[0] == LinkUp()
            told.clear()

    def _span(self, name, profile, send):
        return Q931Span(name, profile, self.clock, send, lambda event: self.told[name].append(event))

    def run(self, seconds):
        self.clock.run(seconds)

    def take(self, side):
        found, self.told[side] = self.told[side], []
        return found


def test_a_far_end_that_answers_before_we_have_returned():
    """A device may deliver the answer from within our write: it is worked on when the command is over."""
    pair = Pair()
    wire = pair.wire
    pair.net._send_frame = lambda frame: wire.right(frame)
    pair.user._send_frame = lambda frame: wire.left(frame)
    for index in range(50):
        call = pair.net.setup(CallRequest(3, Number("1055")))
        assert pair.take("net") == [] and call == index + 1
        pair.run(0.01)
        assert pair.take("net") == [Proceeding(3, call)]
        (offer,) = pair.take("user")
        assert pair.user.connect(offer.call)
        pair.run(0.01)
        assert pair.take("net") == [Connected(3, call)]
        assert pair.user.disconnect(offer.call)
        pair.run(0.01)
        assert [type(e) for e in pair.take("net")] == [Disconnected, Released]
        pair.take("user")


def test_the_owner_may_call_and_hang_up_from_within_an_event():
    """Events are not nested: what a command causes is told when the owner has returned."""
    pair = Pair()
    depth, order = 0, []

    def owner(event):
        nonlocal depth
        depth += 1
        assert depth == 1
        order.append(event)
        if isinstance(event, Incoming):
            pair.user.connect(event.call)
            pair.user.disconnect(event.call)
            pair.user.setup(CallRequest(9, Number("1066")))
        if isinstance(event, Released):
            pair.user.restart(event.slot)
        depth -= 1

    pair.user._core._sink = owner
    pair.net.setup(CallRequest(3, Number("1055")))
    pair.run(1)
    assert [type(e).__name__ for e in order][:3] == ["Incoming", "Released", "Blocked"]
    assert pair.user.usable(3) and [e.slot for e in pair.take("net") if isinstance(e, Incoming)] == [9]


@pytest.mark.parametrize("switch", list(Switch))
@pytest.mark.parametrize("caller_side", ["net", "user"])
def test_a_whole_call(switch, caller_side):
    pair = Pair(net={"switch": switch}, user={"switch": switch})
    called_side = "user" if caller_side == "net" else "net"
    caller, called = getattr(pair, caller_side), getattr(pair, called_side)
    number = Number("13800138000", NumberKind.NATIONAL, 1, Presentation.RESTRICTED, 3)
    call = caller.setup(CallRequest(3, Number("1055", NumberKind.SUBSCRIBER), number, Number("4001234567")))
    pair.run(0.1)
    assert pair.take(caller_side) == [Proceeding(3, call)]
    (offer,) = pair.take(called_side)
    assert isinstance(offer, Incoming) and offer.slot == 3 and offer.complete and not offer.speech
    assert offer.called == Number("1055", NumberKind.SUBSCRIBER)
    assert offer.caller == number
    assert offer.redirecting.digits == "4001234567"
    assert not caller.usable(3) and not called.usable(3)
    assert called.progress(offer.call) and called.alerting(offer.call)
    pair.run(0.1)
    assert pair.take(caller_side) == [Progress(3, call, True), Alerting(3, call, True)]
    assert called.connect(offer.call)
    pair.run(0.1)
    assert pair.take(caller_side) == [Connected(3, call)]
    assert pair.take(called_side) == [Connected(3, offer.call)]
    assert caller.disconnect(call) and not caller.disconnect(call)
    pair.run(0.1)
    assert pair.take(caller_side) == [Released(3, call, 16)]
    ended, released = pair.take(called_side)
    assert isinstance(ended, Disconnected) and ended.cause == 16 and ended.origin is Origin.FAR
    assert released == Released(3, offer.call, 16)
    assert caller.usable(3) and called.usable(3)
