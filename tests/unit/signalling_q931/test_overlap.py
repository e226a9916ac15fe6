"""Numbers that come digit by digit, both ways."""

import pytest
from peer import DISCONNECT, INFORMATION, PROCEEDING, SETUP, SETUP_ACK, Manners
from site_of_tests import SIDES, PeerSite

from boardd.contract.errors import ConfigurationError
from boardd.signalling.q931.ddi import DdiPlan, DdiRange, DdiVerdict
from boardd.signalling.span import (
    Alerting,
    Connected,
    Disconnected,
    Incoming,
    MoreDigits,
    MoreDigitsWanted,
    Origin,
    Proceeding,
    Released,
)

both = pytest.mark.parametrize("side", SIDES)


def overlapping(side="user", ddi=(), **profile):
    return PeerSite(side, overlap_receiving=True, ddi=DdiPlan.parse(ddi), **profile)


@both
def test_digits_in_until_the_far_end_says_so(side):
    site = overlapping(side)
    theirs = site.peer.dial(4, "1", complete=False)
    site.run(0.1)
    (offer,) = site.take()
    assert isinstance(offer, Incoming) and not offer.complete and offer.called.digits == "1"
    assert theirs.got == [SETUP_ACK]
    site.peer.more(theirs, "0")
    site.run(0.1)
    site.peer.more(theirs, "55", complete=True)
    site.run(0.1)
    assert site.take() == [
        MoreDigits(4, offer.call, "0", "10"),
        MoreDigits(4, offer.call, "55", "1055", complete=True),
    ]
    assert theirs.got == [SETUP_ACK, PROCEEDING]
    site.peer.more(theirs, "9")
    site.run(0.1)
    assert site.take() == []


@both
def test_digits_in_until_the_number_is_one_of_ours(side):
    site = overlapping(side, ddi=["1000-1099", "88001000"])
    theirs = site.peer.dial(4, "", complete=False)
    site.run(0.1)
    (offer,) = site.take()
    for digit in "1055":
        site.peer.more(theirs, digit)
        site.run(0.1)
    assert [(e.called, e.complete) for e in site.take()] == [
        ("1", False),
        ("10", False),
        ("105", False),
        ("1055", True),
    ]
    assert theirs.got == [SETUP_ACK, PROCEEDING]
    assert site.span.connect(offer.call)


def test_a_number_that_is_complete_or_impossible_needs_no_waiting():
    site = overlapping(ddi=["1000-1099"])
    for number in ("1055", "17", "10999"):
        theirs = site.peer.dial(site.peer.free_slot(), number, complete=False)
        site.run(0.1)
        (offer,) = site.take()
        assert offer.complete and theirs.got == [PROCEEDING]


def test_digits_in_until_nothing_comes_for_t302():
    site = overlapping(timers_ms={"T302": 15_000})
    theirs = site.peer.dial(4, "10", complete=False)
    site.run(10)
    site.peer.more(theirs, "5")
    site.run(14.9)
    assert [type(e) for e in site.take()] == [Incoming, MoreDigits]
    site.run(0.2)
    (last,) = site.take()
    assert (last.digits, last.called, last.complete) == ("", "105", True)
    assert theirs.got == [SETUP_ACK, PROCEEDING]


def test_a_number_that_is_never_continued_is_complete_after_t302():
    site = overlapping(timers_ms={"T302": 15_000})
    theirs = site.peer.dial(4, "10", complete=False)
    site.run(14.9)
    assert [type(e) for e in site.take()] == [Incoming]
    site.run(0.2)
    (last,) = site.take()
    assert (last.digits, last.called, last.complete) == ("", "10", True) and theirs.got == [SETUP_ACK, PROCEEDING]


