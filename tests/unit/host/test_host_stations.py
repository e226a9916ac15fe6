"""Telephones with people on them."""

import pytest
from host_rig import rig
from host_vloop import virtual

from boardd.contract import driver as d
from boardd.contract.capabilities import Tone
from boardd.contract.errors import WrongStateError
from boardd.contract.states import AnswerEvidence
from boardd.contract.states import ChannelState as S


def facts(r, call):
    return [str(f.fact) for f in r.host.journal.unacknowledged() if f.call_id == call]


async def lifted(r, channel="fxs/1"):
    r.port(channel).lift()
    await r.settle(0.05)
    return r.line(channel).call.call


@virtual
async def test_lifting_gives_dial_tone_and_a_number_becomes_an_offer():
    async with rig() as r:
        port = r.port("fxs/1")
        call = await lifted(r)
        assert call.state is S.SEIZED and port.tone_now is Tone.DIAL and r.types(call.id) == ["call_seized"]
        assert r.last("hook").channel.off_hook is True
        port.digits("8")
        await r.settle(0.05)
        assert port.tone_now is None
        port.digits("02")
        await r.settle(0.05)
        assert call.state is S.OFFERED and call.called == "802" and facts(r, call.id) == ["begin"]
        await r.do("call.answer", call=call.id)
        await r.settle(0.05)
        assert call.state is S.CONNECTED and call.evidence is AnswerEvidence.HOOK
        port.put_down()
        await r.settle()
        assert r.types(call.id)[-1] == "call_released" and facts(r, call.id) == ["begin", "answer", "end"]
        assert r.line("fxs/1").channel.state is S.IDLE and r.line("fxs/1").channel.off_hook is False


@virtual
async def test_a_number_the_plan_does_not_know_is_offered_after_a_pause():
    async with rig() as r:
        call = await lifted(r)
        r.port("fxs/1").digits("95")
        await r.settle(3.9)
        assert call.state is S.SEIZED
        await r.settle(0.3)
        assert call.state is S.OFFERED and call.called == "95"


@virtual
async def test_inter_digit_pause_counts_from_the_last_digit():
    async with rig() as r:
        call = await lifted(r)
        for digit in "956":
            r.port("fxs/1").digits(digit)
            await r.settle(3)
        assert call.state is S.SEIZED


@virtual
async def test_no_digit_gives_busy_then_howler_then_alarm_until_on_hook():
    async with rig() as r:
        port = r.port("fxs/1")
        call = await lifted(r)
        await r.settle(19)
        assert call.released is None
        await r.settle(2)
        assert r.types(call.id) == ["call_seized", "call_released"] and facts(r, call.id) == []
        assert r.line("fxs/1").channel.state is S.RELEASING and port.tone_now is Tone.BUSY
        await r.settle(41)
        assert port.tone_now is Tone.HOWLER
        await r.settle(600)
        assert [a.code for a in r.host.alarms.standing()] == ["station_off_hook"]
        port.put_down()
        await r.settle()
        assert r.host.alarms.standing() == [] and r.line("fxs/1").free


@virtual
async def test_hanging_up_a_lifted_telephone_gives_busy_tone_until_it_is_put_down():
    async with rig() as r:
        port = r.port("fxs/1")
        made = await r.do("call.dial", channel="fxs/1", caller="139")
        assert port.ops("ring") == [("ring", "139", "")] and made["state"] == "alerting"
        port.lift()
        await r.settle()
        assert r.last("call_connected").call.evidence is AnswerEvidence.HOOK
        await r.do("call.hangup", call=made["id"])
        await r.settle()
        assert r.line("fxs/1").channel.state is S.RELEASING and port.tone_now is Tone.BUSY
        with pytest.raises(WrongStateError):
            await r.do("call.dial", channel="fxs/1")
        port.put_down()
        await r.settle()
        assert r.line("fxs/1").free


@virtual
async def test_ring_without_answer_is_cancelled():
    async with rig() as r:
        made = await r.do("call.dial", channel="fxs/1")
        await r.do("call.hangup", call=made["id"], cause=19)
        await r.settle()
        assert r.types(made["id"]) == ["call_dialing", "call_alerting", "call_released"]
        assert r.line("fxs/1").free


@virtual
async def test_race_off_hook_while_the_ring_is_being_started_answers():
    async with rig() as r:
        port = r.port("fxs/1")
        port.delays["ring"] = 0.1
        dial = r.host.tasks.spawn(r.do("call.dial", channel="fxs/1"), "dial")
        await r.settle(0.05)
        port.lift()
        await r.settle()
        assert dial.result()["state"] == "connected"
        assert r.count("call_seized") == 0 and r.count("call_connected") == 1


@virtual
async def test_race_young_seizure_answers_and_an_old_one_does_not():
    async with rig() as r:
        seized = await lifted(r)
        await r.settle(0.3)
        made = await r.do("call.dial", channel="fxs/1")
        await r.settle()
        assert made["state"] == "connected" and r.port("fxs/1").tone_now is None
        assert r.types(seized.id) == ["call_seized", "call_released"]
        assert r.port("fxs/1").state is S.CONNECTED
        await lifted(r, "fxs/2")
        await r.settle(0.6)
        with pytest.raises(WrongStateError):
            await r.do("call.dial", channel="fxs/2")


@virtual
async def test_race_off_hook_while_the_ring_is_being_stopped_is_a_new_seizure():
    async with rig() as r:
        port = r.port("fxs/1")
        made = await r.do("call.dial", channel="fxs/1")
        port.delays["hangup"] = 0.1
        hangup = r.host.tasks.spawn(r.do("call.hangup", call=made["id"]), "hangup")
        await r.settle(0.05)
        port.lift()
        port.emit(d.Connected("fxs/1", AnswerEvidence.HOOK))
        await r.settle(0.5)
        assert hangup.done()
        assert r.types(made["id"])[-1] == "call_released" and "call_connected" not in r.types(made["id"])
        assert r.last("call_seized").call.id != made["id"]
        assert r.line("fxs/1").channel.state is S.SEIZED and port.tone_now is Tone.DIAL


@virtual
async def test_flash_is_told():
    async with rig() as r:
        call = await lifted(r)
        r.port("fxs/1").emit(d.Flash("fxs/1"))
        await r.settle()
        assert "flash" in r.types(call.id)


@virtual
async def test_headset_is_present_while_lifted_and_beeps():
    async with rig() as r:
        port = r.port("fxs/3")
        port.lift()
        await r.settle()
        line = r.line("fxs/3")
        assert line.channel.state is S.IDLE and r.count("call_seized") == 0 and not port.ops("tone")
        made = await r.do("call.dial", channel="fxs/3")
        await r.settle()
        assert made["state"] == "connected" and not port.ops("ring")
        assert port.ops("tone") == [("tone", Tone.RING_BACK), ("tone", None)]
        await r.do("call.hangup", call=made["id"])
        await r.settle()
        assert line.free and port.tone_now is None
        made = await r.do("call.dial", channel="fxs/3")
        port.put_down()
        await r.settle()
        assert r.types(made["id"])[-1] == "call_released"
        assert line.channel.state is S.OUT_OF_SERVICE and line.channel.reason == "headset on-hook"
        with pytest.raises(WrongStateError):
            await r.do("call.dial", channel="fxs/3")
        port.lift()
        await r.settle()
        assert line.free and line.channel.reason == ""
        port.put_down()
        await r.settle()
        assert line.channel.reason == "headset on-hook"
