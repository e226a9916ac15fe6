"""E1s on DAHDI cards as they really are, ISDN and MFC-R2: alarms short and long, links lost, circuits reset, blocked,
seized against their direction, causes both ways. What happened is taken from the truth log.
"""

import asyncio
from pathlib import Path

import pytest
from dahdi_play import Play, call_in, end_fault, fault, truth, truth_mark

from boardd import clock
from boardd.contract.capabilities import Maintenance
from boardd.contract.driver import Alerting, CallerId, Connected, LineFree, Offered, ReleasedByFar, Trouble, Usable
from boardd.contract.errors import WrongStateError
from boardd.contract.states import ChannelState
from boardd.testing import Stage
from drivers.dahdi.driver import DahdiDriver

pytestmark = pytest.mark.usefixtures("own_libpri")

S = ChannelState
HERE = Path(__file__).parent
PRI, OUT, TAKES_CALLS = "e1/1/20", "r2/1/15", "r2/1/1"
play = Play(
    HERE / "dahdi_trunks_site.yaml",
    {"PRI-1": "e1", "R2-1": "r2"},
    settle_s=12.0,
    lines="e1/1 T309=20000",
    r2=str(HERE / "dahdi_r2_profile.yaml"),
    directions="r2/1/1-10=in, r2/1/11-20=out",
)
TRUNK_OF = {PRI: "pri/1", OUT: "r2/1"}


async def talking(stage: Stage, channel: str, number: str = "") -> int:
    """A call that somebody has answered; the mark from before it."""
    mark = stage.log.mark
    await stage.port(channel).dial(number or stage.far.number("answers"))
    await stage.log.wait(Connected, channel, mark)
    return mark


async def offered(stage: Stage, number: str, script: str = "waits") -> tuple[str, int]:
    """A call comes in; its channel and the mark from before it."""
    mark = stage.log.mark
    call_in(stage, number, script)
    channels = tuple(stage.inventory.ports)
    event = await stage.log.wait(Offered, channels, mark)
    return event.channel, mark


# -- maintenance ------------------------------------------------------------------------------------------------------
@play
async def errors_that_we_send_are_counted_where_a_loop_brings_them_back(stage: Stage) -> None:
    driver = stage.driver
    assert isinstance(driver, DahdiDriver)
    span, trunk = "r2/1", driver.cards.trunks["r2/1"]
    sent = {
        Maintenance.FAS_ERROR: {"fas", "fe"},
        Maintenance.CRC_ERROR: {"crc4"},
        Maintenance.BIPOLAR_ERROR: {"bpv", "cv"},
    }
    await driver.maintain(span, Maintenance.LOCAL_LOOP)
    await asyncio.sleep(5)
    for what, counters in sent.items():
        await driver.maintain(span, Maintenance.CLEAR_COUNTERS)
        await driver.maintain(span, what)
        await asyncio.sleep(3)
        assert {name for name, count in trunk.counters.items() if count} == counters, what
    await driver.maintain(span, Maintenance.NONE)
    await stage.until(OUT, S.IDLE)


# -- layer 1 ----------------------------------------------------------------------------------------------------------
@play.of(*((channel, alarm) for channel in (PRI, OUT) for alarm in ("los", "lof", "ais")))
async def an_alarm(stage: Stage, given: object) -> None:
    """Short, it costs nothing; long, calls end with cause 27; nobody dials meanwhile; it comes back by itself."""
    assert isinstance(given, tuple)
    channel, alarm = given
    span, other = TRUNK_OF[channel], "e1/1/21" if channel == PRI else "r2/1/17"
    mark = await talking(stage, channel)
    number = fault(stage, "alarm", span, alarm=alarm)
    await asyncio.sleep(4)
    end_fault(stage, number)
    await asyncio.sleep(12)
    assert stage.port(channel).state is S.CONNECTED, stage.log.of(channel, mark)
    number = fault(stage, "alarm", span, alarm=alarm)
    released = await stage.log.wait(ReleasedByFar, channel, mark, within_s=20)
    assert (released.cause, released.origin) == (27, "line") and alarm in released.maker_code
    await stage.port(channel).hangup()
    with pytest.raises(WrongStateError):
        await stage.port(other).dial("13911110001")
    end_fault(stage, number)
    await stage.until(channel, S.IDLE)
    await stage.free(channel, await talking(stage, channel))


