"""`boardctl reset`: start a broken domain's library again."""

from __future__ import annotations

import click

from boardd.api.client import Client
from boardd.cli.lookup import unknown
from boardd.cli.output import emit_json
from boardd.cli.session import Session, pass_session
from boardd.contract.text import _
from boardd.terminal.helptext import verb


@verb()
@click.argument("domain")
@pass_session
def reset(session: Session, domain: str) -> None:
    """Forget the crashes of DOMAIN and start its library again."""

    async def ask(client: Client) -> None:
        known = [found.name for found in (await client.status()).domains]
        if domain not in known:
            raise unknown(_("there is no domain {id}"), domain, known)
        await client.reset_board(domain)

    session.ask(ask)
    if session.as_json:
        emit_json({"domain": domain, "reset": True})
    else:
        click.echo(_("{domain}: reset asked for").format(domain=domain))
