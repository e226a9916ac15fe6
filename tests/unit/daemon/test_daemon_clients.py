"""What clients ask: sessions, events, claims, leases, routing, facts."""

import asyncio
import json
import os

import pytest
from daemonkit import FakeHost, Follower, client_of, daemon_at, site_of
from virtualtime import run, until

from boardd.api import server as server_module
from boardd.api.board_schema import METHODS, CallParams, HelloParams, Nothing, SubscribeParams, SubscribeResult
from boardd.api.connection import open_connection
from boardd.api.method import Right
from boardd.api.remote import NoNotifications
from boardd.contract.capabilities import Maintenance
from boardd.contract.errors import (
    ArgumentError,
    BrokenError,
    ClaimConflictError,
    DeadlineError,
    ForbiddenError,
    HostDownError,
    OverloadError,
    StaleClaimError,
    UnknownIdError,
    UnsupportedError,
    WrongStateError,
)
from boardd.contract.objects import Call, Link
from boardd.daemon.eventlog import EventLog


def test_reading_needs_no_introduction_control_does(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site):
            reader, writer = await asyncio.open_unix_connection(str(site.board_socket))
            writer.write(b'{"id":1,"method":"status"}\n{"id":2,"method":"claim","params":{"group":"trunks"}}\n')
            assert json.loads(await reader.readline())["result"]["domains"][0]["name"] == "a"
            assert json.loads(await reader.readline())["error"]["data"]["error"] == "wrong_state"
            writer.write(b'{"id":3,"method":"hello","params":{"client":"a b"}}\n')
            assert json.loads(await reader.readline())["error"]["data"]["argument"] == "client"
            writer.write(b'{"id":4,"method":"hello","params":{"client":"x","version":2}}\n')
            assert json.loads(await reader.readline())["error"]["data"]["argument"] == "version"
            writer.write(b'{"method":"hello"}\n')
            assert json.loads(await reader.readline())["error"]["data"]["error"] == "unknown_method"
            writer.close()

    run(main)


async def subscribed(site, epoch="", seq=0):
    notes = []

    class Notes(NoNotifications):
        def notification(self, connection, method, params):
            notes.append(json.loads(bytes(params))["event"]["seq"])

    connection = await open_connection(str(site.board_socket), Notes())
    result = await connection.request("subscribe", SubscribeParams(epoch=epoch, seq=seq), SubscribeResult)
    return connection, result, notes


