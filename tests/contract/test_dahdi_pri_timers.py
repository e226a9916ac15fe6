"""ISDN PRI through the DAHDI driver: timers that run out, and the one by which calls outlive a lost link."""

import asyncio

import pytest
from dahdi_play import end_fault, fault
from pri_far_end import (
    CALLED,
    ON_THE_WAY_S,
    SPANS,
    T303_MS,
    T305_MS,
    T308_MS,
    T316_MS,
    TIMES_MS,
    PriPlay,
    dialled,
    far,
    habits,
    heard,
    ignores,
    offered,
    talking,
    waited_ms,
    works,
)

from boardd.contract.driver import Alerting, Connected, LineFree, ReleasedByFar, Trouble, Usable
from boardd.contract.errors import WrongStateError
from boardd.contract.states import ChannelState
from boardd.testing import Stage

pytestmark = pytest.mark.usefixtures("own_libpri")

S = ChannelState
play = PriPlay()


# -- timers -----------------------------------------------------------------------------------------------------------
@play.on_sides
async def t303_nobody_answers_setup(stage: Stage, board: str) -> None:
    channel, deaf = f"{board}/1/20", ignores(stage, board, "SETUP")
    mark = await dialled(stage, channel)
    released = await stage.log.wait(ReleasedByFar, channel, mark, within_s=10)
    assert (released.cause, released.origin, released.maker_code) == (18, "line", "T303")
    setups = heard(stage, board, "SETUP")
    assert waited_ms(setups) == [T303_MS] and setups[0]["ies"] == setups[1]["ies"]
    end_fault(stage, deaf)
    await stage.free(channel, mark)
    await works(stage, channel)


@play.on_sides
async def t310_a_call_proceeds_and_nothing_follows(stage: Stage, board: str) -> None:
    channel = f"{board}/1/20"
    silent = habits(stage, board, alert_ms=None, answer_ms=None)
    mark = await dialled(stage, channel)
    released = await stage.log.wait(ReleasedByFar, channel, mark)
    assert (released.cause, released.origin, released.maker_code) == (102, "line", "T310")
    await stage.free(channel, mark)
    await asyncio.sleep(ON_THE_WAY_S)
    setup, end = heard(stage, board, "SETUP", "DISCONNECT")
    assert abs(end["ms"] - setup["ms"] - TIMES_MS[board]["T310"]) <= 100
    assert far(stage, board, "tell")["finished"][-1]["cause"] == 102
    end_fault(stage, silent)
    await works(stage, channel)


@play.on_side("e1")
async def t313_nobody_acknowledges_our_answer(stage: Stage, board: str) -> None:
    """Whoever answers is never through; the far end did not hang up."""
    event, mark = await offered(stage, board, 20)
    deaf = ignores(stage, board, "CONNECT")
    await stage.port(event.channel).answer()
    released = await stage.log.wait(ReleasedByFar, event.channel, mark)
    assert (released.cause, released.origin, released.maker_code) == (102, "line", "T313")
    assert not [e for e in stage.log.of(event.channel, mark) if isinstance(e, Connected)]
    end_fault(stage, deaf)
    await stage.free(event.channel, mark)
    await works(stage, event.channel)


