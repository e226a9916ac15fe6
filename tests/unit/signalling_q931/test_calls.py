"""Single calls against the independent peer, as user and as network."""

import pytest
from peer import (
    ALERTING,
    CALLED,
    CALLING,
    CAUSE,
    CHANNEL,
    COMPLETE,
    CONNECT,
    CONNECT_ACK,
    DISCONNECT,
    PI,
    PROCEEDING,
    PROGRESS,
    REDIRECTING,
    RELEASE,
    RELEASE_COMPLETE,
    Manners,
    Msg,
)
from site_of_tests import SIDES, PeerSite

from boardd.contract.errors import ArgumentError, WrongStateError
from boardd.signalling.span import (
    Alerting,
    CallRequest,
    Connected,
    Disconnected,
    Incoming,
    Number,
    NumberKind,
    Origin,
    Presentation,
    Proceeding,
    Progress,
    Released,
)

both = pytest.mark.parametrize("side", SIDES)


@both
def test_call_out(side):
    site = PeerSite(side)
    call = site.setup(5)
    site.run(1)
    assert site.take() == [Proceeding(5, call), Alerting(5, call, True), Connected(5, call)]
    (theirs,) = site.peer.calls.values()
    assert theirs.state == 10 and theirs.called == "13800138000"
    assert site.span.disconnect(call, 16)
    site.run(0.1)
    assert site.take() == [Released(5, call, 16)]
    assert theirs.got[-2:] == [DISCONNECT, RELEASE_COMPLETE] and theirs.cause == 16
    site.check()


@both
def test_what_stands_in_setup(side):
    site = PeerSite(side)
    caller = Number("2087654321", NumberKind.NATIONAL, 1, Presentation.RESTRICTED, 1)
    redirecting = Number("4001234567", NumberKind.UNKNOWN, 1)
    request = CallRequest(17, Number("1055", NumberKind.SUBSCRIBER), caller, redirecting, exclusive=False)
    site.span.setup(request)
    site.run(0.02)
    setup = next(iter(site.peer.calls.values())).setup
    assert setup.ies[0] == (0x04, bytes.fromhex("9090a3"))
    assert setup.get(CHANNEL) == bytes.fromhex("a18391")
    assert setup.get(CALLING) == b"\x21\xa1" + b"2087654321"
    assert setup.get(CALLED) == b"\xc1" + b"1055"
    assert setup.get(REDIRECTING)[:1] == b"\x01" and setup.get(REDIRECTING).endswith(b"4001234567")
    assert setup.get(COMPLETE) is not None


@pytest.mark.parametrize(
    ("caller", "octets"),
    [
        (Number(), None),
        (Number("", presentation=Presentation.RESTRICTED), b"\x01\xa0"),
        (Number("", presentation=Presentation.UNAVAILABLE, screening=3), b"\x01\xc3"),
        (Number("88001000", NumberKind.INTERNATIONAL), b"\x11\x8088001000"),
        (Number("88001000", NumberKind.UNKNOWN, 0), b"\x00\x8088001000"),
        (Number("88001000", NumberKind.SUBSCRIBER, 1, screening=3), b"\x41\x8388001000"),
    ],
)
def test_the_callers_number_stands_as_it_was_given(caller, octets):
    site = PeerSite()
    site.setup(1, caller=caller, speech=True)
    site.run(0.02)
    setup = next(iter(site.peer.calls.values())).setup
    assert setup.get(CALLING) == octets
    assert setup.get(0x04) == bytes.fromhex("8090a3")


@both
def test_call_in(side):
    site = PeerSite(side)
    extra = ((REDIRECTING, b"\x01\x00\x824001234567"),)
    theirs = site.peer.dial(9, "1055", extra=(), caller=b"\x41\xa387654321")
    site.run(0.1)
    (offer,) = site.take()
    assert offer == Incoming(
        9,
        offer.call,
        Number("1055"),
        Number("87654321", NumberKind.SUBSCRIBER, 1, Presentation.RESTRICTED, 3),
        Number("", plan=1),
    )
    assert theirs.got == [PROCEEDING] and extra
    assert site.span.alerting(offer.call, in_band=False)
    assert not site.span.proceeding(offer.call)
    assert site.span.connect(offer.call)
    assert not site.span.alerting(offer.call)
    site.run(0.1)
    assert theirs.got == [PROCEEDING, ALERTING, CONNECT]
    assert site.take() == [Connected(9, offer.call)]
    site.peer.hang_up(theirs, 16)
    site.run(0.1)
    ended, released = site.take()
    assert ended == Disconnected(9, offer.call, 16, "16 loc=2", Origin.FAR)
    assert released == Released(9, offer.call, 16)
    assert theirs.got[-1] == RELEASE
    site.check()