def test_subscribe_replays_or_tells_of_the_gap(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon:
            host = await FakeHost(site).connect()
            for n in range(1, 4):
                host.offer(f"C{n}", n)
            await until(lambda: len(daemon.registry.mirror.calls) == 3)
            seq, epoch = daemon.events.seq, daemon.events.epoch
            _one, result, notes = await subscribed(site, epoch, seq - 3)
            await until(lambda: len(notes) == 3)
            assert notes == [seq - 2, seq - 1, seq]
            assert (result.gap, result.snapshot, result.seq) == (False, None, seq - 3)
            for wrong in ((epoch, seq + 1), ("other", seq)):
                _c, result, notes = await subscribed(site, *wrong)
                assert (result.gap, result.seq, len(result.snapshot.calls)) == (True, seq, 3)
            fresh, result, notes = await subscribed(site)
            assert (result.gap, len(result.snapshot.calls)) == (False, 3)
            host.release("C1")
            await until(lambda: notes)
            assert notes == [seq + 1]
            with pytest.raises(WrongStateError):
                await fresh.request("subscribe", SubscribeParams(), SubscribeResult)
            await host.leave()

    run(main)


def test_the_ring_forgets_the_oldest_and_fits_the_backlog():
    async def main():
        from boardd.contract.events import Event, EventType
        from boardd.contract.objects import Instant

        log = EventLog("E", ring_bytes=1000)
        for _ in range(50):
            log.append(Event(type=EventType.HOOK, at=Instant(wall_ms=1, mono_ms=1)))
        assert log.has_after("E", 50)
        assert not log.has_after("E", 51)
        assert not log.has_after("E", 0)
        oldest = min(seq for seq in range(51) if log.has_after("E", seq))
        assert sum(map(len, log._ring)) <= 1000
        assert len(log._ring) == 50 - oldest

    run(main)


def test_a_client_reconnects_replays_and_keeps_its_claim(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon, client_of(site) as client:
            host = await FakeHost(site).connect()
            follower = Follower(client)
            assert await client.claim("trunks") == 1
            await until(lambda: client.seq == daemon.events.seq)
            next(iter(daemon.board_server.sessions)).close()
            host.offer("C1")
            await until(lambda: "C1" in client.mirror.calls)
            assert client.claims == {"trunks": 2}
            assert [e.text for e in follower.events if e.call] == [""]
            await host.leave()
            await follower.close()

    run(main)


def test_claims_take_over_by_name_and_refuse_others(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as first, client_of(site, "other") as other:
            host = await FakeHost(site).connect()
            host.offer("C1")
            await until(lambda: "C1" in first.mirror.calls)
            assert await first.claim("trunks") == 1
            assert await first.claim("trunks") == 1
            with pytest.raises(ClaimConflictError) as conflict:
                await other.claim("trunks")
            assert conflict.value.data["holder"] == "ivr"
            with pytest.raises(ClaimConflictError):
                await other.answer("C1")
            async with client_of(site) as second:
                assert await second.claim("trunks") == 2
                with pytest.raises(StaleClaimError):
                    await first.answer("C1")
                await second.answer("C1")
                assert (host.asked[-1].client, host.asked[-1].generation) == ("ivr", 2)
                assert host.asked[-1].groups == ["trunks"]
                # The older connection learns it with its next renewal and does not fight.
                await until(lambda: first.claims == {})
                await asyncio.sleep(3)
                assert second.claims == {"trunks": 2}
            await host.leave()

    run(main)


def test_a_claim_outlives_its_connection_for_two_seconds(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site, "other") as other:
            async with client_of(site) as first:
                await first.claim("trunks")
                await asyncio.sleep(10)
                with pytest.raises(ClaimConflictError):
                    await other.claim("trunks")
            await asyncio.sleep(1.8)
            with pytest.raises(ClaimConflictError):
                await other.claim("trunks")
            await asyncio.sleep(0.3)
            assert await other.claim("trunks") == 2
            await other.unclaim("trunks")
            with pytest.raises(StaleClaimError):
                await other.unclaim("trunks")
            with pytest.raises(UnknownIdError):
                await other.claim("nonsense")

    run(main)


def test_a_client_that_hangs_loses_its_claim(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site, "other") as other:
            hung = await open_connection(str(site.board_socket), NoNotifications())
            await hung.request("hello", HelloParams(client="ivr"), dict)
            await hung.request("claim", {"group": "trunks"}, dict)
            await asyncio.sleep(1.9)
            with pytest.raises(ClaimConflictError):
                await other.claim("trunks")
            await asyncio.sleep(0.2)
            await other.claim("trunks")
            with pytest.raises(StaleClaimError) as stale:
                await hung.request("lease", {}, dict)
            assert stale.value.data["groups"] == ["trunks"]
            await hung.request("lease", {}, dict)

    run(main)


def test_hosts_are_told_of_leases_at_once_and_every_second(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site):
            host = await FakeHost(site).connect()
            await until(lambda: host.leases)
            assert (host.leases[-1].clients, host.leases[-1].claims) == ([], {})
            async with client_of(site) as client:
                await client.claim("trunks")
                await until(lambda: host.leases[-1].clients == ["ivr"], limit_s=0.1)
                assert host.leases[-1].claims == {"trunks": "ivr"}
                told = len(host.leases)
                await asyncio.sleep(10)
                assert 9 <= len(host.leases) - told <= 11
                assert all(lease.clients == ["ivr"] for lease in host.leases[told:])
            await until(lambda: host.leases[-1].clients == [], limit_s=0.1)
            await asyncio.sleep(3)
            assert host.leases[-1].claims == {}
            await host.leave()

    run(main)


def test_requests_find_their_host_by_what_they_name(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            a, b = await FakeHost(site, "a").connect(), await FakeHost(site, "b").connect()
            a.offer("C1", 1)
            b.offer("C2", 2)
            await until(lambda: len(client.mirror.calls) == 2)
            await client.claim("trunks")
            await client.hangup("C2", 17)
            assert b.asked[-1].method == "call.hangup"
            assert b.asked[-1].params["cause"] == 17
            assert b.asked[-1].params["key"]
            await client.answer("a/1/1")
            assert a.asked[-1].params["call"] == "C1"
            b.answer = Call(id="C9", domain="b", channel="b/1/3", direction="out", state="dialing")
            assert (await client.dial("10086", channel="b#2")).id == "C9"
            assert b.asked[-1].params["channel"] == "b/1/3"
            with pytest.raises(ArgumentError) as several:
                await client.dial("10086", channel="#2")
            assert several.value.data["candidates"] == ["a/1/3", "b/1/3"]
            for call in (
                client.hangup("C7"),
                client.hangup("a/1/4"),
                client.dial("1", channel="x"),
                client.dial("1", group="none"),
                client.destroy_bridge("B1"),
                client.reset_board("z"),
            ):
                with pytest.raises(UnknownIdError):
                    await call
            with pytest.raises(ArgumentError):
                await client.dial("1", group="trunks", channel="a/1/1")
            with pytest.raises(UnsupportedError):
                await client.create_bridge([Link(source="C1", sink="C2")])
            with pytest.raises(ArgumentError):
                await client.create_bridge([])
            a.answer = BrokenError("card is gone", domain="a")
            with pytest.raises(BrokenError):
                await client.create_bridge([Link(source="C1", sink="C1")])
            await a.leave()
            await b.leave()

    run(main)


def test_dial_by_group_asks_hosts_in_order_until_one_has_a_channel(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            a, b = await FakeHost(site, "a").connect(), await FakeHost(site, "b").connect()
            await client.claim("trunks")
            a.answer = OverloadError("no free channel", group="trunks")
            b.answer = Call(id="C9", domain="b", channel="b/1/3", direction="out", state="dialing")
            assert (await client.dial("10086", group="trunks")).id == "C9"
            assert a.asked[-1].params["key"] == b.asked[-1].params["key"]
            b.answer = BrokenError("broken")
            with pytest.raises(OverloadError):
                await client.dial("10086", group="trunks")
            a.answer = ArgumentError("bad number", argument="number")
            before = len(b.asked)
            with pytest.raises(ArgumentError):
                await client.dial("x", group="trunks")
            assert len(b.asked) == before
            await a.leave()
            b.answer = Call(id="C10", domain="b", channel="b/1/3", direction="out", state="dialing")
            assert (await client.dial("10086", group="trunks")).id == "C10"
            await b.leave()
            with pytest.raises(HostDownError):
                await client.dial("10086", group="trunks")

    run(main)


def test_a_host_that_is_silent_or_dies_gives_typed_errors(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            host = await FakeHost(site).connect()
            host.offer("C1")
            await until(lambda: "C1" in client.mirror.calls)
            await client.claim("trunks")
            never = asyncio.Event()
            host.answer = lambda _origin: never.wait()
            with pytest.raises(DeadlineError) as late:
                await client.answer("C1")
            assert late.value.data == {"method": "call.answer", "domain": "a", "deadline_ms": 10_000}
            waiting = asyncio.ensure_future(client.hangup("C1"))
            await until(lambda: host.asked[-1].method == "call.hangup")
            host.connection.cancel_requests()
            await host.leave()
            with pytest.raises(HostDownError):
                await waiting
            with pytest.raises(HostDownError):
                await client.hangup("C1")

    run(main)


def test_control_needs_the_claim_but_an_administrator_may_hang_up(tmp_path, monkeypatch):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon, client_of(site, "boardctl") as tech:
            host = await FakeHost(site).connect()
            host.offer("C1")
            await until(lambda: "C1" in tech.mirror.calls)
            with pytest.raises(StaleClaimError):
                await tech.answer("C1")
            await tech.hangup("C1")
            assert host.asked[-1].generation == 0
            (session,) = daemon.board_server.sessions.values()
            session.rights = frozenset({Right.READ, Right.CONTROL})
            with pytest.raises(StaleClaimError):
                await tech.hangup("C1")
            with pytest.raises(ForbiddenError):
                await tech.reset_board("a")
            await host.leave()

    run(main)


def test_facts_go_to_one_client_and_acknowledgements_back(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            host = await FakeHost(site).connect()
            host.offer("C1")
            unheard = host.fact("C1")
            host.answer = lambda origin: host.fact("C1") and None
            facts = await client.facts()
            got = await anext(facts)
            assert got == unheard
            assert [o.method for o in host.asked] == ["facts"]
            async with client_of(site, "other") as other:
                with pytest.raises(ClaimConflictError):
                    await other.facts()
            await client.ack_facts([got.key()])
            await until(lambda: host.acked)
            assert host.acked == [("a", "C1", "begin")]
            # A reconnect asks the hosts again.
            await host.leave()
            await host.connect()
            client._remote.current.close()
            assert (await anext(facts)).key() == got.key()
            await host.leave()

    run(main)


def test_a_host_that_cannot_tell_its_facts_again_is_asked_to_reconnect(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            host = await FakeHost(site).connect()
            host.answer = WrongStateError("not now")
            await client.facts()
            await host.lost.wait()

    run(main)


def test_scan_and_status_and_reset(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            a, b = await FakeHost(site, "a").connect(), await FakeHost(site, "b").connect()
            a.answer = {"cards": [{"serial": "1"}]}
            b.answer = BrokenError("no library")
            assert (await client.scan()).cards == [{"serial": "1"}]
            a.answer = None
            await client.reset_board("a")
            assert a.asked[-1].params == {"domain": "a"}
            await client.maintain_span("a/1", Maintenance.LOCAL_LOOP)
            assert (a.asked[-1].params["span"], a.asked[-1].params["what"]) == ("a/1", "local_loop")
            with pytest.raises(UnknownIdError):
                await client.maintain_span("e1a/9", Maintenance.NONE)
            await client.claim("trunks")
            status = await client.status()
            assert [d.connected for d in status.domains] == [True, True]
            uid = os.geteuid()
            assert status.claims == [{"group": "trunks", "client": "ivr", "uid": uid, "generation": 1, "live": True}]
            assert status.clients[0]["rights"] == ["admin", "control", "read"]
            assert status.counters["requests"] >= 4
            await a.leave()
            await b.leave()

    run(main)


def test_a_slow_client_is_closed_and_others_go_on(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon, client_of(site) as client:
            host = await FakeHost(site).connect()
            slow, _result, _notes = await subscribed(site)
            slow._transport.pause_reading()
            n = 0
            while not daemon.board_server.counters["too_slow"]:
                n += 1
                assert n < 20_000
                host.offer(f"C{n}")
                host.release(f"C{n}")
                if n % 50 == 0:
                    await asyncio.sleep(0.01)
            await until(lambda: client.seq == daemon.events.seq)
            assert client.connected
            await host.leave()
            slow.close()

    run(main)


def test_every_control_method_is_refused_to_readers(tmp_path, monkeypatch):
    async def main():
        site = site_of(tmp_path)
        monkeypatch.setattr(
            server_module.GroupRights, "rights_of", lambda self, peer: frozenset({Right.READ}), raising=True
        )
        async with daemon_at(site):
            connection = await open_connection(str(site.board_socket), NoNotifications())
            await connection.request("hello", HelloParams(client="x"), dict)
            for method in METHODS.values():
                if method.right is not Right.READ:
                    with pytest.raises(ForbiddenError):
                        await connection.request(method.name, {}, Nothing)
            connection.close()
            await connection.wait_closed()

    run(main)


def test_calls_may_be_named_only_by_what_has_one(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site):
            connection = await open_connection(str(site.board_socket), NoNotifications())
            await connection.request("hello", HelloParams(client="x"), dict)
            with pytest.raises(UnknownIdError):
                await connection.request("call.hangup", CallParams(call=""), Nothing)
            connection.close()
            await connection.wait_closed()

    run(main)
