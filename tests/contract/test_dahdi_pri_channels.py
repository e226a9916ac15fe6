"""ISDN PRI through the DAHDI driver: which timeslot a call gets; taken, moved, refused ones; glare."""

import asyncio

import pytest
from dahdi_play import end_fault
from pri_far_end import (
    CALLED,
    ON_THE_WAY_S,
    PriPlay,
    dialled,
    far,
    habits,
    heard,
    offered,
    refused_with,
    talking,
    works,
)

from boardd.contract.driver import Connected, LineFree, Offered, ReleasedByFar, Trouble
from boardd.contract.states import ChannelState
from boardd.testing import Stage

pytestmark = pytest.mark.usefixtures("own_libpri")

S = ChannelState
play = PriPlay()


@play.on_sides
async def what_is_asked_for_is_this_timeslot_and_no_other(stage: Stage, board: str) -> None:
    """Exclusive (Q.931 4.5.13), 3.1 kHz audio in A-law, the whole number with Sending Complete."""
    channel = f"{board}/1/20"
    await stage.free(channel, await talking(stage, channel))
    (setup,) = heard(stage, board, "SETUP")
    assert (setup["ies"]["18"], setup["ies"]["04"]) == ("a98394", "9090a3")
    assert "a1" in setup["ies"] and bytes.fromhex(setup["ies"]["70"][2:]).decode() == CALLED


@play.on_sides
async def a_far_end_that_moves_our_call_all_the_same_is_left(stage: Stage, board: str) -> None:
    """A call belongs to its channel: cause 6, and a warning; neither timeslot is lost."""
    channel, other, moves = f"{board}/1/20", f"{board}/1/22", habits(stage, board, move_to=22)
    mark = await dialled(stage, channel)
    released = await stage.log.wait(ReleasedByFar, channel, mark)
    assert (released.cause, released.origin) == (6, "line")
    trouble = await stage.log.wait(Trouble, channel, mark, code="slot_conflict")
    assert "22" in trouble.text
    await stage.free(channel, mark)
    await asyncio.sleep(ON_THE_WAY_S)
    assert far(stage, board, "tell")["finished"][-1]["cause"] == 6
    assert not stage.log.of(other, mark)
    end_fault(stage, moves)
    await works(stage, channel)
    await works(stage, other)


@play.on_sides
async def a_timeslot_that_the_far_end_has_not_got_is_restarted(stage: Stage, board: str) -> None:
    """Cause 44: both ends bring it back to idle, so that the next call does not meet the same."""
    channel, refuses = f"{board}/1/20", habits(stage, board, refuse=44)
    mark = await dialled(stage, channel)
    released = await stage.log.wait(ReleasedByFar, channel, mark)
    assert (released.cause, released.origin, released.maker_code[:2]) == (44, "far", "44")
    end_fault(stage, refuses)
    await stage.port(channel).hangup()
    await stage.log.wait(LineFree, channel, mark)
    await stage.until(channel, S.IDLE)
    await asyncio.sleep(2)
    assert far(stage, board, "tell")["restarted"] == [20] and stage.port(channel).state is S.IDLE
    await works(stage, channel)


@play.on_sides
async def a_channel_that_does_not_exist_over_there(stage: Stage, board: str) -> None:
    """Cause 82 is no reason to restart anything: the far end knows no such timeslot."""
    channel = f"{board}/1/20"
    habits(stage, board, refuse=82)
    mark = await dialled(stage, channel)
    released = await stage.log.wait(ReleasedByFar, channel, mark)
    assert (released.cause, released.origin) == (82, "far")
    await stage.free(channel, mark)
    await asyncio.sleep(2)
    assert far(stage, board, "tell")["restarted"] == []


@play.on_sides
async def a_setup_on_a_busy_timeslot(stage: Stage, board: str) -> None:
    """Exclusive: cause 44, nobody is told. Preferred: it gets another one, the highest that is free."""
    channel = f"{board}/1/20"
    mark = await talking(stage, channel)
    far(stage, board, "dial", slot=20, called="1056")
    await asyncio.sleep(1)
    assert refused_with(stage, board) == [44]
    assert not [e for e in stage.log.events[mark:] if isinstance(e, Offered)]
    event, moved = await offered(stage, board, 20, "1057", exclusive=False)
    assert event.channel == f"{board}/1/31" and event.called == "1057"
    await asyncio.sleep(ON_THE_WAY_S)
    calls = {call["called"]: call["slot"] for call in far(stage, board, "tell")["calls"] if call["mine"]}
    assert calls == {"1057": 31}
    await stage.port(event.channel).answer()
    await stage.log.wait(Connected, event.channel, moved)
    assert stage.port(channel).state is S.CONNECTED
    await stage.free(event.channel, moved)
    await stage.free(channel, mark)


@play.on_side("pbx")
async def a_setup_without_a_timeslot_gets_one(stage: Stage, board: str) -> None:
    """Only the user's SETUP may leave it out."""
    event, mark = await offered(stage, board, None, "1058")
    assert event.channel == "pbx/1/31"
    await asyncio.sleep(ON_THE_WAY_S)
    assert [call["slot"] for call in far(stage, board, "tell")["calls"]] == [31]
    await stage.free(event.channel, mark)


@play.on_side("e1")
async def glare_the_network_takes_the_timeslot(stage: Stage, board: str) -> None:
    mark = await dialled(stage, "e1/1/20")
    far(stage, board, "dial", slot=20, called="1055")
    released = await stage.log.wait(ReleasedByFar, "e1/1/20", mark)
    assert (released.cause, released.origin) == (44, "glare")
    await stage.port("e1/1/20").hangup()
    await stage.log.wait(LineFree, "e1/1/20", mark)
    await stage.log.wait(Offered, "e1/1/20", mark)
    await stage.port("e1/1/20").answer()
    await stage.log.wait(Connected, "e1/1/20", mark)
    (theirs,) = [call for call in far(stage, board, "tell")["calls"] if call["mine"]]
    assert theirs["state"] == 10
    await stage.free("e1/1/20", mark)


@play.on_side("pbx")
async def glare_as_the_network_we_keep_the_timeslot(stage: Stage, board: str) -> None:
    mark = await dialled(stage, "pbx/1/20")
    far(stage, board, "dial", slot=20, called="1055")
    await stage.log.wait(Connected, "pbx/1/20", mark)
    assert refused_with(stage, board) == [44] and not [
        e for e in stage.log.events[mark:] if isinstance(e, Offered | ReleasedByFar)
    ]
    await stage.free("pbx/1/20", mark)


test_case = play.tests(
    deep=[
        "a_far_end_that_moves*-pbx",
        "a_timeslot_that_the_far_end*-pbx",
        "a_channel_that*-pbx",
        "what_is_asked_for*-pbx",
    ]
)
