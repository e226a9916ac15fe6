"""A daemon on a real socket with a host that only speaks the protocol, and a scheduler's socket, on a thread's loop."""

import asyncio
import threading

from msgspec import structs

from boardd import clock
from boardd.api import board_schema as boards
from boardd.api import scheduler_schema as sched
from boardd.api.codec import decode_params
from boardd.api.connection import TRUSTED, open_connection
from boardd.api.rights import GroupRights
from boardd.api.server import Server
from boardd.config.site import DomainSection, GroupSection, Paths, Site
from boardd.contract.capabilities import Capability, ChannelKind
from boardd.contract.driver import CONTRACT_VERSION
from boardd.contract.errors import UnknownIdError, WrongStateError
from boardd.contract.events import Event, EventType
from boardd.contract.objects import (
    Alarm,
    Board,
    Bridge,
    Call,
    Channel,
    Domain,
    Instant,
    Link,
    OnPeerRelease,
    OrphanTreatment,
    Severity,
    Snapshot,
    Span,
)
from boardd.contract.states import BoardState, ChannelState, Direction, SpanState
from boardd.daemon.app import Daemon

AT = Instant(wall_ms=1_772_413_200_000, mono_ms=5_000)
CALL = "01J0000000000000000000CA11"


def trunk(n):
    return Channel(
        id=f"e1a/1/{n}",
        domain="synway",
        board="e1a",
        kind=ChannelKind.E1_BEARER,
        maker_channel=n - 1,
        state=ChannelState.IDLE,
        span="e1a/1",
        timeslot=n,
        group="e1",
        capabilities=[Capability.DIAL, Capability.ANSWER],
        counters={"calls": 7},
    )


def station(port, extension, label=""):
    return Channel(
        id=f"ana/{port}",
        domain="synway",
        board="ana",
        kind=ChannelKind.FXS,
        maker_channel=29 + port,
        state=ChannelState.IDLE,
        port=port,
        group="stations",
        extension=extension,
        label=label,
        off_hook=False,
        line_volts=-48,
    )


