"""Exchange lines and telephones on DAHDI cards as they really are: tones late, wrong or missing, cut pairs, reversals,
glare, caller ID in every form, flashes. What happened is taken from the truth log.
"""

import asyncio
from pathlib import Path

from dahdi_play import Play, call_in, end_fault, far_of, fault, truth, truth_mark

from boardd import clock
from boardd.contract.driver import (
    Alerting,
    CallerId,
    Connected,
    Digit,
    Flash,
    LineFree,
    Offered,
    OffHook,
    OnHook,
    ReleasedByFar,
    RingCount,
    Trouble,
    Usable,
)
from boardd.contract.states import AnswerEvidence, ChannelState
from boardd.testing import Stage

S = ChannelState
NAMES = {"ANA-1": "an", "ANA-2": "two", "PRI-1": "e1", "R2-1": "r2"}
STATIONS = {"an/13": "8001", "an/14": "8002", "an/15": "8003"}
play = Play(
    Path(__file__).with_name("dahdi_lines_site.yaml"),
    NAMES,
    STATIONS,
    spans="e1/1=none, r2/1=none",
    lines="an/14 pulses=no; an/11 silence_ms=60000",
    tones="an/8 busy=420:200/200",
)
NUMBER = {f"an/{port}": f"880020{port:02d}" for port in range(1, 13)}
TALKS, GREETS, SAYS_AND_CLEARS = "13900000001", "13940000001", "13920000001"
SILENT_BUSY, RINGS = "13911110000", "13911110001"


async def answered(stage: Stage, channel: str, script: str = "waits") -> int:
    """A call comes in and is answered; the mark from before it."""
    mark = stage.log.mark
    call_in(stage, NUMBER[channel], script)
    await stage.log.wait(Offered, channel, mark)
    await asyncio.sleep(3)
    await stage.port(channel).answer()
    await stage.log.wait(Connected, channel, mark)
    return mark


async def connected(stage: Stage, channel: str, number: str = TALKS) -> int:
    """We call and somebody answers; the mark from before it."""
    mark = stage.log.mark
    await stage.port(channel).dial(number)
    await stage.log.wait(Connected, channel, mark)
    return mark


# -- caller ID --------------------------------------------------------------------------------------------------------
@play.of("an/1", "an/2", "an/4", "an/5", "an/7", "an/10")
async def the_number_comes_after_the_first_ring(stage: Stage, channel: object) -> None:
    """FSK with parameters, simple, DTMF; spoilt and repeated; quiet; through noise and echo."""
    assert isinstance(channel, str)
    mark, facts = stage.log.mark, truth_mark(stage)
    caller = call_in(stage, NUMBER[channel], "clears")
    offered = await stage.log.wait(Offered, channel, mark)
    assert offered.caller == ""
    told = await stage.log.wait(CallerId, channel, mark, within_s=14)
    await asyncio.sleep(0.5)
    sent = truth(stage, "caller_id", facts, line=f"ana/{channel[3:]}", good=True)
    assert told.caller == caller and sent and sent[-1]["number"] == caller


@play.of("an/3", "an/12")
async def the_number_comes_before_the_first_ring(stage: Stage, channel: object) -> None:
    assert isinstance(channel, str)
    mark = stage.log.mark
    caller = call_in(stage, NUMBER[channel], "clears")
    assert (await stage.log.wait(Offered, channel, mark)).caller == caller


@play
async def a_name_in_chinese(stage: Stage) -> None:
    mark = stage.log.mark
    caller = call_in(stage, NUMBER["an/1"], "clears", name="杭州王小明")
    told = await stage.log.wait(CallerId, "an/1", mark)
    assert (told.caller, told.caller_name) == (caller, "杭州王小明")


@play
async def without_a_number_nobody_waits_for_ever(stage: Stage) -> None:
    mark = stage.log.mark
    call_in(stage, NUMBER["an/6"], "clears")
    told = await stage.log.wait(CallerId, "an/6", mark, within_s=10)
    assert told.caller == "" and told.caller_name == ""
    rings = [e.count for e in stage.log.of("an/6", mark) if isinstance(e, RingCount)]
    assert rings == [1, 2]


@play
async def a_garbled_number_is_none(stage: Stage) -> None:
    mark = stage.log.mark
    fault(stage, "noise", "ana/1", dbm0=-14)
    call_in(stage, NUMBER["an/1"], "clears")
    told = await stage.log.wait(CallerId, "an/1", mark, within_s=18)
    assert told.caller == ""


# -- incoming ---------------------------------------------------------------------------------------------------------
@play
async def the_caller_gives_up_while_it_rings(stage: Stage) -> None:
    mark = stage.log.mark
    call_in(stage, NUMBER["an/6"], "clears")
    await stage.log.wait(Offered, "an/6", mark)
    released = await stage.log.wait(ReleasedByFar, "an/6", mark)
    assert (released.cause, released.maker_code) == (16, "no_ring")
    await stage.port("an/6").hangup()
    await stage.log.wait(LineFree, "an/6", mark)


