"""ISDN PRI through the DAHDI driver: types of number, and numbers that come digit by digit."""

import asyncio

import pytest
from dahdi_play import end_fault
from pri_far_end import ON_THE_WAY_S, TIMES_MS, PriPlay, dialled, far, habits, heard, offered, refused_with, works

from boardd.contract.driver import Connected, Offered, ReleasedByFar
from boardd.contract.states import ChannelState
from boardd.testing import Stage

pytestmark = pytest.mark.usefixtures("own_libpri")

S = ChannelState
play = PriPlay()


# -- types of number --------------------------------------------------------------------------------------------------
TYPES = {"unknown": 0x00, "international": 0x11, "national": 0x21, "subscriber": 0x41}
SHOWN = {
    ("national", "57188001234"): "057188001234",
    ("international", "8613800138000"): "13800138000",
    ("subscriber", "88001234"): "88001234",
    ("unknown", "02188001234"): "02188001234",
}


@play.on_sides
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


@play.on_sides
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


@play.on_side("pbx")
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


@play.on_side("pbx")
async def the_second_range_has_shorter_numbers(stage: Stage, board: str) -> None:
    call, mark = await collecting(stage, "2")
    far(stage, board, "more", call=call, digits="07")
    assert (await stage.log.wait(Offered, "pbx/1/20", mark)).called == "207"
    await stage.free("pbx/1/20", mark)


@play.on_side("pbx")
async def sending_complete_ends_a_number_before_its_range_does(stage: Stage, board: str) -> None:
    call, mark = await collecting(stage, "10")
    far(stage, board, "more", call=call, digits="5", complete=True)
    assert (await stage.log.wait(Offered, "pbx/1/20", mark)).called == "105"
    await stage.free("pbx/1/20", mark)


@play.on_side("pbx")
async def a_number_of_no_range_waits_for_nothing(stage: Stage, board: str) -> None:
    event, mark = await offered(stage, board, 20, "3", complete=False)
    await asyncio.sleep(ON_THE_WAY_S)
    assert event.called == "3" and answers(stage) == ["PROCEEDING"]
    await stage.free(event.channel, mark)


@play.on_side("pbx")
async def t302_a_number_that_never_becomes_whole(stage: Stage, board: str) -> None:
    """Cause 28 from us; the host never hears of it."""
    _call, mark = await collecting(stage, "10")
    await asyncio.sleep(TIMES_MS[board]["T302"] / 1000 + 0.5)
    assert refused_with(stage, board) == [28]
    assert not stage.log.of("pbx/1/20", mark)
    ack, end = heard(stage, board, "SETUP_ACK", "DISCONNECT")
    assert abs(end["ms"] - ack["ms"] - TIMES_MS[board]["T302"]) <= 100
    await works(stage, "pbx/1/20")


@play.on_side("pbx")
async def a_caller_who_hangs_up_while_dialling(stage: Stage, board: str) -> None:
    _call, mark = await collecting(stage, "10")
    far(stage, board, "hang_up")
    await asyncio.sleep(1)
    assert not stage.log.of("pbx/1/20", mark) and not far(stage, board, "tell")["calls"]
    await works(stage, "pbx/1/20")


@play.on_side("e1")
async def where_overlap_is_not_set_up_every_number_is_whole(stage: Stage, board: str) -> None:
    event, mark = await offered(stage, board, 20, "10", complete=False)
    assert event.called == "10"
    await stage.free(event.channel, mark)


@play.on_side("e1")
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


test_case = play.tests(deep=["a_number_of_no_range*", "the_second_range*", "callers_of_all*-pbx"])
