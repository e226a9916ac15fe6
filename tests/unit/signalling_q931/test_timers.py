"""Far ends that fall silent: each timer, how long it waits, what it leads to."""

import pytest
from peer import CONNECT, DISCONNECT, RELEASE, SETUP, Manners
from site_of_tests import SIDES, PeerSite

from boardd.contract.errors import ConfigurationError
from boardd.signalling.q931.profile import Q931Profile, RestartPolicy, Side
from boardd.signalling.span import (
    Blocked,
    BlockReason,
    ChannelRestarted,
    Connected,
    Disconnected,
    Incoming,
    Origin,
    Proceeding,
    Progress,
    Released,
    Trouble,
    Unblocked,
)

both = pytest.mark.parametrize("side", SIDES)


def sent(site, kind):
    """When the span sent messages of this kind, in seconds; Q.921's repetitions too."""
    return [
        at / 1e6 for at, who, f in site.wire.seen if who == "left" and len(f) > 8 and f[2] & 1 == 0 and f[8] == kind
    ]


@both
def test_t303_nobody_answers_setup(side):
    """Two SETUPs, 8 s, cause 18."""
    site = PeerSite(side, peer={"manners": lambda: Manners(proceed=False)})
    begin = site.clock.now_us() / 1e6
    call = site.setup(3)
    site.run(7.9)
    assert site.take() == []
    site.run(0.2)
    assert site.take() == [Disconnected(3, call, 18, "T303", Origin.LINE), Released(3, call, 18)]
    assert [round(at - begin, 2) for at in sent(site, SETUP)] == [0.0, 4.0]


@pytest.mark.parametrize(("side", "seconds"), [("user", 120), ("network", 10)])
def test_t310_a_call_proceeds_and_nothing_follows(side, seconds):
    site = PeerSite(side, peer={"manners": lambda: Manners(alert_ms=None, answer_ms=None)})
    call = site.setup(3)
    site.run(seconds - 0.1)
    assert site.take() == [Proceeding(3, call)]
    site.run(0.3)
    assert site.take() == [Disconnected(3, call, 102, "T310", Origin.LINE), Released(3, call, 102)]
    assert site.peer.finished[-1].cause == 102
    site.check()


def test_t310_is_stopped_by_progress():
    manners = Manners(alert_ms=None, answer_ms=20_000, progress_cause=31)
    site = PeerSite(peer={"manners": lambda: manners}, timers_ms={"T310": 10_000})
    call = site.setup(3)
    site.run(21)
    assert site.take() == [Proceeding(3, call), Progress(3, call, True, 31), Connected(3, call)]


def test_t303_whatever_became_of_the_link_meanwhile():
    """The second SETUP is lost with the link, which the far end establishes anew: nobody has answered, cause 18."""
    site = PeerSite(peer={"manners": lambda: Manners(proceed=False)})
    call = site.setup(3)
    site.run(3.9)
    site.wire.cut = True
    site.run(0.6)
    site.wire.cut = False
    site.peer.link.up = False
    site.peer.link.establish()
    site.run(4)
    assert site.take() == [Disconnected(3, call, 18, "T303", Origin.LINE), Released(3, call, 18)]


@pytest.mark.parametrize("ms", [4_000, 9_000])
def test_t313_nobody_acknowledges_our_answer(ms):
    """Our side ends the call, with the cause of a timer, and says so; the far end did not hang up."""
    site = PeerSite("user", timers_ms={} if ms == 4_000 else {"T313": ms})
    theirs = site.peer.dial(5, "1055")
    site.run(0.1)
    (offer,) = site.take(Incoming)
    hear = site.peer.link.got
    site.peer.link.got = lambda message: None if message[4] == CONNECT else hear(message)
    site.span.connect(offer.call)
    site.run(ms / 1000 - 0.1)
    assert site.take() == []
    site.run(0.3)
    assert site.take() == [Disconnected(5, offer.call, 102, "T313", Origin.LINE), Released(5, offer.call, 102)]
    assert theirs.cause == 102 and DISCONNECT in theirs.got
    site.check()


