"""A host with DAHDI cards that dies in the middle of a recorded call: FOLDER. Its line stays as it was."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from dahdi_far_end import on_stage

from boardd.contract.driver import Connected
from boardd.testing import Stage

NAMES = {"ANA-1": "an", "ANA-2": "two", "PRI-1": "e1", "R2-1": "r2"}


async def body(stage: Stage) -> None:
    await asyncio.sleep(3)
    mark = stage.log.mark
    await stage.port("an/2").dial("13900000001")
    await stage.log.wait(Connected, "an/2", mark)
    await stage.port("an/2").record(str(stage.folder / "doomed.alaw"))
    await asyncio.sleep(2)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    on_stage(Path(sys.argv[1]), body, None, NAMES, (), {}, spans="e1/1=none, r2/1=none")
