"""Outgoing calls: choice of channel, glare, refusals."""

import pytest
from host_rig import make_site, rig
from host_vloop import virtual

from boardd.config.site import GroupSection
from boardd.contract import driver as d
from boardd.contract.errors import (
    ArgumentError,
    DeviceError,
    OverloadError,
    UnknownIdError,
    UnsupportedError,
    WrongStateError,
)
from boardd.contract.states import AnswerEvidence, Direction
from boardd.contract.states import ChannelState as S


@virtual
async def test_dial_reports_progress_and_ends():
    async with rig() as r:
        made = await r.do("call.dial", group="isdn", number="95588", caller="8001", tag="camp-1")
        port = r.port(made["channel"])
        assert port.ops("dial") == [("dial", "95588", "8001")]
        assert made["controller"] == "acd" and made["tag"] == "camp-1" and made["direction"] == "out"
        for state, event in ((S.PROCEEDING, d.Proceeding), (S.ALERTING, d.Alerting)):
            port.step(state)
            port.emit(event(port.id))
        port.connect(AnswerEvidence.CONNECT)
        await r.settle()
        port.far_release(16)
        await r.settle()
        assert r.types(made["id"]) == [
            "call_dialing",
            "call_proceeding",
            "call_alerting",
            "call_connected",
            "call_released",
        ]


@virtual
async def test_least_recently_used_channel_is_taken():
    async with rig() as r:
        used = []
        for _ in range(4):
            made = await r.do("call.dial", group="isdn", number="1")
            used.append(made["channel"])
            await r.do("call.hangup", call=made["id"])
            await r.settle()
        assert used == ["e1a/1/1", "e1a/1/2", "e1a/1/1", "e1a/1/2"]


@virtual
async def test_incoming_only_channels_and_busy_ones_are_not_taken():
    async with rig(make_site("/tmp", lines=GroupSection(channels=["fxo/*"], direction=Direction.IN))) as r:
        with pytest.raises(OverloadError) as refused:
            await r.do("call.dial", group="lines", number="1")
        assert refused.value.data["reason"] == "no_free_channel"
        with pytest.raises(ArgumentError):
            await r.do("call.dial", channel="fxo/1", number="1")
        await r.talk("e1a/1/1")
        await r.talk("e1a/1/2")
        with pytest.raises(OverloadError):
            await r.do("call.dial", group="isdn", number="1")
        with pytest.raises(WrongStateError):
            await r.do("call.dial", channel="e1a/1/1", number="1")


@virtual
async def test_two_dials_at_once_never_share_a_channel():
    async with rig() as r:
        tasks = [r.host.tasks.spawn(r.do("call.dial", group="isdn", number="1"), "dial") for _ in range(3)]
        await r.settle()
        done = [t.result()["channel"] for t in tasks if t.exception() is None]
        assert sorted(done) == ["e1a/1/1", "e1a/1/2"]


@virtual
async def test_bad_arguments():
    async with rig() as r:
        for params in (
            {"group": "isdn", "number": "12x"},
            {"group": "isdn", "number": ""},
            {"group": "isdn", "channel": "fxo/1", "number": "1"},
            {"number": "1"},
            {"channel": "fxs/1", "number": "1"},
            {"group": "isdn", "number": "1", "orphan": {"max_s": 0}},
        ):
            with pytest.raises(ArgumentError):
                await r.do("call.dial", **params)
        with pytest.raises(UnknownIdError):
            await r.do("call.dial", channel="e1a/1/9", number="1")
        with pytest.raises(UnsupportedError):
            await r.do("call.dial", channel="tap/1", number="1")
        assert r.count("call_dialing") == 0


@virtual
async def test_glare_ends_the_attempt_offers_the_call_and_dials_elsewhere():
    async with rig() as r:
        made = await r.do("call.dial", group="isdn", number="95588", tag="t")
        port = r.port("e1a/1/1")
        port.offer(caller="139")
        await r.settle()
        released = r.last("call_released")
        assert (released.call.id, released.call.cause, released.call.cause_origin) == (made["id"], 44, "glare")
        again = r.last("call_dialing").call
        assert released.text == again.id and again.channel == "e1a/1/2" and again.tag == "t"
        assert r.last("call_offered").call.caller == "139"
        assert not port.ops("hangup") and port.state is S.OFFERED
        assert r.port("e1a/1/2").ops("dial")


@virtual
async def test_glare_before_the_card_took_the_call_is_answered_with_the_second_attempt():
    async with rig() as r:
        port = r.port("e1a/1/1")
        dial = r.host.tasks.spawn(r.do("call.dial", group="isdn", number="95588"), "dial")
        port.offer(caller="139")
        await r.settle()
        assert dial.result()["channel"] == "e1a/1/2"
        assert r.last("call_offered").call.channel == "e1a/1/1"


@virtual
async def test_glare_with_no_other_channel_ends_with_34():
    async with rig() as r:
        await r.talk("e1a/1/2")
        made = await r.do("call.dial", group="isdn", number="1")
        r.port("e1a/1/1").far_release(44)
        await r.settle()
        released = r.last("call_released")
        assert (released.call.id, released.call.cause, released.text) == (made["id"], 34, "")
        assert r.port("e1a/1/1").state is S.IDLE


@virtual
async def test_attempts_are_limited():
    async with rig(e1=5) as r:
        await r.do("call.dial", group="isdn", number="1")
        for n in range(1, 4):
            r.port(f"e1a/1/{n}").far_release(44)
            await r.settle()
        assert r.count("call_dialing") == 3
        assert r.last("call_released").call.cause == 44 and r.last("call_released").text == ""


@virtual
async def test_far_refusal_is_no_glare():
    async with rig() as r:
        await r.do("call.dial", group="isdn", number="1")
        r.port("e1a/1/1").far_release(17)
        await r.settle()
        assert r.count("call_dialing") == 1 and r.last("call_released").call.cause == 17


@virtual
async def test_card_that_refuses_to_dial():
    async with rig() as r:
        r.port("e1a/1/1").faults["dial"] = DeviceError("no", function="SsmPickup", vendor_code=-3)
        with pytest.raises(DeviceError):
            await r.do("call.dial", group="isdn", number="1")
        await r.settle()
        released = r.last("call_released").call
        assert (released.cause, released.cause_origin, released.maker_code) == (41, "card", "-3")
        assert r.line("e1a/1/1").free


@virtual
async def test_nothing_is_dialled_while_stopping():
    async with rig() as r:
        await r.host.stop()
        with pytest.raises(OverloadError):
            await r.do("call.dial", group="isdn", number="1")
