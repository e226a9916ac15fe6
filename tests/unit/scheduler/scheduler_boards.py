"""A double of `boardd.api.client.Client` with telephones, lines and a journal behind it, for the scheduler's tests.

It keeps the promises of the contract that the scheduler relies on: one answer per key, `released` once, digits with a
count, play tasks with ids, bridges that end with a call, facts until acknowledged, calls that outlive their controller.
"""

import asyncio
import copy
from pathlib import Path

import msgspec

from boardd import clock
from boardd.api.mirror import Mirror
from boardd.contract.capabilities import ChannelKind
from boardd.contract.errors import ClaimConflictError, OverloadError, UnknownIdError, WrongStateError
from boardd.contract.events import Event, EventType
from boardd.contract.ids import UlidSource
from boardd.contract.objects import (
    Bridge,
    Call,
    Channel,
    Domain,
    Fact,
    FactKind,
    PlayStatus,
    RecordStatus,
)
from boardd.contract.states import AnswerEvidence, BoardState, ChannelState, Direction
from boardd.media.wav import read_info

S = ChannelState


class World:
    """Lines and people. Survives the scheduler; `boards()` makes a new client for the next one."""

    def __init__(self, trunks=6, stations=("801", "802", "803")):
        self.truth = Mirror()
        self.mint = UlidSource()
        self.facts = {}
        self.answers = {}
        self.heard = []
        self.log = []
        self.client = None
        self.refuse = {}
        self.ring_fails = set()
        self.digit_stops = set()
        domain = Domain(name="d1", driver="fake", connected=True, state=BoardState.RUNNING)
        self.truth.domains["d1"] = domain
        for i in range(1, trunks + 1):
            self._channel(f"t/1/{i}", ChannelKind.E1_BEARER, i, "trunks")
        for i, extension in enumerate(stations, 1):
            self._channel(f"s/{i}", ChannelKind.FXS, 100 + i, "stations", extension)

    def _channel(self, name, kind, number, group, extension=""):
        self.truth.channels[name] = Channel(
            id=name,
            domain="d1",
            board=name.split("/")[0],
            kind=kind,
            maker_channel=number,
            state=S.IDLE,
            group=group,
            extension=extension,
        )

    def boards(self):
        self.client = FakeBoards(self)
        return self.client

    def gone(self, orphan=True):
        """The scheduler was killed; its lease has lapsed."""
        self.client = None
        if orphan:
            bridged = {c for b in self.truth.bridges.values() for link in b.links for c in (link.source, link.sink)}
            for call in self.truth.calls.values():
                if call.controller and call.id not in bridged:
                    self.interrupt(call)
                    call.orphaned = True

    def interrupt(self, call):
        if call.play is not None and not call.play.ended:
            call.play.ended = "stopped"

    # -- telling ------------------------------------------------------------------------------------------------------
    def tell(self, kind, call=None, channel=None, bridge=None, **more):
        event = Event(
            type=kind,
            at=clock.instant(),
            call=copy.deepcopy(call),
            channel=copy.deepcopy(channel),
            bridge=copy.deepcopy(bridge),
            **more,
        )
        if self.client is not None:
            self.client.deliver(event)

    def fact(self, kind, call):
        fact = Fact(host="d1", call_id=call.id, fact=kind, at=clock.instant(), call=copy.deepcopy(call))
        self.facts[fact.key()] = fact
        if self.client is not None:
            self.client.deliver_fact(fact)

    def step(self, call, state):
        call.state = state
        channel = self.truth.channels[call.channel]
        channel.state, channel.call_id = state, call.id

    def call(self, call_id):
        if call_id not in self.truth.calls:
            raise UnknownIdError(f"no call {call_id}", call=call_id)
        return self.truth.calls[call_id]

    def at(self, extension):
        return next(c for c in self.truth.channels.values() if c.extension == extension)

    def on(self, extension):
        """The call at a station."""
        return next((c for c in self.truth.calls.values() if c.channel == self.at(extension).id), None)

    # -- people and networks ------------------------------------------------------------------------------------------
    def mint_call(self, channel, direction, **fields):
        call = Call(
            id=self.mint.mint(clock.wall_ms()),
            domain=channel.domain,
            channel=channel.id,
            group=channel.group,
            direction=direction,
            state=S.IDLE,
            began=clock.instant(),
            **fields,
        )
        self.truth.calls[call.id] = call
        return call

    def offer(self, caller="13800138000", called="57188880000", group="trunks"):
        channel = next(c for c in self.truth.channels.values() if c.group == group and c.state is S.IDLE)
        call = self.mint_call(channel, Direction.IN, caller=caller, called=called)
        self.step(call, S.OFFERED)
        self.fact(FactKind.BEGIN, call)
        self.tell(EventType.CALL_OFFERED, call, channel)
        return call.id

    def station_dials(self, extension, digits):
        channel = self.at(extension)
        call = self.mint_call(channel, Direction.IN, called=digits, digits=digits, digit_count=len(digits))
        self.step(call, S.OFFERED)
        self.fact(FactKind.BEGIN, call)
        self.tell(EventType.CALL_OFFERED, call, channel)
        return call.id

    def digits(self, call_id, digits):
        for digit in digits:
            call = self.call(call_id)
            call.digits += digit
            call.digit_count += 1
            self.tell(EventType.DIGIT, call, digit=digit)
            if call.play is not None and not call.play.ended and call.id in self.digit_stops:
                self.end_play(call, "digit")

    def lift(self, extension):
        """Answer the ringing telephone."""
        call = self.on(extension)
        self.connect(call, AnswerEvidence.HOOK)

    def connect(self, call, evidence):
        self.step(call, S.CONNECTED)
        call.answered, call.evidence = clock.instant(), evidence
        self.fact(FactKind.ANSWER, call)
        self.tell(EventType.CALL_CONNECTED, call, self.truth.channels[call.channel])

    def progress(self, call_id, state):
        call = self.call(call_id)
        self.step(call, state)
        self.tell(EventType.CALL_ALERTING, call)

    def release(self, call_id, cause=16, origin="far"):
        call = self.call(call_id)
        del self.truth.calls[call_id]
        call.released, call.cause, call.cause_origin, call.state = clock.instant(), cause, origin, S.RELEASING
        for record in call.records:
            self.end_record(record, "released")
        self.interrupt(call)
        for bridge in list(self.truth.bridges.values()):
            if any(call_id in (link.source, link.sink) for link in bridge.links):
                del self.truth.bridges[bridge.id]
                self.tell(EventType.BRIDGE_ENDED, bridge=bridge)
        channel = self.truth.channels[call.channel]
        channel.state, channel.call_id = S.IDLE, None
        self.tell(EventType.CALL_RELEASED, call, channel)
        self.tell(EventType.CHANNEL_STATE, channel=channel)
        self.fact(FactKind.END, call)

    def put_down(self, extension):
        self.release(self.on(extension).id)

    # -- sound --------------------------------------------------------------------------------------------------------
    def end_play(self, call, reason):
        call.play.ended = reason
        self.tell(EventType.PLAY_ENDED, call)

    def end_record(self, record, reason):
        if not record.ended:
            record.ended, record.end = reason, clock.instant()
            record.samples = (record.end.mono_ms - record.began.mono_ms) * 8
            Path(record.path).write_bytes(bytes([0x55 if "left" in record.path else 0x2A]) * record.samples)

    def names(self, call_id):
        """Names of all sounds that were played to a call."""
        return [name for call, names in self.heard for name in names if call == call_id]


