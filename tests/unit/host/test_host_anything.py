"""Whatever the card, the people and the clients do: every call ends exactly once and no channel stays stuck."""

import msgspec
from host_rig import make_site, rig
from host_vloop import run_virtual
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from boardd.config.site import GroupSection, Unattended
from boardd.contract import driver as d
from boardd.contract.errors import BoarddError, DeviceError
from boardd.contract.states import AnswerEvidence
from boardd.contract.states import ChannelState as S

CHANNELS = ["e1a/1/1", "e1a/1/2", "fxo/1", "fxs/1", "fxs/2", "fxs/3", "tap/1"]
WILD = [
    lambda c: d.Offered(c, caller="1"),
    lambda c: d.CallerId(c, "139"),
    lambda c: d.RingCount(c, 2),
    lambda c: d.Proceeding(c),
    lambda c: d.Alerting(c),
    lambda c: d.Connected(c, AnswerEvidence.CONNECT),
    lambda c: d.Connected(c, AnswerEvidence.HOOK),
    lambda c: d.ReleasedByFar(c, 16),
    lambda c: d.ReleasedByFar(c, 44),
    lambda c: d.LineFree(c),
    lambda c: d.OffHook(c),
    lambda c: d.OnHook(c),
    lambda c: d.Flash(c),
    lambda c: d.Digit(c, "8"),
    lambda c: d.DigitsSent(c, True),
    lambda c: d.PlayAdvanced(c, 3),
    lambda c: d.PlayEnded(c, "end"),
    lambda c: d.RecordEnded(c, "limit", 5),
    lambda c: d.Observed(c, "sideways"),
    lambda c: d.Usable(c, False, "x"),
    lambda c: d.Usable(c, True),
    lambda c: d.ChannelBroken(c, "x"),
    lambda c: d.LineVoltage(c, 48),
    lambda c: d.Trouble(c, "odd", True),
    lambda c: d.DriverEvent(c),
]
COMMANDS = [
    "call.answer",
    "call.take",
    "call.alert",
    "call.reject",
    "call.hangup",
    "call.play",
    "call.stop_play",
    "call.record",
    "call.tone",
    "bridge.create",
    "bridge.destroy",
    "dial isdn",
    "dial lines",
    "ring",
]
WORLD = ["offer", "connect", "release", "glare", "free", "lift", "down", "digits", "observe", "media", "out", "in"]
FAULTS = ["hangup", "dial", "ring", "answer", "alert", "play", "record", "tone", "reject"]

channel = st.sampled_from(CHANNELS)
step = st.one_of(
    st.tuples(st.just("world"), channel, st.sampled_from(WORLD)),
    st.tuples(st.just("command"), st.sampled_from(COMMANDS), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.01, 0.3, 2.5, 30.0])),
    st.tuples(st.just("slow"), channel, st.sampled_from(["hangup", "ring", "dial", "answer"])),
    st.tuples(st.just("fault"), channel, st.sampled_from(FAULTS)),
    st.tuples(st.just("attend"), st.booleans()),
)
wild_step = st.one_of(step, st.tuples(st.just("wild"), channel, st.integers(0, len(WILD) - 1)))
modes = st.sampled_from(list(Unattended))
slow_ok = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class Copy:
    """What a daemon would know: it applies the events in order."""

    def __init__(self):
        self.calls, self.bridges, self.channels, self.released, self.after = {}, {}, {}, [], []

    def apply(self, event):
        if event.channel is not None:
            self.channels[event.channel.id] = event.channel
        if event.bridge is not None:
            if event.type == "bridge_ended":
                del self.bridges[event.bridge.id]
            else:
                self.bridges[event.bridge.id] = event.bridge
        if event.call is None:
            return
        if event.call.id in self.released:
            self.after.append((event.type, event.call.id))
        if event.type == "call_released":
            self.released.append(event.call.id)
            self.calls.pop(event.call.id, None)
        else:
            self.calls[event.call.id] = event.call


def world(port, what):
    state = port.state
    if what == "offer" and state is S.IDLE and port.info.board in ("e1a", "fxo"):
        port.offer(caller="138")
    elif what == "connect" and state in (S.DIALING, S.PROCEEDING, S.ALERTING) and port.info.board in ("e1a", "fxo"):
        port.connect()
    elif what == "release" and state in (S.OFFERED, S.DIALING, S.ALERTING, S.CONNECTED):
        port.far_release(17)
    elif what == "glare" and state is S.DIALING:
        port.offer(caller="glare")
    elif what == "free":
        port.free()
    elif what == "lift" and port.info.board == "fxs" and not port.lifted:
        port.lift()
    elif what == "down" and port.lifted:
        port.put_down()
    elif what == "digits":
        port.digits("801")
    elif what == "observe" and port.info.board == "tap" and state is S.IDLE:
        port.step(S.OBSERVED)
        port.emit(d.Observed(port.id, "in"))
    elif what == "media":
        port.end_media("end")
    elif what == "out" and state is S.IDLE:
        port.step(S.OUT_OF_SERVICE)
        port.emit(d.Usable(port.id, False, "pulled"))
    elif what == "in" and state is S.OUT_OF_SERVICE:
        port.step(S.IDLE)
        port.emit(d.Usable(port.id, True))


