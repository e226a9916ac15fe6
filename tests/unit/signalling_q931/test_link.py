"""The data link: up, down, short losses, long ones, far ends that start anew, loops and wrong roles."""

import pytest
from peer import NOTIFY, SLOTS, STATE, STATUS, Manners, Msg, Peer, cause_ie
from site_of_tests import SIDES, PeerSite
from virtual import VirtualClock, Wire

from boardd.signalling.q931.profile import Q931Profile, RestartPolicy, Side
from boardd.signalling.q931.span import Q931Span
from boardd.signalling.span import (
    Blocked,
    BlockReason,
    ChannelRestarted,
    Disconnected,
    Incoming,
    LinkDown,
    LinkUp,
    Origin,
    Released,
    Trouble,
    Unblocked,
)

both = pytest.mark.parametrize("side", SIDES)


REPAIR_S = 6
"""Q.921 first tries to establish the link again (N200 times T200) before it tells Q.931 that it is lost."""


def down(site, seconds=60):
    site.wire.cut = True
    assert site.clock.until(lambda: not site.span.link_up, seconds)


def up(site, seconds=30):
    site.wire.cut = False
    assert site.clock.until(lambda: site.span.link_up and site.peer.link.up, seconds)


@both
def test_a_new_link_restarts_every_slot_once(side):
    site = PeerSite(side)
    assert site.peer.restarted == list(SLOTS)
    assert site.history[0] == LinkUp()
    assert [e.slot for e in site.history if isinstance(e, Unblocked)] == list(SLOTS)
    assert [e for e in site.history if isinstance(e, ChannelRestarted)] == [ChannelRestarted(s, False) for s in SLOTS]


@pytest.mark.parametrize("policy", [RestartPolicy.DIRTY, RestartPolicy.NEVER])
def test_a_profile_may_do_without(policy):
    site = PeerSite(restart=policy)
    assert site.peer.restarted == []


def test_a_far_end_that_ignores_restart_costs_ten_seconds_once():
    site = PeerSite(peer={"answers_restart": False}, wait=False)
    assert site.clock.until(lambda: site.span.link_up, 5)
    site.run(9)
    assert not site.span.usable(2)
    site.run(2)
    assert all(site.span.usable(slot) for slot in SLOTS[1:]) and not site.span.usable(1)
    assert [e.code for e in site.take() if isinstance(e, Trouble)] == ["restart_unanswered"]
    assert site.peer.restarted == [1]
    site.run(240)
    assert site.span.usable(1)
    assert not any(isinstance(e, Trouble) for e in site.take())


@both
def test_calls_outlive_a_short_loss(side):
    """T309: what talks goes on; what is being set up ends at both ends; nothing else is touched afterwards."""
    site = PeerSite(side, peer={"manners": lambda: Manners(answer_ms=300)})
    talking = site.connected_out(3)
    answered, _ = site.connected_in(4)
    site.peer.manners = lambda: Manners(answer_ms=None)
    ringing = site.setup(5)
    site.peer.dial(6, "1055")
    site.run(0.3)
    offered = site.take(Incoming)[0].call
    site.peer.restarted.clear()
    down(site)
    site.run(REPAIR_S)
    told = site.take()
    assert told[0] == LinkDown()
    ended = {e.call: (e.cause, e.raw, e.origin) for e in told if isinstance(e, Disconnected)}
    assert ended == {ringing: (27, "T309", Origin.LINE), offered: (27, "T309", Origin.LINE)}
    assert {e.slot for e in told if isinstance(e, Blocked)} == set(SLOTS) - {3, 4}
    assert {e.reason for e in told if isinstance(e, Blocked)} == {BlockReason.LINK}
    site.run(20)
    up(site)
    site.run(2)
    told = site.take()
    assert told[0] == LinkUp() and not any(isinstance(e, Disconnected | Released) for e in told)
    assert sorted(site.peer.restarted) == [5, 6], "those whose end the far end was not told, and nothing else"
    assert {e.slot for e in told if isinstance(e, Unblocked)} == set(SLOTS) - {3, 4}
    for call in (talking, answered):
        assert site.span.disconnect(call)
    site.run(1)
    site.check()


@both
def test_a_long_loss_ends_calls_after_t309(side):
    site = PeerSite(side, peer={"t309_ms": 30_000}, timers_ms={"T309": 30_000})
    call = site.connected_out(3)
    down(site)
    site.run(30)
    assert not any(isinstance(e, Released) for e in site.take())
    site.run(REPAIR_S)
    assert site.take() == [
        Disconnected(3, call, 27, "T309", Origin.LINE),
        Released(3, call, 27),
        Blocked(3, BlockReason.LINK),
    ]
    site.peer.restarted.clear()
    up(site)
    site.run(2)
    assert site.peer.restarted == [3]
    site.check()