@play
async def a_remote_alarm_ends_calls_after_ten_seconds(stage: Stage) -> None:
    mark = await talking(stage, PRI)
    number = fault(stage, "alarm", "pri/1", alarm="rai")
    await asyncio.sleep(8)
    assert stage.port(PRI).state is S.CONNECTED
    released = await stage.log.wait(ReleasedByFar, PRI, mark, within_s=6)
    assert (released.cause, released.origin, released.maker_code) == (27, "line", "rai")
    await stage.port(PRI).hangup()
    end_fault(stage, number)
    await stage.until(PRI, S.IDLE)


@play
async def a_lost_multiframe_freezes_the_line_bits(stage: Stage) -> None:
    """The voice is well, and so is the call; nobody answers a seizure. DAHDI shows no alarm for it."""
    mark = await talking(stage, OUT)
    number = fault(stage, "alarm", "r2/1", alarm="lmf")
    await asyncio.sleep(5)
    await stage.port("r2/1/17").dial("13911110001")
    released = await stage.log.wait(ReleasedByFar, "r2/1/17", mark)
    assert released.origin != "far" and stage.port(OUT).state is S.CONNECTED
    end_fault(stage, number)
    await stage.port("r2/1/17").hangup()
    await stage.until("r2/1/17", S.IDLE, S.OUT_OF_SERVICE)
    await asyncio.sleep(3)
    assert stage.port(OUT).state is S.CONNECTED
    await stage.port(OUT).hangup()
    await stage.until(OUT, S.IDLE)
    await stage.free(OUT, await talking(stage, OUT))


# -- the data link ----------------------------------------------------------------------------------------------------
@play
async def calls_outlive_a_short_loss_of_layer_2(stage: Stage) -> None:
    """Ten seconds without D channel, T309 is twenty: whoever talks goes on, nobody new begins."""
    mark = await talking(stage, PRI)
    number = fault(stage, "d_channel_down", "pri/1")
    await stage.log.wait(Usable, "e1/1/21", mark, usable=False)
    with pytest.raises(WrongStateError):
        await stage.port("e1/1/21").dial("13911110001")
    await asyncio.sleep(8)
    end_fault(stage, number)
    await stage.log.wait(Usable, "e1/1/21", mark, usable=True)
    await asyncio.sleep(15)
    assert stage.port(PRI).state is S.CONNECTED
    await stage.free(PRI, mark)


@play
async def a_long_loss_of_layer_2_ends_calls_by_t309(stage: Stage) -> None:
    mark = await talking(stage, PRI)
    number = fault(stage, "d_channel_down", "pri/1")
    released = await stage.log.wait(ReleasedByFar, PRI, mark, within_s=30)
    assert released.cause == 27
    await stage.port(PRI).hangup()
    end_fault(stage, number)
    await stage.until(PRI, S.IDLE)
    await stage.free(PRI, await talking(stage, PRI))


@play
async def a_setup_into_a_dead_timeslot_ends(stage: Stage) -> None:
    """Timeslot 16 is cut: nobody has noticed yet, nobody answers SETUP."""
    mark = stage.log.mark
    number = fault(stage, "signalling_slot_cut", "pri/1")
    await stage.port(PRI).dial("13911110001")
    released = await stage.log.wait(ReleasedByFar, PRI, mark)
    assert released.cause in (18, 27, 38, 41, 102)
    await stage.port(PRI).hangup()
    end_fault(stage, number)
    await stage.until(PRI, S.IDLE)
    await stage.free(PRI, await talking(stage, PRI))


@play
async def a_circuit_that_the_network_restarts(stage: Stage) -> None:
    mark = await talking(stage, PRI)
    other = await talking(stage, "e1/1/21")
    fault(stage, "circuit_reset", "pri/1/20")
    released = await stage.log.wait(ReleasedByFar, PRI, mark)
    assert released.cause == 41 and stage.port("e1/1/21").state is S.CONNECTED
    await stage.free(PRI, mark)
    facts = truth_mark(stage)
    await stage.free(PRI, await talking(stage, PRI))
    assert not truth(stage, "call_end", facts, cause=44)
    await stage.free("e1/1/21", other)


