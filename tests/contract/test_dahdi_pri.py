"""ISDN PRI through the DAHDI driver against a far end that is no libpri: timers that run out, timeslots that are taken,
moved or restarted, SERVICE, numbers digit by digit, types of number. What the far end was sent is its own record.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from dahdi_play import Play, end_fault, far_of, fault
from hwsim_far_end import HERE

from boardd.contract.driver import Alerting, Connected, LineFree, Offered, ReleasedByFar, Trouble, Usable
from boardd.contract.errors import WrongStateError
from boardd.contract.states import ChannelState
from boardd.testing import Stage

pytestmark = pytest.mark.usefixtures("own_libpri")

S = ChannelState
SPANS = {"e1": "pri/1", "pbx": "pbx/1"}
SIDES = ("e1", "pbx")
CALLED, CALLER = "13800138000", "88001000"
TIMES_MS = {"e1": {"T310": 12_000, "T304": 6_000}, "pbx": {"T310": 10_000, "T302": 6_000}}
T303_MS, T305_MS, T308_MS, T316_MS = 4_000, 7_000, 4_000, 9_000
BOTH = f"T305={T305_MS} T316={T316_MS}"
play = Play(
    Path(__file__).with_name("dahdi_pri_site.yaml"),
    {"PRI-1": "e1", "PBX-1": "pbx"},
    settle_s=5.0,
    program=HERE / "machine_with_peers.py",
    spans="pbx/1=pri_net",
    lines=f"e1/1 {BOTH} T310=12000 T304=6000; "
    f"pbx/1 {BOTH} T302=6000 overlap_receiving=yes ddi=1000-1099/200-299 service_messages=yes number_types=both",
)


# -- the far end ------------------------------------------------------------------------------------------------------
ON_THE_WAY_S = 0.1
"""A message has arrived after so long."""


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


def on_sides(body: Callable[[Stage, str], Awaitable[None]]) -> Callable[[Stage, str], Awaitable[None]]:
    """A case as the user and as the network; what the far end has not been allowed to be sent is wrong."""

    async def judged(stage: Stage, board: object) -> None:
        assert isinstance(board, str)
        far(stage, board, "forget")
        await body(stage, board)
        assert far(stage, board, "tell")["wrong"] == []

    judged.__name__ = body.__name__
    play.of(*SIDES)(judged)
    return body


def on_side(board: str) -> Callable[[Callable[[Stage, str], Awaitable[None]]], None]:
    """A case on one side only."""

    def add(body: Callable[[Stage, str], Awaitable[None]]) -> None:
        async def judged(stage: Stage) -> None:
            far(stage, board, "forget")
            await body(stage, board)
            assert far(stage, board, "tell")["wrong"] == []

        judged.__name__ = body.__name__
        play(judged)

    return add


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


# -- timers -----------------------------------------------------------------------------------------------------------
@on_sides
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


@on_sides
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


@on_sides
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


@on_sides
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


@on_side("e1")
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


# -- which timeslot ---------------------------------------------------------------------------------------------------
@on_sides
async def what_is_asked_for_is_this_timeslot_and_no_other(stage: Stage, board: str) -> None:
    """Exclusive (Q.931 4.5.13), 3.1 kHz audio in A-law, the whole number with Sending Complete."""
    channel = f"{board}/1/20"
    await stage.free(channel, await talking(stage, channel))
    (setup,) = heard(stage, board, "SETUP")
    assert (setup["ies"]["18"], setup["ies"]["04"]) == ("a98394", "9090a3")
    assert "a1" in setup["ies"] and bytes.fromhex(setup["ies"]["70"][2:]).decode() == CALLED


@on_sides
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


@on_sides
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


@on_sides
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


@on_sides
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


@on_side("pbx")
async def a_setup_without_a_timeslot_gets_one(stage: Stage, board: str) -> None:
    """Only the user's SETUP may leave it out."""
    event, mark = await offered(stage, board, None, "1058")
    assert event.channel == "pbx/1/31"
    await asyncio.sleep(ON_THE_WAY_S)
    assert [call["slot"] for call in far(stage, board, "tell")["calls"]] == [31]
    await stage.free(event.channel, mark)


@on_side("e1")
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


@on_side("pbx")
async def glare_as_the_network_we_keep_the_timeslot(stage: Stage, board: str) -> None:
    mark = await dialled(stage, "pbx/1/20")
    far(stage, board, "dial", slot=20, called="1055")
    await stage.log.wait(Connected, "pbx/1/20", mark)
    assert refused_with(stage, board) == [44] and not [
        e for e in stage.log.events[mark:] if isinstance(e, Offered | ReleasedByFar)
    ]
    await stage.free("pbx/1/20", mark)