class FakeBoards:
    """One scheduler's connection."""

    name = "scheduler"

    def __init__(self, world):
        self.world = world
        self.mirror = Mirror(copy.deepcopy(world.truth.snapshot()))
        self.connected = True
        self.claims = set()
        self.scheduler = None
        self.acked = []
        self._handlers = {
            "call.answer": self._answer,
            "call.take": self._take,
            "call.hangup": self._hangup,
            "call.dial": self._dial,
            "call.play": self._play,
            "call.stop_play": self._stop_play,
            "call.tone": self._tone,
            "call.record": self._record,
            "call.stop_record": self._stop_record,
            "bridge.create": self._bridge,
            "bridge.destroy": self._destroy,
        }

    def deliver(self, event):
        self.mirror.apply(event)
        if self.scheduler is not None:
            self.scheduler.take_event(event)

    def deliver_fact(self, fact):
        if self.scheduler is not None:
            self.scheduler.take_fact(fact)

    def resend_facts(self):
        for fact in list(self.world.facts.values()):
            self.deliver_fact(fact)

    async def claim(self, group):
        self.claims.add(group)
        return 1

    async def ack_facts(self, keys):
        for key in keys:
            self.acked.append(tuple(key))
            self.world.facts.pop(tuple(key), None)

    async def call(self, method, params, kind):
        await asyncio.sleep(0.004)
        world = self.world
        if world.client is not self:
            await asyncio.Event().wait()
        world.log.append((method, copy.deepcopy(params)))
        if method in world.refuse:
            raise world.refuse[method]
        key = getattr(params, "key", "")
        if key and key in world.answers:
            return copy.deepcopy(world.answers[key])
        result = self._handlers[method](params)
        if key:
            world.answers[key] = copy.deepcopy(result)
        return copy.deepcopy(result) if result is not None else kind()

    def _own(self, call_id):
        call = self.world.call(call_id)
        if call.controller not in ("", self.name):
            raise ClaimConflictError("not ours")
        return call

    def _control(self, params):
        call = self._own(params.call)
        call.controller, call.orphaned, call.tag = self.name, False, params.tag or call.tag
        call.orphan = params.orphan or call.orphan
        return call

    def _take(self, params):
        call = self._control(params)
        self.world.tell(EventType.CALL_CONTROL, call)
        return call

    def _answer(self, params):
        call = self._control(params)
        if call.state is not S.CONNECTED:
            asyncio.get_running_loop().call_later(0.02, self._connect, call.id)

    def _connect(self, call_id):
        call = self.world.truth.calls.get(call_id)
        if call is not None:
            self.world.connect(call, AnswerEvidence.NONE)

    def _hangup(self, params):
        self._own(params.call)
        self.world.release(params.call, params.cause, "local")

    def _dial(self, params):
        world = self.world
        if params.channel:
            channel = world.truth.channels[params.channel]
            if channel.state is not S.IDLE or channel.extension in world.ring_fails:
                raise WrongStateError("busy")
        else:
            free = [c for c in world.truth.channels.values() if c.group == params.group and c.state is S.IDLE]
            if not free:
                raise OverloadError("no free channel")
            channel = free[-1]
        call = world.mint_call(
            channel,
            Direction.OUT,
            caller=params.caller,
            called=params.number,
            controller=self.name,
            tag=params.tag,
            orphan=params.orphan,
        )
        world.step(call, S.ALERTING if params.channel else S.DIALING)
        world.fact(FactKind.BEGIN, call)
        world.tell(EventType.CALL_DIALING, call, channel)
        return call

    def _play(self, params):
        world, call = self.world, self._own(params.call)
        if call.play is not None and not call.play.ended:
            world.end_play(call, "stopped")
        status = PlayStatus(id=world.mint.mint(clock.wall_ms()), files=params.files, loop=params.loop)
        call.play = status
        world.heard.append((call.id, [Path(f).stem for f in params.files]))
        world.digit_stops = (world.digit_stops - {call.id}) | ({call.id} if params.digit_stops else set())
        if not params.loop:
            seconds = sum(read_info(Path(f)).duration_ms for f in params.files) / 1000
            asyncio.get_running_loop().call_later(seconds, self._play_over, call.id, status.id)
        return status

    def _play_over(self, call_id, play_id):
        call = self.world.truth.calls.get(call_id)
        if call is not None and call.play is not None and call.play.id == play_id and not call.play.ended:
            self.world.end_play(call, "end")

    def _stop_play(self, params):
        call = self._own(params.call)
        if call.play is not None and not call.play.ended:
            self.world.end_play(call, "stopped")

    def _tone(self, params):
        self._own(params.call)

    def _record(self, params):
        call = self._own(params.call)
        status = RecordStatus(id=self.world.mint.mint(clock.wall_ms()), path=params.path, began=clock.instant())
        call.records.append(status)
        return status

    def _stop_record(self, params):
        call = self._own(params.call)
        record = next(r for r in call.records if r.id == params.record)
        self.world.end_record(record, "stopped")
        self.world.tell(EventType.RECORD_ENDED, call, record=record.id)
        return record

    def _bridge(self, params):
        for link in params.links:
            self._own(link.source)
        bridge = Bridge(
            id=self.world.mint.mint(clock.wall_ms()),
            domain="d1",
            links=list(params.links),
            controller=self.name,
            began=clock.instant(),
        )
        self.world.truth.bridges[bridge.id] = bridge
        self.world.tell(EventType.BRIDGE_CREATED, bridge=bridge)
        return bridge

    def _destroy(self, params):
        bridge = self.world.truth.bridges.pop(params.bridge)
        self.world.tell(EventType.BRIDGE_ENDED, bridge=bridge)


def plain(value):
    return msgspec.to_builtins(value)