@play
async def busy_tone_alone_ends_a_call(stage: Stage) -> None:
    """A line without reversal: the caller's hang-up is a tone and nothing else."""
    facts = truth_mark(stage)
    mark = await answered(stage, "an/6", "clears")
    released = await stage.log.wait(ReleasedByFar, "an/6", mark, within_s=30)
    tone = truth(stage, "tone", facts, line="ana/6", tone="busy")
    assert released.maker_code == "busy_tone" and tone
    assert not truth(stage, "polarity", facts, line="ana/6")


@play
async def another_plans_busy_tone_ends_a_call_that_is_over_and_no_other(stage: Stage) -> None:
    """ana/8 hangs on an access box with 420 Hz, 200/200 ms."""
    mark = await answered(stage, "an/8", "speaks")
    await asyncio.sleep(30)
    assert stage.port("an/8").state is S.CONNECTED
    await stage.free("an/8", mark)
    mark = await answered(stage, "an/8", "clears")
    assert (await stage.log.wait(ReleasedByFar, "an/8", mark, within_s=30)).maker_code == "busy_tone"


@play
async def silence_alone_keeps_a_call_until_its_time(stage: Stage) -> None:
    """Neither tone nor reversal: the far end has gone and nobody says so. A minute of nothing is the end."""
    mark = await answered(stage, "an/11", "clears")
    released = await stage.log.wait(ReleasedByFar, "an/11", mark, within_s=100)
    assert released.maker_code == "silence"


@play
async def a_line_cut_while_it_rings(stage: Stage) -> None:
    mark = stage.log.mark
    call_in(stage, NUMBER["an/6"], "clears")
    await stage.log.wait(Offered, "an/6", mark)
    number = fault(stage, "cut_pair", "ana/6")
    released = await stage.log.wait(ReleasedByFar, "an/6", mark, within_s=10)
    assert released.maker_code in ("no_battery", "no_ring")
    await stage.port("an/6").hangup()
    await stage.log.wait(LineFree, "an/6", mark)
    usable = await stage.log.wait(Usable, "an/6", mark, within_s=10)
    assert not usable.usable and usable.reason == "no_line_voltage"
    mark = stage.log.mark
    end_fault(stage, number)
    await stage.log.wait(Usable, "an/6", mark, usable=True)
    await stage.log.wait(Offered, "an/6", mark)  # the caller has not given up
    await stage.log.wait(ReleasedByFar, "an/6", mark)


@play
async def a_line_cut_while_we_talk(stage: Stage) -> None:
    mark = await connected(stage, "an/6")
    number = fault(stage, "cut_pair", "ana/6")
    released = await stage.log.wait(ReleasedByFar, "an/6", mark, within_s=10)
    assert (released.cause, released.origin, released.maker_code) == (16, "line", "battery_drop")
    await stage.port("an/6").hangup()
    await stage.log.wait(LineFree, "an/6", mark)
    await stage.log.wait(Usable, "an/6", mark, usable=False)
    end_fault(stage, number)
    await stage.log.wait(Usable, "an/6", mark, usable=True)


@play
async def a_feed_that_is_dropped_for_half_a_second_ends_the_call_and_not_the_line(stage: Stage) -> None:
    """How some offices tell a hang-up. We are on-hook before the feed is back, and nothing tells that it is."""
    mark = await connected(stage, "an/6")
    number = fault(stage, "cut_pair", "ana/6")
    released = await stage.log.wait(ReleasedByFar, "an/6", mark, within_s=2)
    assert (released.cause, released.origin, released.maker_code) == (16, "line", "battery_drop")
    await stage.port("an/6").hangup()
    await asyncio.sleep(0.05)
    end_fault(stage, number)
    await stage.log.wait(LineFree, "an/6", mark)
    await asyncio.sleep(5)
    assert not [e for e in stage.log.of("an/6", mark) if isinstance(e, Usable)]
    await stage.free("an/6", await connected(stage, "an/6"))


@play
async def a_line_cut_on_hook(stage: Stage) -> None:
    mark, number = stage.log.mark, fault(stage, "cut_pair", "ana/6")
    gone = await stage.log.wait(Usable, "an/6", mark, within_s=10)
    assert (gone.usable, gone.reason) == (False, "no_line_voltage") and stage.port("an/6").state is S.OUT_OF_SERVICE
    end_fault(stage, number)
    await stage.log.wait(Usable, "an/6", mark, usable=True)
    await stage.free("an/6", await connected(stage, "an/6"))


