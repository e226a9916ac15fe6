"""RESTART of slots and of the interface, SERVICE, blocking, STATUS and STATUS ENQUIRY."""

import pytest
from peer import (
    CAUSE,
    CHANNEL,
    RESTART,
    RESTART_IND,
    SERVICE,
    SERVICE_ACK,
    SLOTS,
    STATE,
    STATUS,
    STATUS_ENQUIRY,
    Manners,
    Msg,
    cause_ie,
    channel_ie,
)
from site_of_tests import SIDES, PeerSite

from boardd.contract.errors import WrongStateError
from boardd.signalling.span import (
    Blocked,
    BlockReason,
    ChannelRestarted,
    Disconnected,
    Incoming,
    Origin,
    Released,
    Unblocked,
)

both = pytest.mark.parametrize("side", SIDES)


@both
def test_the_far_end_restarts_a_slot(side):
    site = PeerSite(side)
    call, other = site.connected_out(3), site.connected_out(4)
    site.peer.restart(3)
    site.run(0.1)
    assert site.take() == [
        Disconnected(3, call, 41, "RESTART", Origin.FAR),
        Released(3, call, 41),
        ChannelRestarted(3, by_far=True),
    ]
    assert site.peer.restart_acks == [b"\xa9\x83\x83"]
    site.run(60)
    assert site.take() == []
    site.span.disconnect(other)
    site.run(0.1)
    site.check()


@both
def test_the_far_end_restarts_the_interface(side):
    site = PeerSite(side)
    calls = {site.connected_out(3), site.connected_out(4)}
    site.peer.restart()
    site.run(0.1)
    told = site.take()
    assert {e.call for e in told if isinstance(e, Released)} == calls
    assert [e.slot for e in told if isinstance(e, ChannelRestarted)] == list(SLOTS)
    assert len(site.peer.restart_acks) == 1
    site.check()


def test_the_far_end_restarts_a_list_of_slots():
    """One acknowledgement with the same list; each slot is told."""
    site = PeerSite()
    call = site.connected_out(4)
    for peer_call in list(site.peer.calls.values()):
        site.peer._end(peer_call)
    ies = ((CHANNEL, b"\xa9\x83\x03\x04\x85"), (RESTART_IND, b"\x80"))
    site.peer.raw(Msg(RESTART, 0, False, ies).octets())
    site.run(0.1)
    told = site.take()
    assert [e.slot for e in told if isinstance(e, ChannelRestarted)] == [3, 4, 5]
    assert [e.call for e in told if isinstance(e, Released)] == [call]
    assert site.peer.restart_acks == [b"\xa9\x83\x03\x04\x85"]
    site.check()


@both
def test_we_restart_a_slot(side):
    site = PeerSite(side)
    call = site.connected_out(3)
    site.peer.restarted.clear()
    site.span.restart(3)
    assert site.take() == [
        Disconnected(3, call, 41, "RESTART", Origin.LINE),
        Released(3, call, 41),
        Blocked(3, BlockReason.RESTARTING),
    ]
    with pytest.raises(WrongStateError, match="restarting"):
        site.setup(3)
    site.run(0.1)
    assert site.take() == [Unblocked(3), ChannelRestarted(3, by_far=False)]
    assert site.peer.restarted == [3] and site.peer.finished[-1].over
    site.check()


@both
def test_we_restart_everything(side):
    site = PeerSite(side)
    calls = {site.connected_out(3), site.connected_out(31)}
    site.peer.restarted.clear()
    site.span.restart(None)
    site.run(2)
    told = site.take()
    assert site.peer.restarted == list(SLOTS)
    assert {e.call for e in told if isinstance(e, Released)} == calls
    assert [e.slot for e in told if isinstance(e, ChannelRestarted)] == list(SLOTS)
    site.check()


def test_both_ends_restart_the_same_slot():
    site = PeerSite()
    site.span.restart(3)
    site.peer.restart(3)
    site.run(1)
    assert sorted(e.by_far for e in site.take() if isinstance(e, ChannelRestarted)) == [False, True]
    site.check()


@both
def test_a_slot_that_the_far_end_has_out_of_use_is_restarted(side):
    """It refuses our SETUP with 44; the next call there must not meet the same."""
    manners = Manners(refuse=44)
    site = PeerSite(side, peer={"manners": lambda: manners})
    site.peer.restarted.clear()
    call = site.setup(3)
    site.run(0.1)
    assert site.take() == [
        Disconnected(3, call, 44, "44 loc=0"),
        Released(3, call, 44),
        Blocked(3, BlockReason.RESTARTING),
    ]
    site.run(1)
    assert site.take() == [Unblocked(3), ChannelRestarted(3, by_far=False)]
    assert site.peer.restarted == [3]
    site.check()


def test_a_refusal_that_overtakes_the_far_ends_own_call_costs_nothing():
    manners = Manners(refuse=44)
    site = PeerSite("user", peer={"manners": lambda: manners})
    site.peer.restarted.clear()
    site.setup(3)
    site.run(0.1)
    theirs = site.peer.dial(3, "1055")
    site.run(5)
    assert site.take(Incoming)[0].slot == 3 and not theirs.over and site.peer.restarted == []


def test_a_call_that_comes_while_our_restart_is_on_its_way_is_refused():
    """The far end will drop it when the RESTART arrives: it must not become a call of ours."""
    site = PeerSite()
    site.span.restart(3)
    theirs = site.peer.dial(3, "1055")
    site.run(1)
    assert theirs.over and not site.take(Incoming)
    site.check()