@play
async def an_exchange_that_starts_anew_forgets_its_calls(stage: Stage) -> None:
    mark = await talking(stage, "e1/1/23")
    fault(stage, "exchange_restart", "pri/1")
    await stage.log.wait(ReleasedByFar, "e1/1/23", mark)
    await stage.port("e1/1/23").hangup()
    await stage.until("e1/1/23", S.IDLE)
    await stage.free("e1/1/22", await talking(stage, "e1/1/22"))


# -- causes -----------------------------------------------------------------------------------------------------------
REFUSALS = {"13911110000": {PRI: 17, OUT: 17}, "13911110002": {PRI: 20, OUT: 17}, "13911110003": {PRI: 21, OUT: 17}}


@play.of(*((channel, number) for channel in (PRI, OUT) for number in (*REFUSALS, "2")))
async def a_number_that_refuses(stage: Stage, given: object) -> None:
    """What the network means is what the host is told; "2" is nobody's number."""
    assert isinstance(given, tuple)
    channel, number = given
    mark, facts = stage.log.mark, truth_mark(stage)
    await stage.port(channel).dial(number)
    released = await stage.log.wait(ReleasedByFar, channel, mark)
    ended = truth(stage, "call_end", facts)
    if channel == PRI and ended:
        assert released.cause == ended[-1]["cause"]
    elif number in REFUSALS:
        assert released.cause == REFUSALS[number][channel]
    else:
        assert released.cause in (1, 28)
    await stage.free(channel, mark)


@play.of(("88001005", 17), ("88001005", 21), ("88001005", 1), ("88001005", 38), ("88003005", 17), ("88003005", 1))
async def a_call_that_we_refuse(stage: Stage, given: object) -> None:
    assert isinstance(given, tuple)
    number, cause = given
    facts = truth_mark(stage)
    channel, mark = await offered(stage, number, "clears")
    await stage.port(channel).reject(cause)
    await stage.log.wait(LineFree, channel, mark)
    await asyncio.sleep(1)
    assert [end["cause"] for end in truth(stage, "call_end", facts)] == [cause]


@play
async def both_ends_take_the_same_channel(stage: Stage) -> None:
    """The network's SETUP is on its way for slot 31 when ours begins: we give way."""
    mark, facts = stage.log.mark, truth_mark(stage)
    call_in(stage, "88005000", "clears")
    for _turn in range(500):
        if truth(stage, "signal", facts, line="pri/1/31"):
            break
        await asyncio.sleep(0.002)
    await stage.port("e1/1/31").dial("13911110001")
    released = await stage.log.wait(ReleasedByFar, "e1/1/31", mark)
    assert (released.cause, released.origin) == (44, "glare")
    await stage.port("e1/1/31").hangup()
    await stage.log.wait(LineFree, "e1/1/31", mark)
    await stage.log.wait(Offered, "e1/1/31", mark)


# -- MFC-R2 -----------------------------------------------------------------------------------------------------------
@play
async def a_blocked_circuit_is_out_of_service(stage: Stage) -> None:
    mark, number = stage.log.mark, fault(stage, "circuit_blocked", "r2/1/15")
    assert not (await stage.log.wait(Usable, OUT, mark)).usable
    with pytest.raises(WrongStateError):
        await stage.port(OUT).dial("13911110001")
    end_fault(stage, number)
    await stage.log.wait(Usable, OUT, mark, usable=True)
    await stage.free(OUT, await talking(stage, OUT))


@play
async def a_seizure_that_nobody_acknowledges(stage: Stage) -> None:
    mark, number = stage.log.mark, fault(stage, "no_seizure_ack", "r2/1/15")
    await stage.port(OUT).dial("13911110001")
    released = await stage.log.wait(ReleasedByFar, OUT, mark)
    assert released.origin in ("line", "far") and released.cause in (38, 41, 42, 44)
    assert (await stage.log.wait(Trouble, OUT, mark, code="r2_no_seizure_ack", raised=True)).channel == OUT
    await stage.port(OUT).hangup()
    await stage.log.wait(LineFree, OUT, mark)
    end_fault(stage, number)
    await stage.until(OUT, S.IDLE)
    mark = await talking(stage, OUT)
    await stage.log.wait(Trouble, OUT, mark, code="r2_no_seizure_ack", raised=False)
    await stage.free(OUT, mark)