@play
async def a_short_break_in_the_loop_is_no_end(stage: Stage) -> None:
    mark = await connected(stage, "an/6")
    number = fault(stage, "cut_pair", "ana/6")
    await asyncio.sleep(0.2)
    end_fault(stage, number)
    await asyncio.sleep(4)
    assert stage.port("an/6").state is S.CONNECTED
    await stage.free("an/6", mark)


# -- outgoing ---------------------------------------------------------------------------------------------------------
@play
async def no_dial_tone_is_an_alarm_until_there_is_one(stage: Stage) -> None:
    mark, facts, number = stage.log.mark, truth_mark(stage), fault(stage, "no_dial_tone", "ana/6")
    await stage.port("an/6").dial(TALKS)
    released = await stage.log.wait(ReleasedByFar, "an/6", mark)
    assert (released.cause, released.origin, released.maker_code) == (38, "line", "no_dial_tone")
    await stage.log.wait(Trouble, "an/6", mark, code="no_dial_tone", raised=True)
    assert not truth(stage, "digit_received", facts, line="ana/6")
    await stage.free("an/6", mark)
    end_fault(stage, number)
    mark = await connected(stage, "an/6")
    await stage.log.wait(Trouble, "an/6", mark, code="no_dial_tone", raised=False)
    await stage.free("an/6", mark)


@play
async def a_late_dial_tone_is_waited_for(stage: Stage) -> None:
    facts = truth_mark(stage)
    mark = await connected(stage, "an/8")
    tone = truth(stage, "tone", facts, line="ana/8", tone="dial")[0]["t_us"]
    digits = truth(stage, "digit_received", facts, line="ana/8")
    assert "".join(d["digit"] for d in digits) == TALKS and digits[0]["t_us"] > tone
    await stage.free("an/8", mark)


@play
async def reversal_is_the_answer_and_the_end(stage: Stage) -> None:
    facts = truth_mark(stage)
    mark = await connected(stage, "an/1", SAYS_AND_CLEARS)
    assert (await stage.log.wait(Connected, "an/1", mark)).evidence is AnswerEvidence.REVERSAL
    released = await stage.log.wait(ReleasedByFar, "an/1", mark, within_s=30)
    assert (released.cause, released.maker_code) == (16, "reversal")
    seen = [fact["reversed"] for fact in truth(stage, "polarity", facts, line="ana/1")]
    assert seen == [True, False]


@play
async def a_reversal_at_seizure_is_no_answer(stage: Stage) -> None:
    facts = truth_mark(stage)
    mark = stage.log.mark
    await stage.port("an/9").dial(RINGS)
    await stage.log.wait(Alerting, "an/9", mark)
    await asyncio.sleep(10)
    assert stage.port("an/9").state is S.ALERTING
    assert [f["reversed"] for f in truth(stage, "polarity", facts, line="ana/9")] == [True, False]
    await stage.free("an/9", mark)


@play
async def a_glitch_of_the_feed_is_no_answer(stage: Stage) -> None:
    mark = stage.log.mark
    await stage.port("an/1").dial(RINGS)
    await stage.log.wait(Alerting, "an/1", mark)
    fault(stage, "reversal_glitch", "ana/1", ms=300)
    await asyncio.sleep(5)
    assert stage.port("an/1").state is S.ALERTING
    await stage.free("an/1", mark)


@play
async def without_reversal_a_voice_is_the_answer(stage: Stage) -> None:
    """He lifts in the middle of a ring and says hello at once."""
    mark = await connected(stage, "an/6", GREETS)
    await stage.log.wait(Connected, "an/6", mark, evidence=AnswerEvidence.VOICE, within_s=10)
    await stage.free("an/6", mark)


@play
async def a_busy_number_says_so(stage: Stage) -> None:
    for channel in ("an/6", "an/8"):
        mark = stage.log.mark
        await stage.port(channel).dial(SILENT_BUSY)
        released = await stage.log.wait(ReleasedByFar, channel, mark)
        assert (released.cause, released.maker_code) == (17, "busy_tone"), channel
        await stage.free(channel, mark)


@play
async def a_telephone_beside_us_off_hook_shows_when_we_dial(stage: Stage) -> None:
    """The pair is held: DAHDI does not tell its voltage, so the line is found when it is dialled on: busy tone."""
    number = fault(stage, "lift_elsewhere", "ana/6")
    await asyncio.sleep(25)
    mark = stage.log.mark
    await stage.port("an/6").dial(TALKS)
    released = await stage.log.wait(ReleasedByFar, "an/6", mark)
    assert released.origin == "line"
    await stage.free("an/6", mark)
    end_fault(stage, number)
    await asyncio.sleep(3)
    await stage.free("an/6", await connected(stage, "an/6"))


