"""Cases of the contract itself: life signs, alarms of spans, and events that are lost, doubled, late or too many."""

from __future__ import annotations

import asyncio

from boardd.contract.capabilities import Capability, ChannelKind, Maintenance
from boardd.contract.driver import Connected, LineFree, ReleasedByFar, SpanChanged, Usable
from boardd.contract.errors import BoarddError, UnsupportedError
from boardd.contract.states import ChannelState, SpanState
from boardd.testing.cases import answered, offered
from boardd.testing.registry import case
from boardd.testing.stage import FaultsUnavailableError, Stage

S = ChannelState


@case()
async def heartbeat_moves(stage: Stage) -> None:
    before = dict(stage.driver.heartbeat.beats)
    await stage.driver.probe()
    await asyncio.sleep(2)
    for part, beats in before.items():
        if part in ("door", "events", "engine"):
            assert stage.driver.heartbeat.beats[part] > beats, part


@case()
async def scan_names_the_boards(stage: Stage) -> None:
    found = {entry["serial"] for entry in await stage.driver.scan()}
    assert found >= {board.serial for board in stage.inventory.boards if board.state == "running"}


@case()
async def unknown_and_unsupported_are_refused(stage: Stage) -> None:
    for port in stage.inventory.ports.values():
        if port.info.kind is ChannelKind.FXS:
            try:
                await port.dial("123")
            except UnsupportedError:
                return
            raise AssertionError("a station dialled")


@case()
async def span_alarm_shows_on_span_and_channels(stage: Stage) -> None:
    for span in stage.inventory.spans:
        mark = stage.log.mark
        channels = [p.id for p in stage.inventory.ports.values() if p.info.span == span.id]
        await stage.far.span_alarm(span.id, True)
        await stage.log.wait(SpanChanged, span.id, mark, state=SpanState.ALARM)
        for channel in channels:
            event = await stage.log.wait(Usable, channel, mark, usable=False)
            assert event.reason
        await stage.far.span_alarm(span.id, False)
        await stage.log.wait(SpanChanged, span.id, mark, state=SpanState.UP)
        for channel in channels:
            await stage.log.wait(Usable, channel, mark, usable=True)


@case()
async def span_alarm_ends_the_call(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        if trunk.kind is not ChannelKind.E1_BEARER:
            continue
        channel, mark = await answered(stage, trunk)
        span = stage.port(channel).info.span or ""
        await stage.far.span_alarm(span, True)
        release = await stage.log.wait(ReleasedByFar, channel, mark)
        assert release.origin == "line", release
        await stage.port(channel).hangup()
        await stage.log.wait(LineFree, channel, mark)
        await stage.log.wait(Usable, channel, mark, usable=False)
        await stage.far.span_alarm(span, False)
        await stage.until(channel, S.IDLE)


@case(Capability.LOOPBACK)
async def loop_and_back(stage: Stage) -> None:
    looped = {p.info.span for p in stage.inventory.ports.values() if p.can(Capability.LOOPBACK) and p.info.span}
    for span in sorted(looped):
        mark = stage.log.mark
        await stage.driver.maintain(span, Maintenance.LOCAL_LOOP)
        event = await stage.log.wait(SpanChanged, span, mark, state=SpanState.ALARM)
        assert "loop" in event.alarms, event
        await stage.driver.maintain(span, Maintenance.NONE)
        await stage.log.wait(SpanChanged, span, mark, state=SpanState.UP)
        for port in stage.inventory.ports.values():
            if port.info.span == span:
                await stage.until(port.id, S.IDLE)
    try:
        await stage.driver.maintain("no/9", Maintenance.NONE)
    except BoarddError:
        return
    raise AssertionError("looped a span that does not exist")


@case()
async def lost_state_events_are_found(stage: Stage) -> None:
    try:
        for trunk in stage.far.trunks:
            channel, mark = await answered(stage, trunk, "clears")
            await stage.far.lose_states(channel, 1)
            await stage.log.wait(ReleasedByFar, channel, mark)
            await stage.free(channel, mark)
    except FaultsUnavailableError as missing:
        stage.skipped.append(str(missing))


@case()
async def doubled_and_late_events_change_nothing(stage: Stage) -> None:
    try:
        for trunk in stage.far.trunks:
            channel, mark = await answered(stage, trunk)
            await stage.far.double_states(channel, 4)
            await stage.free(channel, mark)
            channel, mark = await answered(stage, trunk, "clears")
            await stage.far.delay_states(channel, 1)
            await stage.log.wait(ReleasedByFar, channel, mark)
            await stage.free(channel, mark)
            await asyncio.sleep(10)
            assert stage.port(channel).state is S.IDLE
    except FaultsUnavailableError as missing:
        stage.skipped.append(str(missing))


@case()
async def full_queue_is_survived(stage: Stage) -> None:
    try:
        trunk = stage.far.trunks[0]
        channel, mark = await answered(stage, trunk, "clears")
        await stage.far.flood(channel, 5000)
        await stage.log.wait(ReleasedByFar, channel, mark)
        await stage.free(channel, mark)
    except FaultsUnavailableError as missing:
        stage.skipped.append(str(missing))


@case()
async def odd_return_code_is_success(stage: Stage) -> None:
    try:
        for trunk in stage.far.trunks:
            if stage.port(trunk.dials).can(Capability.ALERT):
                await stage.far.odd_return(Capability.ALERT)
                channel, mark, _caller = await offered(stage, trunk)
                await stage.port(channel).alert()
                await stage.port(channel).answer()
                await stage.log.wait(Connected, channel, mark)
                await stage.free(channel, mark)
    except FaultsUnavailableError as missing:
        stage.skipped.append(str(missing))
