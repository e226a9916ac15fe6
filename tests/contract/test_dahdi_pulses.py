"""An exchange line of a DAHDI card that dials by loop breaks: what the exchange counts, and what can cut them short.
What happened is taken from the truth log.
"""

import asyncio
from pathlib import Path

from dahdi_play import Play, end_fault, fault, truth, truth_mark

from boardd import clock
from boardd.contract.driver import BoardChanged, Connected, ReleasedByFar
from boardd.contract.states import BoardState, ChannelState
from boardd.testing import Stage

S = ChannelState
TALKS = "13900000001"
PULSES_MS = sum(100 * (int(digit) or 10) + 750 for digit in TALKS)
play = Play(
    Path(__file__).with_name("dahdi_lines_site.yaml"),
    {"ANA-1": "an", "ANA-2": "two", "PRI-1": "e1", "R2-1": "r2"},
    spans="e1/1=none, r2/1=none",
    lines="two/2 pulse=yes",
)


async def connected(stage: Stage) -> int:
    """We call and somebody answers; the mark from before it."""
    mark = stage.log.mark
    await stage.port("two/2").dial(TALKS)
    await stage.log.wait(Connected, "two/2", mark)
    return mark


async def not_sent(stage: Stage, mark: int, why: str, within_s: float) -> None:
    """The call ends so, and the next one is dialled, counted and heard as ever."""
    released = await stage.log.wait(ReleasedByFar, "two/2", mark, within_s=within_s)
    assert (released.cause, released.origin, released.maker_code) == (41, "card", "digits_not_sent")
    assert why in released.maker_text, released
    await stage.free("two/2", mark)
    await asyncio.sleep(3)
    facts = truth_mark(stage)
    mark = await connected(stage)
    assert "".join(d["digit"] for d in truth(stage, "digit_received", facts, line="two/2")) == TALKS
    await stage.free("two/2", mark)


@play
async def a_number_by_pulses(stage: Stage) -> None:
    """The exchange counts loop breaks; there is no sound while they last, and all of it afterwards."""
    facts = truth_mark(stage)
    mark = await connected(stage)
    digits = truth(stage, "digit_received", facts, line="two/2")
    assert "".join(d["digit"] for d in digits) == TALKS
    path = stage.folder / "pulses.alaw"
    await stage.port("two/2").record(str(path))
    await asyncio.sleep(2)
    await stage.free("two/2", mark)
    assert len(set(path.read_bytes())) > 50


@play
async def who_gives_up_while_pulses_are_sent(stage: Stage) -> None:
    mark, facts = stage.log.mark, truth_mark(stage)
    await stage.port("two/2").dial(TALKS)
    await asyncio.sleep(6)
    assert truth(stage, "digit_received", facts, line="two/2")
    await stage.free("two/2", mark)
    await asyncio.sleep(3)
    assert len(truth(stage, "digit_received", facts, line="two/2")) < len(TALKS)
    await stage.free("two/2", await connected(stage))


@play
async def a_card_that_is_pulled_while_pulses_are_sent(stage: Stage) -> None:
    mark = stage.log.mark
    await stage.port("two/2").dial(TALKS)
    await asyncio.sleep(4)
    number = fault(stage, "card_pulled", "two")
    released = await stage.log.wait(ReleasedByFar, "two/2", mark, within_s=10)
    assert (released.cause, released.origin) == (41, "card")
    await stage.port("two/2").hangup()
    end_fault(stage, number)
    await stage.log.wait(BoardChanged, "two", mark, within_s=20, state=BoardState.RUNNING)
    await stage.until("two/2", S.IDLE)
    await asyncio.sleep(3)
    await stage.free("two/2", await connected(stage))


@play
async def sound_that_cuts_them_is_noticed(stage: Stage) -> None:
    """The kernel ends its dialling when a block is written, and says that it is complete."""
    mark, facts = stage.log.mark, truth_mark(stage)
    port = stage.port("two/2")
    await port.dial(TALKS)
    await asyncio.sleep(6)
    port.native.write(port.fd, bytes(160))
    await not_sent(stage, mark, "cut short", within_s=3)
    assert truth(stage, "digit_received", facts, line="two/2")


@play
async def their_end_that_is_never_told(stage: Stage) -> None:
    """All are out, but DIALCOMPLETE is lost: the call does not wait for ever."""
    mark, facts, began_ms = stage.log.mark, truth_mark(stage), clock.mono_ms()
    fault(stage, "channel_event", "two/2", event="DIALCOMPLETE", how="lost")
    await stage.port("two/2").dial(TALKS)
    await not_sent(stage, mark, "does not say", within_s=40)
    assert clock.mono_ms() - began_ms > PULSES_MS
    digits = "".join(d["digit"] for d in truth(stage, "digit_received", facts, line="two/2"))
    assert digits == 2 * TALKS


@play
async def a_card_that_refuses_to_make_them(stage: Stage) -> None:
    mark = stage.log.mark
    fault(stage, "ioctl_error", "DIAL", channel="two/2")
    await stage.port("two/2").dial(TALKS)
    await not_sent(stage, mark, "DIAL", within_s=8)


@play
async def sound_comes_back_although_the_old_is_not_forgotten(stage: Stage) -> None:
    mark = stage.log.mark
    await stage.port("two/2").dial(TALKS)
    await asyncio.sleep(6)
    fault(stage, "ioctl_error", "FLUSH", channel="two/2", times=1)
    await stage.log.wait(Connected, "two/2", mark)
    path = stage.folder / "unforgotten.alaw"
    await stage.port("two/2").record(str(path))
    await asyncio.sleep(2)
    await stage.free("two/2", mark)
    assert len(set(path.read_bytes())) > 50


test_case = play.tests()
