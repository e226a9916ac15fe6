"""Calls on the E1s, PRI and No.1 alike: both ways, refused, given up, ended by either side."""

import asyncio
from pathlib import Path

from casebook import Cases, cable_of

from boardd.contract.driver import (
    Alerting,
    Connected,
    Digit,
    DigitsSent,
    LineFree,
    Offered,
    PlayEnded,
    PlayRequest,
    RecordEnded,
    ReleasedByFar,
)

HERE = Path.cwd()
CASES = Cases()


async def called(stage, channel, hang_up_ms=None):
    """The peer calls us: offered with both numbers; marks of before."""
    log, notes = stage.marks
    slot = stage.port(channel).info.timeslot
    stage.peers.do(
        "dial", cable=cable_of(channel), slot=slot, called="1055", caller="13800138000", hang_up_ms=hang_up_ms
    )
    offered = await stage.log.wait(Offered, channel, log)
    assert (offered.called, offered.caller) == ("1055", "13800138000"), offered
    return log, notes


async def answered(stage, channel, **plan):
    """The peer calls, we answer."""
    log, notes = await called(stage, channel, **plan)
    await stage.port(channel).alert()
    await asyncio.sleep(0.5)
    await stage.port(channel).answer()
    await stage.log.wait(Connected, channel, log)
    await stage.peers.wait("connected", notes)
    return log, notes


async def dialled(stage, channel, **plan):
    """We call the peer; marks of before."""
    log, notes = stage.marks
    stage.peers.do("plan", cable=cable_of(channel), **{"digits": 4, **plan})
    await asyncio.sleep(0.3)
    await stage.port(channel).dial("2001", "88001000")
    return log, notes


@CASES.both
async def in_sound_and_digits_far_ends(stage, channel):
    log, notes = await answered(stage, channel)
    port, cable = stage.port(channel), cable_of(channel)
    name = channel.split("/")[0]
    await port.record(f"{HERE}/out/{name}.alaw")
    stage.peers.do("keep", cable=cable, file=f"out/{name}.far.alaw")
    await port.play(PlayRequest((f"{HERE}/chirps.wav",)))
    await stage.log.wait(PlayEnded, channel, log)
    await asyncio.sleep(1)
    await port.stop_record()
    await stage.log.wait(RecordEnded, channel, log)
    stage.peers.do("press", cable=cable, keys="1590#")
    heard = [(await stage.log.wait(Digit, channel, log, digit=key)).digit for key in "1590#"]
    stage.peers.do("ear", cable=cable)
    await port.send_digits("2468*")
    await stage.log.wait(DigitsSent, channel, log)
    await stage.peers.wait("keys", notes, keys="2468*")
    digits = [event.digit for event in stage.log.of(channel, log) if isinstance(event, Digit)]
    stage.peers.do("hang_up", cable=cable)
    end = await stage.log.wait(ReleasedByFar, channel, log)
    await stage.free(channel, log)
    await stage.peers.wait("over", notes)
    return {"digits": "".join(digits), "heard": "".join(heard), "cause": end.cause, "origin": end.origin}


@CASES.both
async def in_we_hang_up(stage, channel):
    log, notes = await answered(stage, channel)
    await asyncio.sleep(0.5)
    await stage.free(channel, log)
    over = await stage.peers.wait("over", notes)
    return {"far": [over["cause"], over["answered"]]}


@CASES.both
async def in_refused(stage, channel):
    log, notes = await called(stage, channel)
    await stage.port(channel).reject(17)
    await stage.log.wait(LineFree, channel, log)
    over = await stage.peers.wait("over", notes)
    return {"far": [over["cause"], over["answered"]]}


@CASES.both
async def in_caller_gives_up(stage, channel):
    log, _notes = await called(stage, channel)
    await stage.port(channel).alert()
    await asyncio.sleep(1)
    stage.peers.do("hang_up", cable=cable_of(channel))
    end = await stage.log.wait(ReleasedByFar, channel, log)
    await stage.free(channel, log)
    return {"cause": end.cause, "events": stage.log_of(channel, log)}


@CASES.both
async def out_answered_far_ends(stage, channel):
    log, notes = await dialled(stage, channel, answer_ms=800, talk_ms=1500)
    await stage.log.wait(Alerting, channel, log)
    connected = await stage.log.wait(Connected, channel, log)
    end = await stage.log.wait(ReleasedByFar, channel, log)
    await stage.free(channel, log)
    call = await stage.peers.wait("call_in", notes)
    return {
        "numbers": [call["called"], call["caller"]],
        "evidence": str(connected.evidence),
        "cause": end.cause,
    }


@CASES.both
async def out_answered_we_hang_up(stage, channel):
    log, notes = await dialled(stage, channel, answer_ms=500)
    await stage.log.wait(Connected, channel, log)
    await asyncio.sleep(1)
    await stage.free(channel, log)
    over = await stage.peers.wait("over", notes)
    return {"far": [over["cause"], over["answered"]]}


@CASES.both
async def out_busy(stage, channel):
    log, _notes = await dialled(stage, channel, refuse=17)
    end = await stage.log.wait(ReleasedByFar, channel, log)
    await stage.free(channel, log)
    return {"cause": end.cause, "code": end.maker_code}


@CASES.both
async def out_no_answer(stage, channel):
    log, notes = await dialled(stage, channel, answer_ms=None)
    await stage.log.wait(Alerting, channel, log)
    await asyncio.sleep(3)
    await stage.free(channel, log)
    over = await stage.peers.wait("over", notes)
    return {"answered": over["answered"], "events": stage.log_of(channel, log)}
