"""Leases, orphaned calls, offers that nobody is there for."""

import pytest
from host_rig import make_site, rig
from host_vloop import virtual

from boardd.config.site import GroupSection, Unattended
from boardd.contract.errors import ClaimConflictError, StaleClaimError
from boardd.contract.states import ChannelState as S

TREAT = {"media": "/sorry.wav", "max_s": 30, "cause": 41, "on_peer_release": "treat"}


def both(a, b):
    return [{"source": a.id, "sink": b.id}, {"source": b.id, "sink": a.id}]


def site(**group):
    return make_site("/tmp", isdn=GroupSection(channels=["e1a/1/*"], **group))


@virtual
async def test_controller_that_is_away_for_two_seconds_loses_its_unbridged_calls_to_the_treatment():
    async with rig() as r:
        call = await r.talk("e1a/1/1", orphan=TREAT)
        play = await r.do("call.play", call=call.id, files=["/menu.wav"])
        await r.settle(0.5)
        r.leave()
        await r.settle(1)
        assert not call.orphaned
        await r.settle(1.5)
        assert call.orphaned and call.controller == "acd"
        port = r.port("e1a/1/1")
        assert port.playing.files == ("/sorry.wav",) and port.playing.loop
        assert call.play.id == play["id"] and call.play.ended == "stopped"
        port.digits("7")
        await r.settle(27)
        assert call.released is None and call.digits == "7"
        await r.settle(2)
        assert r.last("call_released").call.cause == 41 and r.last("call_released").call.cause_origin == "host"


@virtual
async def test_controller_that_returns_has_its_call_again_and_its_first_act_stops_the_treatment():
    async with rig() as r:
        call = await r.talk("e1a/1/1", orphan=TREAT)
        r.leave()
        await r.settle(5)
        r.attend()
        await r.settle(60)
        assert call.released is None and not call.orphaned
        assert [e.call.orphaned for e in r.events if e.type == "call_control"] == [False, True, False]
        port = r.port("e1a/1/1")
        assert port.playing.files == ("/sorry.wav",)
        await r.do("call.play", call=call.id, files=["/menu.wav"])
        assert port.playing.files == ("/menu.wav",)
        assert r.count("play_ended") == 0


@virtual
async def test_digits_are_dropped_when_the_treatment_says_so():
    async with rig() as r:
        call = await r.talk("e1a/1/1", orphan={**TREAT, "buffer_digits": False})
        r.leave()
        await r.settle(3)
        r.port("e1a/1/1").digits("99")
        await r.settle()
        assert call.digits == ""
        r.attend()
        await r.settle()
        r.port("e1a/1/1").digits("7")
        await r.settle()
        assert call.digits == "7"


@virtual
async def test_bridged_calls_go_on_and_the_peer_gets_what_was_asked_for():
    async with rig(e1=4) as r:
        a = await r.talk("e1a/1/1", orphan=TREAT)
        b = await r.talk("e1a/1/2", orphan=TREAT)
        c = await r.talk("e1a/1/3", orphan={**TREAT, "on_peer_release": "release"})
        e = await r.talk("e1a/1/4")
        await r.do("bridge.create", links=both(a, b))
        await r.do("bridge.create", links=both(c, e))
        r.leave()
        await r.settle(600)
        assert all(x.released is None and not x.orphaned for x in (a, b, c, e))
        r.port("e1a/1/2").far_release()
        r.port("e1a/1/4").far_release()
        await r.settle()
        assert a.released is None and a.orphaned and r.port("e1a/1/1").playing.files == ("/sorry.wav",)
        assert c.cause == 16 and c.released is not None
        await r.settle(31)
        assert a.released is not None


@virtual
async def test_peer_of_a_bridge_is_left_to_a_controller_that_is_there():
    async with rig() as r:
        a, b = await r.talk("e1a/1/1", orphan=TREAT), await r.talk("e1a/1/2")
        await r.do("bridge.create", links=both(a, b))
        r.port("e1a/1/2").far_release()
        await r.settle(60)
        assert a.released is None and r.port("e1a/1/1").playing is None


