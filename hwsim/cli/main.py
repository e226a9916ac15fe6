"""The `hwsim` command: run a simulated machine, look into it, break it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from boardd.contract.errors import BoarddError
from boardd.contract.text import _
from boardd.terminal import language
from boardd.terminal.helptext import ReaderGoneError, VerbOption, option, verb_group
from hwsim.cli.control import dial, fault, listen, station, status, stop, truth
from hwsim.cli.demo import demo
from hwsim.cli.lib import lib
from hwsim.cli.scenario import scenario
from hwsim.cli.serve import run, serve


def _speak(_context: click.Context, _option: click.Parameter, lang: str | None) -> None:
    if lang:
        language.use(lang)


@verb_group(context_settings={"help_option_names": ["-h", "--help"]})
@option(
    "--lang",
    type=click.Choice(["zh_CN", "en"]),
    is_eager=True,
    expose_value=False,
    callback=_speak,
    help="Language of messages.",
)
@click.version_option(package_name="boardd", cls=VerbOption, help="Show the version and exit.")
def cli() -> None:
    """Hardware simulator: telephony cards below the makers' C ABI, lines, exchange, people."""


for command in (serve, run, lib, demo, scenario, status, truth, listen, fault, dial, station, stop):
    cli.add_command(command)


def main() -> None:
    """Entry point; expected errors are one message and an exit code, never a traceback."""
    language.use(language.choose(None))
    try:
        # Without its standalone mode click returns the status of Exit instead of raising it.
        status = cli.main(prog_name="hwsim", standalone_mode=False)
        sys.exit(status if isinstance(status, int) else 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except BoarddError as error:
        click.echo(error.message, err=True)
        sys.exit(1)
    except ReaderGoneError:  # `hwsim truth | head`: nobody wants more, and Python shall not say so at its end either
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        click.echo(_("hwsim: {name}{what}").format(name=name, what=error.strerror or error), err=True)
        sys.exit(1)


__all__ = ["Path", "cli", "main"]