@play
async def who_lifts_again_is_still_there(stage: Stage) -> None:
    """Clear back, six seconds, answered again: one call all the way."""
    mark, facts = await talking(stage, OUT, "13930000001"), truth_mark(stage)
    await asyncio.sleep(20)
    assert truth(stage, "reanswered", facts) and stage.port(OUT).state is S.CONNECTED
    await stage.free(OUT, mark)


@play
async def clear_back_that_stays_is_the_end(stage: Stage) -> None:
    mark = await talking(stage, OUT)
    await stage.free(OUT, mark)
    channel, mark = await offered(stage, "88003006", "clears")
    await stage.port(channel).answer()
    await stage.log.wait(Connected, channel, mark)
    assert (await stage.log.wait(ReleasedByFar, channel, mark)).cause == 16


@play
async def a_caller_who_does_not_clear_keeps_the_circuit(stage: Stage) -> None:
    """We hang up first; the caller's exchange waits for a re-answer: the circuit is not free before it clears."""
    channel, mark = await offered(stage, "88003007", "stays")
    await stage.port(channel).answer()
    await stage.log.wait(Connected, channel, mark)
    await asyncio.sleep(2)
    await stage.port(channel).hangup()
    await asyncio.sleep(10)
    assert stage.port(channel).state is S.RELEASING
    await stage.log.wait(LineFree, channel, mark)


@play
async def a_circuit_of_theirs_is_not_ours_to_dial_on(stage: Stage) -> None:
    """Circuits that are theirs to seize are never seized by us."""
    with pytest.raises(WrongStateError):
        await stage.port(TAKES_CALLS).dial("13911110001")


@play
async def a_number_without_its_end_is_complete_after_its_pause(stage: Stage) -> None:
    number = fault(stage, "no_end_of_caller", "r2/1/1")
    mark = stage.log.mark
    caller = call_in(stage, "88006000", "clears")
    event = await stage.log.wait(Offered, TAKES_CALLS, mark)
    assert event.called == "6000" and caller.endswith(event.caller[-8:])
    end_fault(stage, number)


@play
async def line_bits_that_the_engine_reads_reach_the_signalling(stage: Stage) -> None:
    """A circuit's events go to whoever reads it first; no acknowledgement, answer or idle waits to be asked for."""
    for _turn in range(4):
        mark = await talking(stage, OUT)
        await stage.port(OUT).hangup()
        began = clock.mono_ms()
        await stage.log.wait(LineFree, OUT, mark)
        assert clock.mono_ms() - began < 500


@play.of(PRI, OUT)
async def a_channel_that_could_not_be_read_when_its_call_ended(stage: Stage, given: object) -> None:
    """The trouble is over when there is sound again, though it is another call's."""
    channel = str(given)
    mark = await talking(stage, channel)
    broken = fault(stage, "channel_io_error", str(stage.port(channel).info.maker_channel), errno="EIO")
    await stage.log.wait(Trouble, channel, mark, code="channel_broken", raised=True)
    await stage.port(channel).hangup()
    await asyncio.sleep(0.3)
    end_fault(stage, broken)
    await stage.until(channel, S.IDLE)
    await asyncio.sleep(4)
    mark = await talking(stage, channel)
    await stage.log.wait(Trouble, channel, 0, code="channel_broken", raised=False)
    await stage.free(channel, mark)


@play
async def ringing_that_nobody_hears(stage: Stage) -> None:
    for channel in (PRI, OUT):
        mark = stage.log.mark
        await stage.port(channel).dial("13911110001")
        await stage.log.wait(Alerting, channel, mark)
        await stage.free(channel, mark)
        assert not [e for e in stage.log.of(channel, mark) if isinstance(e, Connected | CallerId)]


test_case = play.tests(
    deep=[
        "an_alarm-*-lof",
        "an_alarm-*-ais",
        "a_number_that_refuses-*-1391111000[23]",
        "a_call_that_we_refuse-88001005-[123]*",
        "a_setup_into*",
        "a_lost_multiframe*",
        "who_lifts*",
    ]
)
