"""`boardctl contacts`: what callers experience now, and the queues they wait in."""

from __future__ import annotations

import click

from boardd.api.board_schema import Nothing
from boardd.api.scheduler_schema import ContactInfo, ContactParams, QueueInfo
from boardd.cli.lookup import CALL_ENDING, unknown
from boardd.cli.output import emit_json, emit_table, moment_text, state_text
from boardd.cli.scheduler import Scheduler, ask_scheduler
from boardd.cli.session import Session, pass_session
from boardd.contract.errors import ArgumentError
from boardd.contract.text import _
from boardd.terminal.helptext import verb_group


@verb_group(invoke_without_command=True)
@click.pass_context
def contacts(context: click.Context) -> None:
    """List open contacts and queues; `contacts hangup` ends one."""
    if context.invoked_subcommand is not None:
        return
    session: Session = context.obj

    async def ask(scheduler: Scheduler) -> tuple[list[ContactInfo], list[QueueInfo]]:
        return await scheduler.contacts(), await scheduler.queues()

    found, queues = ask_scheduler(session, ask)
    if session.as_json:
        emit_json({"contacts": found, "queues": queues})
        return
    _show(found)
    emit_table(
        _("Queues"),
        [_("queue"), _("waiting"), _("longest wait (s)"), _("agents logged in"), _("agents ready")],
        [[q.queue, len(q.waiting), _longest_s(q), q.logged_in, q.ready] for q in queues],
    )


def _show(found: list[ContactInfo]) -> None:
    columns = [
        _("contact"),
        _("began"),
        _("kind"),
        _("state"),
        _("caller"),
        _("called"),
        _("line"),
        _("flow"),
        _("queue"),
        _("agent"),
        _("station"),
        _("recording"),
        _("calls"),
    ]
    emit_table(_("Contacts"), columns, [_row(contact) for contact in found])


def _row(contact: ContactInfo) -> list[object]:
    return [
        contact.id,
        moment_text(contact.began.wall_ms),
        contact.kind,
        state_text(contact.state),
        contact.caller,
        contact.called,
        contact.line,
        f"{contact.flow}.{contact.node}" if contact.flow else "",
        contact.queue,
        contact.agent,
        contact.station,
        _("yes") if contact.recording else "",
        " ".join(f"{call.role}={call.channel or call.call}" for call in contact.calls if not call.ended),
    ]


def _longest_s(queue: QueueInfo) -> object:
    return max((waiting.waited_ms for waiting in queue.waiting), default=0) // 1000 if queue.waiting else ""


@contacts.command()
@click.argument("contact")
@pass_session
def hangup(session: Session, contact: str) -> None:
    """End the contact CONTACT: its id or the last characters of it."""

    async def ask(scheduler: Scheduler) -> str:
        known = [found.id for found in await scheduler.contacts()]
        chosen = _choose(contact, known)
        await scheduler.ask("contact.hangup", ContactParams(contact=chosen), Nothing)
        return chosen

    chosen = ask_scheduler(session, ask)
    if session.as_json:
        emit_json({"contact": chosen})
    else:
        click.echo(_("contact {id} ended").format(id=chosen))


def _choose(text: str, known: list[str]) -> str:
    wanted = text.upper()
    if wanted in known:
        return wanted
    found = [one for one in known if len(text) >= CALL_ENDING and one.endswith(wanted)]
    if not found:
        raise unknown(_("there is no contact {id}"), text, known)
    if len(found) > 1:
        message = _("{text} may be any of: {ids}").format(text=text, ids=", ".join(found))
        raise ArgumentError(message, argument="contact", candidates=found)
    return found[0]
