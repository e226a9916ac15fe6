"""A kernel that refuses, channels that others hold, cards that are pulled, a predecessor that was killed: DAHDI below
its I/O library on a bad day. What happened to the lines is taken from the truth log.
"""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from dahdi_far_end import DahdiFarEnd, dahdi_machine, on_stage
from dahdi_play import Play, call_in, end_fault, far_of, fault, truth, truth_mark
from hwsim_far_end import ROOT

from boardd.contract.driver import (
    BoardChanged,
    CallerId,
    Connected,
    LineFree,
    Offered,
    OffHook,
    PlayEnded,
    PlayRequest,
    RecordEnded,
    ReleasedByFar,
    Trouble,
    Usable,
)
from boardd.contract.errors import BoarddError, DeviceError, WrongStateError
from boardd.contract.states import BoardState, ChannelState
from boardd.testing import Stage

S = ChannelState
SITE = Path(__file__).with_name("dahdi_lines_site.yaml")
NAMES = {"ANA-1": "an", "ANA-2": "two", "PRI-1": "e1", "R2-1": "r2"}
STATIONS = {"an/13": "8001", "an/14": "8002", "an/15": "8003"}
DOOMED_TALK = ("an/6", "an/9")
LINES_ONLY = "e1/1=none, r2/1=none"
TALKS = "13900000001"
SPEECH = ROOT / "hwsim/sounds/unallocated.wav"
play = Play(SITE, NAMES, STATIONS, spans=LINES_ONLY)


def number(stage: Stage, channel: str) -> int:
    """DAHDI's number of a channel."""
    return stage.port(channel).info.maker_channel


def off_hook(stage: Stage, line: str) -> bool:
    """What the line's own end sees."""
    return bool(next(one for one in far_of(stage).door.ask("lines") if one["line"] == line)["off_hook"])


async def talking(stage: Stage, channel: str) -> int:
    """A call that somebody has answered; the mark from before it."""
    mark = stage.log.mark
    await stage.port(channel).dial(stage.far.number("answers"))
    await stage.log.wait(Connected, channel, mark)
    return mark


# -- requests that fail -----------------------------------------------------------------------------------------------
@play
async def a_hook_that_does_not_open_keeps_the_line_until_it_does(stage: Stage) -> None:
    mark = await talking(stage, "an/1")
    fault(stage, "ioctl_error", "HOOK", channel=number(stage, "an/1"), times=4)
    await stage.port("an/1").hangup()
    await stage.log.wait(Trouble, "an/1", mark, code="release_stuck", raised=True)
    await asyncio.sleep(2.5)
    assert off_hook(stage, "ana/1") and stage.port("an/1").state is S.RELEASING
    await stage.log.wait(Trouble, "an/1", mark, code="release_stuck", raised=False)
    assert not [e for e in stage.log.of("an/1", mark) if isinstance(e, LineFree)]
    await stage.log.wait(LineFree, "an/1", mark)
    assert not off_hook(stage, "ana/1")


@play.of("EBUSY", "EIO", "EINVAL")
async def a_hook_that_does_not_close_ends_the_attempt(stage: Stage, errno: object) -> None:
    mark = stage.log.mark
    fault(stage, "ioctl_error", "HOOK", channel=number(stage, "an/2"), errno=errno)
    await stage.port("an/2").dial(TALKS)
    released = await stage.log.wait(ReleasedByFar, "an/2", mark)
    assert (released.cause, released.origin, released.maker_code) == (41, "card", "hook_failed")
    assert str(errno) in released.maker_text
    await stage.free("an/2", mark)
    await stage.free("an/2", await talking(stage, "an/2"))


@play
async def a_telephone_that_cannot_be_rung_is_told_at_once(stage: Stage) -> None:
    fault(stage, "ioctl_error", "HOOK", channel=number(stage, "an/13"))
    with pytest.raises(DeviceError, match="HOOK"):
        await stage.port("an/13").ring("13800000001", "")
    assert stage.port("an/13").state is S.IDLE
    await stage.port("an/13").ring("13800000001", "")
    await stage.port("an/13").hangup()


