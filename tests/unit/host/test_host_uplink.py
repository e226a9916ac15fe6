"""host.sock from the host's side, over a real socket in virtual time."""

import asyncio

import msgspec
from host_rig import rig
from host_vloop import virtual

from boardd.api import board_schema as w
from boardd.api.codec import decode_params
from boardd.api.connection import TRUSTED, Connection
from boardd.contract.driver import CONTRACT_VERSION
from boardd.contract.errors import ConfigurationError, OverloadError, UnknownIdError
from boardd.host.uplink import FACT_WINDOW


class Daemon:
    """The other end of host.sock."""

    def __init__(self, path):
        self.path = path
        self.order = []
        self.hellos, self.snapshots, self.events, self.facts = [], [], [], []
        self.connection = None
        self.refuse = False
        self.server = None

    async def listen(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        loop = asyncio.get_running_loop()
        self.server = await loop.create_unix_server(lambda: Connection(self, TRUSTED), str(self.path))

    async def die(self):
        self.server.close()
        if self.connection is not None:
            self.connection.close()
        self.path.unlink(missing_ok=True)
        await asyncio.sleep(0)

    def opened(self, connection):
        self.connection = connection

    def request(self, connection, method, params):
        self.order.append(method)
        if self.refuse:
            raise ConfigurationError("wrong contract version")
        if method == "host.hello":
            self.hellos.append(decode_params(params, w.HostHelloParams))
        else:
            self.snapshots.append(decode_params(params, w.HostSnapshotParams))
        return w.Nothing()

    def notification(self, connection, method, params):
        self.order.append(method)
        if method == "host.event":
            self.events.append(decode_params(params, w.EventNote).event)
        else:
            self.facts.append(decode_params(params, w.FactNote).fact)

    def closed(self, connection):
        self.connection = None

    def do(self, method, key="", **params):
        if key:
            params["key"] = key
        groups = ["isdn", "lines", "desks", "taps"]
        origin = w.OriginParams(method=method, params=params, client="acd", generation=1, groups=groups)
        return self.connection.request("host.do", origin, msgspec.Raw, timeout_s=30)

    def ack(self, facts):
        self.connection.notify("facts.ack", w.AckParams(keys=[fact.key() for fact in facts]))

    def types(self):
        return [str(e.type) for e in self.events]


async def settle(seconds=0.3):
    """Sockets are real even when time is not: give them rounds of the loop before time moves on."""
    for _ in range(20):
        await asyncio.sleep(0)
    await asyncio.sleep(seconds)
    for _ in range(20):
        await asyncio.sleep(0)


def linked(test):
    @virtual
    async def run():
        async with rig(attended=False) as r:
            daemon = Daemon(r.site.host_socket)
            task = asyncio.get_running_loop().create_task(r.host.uplink.run())
            try:
                await test(r, daemon)
            finally:
                task.cancel()
                if daemon.server is not None:
                    await daemon.die()
                await asyncio.gather(task, return_exceptions=True)

    run.__name__ = test.__name__
    return run


@linked
async def test_hello_snapshot_then_deltas_in_order(r, daemon):
    await daemon.listen()
    await settle(1)
    assert daemon.order[:2] == ["host.hello", "host.snapshot"]
    hello = daemon.hellos[0]
    assert (hello.domain.name, hello.contract_version, hello.domain.state) == ("d", CONTRACT_VERSION, "running")
    snapshot = daemon.snapshots[0]
    assert {c.group for c in snapshot.snapshot.channels} == {"isdn", "lines", "desks", "taps"}
    await r.offered("e1a/1/1", caller="139")
    await settle()
    assert [e.hseq for e in daemon.events] == list(range(snapshot.hseq + 1, snapshot.hseq + 1 + len(daemon.events)))
    assert "call_offered" in daemon.types()
    assert [str(f.fact) for f in daemon.facts] == ["begin"]


@linked
async def test_a_daemon_that_comes_later_or_again_gets_everything(r, daemon):
    await settle(30)
    call = await r.offered("e1a/1/1")
    await daemon.listen()
    await settle(1.2)
    assert [c.id for c in daemon.snapshots[0].snapshot.calls] == [call.id]
    assert [str(f.fact) for f in daemon.facts] == ["begin"]
    incarnation = daemon.hellos[0].domain.incarnation
    await daemon.die()
    await settle(5)
    assert call.released is None
    daemon.facts.clear()
    await daemon.listen()
    await settle(1.2)
    assert len(daemon.hellos) == 2 and daemon.hellos[1].domain.incarnation == incarnation
    assert [str(f.fact) for f in daemon.facts] == ["begin"]
    daemon.ack(daemon.facts)
    await settle()
    assert r.host.journal.unacknowledged() == []


@linked
async def test_requests_answers_and_errors(r, daemon):
    await daemon.listen()
    await settle(1)
    daemon.connection.notify("host.lease", w.LeaseGrantParams(clients=["acd"]))
    call = await r.offered("e1a/1/1")
    await daemon.do("call.answer", call=call.id)
    await settle()
    assert "call_connected" in daemon.types()
    first = await daemon.do("call.dial", key="k1", group="lines", number="1")
    again = await daemon.do("call.dial", key="k1", group="lines", number="1")
    assert bytes(first) == bytes(again) and r.port("fxo/2").ops("dial") == []
    cards = msgspec.json.decode(await daemon.do("scan"))
    assert cards == {"cards": [{"card": "fake"}]}
    for params, kind in (({"call": "nobody"}, UnknownIdError),):
        try:
            await daemon.do("call.hangup", **params)
        except kind as error:
            assert error.data["call"] == "nobody"
        else:
            raise AssertionError("not refused")


@linked
async def test_a_daemon_that_is_gone_lets_leases_lapse(r, daemon):
    await daemon.listen()
    await settle(1)
    daemon.connection.notify("host.lease", w.LeaseGrantParams(clients=["acd"]))
    call = await r.offered("e1a/1/1")
    await daemon.do("call.answer", call=call.id, orphan={"media": "/sorry.wav"})
    await daemon.die()
    await settle(3)
    assert call.orphaned and r.port("e1a/1/1").playing.files == ("/sorry.wav",)


@linked
async def test_many_facts_are_sent_through_a_window(r, daemon):
    for _ in range(60):
        await r.offered("e1a/1/1")
        r.port("e1a/1/1").far_release()
        await r.settle(0.1)
    await daemon.listen()
    await settle(1.2)
    assert len(daemon.facts) == FACT_WINDOW
    while len(daemon.facts) < 120:
        before = len(daemon.facts)
        daemon.ack(daemon.facts[before - FACT_WINDOW if before > FACT_WINDOW else 0 :])
        await settle(0.1)
        assert len(daemon.facts) > before
    daemon.ack(daemon.facts)
    await settle()
    assert len({f.key() for f in daemon.facts}) == 120 and r.host.journal.unacknowledged() == []


@linked
async def test_facts_are_sent_again_to_a_new_receiver(r, daemon):
    await daemon.listen()
    await settle(1)
    await r.offered("e1a/1/1")
    await settle()
    assert len(daemon.facts) == 1
    await daemon.do("facts")
    await settle()
    assert len(daemon.facts) == 2 and daemon.facts[0].key() == daemon.facts[1].key()


@linked
async def test_a_daemon_that_refuses_is_asked_again(r, daemon):
    daemon.refuse = True
    await daemon.listen()
    await settle(3)
    assert daemon.order.count("host.hello") >= 3 and "host.snapshot" not in daemon.order
    daemon.refuse = False
    await settle(2)
    assert daemon.snapshots


@linked
async def test_what_changes_as_a_whole_is_sent_as_a_new_snapshot(r, daemon):
    await daemon.listen()
    await settle(1)
    await r.host.broken("driver gone")
    await settle()
    assert len(daemon.snapshots) == 2
    assert daemon.snapshots[1].snapshot.domains[0].reason == "driver gone"
    try:
        await daemon.do("call.dial", group="isdn", number="1")
    except OverloadError:
        raise
    except Exception as error:
        assert error.code == "broken"
    else:
        raise AssertionError("not refused")