async def command(r, name, n):
    calls = r.host.calls.all()
    pick = calls[n % len(calls)].id if calls else "none"
    other = calls[(n + 1) % len(calls)].id if calls else "none"
    params = {"call": pick}
    if name == "call.play":
        params |= {"files": ["/x.wav"], "loop": bool(n % 2)}
    elif name == "call.record":
        params |= {"path": str(r.root / "x.al")}
    elif name == "bridge.create":
        params = {"links": [{"source": pick, "sink": other}, {"source": other, "sink": pick}]}
    elif name == "bridge.destroy":
        bridges = r.host.bridges.all()
        params = {"bridge": bridges[n % len(bridges)].id if bridges else "none"}
    elif name.startswith("dial"):
        name, params = "call.dial", {"group": name.split()[1], "number": "95588", "orphan": {"max_s": 20}}
    elif name == "ring":
        name, params = "call.dial", {"channel": CHANNELS[3 + n % 3]}
    try:
        await r.do(name, **params)
    except BoarddError:
        return


async def play_script(script, mode):
    site = make_site(
        "/tmp",
        isdn=GroupSection(channels=["e1a/*"], unattended=mode, fallback_station="801", unattended_media="/moh.wav"),
        lines=GroupSection(channels=["fxo/*"], unattended=mode, fallback_station="802"),
    )
    async with rig(site) as r:
        copy = Copy()
        for event in r.events:
            copy.apply(event)
        told = len(r.events)
        for action, *rest in script:
            if action == "world":
                world(r.port(rest[0]), rest[1])
            elif action == "wild":
                r.port(rest[0]).emit(WILD[rest[1]](rest[0]))
            elif action == "command":
                r.host.tasks.spawn(command(r, *rest), "command")
            elif action == "wait":
                await r.settle(rest[0])
            elif action == "slow":
                r.port(rest[0]).delays[rest[1]] = 0.4
            elif action == "fault":
                r.port(rest[0]).faults[rest[1]] = DeviceError("fault")
            elif rest[0]:
                r.attend()
            else:
                r.leave()
            for event in r.events[told:]:
                copy.apply(event)
            told = len(r.events)
        await finish(r)
        for event in r.events[told:]:
            copy.apply(event)
        check(r, copy)


async def finish(r):
    """Everybody goes home, and the card works again."""
    for port in r.driver.ports.values():
        port.faults.clear()
        port.delays.clear()
    r.leave()
    for _ in range(6):
        for port in r.driver.ports.values():
            channel = r.line(port.id).channel
            if port.lifted or (channel.off_hook and not channel.always_off_hook):
                port.put_down()
            elif port.state in (S.OFFERED, S.DIALING, S.ALERTING, S.CONNECTED):
                port.far_release(16)
            elif port.state is S.OBSERVED:
                port.step(S.IDLE)
                port.emit(d.LineFree(port.id))
            elif port.state in (S.OUT_OF_SERVICE, S.BROKEN) and channel.reason != "headset on-hook":
                port.step(S.IDLE)
                port.emit(d.Usable(port.id, True))
            port.free()
        await r.settle(200)


def check(r, copy):
    ids = [e.call.id for e in r.events if e.call is not None]
    released = [e.call.id for e in r.events if e.type == "call_released"]
    assert sorted(set(ids)) == sorted(released), "each call that was told of ends exactly once"
    assert copy.after == [], "nothing is told of a call after its end"
    assert copy.calls == {} and copy.bridges == {} and r.driver.links == set()
    assert r.host.calls.all() == [] and len(r.host.tasks) == 0
    for line in r.host.registry.lines.values():
        assert line.holds == 0 and not line.backlog and line.call is None and not line.reserved
        headset_down = line.channel.always_off_hook and line.channel.off_hook is False
        assert line.port.state is (S.OUT_OF_SERVICE if headset_down else S.IDLE), line.id
        assert line.channel.state is line.port.state
    snapshot = r.host.snapshot()
    told = {c.id: c.state for c in copy.channels.values()}
    assert all(told.get(c.id, S.IDLE) is c.state for c in snapshot.channels)
    facts = [(f.call_id, str(f.fact)) for f in r.host.journal.unacknowledged()]
    assert len(facts) == len(set(facts))
    begun = {call for call, kind in facts if kind == "begin"}
    assert begun == {call for call, kind in facts if kind == "end"}
    offered = {"call_offered", "call_dialing", "call_observed"}
    assert {e.call.id for e in r.events if str(e.type) in offered} <= begun
    assert r.host.journal.open_calls == []
    msgspec.json.encode(snapshot)


@slow_ok
@given(st.lists(step, max_size=40), modes)
def test_an_honest_card(script, mode):
    run_virtual(play_script, script, mode)


@slow_ok
@given(st.lists(wild_step, max_size=40), modes)
def test_a_card_that_says_anything(script, mode):
    run_virtual(play_script, script, mode)
