"""Bridges over two domains: who owns them, what is lent, and what is refused."""

import asyncio

import pytest
from daemonkit import FakeHost, client_of, daemon_at, site_of
from virtualtime import run, until

from boardd.api.board_schema import TieLoan
from boardd.contract.errors import DeadlineError, UnsupportedError
from boardd.contract.events import EventType
from boardd.contract.objects import Bridge, Link, SwitchingProfile

WITH_TIES = SwitchingProfile(stream_channels=4)
STILL_S = 30.0
TALK = [Link(source="C1", sink="C2"), Link(source="C2", sink="C1")]


def two(site, first=WITH_TIES, second=WITH_TIES):
    hosts = FakeHost(site, "a"), FakeHost(site, "b")
    for host, profile in zip(hosts, (first, second), strict=True):
        host.domain.switching = profile
    return hosts


def answers(host, path):
    def answer(origin):
        if origin.method == "tie.lend":
            return TieLoan(path=path, token=origin.params["call"])
        bridge = Bridge(id="B1", domain=host.name, links=[Link(**link) for link in origin.params["links"]])
        host.tell(
            EventType.BRIDGE_CREATED if origin.method == "bridge.create" else EventType.BRIDGE_CHANGED, bridge=bridge
        )
        return bridge

    return answer


async def begin(client, a, b):
    for host in (a, b):
        host.answer = answers(host, f"/run/ties-{host.name}.sock")
        await host.connect()
    await until(lambda: len([d for d in client.mirror.domains.values() if d.connected]) == 2)
    a.offer("C1", 1)
    b.offer("C2", 1)
    await until(lambda: len(client.mirror.calls) == 2)
    await client.claim("trunks")


def asked(host):
    return [(origin.method, sorted(origin.loans)) for origin in host.asked]


def test_the_owner_gets_the_others_call_lent(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            a, b = two(site)
            await begin(client, a, b)
            made = await client.create_bridge(TALK)
            assert made.domain == "a"
            assert asked(b) == [("tie.lend", [])] and asked(a) == [("bridge.create", ["C2"])]
            loan = a.asked[-1].loans["C2"]
            assert (loan.path, loan.token) == ("/run/ties-b.sock", "C2")
            await until(lambda: "B1" in client.mirror.bridges)
            # A call that is in it already is not lent again; a new one of the other domain is.
            b.offer("C3", 2)
            await until(lambda: "C3" in client.mirror.calls)
            await client.change_bridge("B1", [*TALK, Link(source="C3", sink="C1")])
            assert asked(b)[1:] == [("tie.lend", [])] and asked(a)[1:] == [("bridge.change", ["C3"])]
            await a.leave()
            await b.leave()

    run(main)


def test_a_host_that_stands_still_holds_up_no_bridge_of_others(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            a, b = two(site)
            await begin(client, a, b)
            a.offer("C3", 2)
            await until(lambda: "C3" in client.mirror.calls)
            b.answer = lambda _origin: asyncio.sleep(STILL_S)
            began_s = asyncio.get_running_loop().time()
            stuck = asyncio.ensure_future(client.create_bridge(TALK))
            await until(lambda: bool(b.asked))
            made = await client.create_bridge([Link(source="C1", sink="C3")])
            assert made.domain == "a" and asyncio.get_running_loop().time() - began_s < 1 and not stuck.done()
            with pytest.raises(DeadlineError, match="the host of domain b did not answer"):
                await stuck
            await asyncio.sleep(STILL_S)
            await a.leave()
            await b.leave()

    run(main)


def test_the_domain_that_mixes_owns_it(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            a, b = two(site, first=SwitchingProfile(mixing=False, stream_channels=4))
            await begin(client, a, b)
            assert (await client.create_bridge(TALK)).domain == "b"
            assert asked(a) == [("tie.lend", [])]
            await a.leave()
            await b.leave()

    run(main)


def test_without_ties_nobody_is_asked(tmp_path):
    async def main():
        site = site_of(tmp_path)
        async with daemon_at(site), client_of(site) as client:
            a, b = two(site, second=SwitchingProfile())
            await begin(client, a, b)
            with pytest.raises(UnsupportedError) as refused:
                await client.create_bridge(TALK)
            assert refused.value.data["without"] == ["b"] and "; b cannot be tied" in refused.value.message
            assert asked(a) == asked(b) == []
            await a.leave()
            await b.leave()

    run(main)
