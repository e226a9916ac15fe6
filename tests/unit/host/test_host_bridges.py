"""Bridges between calls of the domain."""

import pytest
from host_rig import rig
from host_vloop import virtual

from boardd.contract.errors import (
    ArgumentError,
    ClaimConflictError,
    DeviceError,
    UnknownIdError,
    UnsupportedError,
    WrongStateError,
)
from boardd.contract.objects import SwitchingProfile


def both(a, b):
    return [{"source": a.id, "sink": b.id}, {"source": b.id, "sink": a.id}]


async def three(r):
    return await r.talk("e1a/1/1"), await r.talk("e1a/1/2"), await r.talk("fxo/1")


@virtual
async def test_create_change_destroy():
    async with rig() as r:
        a, b, c = await three(r)
        made = await r.do("bridge.create", links=both(a, b))
        assert r.driver.links == {("e1a/1/1", "e1a/1/2"), ("e1a/1/2", "e1a/1/1")}
        links = [*both(a, b), {"source": a.id, "sink": c.id}]
        await r.do("bridge.change", bridge=made["id"], links=links)
        assert ("e1a/1/1", "fxo/1") in r.driver.links and len(r.driver.link_log[-1]) == 1
        await r.do("bridge.destroy", bridge=made["id"])
        assert r.driver.links == set() and r.host.bridges.all() == []
        kinds = [t for t in r.types() if t.startswith("bridge")]
        assert kinds == ["bridge_created", "bridge_changed", "bridge_ended"]
        with pytest.raises(UnknownIdError):
            await r.do("bridge.destroy", bridge=made["id"])


@virtual
async def test_released_call_leaves_its_bridge_before_it_is_hung_up():
    async with rig() as r:
        a, b, _ = await three(r)
        await r.do("bridge.create", links=both(a, b))
        r.port("e1a/1/1").delays["hangup"] = 1
        r.port("e1a/1/1").far_release()
        await r.settle(0.1)
        assert r.driver.links == set() and r.count("bridge_ended") == 1
        await r.settle(2)
        assert b.released is None


@virtual
async def test_three_way_goes_on_with_two():
    async with rig() as r:
        a, b, c = await three(r)
        await r.do("bridge.create", links=[*both(a, b), *both(a, c), *both(b, c)])
        r.port("e1a/1/1").far_release()
        await r.settle()
        assert r.driver.links == {("e1a/1/2", "fxo/1"), ("fxo/1", "e1a/1/2")}
        assert r.count("bridge_changed") == 1 and r.count("bridge_ended") == 0
        assert len(r.last("bridge_changed").bridge.links) == 2


@virtual
async def test_failure_leaves_nothing_half_made():
    async with rig() as r:
        a, b, c = await three(r)
        r.driver.link_fault = DeviceError("no timeslot")
        with pytest.raises(DeviceError):
            await r.do("bridge.create", links=both(a, b))
        assert r.driver.links == set() and r.host.bridges.all() == [] and r.count("bridge_created") == 0
        r.driver.link_fault = None
        made = await r.do("bridge.create", links=both(a, b))
        before = set(r.driver.links)
        r.driver.link_fault = DeviceError("no timeslot")
        with pytest.raises(DeviceError):
            await r.do("bridge.change", bridge=made["id"], links=[*both(a, c)])
        r.driver.link_fault = None
        assert len(r.host.bridges.get(made["id"]).links) == 2
        assert ("e1a/1/1", "fxo/1") not in r.driver.links
        assert r.driver.links <= before


@virtual
async def test_call_that_ends_while_the_card_links():
    async with rig() as r:
        a, b, _ = await three(r)
        r.driver.link_delay = 0.5
        create = r.host.tasks.spawn(r.do("bridge.create", links=both(a, b)), "create")
        await r.settle(0.1)
        r.port("e1a/1/1").far_release()
        await r.settle(3)
        assert isinstance(create.exception(), WrongStateError)
        assert r.driver.links == set() and r.host.bridges.all() == []


@virtual
async def test_what_the_domain_cannot_do_is_refused_before_the_card_is_asked():
    async with rig(switching=SwitchingProfile(mixing=False)) as r:
        a, b, c = await three(r)
        with pytest.raises(UnsupportedError):
            await r.do("bridge.create", links=[*both(a, b), {"source": c.id, "sink": a.id}])
        with pytest.raises(UnsupportedError):
            await r.do("bridge.create", links=[{"source": c.id, "sink": a.id, "gain_mb": 600}])
        made = await r.do("bridge.create", links=both(a, b))
        with pytest.raises(UnsupportedError):
            await r.do("bridge.create", links=[{"source": c.id, "sink": a.id}])
        for links in ([], [{"source": a.id, "sink": a.id}], both(a, b), [{"source": c.id, "sink": b.id}] * 2):
            with pytest.raises((ArgumentError, UnsupportedError)):
                await r.do("bridge.create", links=links)
        with pytest.raises(UnknownIdError):
            await r.do("bridge.create", links=[{"source": a.id, "sink": "nobody"}])
        assert len(r.driver.link_log) == 1 and made


@virtual
async def test_only_calls_of_the_client_can_be_bridged():
    async with rig() as r:
        a, b, _ = await three(r)
        r.attend("acd", "other")
        await r.settle()
        with pytest.raises(ClaimConflictError):
            await r.do("bridge.create", client="other", links=both(a, b))
        with pytest.raises(ClaimConflictError):
            await r.do("bridge.create", groups=["isdn2"], client="other", links=both(a, b))
