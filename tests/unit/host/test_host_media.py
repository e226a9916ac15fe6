"""Play and record tasks."""

import pytest
from host_rig import rig
from host_vloop import virtual

from boardd.contract import driver as d
from boardd.contract.capabilities import Tone
from boardd.contract.errors import ArgumentError, DeviceError, UnknownIdError, UnsupportedError, WrongStateError


@virtual
async def test_play_runs_to_its_end():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        status = await r.do("call.play", call=call.id, files=["/a.wav", "/b.wav"], digit_stops=True)
        port = r.port("e1a/1/1")
        assert port.playing.files == ("/a.wav", "/b.wav") and port.playing.digit_stops
        port.emit(d.PlayAdvanced("e1a/1/1", 1))
        port.end_play("digit")
        await r.settle()
        ended = r.last("play_ended").call.play
        assert (ended.id, ended.position, ended.ended) == (status["id"], 1, "digit")


@virtual
async def test_a_new_play_replaces_the_running_one_in_order():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        first = await r.do("call.play", call=call.id, files=["/a.wav"])
        second = await r.do("call.play", call=call.id, files=["/b.wav"])
        assert call.play.id == second["id"] and not call.play.ended
        told = [e.call.play for e in r.events if e.type == "play_ended"]
        assert [(p.id, p.ended) for p in told] == [(first["id"], "stopped")]
        assert r.port("e1a/1/1").playing.files == ("/b.wav",)


@virtual
async def test_a_card_that_does_not_say_that_play_ended_does_not_block():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        await r.do("call.play", call=call.id, files=["/a.wav"])
        r.port("e1a/1/1").play_end_late = True
        await r.do("call.stop_play", call=call.id)
        assert call.play.ended == "stopped" and r.count("play_ended") == 1
        assert r.line("e1a/1/1").counters["play_end_missing"] == 1
        r.port("e1a/1/1").end_play("stopped")
        await r.settle()
        assert r.count("play_ended") == 1


@virtual
async def test_loop_begins_again_but_never_spins():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        port = r.port("e1a/1/1")
        await r.do("call.play", call=call.id, files=["/moh.wav"], loop=True)
        for _ in range(3):
            port.end_play("end")
            await r.settle(0.05)
            assert port.playing is None
            await r.settle(0.06)
            assert port.playing is not None
        assert r.count("play_ended") == 0
        await r.settle(5)
        port.end_play("end")
        await r.settle(0.01)
        assert port.playing is not None
        await r.do("call.stop_play", call=call.id)
        assert r.last("play_ended").call.play.ended == "stopped"


@virtual
async def test_loop_waiting_to_begin_again_can_be_stopped():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        port = r.port("e1a/1/1")
        await r.do("call.play", call=call.id, files=["/moh.wav"], loop=True)
        port.end_play("end")
        await r.do("call.stop_play", call=call.id)
        await r.settle(1)
        assert port.playing is None and call.play.ended == "stopped"


@virtual
async def test_play_that_the_card_refuses_has_failed():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        r.port("e1a/1/1").faults["play"] = DeviceError("no file")
        with pytest.raises(DeviceError):
            await r.do("call.play", call=call.id, files=["/a.wav"])
        assert call.play.ended == "failed"
        with pytest.raises(ArgumentError):
            await r.do("call.play", call=call.id, files=["a.wav"])


@virtual
async def test_play_ends_with_the_call():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        await r.do("call.play", call=call.id, files=["/a.wav"])
        r.port("e1a/1/1").far_release()
        await r.settle()
        assert r.types(call.id)[-2:] == ["play_ended", "call_released"]
        assert r.last("play_ended").call.play.ended == "released"


@virtual
async def test_record_and_its_end_with_samples():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        path = str(r.root / "leg.al")
        status = await r.do("call.record", call=call.id, path=path)
        port = r.port("e1a/1/1")
        assert port.recording == path
        with pytest.raises(WrongStateError):
            await r.do("call.record", call=call.id, path=path)
        port.samples = 16_000
        stopped = await r.do("call.stop_record", call=call.id, record=status["id"])
        assert (stopped["samples"], stopped["ended"]) == (16_000, "stopped")
        assert r.last("record_ended").record == status["id"]
        assert await r.do("call.stop_record", call=call.id, record=status["id"]) == stopped
        with pytest.raises(UnknownIdError):
            await r.do("call.stop_record", call=call.id, record="nope")
        again = await r.do("call.record", call=call.id, path=path)
        assert again["id"] != status["id"] and len(call.records) == 2


@virtual
async def test_record_ended_comes_before_call_released_and_into_the_end_fact():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        await r.do("call.record", call=call.id, path=str(r.root / "leg.al"))
        r.port("e1a/1/1").samples = 4_000
        r.port("e1a/1/1").far_release()
        await r.settle()
        assert r.types(call.id)[-2:] == ["record_ended", "call_released"]
        end = next(f for f in r.host.journal.unacknowledged() if f.call_id == call.id and f.fact == "end")
        assert end.call.records[0].samples == 4_000 and end.call.records[0].ended == "released"


@virtual
async def test_record_paths_are_checked():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        for path in ("leg.al", "/no/such/directory/leg.al"):
            with pytest.raises(ArgumentError):
                await r.do("call.record", call=call.id, path=path)
        assert not r.port("e1a/1/1").ops("record")


@virtual
async def test_record_that_cannot_be_written_raises_an_alarm_until_one_can():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        await r.do("call.record", call=call.id, path=str(r.root / "leg.al"))
        r.port("e1a/1/1").end_record("write_failed")
        await r.settle()
        assert call.records[0].ended == "write_failed"
        assert [a.code for a in r.host.alarms.standing()] == ["record_failed"] and call.released is None
        second = await r.do("call.record", call=call.id, path=str(r.root / "leg2.al"))
        await r.do("call.stop_record", call=call.id, record=second["id"])
        assert r.host.alarms.standing() == []


@virtual
async def test_tone_digits_flash_reach_the_card_or_are_refused():
    async with rig() as r:
        call = await r.talk("e1a/1/1")
        await r.do("call.tone", call=call.id, tone="busy")
        await r.do("call.send_digits", call=call.id, digits="12,3")
        port = r.port("e1a/1/1")
        assert port.tone_now is Tone.BUSY and port.ops("send_digits") == [("send_digits", "12,3")]
        with pytest.raises(UnsupportedError):
            await r.do("call.flash", call=call.id)
        with pytest.raises(ArgumentError):
            await r.do("call.send_digits", call=call.id, digits="12x")
        port.emit(d.DigitsSent("e1a/1/1", True))
        await r.settle()
        assert r.line("e1a/1/1").counters["digits_sent"] == 1
