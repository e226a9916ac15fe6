"""The cases. Each leaves every line free; trunks are taken from the far end, so one case covers all kinds of trunk."""

from __future__ import annotations

import asyncio
from pathlib import Path

from boardd.contract.capabilities import Capability, Tone
from boardd.contract.driver import (
    Alerting,
    CallerId,
    Connected,
    Digit,
    DigitsSent,
    Flash,
    LineFree,
    LinkChange,
    Offered,
    OffHook,
    OnHook,
    PlayAdvanced,
    PlayEnded,
    PlayRequest,
    RecordEnded,
    ReleasedByFar,
)
from boardd.contract.errors import BoarddError, UnsupportedError, WrongStateError
from boardd.contract.states import AnswerEvidence, ChannelState
from boardd.testing.registry import case
from boardd.testing.stage import Stage, Trunk

S = ChannelState


async def offered(stage: Stage, trunk: Trunk, behaviour: str = "waits") -> tuple[str, int, str]:
    """An incoming call: channel, where the log was before it, caller's number."""
    mark = stage.log.mark
    caller = await stage.far.call(trunk, behaviour)
    event = await stage.log.wait(Offered, trunk.channels, mark)
    assert stage.port(event.channel).state is S.OFFERED
    return event.channel, mark, caller


async def answered(stage: Stage, trunk: Trunk, behaviour: str = "waits") -> tuple[str, int]:
    """An incoming call that we have answered."""
    channel, mark, _caller = await offered(stage, trunk, behaviour)
    await stage.port(channel).answer()
    await stage.log.wait(Connected, channel, mark)
    await stage.until(channel, S.CONNECTED, within_s=0)
    return channel, mark


async def lifted(stage: Stage, station: str) -> int:
    """A station off-hook: where the log was before it."""
    mark = stage.log.mark
    await stage.far.lift(station)
    await stage.log.wait(OffHook, station, mark)
    return mark


async def put_down(stage: Stage, station: str, mark: int) -> None:
    """The person hangs up; the line is free."""
    await stage.far.put_down(station)
    await stage.log.wait(LineFree, station, mark)
    await stage.until(station, S.IDLE)


