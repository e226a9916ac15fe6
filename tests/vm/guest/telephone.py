"""A telephone at a port of boardd's."""

import asyncio

from casebook import FXS, Cases, pair

from boardd.contract.driver import Connected, Digit, Flash, LineFree, OffHook, OnHook
from boardd.contract.states import ChannelState as S

CASES = Cases()


@CASES.case
async def fxs_person_dials_and_hangs_up(stage):
    log, _notes = stage.marks
    pair(stage, "lift", line=2)
    await stage.log.wait(OffHook, FXS, log)
    await asyncio.sleep(0.7)
    pair(stage, "press", line=2, keys="8002#")
    for key in "8002#":
        await stage.log.wait(Digit, FXS, log, digit=key)
    pair(stage, "put_down", line=2)
    await stage.log.wait(OnHook, FXS, log)
    await stage.log.wait(LineFree, FXS, log)
    return {"digits": "".join(e.digit for e in stage.log.of(FXS, log) if isinstance(e, Digit))}


@CASES.case
async def fxs_rung_and_answered(stage):
    await asyncio.sleep(2.5)
    log, notes = stage.marks
    await stage.port(FXS).ring()
    await stage.peers.wait("ringbegin", notes, span="pair 2")
    pair(stage, "lift", line=2)
    connected = await stage.log.wait(Connected, FXS, log)
    await stage.port(FXS).send_digits("36")
    await stage.peers.wait("keys", notes, span="pair 2", keys="36")
    await stage.port(FXS).hangup()
    await stage.state(FXS, S.RELEASING)
    pair(stage, "put_down", line=2)
    await stage.log.wait(LineFree, FXS, log)
    return {"evidence": str(connected.evidence), "events": stage.log_of(FXS, log)}


@CASES.case
async def fxs_rung_in_vain(stage):
    await asyncio.sleep(2.5)
    log, notes = stage.marks
    await stage.port(FXS).ring()
    await stage.peers.wait("ringbegin", notes, span="pair 2")
    await asyncio.sleep(1)
    await stage.port(FXS).hangup()
    await stage.log.wait(LineFree, FXS, log)
    mark = stage.peers.mark
    await asyncio.sleep(6)
    later = [note["what"] for note in stage.peers.notes[mark:] if note["span"] == "pair 2"]
    return {"rings afterwards": later.count("ringbegin")}


@CASES.case
async def fxs_flash_and_pulses(stage):
    await asyncio.sleep(2.5)
    log, _notes = stage.marks
    pair(stage, "lift", line=2)
    await stage.log.wait(OffHook, FXS, log)
    await asyncio.sleep(1)
    pair(stage, "flash", line=2, ms=300)
    await stage.log.wait(Flash, FXS, log)
    await asyncio.sleep(1.5)
    pair(stage, "dial_pulses", line=2, keys="307")
    for key in "307":
        await stage.log.wait(Digit, FXS, log, digit=key)
    await asyncio.sleep(1)
    pair(stage, "put_down", line=2)
    await stage.log.wait(LineFree, FXS, log)
    events = stage.log.of(FXS, log)
    digits = "".join(event.digit for event in events if isinstance(event, Digit))
    return {"digits": digits, "flashes": sum(isinstance(event, Flash) for event in events)}