@play.of("ENOTTY", "EIO")
async def a_card_that_cannot_send_caller_id_still_rings(stage: Stage, errno: object) -> None:
    facts = truth_mark(stage)
    fault(stage, "ioctl_error", "ONHOOKTRANSFER", channel=number(stage, "an/13"), errno=errno)
    await stage.port("an/13").ring("13800000001", "")
    await asyncio.sleep(7)
    assert len(truth(stage, "ringing", facts, line="ana/13", on=True)) == 2
    assert not truth(stage, "caller_id_shown", facts, line="ana/13")
    await stage.port("an/13").hangup()


@play
async def one_channel_that_does_not_answer_hides_nothing_on_the_others(stage: Stage) -> None:
    """Events of an/15 are lost; what finds them asks all channels in turn, and an/1 is before it."""
    fault(stage, "ioctl_error", "GET_PARAMS", channel=number(stage, "an/1"), times=100)
    fault(stage, "channel_event", str(number(stage, "an/15")), event="RINGOFFHOOK", how="lost")
    mark = stage.log.mark
    await stage.far.lift("an/15")
    await stage.log.wait(OffHook, "an/15", mark, within_s=8)


@play
async def a_full_queue_of_events_loses_the_ring_and_not_the_line(stage: Stage) -> None:
    """63 events that mean nothing fill DAHDI's queue of the channel."""
    mark = stage.log.mark
    fault(stage, "channel_event", str(number(stage, "an/2")), event="PULSE_START", how="false", times=600)
    call_in(stage, "88002002", "clears")
    await stage.log.wait(Offered, "an/2", mark)
    await stage.log.wait(ReleasedByFar, "an/2", mark)
    await stage.free("an/2", mark)


@play.of("EIO", "EAGAIN")
async def a_channel_that_cannot_be_read_for_a_while(stage: Stage, errno: object) -> None:
    """The call stays; it has sound again when the channel has."""
    mark = await talking(stage, "an/1")
    broken = fault(stage, "channel_io_error", str(number(stage, "an/1")), errno=errno)
    await asyncio.sleep(4)
    assert stage.port("an/1").state is S.CONNECTED
    end_fault(stage, broken)
    await asyncio.sleep(3)
    told = [(e.raised, e.text) for e in stage.log.of("an/1", mark) if isinstance(e, Trouble)]
    words = "no sound comes in" if errno == "EAGAIN" else "read: Input/output error (EIO)"
    assert told[0][0] and words in told[0][1], told
    path = stage.folder / f"after_{errno}.alaw"
    await stage.port("an/1").record(str(path))
    await asyncio.sleep(3)
    await stage.port("an/1").stop_record()
    await stage.log.wait(RecordEnded, "an/1", mark)
    assert len(set(path.read_bytes())) > 50  # chirps, not silence
    await stage.free("an/1", mark)


@play
async def interrupts_that_stop_and_come_back(stage: Stage) -> None:
    mark = await talking(stage, "an/1")
    stalled = fault(stage, "read_stall", str(number(stage, "an/1")))
    await asyncio.sleep(3)
    end_fault(stage, stalled)
    await asyncio.sleep(1)
    assert stage.port("an/1").state is S.CONNECTED
    await stage.free("an/1", mark)


# -- echo -------------------------------------------------------------------------------------------------------------
def loudness(alaw: bytes) -> float:
    """Mean power of A-law octets (ITU-T G.711), full scale 1."""
    total = 0
    for octet in alaw:
        segment, step = (octet ^ 0x55) >> 4 & 7, (octet ^ 0x55) & 15
        total += (16 * step + 8 if not segment else 16 * step + 264 << segment - 1) ** 2
    return total / max(1, len(alaw)) / 32768**2