def test_a_number_that_the_plan_knows_to_be_incomplete_is_refused_after_t302():
    """Q.931 5.1.3: cause 28 when the number is definitely incomplete; nobody could say whom it is for."""
    site = overlapping(ddi=["1000-1099"], timers_ms={"T302": 15_000})
    theirs = site.peer.dial(4, "10", complete=False)
    site.run(10)
    site.peer.more(theirs, "5")
    site.run(14.9)
    assert [type(e) for e in site.take()] == [Incoming, MoreDigits]
    site.run(0.2)
    over, released = site.take()
    assert isinstance(over, Disconnected) and (over.cause, over.raw) == (28, "T302")
    assert isinstance(released, Released)
    assert PROCEEDING not in theirs.got and theirs.cause == 28
    assert site.span.usable(4)


def test_the_owner_ends_the_collection():
    site = overlapping()
    theirs = site.peer.dial(4, "10", complete=False)
    site.run(0.1)
    (offer,) = site.take()
    assert site.span.proceeding(offer.call)
    site.run(20)
    assert theirs.got == [SETUP_ACK, PROCEEDING] and site.take() == []


def test_without_overlap_every_setup_is_complete():
    """Chinese exchanges send the whole number, with or without Sending Complete."""
    site = PeerSite()
    theirs = site.peer.dial(4, "1055", complete=False)
    site.run(0.1)
    assert site.take()[0].complete and theirs.got == [PROCEEDING]


@both
def test_digits_out(side):
    site = PeerSite(side, peer={"manners": lambda: Manners(digits=11)})
    call = site.setup(4, called="1", complete=False)
    assert site.span.more_digits(call, "38")  # before SETUP ACKNOWLEDGE: kept
    site.run(0.005)
    assert [f[8] for _, who, f in site.wire.seen if who == "left" and f[2] & 1 == 0][-1] == SETUP
    site.run(0.1)
    assert site.take() == [MoreDigitsWanted(4, call, True)]
    assert site.span.more_digits(call, "0013")
    site.run(0.1)
    assert site.span.more_digits(call, "8000", complete=True)
    assert not site.span.more_digits(call, "1")
    site.run(1)
    (theirs,) = site.peer.calls.values()
    assert theirs.called == "13800138000" and theirs.got.count(INFORMATION) == 10
    assert site.take() == [Proceeding(4, call), Alerting(4, call, True), Connected(4, call)]
    site.span.disconnect(call)
    site.run(0.1)
    site.check()


@pytest.mark.parametrize(("complete", "cause"), [(True, 28), (False, 102)])
def test_a_far_end_that_waits_for_ever_is_left_after_t304(complete, cause):
    """A whole number that the far end thinks is too short: 28; otherwise recovery on timer expiry."""
    site = PeerSite(peer={"manners": lambda: Manners(digits=12)})
    call = site.setup(4, called="13800", complete=complete)
    site.run(29)
    assert [type(e) for e in site.take()] == [MoreDigitsWanted]
    site.run(2)
    assert site.take() == [
        Disconnected(4, call, cause, "T304", Origin.LINE),
        Released(4, call, cause),
    ]
    assert site.peer.finished[0].got[-2] == DISCONNECT and site.peer.finished[0].cause == cause
    site.check()


def test_ranges():
    assert DdiRange.parse("88001000-88001099") == DdiRange("88001000", "88001099")
    assert DdiRange.parse(" 1055 ") == DdiRange("1055", "1055")
    plan = DdiPlan.parse(["1000-1099", "200-299"])
    verdicts = {
        digits: plan.verdict(digits) for digits in ("", "1", "10", "109", "1099", "11", "2", "250", "2500", "3")
    }
    assert [d for d, v in verdicts.items() if v is DdiVerdict.COMPLETE] == ["1099", "250"]
    assert [d for d, v in verdicts.items() if v is DdiVerdict.IMPOSSIBLE] == ["11", "2500", "3"]
    assert DdiPlan().verdict("123") is DdiVerdict.PARTIAL


@pytest.mark.parametrize("text", ["", "12a", "1-", "100-99", "10-999", "20-10", "-5"])
def test_ranges_that_are_none(text):
    with pytest.raises(ConfigurationError, match="DDI range"):
        DdiRange.parse(text)
