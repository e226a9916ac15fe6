"""`boardctl calls`: calls that exist now."""

from __future__ import annotations

from boardd.cli.output import emit_json, emit_table, state_text
from boardd.cli.session import Session, pass_session
from boardd.contract.causes import cause_text
from boardd.contract.objects import Call
from boardd.contract.text import _
from boardd.terminal.helptext import verb


@verb()
@pass_session
def calls(session: Session) -> None:
    """List present calls."""
    found = session.ask(lambda client: client.calls())
    if session.as_json:
        emit_json(found)
        return
    columns = [
        _("call"),
        _("channel"),
        _("direction"),
        _("caller"),
        _("called"),
        _("state"),
        _("evidence"),
        _("digits"),
        _("controller"),
        _("cause"),
    ]
    emit_table(_("Calls"), columns, [_row(call, session.language) for call in found])


def _row(call: Call, language: str) -> list[object]:
    return [
        call.id,
        call.channel,
        call.direction,
        call.caller,
        call.called,
        state_text(call.state),
        call.evidence,
        call.digits,
        call.controller + (_(" (away)") if call.orphaned else ""),
        "" if call.cause is None else f"{call.cause} {cause_text(call.cause, language)}",
    ]
