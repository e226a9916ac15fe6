"""Bridges over two domains: one host owns the bridge, the other lends its call; both learn of every end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

import pytest
from host_rig import Rig, make_site
from host_vloop import virtual

from boardd.api import board_schema as w
from boardd.contract import driver as d
from boardd.contract.errors import (
    ArgumentError,
    DeadlineError,
    DeviceError,
    HostDownError,
    UnsupportedError,
    WrongStateError,
)
from boardd.contract.objects import SwitchingProfile
from boardd.contract.states import ChannelState
from tests.tools.descriptors import open_descriptors

TIES = SwitchingProfile(mixing=True, stream_channels=8)


@contextlib.asynccontextmanager
async def two(tmp_path, owner=TIES, lender=TIES):
    """Two hosts that share a runtime folder: `a` makes bridges, `b` lends calls."""
    site = make_site(tmp_path, domains=("a", "b"))
    site.paths.runtime_dir.mkdir()
    rigs = []
    before = open_descriptors()
    for name, profile in (("a", owner), ("b", lender)):
        rig = Rig(tmp_path / name, site, domain=name, switching=profile)
        rigs.append(await rig.start())
    try:
        yield rigs
    finally:
        for rig in rigs:
            if not rig.driver.stopped:
                await rig.stop()
            assert rig.driver.ties == {} and rig.driver.links == set()
            assert rig.host.tasks.counters["bugs"] == 0 and rig.host.intake.counters["bugs"] == 0
        assert open_descriptors() == before, "descriptors are left open"


def both(x, y):
    return [{"source": x.id, "sink": y.id}, {"source": y.id, "sink": x.id}]


async def lent(b, call):
    return w.TieLoan(**await b.do("tie.lend", call=call.id))


async def bridged(a, b):
    """A call of each, talking."""
    here, there = await a.talk("e1a/1/1"), await b.talk("fxo/1")
    made = await a.do("bridge.create", links=both(here, there), loans={there.id: await lent(b, there)})
    await a.settle()
    return here, there, made


def the_tie(rig):
    (name,) = rig.driver.ties
    return name


@virtual
async def test_each_host_links_its_call_with_its_end_of_one_ring(tmp_path):
    async with two(tmp_path) as (a, b):
        here, there, made = await bridged(a, b)
        assert a.driver.links == {("e1a/1/1", the_tie(a)), (the_tie(a), "e1a/1/1")}
        assert b.driver.links == {("fxo/1", the_tie(b)), (the_tie(b), "fxo/1")}
        ends = [rig.driver.ties[the_tie(rig)] for rig in (a, b)]
        assert sorted(end.side for end in ends) == [0, 1]
        memory = {os.fstat(end.descriptors[0]).st_ino for end in ends}
        assert len(memory) == 1, "both ends are the same memory"
        assert [bridge.id for bridge in a.host.bridges.all()] == [made["id"]] and b.host.bridges.all() == []
        assert b.host.bridges.of(b.line("fxo/1").call)[0].id == made["id"]
        await a.do("bridge.destroy", bridge=made["id"])
        await a.settle()
        assert here.released is None and there.released is None, "both callers are there for what comes next"


@virtual
async def test_only_the_ways_that_are_linked_are_carried(tmp_path):
    async with two(tmp_path) as (a, b):
        here, there = await a.talk("e1a/1/1"), await b.talk("fxo/1")
        loans = {there.id: await lent(b, there)}
        made = await a.do("bridge.create", links=[{"source": there.id, "sink": here.id}], loans=loans)
        await a.settle()
        assert b.driver.links == {("fxo/1", the_tie(b))} and a.driver.links == {(the_tie(a), "e1a/1/1")}
        await a.do("bridge.change", bridge=made["id"], links=both(here, there))
        await a.settle()
        assert len(b.driver.links) == len(a.driver.links) == 2 and len(b.driver.ties) == 1
        other = await a.talk("e1a/1/2")
        await a.do("bridge.change", bridge=made["id"], links=both(here, other))
        await a.settle()
        assert b.driver.links == set() and b.driver.ties == {} and there.released is None
        assert a.driver.links == {("e1a/1/1", "e1a/1/2"), ("e1a/1/2", "e1a/1/1")} and a.driver.ties == {}


@virtual
async def test_two_hosts_borrow_from_each_other_at_the_same_time(tmp_path):
    """Neither waits for itself: who is asked for a call may be asking for one."""
    async with two(tmp_path) as (a, b):
        ours = [await a.talk(f"e1a/1/{n}") for n in (1, 2)]
        theirs = [await b.talk(f"fxo/{n}") for n in (1, 2)]
        began_s = asyncio.get_running_loop().time()
        await asyncio.gather(
            a.do("bridge.create", links=both(ours[0], theirs[0]), loans={theirs[0].id: await lent(b, theirs[0])}),
            b.do("bridge.create", links=both(ours[1], theirs[1]), loans={ours[1].id: await lent(a, ours[1])}),
        )
        assert asyncio.get_running_loop().time() - began_s < 0.5
        assert [len(rig.driver.ties) for rig in (a, b)] == [2, 2] and len(a.driver.links) == len(b.driver.links) == 4


@virtual
@pytest.mark.parametrize("first", ["owner", "lender"])
async def test_one_side_hangs_up_and_the_other_host_knows(tmp_path, first):
    async with two(tmp_path) as (a, b):
        await bridged(a, b)
        a.leave(), b.leave()  # nobody controls: who is left alone is released
        await a.settle(3)
        assert a.count("bridge_ended") == 0
        (a.port("e1a/1/1") if first == "owner" else b.port("fxo/1")).far_release()
        await a.settle(0.5)
        assert a.count("bridge_ended") == 1
        assert a.count("call_released") == b.count("call_released") == 1
        assert a.driver.ties == b.driver.ties == {} and a.driver.links == b.driver.links == set()


@virtual
@pytest.mark.parametrize("dead", ["owner", "lender"])
async def test_a_dead_host_leaves_the_other_leg_to_its_orphan_treatment(tmp_path, dead):
    """A dead process is a closed connection; the ring's own end of file says the same and changes nothing more."""
    async with two(tmp_path) as (a, b):
        here, there, _made = await bridged(a, b)
        for rig, call in ((a, here), (b, there)):
            await rig.do("call.take", call=call.id, orphan={"media": "", "max_s": 30, "on_peer_release": "treat"})
        a.leave(), b.leave()
        await a.settle(3)
        survivor, call = (b, there) if dead == "owner" else (a, here)
        name = the_tie(survivor)
        if dead == "owner":
            for tie in a.host.bridges.borrowing._ties.values():
                tie.link._socket.shutdown(socket.SHUT_RDWR)
        else:
            for loan in b.host.bridges.lending._loans.values():
                loan.link._socket.shutdown(socket.SHUT_RDWR)
        survivor.driver.sink(d.TieEnded(name))
        await a.settle(1)
        live = survivor.line(call.channel).call
        assert live is not None and live.treatment == "orphan" and survivor.driver.ties == {}
        await a.settle(40)
        assert survivor.count("call_released") == 1


