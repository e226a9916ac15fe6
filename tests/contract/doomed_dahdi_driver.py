"""A host with DAHDI cards that dies in the middle of a recorded call and of a talk that the kernel carries: FOLDER."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from dahdi_far_end import on_stage

from boardd.contract.driver import Connected, LinkChange
from boardd.testing import Stage

TALK = ("an/6", "an/9")
NAMES = {"ANA-1": "an", "ANA-2": "two", "PRI-1": "e1", "R2-1": "r2"}


async def body(stage: Stage) -> None:
    await asyncio.sleep(3)
    mark = stage.log.mark
    for number, line in enumerate((*TALK, "an/2"), 1):
        await stage.port(line).dial(f"1390000000{number}")
        await stage.log.wait(Connected, line, mark)
    await stage.driver.link([LinkChange(TALK[0], TALK[1], True), LinkChange(TALK[1], TALK[0], True)])
    await stage.port("an/2").record(str(stage.folder / "doomed.alaw"))
    await asyncio.sleep(2)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    on_stage(Path(sys.argv[1]), body, None, NAMES, (), {}, spans="e1/1=none, r2/1=none", bridging="kernel", echo="off")
