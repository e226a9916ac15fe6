"""Hosts come, go, skip events, die: copies stay true and each client sees exactly one end of each call."""

import asyncio

import pytest
from daemonkit import FakeHost, Follower, client_of, daemon_at, site_of
from virtualtime import run, until

from boardd.api.board_schema import HostHelloParams, HostSnapshotParams, Nothing
from boardd.api.connection import TRUSTED, open_connection
from boardd.contract.driver import CONTRACT_VERSION
from boardd.contract.errors import ConfigurationError, WrongStateError
from boardd.contract.events import EventType
from boardd.contract.objects import Alarm, Domain, Severity, Snapshot
from boardd.contract.states import ChannelState


def test_a_host_that_comes_is_copied_and_followed(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            follower = Follower(client)
            host = await FakeHost(site).connect()
            await until(lambda: client.mirror.domains["a"].connected)
            assert len(await client.channels()) == 4
            assert [s.pcm for s in await client.spans()] == [0]
            host.offer("C1")
            await until(lambda: "C1" in client.mirror.calls)
            assert [c.id for c in await client.calls()] == ["C1"]
            host.release("C1")
            await until(follower.ends)
            assert follower.ends() == [("C1", 16)]
            seqs = [e.seq for e in follower.events]
            assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
            await host.leave()
            await follower.close()

    run(main)


def test_a_dead_host_leaves_its_calls_marked_and_the_next_one_tells_the_truth(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon, client_of(site) as client:
            follower = Follower(client)
            host = await FakeHost(site).connect()
            host.offer("C1", 1)
            host.offer("C2", 2)
            await until(lambda: len(client.mirror.calls) == 2)
            await host.leave()
            await until(lambda: not client.mirror.domains["a"].connected)
            assert all(call.orphaned for call in client.mirror.calls.values())
            assert {(c.state, c.reason) for c in client.mirror.channels.values()} == {
                (ChannelState.OUT_OF_SERVICE, "host_down")
            }
            assert ("host_down", "a") in client.mirror.alarms
            assert follower.ends() == []
            # The new incarnation has no calls: the journal ended them.
            again = await FakeHost(site, incarnation="2").connect()
            await until(lambda: client.mirror.domains["a"].connected)
            assert follower.ends() == [("C1", 41), ("C2", 41)]
            assert {c.state for c in client.mirror.channels.values()} == {ChannelState.IDLE}
            await until(lambda: not client.mirror.alarms)
            assert daemon.registry.mirror.snapshot() == client.snapshot
            await again.leave()
            await follower.close()

    run(main)


def test_a_host_that_lost_only_its_connection_keeps_its_calls(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            follower = Follower(client)
            host = await FakeHost(site).connect()
            host.offer("C1", 1)
            host.offer("C2", 2)
            await until(lambda: len(client.mirror.calls) == 2)
            await host.leave()
            host.calls.pop("C2")
            host.calls["C1"].digits = "12"
            await host.connect()
            await until(lambda: "C2" not in client.mirror.calls)
            assert follower.ends() == [("C2", None)]
            assert (client.mirror.calls["C1"].digits, client.mirror.calls["C1"].orphaned) == ("12", False)
            await host.leave()
            await follower.close()

    run(main)


def test_a_gap_in_hseq_closes_the_connection_and_the_snapshot_heals(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon, client_of(site) as client:
            host = await FakeHost(site).connect()
            host.hseq += 1
            host.offer("C1")
            await host.lost.wait()
            assert daemon.hosts.counters["host_gaps"] == 1
            assert "C1" not in daemon.registry.mirror.calls
            await host.connect()
            await until(lambda: "C1" in client.mirror.calls)
            await host.leave()

    run(main)


def test_nonsense_and_wrong_order_close_a_host_but_only_it(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon:
            good = await FakeHost(site, "b").connect()
            bad = await FakeHost(site, "a").connect()
            bad.connection.notify("host.event", {"event": {"type": "no such type"}})
            await bad.lost.wait()
            early = FakeHost(site, "a")
            early.connection = await open_connection(str(site.host_socket), early, TRUSTED)
            with pytest.raises(WrongStateError):
                params = HostSnapshotParams(hseq=1, snapshot=Snapshot())
                await early.connection.request("host.snapshot", params, Nothing)
            hello = HostHelloParams(domain=early.domain, contract_version=CONTRACT_VERSION)
            await early.connection.request("host.hello", hello, Nothing)
            early.tell(EventType.CHANNEL_STATE)
            await early.lost.wait()
            assert daemon.hosts.ready() == ["b"]
            await good.leave()

    run(main)


@pytest.mark.parametrize(
    ("domain", "version"),
    [(Domain(name="other", driver="x"), CONTRACT_VERSION), (Domain(name="a", driver="x"), CONTRACT_VERSION + 1)],
)
def test_unknown_domains_and_other_contract_versions_are_refused(tmp_path, domain, version):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site):
            connection = await open_connection(str(site.host_socket), FakeHost(site), TRUSTED)
            with pytest.raises(ConfigurationError):
                params = HostHelloParams(domain=domain, contract_version=version)
                await connection.request("host.hello", params, Nothing)
            connection.close()
            await connection.wait_closed()

    run(main)


def test_a_second_host_of_a_domain_replaces_the_first(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon, client_of(site) as client:
            first = await FakeHost(site).connect()
            first.offer("C1")
            await until(lambda: "C1" in client.mirror.calls)
            follower = Follower(client)
            second = await FakeHost(site, incarnation="2").connect()
            await first.lost.wait()
            await until(follower.ends)
            assert follower.ends() == [("C1", 41)]
            assert daemon.hosts.ready() == ["a"]
            assert client.mirror.domains["a"].connected
            await second.leave()
            await follower.close()

    run(main)


def test_a_confused_host_cannot_touch_another_domain(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon:
            right = await FakeHost(site, "b").connect()
            liar = FakeHost(site, "a")
            liar.channels.update(right.channels)
            await liar.connect()
            await liar.leave()
            await until(lambda: not daemon.registry.mirror.domains["a"].connected)
            states = {c.domain: c.state for c in daemon.registry.mirror.channels.values()}
            assert states == {"a": ChannelState.OUT_OF_SERVICE, "b": ChannelState.IDLE}
            await right.leave()

    run(main)


def test_host_alarms_follow_the_snapshot(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon:
            alarms = daemon.registry.mirror.alarms
            host = await FakeHost(site).connect()
            host.tell(EventType.ALARM_RAISED, alarm=Alarm(code="journal_full", subject="a", severity=Severity.MAJOR))
            host.tell(EventType.ALARM_RAISED, alarm=Alarm(code="los", subject="a/1", severity=Severity.MAJOR))
            host.tell(EventType.ALARM_CLEARED, alarm=Alarm(code="los", subject="a/1", severity=Severity.MAJOR))
            await until(lambda: daemon.hosts.counters["host_events"] == 3)
            assert list(alarms) == [("journal_full", "a")]
            await host.leave()
            await host.connect()
            assert alarms == {}
            await host.leave()

    run(main)


def test_hosts_that_never_come_raise_an_alarm(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site) as daemon:
            host = await FakeHost(site, "b").connect()
            await asyncio.sleep(9)
            assert daemon.registry.mirror.alarms == {}
            await asyncio.sleep(2)
            assert list(daemon.registry.mirror.alarms) == [("host_down", "a")]
            await host.leave()

    run(main)


def test_clients_survive_a_daemon_restart_with_one_end_per_call(tmp_path):
    async def main():
        site = site_of(tmp_path)
        host = FakeHost(site)
        async with daemon_at(site), client_of(site) as client:
            follower = Follower(client)
            await host.connect()
            host.offer("C1", 1)
            host.offer("C2", 2)
            await until(lambda: len(client.mirror.calls) == 2)
        # `client` is closed with its block; a second one lives through the restart.
        await follower.close()
        first = daemon_at(site)
        await first.__aenter__()
        await host.connect()
        async with client_of(site) as client:
            follower = Follower(client)
            await until(lambda: len(client.mirror.calls) == 2)
            epoch = client.epoch
            await first.__aexit__(None, None, None)
            host.calls.pop("C2")
            async with daemon_at(site):
                await until(lambda: client.connected)
                assert client.epoch != epoch
                assert sorted(client.mirror.calls) == ["C1", "C2"]
                assert follower.ends() == []
                await host.connect()
                await until(follower.ends)
                assert follower.ends() == [("C2", None)]
                assert sorted(client.mirror.calls) == ["C1"]
                await host.leave()
        await follower.close()

    run(main)