@play
async def a_ring_while_we_go_off_hook_is_glare_and_is_offered(stage: Stage) -> None:
    """The card has seen ringing (60 ms), too short yet to be a ring (100 ms). Nobody is answered by no one."""
    mark, facts = stage.log.mark, truth_mark(stage)
    call_in(stage, NUMBER["an/6"], "clears")
    for _turn in range(1000):
        if truth(stage, "ringing", facts, line="ana/6", on=True):
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.065)
    assert not [e for e in stage.log.of("an/6", mark)]
    await stage.port("an/6").dial(TALKS)
    released = await stage.log.wait(ReleasedByFar, "an/6", mark)
    assert (released.cause, released.origin) == (44, "glare")
    await stage.port("an/6").hangup()
    await stage.log.wait(LineFree, "an/6", mark)
    await stage.log.wait(Offered, "an/6", mark)
    assert not truth(stage, "digit_received", facts, line="ana/6")


# -- telephones -------------------------------------------------------------------------------------------------------
async def lifted(stage: Stage, station: str) -> int:
    mark = stage.log.mark
    await stage.far.lift(station)
    await stage.log.wait(OffHook, station, mark)
    await asyncio.sleep(0.2)
    return mark


@play.of(230, 400, 650)
async def a_flash_in_the_window(stage: Stage, ms: object) -> None:
    mark = await lifted(stage, "an/13")
    far_of(stage).door.ask("station", station="8001", act="flash", ms=ms)
    await stage.log.wait(Flash, "an/13", mark)
    await asyncio.sleep(2)
    assert [type(e) for e in stage.log.of("an/13", mark)].count(Flash) == 1
    assert not [e for e in stage.log.of("an/13", mark) if isinstance(e, OnHook | Digit)]


@play.of(800, 1500)
async def longer_is_on_hook_and_off_hook_again(stage: Stage, ms: object) -> None:
    mark = await lifted(stage, "an/13")
    far_of(stage).door.ask("station", station="8001", act="flash", ms=ms)
    await stage.log.wait(OnHook, "an/13", mark)
    await asyncio.sleep(2)
    kinds = [type(e) for e in stage.log.of("an/13", mark) if isinstance(e, OffHook | OnHook | Flash | LineFree)]
    assert kinds == [OffHook, OnHook, LineFree, OffHook]


@play
async def a_short_flash_where_nobody_dials_by_pulses(stage: Stage) -> None:
    mark = await lifted(stage, "an/14")
    far_of(stage).door.ask("station", station="8002", act="flash", ms=120)
    await stage.log.wait(Flash, "an/14", mark)
    mark = await lifted(stage, "an/13")
    far_of(stage).door.ask("station", station="8001", act="flash", ms=120)
    assert (await stage.log.wait(Digit, "an/13", mark)).digit == "1"


@play
async def lifted_as_the_ring_begins_and_as_it_stops(stage: Stage) -> None:
    mark = stage.log.mark
    await stage.port("an/15").ring("13800000001", "")
    await stage.far.lift("an/15")
    assert (await stage.log.wait(Connected, "an/15", mark)).evidence is AnswerEvidence.HOOK
    await stage.far.put_down("an/15")
    await stage.log.wait(LineFree, "an/15", mark)
    mark = stage.log.mark
    await stage.port("an/15").ring("13800000001", "")
    await asyncio.sleep(2)
    await stage.port("an/15").hangup()
    await stage.far.lift("an/15")
    await stage.log.wait(OffHook, "an/15", mark)
    await stage.until("an/15", S.SEIZED)
    assert not [e for e in stage.log.of("an/15", mark) if isinstance(e, Connected)]


@play
async def the_display_shows_who_calls(stage: Stage) -> None:
    facts = truth_mark(stage)
    await stage.port("an/15").ring("13812345678", "李雷")
    await asyncio.sleep(4.5)
    shown = truth(stage, "caller_id_shown", facts, line="ana/15")
    assert [(s["number"], s["name"]) for s in shown] == [("13812345678", "李雷")]
    await stage.port("an/15").hangup()


@play
async def a_lost_hook_event_is_found_by_asking(stage: Stage) -> None:
    number = stage.port("an/13").info.maker_channel
    mark, began = stage.log.mark, clock.mono_ms()
    fault(stage, "channel_event", str(number), event="RINGOFFHOOK", how="lost")
    await stage.far.lift("an/13")
    await stage.log.wait(OffHook, "an/13", mark)
    assert clock.mono_ms() - began < 5000
    fault(stage, "channel_event", str(number), event="ONHOOK", how="lost")
    await stage.far.put_down("an/13")
    await stage.log.wait(OnHook, "an/13", mark)


test_case = play.tests(
    deep=[
        "silence_alone*",
        "another_plans*",
        "a_telephone_beside_us*",
        "a_line_cut_on_hook",
        "a_glitch*",
        "*-400",
        "*-1500",
        "the_number_comes_after*-an/1*",
    ]
)