def test_names_travel_in_display():
    """Q.931 has it from the network to the user only."""
    for side, sent in (("network", b"Li Ming"), ("user", None)):
        site = PeerSite(side)
        site.setup(1, name="Li Ming")
        site.peer.dial(2, "1055", extra=((0x28, b"Wang Fang"),))
        site.run(0.1)
        assert next(c.setup for c in site.peer.calls.values() if c.setup).get(0x28) == sent
        assert site.take(Incoming)[0].name == "Wang Fang"


def test_a_redirected_call_shows_who_redirected_it():
    site = PeerSite()
    site.peer.dial(1, "1055", extra=((REDIRECTING, b"\x21\x00\x8f4001234567"),))
    site.run(0.1)
    (offer,) = site.take()
    assert offer.redirecting.digits == "4001234567" and offer.redirecting.kind is NumberKind.NATIONAL


@pytest.mark.parametrize(
    ("octets", "number"),
    [
        (b"\x00\x8302087654321", Number("02087654321", NumberKind.UNKNOWN, 0, screening=3)),
        (b"\x81" + b"87654321", Number("87654321", NumberKind.UNKNOWN, 1)),
        (b"\x11\x83862087654321", Number("862087654321", NumberKind.INTERNATIONAL, 1, screening=3)),
        (b"\x21\x832087654321", Number("2087654321", NumberKind.NATIONAL, 1, screening=3)),
        (b"\x01\xc3", Number("", NumberKind.UNKNOWN, 1, Presentation.UNAVAILABLE, 3)),
        (None, Number("", NumberKind.UNKNOWN, 1, Presentation.UNAVAILABLE, 3)),
    ],
)
def test_the_callers_number_is_told_as_it_stood(octets, number):
    site = PeerSite()
    site.peer.dial(1, "1055", caller=octets)
    site.run(0.1)
    (offer,) = site.take()
    assert offer.caller == number


@both
def test_refusals_of_the_far_end(side):
    manners = Manners()
    site = PeerSite(side, peer={"manners": lambda: manners})
    for cause in (1, 17, 21, 34, 57, 88, 127):
        manners.refuse = cause
        call = site.setup(2)
        site.run(0.1)
        assert site.take() == [Disconnected(2, call, cause, f"{cause} loc=0"), Released(2, call, cause)]
    site.check()


@both
@pytest.mark.parametrize("when", ["at once", "later", "ringing", "talking"])
def test_our_causes_arrive(side, when):
    """RELEASE COMPLETE, DISCONNECT or RELEASE, as libpri chooses by cause and state: the cause arrives, the call ends.

    After some of them (6, 7, 26) libpri forgets the call without telling."""
    cause = 0

    def at_once(site, event):
        if when == "at once" and isinstance(event, Incoming):
            assert site.span.disconnect(event.call, cause)

    site = PeerSite(side, on_event=at_once)
    for cause in (1, 6, 7, 16, 17, 18, 21, 26, 34, 38, 41, 44, 57, 81, 82, 88, 111, 127):
        theirs = site.peer.dial(4, "1055")
        site.run(0.1)
        offer = next(e for e in site.told if isinstance(e, Incoming))
        if when == "ringing":
            site.span.alerting(offer.call)
        if when == "talking":
            site.span.connect(offer.call)
        if when != "at once":
            site.run(0.1)
            assert site.span.disconnect(offer.call, cause)
        site.run(0.1)
        assert theirs.over and theirs.cause == cause
        assert site.take(Released) == [Released(4, offer.call, cause)]
    site.check()


@pytest.mark.parametrize("cause", [1, 34, 44, 88])
def test_a_call_refused_at_once_gets_release_complete_only(cause):
    site = PeerSite(on_event=lambda s, e: isinstance(e, Incoming) and s.span.disconnect(e.call, cause))
    theirs = site.peer.dial(4, "1055")
    site.run(0.1)
    assert theirs.got == [RELEASE_COMPLETE]
    assert theirs.over