class Host:
    """Speaks host.sock; remembers what it was asked; dials and answers as told."""

    def __init__(self):
        self.asked = []
        self.refusal = None
        self.hseq = 1
        self.connection = None
        self.state = BoardState.RUNNING
        channels = [*(trunk(n) for n in (1, 2, 3)), station(9, "8001", "前台"), station(10, "8002", "Reception desk")]
        self.channels = {channel.id: channel for channel in channels}
        self.calls = {}
        self.alarms = [Alarm(code="span_alarm", subject="e1a/1", severity=Severity.MAJOR, text="LOS", raised=AT)]
        self.cards = [{"board": "e1a", "model": "SHD-30A-CT/PCI", "serial": "3080001", "channels": {"fxo": 8}}]

    def opened(self, connection):
        pass

    def closed(self, connection):
        pass

    def notification(self, connection, method, params):
        pass

    def request(self, connection, method, params):
        origin = decode_params(params, boards.OriginParams)
        self.asked.append(origin)
        if self.refusal is not None:
            raise self.refusal
        if origin.method == "scan":
            return boards.ScanResult(cards=self.cards)
        if origin.method == "call.dial":
            return self.dialled(origin.params)
        if origin.method == "call.hangup":
            asyncio.get_running_loop().call_soon(self.release, origin.params["call"], origin.params.get("cause", 16))
        return boards.Nothing()

    def dialled(self, params):
        channel = params.get("channel") or "e1a/1/1"
        call = Call(
            id=CALL,
            domain="synway",
            channel=channel,
            direction=Direction.OUT,
            state=ChannelState.DIALING,
            group=self.channels[channel].group,
            caller=params.get("caller", ""),
            called=params.get("number", ""),
            began=AT,
        )
        self.calls[CALL] = call
        self.tell(EventType.CALL_DIALING, call=structs.replace(call), channel=self.channels[channel])
        return call

    def offer(self, call_id=CALL, channel="e1a/1/2"):
        call = Call(
            id=call_id,
            domain="synway",
            channel=channel,
            direction=Direction.IN,
            state=ChannelState.OFFERED,
            group=self.channels[channel].group,
            caller="13900001234",
            called="88001000",
            began=AT,
        )
        self.calls[call_id] = call
        self.channels[channel] = structs.replace(self.channels[channel], state=ChannelState.OFFERED, call_id=call_id)
        self.tell(EventType.CALL_OFFERED, call=call, channel=self.channels[channel], old="idle")

    def bridge(self):
        """Three calls: 1 talks with 2, 3 hears 1."""
        for call, channel in (("1", "e1a/1/1"), ("2", "ana/9"), ("3", "ana/10")):
            self.offer(call, channel)
        self.calls["1"].orphan = OrphanTreatment(on_peer_release=OnPeerRelease.TREAT)
        self.tell(EventType.CALL_CONTROL, call=self.calls["1"])
        links = [Link("1", "2"), Link("2", "1"), Link("1", "3", -600)]
        made = Bridge(id="BRIDGE", domain="synway", links=links, controller="scheduler", began=AT)
        self.tell(EventType.BRIDGE_CREATED, bridge=made)

    def release(self, call_id, cause=17):
        call = self.calls.pop(call_id)
        gone = structs.replace(call, released=AT, cause=cause, state=ChannelState.RELEASING)
        self.tell(EventType.CALL_RELEASED, call=gone, channel=self.channels[call.channel])

    def tell(self, kind, **objects):
        self.hseq += 1
        event = Event(type=kind, at=clock.instant(), hseq=self.hseq, **objects)
        self.connection.notify("host.event", boards.EventNote(event=event))

    def snapshot(self):
        board = {"domain": "synway", "family": "synway", "state": self.state, "reason": "" if self.up else "crashes"}
        e1a = Board(id="e1a", model="SHD-30A-CT/PCI", serial="3080001", number=0, **board)
        ana = Board(id="ana", model="SHT-16D-CT/PCIe", serial="1600001", number=1, **board)
        span = Span(id="e1a/1", board="e1a", number=1, pcm=0, signalling="isdn_user", state=SpanState.UP)
        return Snapshot(
            boards=[e1a, ana],
            spans=[span],
            channels=list(self.channels.values()),
            calls=list(self.calls.values()),
            alarms=self.alarms,
        )

    @property
    def up(self):
        return self.state is BoardState.RUNNING

    async def connect(self, path):
        self.connection = await open_connection(str(path), self, TRUSTED)
        domain = Domain(name="synway", driver="synway", incarnation="1", state=self.state, library_version="5.4.3")
        hello = boards.HostHelloParams(domain=domain, contract_version=CONTRACT_VERSION)
        await self.connection.request("host.hello", hello, boards.Nothing)
        params = boards.HostSnapshotParams(hseq=self.hseq, snapshot=self.snapshot())
        await self.connection.request("host.snapshot", params, boards.Nothing)


