"""A driver that is to be killed in mid-call: talks on every kind of channel, says so on standard output, waits.

started   all channels can be used: the far ends may call
talking   six calls are through
"""

import asyncio
import sys

from stage import Stage, quiet

from boardd.contract.driver import Connected, Offered
from boardd.contract.states import ChannelState

RUNG, DIALLED = ("pri/1/1", "r2/1/1"), {"pri/1/2": "2001", "r2/1/2": "2001", "an/1": "13800138000"}
PHONE = "an/2"


def say(word):
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def answer(stage, channel):
    await stage.log.wait(Offered, channel, 0, within_s=60)
    await stage.port(channel).alert()
    await asyncio.sleep(1)  # nobody lifts a handset that has not rung
    await stage.port(channel).answer()


async def main():
    stage = Stage(None)
    await stage.start()
    for channel in (*RUNG, *DIALLED, PHONE):
        await stage.state(channel, ChannelState.IDLE, within_s=60)
    await asyncio.sleep(2.5)  # an exchange line takes no notice of rings so soon
    say("started")
    for channel, number in DIALLED.items():
        await stage.port(channel).dial(number, "88001000")
    await stage.port(PHONE).ring()
    await asyncio.gather(*(answer(stage, channel) for channel in RUNG))
    for channel in (*RUNG, *DIALLED, PHONE):
        await stage.log.wait(Connected, channel, 0, within_s=60)
    say("talking")
    await asyncio.sleep(600)


if __name__ == "__main__":
    quiet()
    asyncio.run(main())