# -- incoming ---------------------------------------------------------------------------------------------------------
@case(Capability.ANSWER)
async def answer_and_far_clears(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        channel, mark = await answered(stage, trunk, "clears")
        release = await stage.log.wait(ReleasedByFar, channel, mark)
        assert release.cause == 16 and release.maker_code, release
        assert stage.log.of(channel, mark).count(release) == 1
        await stage.free(channel, mark)


@case(Capability.ANSWER)
async def caller_gives_up(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        channel, mark, _caller = await offered(stage, trunk, "gives_up")
        if stage.port(channel).can(Capability.ALERT):
            await stage.port(channel).alert()
        release = await stage.log.wait(ReleasedByFar, channel, mark)
        assert release.cause in (16, 31), release
        assert not [e for e in stage.log.of(channel, mark) if isinstance(e, Connected)]
        await stage.free(channel, mark)


@case(Capability.ALERT)
async def alert_then_answer(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        if not stage.port(trunk.dials).can(Capability.ALERT):
            continue
        channel, mark, _caller = await offered(stage, trunk)
        port = stage.port(channel)
        await port.alert()
        assert port.state is S.ALERTING
        await port.answer()
        await stage.log.wait(Connected, channel, mark)
        await stage.free(channel, mark)


@case(Capability.REJECT)
async def reject_with_cause(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        if not stage.port(trunk.dials).can(Capability.REJECT):
            continue
        for cause in (17, 1, 42):
            channel, mark, _caller = await offered(stage, trunk)
            await stage.port(channel).reject(cause)
            await stage.log.wait(LineFree, channel, mark)
            await stage.until(channel, S.IDLE)


@case(Capability.CALLER_ID)
async def caller_id_arrives(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        if not trunk.sends_caller:
            continue
        channel, mark, caller = await offered(stage, trunk)
        event = next(e for e in stage.log.of(channel, mark) if isinstance(e, Offered))
        if not event.caller:
            late = await stage.log.wait(CallerId, channel, mark)
            assert late.caller == caller and late.complete
        else:
            assert event.caller == caller
        await stage.port(channel).answer()
        await stage.log.wait(Connected, channel, mark)
        await stage.free(channel, mark)


# -- outgoing ---------------------------------------------------------------------------------------------------------
@case(Capability.DIAL)
async def dial_and_connect(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        mark, port = stage.log.mark, stage.port(trunk.dials)
        await port.dial(stage.far.number("answers"))
        await stage.until(port.id, S.DIALING, within_s=0)
        await stage.log.wait(Alerting, port.id, mark)
        event = await stage.log.wait(Connected, port.id, mark)
        await stage.until(port.id, S.CONNECTED, within_s=0)
        if trunk.signals_answer:
            assert event.evidence is not AnswerEvidence.NONE
        await stage.free(port.id, mark)


@case(Capability.DIAL)
async def dial_busy_number(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        mark, port = stage.log.mark, stage.port(trunk.dials)
        await port.dial(stage.far.number("busy"))
        release = await stage.log.wait(ReleasedByFar, port.id, mark)
        assert release.cause == 17 and release.maker_code, release
        await stage.free(port.id, mark)


@case(Capability.DIAL)
async def dial_checks_arguments_and_state(stage: Stage) -> None:
    trunk = stage.far.trunks[0]
    mark, port = stage.log.mark, stage.port(trunk.dials)
    for bad in ("", "12x", "1" * 65):
        try:
            await port.dial(bad)
        except BoarddError:
            continue
        raise AssertionError(f"dialled {bad!r}")
    await port.dial(stage.far.number("rings"))
    try:
        await port.dial("123")
    except WrongStateError:
        await stage.free(port.id, mark)
        return
    raise AssertionError("dialled twice")


@case(Capability.POLARITY)
async def reversal_is_evidence(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        if trunk.reverses:
            mark, port = stage.log.mark, stage.port(trunk.dials)
            await port.dial(stage.far.number("answers"))
            await stage.log.wait(Connected, port.id, mark, evidence=AnswerEvidence.REVERSAL)
            await stage.free(port.id, mark)


# -- ending -----------------------------------------------------------------------------------------------------------
@case(Capability.HANGUP)
async def hangup_in_every_state(stage: Stage) -> None:
    for port in stage.inventory.ports.values():
        if port.state is S.IDLE:
            mark = stage.log.mark
            await port.hangup()
            await port.hangup()
            assert port.state is S.IDLE and not stage.log.of(port.id, mark)
    for trunk in stage.far.trunks:
        await _hang_up_outgoing(stage, trunk)
        channel, mark, _caller = await offered(stage, trunk, "gives_up")
        await stage.free(channel, mark)


async def _hang_up_outgoing(stage: Stage, trunk: Trunk) -> None:
    port = stage.port(trunk.dials)
    for state in (S.DIALING, S.PROCEEDING, S.ALERTING):
        mark = stage.log.mark
        await port.dial(stage.far.number("rings"))
        await stage.until(port.id, state, S.ALERTING)
        await stage.free(port.id, mark)


@case(Capability.FLASH)
async def flash_on_trunk(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        if not stage.port(trunk.dials).can(Capability.FLASH):
            continue
        mark, port = stage.log.mark, stage.port(trunk.dials)
        try:
            await port.flash()
        except WrongStateError:
            pass
        else:
            raise AssertionError("flashed an idle line")
        await port.dial(stage.far.number("answers"))
        await stage.log.wait(Connected, port.id, mark)
        await port.flash()
        await stage.free(port.id, mark)


# -- stations ---------------------------------------------------------------------------------------------------------
@case(Capability.RING)
async def ring_and_lift(stage: Stage) -> None:
    for station in stage.far.stations:
        mark, port = stage.log.mark, stage.port(station)
        await port.ring("13800138000")
        await stage.until(station, S.ALERTING, within_s=0)
        await asyncio.sleep(3)
        await stage.far.lift(station)
        await stage.log.wait(Connected, station, mark, evidence=AnswerEvidence.HOOK)
        await stage.until(station, S.CONNECTED, within_s=0)
        await put_down(stage, station, mark)


@case(Capability.RING)
async def ring_and_stop(stage: Stage) -> None:
    station = stage.far.stations[0]
    mark = stage.log.mark
    await stage.port(station).ring()
    await asyncio.sleep(2)
    await stage.free(station, mark)
    assert not [e for e in stage.log.of(station, mark) if isinstance(e, OffHook | Connected)]


@case(Capability.RING)
async def hook_and_flash(stage: Stage) -> None:
    station = stage.far.stations[0]
    mark = await lifted(stage, station)
    assert stage.port(station).state is S.SEIZED
    await stage.far.flash(station)
    await stage.log.wait(Flash, station, mark)
    await stage.port(station).hangup()
    await stage.port(station).hangup()
    assert stage.port(station).state is S.RELEASING
    await put_down(stage, station, mark)
    kinds = [type(e) for e in stage.log.of(station, mark)]
    assert kinds.count(OnHook) == kinds.count(OffHook) == kinds.count(LineFree) == kinds.count(Flash) == 1, kinds


@case(Capability.TONE)
async def tones(stage: Stage) -> None:
    station = stage.far.stations[0]
    mark, port = await lifted(stage, station), stage.port(station)
    for tone in (Tone.DIAL, Tone.BUSY, Tone.RING_BACK, Tone.CONGESTION, Tone.HOWLER, None):
        await port.tone(tone)
        await asyncio.sleep(1)
    await put_down(stage, station, mark)


# -- sound ------------------------------------------------------------------------------------------------------------
@case(Capability.DETECT_DIGITS)
async def digits_are_heard(stage: Stage) -> None:
    station = stage.far.stations[0]
    mark = await lifted(stage, station)
    await stage.far.press(station, "8*0#")
    await stage.log.wait(Digit, station, mark, digit="#")
    assert "".join(e.digit for e in stage.log.of(station, mark) if isinstance(e, Digit)) == "8*0#"
    await put_down(stage, station, mark)
    for trunk in stage.far.trunks:
        channel, mark = await answered(stage, trunk, "presses")
        await stage.log.wait(Digit, channel, mark, digit="7")
        await asyncio.sleep(2)
        assert "".join(e.digit for e in stage.log.of(channel, mark) if isinstance(e, Digit)) == "4711"
        await stage.free(channel, mark)


@case(Capability.SEND_DIGITS)
async def digits_are_sent(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        channel, mark = await answered(stage, trunk)
        await stage.port(channel).send_digits("12,3#")
        await stage.log.wait(DigitsSent, channel, mark, completed=True)
        await stage.port(channel).send_digits("1234567890")
        await stage.free(channel, mark)
        sent = [e.completed for e in stage.log.of(channel, mark) if isinstance(e, DigitsSent)]
        assert sent == [True, False], sent


@case(Capability.PLAY)
async def play_list(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        channel, mark = await answered(stage, trunk)
        port = stage.port(channel)
        await port.play(PlayRequest(stage.sounds))
        try:
            await port.play(PlayRequest(stage.sounds))
        except WrongStateError:
            pass
        else:
            raise AssertionError("played twice at once")
        await stage.log.wait(PlayEnded, channel, mark, reason="end")
        assert [e.index for e in stage.log.of(channel, mark) if isinstance(e, PlayAdvanced)] == [1]
        await port.play(PlayRequest(stage.sounds, loop=True))
        await asyncio.sleep(5)
        await port.stop_play()
        await stage.log.wait(PlayEnded, channel, mark, reason="stopped")
        await port.play(PlayRequest(stage.sounds[:1], loop=True))
        await asyncio.sleep(1)
        await stage.free(channel, mark)
        ends = [e.reason for e in stage.log.of(channel, mark) if isinstance(e, PlayEnded)]
        assert ends == ["end", "stopped", "released"], ends


@case(Capability.PLAY)
async def digit_stops_play(stage: Stage) -> None:
    station = stage.far.stations[0]
    mark, port = await lifted(stage, station), stage.port(station)
    await port.play(PlayRequest(stage.sounds, loop=True, digit_stops=True))
    await asyncio.sleep(1)
    await stage.far.press(station, "5")
    await stage.log.wait(PlayEnded, station, mark, reason="digit")
    await put_down(stage, station, mark)


@case(Capability.PLAY)
async def missing_file_is_refused(stage: Stage) -> None:
    station = stage.far.stations[0]
    mark, port = await lifted(stage, station), stage.port(station)
    try:
        await port.play(PlayRequest((str(stage.folder / "no_such_file.wav"),)))
    except BoarddError:
        pass
    else:
        raise AssertionError("played a file that does not exist")
    await port.play(PlayRequest(stage.sounds))
    await stage.log.wait(PlayEnded, station, mark, reason="end")
    await put_down(stage, station, mark)


@case(Capability.RECORD)
async def record_raw(stage: Stage) -> None:
    for trunk in stage.far.trunks:
        channel, mark = await answered(stage, trunk, "speaks")
        port, path = stage.port(channel), stage.folder / f"{trunk.name}.alaw"
        await port.record(str(path))
        await asyncio.sleep(3)
        sofar = await port.recorded_samples()
        assert 15_000 <= sofar <= 26_000, sofar
        await port.stop_record()
        await port.stop_record()
        end = await stage.log.wait(RecordEnded, channel, mark, reason="stopped")
        assert end.samples >= sofar and abs(_size(path) - end.samples) <= 800, (end, _size(path))
        await port.record(str(stage.folder / f"{trunk.name}2.alaw"))
        await asyncio.sleep(1)
        await stage.free(channel, mark)
        ends = [e.reason for e in stage.log.of(channel, mark) if isinstance(e, RecordEnded)]
        assert ends == ["stopped", "released"], ends


def _size(path: Path) -> int:
    return path.stat().st_size


# -- switching --------------------------------------------------------------------------------------------------------
def both_ways(*channels: str, on: bool = True) -> list[LinkChange]:
    """Everybody hears everybody."""
    return [LinkChange(a, b, on) for a in channels for b in channels if a != b]


@case(Capability.LINK)
async def talk_monitor_whisper(stage: Stage) -> None:
    trunk, (agent, supervisor) = stage.far.trunks[0], stage.far.stations[:2]
    channel, mark = await answered(stage, trunk)
    for station in (agent, supervisor):
        await lifted(stage, station)
    await stage.driver.link(both_ways(channel, agent))
    await stage.driver.link([LinkChange(channel, supervisor, True), LinkChange(agent, supervisor, True)])
    await stage.driver.link([LinkChange(supervisor, agent, True)])
    await stage.driver.link([LinkChange(supervisor, channel, True)])
    await stage.driver.link([LinkChange(supervisor, channel, False)])
    if not stage.inventory.switching.gains:
        try:
            await stage.driver.link([LinkChange(channel, agent, True, gain_mb=300)])
        except UnsupportedError:
            pass
        else:
            raise AssertionError("a gain was accepted")
    await stage.free(channel, mark)
    for station in (agent, supervisor):
        await put_down(stage, station, mark)


@case(Capability.CONFERENCE)
async def conference_of_three(stage: Stage) -> None:
    trunk, (one, other) = stage.far.trunks[0], stage.far.stations[:2]
    channel, mark = await answered(stage, trunk)
    for station in (one, other):
        await lifted(stage, station)
    await stage.driver.link(both_ways(channel, one))
    await stage.driver.link(both_ways(channel, one, other))
    await put_down(stage, other, mark)
    await stage.driver.link(both_ways(channel, one, on=False))
    await stage.driver.link(both_ways(channel, one))
    await stage.free(channel, mark)
    await put_down(stage, one, mark)
