"""Commands that ask a running simulator through its side door."""

from __future__ import annotations

import contextlib
import json
import math
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from boardd.config.yamlfile import nearest_word
from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _, language
from boardd.terminal.helptext import option, verb
from hwsim.folder import default_folder
from hwsim.kernel.drive import pause_s

PAGE = 400


class Finite(click.FloatRange):
    """More than 0, at most `most`; not a number is out of range too."""

    def __init__(self, most: float) -> None:
        super().__init__(0, most, min_open=True)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """See click.ParamType."""
        return super().convert(math.inf if str(value).strip().lower() in ("nan", "-nan", "+nan") else value, param, ctx)


MORE_THAN_NONE = Finite(1e9)
SECONDS = Finite(3600)


def ask(folder: Path, command: str, **args: Any) -> Any:
    """One command; its result. Raises ConfigurationError with the simulator's own words, or when none is running."""
    path = folder / "control.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
        try:
            door.connect(str(path))
        except OSError as error:
            what = _("{path}: {error}; no simulator is running there (start one with: hwsim serve SITE)")
            raise ConfigurationError(what.format(path=path, error=error.strerror)) from error
        line = b""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError), door.makefile("rb") as answers:
            door.sendall(json.dumps({"id": 1, "command": command, "args": args, "lang": language()}).encode() + b"\n")
            line = answers.readline()
    if not line:
        raise ConfigurationError(_("{path}: the simulator went away").format(path=path))
    answer = json.loads(line)
    if not answer["ok"]:
        raise ConfigurationError(answer["error"]["message"])
    return answer["result"]


def facts(folder: Path, what: str = "", since: int = 0) -> Iterator[dict[str, Any]]:
    """Facts of the truth log from index `since` on."""
    while True:
        page = ask(folder, "truth", what=what, since=since, limit=PAGE)
        yield from page["facts"]
        if page["next"] <= since or len(page["facts"]) < PAGE:
            return
        since = page["next"]


_folder = option("--dir", "folder", type=click.Path(path_type=Path), default=None, help="Folder of the sockets.")


def _show(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


@verb()
@_folder
def status(folder: Path | None) -> None:
    """Show time, seed, calls and faults of the running simulator."""
    _show(ask(folder or default_folder(), "status"))


@verb()
@click.argument("what", default="")
@_folder
@option("--since", type=click.IntRange(0), default=0, help="Begin with this fact.")
def truth(what: str, folder: Path | None, since: int) -> None:
    """Print what really happened, one JSON object per line; WHAT picks one kind of fact."""
    place, found = folder or default_folder(), False
    for fact in facts(place, what, since):
        found = True
        click.echo(json.dumps(fact, ensure_ascii=False))
    if what and not found:
        near = nearest_word(what, {str(fact["what"]) for fact in facts(place)})
        hint = _(" (did you mean {nearest}?)").format(nearest=near) if near else ""
        click.echo(_("no fact {what} so far").format(what=what) + hint, err=True)


@verb()
@click.argument("line")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_folder
@option(
    "--seconds", type=SECONDS, default=10.0, show_default=True, help="How long, in simulated seconds (at most an hour)."
)
def listen(line: str, file: Path, folder: Path | None, seconds: float) -> None:
    """Record LINE into FILE: left what the card hears, right what it says (A-law WAV, 8 kHz)."""
    place = folder or default_folder()
    target = file.resolve()
    ask(place, "listen", line=line, file=str(target))
    until_us = ask(place, "status")["now_us"] + seconds * 1e6
    try:
        while ask(place, "status")["now_us"] < until_us:
            pause_s(0.05)
    except KeyboardInterrupt:
        click.echo(_("stopped early"), err=True)
    _show(ask(place, "listen", line=line, on=False))


@verb()
@click.argument("kind", required=False)
@click.argument("where", default="")
@click.argument("args", nargs=-1)
@_folder
@option("--for", "for_s", type=MORE_THAN_NONE, help="Take it back after this many seconds.")
@option(
    "--per-hour", type=MORE_THAN_NONE, help="At random, so often on average; WHERE may be a|b, card/1-8 or kind:fxo."
)
@option("--end", type=int, help="Take the fault of this number back.")
def fault(
    kind: str | None,
    where: str,
    args: tuple[str, ...],
    folder: Path | None,
    for_s: float | None,
    per_hour: float | None,
    end: int | None,
) -> None:
    """Break something: KIND, WHERE (line, span, card, channel, process), ARGS as key=value. Without KIND: list."""
    place = folder or default_folder()
    if end is not None:
        _show(ask(place, "fault_end", fault=end))
    elif kind is None:
        _show(ask(place, "faults"))
    else:
        if "=" in where:  # kinds without a place, such as licence_expired, may still have arguments
            where, args = "", (where, *args)
        extra = {"for_s": for_s, "per_hour": per_hour}
        given = {key: value for key, value in extra.items() if value is not None}
        _show(ask(place, "fault", kind=kind, where=where, args=_pairs(args), **given))


def _pairs(args: tuple[str, ...]) -> dict[str, str]:
    """`key=value` words as a mapping. Raises BadParameter."""
    for arg in args:
        if not re.fullmatch(r"\w+=.*", arg):
            raise click.BadParameter(_("{arg} is not key=value").format(arg=arg))
    return dict(arg.partition("=")[::2] for arg in args)


@verb()
@click.argument("caller")
@click.argument("called")
@_folder
@option("--script", default="", help="What the caller does (a script of the scenario).")
@option("--choice", default="", help="The key that the script presses where it says choose.")
def dial(caller: str, called: str, folder: Path | None, script: str, choice: str) -> None:
    """Let a subscriber with the number CALLER call CALLED now."""
    args = {"from": caller, "to": called, "script": script, "choice": choice}
    _show(ask(folder or default_folder(), "dial", **args))


@verb()
@click.argument("person")
@click.argument("act")
@click.argument("value", default="")
@_folder
def station(person: str, act: str, value: str, folder: Path | None) -> None:
    """Take PERSON's telephone in hand: lift, hang_up, dial DIGITS, flash, speak, quiet, resume."""
    extra = {"digits": value} if value else {}
    _show(ask(folder or default_folder(), "station", station=person, act=act, **extra))


@verb()
@_folder
def stop(folder: Path | None) -> None:
    """Stop the running simulator."""
    _show(ask(folder or default_folder(), "stop"))
