"""A daemon on real sockets, hosts that only speak the protocol, and clients, all on one virtual loop."""

import asyncio
import contextlib

from msgspec import Raw

from boardd import clock
from boardd.api.board_schema import (
    AckParams,
    EventNote,
    FactNote,
    HostHelloParams,
    HostSnapshotParams,
    LeaseGrantParams,
    Nothing,
    OriginParams,
)
from boardd.api.client import Client
from boardd.api.codec import decode_params
from boardd.api.connection import TRUSTED, open_connection
from boardd.config.site import DomainSection, GroupSection, Paths, Site
from boardd.contract.capabilities import ChannelKind
from boardd.contract.driver import CONTRACT_VERSION
from boardd.contract.errors import BoarddError
from boardd.contract.events import Event, EventType
from boardd.contract.objects import Board, Call, Channel, Domain, Fact, FactKind, Instant, Snapshot, Span
from boardd.contract.states import BoardState, ChannelState, Direction, SpanState
from boardd.daemon.app import Daemon


def site_of(tmp_path, domains=("a", "b")):
    return Site(
        domains={name: DomainSection(driver="fake") for name in domains},
        paths=Paths(runtime_dir=tmp_path / "run", state_dir=tmp_path / "state"),
        groups={"trunks": GroupSection(channels=["*"])},
    )


class FakeHost:
    """Speaks host.sock as a host must; remembers what it was asked."""

    def __init__(self, site, name="a", incarnation="1", channels=4, group="trunks"):
        self.site, self.name = site, name
        self.domain = Domain(name=name, driver="fake", incarnation=incarnation, state=BoardState.RUNNING)
        self.hseq = 100
        self.asked = []
        self.leases = []
        self.acked = []
        self.answer = None
        self.connection = None
        self.lost = asyncio.Event()
        self.calls = {}
        self.channels = {
            f"{name}/1/{n}": Channel(
                id=f"{name}/1/{n}",
                domain=name,
                board=name,
                span=f"{name}/1",
                timeslot=n,
                kind=ChannelKind.E1_BEARER,
                maker_channel=n - 1,
                state=ChannelState.IDLE,
                group=group,
            )
            for n in range(1, channels + 1)
        }

    # -- connection.Handler
    def opened(self, connection):
        pass

    def closed(self, connection):
        self.lost.set()

    def request(self, connection, method, params):
        origin = decode_params(params, OriginParams)
        self.asked.append(origin)
        if isinstance(self.answer, BoarddError):
            raise self.answer
        if callable(self.answer):
            return self.answer(origin)
        return self.answer

    def notification(self, connection, method, params):
        if method == "host.lease":
            self.leases.append(decode_params(params, LeaseGrantParams))
        elif method == "facts.ack":
            self.acked += decode_params(params, AckParams).keys

    # -- what a host does
    def snapshot(self):
        return Snapshot(
            boards=[
                Board(
                    id=self.name,
                    domain=self.name,
                    family="f",
                    model="m",
                    serial=f"s{self.name}",
                    number=0,
                    state=BoardState.RUNNING,
                )
            ],
            spans=[
                Span(
                    id=f"{self.name}/1",
                    board=self.name,
                    number=1,
                    pcm=0,
                    signalling="isdn",
                    state=SpanState.UP,
                )
            ],
            channels=list(self.channels.values()),
            calls=list(self.calls.values()),
        )

    async def connect(self):
        self.lost.clear()
        self.connection = await open_connection(str(self.site.host_socket), self, TRUSTED)
        hello = HostHelloParams(domain=self.domain, contract_version=CONTRACT_VERSION)
        await self.connection.request("host.hello", hello, Nothing)
        params = HostSnapshotParams(hseq=self.hseq, snapshot=self.snapshot())
        await self.connection.request("host.snapshot", params, Nothing)
        return self

    async def leave(self):
        self.connection.close()
        await self.connection.wait_closed()

    def tell(self, kind, **objects):
        self.hseq += 1
        event = Event(type=kind, at=clock.instant(), hseq=self.hseq, **objects)
        self.connection.notify("host.event", EventNote(event=event))

    def offer(self, call_id, timeslot=1):
        channel = f"{self.name}/1/{timeslot}"
        call = Call(
            id=call_id,
            domain=self.name,
            channel=channel,
            direction=Direction.IN,
            state=ChannelState.OFFERED,
            group="trunks",
        )
        self.calls[call_id] = call
        self.tell(EventType.CALL_OFFERED, call=call)

    def release(self, call_id, cause=16):
        call = self.calls.pop(call_id)
        call.released, call.cause = clock.instant(), cause
        self.tell(EventType.CALL_RELEASED, call=call)

    def fact(self, call_id, kind=FactKind.BEGIN):
        call = self.calls[call_id]
        fact = Fact(host=self.name, call_id=call_id, fact=kind, at=Instant(wall_ms=1, mono_ms=1), call=call)
        self.connection.notify("host.fact", FactNote(fact=fact))
        return fact


@contextlib.asynccontextmanager
async def daemon_at(site):
    daemon = Daemon(site)
    await daemon.start()
    try:
        yield daemon
    finally:
        await daemon.stop()


def client_of(site, name="ivr", **more):
    return Client.connect(site.board_socket, name=name, **more)


class Follower:
    """Collects a client's events."""

    def __init__(self, client):
        self.events = []
        self._stream = client.events()
        self._task = asyncio.ensure_future(self._run())

    async def _run(self):
        async for event in self._stream:
            self.events.append(event)

    def ends(self):
        return [(e.call.id, e.call.cause) for e in self.events if e.type is EventType.CALL_RELEASED]

    async def close(self):
        self._stream.close()
        await self._task


__all__ = ["FakeHost", "Follower", "Raw", "client_of", "daemon_at", "site_of"]
