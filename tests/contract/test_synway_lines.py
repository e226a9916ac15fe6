"""What is particular to Synway cards: glare, dial tone, voltage, taps, odd starts and stops, a bad library."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hwsim_far_end import LIBRARY, NAMES, ROOT, TRUNKS, HwsimFarEnd, machine, make_driver, on_stage

from boardd import clock
from boardd.contract.driver import (
    BoardChanged,
    CallerId,
    Connected,
    Digit,
    Fatal,
    LineFree,
    LineVoltage,
    Observed,
    Offered,
    OffHook,
    RecordEnded,
    ReleasedByFar,
    SpanChanged,
    Trouble,
    Usable,
)
from boardd.contract.errors import ConfigurationError, DeadlineError, DeviceError
from boardd.contract.states import BoardState, ChannelState
from boardd.testing import EventLog, Stage, Trunk

S = ChannelState
PLAIN = TRUNKS[1]
pytestmark = pytest.mark.skipif(not LIBRARY.exists(), reason="build the simulated library first")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with machine(tmp_path, "newest"):
        yield tmp_path


def far_of(stage: Stage) -> HwsimFarEnd:
    assert isinstance(stage.far, HwsimFarEnd)
    return stage.far


def fault(stage: Stage, kind: str, where: str, **args: Any) -> int:
    return far_of(stage).fault(kind, where, **args)


def end_fault(stage: Stage, number: int) -> None:
    far_of(stage).door.ask("fault_end", fault=number)


def test_ring_while_we_seize_is_glare_and_the_call_is_offered(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        port = stage.port(PLAIN.dials)
        fault(stage, "pickup_delayed", str(port.info.maker_channel), ms=4000)
        mark = stage.log.mark
        await port.dial("13911110001")
        await stage.far.call(PLAIN, "waits")
        release = await stage.log.wait(ReleasedByFar, port.id, mark)
        assert (release.cause, release.origin) == (44, "glare")
        assert not [e for e in stage.log.of(port.id, mark) if isinstance(e, Offered)]
        await port.hangup()
        await stage.log.wait(LineFree, port.id, mark)
        await stage.log.wait(Offered, port.id, mark)
        await port.answer()
        await stage.log.wait(Connected, port.id, mark)
        await stage.free(port.id, stage.log.mark)

    on_stage(folder, body)


def test_collision_on_a_circuit_has_its_own_cause(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        for trunk in TRUNKS[2:]:
            port, mark = stage.port(trunk.dials), stage.log.mark
            await stage.until(port.id, S.IDLE)
            fault(stage, "collision", str(port.info.maker_channel))
            await port.dial("13911110001")
            release = await stage.log.wait(ReleasedByFar, port.id, mark)
            assert (release.cause, release.origin) == (44, "glare"), (trunk.name, release)
            await stage.free(port.id, mark)

    on_stage(folder, body)


def test_no_dial_tone_raises_trouble_until_there_is_one(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        port, mark = stage.port(PLAIN.dials), stage.log.mark
        number = fault(stage, "no_dial_tone", "ana/3")
        await port.dial("13911110001")
        release = await stage.log.wait(ReleasedByFar, port.id, mark)
        assert (release.cause, release.origin, release.maker_code) == (38, "line", "pending 0")
        await stage.log.wait(Trouble, port.id, mark, code="no_dial_tone", raised=True)
        await stage.free(port.id, mark)
        end_fault(stage, number)
        mark = stage.log.mark
        await port.dial("13911110001")
        await stage.log.wait(Trouble, port.id, mark, code="no_dial_tone", raised=False)
        await stage.free(port.id, mark)

    on_stage(folder, body)


def test_a_line_without_feed_is_out_of_service(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        port, mark = stage.port("an/1"), stage.log.mark
        assert port.info.line_volts == 48
        number = fault(stage, "cut_pair", "ana/1")
        await stage.log.wait(LineVoltage, port.id, mark, volts=0)
        event = await stage.log.wait(Usable, port.id, mark, usable=False)
        assert event.reason == port.info.reason == "no_line_voltage" and port.state is S.OUT_OF_SERVICE
        alarm = await stage.log.wait(Trouble, port.id, mark, code="no_line_voltage", raised=True)
        assert alarm.text == "0 V"
        end_fault(stage, number)
        await stage.log.wait(Usable, port.id, mark, usable=True)
        assert port.state is S.IDLE and port.info.reason == ""
        await stage.log.wait(Trouble, port.id, mark, code="no_line_voltage", raised=False)

    on_stage(folder, body)


def test_a_line_cut_in_a_call_ends_the_call(folder: Path) -> None:
    """The exchange has cleared; the card says nothing but the voltage."""

    async def body(stage: Stage) -> None:
        port, mark = stage.port("an/1"), stage.log.mark
        await port.dial(stage.far.number("answers"))
        await stage.log.wait(Connected, port.id, mark)
        fault(stage, "cut_pair", "ana/1")
        released = await stage.log.wait(ReleasedByFar, port.id, mark, within_s=6)
        assert (released.cause, released.origin) == (27, "line") and "no voltage" in released.maker_text
        await stage.free(port.id, mark)
        await stage.log.wait(Usable, port.id, mark, usable=False)

    on_stage(folder, body)


def test_a_line_in_use_by_another_telephone_is_out_of_service(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        port, mark = stage.port("an/1"), stage.log.mark
        number = fault(stage, "lift_elsewhere", "ana/1")
        event = await stage.log.wait(Usable, port.id, mark, usable=False)
        assert event.reason == "line_in_use"
        alarm = await stage.log.wait(Trouble, port.id, mark, code="line_in_use", raised=True)
        assert alarm.text == "12 V"
        end_fault(stage, number)
        await stage.log.wait(Usable, port.id, mark, usable=True)
        await stage.log.wait(Trouble, port.id, mark, code="line_in_use", raised=False)
        await port.dial(stage.far.number("answers"))
        await stage.log.wait(Connected, port.id, mark)
        await stage.free(port.id, mark)

    on_stage(folder, body)


def test_the_telephone_beside_us_in_our_own_call_is_no_alarm(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        port, mark = stage.port("an/1"), stage.log.mark
        await port.dial(stage.far.number("answers"))
        await stage.log.wait(Connected, port.id, mark)
        number = fault(stage, "lift_elsewhere", "ana/1")
        await asyncio.sleep(10)
        assert port.state is S.CONNECTED
        end_fault(stage, number)
        await stage.free(port.id, mark)
        await asyncio.sleep(5)
        assert not [e for e in stage.log.of(port.id, mark) if isinstance(e, Trouble)]

    on_stage(folder, body)


@pytest.mark.parametrize(("card", "board", "least_s", "most_s"), [("ana", "an", 2, 8), ("isdn", "e1", 15, 30)])
def test_a_card_that_is_pulled_out_and_put_back(folder: Path, card: str, board: str, least_s: int, most_s: int) -> None:
    async def body(stage: Stage) -> None:
        await asyncio.sleep(15)  # E1s are ready
        mark, began_ms = stage.log.mark, clock.mono_ms()
        number = fault(stage, "card_pulled", card)
        gone = await stage.log.wait(BoardChanged, board, mark, within_s=40)
        assert gone.state is BoardState.MISSING and "pulled out" in gone.reason
        assert least_s * 1000 <= clock.mono_ms() - began_ms <= most_s * 1000
        end_fault(stage, number)
        back = await stage.log.wait(BoardChanged, board, mark, within_s=40, state=BoardState.RUNNING)
        assert back.reason == ""
        await asyncio.sleep(15)
        assert all(p.state is S.IDLE for p in stage.inventory.ports.values() if p.info.board == board)

    on_stage(folder, body)


def test_a_span_without_signal_is_no_card_that_is_gone(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        mark = stage.log.mark
        number = fault(stage, "alarm", "isdn/1", alarm="los")
        await stage.log.wait(SpanChanged, "e1/1", mark)
        await asyncio.sleep(60)
        end_fault(stage, number)
        await asyncio.sleep(30)
        assert not [e for e in stage.log.of("e1", mark) if isinstance(e, BoardChanged)]

    on_stage(folder, body)


def test_an_expired_licence_is_told_as_such_until_an_operation_works_again(folder: Path) -> None:
    """Of several that were refused any: nobody may want the others for days."""

    async def body(stage: Stage) -> None:
        port, other, mark = stage.port("an/1"), stage.port("an/2"), stage.log.mark
        await other.dial(stage.far.number("answers"))
        await stage.log.wait(Connected, other.id, mark)
        number = fault(stage, "licence_expired", "")
        with pytest.raises(DeviceError, match="licence has expired"):
            await port.dial(stage.far.number("answers"))
        alarm = await stage.log.wait(Trouble, "synway", mark, code="licence", raised=True)
        assert "SsmAutoDial" in alarm.text and "licence" in alarm.text
        with pytest.raises(DeviceError, match="licence has expired"):
            await other.record(str(stage.folder / "refused.alaw"))
        end_fault(stage, number)
        await port.dial(stage.far.number("answers"))
        await stage.log.wait(Trouble, "synway", mark, code="licence", raised=False)
        await stage.log.wait(Connected, port.id, mark)
        await stage.free(port.id, mark)
        await stage.free(other.id, mark)

    on_stage(folder, body)


def test_a_slow_relay_delays_connected(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        port, mark = stage.port(PLAIN.dials), stage.log.mark
        await stage.far.call(PLAIN, "waits")
        await stage.log.wait(Offered, port.id, mark)
        fault(stage, "pickup_delayed", str(port.info.maker_channel), ms=1500)
        began = clock.mono_ms()
        await port.answer()
        await stage.log.wait(Connected, port.id, mark)
        assert 1400 <= clock.mono_ms() - began <= 2000
        await stage.free(port.id, mark)

    on_stage(folder, body)


def test_a_lost_pickup_event_is_asked_for(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        port, mark = stage.port(PLAIN.dials), stage.log.mark
        await stage.far.call(PLAIN, "waits")
        await stage.log.wait(Offered, port.id, mark)
        fault(stage, "event_lost", "0x1c", ref=port.info.maker_channel)
        await port.answer()
        await stage.log.wait(Connected, port.id, mark, within_s=3)
        await stage.free(port.id, mark)

    on_stage(folder, body)


def test_lost_digit_events_are_read_from_the_buffer(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        mark = stage.log.mark
        await stage.far.lift("an/4")
        await stage.log.wait(OffHook, "an/4", mark)
        fault(stage, "event_lost", "0x0c", ref=stage.port("an/4").info.maker_channel, times=2)
        await stage.far.press("an/4", "1234")
        await stage.log.wait(Digit, "an/4", mark, digit="4")
        assert "".join(e.digit for e in stage.log.of("an/4", mark) if isinstance(e, Digit)) == "1234"
        await stage.far.put_down("an/4")
        await stage.log.wait(LineFree, "an/4", mark)

    on_stage(folder, body)


def test_a_tap_observes_an_unanswered_call(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        tap, mark = "an/7", stage.log.mark
        caller = await stage.far.call(Trunk("tapped", PLAIN.kind, (), ""), "clears")
        event = await stage.log.wait(Observed, tap, mark)
        assert event.direction == "in" and stage.port(tap).state is S.OBSERVED
        await stage.port(tap).record(str(stage.folder / "tap.alaw"))
        assert (await stage.log.wait(CallerId, tap, mark)).caller == caller
        await stage.port(tap).hangup()
        release = await stage.log.wait(ReleasedByFar, tap, mark)
        assert release.cause == 19
        await stage.log.wait(LineFree, tap, mark)
        ends = [e.reason for e in stage.log.of(tap, mark) if isinstance(e, RecordEnded)]
        assert ends == ["released"] and stage.port(tap).state is S.IDLE

    on_stage(folder, body)


def test_a_telephone_off_hook_at_start_is_told_after_start(folder: Path) -> None:
    async def before(far: HwsimFarEnd) -> None:
        await far.lift("an/5")

    async def body(stage: Stage) -> None:
        assert stage.port("an/5").info.state is S.IDLE
        await stage.log.wait(OffHook, "an/5")
        assert stage.port("an/5").state is S.SEIZED and stage.port("an/5").info.off_hook
        await stage.far.put_down("an/5")
        await stage.log.wait(LineFree, "an/5")

    log = on_stage(folder, body, before)
    assert not log.misplaced


def test_missing_boards_are_reported(folder: Path) -> None:
    async def before(far: HwsimFarEnd) -> None:
        far.fault("card_missing", "r2")

    async def body(stage: Stage) -> None:
        states = {board.id: board.state for board in stage.inventory.boards}
        assert states["r2"] is states["spare"] is BoardState.MISSING and states["e1"] is BoardState.RUNNING
        assert not [c for c in stage.inventory.ports if c.startswith("r2/")]
        for board in ("r2", "spare"):
            await stage.log.wait(Trouble, board, code="board_missing", raised=True)

    on_stage(folder, body, before, {**NAMES, "777": "spare"})


def test_a_slow_library_call_is_late_and_recovers(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        await stage.far.hang(3000)
        with pytest.raises(DeadlineError):
            await stage.driver.probe()
        await stage.log.wait(Trouble, "synway", code="library_late", raised=True)
        await stage.log.wait(Trouble, "synway", code="library_late", raised=False)
        await stage.driver.probe()

    on_stage(folder, body)


def test_a_hanging_library_call_is_fatal_and_stop_returns(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        far_of(stage).fault("library_block", "SsmGetIntCount")
        with pytest.raises(DeadlineError):
            await stage.driver.probe()
        event = await stage.log.wait(Fatal, "synway")
        assert "SsmGetIntCount" in event.reason

    on_stage(folder, body)


def test_a_late_event_of_a_closing_library_reaches_nobody(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        channel = stage.port("an/1").info.maker_channel
        fault(stage, "event_after_stop", "0x18", ref=channel, param=2)

    assert not on_stage(folder, body).misplaced


def test_the_layout_of_old_headers_works(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        mark = stage.log.mark
        await stage.far.call(PLAIN, "clears")
        await stage.log.wait(Offered, PLAIN.dials, mark)
        await stage.port(PLAIN.dials).answer()
        await stage.log.wait(ReleasedByFar, PLAIN.dials, mark)
        await stage.free(PLAIN.dials, mark)

    on_stage(folder, body, library=str(LIBRARY.parent / "layout2007" / "libshpa3.so"))


def test_start_twice_in_one_process_and_refused_configuration(folder: Path) -> None:
    async def body(stage: Stage) -> None:
        assert len(stage.inventory.ports) == 128

    on_stage(folder, body)
    on_stage(folder, body)
    bad = folder / "ShConfig.ini"
    bad.write_text("[SystemConfig]\nTotalBoards=1\n[BoardId=0]\nBoardModel=SHX-1\n")
    (folder / "ShIndex.ini").write_text("[System]\nMaxIndexSeg=1\n")
    with pytest.raises(DeviceError) as error:
        on_stage(folder, body, config=str(bad))
    assert error.value.data["function"] == "SsmStartCti" and "vendor_code" in error.value.data


def test_lines_of_a_killed_predecessor_are_cleared_before_anything_is_announced(folder: Path) -> None:
    doomed = [sys.executable, str(Path(__file__).with_name("doomed_driver.py")), str(folder)]
    done = subprocess.run(doomed, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL

    async def before(far: HwsimFarEnd) -> None:
        lines = {line["line"]: line for line in far.door.ask("lines")}
        assert lines["ana/2"]["off_hook"] and lines["isdn/1/20"]["busy"]

    async def body(stage: Stage) -> None:
        lines = {line["line"]: line for line in far_of(stage).door.ask("lines")}
        assert not lines["ana/2"]["off_hook"]
        assert stage.port("an/2").state is S.IDLE
        await stage.until("e1/1/20", S.IDLE)
        for channel in ("an/2", "e1/1/20"):
            calls = [e for e in stage.log.of(channel) if not isinstance(e, Usable | LineVoltage)]
            assert not calls, calls
            mark = stage.log.mark
            await stage.port(channel).dial(stage.far.number("answers"))
            await stage.log.wait(Connected, channel, mark)
            await stage.free(channel, mark)

    on_stage(folder, body, before)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"library": "/none/libshpa3.so"}, "no such file"),
        ({"library": "libshpa3.so"}, "absolute"),
        ({"library": "$BOARDD_TEST_UNSET/libshpa3.so"}, "variable not set"),
        ({"config": "/none/ShConfig.ini"}, "/none/ShConfig.ini: No such file"),
        ({"quirks": "no_such=1"}, "unknown"),
        ({"event_wait_ms": "soon"}, "whole number"),
    ],
)
def test_wrong_settings_are_one_clear_line(settings: dict[str, str], words: str) -> None:
    async def start() -> None:
        await make_driver(EventLog(), **settings).start()

    with pytest.raises(ConfigurationError) as error:
        asyncio.run(start())
    assert words in error.value.message and "\n" not in error.value.message
