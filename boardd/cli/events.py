"""`boardctl events`: what happened, and what happens."""

from __future__ import annotations

from collections.abc import AsyncIterator

import click

from boardd.api.board_schema import SubscribeParams, SubscribeResult
from boardd.cli.output import emit_json_line, moment_text
from boardd.cli.session import Session, pass_session
from boardd.contract.causes import cause_text
from boardd.contract.events import Event
from boardd.terminal.helptext import option, verb

LAST = 20


@verb()
@option("--follow", "-f", is_flag=True, help="Go on until interrupted.")
@option("--last", type=click.IntRange(min=0), default=LAST, show_default=True, help="Begin with so many past events.")
@option("--count", type=click.IntRange(min=0), default=0, help="Stop after so many events.")
@pass_session
def events(session: Session, follow: bool, last: int, count: int) -> None:
    """Print events, one per line.

    The last ones that the daemon remembers; with --follow also what happens from now on.
    """

    async def listen() -> None:
        seen = 0
        async for event in since(session, last, follow):
            emit_json_line(event) if session.as_json else click.echo(line(event, session.language))
            seen += 1
            if count and seen >= count:
                return

    session.run(listen)


async def since(session: Session, last: int, follow: bool) -> AsyncIterator[Event]:
    """Past events, then present ones for ever when `follow`. Raises DisconnectedError when the daemon goes away."""
    epoch, begin, newest = await _reach(session, last)
    if begin >= newest and not follow:
        return
    client = session.boards(follow=True)
    client.epoch, client.seq = epoch, begin
    stream = client.events()
    async with client:
        async for event in stream:
            yield event
            if not follow and event.seq >= newest:
                return


async def _reach(session: Session, last: int) -> tuple[str, int, int]:
    """The daemon's epoch, the event to continue after (`last` back, or as far as it remembers), the newest event."""
    while True:
        async with session.boards() as client:
            status = await client.status()
            begin = max(0, status.seq - last)
            asked = SubscribeParams(epoch=status.epoch, seq=begin)
            answer = await client.call("subscribe", asked, SubscribeResult)
        if not answer.gap or not last:
            return status.epoch, begin, status.seq
        last //= 2


def line(event: Event, language: str) -> str:
    """One event in one line: number, time, kind, subject, what matters."""
    parts = [f"{event.seq:>7}", moment_text(event.at.wall_ms)[11:], f"{event.type:<15}"]
    channel, call, alarm = event.channel, event.call, event.alarm
    if channel:
        parts.append(f"{channel.id} #{channel.maker_channel} {_step(event.old, channel.state)}")
    if call:
        channel_id = "" if channel else f"{call.channel} "
        parts.append(f"{channel_id}{call.id} {call.direction} {call.caller or '-'}→{call.called or '-'} {call.state}")
        if call.evidence != "none":
            parts.append(str(call.evidence))
        if call.released and call.cause is not None:
            parts.append(f"{call.cause} {cause_text(call.cause, language)} {call.maker_code}".rstrip())
    if event.digit:
        parts.append(event.digit)
    if event.span:
        parts.append(" ".join([event.span.id, _step(event.old, event.span.state), *event.span.alarms]))
    if event.board:
        parts.append(f"{event.board.id} {_step(event.old, event.board.state)} {event.board.reason}".rstrip())
    if event.host:
        parts.append(f"{event.host.name} {event.host.state} {event.host.reason}".rstrip())
    if event.bridge:
        parts.append(f"{event.bridge.id} " + " ".join(f"{link.source}→{link.sink}" for link in event.bridge.links))
    if alarm:
        parts.append(f"{alarm.code} {alarm.subject} {alarm.severity} {alarm.text}".rstrip())
    if event.text:
        parts.append(event.text)
    return " ".join(parts)


def _step(old: str, new: str) -> str:
    return f"{old}→{new}" if old and old != new else str(new)