@virtual
async def test_what_fails_leaves_nothing_half_made(tmp_path):
    async with two(tmp_path) as (a, b):
        here, there = await a.talk("e1a/1/1"), await b.talk("fxo/1")
        for rig in (a, b):
            rig.driver.tie_fault = DeviceError("no room")
            with pytest.raises(DeviceError, match="no room"):
                await a.do("bridge.create", links=both(here, there), loans={there.id: await lent(b, there)})
            rig.driver.tie_fault = None
        for rig in (a, b):
            rig.driver.link_fault = DeviceError("no timeslot")
            with pytest.raises(DeviceError, match="no timeslot"):
                await a.do("bridge.create", links=both(here, there), loans={there.id: await lent(b, there)})
            rig.driver.link_fault = None
            await a.settle()
            assert a.driver.ties == b.driver.ties == {} and a.driver.links == b.driver.links == set()
        assert a.host.bridges.all() == [] and a.count("bridge_created") == 0
        assert here.released is None and there.released is None


@virtual
async def test_a_loan_is_for_once_and_not_for_long(tmp_path):
    async with two(tmp_path) as (a, b):
        here, there = await a.talk("e1a/1/1"), await b.talk("fxo/1")
        loan = await lent(b, there)
        made = await a.do("bridge.create", links=both(here, there), loans={there.id: loan})
        await a.do("bridge.destroy", bridge=made["id"])
        late = await lent(b, there)
        await a.settle(11)
        for used_up in (loan, late, w.TieLoan(path=loan.path, token="guess")):
            with pytest.raises(ArgumentError):
                await a.do("bridge.create", links=both(here, there), loans={there.id: used_up})
        with pytest.raises(HostDownError):
            gone = w.TieLoan(path=str(tmp_path / "nobody.sock"), token="x")
            await a.do("bridge.create", links=both(here, there), loans={there.id: gone})


@virtual
async def test_a_call_that_ends_before_it_is_fetched(tmp_path):
    async with two(tmp_path) as (a, b):
        here, there = await a.talk("e1a/1/1"), await b.talk("fxo/1")
        loan = await lent(b, there)
        b.port("fxo/1").far_release()
        await b.settle(0.5)
        with pytest.raises((ArgumentError, WrongStateError)):
            await a.do("bridge.create", links=both(here, there), loans={there.id: loan})
        assert a.host.bridges.all() == []


