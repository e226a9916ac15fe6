"""`boardctl channels`: every channel with both numberings, state, call and counters."""

from __future__ import annotations

import click

from boardd.cli.lookup import find_channel, unknown
from boardd.cli.output import emit_json, emit_table, state_text
from boardd.cli.session import Session, pass_session
from boardd.contract.errors import BoarddError
from boardd.contract.objects import Channel, Snapshot
from boardd.contract.states import ChannelState
from boardd.contract.text import _
from boardd.terminal.helptext import option, verb


@verb()
@click.argument("channel", default="")
@option("--group", default="", help="Only this channel group.")
@option("--state", default="", help="Only channels in this state.")
@pass_session
def channels(session: Session, channel: str, group: str, state: str) -> None:
    """List channels under all their names, with state and call.

    CHANNEL is an id, #maker number, pcm0/17, label or extension; without it all are listed.
    """
    picture = session.ask(lambda client: client.fetch_snapshot())
    try:
        chosen = choose(picture, channel, group, state)
    except BoarddError as error:
        session.fail(error)
    if session.as_json:
        emit_json(chosen)
        return
    show(chosen)
    if channel:
        _show_counters(chosen[0])


def choose(picture: Snapshot, channel: str, group: str, state: str) -> list[Channel]:
    """The channels asked for. Raises UnknownIdError, ArgumentError."""
    found = [find_channel(picture, channel)] if channel else picture.channels
    if group and group not in {c.group for c in picture.channels}:
        raise unknown(_("there is no channel group {id}"), group, {c.group for c in picture.channels})
    states = [str(known) for known in ChannelState]
    if state and state not in states:
        raise unknown(_("there is no state {id}"), state, states)
    return [c for c in found if (not group or c.group == group) and (not state or c.state == state)]


def show(chosen: list[Channel]) -> None:
    """The table of channels."""
    columns = [
        _("channel"),
        _("maker no."),
        _("PCM/slot"),
        _("kind"),
        _("group"),
        _("direction"),
        _("extension"),
        _("label"),
        _("state"),
        _("hook"),
        _("volts"),
        _("call"),
        _("reason"),
    ]
    emit_table(_("Channels"), columns, [_row(channel) for channel in chosen])


def _row(channel: Channel) -> list[object]:
    slot = f"{channel.span}/{channel.timeslot}" if channel.span else ""
    hook = "" if channel.off_hook is None else (_("off-hook") if channel.off_hook else _("on-hook"))
    return [
        channel.id,
        f"#{channel.maker_channel}",
        slot,
        channel.kind,
        channel.group,
        channel.direction,
        channel.extension,
        channel.label,
        state_text(channel.state),
        hook,
        channel.line_volts,
        channel.call_id,
        channel.reason,
    ]


def _show_counters(channel: Channel) -> None:
    columns = [_("counter"), _("value")]
    emit_table(_("Counters"), columns, [[name, value] for name, value in sorted(channel.counters.items())])
    click.echo(_("can: {capabilities}").format(capabilities=" ".join(channel.capabilities)))
