"""Cables that are pulled out in a call and put back; a span that somebody takes away."""

import asyncio

import stage as stages
from casebook import FXO, Cases, cable_of
from e1_calls import answered

from boardd.contract.driver import LineFree, ReleasedByFar, SpanChanged, Usable
from boardd.contract.states import SpanState

CASES = Cases()


@CASES.both
async def cable_pulled_in_a_call(stage, channel):
    log, notes = await answered(stage, channel)
    cable, span = cable_of(channel), channel.rpartition("/")[0]
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.5)
    stage.peers.do("pull", cable=cable)
    await stage.peers.wait("pulled", notes)
    pulled_s = loop.time()
    alarm = await stage.log.wait(SpanChanged, span, log, state=SpanState.ALARM)
    alarm_s = loop.time() - pulled_s
    end = await stage.log.wait(ReleasedByFar, channel, log)
    ended_s = loop.time() - pulled_s
    await stage.port(channel).hangup()
    await stage.log.wait(LineFree, channel, log)
    log2, _notes2 = stage.marks
    stage.peers.do("plug", cable=cable)
    await stage.log.wait(SpanChanged, span, log2, state=SpanState.UP, within_s=60)
    await stage.log.wait(Usable, channel, log2, usable=True, within_s=60)
    await asyncio.sleep(1)
    next_log, _notes = await answered(stage, channel)
    await stage.free(channel, next_log)
    return {
        "alarms": list(alarm.alarms),
        "cause": end.cause,
        "origin": end.origin,
        "alarm_s": alarm_s,
        "ended_after_alarm_s": ended_s - alarm_s,
    }


async def span_taken_away(stage):
    """What the kernel does when somebody takes a span away that boardd has open."""
    import spans
    from diokit import Dio

    try:
        spans.destroy(Dio(stages.LIBRARY, stages.DECL), "3:0")
    except OSError as error:
        refused = error.errno
    else:
        refused = 0
    await asyncio.sleep(1)
    return {"refused with": refused, "state": str(stage.port(FXO).state)}