@play.on_sides
async def t305_and_t308_twice_a_far_end_that_does_not_release(stage: Stage, board: str) -> None:
    """DISCONNECT, RELEASE, RELEASE, RESTART; the timeslot is kept until the far end has answered the last."""
    channel, other = f"{board}/1/20", f"{board}/1/21"
    mark, beside = await talking(stage, channel), await talking(stage, other)
    deaf = ignores(stage, board, "DISCONNECT", "RELEASE")
    await stage.port(channel).hangup()
    await asyncio.sleep((T305_MS + T308_MS) / 1000)
    assert stage.port(channel).state is S.RELEASING and not [
        e for e in stage.log.of(channel, mark) if isinstance(e, LineFree)
    ]
    await stage.log.wait(Trouble, channel, mark, code="stuck_call", raised=True)
    await stage.log.wait(Trouble, channel, mark, code="stuck_call", raised=False)
    await stage.log.wait(LineFree, channel, mark)
    await stage.until(channel, S.IDLE)
    clearing = heard(stage, board, "DISCONNECT", "RELEASE", "RESTART")
    assert [message["name"] for message in clearing] == ["DISCONNECT", "RELEASE", "RELEASE", "RESTART"]
    assert waited_ms(clearing)[:2] == [T305_MS, T308_MS] and 4_000 <= waited_ms(clearing)[2] <= 5_100
    assert far(stage, board, "tell")["restarted"] == [20] and stage.port(other).state is S.CONNECTED
    end_fault(stage, deaf)
    await stage.free(other, beside)
    await works(stage, channel)


@play.on_sides
async def t308_twice_after_the_far_ends_disconnect(stage: Stage, board: str) -> None:
    channel, deaf = f"{board}/1/20", ignores(stage, board, "RELEASE")
    mark = await talking(stage, channel)
    far(stage, board, "hang_up", slot=20)
    assert (await stage.log.wait(ReleasedByFar, channel, mark)).cause == 16
    await stage.port(channel).hangup()
    await stage.log.wait(LineFree, channel, mark)
    await stage.until(channel, S.IDLE)
    clearing = heard(stage, board, "RELEASE", "RESTART")
    assert [message["name"] for message in clearing] == ["RELEASE", "RELEASE", "RESTART"]
    assert waited_ms(clearing)[0] == T308_MS
    end_fault(stage, deaf)
    await works(stage, channel)


@play.on_side("e1")
async def a_timeslot_that_cannot_even_be_restarted_is_out_of_service(stage: Stage, board: str) -> None:
    """T316 twice; then only the far end can bring it back."""
    mark = await talking(stage, "e1/1/20")
    deaf = ignores(stage, board, "DISCONNECT", "RELEASE", "RESTART")
    await stage.port("e1/1/20").hangup()
    await stage.log.wait(Trouble, "e1/1", mark, code="restart_unanswered", raised=True)
    restarts = heard(stage, board, "RESTART")
    assert waited_ms(restarts) == [T316_MS] and len({message["ies"]["18"] for message in restarts}) == 1
    await asyncio.sleep(1)
    assert stage.port("e1/1/20").state is S.OUT_OF_SERVICE and stage.port("e1/1/20").info.reason == "stuck"
    with pytest.raises(WrongStateError):
        await stage.port("e1/1/20").dial(CALLED)
    end_fault(stage, deaf)
    far(stage, board, "restart", slots=[20])
    await stage.log.wait(Usable, "e1/1/20", mark, usable=True)
    await works(stage, "e1/1/20")


# -- the link ---------------------------------------------------------------------------------------------------------
@play.on_sides
async def t309_keeps_who_talks_and_nobody_else(stage: Stage, board: str) -> None:
    """The D channel is dead for half a minute: who talks goes on, who rings does not."""
    channel, rings = f"{board}/1/20", f"{board}/1/21"
    mark = await talking(stage, channel)
    habits(stage, board, answer_ms=None)
    waits = await dialled(stage, rings)
    await stage.log.wait(Alerting, rings, waits)
    dead = fault(stage, "peer_silent", SPANS[board])
    await stage.log.wait(ReleasedByFar, rings, waits)
    await asyncio.sleep(5)
    end_fault(stage, dead)
    await stage.port(rings).hangup()
    await stage.until(rings, S.IDLE)
    await asyncio.sleep(5)
    assert stage.port(channel).state is S.CONNECTED
    assert [c["slot"] for c in far(stage, board, "tell")["calls"]] == [20]
    await stage.free(channel, mark)


test_case = play.tests(deep=["t30[35]*-pbx", "t308*-e1", "t309*-pbx", "t310*-e1", "a_timeslot_that_cannot*"])