# -- RESTART ----------------------------------------------------------------------------------------------------------
@on_sides
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


@on_sides
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


@on_sides
async def the_far_end_restarts_a_timeslot_in_a_call(stage: Stage, board: str) -> None:
    channel, other = f"{board}/1/20", f"{board}/1/21"
    mark, beside = await talking(stage, channel), await talking(stage, other)
    far(stage, board, "restart", slots=[20])
    released = await stage.log.wait(ReleasedByFar, channel, mark, within_s=1)
    assert (released.cause, released.origin) == (41, "far") and stage.port(other).state is S.CONNECTED
    await stage.free(channel, mark)
    await works(stage, channel)
    await stage.free(other, beside)


@on_sides
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
@on_side("pbx")
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


@on_side("pbx")
async def service_does_not_end_a_call(stage: Stage, board: str) -> None:
    mark = await talking(stage, "pbx/1/20")
    far(stage, board, "service", slot=20, status=2)
    await asyncio.sleep(1)
    assert stage.port("pbx/1/20").state is S.CONNECTED
    await stage.port("pbx/1/20").hangup()
    await stage.until("pbx/1/20", S.OUT_OF_SERVICE)
    far(stage, board, "service", slot=20, status=0)
    await stage.log.wait(Usable, "pbx/1/20", mark, usable=True)


@on_side("e1")
async def service_messages_where_they_are_not_spoken(stage: Stage, board: str) -> None:
    """libpri acknowledges them; nothing is blocked, as in China nobody means them."""
    mark = stage.log.mark
    far(stage, board, "service", slot=20, status=2)
    await asyncio.sleep(1)
    assert heard(stage, board, "SERVICE_ACK") and not stage.log.of("e1/1/20", mark)
    await works(stage, "e1/1/20")


# -- types of number --------------------------------------------------------------------------------------------------
TYPES = {"unknown": 0x00, "international": 0x11, "national": 0x21, "subscriber": 0x41}
SHOWN = {
    ("national", "57188001234"): "057188001234",
    ("international", "8613800138000"): "13800138000",
    ("subscriber", "88001234"): "88001234",
    ("unknown", "02188001234"): "02188001234",
}


@on_sides
async def callers_of_all_types_are_shown_as_one_would_dial_them(stage: Stage, board: str) -> None:
    for (kind, digits), shown in SHOWN.items():
        octets = bytes([TYPES[kind], 0x83]) + digits.encode()
        event, mark = await offered(stage, board, 20, caller=octets.hex())
        assert event.caller == shown
        await stage.free(event.channel, mark)
    restricted = bytes([TYPES["national"], 0xA3]) + b"57188001234"
    event, mark = await offered(stage, board, 20, caller=restricted.hex())
    assert event.caller == ""
    await stage.free(event.channel, mark)


@on_sides
async def what_we_dial_has_the_type_that_the_line_wants(stage: Stage, board: str) -> None:
    """`number_types`: the carrier's line sends no types, the switchboard's has them made of the prefixes."""
    wanted = {
        "e1": [("81", "057188001234"), ("81", "0085221234567"), ("81", "88001234")],
        "pbx": [("a1", "57188001234"), ("91", "85221234567"), ("81", "88001234")],
    }[board]
    for number in ("057188001234", "0085221234567", "88001234"):
        mark = stage.log.mark
        await stage.port(f"{board}/1/20").dial(number, "057188001000")
        await stage.log.wait(Connected, f"{board}/1/20", mark)
        await stage.free(f"{board}/1/20", mark)
    setups = [message["ies"] for message in heard(stage, board, "SETUP")]
    assert [(ies["70"][:2], bytes.fromhex(ies["70"][2:]).decode()) for ies in setups] == wanted
    caller = {"e1": ("01", "057188001000"), "pbx": ("21", "57188001000")}[board]
    assert {(ies["6c"][:2], bytes.fromhex(ies["6c"][4:]).decode()) for ies in setups} == {caller}


# -- numbers digit by digit -------------------------------------------------------------------------------------------
async def collecting(stage: Stage, first: str) -> tuple[int, int]:
    """A call comes in whose number is not complete; its reference there and the mark from before it."""
    mark = stage.log.mark
    call = far(stage, "pbx", "dial", slot=20, called=first, complete=False)
    await asyncio.sleep(0.2)
    assert stage.port("pbx/1/20").state is S.IDLE and not stage.log.of("pbx/1/20", mark)
    return call, mark


def answers(stage: Stage) -> list[str]:
    """What the far end was told of its call that is open."""
    (call,) = far(stage, "pbx", "tell")["calls"]
    return list(call["got"])