def test_the_far_end_hears_from_us_at_once_though_the_owner_does_nothing():
    """T303 of a network is 4 s: an owner that thinks for a minute must not cost the call."""
    site = PeerSite()
    theirs = site.peer.dial(4, "1055")
    site.run(0.02)
    assert theirs.got == [PROCEEDING]
    site.run(60)
    (offer,) = site.take()
    assert site.span.connect(offer.call)
    site.run(0.1)
    assert theirs.answered


@both
def test_caller_gives_up_while_we_ring(side):
    site = PeerSite(side)
    theirs = site.peer.dial(4, "1055")
    site.run(0.1)
    (offer,) = site.take()
    site.span.alerting(offer.call)
    site.run(0.1)
    site.peer.hang_up(theirs)
    site.run(0.1)
    assert [type(e) for e in site.take()] == [Disconnected, Released]
    assert not site.span.connect(offer.call) and not site.span.disconnect(offer.call)
    site.check()


@both
def test_we_give_up_while_they_ring(side):
    site = PeerSite(side, peer={"manners": lambda: Manners(answer_ms=None)})
    call = site.setup(3)
    site.run(0.5)
    assert site.span.disconnect(call, 16)
    site.run(0.1)
    assert site.take()[-1] == Released(3, call, 16)
    site.check()


@both
def test_both_hang_up_at_the_same_moment(side):
    site = PeerSite(side)
    call = site.connected_out(3)
    (theirs,) = site.peer.calls.values()
    site.span.disconnect(call, 16)
    site.peer.hang_up(theirs, 17)
    site.run(1)
    assert site.take() == [Released(3, call, 16)]
    site.check()


def test_in_band_announcement_before_the_answer():
    """PROGRESS with cause and indicator 8, then DISCONNECT with an announcement that one may hear to its end."""
    manners = Manners(alert_ms=None, answer_ms=None, progress_cause=1, hang_up_ms=500, cause=1, in_band_ms=4000)
    site = PeerSite(peer={"manners": lambda: manners})
    call = site.setup(3)
    site.run(1)
    assert site.take() == [
        Proceeding(3, call),
        Progress(3, call, True, 1),
        Disconnected(3, call, 1, "1 loc=2", Origin.FAR, in_band=True),
    ]
    site.run(2)
    assert site.take() == [] and not site.span.usable(3)
    site.run(2)
    assert site.take() == [Released(3, call, 1)]
    site.check()


def test_an_announcement_may_be_cut_short():
    manners = Manners(alert_ms=None, answer_ms=None, hang_up_ms=500, cause=20, in_band_ms=20_000)
    site = PeerSite(peer={"manners": lambda: manners})
    call = site.setup(3)
    site.run(1)
    (theirs,) = site.peer.calls.values()
    assert site.span.disconnect(call, 16) and not site.span.disconnect(call, 16)
    site.run(0.1)
    assert site.take()[-1] == Released(3, call, 20)
    assert theirs.got[-1] == RELEASE
    site.check()


def test_an_announcement_that_does_not_end_is_ended_by_t306():
    manners = Manners(alert_ms=None, answer_ms=None, hang_up_ms=500, cause=1, in_band_ms=200_000)
    site = PeerSite(peer={"manners": lambda: manners}, timers_ms={"T306": 30_000})
    call = site.setup(3)
    site.run(30)
    assert not any(isinstance(e, Released) for e in site.take())
    site.run(1)
    assert site.take() == [Released(3, call, 1)]
    site.check()


def test_a_profile_may_leave_announcements_alone():
    manners = Manners(alert_ms=None, answer_ms=None, hang_up_ms=500, cause=1, in_band_ms=20_000)
    site = PeerSite(peer={"manners": lambda: manners}, keep_in_band=False)
    call = site.setup(3)
    site.run(1)
    assert site.take()[-2:] == [Disconnected(3, call, 1, "1 loc=2"), Released(3, call, 1)]


