"""Ring a station, then dial a number, and bridge the two: click-to-dial from a customer database.

    python click_to_dial.py 801 02161234567

The groups of both lines must not be claimed by another client (the scheduler holds all of them while it runs; with the
scheduler use its own API). The user needs a group with the right `control`.
"""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from boardd.api.client import DEFAULT_SOCKET, Client
from boardd.api.stream import Stream
from boardd.contract.errors import CallerError
from boardd.contract.events import Event, EventType
from boardd.contract.objects import Link
from boardd.contract.states import ChannelState

ANSWER_WITHIN_S = 30.0


class NotAnsweredError(Exception):
    """One of the two did not answer."""


async def dial_for(boards: Client, extension: str, number: str, *, stations: str, trunks: str) -> None:
    """Connect the telephone `extension` with `number`; returns when either has hung up."""
    events = boards.events()
    await boards.claim(stations)
    await boards.claim(trunks)
    legs: list[str] = []
    try:
        station = await boards.dial(channel=extension, caller=number)
        legs.append(station.id)
        await _connected(boards, events, station.id)
        outside = await boards.dial(number, group=trunks)
        legs.append(outside.id)
        await _connected(boards, events, outside.id)
        there, back = Link(source=station.id, sink=outside.id), Link(source=outside.id, sink=station.id)
        await boards.create_bridge([there, back])
        await _released(boards, events, legs)
    finally:
        events.close()
        for call in legs:
            await _hang_up(boards, call)


async def _connected(boards: Client, events: Stream[Event], call: str) -> None:
    """Until the call is answered. Raises NotAnsweredError."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            while boards.mirror.calls[call].state is not ChannelState.CONNECTED:
                event = await anext(events)
                if event.type is EventType.CALL_RELEASED and event.call is not None and event.call.id == call:
                    raise NotAnsweredError(f"released with cause {event.call.cause}")
    except (TimeoutError, KeyError) as error:
        raise NotAnsweredError(f"no answer within {ANSWER_WITHIN_S:.0f} s") from error


async def _released(boards: Client, events: Stream[Event], calls: list[str]) -> None:
    """Until one of the calls has ended."""
    while all(call in boards.mirror.calls for call in calls):
        await anext(events)


async def _hang_up(boards: Client, call: str) -> None:
    try:
        await boards.hangup(call)
    except CallerError:
        # It has ended already.
        return


async def main() -> None:
    """Parse the options, connect the two."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("extension")
    parser.add_argument("number")
    parser.add_argument("--socket", type=Path, default=DEFAULT_SOCKET)
    parser.add_argument("--stations", default="stations")
    parser.add_argument("--trunks", default="trunks")
    options = parser.parse_args()
    async with Client.connect(options.socket, name="click-to-dial", wait_s=5) as boards:
        await dial_for(boards, options.extension, options.number, stations=options.stations, trunks=options.trunks)


if __name__ == "__main__":
    asyncio.run(main())
