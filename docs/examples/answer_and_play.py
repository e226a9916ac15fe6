"""Answer every call of one trunk group, play an announcement, read one digit back, hang up.

    python answer_and_play.py --group trunks --welcome /srv/sounds/welcome.wav

The user needs a group with the right `control` (boardd.yaml, `rights`).
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from boardd.api.client import DEFAULT_SOCKET, Client
from boardd.contract.errors import BoarddError
from boardd.contract.events import EventType
from boardd.contract.objects import Call, OrphanTreatment
from boardd.contract.states import ChannelState

GOODBYE = OrphanTreatment(max_s=20, cause=41)
"""Should this program die, the host ends its calls after 20 s."""


class Announcer:
    """One task per call; a call's events are handed to its task."""

    def __init__(self, boards: Client, group: str, welcome: Path) -> None:
        self.boards = boards
        self.group = group
        self.welcome = welcome
        self.ended = 0
        self._calls: dict[str, asyncio.Event] = {}

    async def run(self) -> None:
        """Serve until cancelled."""
        events = self.boards.events()
        await self.boards.claim(self.group)
        async with asyncio.TaskGroup() as tasks:
            # State before events: calls that waited already when we came.
            for call in self.boards.snapshot.calls:
                self._consider(tasks, call)
            async for event in events:
                if event.call is None:
                    continue
                if event.type is EventType.CALL_OFFERED:
                    self._consider(tasks, event.call)
                elif event.type in (EventType.PLAY_ENDED, EventType.CALL_RELEASED) and event.call.id in self._calls:
                    self._calls[event.call.id].set()

    def _consider(self, tasks: asyncio.TaskGroup, call: Call) -> None:
        if call.state is ChannelState.OFFERED and call.group == self.group and call.id not in self._calls:
            self._calls[call.id] = asyncio.Event()
            tasks.create_task(self._serve(call.id))

    async def _serve(self, call: str) -> None:
        try:
            await self.boards.answer(call, orphan=GOODBYE)
            await self.boards.play(call, [str(self.welcome)], digit_stops=True)
            # Set by PLAY_ENDED (played, or stopped by a digit) and by the caller's hanging up.
            await self._calls[call].wait()
            if call in self.boards.mirror.calls:
                await self.boards.hangup(call)
        except BoarddError as error:
            # The caller was faster, or the card refused: the call's end has been told or will be.
            await self._give_up(call, error)
        finally:
            self.ended += 1
            del self._calls[call]

    async def _give_up(self, call: str, error: BoarddError) -> None:
        if call in self.boards.mirror.calls and error.code != "wrong_state":
            await self.boards.hangup(call, 41)


async def main() -> None:
    """Parse the options, serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--socket", type=Path, default=DEFAULT_SOCKET)
    parser.add_argument("--group", default="trunks")
    parser.add_argument("--welcome", type=Path, required=True)
    options = parser.parse_args()
    async with Client.connect(options.socket, name="announcer") as boards:
        await Announcer(boards, options.group, options.welcome).run()


if __name__ == "__main__":
    asyncio.run(main())