@on_side("pbx")
async def digits_come_until_the_number_is_one_of_ours(stage: Stage, board: str) -> None:
    call, mark = await collecting(stage, "1")
    for digit in "055":
        assert not stage.log.of("pbx/1/20", mark) and answers(stage) == ["SETUP_ACK"]
        far(stage, board, "more", call=call, digits=digit)
        await asyncio.sleep(0.5)
    assert (await stage.log.wait(Offered, "pbx/1/20", mark)).called == "1055"
    assert answers(stage) == ["SETUP_ACK", "PROCEEDING"]
    await stage.port("pbx/1/20").answer()
    await stage.log.wait(Connected, "pbx/1/20", mark)
    await stage.free("pbx/1/20", mark)


@on_side("pbx")
async def the_second_range_has_shorter_numbers(stage: Stage, board: str) -> None:
    call, mark = await collecting(stage, "2")
    far(stage, board, "more", call=call, digits="07")
    assert (await stage.log.wait(Offered, "pbx/1/20", mark)).called == "207"
    await stage.free("pbx/1/20", mark)


@on_side("pbx")
async def sending_complete_ends_a_number_before_its_range_does(stage: Stage, board: str) -> None:
    call, mark = await collecting(stage, "10")
    far(stage, board, "more", call=call, digits="5", complete=True)
    assert (await stage.log.wait(Offered, "pbx/1/20", mark)).called == "105"
    await stage.free("pbx/1/20", mark)


@on_side("pbx")
async def a_number_of_no_range_waits_for_nothing(stage: Stage, board: str) -> None:
    event, mark = await offered(stage, board, 20, "3", complete=False)
    await asyncio.sleep(ON_THE_WAY_S)
    assert event.called == "3" and answers(stage) == ["PROCEEDING"]
    await stage.free(event.channel, mark)


@on_side("pbx")
async def t302_a_number_that_never_becomes_whole(stage: Stage, board: str) -> None:
    """Cause 28 from us; the host never hears of it."""
    _call, mark = await collecting(stage, "10")
    await asyncio.sleep(TIMES_MS[board]["T302"] / 1000 + 0.5)
    assert refused_with(stage, board) == [28]
    assert not stage.log.of("pbx/1/20", mark)
    ack, end = heard(stage, board, "SETUP_ACK", "DISCONNECT")
    assert abs(end["ms"] - ack["ms"] - TIMES_MS[board]["T302"]) <= 100
    await works(stage, "pbx/1/20")


@on_side("pbx")
async def a_caller_who_hangs_up_while_dialling(stage: Stage, board: str) -> None:
    _call, mark = await collecting(stage, "10")
    far(stage, board, "hang_up")
    await asyncio.sleep(1)
    assert not stage.log.of("pbx/1/20", mark) and not far(stage, board, "tell")["calls"]
    await works(stage, "pbx/1/20")


@on_side("e1")
async def where_overlap_is_not_set_up_every_number_is_whole(stage: Stage, board: str) -> None:
    event, mark = await offered(stage, board, 20, "10", complete=False)
    assert event.called == "10"
    await stage.free(event.channel, mark)


@on_side("e1")
async def t304_a_far_end_that_wants_more_digits_than_there_are(stage: Stage, board: str) -> None:
    """The whole number has been sent, with Sending Complete: cause 28."""
    short = habits(stage, board, digits=12)
    mark = await dialled(stage, "e1/1/20")
    released = await stage.log.wait(ReleasedByFar, "e1/1/20", mark)
    assert (released.cause, released.origin, released.maker_code) == (28, "line", "T304")
    await asyncio.sleep(ON_THE_WAY_S)
    setup, end = heard(stage, board, "SETUP", "DISCONNECT")
    assert abs(end["ms"] - setup["ms"] - TIMES_MS[board]["T304"]) <= 100 and "a1" in setup["ies"]
    end_fault(stage, short)
    await stage.free("e1/1/20", mark)


# -- the link ---------------------------------------------------------------------------------------------------------
@on_sides
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


test_case = play.tests(
    deep=[
        "t30[35]*-pbx",
        "t308*-e1",
        "t309*-pbx",
        "t310*-e1",
        "a_timeslot_that_cannot*",
        "a_timeslot_that_the_far_end*-pbx",
        "a_far_end_that_moves*-pbx",
        "a_channel_that*-pbx",
        "what_is_asked_for*-pbx",
        "a_number_of_no_range*",
        "the_second_range*",
        "the_far_end_restarts_*-e1",
        "we_restart*-pbx",
        "service_does_not*",
        "callers_of_all*-pbx",
    ]
)
