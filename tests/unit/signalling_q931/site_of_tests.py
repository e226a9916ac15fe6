"""A span on a wire, the independent peer at the other end, and what the span has told."""

from __future__ import annotations

from peer import SLOTS, Peer
from virtual import VirtualClock, Wire

from boardd.signalling.q931.profile import Q931Profile, Side
from boardd.signalling.q931.span import Q931Span
from boardd.signalling.span import (
    Blocked,
    CallEvent,
    CallRequest,
    Connected,
    Disconnected,
    Incoming,
    LinkDown,
    LinkUp,
    Number,
    Released,
    Trouble,
    Unblocked,
)

SIDES = ["user", "network"]


class PeerSite:
    """`side` is the span's; the peer plays the other. `take()` returns what was told since the last time."""

    def __init__(self, side="user", peer=None, delay_ms=4.0, wait=True, on_event=None, **profile):
        self.clock = VirtualClock()
        self.wire = Wire(self.clock, delay_ms)
        self.told, self.history, self.on_event = [], [], on_event
        self.peer = Peer(self.clock, self.wire.send_right, network=side == "user", **(peer or {}))
        self.span = Q931Span(
            "b1/1", Q931Profile(side=Side(side), **profile), self.clock, self.wire.send_left, self._tell
        )
        self.wire.left, self.wire.right = self.span.receive, self.peer.receive
        last = profile.get("slots", SLOTS)[-1]
        if wait:
            assert self.clock.until(lambda: self.span.usable(last) and self.peer.link.up, 20)
            self.take()

    def _tell(self, event):
        self.told.append(event)
        self.history.append(event)
        if self.on_event:
            self.on_event(self, event)

    def run(self, seconds):
        self.clock.run(seconds)

    def take(self, *kinds):
        found, self.told = self.told, []
        return [event for event in found if not kinds or isinstance(event, kinds)]

    def setup(self, slot, called="13800138000", **fields):
        return self.span.setup(CallRequest(slot, Number(called), fields.pop("caller", Number("88001000")), **fields))

    def connected_out(self, slot, **fields):
        """A call of the span that the peer has answered."""
        call = self.setup(slot, **fields)
        assert self.clock.until(lambda: any(isinstance(e, Connected) and e.call == call for e in self.told), 5)
        self.take()
        return call

    def connected_in(self, slot, **fields):
        """A call of the peer that the span has answered: (our number, the peer's call)."""
        theirs = self.peer.dial(slot, "1055", **fields)
        self.run(0.1)
        (offer,) = self.take(Incoming)
        self.span.connect(offer.call)
        self.run(0.1)
        assert self.take(Connected) and theirs.state == 10
        return offer.call, theirs

    def check(self):
        """Nothing is left, nobody did wrong, each call had its one end."""
        assert self.peer.wrong == [] and self.peer.link.wrong == []
        assert not self.peer.calls
        assert self.span.describe()["calls"] == []
        assert all(self.span.usable(slot) for slot in SLOTS)
        check_lives(self.history)


def check_lives(history):
    """The order of events of every call, and of every slot (boardd.signalling.span)."""
    first, over, ended, connected = set(), set(), set(), set()
    blocked = set(SLOTS)
    holder = {}
    for event in history:
        if isinstance(event, Blocked):
            assert event.slot not in holder, f"{event} while a call is on the slot"
            blocked.add(event.slot)
        elif isinstance(event, Unblocked):
            assert event.slot in blocked, event
            blocked.discard(event.slot)
        if not isinstance(event, CallEvent):
            assert isinstance(event, LinkUp | LinkDown | Trouble) or hasattr(event, "slot")
            continue
        call = event.call
        assert call not in over, f"{event} after Released"
        if isinstance(event, Incoming):
            assert call not in first, f"{event} twice"
            assert event.slot not in blocked and event.slot not in holder, event
        first.add(call)
        if isinstance(event, Disconnected):
            assert call not in ended, f"{event} twice"
            ended.add(call)
        elif isinstance(event, Released):
            over.add(call)
            holder.pop(event.slot, None)
            continue
        elif isinstance(event, Connected):
            assert call not in connected and call not in ended, event
            connected.add(call)
        else:
            assert call not in ended, f"{event} after Disconnected"
        # An outgoing call may be moved to another slot by its first event.
        for slot, who in list(holder.items()):
            if who == call and slot != event.slot:
                del holder[slot]
        holder[event.slot] = call
    assert first == over, f"calls without an end: {first - over}"