@virtual
async def test_a_domain_without_ties_says_so(tmp_path):
    async with two(tmp_path, lender=SwitchingProfile()) as (a, b):
        here, there = await a.talk("e1a/1/1"), await b.talk("fxo/1")
        with pytest.raises(UnsupportedError):
            await b.do("tie.lend", call=there.id)
        assert here.released is None


@virtual
async def test_a_tap_is_not_lent(tmp_path):
    async with two(tmp_path) as (_a, b):
        b.port("tap/1").step(ChannelState.OBSERVED)
        b.port("tap/1").emit(d.Observed("tap/1", "in", caller="1"))
        await b.settle()
        with pytest.raises(UnsupportedError, match="tap/1 cannot be linked"):
            await b.do("tie.lend", call=b.last("call_observed").call.id)


@virtual
async def test_nonsense_on_the_socket_harms_nobody(tmp_path):
    async with two(tmp_path) as (a, b):
        here, there = await a.talk("e1a/1/1"), await b.talk("fxo/1")
        loan = await lent(b, there)
        for packet in (b"\xff\x00", b"[]", b"{}", b'{"take": 7}', b'{"set": {}}', b'{"ok": true}'):
            stranger = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            stranger.connect(loan.path)
            socket.send_fds(stranger, [packet], [stranger.fileno()])
            await b.settle()
            stranger.close()
            await b.settle()
        await a.do("bridge.create", links=both(here, there), loans={there.id: loan})
        assert len(a.driver.ties) == len(b.driver.ties) == 1


@contextlib.contextmanager
def standing(tmp_path):
    """A host that stands still: its socket takes connections, nobody reads them. The loan of a call there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(str(tmp_path / "still.sock"))
        listener.listen(4)
        yield w.TieLoan(path=str(tmp_path / "still.sock"), token="x")


@virtual
async def test_a_host_that_stands_still_holds_up_only_what_concerns_it(tmp_path):
    async with two(tmp_path) as (a, b):
        ours = [await a.talk(name) for name in ("e1a/1/1", "e1a/1/2", "fxo/1", "fxo/2")]
        theirs = await b.talk("fxo/1")
        with standing(tmp_path) as loan:
            links = [{"source": ours[0].id, "sink": "STILL"}]
            stuck = asyncio.ensure_future(a.do("bridge.create", links=links, loans={"STILL": loan}))
            await a.settle()
            began_s = asyncio.get_running_loop().time()
            loans = {theirs.id: await lent(b, theirs)}
            tied = await a.do("bridge.create", links=both(ours[1], theirs), loans=loans)
            made = await a.do("bridge.create", links=both(ours[2], ours[3]))
            await a.do("bridge.change", bridge=made["id"], links=both(ours[2], ours[3])[:1])
            await a.do("bridge.destroy", bridge=made["id"])
            await a.do("bridge.destroy", bridge=tied["id"])
            assert asyncio.get_running_loop().time() - began_s < 0.5 and not stuck.done()
            with pytest.raises(DeadlineError):
                await stuck
        assert a.host.bridges.all() == [] and ours[0].released is None


@virtual
async def test_changes_that_share_a_call_go_one_after_the_other(tmp_path):
    """In the order of asking, also when the first waits for another host."""
    async with two(tmp_path) as (a, b):
        here, other, theirs = await a.talk("e1a/1/1"), await a.talk("e1a/1/2"), await b.talk("fxo/1")
        loans = {theirs.id: await lent(b, theirs)}
        first = asyncio.ensure_future(a.do("bridge.create", links=both(here, theirs), loans=loans))
        second = asyncio.ensure_future(a.do("bridge.create", links=both(here, other)))
        third = asyncio.ensure_future(a.do("bridge.create", links=both(other, here)))
        await asyncio.wait([first, second, third])
        assert len(a.host.bridges.all()) == 2 and isinstance(third.exception(), ArgumentError)
        kinds = [(e.type, e.bridge.id) for e in a.events if e.bridge is not None]
        assert kinds == [("bridge_created", first.result()["id"]), ("bridge_created", second.result()["id"])]
        change = asyncio.ensure_future(
            a.do("bridge.change", bridge=second.result()["id"], links=[{"source": other.id, "sink": here.id}])
        )
        await asyncio.gather(change, a.do("bridge.create", links=[{"source": here.id, "sink": other.id}]))
        assert len(a.host.bridges.all()) == 3
