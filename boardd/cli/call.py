"""`boardctl call`: dial, answer, hang up by hand.

Each command holds the claim on the channel's group while it runs. A group that another program handles is refused:
taking it away from a running scheduler would leave its callers alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import click

from boardd.api.client import Client
from boardd.cli.events import line as event_line
from boardd.cli.lookup import find_call, find_channel
from boardd.cli.output import emit_json, emit_json_line
from boardd.cli.session import Session, pass_session
from boardd.contract.causes import Cause
from boardd.contract.errors import StaleClaimError
from boardd.contract.events import Event, EventType
from boardd.contract.objects import Call, OrphanTreatment, Snapshot
from boardd.contract.text import _
from boardd.terminal.helptext import option, verb_group

LIMIT_S = 120


@verb_group()
def call() -> None:
    """Handle calls by hand."""


@call.command()
@click.argument("line")
@click.argument("number", default="")
@option("--caller", default="", help="Calling number to show.")
@option("--follow", "-f", is_flag=True, help="Stay and print what happens until the call ends; Ctrl-C hangs up.")
@option(
    "--max-s",
    type=click.IntRange(1, 3600),
    default=LIMIT_S,
    show_default=True,
    help="Longest time in seconds that the call goes on without --follow.",
)
@pass_session
def dial(session: Session, line: str, number: str, caller: str, follow: bool, max_s: int) -> None:
    """Dial NUMBER on LINE.

    LINE is a trunk group, or one channel: its id, #maker number, pcm0/17, label or extension. A station rings; NUMBER
    is then left out.
    """

    async def work() -> None:
        async with session.boards(follow=follow) as client:
            stream = client.events() if follow else None
            picture = await client.fetch_snapshot()
            is_group = line in {channel.group for channel in picture.channels}
            channel = None if is_group else find_channel(picture, line)
            orphan = OrphanTreatment(max_s=max_s, cause=Cause.NORMAL_CLEARING)
            async with _claimed(client, line if channel is None else channel.group):
                made = await client.dial(
                    number,
                    group="" if channel else line,
                    channel=channel.id if channel else "",
                    caller=caller,
                    orphan=orphan,
                )
                _tell(session, made, follow)
                if stream is not None:
                    await _watch(session, client, stream, made)

    session.run(work)


def _tell(session: Session, made: Call, follow: bool) -> None:
    if not session.as_json:
        click.echo(_("call {id} on {channel}").format(id=made.id, channel=made.channel))
    elif follow:
        emit_json_line(made)
    else:
        emit_json(made)


async def _watch(session: Session, client: Client, stream: AsyncIterator[Event], made: Call) -> None:
    """Print the call's events until its end; leaving earlier hangs it up."""
    ended = False
    try:
        async for event in stream:
            if event.call is None or event.call.id != made.id:
                continue
            emit_json_line(event) if session.as_json else click.echo(event_line(event, session.language))
            if event.type is EventType.CALL_RELEASED:
                ended = True
                return
    finally:
        if not ended and client.connected:
            await client.hangup(made.id)


@call.command()
@click.argument("call_id", metavar="CALL")
@pass_session
def answer(session: Session, call_id: str) -> None:
    """Answer the offered call CALL.

    CALL is its id or the last characters of it, or its channel in any form.
    """

    async def ask(client: Client) -> Call:
        picture = await client.fetch_snapshot()
        found = find_call(picture, call_id)
        async with _claimed(client, _group(picture, found)):
            orphan = OrphanTreatment(max_s=LIMIT_S, cause=Cause.NORMAL_CLEARING)
            await client.answer(found.id, orphan=orphan)
        return found

    found = session.ask(ask)
    _say(session, found, _("call {id} answered"))


@call.command()
@click.argument("call_id", metavar="CALL")
@option("--cause", type=click.IntRange(1, 127), default=16, show_default=True, help="Q.850 cause.")
@pass_session
def hangup(session: Session, call_id: str, cause: int) -> None:
    """End the call CALL, in whatever state it is.

    CALL is its id or the last characters of it, or its channel in any form.
    Administrators may hang up any call, also one that another program handles.
    """

    async def ask(client: Client) -> Call:
        picture = await client.fetch_snapshot()
        found = find_call(picture, call_id)
        try:
            await client.hangup(found.id, cause)
        except StaleClaimError:
            async with _claimed(client, _group(picture, found)):
                await client.hangup(found.id, cause)
        return found

    found = session.ask(ask)
    _say(session, found, _("call {id} ended"))


def _group(picture: Snapshot, found: Call) -> str:
    """The group whose claim the call needs: its channel's."""
    return next((channel.group for channel in picture.channels if channel.id == found.channel), found.group)


def _say(session: Session, found: Call, text: str) -> None:
    if session.as_json:
        emit_json({"call": found.id, "channel": found.channel})
    else:
        click.echo(text.format(id=found.id))


@asynccontextmanager
async def _claimed(client: Client, group: str) -> AsyncIterator[None]:
    """Hold the claim on a group."""
    await client.claim(group)
    try:
        yield
    finally:
        if client.connected and group in client.claims:
            await client.unclaim(group)
