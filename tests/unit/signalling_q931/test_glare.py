"""Both ends seize the same slot; channels that are preferred, exclusive, any, or taken."""

import pytest
from peer import CHANNEL, PROCEEDING, RELEASE_COMPLETE, Manners
from site_of_tests import SIDES, PeerSite

from boardd.contract.errors import WrongStateError
from boardd.signalling.span import (
    Alerting,
    Connected,
    Disconnected,
    Incoming,
    Origin,
    Proceeding,
    Released,
    Trouble,
)

both = pytest.mark.parametrize("side", SIDES)


@pytest.mark.parametrize("exclusive", [True, False])
def test_as_the_user_we_give_way(exclusive):
    """The network's call is served on the slot; ours has ended with its own cause before the offer is told."""
    site = PeerSite("user")
    call = site.setup(5, exclusive=exclusive)
    theirs = site.peer.dial(5, "1055")
    site.run(0.5)
    lost, released, offer = site.take()
    assert lost == Disconnected(5, call, 44, "glare", Origin.GLARE)
    assert released == Released(5, call, 44)
    assert isinstance(offer, Incoming) and offer.slot == 5
    assert site.span.connect(offer.call)
    site.run(0.5)
    assert theirs.answered and site.take() == [Connected(5, offer.call)]
    site.span.disconnect(offer.call)
    site.run(1)
    assert all(c.over for c in site.peer.finished) and len(site.peer.finished) == 2
    site.check()


def test_the_owner_cannot_take_the_slot_back_while_it_hears_of_glare():
    def again(site, event):
        if isinstance(event, Disconnected | Released):
            with pytest.raises(WrongStateError):
                site.setup(5)

    site = PeerSite("user", on_event=again)
    site.setup(5)
    site.peer.dial(5, "1055")
    site.run(0.5)
    assert [type(e) for e in site.take()][:3] == [Disconnected, Released, Incoming]


def test_as_the_network_we_keep_the_slot():
    site = PeerSite("network")
    call = site.setup(5)
    theirs = site.peer.dial(5, "1055")
    site.run(0.5)
    assert theirs.got == [RELEASE_COMPLETE] and theirs.cause == 44
    assert site.take() == [Proceeding(5, call), Alerting(5, call, True), Connected(5, call)]
    site.span.disconnect(call)
    site.run(1)
    site.check()


def test_as_the_network_we_move_a_call_that_does_not_mind():
    site = PeerSite("network")
    call = site.setup(5)
    theirs = site.peer.dial(5, "1055", exclusive=False)
    site.run(0.5)
    offer = next(e for e in site.history if isinstance(e, Incoming))
    assert offer.slot == 31 and theirs.got == [PROCEEDING] and theirs.slot == 31
    assert any(e == Connected(5, call) for e in site.history)
    site.span.disconnect(call)
    site.span.disconnect(offer.call)
    site.run(1)
    site.check()


def test_a_call_that_we_have_given_up_meanwhile_gives_way_too():
    """We hung up before the far end's SETUP came: nobody needs the slot but its caller."""
    site = PeerSite("user")
    call = site.setup(5)
    site.span.disconnect(call, 16)
    theirs = site.peer.dial(5, "1055")
    site.run(0.1)
    released, offer = site.take()
    assert released == Released(5, call, 16) and isinstance(offer, Incoming) and offer.slot == 5
    assert site.span.connect(offer.call)
    site.run(0.5)
    assert theirs.answered and site.take() == [Connected(5, offer.call)]
    site.span.disconnect(offer.call)
    site.run(1)
    site.check()


def test_as_the_network_we_keep_the_slot_of_a_call_that_is_being_cleared():
    site = PeerSite("network")
    call = site.setup(5)
    site.span.disconnect(call, 16)
    theirs = site.peer.dial(5, "1055")
    site.run(1)
    assert theirs.cause == 44
    assert [e for e in site.history if isinstance(e, Released)] == [Released(5, call, 16)]
    site.check()


