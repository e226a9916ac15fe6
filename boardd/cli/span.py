"""`boardctl span`: loop an E1 and send errors on it, as technicians do when they look for a fault."""

from __future__ import annotations

import click

from boardd.api.client import Client
from boardd.cli.lookup import unknown
from boardd.cli.output import emit_json
from boardd.cli.session import Session, pass_session
from boardd.contract.capabilities import Maintenance
from boardd.contract.text import _
from boardd.terminal.helptext import verb


@verb()
@click.argument("span")
@click.argument("what", type=click.Choice([str(word) for word in Maintenance]))
@pass_session
def span(session: Session, span: str, what: str) -> None:
    """Loop SPAN, take the loop back (none), or send one error to its line.

    Calls on it suffer: block it first. Cards that cannot do it say so.
    """

    async def ask(client: Client) -> None:
        known = [found.id for found in await client.spans()]
        if span not in known:
            raise unknown(_("there is no span {id}"), span, known)
        await client.maintain_span(span, Maintenance(what))

    session.ask(ask)
    if session.as_json:
        emit_json({"span": span, "what": what})
    else:
        click.echo(_("{span}: {what} done").format(span=span, what=what))
