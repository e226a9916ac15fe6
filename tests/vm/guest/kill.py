"""A driver that is killed in six calls, and its successor on the same channels."""

import asyncio
import sys

from casebook import FXO, FXS, pair
from e1_calls import answered, dialled
from exchange_line import line_through

from boardd.contract.driver import Connected, LineFree, OffHook
from boardd.contract.states import ChannelState as S

DOOMED = ("pri/1/1", "pri/1/2", "r2/1/1", "r2/1/2", FXO, FXS)


async def killed(stage):
    """Another process talks on six channels and is killed; what the far ends notice before anybody comes."""
    peers = stage.peers
    for cable in (1, 2):
        peers.do("plan", cable=cable, digits=4, answer_ms=300)
    pair(stage, "expect", digits=11, answer="ring")
    mark = peers.mark
    pipe = asyncio.subprocess.PIPE
    doomed = await asyncio.create_subprocess_exec(sys.executable, "doomed.py", stdout=pipe)
    try:
        assert (await doomed.stdout.readline()) == b"started\n"
        for cable in (1, 2):
            peers.do("dial", cable=cable, slot=1, called="1055", caller="13800138000")
        await peers.wait("ringbegin", mark, span="pair 2")
        pair(stage, "lift", line=2)
        await peers.wait("dialled", mark, span="pair 1")
        await asyncio.sleep(3)  # ring-back tone first
        peers.do("sound", line=1, kind="voice")
        said = await doomed.stdout.readline()
    finally:
        stage.killed = peers.mark
        doomed.kill()
        status = await doomed.wait()
    await peers.wait("cleared", stage.killed, span="pair 1")
    peers.do("sound", line=1, kind="silence")
    await asyncio.sleep(1)
    return {"said": said.decode().strip(), "status": status}


async def after_the_kill(stage):
    """The successor has the same channels: idle, the far ends' calls over, new calls at once."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    await stage.log.wait(OffHook, FXS, 0)
    seized = str(stage.port(FXS).state)
    for channel in DOOMED[:-1]:
        await stage.state(channel, S.IDLE, within_s=20)
    idle_s = loop.time() - began_s
    over = {}
    for cable in (1, 2):
        for slot in (1, 2):
            note = await stage.peers.wait("over", stage.killed, span=f"cable {cable}", slot=slot)
            over[f"{cable}/{slot}"] = [note["cause"], note["answered"]]
    odd = [event for event in stage.log_of_all() if event not in ("Usable", "SpanChanged", "OffHook")]
    works = []
    for channel in DOOMED[:4]:
        log, _notes = await answered(stage, channel)
        await stage.free(channel, log)
        log, _notes = await dialled(stage, channel, answer_ms=300)
        await stage.log.wait(Connected, channel, log)
        await stage.free(channel, log)
        works.append(channel)
    log, _notes, _digits = await line_through(stage)
    await stage.free(FXO, log)
    stage.peers.do("sound", line=1, kind="silence")
    works.append(FXO)
    log = stage.log.mark
    pair(stage, "put_down", line=2)
    await stage.log.wait(LineFree, FXS, log)
    return {"telephone": seized, "idle_s": idle_s, "over": over, "odd": odd, "works": works}
