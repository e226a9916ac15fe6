"""`boardctl scan`: which telephony cards this machine has.

Three sources: the makers' running libraries (through the daemon), known PCI and USB ids, and devices of classes that
telephony cards use but whose ids nobody has published. The last two need no daemon.
"""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec

from boardd.api.connection import DisconnectedError
from boardd.cli.output import complain, emit_json, emit_table
from boardd.cli.session import Session, pass_session
from boardd.cli.udev import Found, find_devices
from boardd.contract.errors import BoarddError, ConfigurationError
from boardd.contract.text import _
from boardd.terminal.helptext import verb


class Scan(msgspec.Struct, kw_only=True, omit_defaults=False):
    """What was found. `cards` comes from the makers' libraries; `problems` maps a source to why it could not be asked.

    Sources: `daemon` (the libraries) and `udev` (`known` and `unrecognised`).
    """

    cards: list[dict[str, Any]] = []
    known: list[Found] = []
    unrecognised: list[Found] = []
    problems: dict[str, str] = {}


@verb()
@pass_session
def scan(session: Session) -> None:
    """List telephony cards.

    Those that the running libraries report, known PCI and USB ids, and devices that may be telephony cards but are not
    recognised. Without a daemon only the last two.
    """
    found = Scan()
    try:
        found.cards = asyncio.run(_ask(session))
    except DisconnectedError:
        found.problems["daemon"] = _("boardd does not run: the makers' libraries were not asked")
    except BoarddError as error:
        found.problems["daemon"] = error.message
    try:
        devices = find_devices()
        found.known = [device for device in devices if device.known]
        found.unrecognised = [device for device in devices if not device.known]
    except ConfigurationError as error:
        found.problems["udev"] = error.message
    if session.as_json:
        emit_json(found)
    else:
        _show(found)


async def _ask(session: Session) -> list[dict[str, Any]]:
    async with session.boards() as client:
        return (await client.scan()).cards


def _show(found: Scan) -> None:
    if "daemon" not in found.problems:
        keys = list(dict.fromkeys(key for card in found.cards for key in card))
        emit_table(_("Cards of the running libraries"), keys, [[_cell(card, k) for k in keys] for card in found.cards])
    if "udev" not in found.problems:
        _show_devices(_("Known devices"), found.known)
        _show_devices(_("Unrecognised devices of telephony classes"), found.unrecognised)
    for problem in found.problems.values():
        complain(f"boardctl: {problem}")
    if found.unrecognised:
        text = _("Unrecognised: a maker's card without published ids looks like this; its own library can tell.")
        click.echo(text)


def _cell(card: dict[str, Any], key: str) -> object:
    value = card.get(key, "")
    if isinstance(value, dict):
        return " ".join(f"{name}={number}" for name, number in value.items())
    return " ".join(map(str, value)) if isinstance(value, list) else value


def _show_devices(title: str, devices: list[Found]) -> None:
    columns = [
        _("bus"),
        _("address"),
        _("ids"),
        _("subsystem"),
        _("class"),
        _("maker"),
        _("model"),
        _("kernel driver"),
        _("needs"),
        _("ports"),
        _("source"),
        _("note"),
    ]
    emit_table(title, columns, [_row(device) for device in devices])


def _row(device: Found) -> list[object]:
    ports = " ".join(f"{node}={role}" if role else node for node, role in device.ports.items())
    return [
        device.bus,
        device.address,
        device.ids,
        device.subsystem,
        device.device_class,
        device.maker,
        device.model,
        device.driver,
        device.module,
        ports,
        device.source,
        device.note,
    ]
