"""Calls of boardd's DAHDI driver on real kernel modules: `python3 calls.py [WORDS]`; results in `out/calls.json`.

A word is a case, or the beginning of the names of several; without words all run.
"""

import asyncio
import json
import sys
import time
import traceback
from pathlib import Path

import cables
import e1_calls
import exchange_line
import kernel_talk
import kill
import stage as stages
import telephone
from casebook import pair

from boardd.contract.states import ChannelState as S

CASES = {**e1_calls.CASES, **kernel_talk.CASES, **exchange_line.CASES, **telephone.CASES, **cables.CASES}
CASE_S = 150
NOTES = 12
"""Of the far ends' last notes, what is told about a case that failed."""
HERE = Path.cwd()


class Runner:
    """Runs cases one after the other; `results` is by name what each found, or what was seen of it when it failed."""

    def __init__(self, peers):
        self.peers, self.results, self.events = peers, {}, {}

    async def run(self, name, stage, work):
        """One case on a stage."""
        began_s = time.monotonic()  # noqa: TID251 - a real kernel
        since = stage.log.mark
        try:
            async with asyncio.timeout(CASE_S):
                found = {"found": await work(stage)}
        except Exception:
            found = {"error": traceback.format_exc(), "far end": self.peers.notes[-NOTES:], **stage.seen(since)}
        self.results[name] = {**found, "s": round(time.monotonic() - began_s, 1)}  # noqa: TID251 - a real kernel
        self.events[name] = stage.log.events[since:]
        keep("calls.json", self.results)
        say(f"{name}: {self.results[name]}")


async def main(wanted):
    peers = stages.Peers()
    await peers.start()
    runner, stage = Runner(peers), stages.Stage(peers)
    with_kill = not wanted or "kill" in wanted
    if with_kill:
        await runner.run("killed", stage, kill.killed)
    await runner.run("start", stage, start)
    if with_kill:
        await runner.run("after_the_kill", stage, kill.after_the_kill)
        await tidy(stage)
    for name, function in CASES.items():
        if not wanted or name in wanted or any(name.startswith(f"{word}_") for word in wanted):
            await runner.run(name, stage, function)
            await tidy(stage)
    await runner.run("span_taken_away", stage, cables.span_taken_away)
    illegal = {port.id: port.illegal_steps for port in stage.ports.values() if port.illegal_steps}
    await runner.run("stop", stage, stages.Stage.stop)
    if not wanted or "pulses" in wanted:
        by_pulses = stages.Stage(peers, lines="an/1 pulse=yes")
        await runner.run("fxo_dials_by_pulses", by_pulses, exchange_line.pulses)
    runner.results["illegal steps"] = {"found": illegal}
    await peers.stop()
    keep("notes.json", peers.notes)
    keep("events.json", runner.events)
    keep("calls.json", runner.results)


async def start(stage):
    """The channels' first states."""
    await stage.start()
    return {channel: str(port.state) for channel, port in stage.ports.items()}


def keep(name, value):
    """For those outside."""
    (HERE / "out" / name).write_text(json.dumps(value, indent=1, default=repr))


def say(text):
    """On the machine's console, for whoever waits outside."""
    with open("/dev/console", "w") as console:
        console.write(f"vm: {text[-1500:]}\n")


async def tidy(stage):
    """After a case that failed: everybody goes home."""
    busy = [port for port in stage.ports.values() if port.state not in (S.IDLE, S.OUT_OF_SERVICE, S.BROKEN)]
    for port in busy:
        await port.hangup()
    if busy:
        for cable in (1, 2):
            stage.peers.do("hang_up", cable=cable)
        pair(stage, "put_down", line=2)
        await asyncio.sleep(5)


if __name__ == "__main__":
    stages.quiet()
    asyncio.run(main(sys.argv[1:]))
