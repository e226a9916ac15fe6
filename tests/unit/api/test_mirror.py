"""Copies converge, and each call ends exactly once, whatever was missed."""

from hypothesis import given, settings
from hypothesis import strategies as st

from boardd.api.difference import RESYNC, Lost, difference
from boardd.api.mirror import Mirror
from boardd.contract.capabilities import ChannelKind
from boardd.contract.events import Event, EventType
from boardd.contract.objects import Alarm, Board, Bridge, Call, Channel, Domain, Instant, Link, Severity, Snapshot, Span
from boardd.contract.states import BoardState, ChannelState, Direction, SpanState

AT = Instant(wall_ms=1, mono_ms=1)
CALL_STATES = [ChannelState.OFFERED, ChannelState.CONNECTED, ChannelState.DIALING]


def call(number, domain="a", state=ChannelState.CONNECTED, **more):
    return Call(
        id=f"C{number}", domain=domain, channel=f"{domain}/1/{number}", direction=Direction.IN, state=state, **more
    )


def channel(number, domain="a", state=ChannelState.IDLE, call_id=None):
    return Channel(
        id=f"{domain}/1/{number}",
        domain=domain,
        board=domain,
        kind=ChannelKind.E1_BEARER,
        maker_channel=number,
        state=state,
        call_id=call_id,
        group="trunks",
    )


def domain(name="a", connected=True, incarnation="1"):
    return Domain(name=name, driver="x", connected=connected, incarnation=incarnation)


def bridge(number, *links):
    return Bridge(id=f"B{number}", domain="a", links=[Link(source=s, sink=t) for s, t in links])


@st.composite
def snapshots(draw):
    numbers = draw(st.sets(st.integers(1, 6)))
    states = {n: draw(st.sampled_from(CALL_STATES)) for n in numbers}
    return Snapshot(
        domains=[domain(connected=True)],
        boards=[
            Board(
                id="a", domain="a", family="f", model="m", serial="s", number=0, state=draw(st.sampled_from(BoardState))
            )
        ],
        spans=[Span(id="a/1", board="a", number=1, pcm=0, signalling="isdn", state=draw(st.sampled_from(SpanState)))],
        channels=[channel(n, state=states.get(n, ChannelState.IDLE)) for n in range(1, 7)],
        calls=[call(n, state=s, digits="1" * draw(st.integers(0, 2))) for n, s in sorted(states.items())],
        bridges=[bridge(n, ("C1", "C2")) for n in sorted(draw(st.sets(st.integers(1, 3))))],
        alarms=[
            Alarm(code=c, subject="a", severity=Severity.MAJOR) for c in sorted(draw(st.sets(st.sampled_from("xyz"))))
        ],
    )


def as_sets(snapshot):
    return {
        "domains": {d.name: d for d in snapshot.domains},
        "boards": {d.id: d for d in snapshot.boards},
        "spans": {d.id: d for d in snapshot.spans},
        "channels": {d.id: d for d in snapshot.channels},
        "calls": {d.id: d for d in snapshot.calls},
        "bridges": {d.id: d for d in snapshot.bridges},
        "alarms": {(d.code, d.subject): d for d in snapshot.alarms},
    }


@settings(max_examples=200, deadline=None)
@given(snapshots(), snapshots())
def test_the_difference_applied_to_the_old_is_the_new(old, new):
    mirror = Mirror(old)
    events = difference(old, new, AT)
    for event in events:
        assert mirror.apply(event) == []
    assert as_sets(mirror.snapshot()) == as_sets(new)
    ended = [e.call.id for e in events if e.type is EventType.CALL_RELEASED]
    assert sorted(ended) == sorted({c.id for c in old.calls} - {c.id for c in new.calls})
    assert difference(new, new, AT) == []


@settings(max_examples=100, deadline=None)
@given(snapshots(), snapshots())
def test_replace_tells_the_same_events(old, new):
    mirror = Mirror(old)
    assert mirror.replace(new, AT) == difference(old, new, AT)
    assert as_sets(mirror.snapshot()) == as_sets(new)


def test_new_calls_are_told_by_their_state_and_lost_ones_with_their_cause():
    new = Snapshot(calls=[call(1, state=ChannelState.OFFERED), call(2)], channels=[channel(1), channel(2)])
    kinds = [(e.type, e.call.id, e.text) for e in difference(Snapshot(channels=new.channels), new, AT)]
    assert kinds == [(EventType.CALL_OFFERED, "C1", RESYNC), (EventType.CALL_CONNECTED, "C2", RESYNC)]
    events = difference(new, Snapshot(channels=new.channels), AT, Lost(cause=41, origin="host_down"))
    assert [(e.type, e.call.cause, e.call.cause_origin, e.call.released) for e in events] == [
        (EventType.CALL_RELEASED, 41, "host_down", AT)
    ] * 2
    assert events[0].channel.id == "a/1/1"


def test_digits_heard_meanwhile_show_in_the_call():
    old, new = Snapshot(calls=[call(1)]), Snapshot(calls=[call(1, digits="12", digit_count=2)])
    (event,) = difference(old, new, AT)
    assert (event.type, event.call.digit_count) == (EventType.CALL_CONTROL, 2)


def test_calls_of_a_domain_that_a_new_daemon_does_not_know_yet_are_kept_and_then_end_once():
    """Daemon restart: its first snapshot lacks hosts that have not come yet."""
    mirror = Mirror(Snapshot(domains=[domain()], channels=[channel(1), channel(2)], calls=[call(1), call(2)]))
    mirror.bridges["B1"] = bridge(1, ("C1", "C2"))
    events = mirror.replace(Snapshot(domains=[domain(connected=False, incarnation="")]), AT)
    assert [e.type for e in events] == [EventType.DOMAIN]
    assert sorted(mirror.calls) == ["C1", "C2"]
    assert mirror.apply(Event(type=EventType.CALL_CONNECTED, at=AT, call=call(2))) == []
    ends = mirror.apply(Event(type=EventType.DOMAIN, at=AT, host=domain()))
    assert [(e.type, (e.call or e.bridge).id) for e in ends] == [
        (EventType.CALL_RELEASED, "C1"),
        (EventType.BRIDGE_ENDED, "B1"),
    ]
    assert sorted(mirror.calls) == ["C2"]
    assert mirror.apply(Event(type=EventType.DOMAIN, at=AT, host=domain())) == []


def test_events_after_the_end_do_not_bring_a_call_back():
    mirror = Mirror(Snapshot(calls=[call(1)]))
    gone = call(1, released=AT)
    mirror.apply(Event(type=EventType.CALL_RELEASED, at=AT, call=gone))
    mirror.apply(Event(type=EventType.RECORD_ENDED, at=AT, call=gone))
    assert mirror.calls == {}
