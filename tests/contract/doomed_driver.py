"""A host that dies in the middle of two calls: FOLDER. Its lines stay seized."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from hwsim_far_end import TRUNKS, on_stage

from boardd.contract.driver import Connected
from boardd.testing import Stage


async def body(stage: Stage) -> None:
    await asyncio.sleep(12)
    for trunk in (TRUNKS[0], TRUNKS[2]):
        mark = stage.log.mark
        await stage.port(trunk.dials).dial(stage.far.number("answers"))
        await stage.log.wait(Connected, trunk.dials, mark)
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    on_stage(Path(sys.argv[1]), body)
