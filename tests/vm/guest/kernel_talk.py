"""A talk of two calls that the kernel carries."""

import asyncio
from pathlib import Path

import stage as stages
from casebook import PRI, R2, Cases
from e1_calls import answered

from boardd.contract.driver import Digit, LinkChange, RecordEnded

HERE = Path.cwd()
CASES = Cases()


async def crosses(stage, keys):
    """Keys pressed at either far end are heard at the other."""
    for cable, other, pressed in ((1, 2, keys), (2, 1, keys[::-1])):
        notes = stage.peers.mark
        stage.peers.do("ear", cable=other)
        stage.peers.do("press", cable=cable, keys=pressed)
        await stage.peers.wait("keys", notes, keys=pressed)


@CASES.case
async def two_calls_through_the_kernel(stage):
    """The kernel carries the talk until somebody records, and again afterwards."""
    from diokit import Dio

    dio = Dio(stages.LIBRARY, stages.DECL)
    pseudo = dio.open("pseudo")

    def sent():
        """Whose sound the kernel sends on both channels: DAHDI's numbers as names, and the modes."""
        names = {stage.port(channel).number: channel for channel in (PRI, R2)} | {0: "ours"}
        found = [
            dio.with_struct(pseudo, dio.GETCONF, "conference", channel=stage.port(channel).number)
            for channel in (PRI, R2)
        ]
        return [(names[one.conference], one.mode) for one in found]

    log = stage.log.mark
    for channel in (PRI, R2):
        await answered(stage, channel)
    await asyncio.sleep(0.5)
    found = {"before": sent()}
    await stage.driver.link([LinkChange(PRI, R2, True), LinkChange(R2, PRI, True)])
    found["linked"] = sent()
    await crosses(stage, "1590#")
    heard = [event.digit for event in stage.log.of(PRI, log) if isinstance(event, Digit)]
    await stage.port(PRI).record(f"{HERE}/out/bridged.alaw")
    found["recorded"] = sent()
    await crosses(stage, "2468*")
    await stage.port(PRI).stop_record()
    ended = await stage.log.wait(RecordEnded, PRI, log)
    found["again"] = sent()
    await crosses(stage, "73")
    await stage.port(PRI).hangup()
    found["hung up"] = sent()[1:]
    await stage.free(PRI, log)
    await stage.free(R2, log)
    dio.close(pseudo)
    size = (HERE / "out" / "bridged.alaw").stat().st_size
    return {**found, "digits": "".join(heard), "recorded whole": size == ended.samples > 8000}
