"""Tables for people, JSON for programs, messages on standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import click
import msgspec
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from boardd.contract.text import _

PIPE_COLUMNS = 400
"""Width when the output is not a terminal: nothing is folded, so that grep finds whole lines."""

_STATE_STYLE = {
    "idle": "green",
    "running": "green",
    "up": "green",
    "ready": "green",
    "connected": "bold cyan",
    "talking": "bold cyan",
    "offered": "yellow",
    "alerting": "yellow",
    "ringing": "yellow",
    "dialing": "yellow",
    "queued": "yellow",
    "releasing": "magenta",
    "wrap_up": "magenta",
    "out_of_service": "red",
    "down": "red",
    "missing": "bold red",
    "alarm": "bold red",
    "broken": "bold red",
}


def state_text(state: str) -> Text:
    """A state in its colour; the word itself is the contract's and is never translated."""
    return Text(state, style=_STATE_STYLE.get(state, ""))


def moment_text(wall_ms: int) -> str:
    """A wall clock time as local date and time, to the second."""
    return datetime.fromtimestamp(wall_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def emit_json(value: Any) -> None:
    """Write one JSON document to standard output, always UTF-8; contract objects with all their fields."""
    _write(msgspec.json.format(msgspec.json.encode(complete(value)), indent=2))


def emit_json_line(value: Any) -> None:
    """Write one JSON object on one line, for streams."""
    _write(msgspec.json.encode(complete(value)))


def emit_json_line_to_stderr(value: Any) -> None:
    """The same on standard error, for errors of commands that were asked for JSON."""
    click.echo(msgspec.json.encode(value, enc_hook=str).decode(), err=True)


def complete(value: Any) -> Any:
    """Contract objects as mappings with every field, defaults too: a script never has to ask whether a key is there."""
    if isinstance(value, msgspec.Struct):
        fields = msgspec.structs.fields(value)
        return {field.encode_name: complete(getattr(value, field.name)) for field in fields}
    if isinstance(value, Mapping):
        return {str(key): complete(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [complete(item) for item in value]
    return value


def _write(document: bytes) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(document + b"\n")
    sys.stdout.buffer.flush()


def emit_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table; an empty one says so in one line. Columns in which no row has anything are left out."""
    listed = [[_cell(value) for value in row] for row in rows]
    if not listed:
        click.echo(_("{title}: none").format(title=title))
        return
    used = [i for i in range(len(columns)) if i == 0 or any(row[i].plain for row in listed)]
    table = Table(title=title, title_justify="left", box=box.SIMPLE, pad_edge=False)
    for i in used:
        table.add_column(columns[i], overflow="fold", no_wrap=i == 0)
    for row in listed:
        table.add_row(*[row[i] for i in used])
    console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_COLUMNS)
    with console.capture() as captured:
        console.print(table)
    click.echo("\n".join(line.rstrip() for line in captured.get().rstrip("\n").split("\n")))


def _cell(value: Any) -> Text:
    if isinstance(value, Text):
        return value
    return Text("" if value is None else str(value))


def complain(message: str) -> None:
    """Write a message for the person to standard error."""
    click.echo(message, err=True)
