"""`boardctl records`: call detail records (话单), newest first."""

from __future__ import annotations

from datetime import datetime

import click

from boardd.api.scheduler_schema import RecordInfo, RecordParams, RecordsParams
from boardd.cli.output import emit_json, emit_table, moment_text
from boardd.cli.scheduler import ask_scheduler
from boardd.cli.session import Session, pass_session
from boardd.contract.causes import cause_text
from boardd.contract.text import _
from boardd.terminal.helptext import option, verb

LIMIT = 20
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S"])


@verb()
@click.argument("record", default="")
@option("--number", default="", help="Caller or called number, or its last digits.")
@option("--agent", default="", help="Only contacts of this agent.")
@option("--queue", default="", help="Only contacts that waited in this queue.")
@option("--from", "since", type=_MOMENT, metavar="TIME", help="Begun at or after this local time (2026-03-01 09:00).")
@option("--to", "until", type=_MOMENT, metavar="TIME", help="Begun before this local time.")
@option("--limit", type=click.IntRange(1, 10_000), default=LIMIT, show_default=True, help="At most so many.")
@option("--offset", type=click.IntRange(min=0), default=0, help="Leave out so many of the newest.")
@pass_session
def records(
    session: Session,
    record: str,
    number: str,
    agent: str,
    queue: str,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    offset: int,
) -> None:
    """List call detail records, newest first.

    With RECORD, a record's id, everything about that one.
    """
    if record:
        wanted = RecordParams(id=record)
        one = ask_scheduler(session, lambda scheduler: scheduler.ask("record", wanted, RecordInfo))
        emit_json(one) if session.as_json else _show_one(one, session.language)
        return
    which = RecordsParams(
        from_wall_ms=_wall_ms(since),
        to_wall_ms=_wall_ms(until),
        number=number,
        agent=agent,
        queue=queue,
        limit=limit,
        offset=offset,
    )
    found = ask_scheduler(session, lambda scheduler: scheduler.ask("records", which, list[RecordInfo]))
    if session.as_json:
        emit_json(found)
    else:
        _show(found, session.language)


def _wall_ms(moment: datetime | None) -> int:
    return 0 if moment is None else round(moment.astimezone().timestamp() * 1000)


def _show(found: list[RecordInfo], language: str) -> None:
    columns = [
        _("record"),
        _("began"),
        _("direction"),
        _("caller"),
        _("called"),
        _("line"),
        _("queue"),
        _("wait (s)"),
        _("agent"),
        _("talk (s)"),
        _("outcome"),
        _("cause"),
        _("recording"),
        _("coverage"),
    ]
    emit_table(_("Records"), columns, [_row(record, language) for record in found])


def _row(record: RecordInfo, language: str) -> list[object]:
    return [
        record.id,
        moment_text(record.began.wall_ms) if record.began else "",
        record.direction,
        record.caller,
        record.called,
        record.line,
        record.queue,
        "" if record.wait_ms is None else f"{record.wait_ms / 1000:.1f}",
        record.agent,
        f"{record.talk_ms / 1000:.1f}" if record.talk_ms else "",
        record.outcome,
        f"{record.cause} {cause_text(record.cause, language)}",
        "" if record.recording_state == "none" else record.recording_state,
        "" if record.coverage is None else f"{record.coverage:.4f}",
    ]


def _show_one(record: RecordInfo, language: str) -> None:
    times = {
        _("began"): record.began,
        _("answered"): record.answered,
        _("ended"): record.ended,
        _("line free"): record.line_free,
    }
    moments: list[list[object]] = [[label, moment_text(at.wall_ms) if at else ""] for label, at in times.items()]
    rows: list[list[object]] = [
        [_("record"), record.id],
        [_("contact"), record.contact],
        [_("kind"), f"{record.kind} {record.direction}".strip()],
        [_("caller"), record.caller],
        [_("called"), record.called],
        [_("line"), f"{record.line} {record.group}".strip()],
        *moments,
        [_("digits"), record.digits],
        [_("queue"), record.queue],
        [_("wait (s)"), "" if record.wait_ms is None else f"{record.wait_ms / 1000:.3f}"],
        [_("agent"), f"{record.agent} {record.station}".strip()],
        [_("talk (s)"), f"{record.talk_ms / 1000:.3f}"],
        [_("outcome"), record.outcome],
        [_("cause"), f"{record.cause} {cause_text(record.cause, language)} {record.cause_origin}".rstrip()],
        [_("maker's code"), record.maker_code],
        [_("evidence"), record.answer_evidence],
        [_("interrupted"), _("yes") if record.interrupted else ""],
        [_("recording"), f"{record.recording_state} {record.recording}".rstrip()],
        [_("coverage"), "" if record.coverage is None else f"{record.coverage:.6f}"],
        [_("gaps"), " ".join(f"{gap.side}:{gap.from_ms}-{gap.to_ms}ms" for gap in record.gaps)],
        [_("calls"), " ".join(record.calls)],
        [_("variables"), " ".join(f"{name}={value}" for name, value in sorted(record.variables.items()))],
    ]
    emit_table(_("Record"), [_("field"), _("value")], [row for row in rows if row[1]])