@both
def test_t301_it_rings_for_ever(side):
    site = PeerSite(side, peer={"manners": lambda: Manners(answer_ms=None)}, timers_ms={"T301": 180_000})
    call = site.setup(3)
    site.run(180)
    site.take()
    site.run(0.3)
    assert site.take() == [Disconnected(3, call, 19, "T301", Origin.LINE), Released(3, call, 19)]


def test_t301_may_be_left_to_others():
    site = PeerSite(peer={"manners": lambda: Manners(answer_ms=None)}, timers_ms={"T301": 0})
    site.setup(3)
    site.run(3600)
    assert not any(isinstance(e, Released) for e in site.history)


@both
def test_t305_then_t308_a_far_end_that_never_releases(side):
    """30 s after DISCONNECT comes RELEASE, twice 4 s later the slot is given up and restarted."""
    site = PeerSite(side, peer={"manners": lambda: Manners(silent_release=True)})
    call = site.connected_out(3)
    (theirs,) = site.peer.calls.values()
    site.peer._step = lambda call, msg: None
    begin = site.clock.now_us() / 1e6
    site.span.disconnect(call, 16)
    site.run(30.5)
    assert site.take() == [] and not site.span.usable(3)
    site.run(9.5)
    told = site.take()
    assert [round(at - begin) for at in sent(site, RELEASE)] == [30, 34]
    assert isinstance(told[0], Trouble) and told[0].code == "stuck_call" and told[0].slot == 3
    assert told[1:] == [
        Released(3, call, 16),
        Blocked(3, BlockReason.RESTARTING),
        Trouble("stuck_call", "", 3, raised=False),
        Unblocked(3),
        ChannelRestarted(3, by_far=False),
    ]
    assert theirs.over and site.span.usable(3)


def test_a_slot_that_cannot_even_be_restarted_stays_out_of_use():
    site = PeerSite()
    call = site.connected_out(3)
    site.peer.answers_restart = False
    site.peer._step = lambda call, msg: None
    site.span.disconnect(call, 16)
    site.run(39)
    assert [e for e in site.take() if isinstance(e, Blocked)] == [Blocked(3, BlockReason.RESTARTING)]
    site.run(240)
    told = site.take()
    assert Blocked(3, BlockReason.STUCK) in told and not site.span.usable(3)
    assert [e.code for e in told if isinstance(e, Trouble)] == ["restart_unanswered"]
    assert site.span.usable(4)
    site.peer.answers_restart = True
    site.span.restart(3)
    site.run(1)
    assert site.span.usable(3)
    assert [(e.code, e.raised) for e in site.take() if isinstance(e, Trouble)] == [
        ("restart_unanswered", False),
        ("stuck_call", False),
    ]


def test_without_restart_a_slot_is_used_again():
    site = PeerSite(restart=RestartPolicy.NEVER)
    call = site.connected_out(3)
    site.peer._step = lambda call, msg: None
    site.span.disconnect(call, 16)
    site.run(39)
    assert [type(e) for e in site.take()] == [Trouble, Released]
    assert site.span.usable(3) and site.peer.restarted == []


def test_defaults_of_both_sides():
    user, network = Q931Profile(), Q931Profile(side=Side.NETWORK)
    assert (user.ms("T310"), network.ms("T310")) == (120_000, 10_000)
    assert (user.ms("T304"), network.ms("T304")) == (30_000, 20_000)
    assert user.ms("T309") == network.ms("T309") == 90_000
    assert Q931Profile(timers_ms={"T309": 6000}).ms("T309") == 6000


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"timers_ms": {"T999": 1}}, "PRI timer T999: unknown; known are T200"),
        ({"timers_ms": {"T303": 0}}, "PRI timer T303: 0 ms is not a time"),
        ({"timers_ms": {"T301": -1}}, "PRI timer T301: -1 ms"),
        ({"slots": (1, 16)}, "timeslot 16 is no bearer"),
    ],
)
def test_profiles_that_are_wrong(fields, what):
    with pytest.raises(ConfigurationError, match=what):
        Q931Profile(**fields)