@virtual
async def test_outgoing_call_whose_controller_left_hears_the_treatment_when_it_is_answered():
    async with rig() as r:
        made = await r.do("call.dial", group="isdn", number="1", orphan=TREAT)
        r.leave()
        await r.settle(5)
        port = r.port(made["channel"])
        port.connect()
        await r.settle()
        assert port.playing.files == ("/sorry.wav",)
        await r.settle(30)
        assert r.types(made["id"])[-1] == "call_released"


@virtual
async def test_unattended_ring_is_alerted_by_the_host_and_left():
    async with rig(site(), attended=False) as r:
        call = await r.offered("e1a/1/1")
        await r.settle(60)
        assert call.state is S.ALERTING and call.released is None
        r.attend()
        await r.settle(1)
        await r.do("call.answer", call=call.id)
        await r.settle()
        assert call.state is S.CONNECTED


@virtual
async def test_a_host_that_has_just_begun_waits_for_controllers_to_come():
    async with rig(site(unattended=Unattended.REJECT), attended=False) as r:
        call = await r.offered("e1a/1/1")
        await r.settle(1.5)
        assert call.released is None
        r.attend()
        await r.settle(5)
        assert call.released is None


@virtual
@pytest.mark.parametrize(("mode", "cause"), [(Unattended.REJECT, 41), (Unattended.BUSY_OUT, 17)])
async def test_unattended_refusal(mode, cause):
    async with rig(site(unattended=mode), attended=False) as r:
        await r.settle(3)
        r.port("e1a/1/1").offer()
        await r.settle()
        assert r.port("e1a/1/1").ops("reject") == [("reject", cause)]
        call = r.last("call_released").call
        assert r.types(call.id)[0] == "call_offered" and call.cause_origin == "host"


@virtual
async def test_line_that_cannot_refuse_rings():
    lines = GroupSection(channels=["kind:fxo"], unattended=Unattended.REJECT)
    async with rig(make_site("/tmp", lines=lines), attended=False) as r:
        await r.settle(3)
        call = await r.offered("fxo/1")
        await r.settle(30)
        assert call.released is None and not r.port("fxo/1").ops("hangup")


@virtual
async def test_offer_of_a_controller_that_left_is_treated_as_unattended():
    async with rig(site(unattended=Unattended.REJECT)) as r:
        await r.settle(5)
        taken = await r.offered("e1a/1/1")
        await r.do("call.take", call=taken.id)
        untaken = await r.offered("e1a/1/2")
        r.leave()
        await r.settle(1.5)
        assert taken.released is None and untaken.released is None
        await r.settle(1)
        assert taken.released is not None and untaken.released is not None


@virtual
async def test_answer_and_hold_until_a_controller_takes_it():
    group = site(unattended=Unattended.ANSWER_HOLD, unattended_media="/hold.wav")
    async with rig(group, attended=False) as r:
        await r.settle(3)
        call = await r.offered("e1a/1/1", caller="1")
        await r.settle(0.2)
        port = r.port("e1a/1/1")
        assert call.state is S.CONNECTED and port.playing.files == ("/hold.wav",) and call.orphaned
        await r.settle(600)
        r.attend()
        await r.settle(1)
        taken = await r.do("call.take", call=call.id, tag="x")
        assert taken["controller"] == "acd" and "orphaned" not in taken and port.playing is None
        assert r.last("call_control").call.controller == "acd"