def test_a_call_on_a_slot_that_waits_for_its_restart_is_served():
    site = PeerSite(wait=False)
    assert site.clock.until(lambda: site.peer.link.up and site.span.link_up, 5, step_s=0.001)
    theirs = site.peer.dial(31, "1055")
    assert site.clock.until(lambda: site.span.usable(30), 5)
    (offer,) = site.take(Incoming)
    assert 31 not in site.peer.restarted and not theirs.over
    site.span.disconnect(offer.call)
    site.run(1)
    site.check()


def test_restart_while_the_link_is_down_is_made_up_for():
    site = PeerSite()
    site.wire.cut = True
    assert site.clock.until(lambda: not site.span.link_up, 60)
    site.peer.restarted.clear()
    site.span.restart(9)
    site.wire.cut = False
    assert site.clock.until(lambda: site.span.usable(9), 30)
    assert site.peer.restarted == [9]


@both
def test_a_slot_out_of_service_takes_no_calls_either_way(side):
    site = PeerSite(side)
    site.span.service(5, in_service=False)
    assert site.take() == [Blocked(5, BlockReason.OURS)]
    with pytest.raises(WrongStateError, match="ours"):
        site.setup(5)
    theirs = site.peer.dial(5, "1055")
    moved = site.peer.dial(5, "1056", exclusive=False)
    site.run(0.1)
    assert theirs.cause == 44 and moved.slot == 31
    assert site.peer.services == []
    site.span.disconnect(site.take(Incoming)[0].call)
    site.run(0.1)
    site.span.service(5, in_service=True)
    assert site.take()[-1] == Unblocked(5)
    site.check()


@both
def test_service_messages(side):
    site = PeerSite(side, service_messages=True)
    site.span.service(5, in_service=False)
    site.run(0.1)
    assert site.peer.services == [(SERVICE, b"\xc2", b"\xa9\x83\x85")]
    site.take()
    site.peer.service(7, 2)
    site.run(0.1)
    assert site.take() == [Blocked(7, BlockReason.FAR)]
    assert site.peer.services[-1][0] == SERVICE_ACK
    with pytest.raises(WrongStateError, match="far"):
        site.setup(7)
    site.peer.service(7, 0)
    site.span.service(5, in_service=True)
    site.run(0.1)
    assert set(site.take()) == {Unblocked(5), Unblocked(7)}
    site.check()


def test_a_call_in_progress_outlives_its_slots_service():
    site = PeerSite(service_messages=True)
    call = site.connected_out(7)
    site.peer.service(7, 2)
    site.run(1)
    assert site.take() == []
    site.span.disconnect(call)
    site.run(1)
    assert site.take() == [Released(7, call, 16), Blocked(7, BlockReason.FAR)]
    theirs = site.peer.dial(7, "1055")
    site.run(1)
    assert [type(e) for e in site.take()] == [Unblocked, Incoming], "the far end uses it again"
    site.peer.hang_up(theirs)
    site.run(1)
    site.check()


def test_service_of_the_whole_interface():
    site = PeerSite(service_messages=True)
    ies = ((0x01, b"\xc2"), (CHANNEL, b"\xe9\x80\x83"))
    site.peer.raw(Msg(SERVICE, 0, False, ies, pd=0x03).octets())
    site.run(0.1)
    told = site.take()
    assert {type(e) for e in told} == {Blocked} and len(told) == 30 and site.span.link_up
    site.peer.raw(Msg(SERVICE, 0, False, ((0x01, b"\xc0"), (CHANNEL, b"\xe9\x80\x83")), pd=0x03).octets())
    site.run(0.1)
    assert {type(e) for e in site.take()} == {Unblocked}


def test_service_messages_of_a_far_end_to_which_we_do_not_speak_them():
    """libpri answers them; nothing is blocked."""
    site = PeerSite()
    site.peer.service(7, 2)
    site.run(0.1)
    assert site.take() == [] and site.span.usable(7)
    assert site.peer.services[-1][0] == SERVICE_ACK


@both
def test_status_enquiry_is_answered_with_the_state(side):
    site = PeerSite(side)
    answers = []
    site.peer._step = lambda call, msg, step=site.peer._step: (
        answers.append((msg.get(CAUSE)[-1] & 0x7F, msg.get(STATE)[0])) if msg.kind == STATUS else step(call, msg)
    )
    site.connected_in(3)
    theirs = site.peer.calls[True, 1]
    site.peer.raw(Msg(STATUS_ENQUIRY, theirs.reference, False).octets())
    site.run(0.1)
    assert answers == [(30, 10)]


@both
def test_status_null_means_the_far_end_has_no_such_call(side):
    site = PeerSite(side)
    call, theirs = site.connected_in(3)
    site.peer._end(theirs)
    site.peer.raw(Msg(STATUS, theirs.reference, False, (cause_ie(101), (STATE, b"\x00"))).octets())
    site.run(0.1)
    assert site.take() == [Disconnected(3, call, 101, "101 loc=0"), Released(3, call, 101)]
    site.check()


@both
def test_messages_about_calls_that_we_do_not_have(side):
    """RELEASE COMPLETE with cause 81, STATUS 0 for an enquiry; nothing is told."""
    site = PeerSite(side)
    seen = len(site.wire.seen)
    for kind, ies in (
        (0x07, (channel_ie(4),)),
        (0x01, ()),
        (0x45, (cause_ie(16),)),
        (0x4D, (cause_ie(16),)),
        (0x5A, ()),
        (0x7B, ((0x70, b"\x811"),)),
        (STATUS_ENQUIRY, ()),
    ):
        site.peer.raw(Msg(kind, 77, False, ies).octets())
        site.run(0.1)
    sent = [f for _, who, f in site.wire.seen[seen:] if who == "left" and f[2] & 1 == 0]
    assert [f[8] for f in sent] == [0x5A] * 6
    assert all(f[-1] & 0x7F == 81 for f in sent)
    assert site.take() == [] and site.peer.wrong == []
