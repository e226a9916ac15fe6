"""`boardctl status`: daemon, domains, boards, spans and alarms at a glance."""

from __future__ import annotations

import click

from boardd.api.board_schema import StatusResult
from boardd.api.client import Client
from boardd.api.connection import DisconnectedError
from boardd.api.scheduler_schema import SchedulerStatus
from boardd.cli.exits import Exit
from boardd.cli.output import emit_json, emit_table, moment_text, state_text
from boardd.cli.scheduler import connected
from boardd.cli.session import Session, pass_session
from boardd.contract.objects import Domain, Snapshot
from boardd.contract.states import BoardState
from boardd.contract.text import _, ngettext
from boardd.terminal.helptext import verb


@verb()
@pass_session
def status(session: Session) -> None:
    """Show daemon, domains, boards, spans and alarms.

    Exit code 4 when a domain or board is broken.
    """
    result, snapshot = session.ask(_both)
    scheduler = session.run(lambda: _scheduler(session))
    if session.as_json:
        emit_json({"status": result, "snapshot": snapshot, "scheduler": scheduler})
    else:
        _show(result, snapshot)
        _show_scheduler(scheduler)
    states = [d.state for d in snapshot.domains] + [b.state for b in snapshot.boards]
    if BoardState.BROKEN in states:
        raise SystemExit(int(Exit.BROKEN))


async def _both(client: Client) -> tuple[StatusResult, Snapshot]:
    return await client.status(), await client.fetch_snapshot()


async def _scheduler(session: Session) -> SchedulerStatus | None:
    try:
        async with connected(session) as scheduler:
            return await scheduler.status()
    except DisconnectedError:
        return None


def _show_scheduler(scheduler: SchedulerStatus | None) -> None:
    if scheduler is None:
        click.echo(_("scheduler: not running"))
        return
    text = _("scheduler: running since {since}; contacts {contacts}, waiting {waiting}, agents ready {ready}")
    since = moment_text(scheduler.began_wall_ms)
    numbers = {"contacts": scheduler.contacts, "waiting": scheduler.waiting, "ready": scheduler.agents_ready}
    click.echo(text.format(since=since, **numbers))
    if not scheduler.boards_connected:
        click.echo(_("scheduler: has no connection to boardd"))
    if scheduler.alarms:
        rows = [[alarm.code, alarm.text] for alarm in scheduler.alarms]
        emit_table(_("Alarms of the scheduler"), [_("alarm"), _("text")], rows)


def _show(result: StatusResult, snapshot: Snapshot) -> None:
    since = moment_text(result.began_wall_ms)
    click.echo(_("boardd on {server}, running since {since}").format(server=result.server, since=since))
    channels, calls = len(snapshot.channels), len(snapshot.calls)
    counted = ngettext("{n} channel", "{n} channels", channels).format(n=channels)
    calling = ngettext("{n} call", "{n} calls", calls).format(n=calls)
    click.echo(_("{channels}, {calls}").format(channels=counted, calls=calling))
    emit_table(
        _("Domains"),
        [_("domain"), _("driver"), _("state"), _("library"), _("version"), _("reason")],
        [[d.name, d.driver, _state(d), d.library, d.library_version, d.reason] for d in snapshot.domains],
    )
    emit_table(
        _("Boards"),
        [_("board"), _("no."), _("model"), _("serial no."), _("state"), _("reason")],
        [[b.id, b.number, b.model, b.serial, state_text(b.state), b.reason] for b in snapshot.boards],
    )
    if snapshot.spans:
        emit_table(
            _("Spans"),
            [_("span"), _("PCM"), _("signalling"), _("state"), _("alarms")],
            [[s.id, s.pcm, s.signalling, state_text(s.state), " ".join(s.alarms)] for s in snapshot.spans],
        )
    if result.claims:
        emit_table(
            _("Claims"),
            [_("group"), _("client"), _("present")],
            [[c.get("group"), c.get("client"), _("yes") if c.get("live") else _("no")] for c in result.claims],
        )
    emit_table(
        _("Alarms"),
        [_("alarm"), _("subject"), _("severity"), _("since"), _("text")],
        [
            [a.code, a.subject, a.severity, moment_text(a.raised.wall_ms) if a.raised else "", a.text]
            for a in snapshot.alarms
        ],
    )


def _state(domain: Domain) -> object:
    return state_text(domain.state) if domain.connected else state_text("down")