@both
def test_a_data_call_is_refused_unseen(side):
    site = PeerSite(side)
    theirs = site.peer.dial(4, "1055")
    digital = Msg(
        0x05, 99, False, ((0x04, b"\x88\x90"), (CHANNEL, b"\xa9\x83\x88"), (CALLED, b"\x811055"), (COMPLETE, b""))
    )
    site.peer.raw(digital.octets())
    site.run(0.1)
    assert [type(e) for e in site.take()] == [Incoming]
    assert site.peer.strays == [] and theirs.got == [PROCEEDING]
    assert any(frame[8:9] == b"\x5a" and frame.endswith(b"\xd8") for _, who, frame in site.wire.seen if who == "left")


def test_a_cause_with_diagnostics_is_kept_raw():
    site = PeerSite()
    call, theirs = site.connected_in(3)
    site.peer.raw(Msg(DISCONNECT, theirs.reference, False, ((CAUSE, b"\x84\x91\x01\x02"),)).octets())
    site.run(0.1)
    assert site.take()[0] == Disconnected(3, call, 17, "17 loc=4 diag=0102")


def test_release_complete_without_a_cause():
    site = PeerSite(peer={"manners": lambda: Manners(proceed=False)})
    call = site.setup(3)
    site.run(0.1)
    (theirs,) = site.peer.calls.values()
    site.peer.raw(Msg(RELEASE_COMPLETE, theirs.reference, True).octets())
    site.run(0.1)
    assert site.take() == [Disconnected(3, call, 31, "no cause"), Released(3, call, 31)]


def test_an_end_that_needs_no_answer_is_told_at_once():
    """libpri gives up a SETUP that nobody has answered with RELEASE COMPLETE when the cause is 44, and says nothing."""
    site = PeerSite(peer={"manners": lambda: Manners(proceed=False)})
    call = site.setup(3)
    site.run(0.1)
    assert site.span.disconnect(call, 44)
    assert site.take() == [Released(3, call, 44)] and site.span.usable(3)
    site.run(0.1)
    site.check()


def test_setup_is_refused_where_no_call_can_be():
    site = PeerSite()
    site.setup(3)
    for slot in (3, 16, 0, 32):
        with pytest.raises(WrongStateError, match=f"b1/1/{slot} is not free"):
            site.setup(slot)
    for called in ("", "12a", "1" * 65, "12 34"):
        with pytest.raises(ArgumentError, match="called"):
            site.setup(4, called=called)
    assert site.span.usable(4)


def test_commands_for_calls_that_never_were():
    site = PeerSite()
    span = site.span
    assert not any((span.connect(7), span.disconnect(7), span.alerting(7), span.progress(7), span.proceeding(7)))
    assert not span.more_digits(7, "1")


def test_commands_that_make_no_sense_for_the_call():
    site = PeerSite(peer={"manners": lambda: Manners(answer_ms=None)})
    call = site.setup(3)
    assert not site.span.connect(call) and not site.span.alerting(call) and not site.span.progress(call)
    assert not site.span.more_digits(call, "1")
    site.run(0.1)
    site.span.disconnect(call)
    site.run(0.1)
    site.check()


@both
def test_answer_without_alerting_and_alerting_without_in_band(side):
    site = PeerSite(side)
    call, theirs = site.connected_in(7)
    assert theirs.got == [PROCEEDING, CONNECT]
    site.span.disconnect(call, 16)
    site.run(0.1)
    theirs = site.peer.dial(7, "1056")
    site.run(0.1)
    offer = site.take(Incoming)[0]
    seen = len(site.wire.seen)
    site.span.alerting(offer.call, in_band=False)
    site.span.progress(offer.call, 17)
    site.run(0.1)
    assert theirs.got == [PROCEEDING, ALERTING, PROGRESS]
    sent = [Msg.parse(f[4:]) for _, who, f in site.wire.seen[seen:] if who == "left" and len(f) > 4]
    assert sent[0].get(PI) is None and sent[1].get(PI)[1:] == b"\x88" and sent[1].get(CAUSE)[-1] == 0x91


def test_connect_ack_is_what_makes_the_users_call_through():
    site = PeerSite()
    theirs = site.peer.dial(7, "1055")
    site.run(0.1)
    (offer,) = site.take()
    site.wire.spoil = lambda side, frame: () if side == "right" and frame[8:9] == bytes([CONNECT_ACK]) else (frame,)
    site.span.connect(offer.call)
    site.run(0.5)
    assert site.take() == [] and theirs.answered
    site.wire.spoil = None
    site.run(2)  # Q.921 repeats what was lost
    assert site.take() == [Connected(7, offer.call)]