@both
def test_setup_on_a_busy_slot(side):
    site = PeerSite(side)
    call, _ = site.connected_in(5)
    refused = site.peer.dial(5, "1056")
    moved = site.peer.dial(5, "1057", exclusive=False)
    site.run(0.1)
    assert refused.got == [RELEASE_COMPLETE] and refused.cause == 44
    (offer,) = site.take()
    assert offer.slot == 31 and moved.slot == 31
    for each in (call, offer.call):
        site.span.disconnect(each)
    site.run(1)
    site.check()


def test_setup_without_a_channel_gets_one():
    """Only the user's SETUP may leave it out (Q.931 3.1.14)."""
    site = PeerSite("network")
    theirs = site.peer.dial(None, "1055")
    site.run(0.1)
    (offer,) = site.take()
    assert offer.slot == 31 and theirs.slot == 31
    site.span.disconnect(offer.call, 17)
    site.run(0.1)
    site.check()


def test_setup_without_a_channel_is_refused_by_the_user():
    site = PeerSite("user")
    theirs = site.peer.dial(None, "1055")
    site.run(0.1)
    assert theirs.got == [RELEASE_COMPLETE] and theirs.cause == 96 and site.take() == []
    site.check()


def test_any_channel():
    site = PeerSite("network")
    theirs = site.peer.dial(None, "1055", extra=((CHANNEL, b"\xa3"),))
    site.run(0.1)
    (offer,) = site.take()
    assert offer.slot == 31 == theirs.slot


def test_all_slots_busy():
    site = PeerSite("network", slots=(1, 2))
    for slot in (1, 2):
        site.setup(slot)
    theirs = site.peer.dial(None, "1055", extra=((CHANNEL, b"\xa3"),))
    site.run(0.1)
    assert theirs.cause == 44


@both
def test_slots_that_are_not_ours(side):
    site = PeerSite(side, slots=(1, 2, 3))
    theirs = site.peer.dial(9, "1055")
    site.run(0.1)
    assert theirs.cause == 44 and site.take() == []


@both
def test_the_far_end_chooses_another_slot(side):
    site = PeerSite(side, peer={"manners": lambda: Manners(move_to=20)})
    call = site.setup(5, exclusive=False)
    site.run(1)
    assert [e.slot for e in site.take()] == [20, 20, 20]
    assert site.span.usable(5) and not site.span.usable(20)
    site.span.disconnect(call)
    site.run(0.1)
    assert site.take() == [Released(20, call, 16)]
    site.check()


@both
def test_the_far_end_chooses_a_slot_that_is_busy(side):
    manners = Manners()
    site = PeerSite(side, peer={"manners": lambda: manners})
    other = site.connected_out(20)
    manners.move_to = 20
    call = site.setup(5, exclusive=False)
    site.run(1)
    told = site.take()
    assert isinstance(told[0], Trouble) and told[0].code == "slot_conflict"
    assert "from timeslot 5 to 20" in told[0].text
    assert told[1:] == [Disconnected(5, call, 6, "slot", Origin.LINE), Released(5, call, 6)]
    assert site.peer.finished[-1].cause == 6
    site.span.disconnect(other)
    site.run(0.1)
    site.check()


@both
def test_the_far_end_moves_a_call_that_was_asked_for_one_slot_only(side):
    """It may not (Q.931 4.5.13): the call is ended, both slots stay good."""
    site = PeerSite(side, peer={"manners": lambda: Manners(move_to=20)})
    call = site.setup(5)
    site.run(1)
    told = site.take()
    assert isinstance(told[0], Trouble) and told[0].code == "slot_conflict" and "no other" in told[0].text
    assert told[1:] == [Disconnected(5, call, 6, "slot", Origin.LINE), Released(5, call, 6)]
    assert site.peer.finished[-1].cause == 6
    site.check()