@play
async def our_own_voice_does_not_come_back(stage: Stage) -> None:
    """The kernel takes ECHOCANCEL for done though the channel has no canceller; then the engine's must do it."""
    fault(stage, "echo", "ana/1", db=10, ms=8)
    mark = stage.log.mark
    await stage.port("an/1").dial("13950000001")
    await stage.log.wait(Connected, "an/1", mark)
    path = stage.folder / "echo.alaw"
    await stage.port("an/1").record(str(path))
    await stage.port("an/1").play(PlayRequest((str(SPEECH),)))
    await stage.log.wait(PlayEnded, "an/1", mark)
    await stage.port("an/1").stop_record()
    await stage.log.wait(RecordEnded, "an/1", mark)
    await stage.free("an/1", mark)
    heard, said = path.read_bytes(), SPEECH.read_bytes()
    back = loudness(heard[len(heard) // 2 :]) / loudness(said[len(said) // 2 :])
    assert back < 0.01, back  # the line itself gives 0.1


# -- recordings -------------------------------------------------------------------------------------------------------
@play
async def a_recording_that_has_no_place_is_refused_by_name(stage: Stage) -> None:
    mark = await talking(stage, "an/1")
    for path, words in (
        (stage.folder / "none" / "x.alaw", "No such file or directory"),
        (Path("/proc/x.alaw"), "No such file or directory"),
        (stage.folder, "Is a directory"),
    ):
        with pytest.raises(DeviceError) as error:
            await stage.port("an/1").record(str(path))
        assert str(path) in error.value.message and words in error.value.message
    path = stage.folder / "good.alaw"
    await stage.port("an/1").record(str(path))
    with pytest.raises(WrongStateError):
        await stage.port("an/1").record(str(stage.folder / "second.alaw"))
    await asyncio.sleep(1)
    await stage.free("an/1", mark)
    assert (await stage.log.wait(RecordEnded, "an/1", mark)).samples >= 7000 and path.stat().st_size >= 7000


@play
async def a_full_disk_ends_the_recording_and_not_the_call(stage: Stage) -> None:
    mark = await talking(stage, "an/1")
    await stage.port("an/1").record("/dev/full")
    ended = await stage.log.wait(RecordEnded, "an/1", mark, within_s=10)
    assert ended.reason == "write_failed" and stage.port("an/1").state is S.CONNECTED
    path = stage.folder / "later.alaw"
    await stage.port("an/1").record(str(path))
    await asyncio.sleep(1)
    await stage.free("an/1", mark)
    assert (await stage.log.wait(RecordEnded, "an/1", mark, reason="released")).samples > 0


@play
async def a_call_that_ends_while_its_file_is_made_leaves_no_file(stage: Stage) -> None:
    mark, path = await talking(stage, "an/1"), stage.folder / "late.alaw"
    recording = asyncio.ensure_future(stage.port("an/1").record(str(path)))
    await asyncio.sleep(0)
    await stage.port("an/1").hangup()
    with pytest.raises(BoarddError):
        await recording
    assert not path.exists() and not [e for e in stage.log.of("an/1", mark) if isinstance(e, RecordEnded)]
    await stage.log.wait(LineFree, "an/1", mark)


test_case = play.tests(deep=["*-EBUSY", "*-EINVAL", "*_caller_id_still_rings-EIO", "interrupts*"])


# -- cards that go, channels that others have -------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path):  # type: ignore[no-untyped-def]
    with dahdi_machine(tmp_path, "default", SITE):
        yield tmp_path


def stage_on(folder: Path, body, before=None, stations=STATIONS, **settings: str):  # type: ignore[no-untyped-def]
    return on_stage(folder, body, before, NAMES, (), stations, **{"spans": LINES_ONLY, **settings})


def test_a_card_that_is_pulled_in_a_call_and_put_back(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        await asyncio.sleep(3)
        mark = await talking(stage, "two/1")
        other = await talking(stage, "an/2")
        # When it is back another program is quicker on one of its channels.
        taken = fault(stage, "channel_open_error", str(number(stage, "two/2")), errno="EBUSY")
        pulled = fault(stage, "card_pulled", "two")
        released = await stage.log.wait(ReleasedByFar, "two/1", mark, within_s=10)
        assert (released.cause, released.origin) == (41, "card")
        gone = await stage.log.wait(BoardChanged, "two", mark)
        assert gone.state is BoardState.MISSING
        await stage.port("two/1").hangup()
        await stage.log.wait(LineFree, "two/1", mark)
        await stage.log.wait(Usable, "two/2", mark, usable=False)
        with pytest.raises(BoarddError):
            await stage.port("two/2").dial(TALKS)
        assert stage.port("an/2").state is S.CONNECTED
        end_fault(stage, pulled)
        back = await stage.log.wait(BoardChanged, "two", mark, within_s=20, state=BoardState.RUNNING)
        assert back.reason == ""
        await stage.log.wait(Usable, "two/1", mark, usable=True)
        assert stage.port("two/2").state is S.OUT_OF_SERVICE and "another program" in stage.port("two/2").info.reason
        end_fault(stage, taken)
        await stage.log.wait(Usable, "two/2", mark, usable=True, within_s=10)
        assert stage.port("an/2").state is S.CONNECTED
        await stage.free("an/2", other)
        await asyncio.sleep(3)
        for channel in ("two/1", "two/2"):
            await stage.free(channel, await talking(stage, channel))

    stage_on(folder, body)


def test_ids_stay_when_dahdis_numbers_do_not(tmp_path: Path) -> None:
    """The first card was taken out: the second one's channels are numbered from 1; its ids are its own."""
    site = tmp_path / "site.yaml"
    lines = SITE.read_text().splitlines(keepends=True)
    site.write_text(
        "".join(line for line in lines if "ana/" not in line and "name: ana" not in line and "people:" not in line)
    )

    async def body(stage: Stage) -> None:
        states = {board.id: board.state for board in stage.inventory.boards}
        assert states["an"] is BoardState.MISSING and states["two"] is BoardState.RUNNING
        assert [number(stage, f"two/{port}") for port in (1, 2)] == [1, 2]
        await asyncio.sleep(3)
        mark = stage.log.mark
        call_in(stage, "88002101", "clears")
        await stage.log.wait(Offered, "two/1", mark)

    with dahdi_machine(tmp_path, "default", site):
        stage_on(tmp_path, body, stations={})


def test_a_channel_that_another_program_has_is_taken_when_it_is_free(folder: Path) -> None:
    taken: list[int] = []

    async def before(far: DahdiFarEnd) -> None:
        taken.append(far.fault("channel_open_error", "2", errno="EBUSY"))

    async def body(stage: Stage) -> None:
        assert number(stage, "an/2") == 2
        assert stage.port("an/2").state is S.BROKEN and "another program" in stage.port("an/2").info.reason
        await asyncio.sleep(3)
        mark = await talking(stage, "an/1")
        await stage.free("an/1", mark)
        end_fault(stage, taken[0])
        await stage.log.wait(Usable, "an/2", 0, usable=True, within_s=10)
        await asyncio.sleep(3)
        await stage.free("an/2", await talking(stage, "an/2"))

    stage_on(folder, body, before)


@pytest.mark.parametrize("request_name", ["SETCADENCE", "SET_PARAMS", "SETCONF"])
def test_an_old_module_does_a_little_less(folder: Path, request_name: str) -> None:
    async def before(far: DahdiFarEnd) -> None:
        far.fault("ioctl_error", request_name, errno="ENOTTY", times=1000)

    async def body(stage: Stage) -> None:
        await asyncio.sleep(3)
        facts = truth_mark(stage)
        await stage.port("an/13").ring("13800000001", "")
        await asyncio.sleep(6)
        assert truth(stage, "ringing", facts, line="ana/13", on=True)
        await stage.port("an/13").hangup()
        await stage.free("an/1", await talking(stage, "an/1"))

    stage_on(folder, body, before)


def test_lines_of_a_killed_predecessor_are_clear_before_anything_is_announced(folder: Path) -> None:
    doomed = [sys.executable, str(Path(__file__).with_name("doomed_dahdi_driver.py")), str(folder)]
    done = subprocess.run(doomed, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL

    async def body(stage: Stage) -> None:
        assert not off_hook(stage, "ana/2") and stage.port("an/2").state is S.IDLE
        assert truth(stage, "hook", line="ana/2", off_hook=True), "the predecessor never was off-hook"
        await asyncio.sleep(3)
        calls = [e for e in stage.log.of("an/2") if not isinstance(e, Usable | CallerId)]
        assert not calls, calls
        died_us = truth(stage, "dahdi_detached")[0]["t_us"]
        for channel in DOOMED_TALK:
            # The kernel itself has forgotten its part with the process.
            asked = truth(stage, "dahdi_conference", channel=number(stage, channel))
            assert [f["mode"] for f in asked] == [9, 0], f"{channel}: {asked}"
            assert asked[1]["t_us"] <= died_us
        await stage.free("an/2", await talking(stage, "an/2"))
        recorded = (folder / "doomed.alaw").stat().st_size
        # Two seconds were recorded when it was killed; the last one may be lost.
        assert recorded >= 8000 and len(set((folder / "doomed.alaw").read_bytes())) > 50

    stage_on(folder, body)
