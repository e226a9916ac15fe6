"""Calls that did not end although the line gave a busy tone which the card does not know."""

import math

import pytest
from host_rig import rig
from host_vloop import virtual

LOUD, REST = 0xA5, 0xD5


def beeps(on_ms, off_ms, seconds, hertz=400):
    """A-law octets of a square wave that comes and goes; loud enough and pure enough to be a tone."""
    out = bytearray()
    for n in range(round(seconds * 8000)):
        sounding = n / 8 % (on_ms + off_ms) < on_ms
        out.append((LOUD if math.sin(2 * math.pi * hertz * n / 8000) >= 0 else LOUD ^ 0x80) if sounding else REST)
    return bytes(out)


async def recorded_call(r, tmp_path, sound, channel="fxo/2"):
    """A call whose recording sounds so; still talking."""
    call = await r.talk(channel)
    path = tmp_path / f"{call.id}.alaw"
    await r.do("call.record", call=call.id, path=str(path))
    path.write_bytes(sound)
    return call


@virtual
async def test_it_is_measured_told_and_over_with_the_next_call_that_ends_by_itself(tmp_path):
    async with rig() as r:
        call = await recorded_call(r, tmp_path, beeps(200, 240, 5))
        await r.do("call.hangup", call=call.id)
        await r.settle()
        (alarm,) = r.host.alarms.standing()
        assert (alarm.code, alarm.subject) == ("busy_tone_unknown", "fxo/2")
        assert "400 Hz, on 20" in alarm.text and "off 2" in alarm.text
        assert r.last("call_released").call.maker_text == alarm.text
        assert r.line("fxo/2").counters["busy_tone_unknown"] == 1
        r.port("fxo/2").free()
        await r.talk("fxo/2")
        r.port("fxo/2").far_release()
        await r.settle()
        assert r.host.alarms.standing() == []


@virtual
async def test_a_call_that_max_call_s_ends_says_both(tmp_path):
    async with rig() as r:
        await recorded_call(r, tmp_path, beeps(200, 200, 12))
        await r.settle(14_402)
        released = r.last("call_released").call
        assert released.cause == 102 and released.maker_text.startswith("max_call_s; ")
        assert {a.code for a in r.host.alarms.standing()} == {"max_call", "busy_tone_unknown"}


@pytest.mark.parametrize(
    ("sound", "channel", "by_far", "maker_code"),
    [
        (bytes([REST]) * 40_000, "fxo/2", False, ""),
        (beeps(200, 200, 5) + bytes([REST]) * 40_000, "fxo/2", False, ""),
        (beeps(200, 200, 5), "fxo/2", True, "busy_tone"),
        (beeps(200, 200, 5), "e1a/1/1", False, ""),
    ],
    ids=["silence", "over long before", "the card knew it", "no exchange line"],
)
@virtual
async def test_nothing_is_told_of_other_calls(tmp_path, sound, channel, by_far, maker_code):
    async with rig() as r:
        call = await recorded_call(r, tmp_path, sound, channel)
        if by_far:
            r.port(channel).far_release(maker_code=maker_code)
        else:
            await r.do("call.hangup", call=call.id)
        await r.settle()
        assert r.count("call_released") == 1 and r.host.alarms.standing() == []


@virtual
async def test_silence_that_a_driver_waited_for_is_looked_at(tmp_path):
    async with rig() as r:
        await recorded_call(r, tmp_path, beeps(200, 200, 5))
        r.port("fxo/2").far_release(maker_code="max_call")
        await r.settle()
        assert [a.code for a in r.host.alarms.standing()] == ["busy_tone_unknown"]


@virtual
async def test_a_recording_that_is_gone_is_no_trouble(tmp_path):
    async with rig() as r:
        call = await recorded_call(r, tmp_path, b"")
        (tmp_path / f"{call.id}.alaw").unlink()
        await r.do("call.hangup", call=call.id)
        await r.settle()
        assert r.count("call_released") == 1 and r.host.alarms.standing() == []
