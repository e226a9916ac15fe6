"""Calls on an exchange line of boardd's, by tones and by loop breaks."""

import asyncio

from casebook import FXO, Cases, pair

from boardd.contract.driver import Alerting, CallerId, Connected, Offered, ReleasedByFar, RingCount

CASES = Cases()


async def rung(stage):
    log, notes = stage.marks
    pair(stage, "ring")
    await stage.log.wait(Offered, FXO, log)
    return log, notes


@CASES.case
async def fxo_in_answered_busy_tone(stage):
    log, notes = await rung(stage)
    await stage.log.wait(RingCount, FXO, log)
    await stage.port(FXO).answer()
    connected = await stage.log.wait(Connected, FXO, log)
    await stage.peers.wait("answered", notes, span="pair 1")
    await stage.port(FXO).send_digits("147#")
    await stage.peers.wait("keys", notes, span="pair 1", keys="147#")
    stage.peers.do("sound", line=1, kind="busy")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    await stage.peers.wait("cleared", notes, span="pair 1")
    stage.peers.do("sound", line=1, kind="silence")
    return {"evidence": str(connected.evidence), "cause": end.cause, "code": end.maker_code}


@CASES.case
async def fxo_in_given_up(stage):
    log, _notes = await rung(stage)
    await stage.log.wait(RingCount, FXO, log)
    pair(stage, "stop_ringing")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    return {"cause": end.cause, "code": end.maker_code}


@CASES.case
async def fxo_out_answered(stage):
    await asyncio.sleep(2.5)
    log, notes = stage.marks
    pair(stage, "expect", digits=11, answer="ring")
    await stage.port(FXO).dial("13800138000")
    told = await stage.peers.wait("dialled", notes)
    await stage.log.wait(Alerting, FXO, log)
    stage.peers.do("sound", line=1, kind="voice")
    connected = await stage.log.wait(Connected, FXO, log)
    await asyncio.sleep(1)
    await stage.free(FXO, log)
    await stage.peers.wait("cleared", notes, span="pair 1")
    stage.peers.do("sound", line=1, kind="silence")
    return {"digits": told["digits"], "evidence": str(connected.evidence)}


@CASES.case
async def fxo_out_busy(stage):
    await asyncio.sleep(2.5)
    log, _notes = stage.marks
    pair(stage, "expect", digits=8, answer="busy")
    await stage.port(FXO).dial("88001234")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    return {"cause": end.cause, "code": end.maker_code}


@CASES.case
async def fxo_no_dial_tone(stage):
    await asyncio.sleep(2.5)
    log, _notes = stage.marks
    pair(stage, "expect", digits=8, answer="busy", dial_tone=False)
    await stage.port(FXO).dial("88001234")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    return {"cause": end.cause, "code": end.maker_code}


async def line_through(stage):
    """A call out on the exchange line, answered by a voice."""
    log, notes = stage.marks
    pair(stage, "expect", digits=11, answer="ring")
    await stage.port(FXO).dial("13800138000")
    told = await stage.peers.wait("dialled", notes, span="pair 1")
    await stage.log.wait(Alerting, FXO, log)
    stage.peers.do("sound", line=1, kind="voice")
    await stage.log.wait(Connected, FXO, log)
    return log, notes, told["digits"]


@CASES.case
async def fxo_feed_dropped(stage):
    """Half a second without feed ends the call (kewlstart)."""
    await asyncio.sleep(2.5)
    log, _notes, _digits = await line_through(stage)
    await asyncio.sleep(1)
    pair(stage, "drop_feed")
    end = await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    stage.peers.do("sound", line=1, kind="silence")
    return {"cause": end.cause, "origin": end.origin, "code": end.maker_code}


@CASES.case
async def fxo_flash(stage):
    await asyncio.sleep(2.5)
    log, notes, _digits = await line_through(stage)
    await stage.port(FXO).flash()
    await stage.peers.wait("winkflash", notes, span="pair 1")
    await asyncio.sleep(1.5)
    state = str(stage.port(FXO).state)
    await stage.free(FXO, log)
    stage.peers.do("sound", line=1, kind="silence")
    return {"state": state, "events": [e for e in stage.log_of(FXO, log) if e in ("ReleasedByFar", "LineFree")]}


async def number_shown(stage, file, before):
    await asyncio.sleep(2.5)
    log, _notes = stage.marks
    stage.peers.do("caller_id", line=1, file=file, before=before)
    pair(stage, "ring")
    offered = await stage.log.wait(Offered, FXO, log)
    caller, name = offered.caller, offered.caller_name
    if not caller:
        known = await stage.log.wait(CallerId, FXO, log)
        caller, name = known.caller, known.caller_name
    stage.peers.do("caller_id", line=1, file="", before=False)
    pair(stage, "stop_ringing")
    await stage.log.wait(ReleasedByFar, FXO, log)
    await stage.free(FXO, log)
    return {"caller": caller, "name": name}


@CASES.case
async def fxo_caller_by_fsk(stage):
    return await number_shown(stage, "caller.fsk.alaw", False)


@CASES.case
async def fxo_caller_by_dtmf(stage):
    return await number_shown(stage, "caller.dtmf.alaw", True)


async def pulses(stage):
    """With another setting: the exchange counts loop breaks."""
    await stage.start()
    await asyncio.sleep(2.5)
    log, notes, digits = await line_through(stage)
    await stage.free(FXO, log)
    await stage.peers.wait("cleared", notes, span="pair 1")
    heard = [note["what"] for note in stage.peers.notes[notes:] if note["span"] == "pair 1"]
    await stage.stop()
    return {"digits": digits, "pulses": "".join(what[-1] for what in heard if what.startswith("pulses "))}
