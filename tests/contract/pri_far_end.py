"""A far end of ISDN PRI that is no libpri, under the DAHDI driver as user (`e1`) and as network (`pbx`).

It is the peer of `machine_with_peers`, written from the standard. What it was sent is its own record; what it was not
allowed to be sent is wrong, and a case fails for it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any

from dahdi_play import Play, far_of, fault
from hwsim_far_end import HERE

from boardd.contract.driver import Connected, Offered, ReleasedByFar
from boardd.testing import Stage

SPANS = {"e1": "pri/1", "pbx": "pbx/1"}
SIDES = ("e1", "pbx")
CALLED, CALLER = "13800138000", "88001000"
TIMES_MS = {"e1": {"T310": 12_000, "T304": 6_000}, "pbx": {"T310": 10_000, "T302": 6_000}}
T303_MS, T305_MS, T308_MS, T316_MS = 4_000, 7_000, 4_000, 9_000
BOTH = f"T305={T305_MS} T316={T316_MS}"
SWITCHBOARD = "overlap_receiving=yes ddi=1000-1099/200-299 service_messages=yes number_types=both"
ON_THE_WAY_S = 0.1
"""A message has arrived after so long."""


class PriPlay(Play):
    """Cases on one side or on both."""

    def __init__(self) -> None:
        super().__init__(
            HERE / "dahdi_pri_site.yaml",
            {"PRI-1": "e1", "PBX-1": "pbx"},
            settle_s=5.0,
            program=HERE / "machine_with_peers.py",
            spans="pbx/1=pri_net",
            lines=f"e1/1 {BOTH} T310=12000 T304=6000; pbx/1 {BOTH} T302=6000 {SWITCHBOARD}",
        )

    def on_sides(self, body: Callable[[Stage, str], Awaitable[None]]) -> Callable[[Stage, str], Awaitable[None]]:
        """A case as the user and as the network."""

        async def judged(stage: Stage, board: object) -> None:
            assert isinstance(board, str)
            await _judge(stage, board, body)

        judged.__name__ = body.__name__
        self.of(*SIDES)(judged)
        return body

    def on_side(self, board: str) -> Callable[[Callable[[Stage, str], Awaitable[None]]], None]:
        """A case on one side only."""

        def add(body: Callable[[Stage, str], Awaitable[None]]) -> None:
            async def judged(stage: Stage) -> None:
                await _judge(stage, board, body)

            judged.__name__ = body.__name__
            self(judged)

        return add


async def _judge(stage: Stage, board: str, body: Callable[[Stage, str], Awaitable[None]]) -> None:
    far(stage, board, "forget")
    await body(stage, board)
    assert far(stage, board, "tell")["wrong"] == []


# -- the far end ------------------------------------------------------------------------------------------------------
def far(stage: Stage, board: str, act: str, **args: Any) -> Any:
    """An act of a board's far end."""
    return far_of(stage).door.ask("peer", span=SPANS[board], act=act, **args)


def ignores(stage: Stage, board: str, *kinds: str) -> int:
    """Messages that the far end hears and never acts on."""
    return fault(stage, "peer_ignores", SPANS[board], kinds=",".join(kinds))


def habits(stage: Stage, board: str, **manners: Any) -> int:
    """How the far end treats our calls."""
    return fault(stage, "peer_habits", SPANS[board], manners=json.dumps(manners))


def heard(stage: Stage, board: str, *names: str) -> list[dict[str, Any]]:
    """What it was sent, in order; STATUS and its like left out."""
    return [m for m in far(stage, board, "tell")["heard"] if m["name"] in names]


def waited_ms(messages: list[dict[str, Any]]) -> list[int]:
    """Times between messages, to 10 ms."""
    times = [message["ms"] for message in messages]
    return [round((later - earlier) / 10) * 10 for earlier, later in pairwise(times)]


# -- calls ------------------------------------------------------------------------------------------------------------
async def dialled(stage: Stage, channel: str) -> int:
    """We call; the mark from before it."""
    mark = stage.log.mark
    await stage.port(channel).dial(CALLED, CALLER)
    return mark


async def talking(stage: Stage, channel: str) -> int:
    """A call of ours that the far end has answered."""
    mark = await dialled(stage, channel)
    await stage.log.wait(Connected, channel, mark)
    return mark


async def works(stage: Stage, channel: str) -> None:
    """The timeslot can be used at once, both ways."""
    await stage.free(channel, await talking(stage, channel))
    board, slot = channel.split("/")[0], int(channel.split("/")[2])
    mark = stage.log.mark
    far(stage, board, "dial", slot=slot, called="1055")
    await stage.log.wait(Offered, channel, mark)
    await stage.port(channel).answer()
    await stage.log.wait(Connected, channel, mark)
    far(stage, board, "hang_up", slot=slot)
    assert (await stage.log.wait(ReleasedByFar, channel, mark)).cause == 16
    await stage.free(channel, mark)


async def offered(stage: Stage, board: str, slot: int | None, called: str = "1055", **how: Any) -> tuple[Offered, int]:
    """The far end calls."""
    mark = stage.log.mark
    far(stage, board, "dial", slot=slot, called=called, **how)
    channels = tuple(channel for channel in stage.inventory.ports if channel.startswith(f"{board}/"))
    return await stage.log.wait(Offered, channels, mark), mark


def refused_with(stage: Stage, board: str) -> list[int]:
    """Causes of the far end's own calls that are over."""
    return [call["cause"] for call in far(stage, board, "tell")["finished"] if call["mine"]]