@both
def test_we_hang_up_while_the_link_is_down(side):
    """The call is over at once; the far end is told by RESTART of that slot when it can be."""
    site = PeerSite(side)
    call = site.connected_out(3)
    other = site.connected_out(7)
    site.peer.restarted.clear()
    down(site)
    site.take()
    assert site.span.disconnect(call, 16)
    assert site.take() == [Released(3, call, 16), Blocked(3, BlockReason.LINK)]
    up(site)
    site.run(2)
    assert site.peer.restarted == [3]
    assert [c.slot for c in site.peer.finished] == [3] and len(site.peer.calls) == 1
    site.span.disconnect(other)
    site.run(1)
    site.check()


@both
def test_the_far_end_hung_up_while_the_link_was_down(side):
    """It answers our STATUS with RELEASE COMPLETE: that call ends, the other goes on."""
    site = PeerSite(side)
    call = site.connected_out(3)
    other = site.connected_out(7)
    down(site)
    site.run(REPAIR_S)
    site.peer.hang_up(next(c for c in site.peer.calls.values() if c.slot == 3))
    site.take()
    up(site)
    site.run(2)
    ended = [e for e in site.take() if isinstance(e, Disconnected | Released)]
    assert [type(e) for e in ended] == [Disconnected, Released] and {e.call for e in ended} == {call}
    assert ended[0].cause == 101 and ended[0].origin is Origin.FAR
    site.span.disconnect(other)
    site.run(1)
    site.check()


@both
def test_the_far_end_starts_anew(side):
    """DISC, its calls are forgotten, then SABME: what we thought connected is freed by its answers, within a second."""
    site = PeerSite(side)
    calls = {site.connected_out(slot) for slot in (3, 4, 5)}
    old = site.peer
    old.link.disconnect()
    site.run(0.1)
    old.link.deaf = True
    site.peer = Peer(site.clock, site.wire.send_right, network=side == "user")
    site.wire.right = site.peer.receive
    assert site.clock.until(lambda: site.span.link_up and site.peer.link.up, 20)
    site.run(1)
    assert {e.call for e in site.take(Released)} == calls
    assert site.peer.restarted == []
    call = site.setup(3)
    site.run(1)
    site.span.disconnect(call)
    site.run(1)
    site.check()


@both
def test_a_call_that_the_far_end_has_forgotten_gives_way_to_its_new_one(side):
    """A loss shorter than Q.921's patience: nobody told Q.931. The far end, which hung up meanwhile, uses the slot."""
    site = PeerSite(side)
    old = site.connected_out(3)
    down(site)
    stale = next(iter(site.peer.calls.values()))
    site.peer.link.wrong.clear()
    site.peer._end(stale)
    up(site)
    site.take()
    theirs = site.peer.dial(3, "1055")
    site.run(0.5)
    told = site.take()
    assert told[:2] == [Disconnected(3, old, 41, "stale", Origin.LINE), Released(3, old, 41)]
    assert isinstance(told[2], Incoming) and told[2].slot == 3
    site.span.connect(told[2].call)
    site.run(0.5)
    assert theirs.answered
    site.span.disconnect(told[2].call)
    site.run(0.5)
    site.check()


@both
def test_a_call_that_the_far_end_still_speaks_of_does_not_give_way(side):
    site = PeerSite(side)
    old = site.connected_out(3)
    down(site)
    up(site)
    site.take()
    (theirs,) = site.peer.calls.values()
    site.peer.raw(Msg(NOTIFY, theirs.reference, not theirs.mine, ((0x27, b"\xf1"),)).octets())
    site.run(0.1)
    refused = site.peer.dial(3, "1055")
    site.run(0.5)
    assert refused.cause == 44 and site.take() == []
    site.span.disconnect(old)
    site.run(0.5)
    site.check()


@both
def test_a_restart_that_went_down_with_the_link_is_sent_again(side):
    site = PeerSite(side)
    site.peer.restarted.clear()
    site.wire.cut = True
    site.span.restart(9)
    site.run(0.5)
    site.wire.cut = False
    site.peer.link.up = False
    site.peer.link.establish()
    site.run(1)
    assert 9 in site.peer.restarted and site.span.usable(9)


@pytest.mark.parametrize("state", [3, 4])
def test_an_answer_that_went_down_with_the_link_is_given_again(state):
    """As the network: nobody acknowledges our CONNECT, and the caller would hear it ring for ever. The caller's STATUS
    says so when the link is back: outgoing call proceeding, or call delivered."""
    site = PeerSite("network")
    theirs = site.peer.dial(8, "1055")
    site.run(0.1)
    (offer,) = site.take(Incoming)
    if state == 4:
        site.span.alerting(offer.call)
        site.run(0.1)
    site.wire.cut = True
    site.span.connect(offer.call)
    site.run(0.5)
    site.wire.cut = False
    site.peer.link.up = False
    site.peer.link.establish()
    site.run(0.1)
    site.peer.raw(Msg(STATUS, theirs.reference, False, (cause_ie(31), (STATE, bytes([state])))).octets())
    site.run(0.5)
    assert theirs.answered and theirs.state == 10
    site.span.disconnect(offer.call)
    site.run(0.5)
    assert [type(e).__name__ for e in site.take()] == ["Connected", "Released"]
    site.check()