class SchedulerService:
    """Answers as a scheduler would; remembers what it was asked."""

    def __init__(self):
        self.asked = []
        self.agents = {
            "1001": sched.AgentInfo(
                agent="1001", name="王芳", status="ready", station="8001", since=AT, queues=["sales"]
            ),
            "1002": sched.AgentInfo(agent="1002", name="Li", status="logged_out"),
        }
        calls = [sched.CallInfo(call=CALL, role="caller", channel="e1a/1/2")]
        self.contact = sched.ContactInfo(
            id="01J000000000000000000C0NTA",
            kind="inbound",
            state="queued",
            began=AT,
            caller="13900001234",
            line="e1a/1/2",
            flow="main",
            node="sales",
            queue="sales",
            calls=calls,
        )
        self.record = sched.RecordInfo(
            id="01J0000000000000000000REC0",
            direction="in",
            caller="13900001234",
            called="88001000",
            line="e1a/1/2",
            queue="sales",
            wait_ms=12_345,
            agent="1001",
            talk_ms=61_250,
            outcome="talked",
            cause=16,
            began=AT,
            ended=AT,
            recording_state="done",
            recording="2026/03/02/x.wav",
            coverage=1.0,
            gaps=[sched.GapInfo(side="left", from_ms=0, to_ms=20)],
            variables={"menu": "1"},
        )

    def session_opened(self, session):
        pass

    def session_closed(self, session):
        pass

    def notification(self, session, method, params):
        pass

    def handlers(self):
        own = {
            "hello": lambda s, p: boards.HelloResult(epoch="1", version=1, server="pc"),
            "status": lambda s, p: sched.SchedulerStatus(
                server="pc",
                began_wall_ms=AT.wall_ms,
                boards_connected=True,
                claims=["e1"],
                contacts=1,
                waiting=1,
                agents_ready=1,
                alarms=[sched.AlarmInfo(code="recording", text="disk full")],
            ),
            "contacts": lambda s, p: [self.contact],
            "queues": lambda s, p: [
                sched.QueueInfo(
                    queue="sales",
                    waiting=[sched.WaitingInfo(contact=self.contact.id, position=1, waited_ms=9_000, ringing=False)],
                    logged_in=2,
                    ready=1,
                )
            ],
            "agents": lambda s, p: list(self.agents.values()),
            "agent.login": self._login,
            "agent.not_ready": self._not_ready,
            "records": self._records,
            "record": self._record,
        }
        return {name: own.get(name, self._note(name)) for name in sched.METHODS}

    def _note(self, name):
        def answer(session, params):
            self.asked.append((name, params))
            if sched.METHODS[name].result is sched.AgentInfo:
                return self.agents[params.agent]
            return boards.Nothing()

        return answer

    def _login(self, session, params):
        self.asked.append(("agent.login", params))
        agent = self.agents[params.agent]
        agent.status, agent.station = "ready", params.station
        return agent

    def _not_ready(self, session, params):
        self.asked.append(("agent.not_ready", params))
        raise WrongStateError("agent 1002 is logged_out", operation="not_ready", state="logged_out")

    def _records(self, session, params):
        self.asked.append(("records", params))
        return [self.record]

    def _record(self, session, params):
        if params.id != self.record.id:
            raise UnknownIdError(f"there is no record {params.id}", id=params.id)
        return self.record


class Plant:
    """Everything, started and stopped from the test's thread."""

    def __init__(self, folder):
        self.site = Site(
            domains={"synway": DomainSection(driver="synway")},
            paths=Paths(runtime_dir=folder / "run", state_dir=folder / "state"),
            groups={"e1": GroupSection(channels=["e1a/*"]), "stations": GroupSection(channels=["kind:fxs"])},
        )
        self.runtime_dir = self.site.paths.runtime_dir
        self.host = Host()
        self.service = SchedulerService()
        self.daemon = None
        self._scheduler = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work, *arguments):
        """Run a coroutine, or call a function, on the plant's loop."""

        async def step():
            made = work(*arguments)
            return await made if asyncio.iscoroutine(made) else made

        return asyncio.run_coroutine_threadsafe(step(), self._loop).result(20)

    def start_daemon(self):
        self.daemon = self.do(Daemon, self.site)
        self.do(self.daemon.start)
        self.do(self.host.connect, self.site.host_socket)

    def stop_daemon(self):
        if self.daemon is not None:
            daemon, self.daemon = self.daemon, None
            self.do(daemon.stop)
            self.do(self.host.connection.wait_closed)

    def start_scheduler(self):
        rights = GroupRights()
        self._scheduler = self.do(Server, self.site.scheduler_socket, sched.METHODS, self.service, rights)
        self.do(self._scheduler.start)

    def close(self):
        self.stop_daemon()
        if self._scheduler is not None:
            self.do(self._scheduler.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


__all__ = ["AT", "CALL", "Plant"]