@virtual
async def test_fallback_station_rings_and_is_connected_and_both_end_together():
    group = site(unattended=Unattended.FALLBACK_STATION, fallback_station="801")
    async with rig(group, attended=False) as r:
        await r.settle(3)
        caller = await r.offered("e1a/1/1", caller="139")
        await r.settle()
        assert r.port("e1a/1/1").ops("alert") and r.port("fxs/1").ops("ring") == [("ring", "139", "")]
        r.port("fxs/1").lift()
        await r.settle()
        assert caller.state is S.CONNECTED
        assert r.driver.links == {("e1a/1/1", "fxs/1"), ("fxs/1", "e1a/1/1")}
        r.port("fxs/1").put_down()
        await r.settle()
        assert caller.released is not None and caller.cause == 16 and r.driver.links == set()


@virtual
async def test_fallback_station_stops_ringing_when_the_caller_gives_up_or_a_controller_takes_the_call():
    group = site(unattended=Unattended.FALLBACK_STATION, fallback_station="801")
    async with rig(group, attended=False) as r:
        await r.settle(3)
        await r.offered("e1a/1/1")
        await r.settle()
        r.port("e1a/1/1").far_release()
        await r.settle()
        assert r.line("fxs/1").free
        second = await r.offered("e1a/1/1")
        await r.settle()
        assert r.port("fxs/1").state is S.ALERTING
        r.attend()
        await r.do("call.answer", call=second.id)
        await r.settle()
        assert r.line("fxs/1").free and second.state is S.CONNECTED


@virtual
async def test_busy_fallback_station_is_tried_again():
    group = site(unattended=Unattended.FALLBACK_STATION, fallback_station="801")
    async with rig(group, attended=False) as r:
        await r.settle(3)
        r.port("fxs/1").lift()
        await r.settle()
        await r.offered("e1a/1/1")
        await r.settle(5)
        assert not r.port("fxs/1").ops("ring")
        r.port("fxs/1").put_down()
        await r.settle(3)
        assert r.port("fxs/1").ops("ring")


@virtual
async def test_station_that_dials_with_nobody_there_gets_busy_tone():
    async with rig(attended=False) as r:
        await r.settle(3)
        r.port("fxs/1").lift()
        r.port("fxs/1").digits("802")
        await r.settle()
        assert r.line("fxs/1").channel.state is S.RELEASING
        r.port("fxs/1").put_down()
        await r.settle()


@virtual
async def test_group_holders_that_the_daemon_tells_decide_over_attendance():
    async with rig(site(unattended=Unattended.REJECT), attended=False) as r:
        await r.settle(3)
        r.host.leases.renew(["acd", "monitor"], {"isdn": "acd"})
        kept = await r.offered("e1a/1/1")
        await r.settle(0.5)
        assert kept.released is None
        for waited_s in (0, 1, 2):
            r.host.leases.renew(["acd", "monitor"], {})
            r.host.unattended.consider_all()
            await r.settle(0.95)
            assert (kept.released is not None) == (waited_s == 2), "a claim that comes back soon is not missed"


@virtual
async def test_who_may_act_on_a_call():
    async with rig() as r:
        r.attend("acd", "other")
        await r.settle()
        call = await r.talk("e1a/1/1")
        with pytest.raises(ClaimConflictError):
            await r.do("call.hangup", client="other", call=call.id)
        with pytest.raises(ClaimConflictError):
            await r.do("call.take", client="other", call=call.id)
        with pytest.raises(StaleClaimError):
            await r.do("call.stop_play", groups=["lines"], call=call.id)
        with pytest.raises(ClaimConflictError):
            await r.do("call.stop_play", client="admin", groups=[], call=call.id)
        r.attend("other")
        await r.settle(3)
        assert call.orphaned
        with pytest.raises(ClaimConflictError):
            await r.do("call.hangup", client="other", call=call.id)
        assert (await r.do("call.take", client="other", call=call.id))["controller"] == "other"
        await r.do("call.hangup", client="other", call=call.id)


@virtual
async def test_an_administrator_may_end_a_call_without_a_claim():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        await r.do("call.hangup", client="admin", groups=[], generation=0, call=call.id)
        await r.settle()
        assert call.released is not None