def test_a_restart_that_is_not_answered_does_not_keep_a_slot_from_a_call_for_ever():
    site = PeerSite(peer={"answers_restart": True})
    site.peer.answers_restart = False
    site.span.restart(9)
    site.run(5)
    theirs = site.peer.dial(9, "1055")
    site.run(0.5)
    assert [type(e) for e in site.take()][-1] is Incoming and not theirs.over


@both
def test_setup_is_refused_while_the_link_is_down(side):
    from boardd.contract.errors import WrongStateError

    site = PeerSite(side)
    down(site)
    with pytest.raises(WrongStateError, match="not free for a call"):
        site.setup(3)


@both
def test_lost_and_garbled_frames_are_repaired_below(side):
    """Every fifth frame is lost, every seventh comes with a wrong sequence number or twice: calls do not notice."""
    site = PeerSite(side)
    count = 0

    def spoil(who, frame):
        nonlocal count
        count += 1
        if count % 5 == 0:
            return ()
        return (frame, frame) if count % 7 == 0 else (frame,)

    site.wire.spoil = spoil
    call = site.setup(3)
    site.run(10)
    assert site.take()[-1].__class__.__name__ == "Connected"
    site.span.disconnect(call)
    site.run(10)
    assert site.take() == [Released(3, call, 16)]
    site.wire.spoil = None
    site.check()


def test_restarts_that_a_loss_interrupted_are_made_up_for():
    site = PeerSite(peer={"answers_restart": False}, restart=RestartPolicy.DIRTY)
    for slot in (4, 5, 6):
        site.span.restart(slot)
    down(site)
    site.peer.answers_restart = True
    site.peer.restarted.clear()
    up(site)
    site.run(1)
    assert sorted(site.peer.restarted) == [4, 5, 6]


# -- links that cannot come up -----------------------------------------------------------------------------------------
def alone(side, send=lambda frame: None):
    clock, told = VirtualClock(), []
    span = Q931Span("b1/1", Q931Profile(side=Side(side)), clock, send, told.append)
    return clock, span, told


@both
def test_nobody_there(side):
    clock, span, told = alone(side)
    clock.run(120)
    assert told == [] and "no frame was received" in span.describe()["link"]


@both
def test_a_loop(side):
    clock = VirtualClock()
    wire, told = Wire(clock, delay_ms=8), []
    span = Q931Span("b1/1", Q931Profile(side=Side(side)), clock, wire.send_left, told.append)
    wire.right = span.receive
    clock.run(30)
    assert [e.code for e in told] == ["loop"] and "looped" in span.describe()["link"]


@both
def test_both_ends_play_the_same_side(side):
    clock = VirtualClock()
    wire, told, others = Wire(clock), [], []
    span = Q931Span("b1/1", Q931Profile(side=Side(side)), clock, wire.send_left, told.append)
    clock.run(0.3)
    other = Q931Span("b2/1", Q931Profile(side=Side(side)), clock, wire.send_right, others.append)
    wire.left, wire.right = span.receive, other.receive
    clock.run(30)
    assert [e.code for e in told] == ["role_clash"] == [e.code for e in others]
    assert "set `side: " in told[0].text


def test_trouble_is_over_when_the_link_comes_up():
    clock = VirtualClock()
    wire, told = Wire(clock, delay_ms=8), []
    span = Q931Span("b1/1", Q931Profile(restart=RestartPolicy.NEVER), clock, wire.send_left, told.append)
    wire.right = span.receive
    clock.run(10)
    peer = Peer(clock, wire.send_right, network=True)
    wire.left, wire.right = span.receive, peer.receive
    clock.run(10)
    assert span.link_up
    assert [(e.code, e.raised) for e in told if isinstance(e, Trouble)] == [("loop", True), ("loop", False)]
    assert span.describe()["link"] == ""


def test_closed_means_silent():
    site = PeerSite()
    site.setup(3)
    site.span.close()
    frames, events = len(site.wire.seen), len(site.history)
    sent = sum(who == "left" for _, who, _ in site.wire.seen)
    site.span.receive(b"\x02\x01\x7f")
    site.run(120)
    assert sum(who == "left" for _, who, _ in site.wire.seen) == sent and frames
    assert len(site.history) == events
