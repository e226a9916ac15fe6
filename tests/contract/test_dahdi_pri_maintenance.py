"""ISDN PRI through the DAHDI driver: RESTART and SERVICE from either end, in and out of calls."""

import asyncio

import pytest
from pri_far_end import CALLED, ON_THE_WAY_S, PriPlay, far, heard, talking, works

from boardd.contract.driver import ReleasedByFar, Usable
from boardd.contract.errors import WrongStateError
from boardd.contract.states import ChannelState
from boardd.testing import Stage

pytestmark = pytest.mark.usefixtures("own_libpri")

S = ChannelState
play = PriPlay()


# -- RESTART ----------------------------------------------------------------------------------------------------------
@play.on_sides
async def the_far_end_restarts_the_interface(stage: Stage, board: str) -> None:
    """With two calls on it: both are over, at once, without clearing messages; everything can be used."""
    channels = (f"{board}/1/3", f"{board}/1/20")
    marks = [await talking(stage, channel) for channel in channels]
    await asyncio.sleep(ON_THE_WAY_S)
    far(stage, board, "forget")
    far(stage, board, "restart")
    for channel, mark in zip(channels, marks, strict=True):
        released = await stage.log.wait(ReleasedByFar, channel, mark, within_s=1)
        assert (released.cause, released.origin, released.maker_code) == (41, "far", "RESTART")
        await stage.free(channel, mark)
    await asyncio.sleep(ON_THE_WAY_S)
    assert [message["name"] for message in far(stage, board, "tell")["heard"]] == ["RESTART_ACK"]
    states = {channel: port.state for channel, port in stage.inventory.ports.items() if channel.startswith(board)}
    assert set(states.values()) == {S.IDLE}, states
    await works(stage, channels[1])


@play.on_sides
async def the_far_end_restarts_idle_timeslots(stage: Stage, board: str) -> None:
    """Nobody notices: one timeslot, then all."""
    channel = f"{board}/1/20"
    mark = stage.log.mark
    far(stage, board, "restart", slots=[20])
    await asyncio.sleep(0.5)
    far(stage, board, "restart")
    await asyncio.sleep(0.5)
    assert far(stage, board, "tell")["restart_acks"] == ["a98394", ""] and not stage.log.events[mark:]
    await works(stage, channel)


@play.on_sides
async def the_far_end_restarts_a_timeslot_in_a_call(stage: Stage, board: str) -> None:
    channel, other = f"{board}/1/20", f"{board}/1/21"
    mark, beside = await talking(stage, channel), await talking(stage, other)
    far(stage, board, "restart", slots=[20])
    released = await stage.log.wait(ReleasedByFar, channel, mark, within_s=1)
    assert (released.cause, released.origin) == (41, "far") and stage.port(other).state is S.CONNECTED
    await stage.free(channel, mark)
    await works(stage, channel)
    await stage.free(other, beside)


@play.on_sides
async def we_restart_timeslots_in_and_out_of_calls(stage: Stage, board: str) -> None:
    channel, other = f"{board}/1/20", f"{board}/1/21"
    span = stage.driver.cards.trunks[f"{board}/1"].signalling  # type: ignore[attr-defined]
    mark, beside = await talking(stage, channel), await talking(stage, other)
    span.restart(20)
    released = await stage.log.wait(ReleasedByFar, channel, mark, within_s=1)
    assert (released.cause, released.origin, released.maker_code) == (41, "line", "RESTART")
    assert stage.port(other).state is S.CONNECTED
    await stage.port(channel).hangup()
    await stage.until(channel, S.IDLE)
    assert far(stage, board, "tell")["restarted"] == [20]
    await works(stage, channel)
    far(stage, board, "forget")
    span.restart(None)
    assert (await stage.log.wait(ReleasedByFar, other, beside, within_s=1)).cause == 41
    await stage.port(other).hangup()
    await stage.until(other, S.IDLE)
    await stage.until(f"{board}/1/31", S.IDLE)
    await asyncio.sleep(1)
    assert far(stage, board, "tell")["restarted"] == [*range(1, 16), *range(17, 32)]
    await works(stage, other)


# -- SERVICE ----------------------------------------------------------------------------------------------------------
@play.on_side("pbx")
async def service_messages_where_they_are_spoken(stage: Stage, board: str) -> None:
    mark = stage.log.mark
    far(stage, board, "service", slot=20, status=2)
    gone = await stage.log.wait(Usable, "pbx/1/20", mark, usable=False)
    await asyncio.sleep(ON_THE_WAY_S)
    assert gone.reason == "far" and [m["name"] for m in heard(stage, board, "SERVICE_ACK")] == ["SERVICE_ACK"]
    with pytest.raises(WrongStateError):
        await stage.port("pbx/1/20").dial(CALLED)
    await stage.free("pbx/1/21", await talking(stage, "pbx/1/21"))
    far(stage, board, "service", slot=20, status=0)
    await stage.log.wait(Usable, "pbx/1/20", mark, usable=True)
    await works(stage, "pbx/1/20")


@play.on_side("pbx")
async def service_does_not_end_a_call(stage: Stage, board: str) -> None:
    mark = await talking(stage, "pbx/1/20")
    far(stage, board, "service", slot=20, status=2)
    await asyncio.sleep(1)
    assert stage.port("pbx/1/20").state is S.CONNECTED
    await stage.port("pbx/1/20").hangup()
    await stage.until("pbx/1/20", S.OUT_OF_SERVICE)
    far(stage, board, "service", slot=20, status=0)
    await stage.log.wait(Usable, "pbx/1/20", mark, usable=True)


@play.on_side("e1")
async def service_messages_where_they_are_not_spoken(stage: Stage, board: str) -> None:
    """libpri acknowledges them; nothing is blocked, as in China nobody means them."""
    mark = stage.log.mark
    far(stage, board, "service", slot=20, status=2)
    await asyncio.sleep(1)
    assert heard(stage, board, "SERVICE_ACK") and not stage.log.of("e1/1/20", mark)
    await works(stage, "e1/1/20")


test_case = play.tests(deep=["the_far_end_restarts_*-e1", "we_restart*-pbx", "service_does_not*"])
