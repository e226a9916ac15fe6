"""The `boardctl` command."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import click
import structlog
from structlog.typing import EventDict, WrappedLogger

from boardd import logs
from boardd.cli.agents import agents
from boardd.cli.bridges import bridges
from boardd.cli.call import call
from boardd.cli.calls import calls
from boardd.cli.channels import channels
from boardd.cli.config import config
from boardd.cli.contacts import contacts
from boardd.cli.events import events
from boardd.cli.exits import Exit
from boardd.cli.explain import explain
from boardd.cli.output import complain
from boardd.cli.records import records
from boardd.cli.reset import reset
from boardd.cli.scan import scan
from boardd.cli.session import DEFAULT_RUNTIME_DIR, INTERRUPTED, Session
from boardd.cli.span import span
from boardd.cli.status import status
from boardd.contract.errors import BoarddError
from boardd.contract.text import _
from boardd.terminal import language
from boardd.terminal.helptext import ReaderGoneError, VerbGroup, VerbOption, option, verb_group

LOG_LEVEL = "BOARDD_LOG_LEVEL"


def _speak(_context: click.Context, _parameter: click.Parameter, asked: str | None) -> str:
    chosen = language.choose(asked)
    language.use(chosen)
    return chosen


@verb_group(context_settings={"help_option_names": ["-h", "--help"]})
@option("--json", "as_json", is_flag=True, help="Stable JSON instead of tables.")
@option(
    "--lang",
    type=click.Choice(["zh_CN", "en"]),
    is_eager=True,
    callback=_speak,
    help="Language of messages (default: from the locale).",
)
@option(
    "--runtime-dir",
    type=click.Path(path_type=Path),
    default=DEFAULT_RUNTIME_DIR,
    envvar="BOARDD_RUNTIME_DIR",
    show_default=True,
    help="Folder of the sockets.",
)
@click.version_option(package_name="boardd", cls=VerbOption, help="Show the version and exit.")
@click.pass_context
def cli(context: click.Context, as_json: bool, lang: str, runtime_dir: Path) -> None:
    """Look at and handle telephony boards.

    Exit codes: 0 done, 1 failed, 2 usage, 3 no daemon, 4 board broken.
    """
    context.obj = Session(runtime_dir, as_json, lang)


VERBS = (status, channels, calls, bridges, contacts, agents, records, events, call, scan, config, span, reset)
for _verb in VERBS:
    cli.add_command(_verb)

_GLOBAL_FLAGS = ("--json",)
_GLOBAL_VALUES = ("--lang", "--runtime-dir")


def globals_first(arguments: Sequence[str]) -> list[str]:
    """The general options may stand after the verb too: people write `boardctl channels --json`."""
    front: list[str] = []
    rest: list[str] = []
    pending = list(arguments)
    while pending:
        word = pending.pop(0)
        if word == "--":
            rest += [word, *pending]
            break
        if word in _GLOBAL_FLAGS or word.startswith(tuple(f"{name}=" for name in _GLOBAL_VALUES)):
            front.append(word)
        elif word in _GLOBAL_VALUES and pending:
            front += [word, pending.pop(0)]
        else:
            rest.append(word)
    return [*front, *rest]


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line; the exit code. Whatever happens, the technician gets a message, never a traceback."""
    language.use(language.choose(None))
    command: VerbGroup = cli
    try:
        ended: Any = command.main(args=globals_first(arguments), prog_name="boardctl", standalone_mode=False)
        sys.stdout.flush()
        return ended if isinstance(ended, int) else int(Exit.DONE)
    except click.exceptions.Exit as left:
        return left.exit_code
    except click.ClickException as error:
        error.show()
        return int(Exit.USAGE if isinstance(error, click.UsageError) else Exit.FAILED)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(Exit.FAILED)
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except BoarddError as error:
        complain("boardctl: " + "\n".join(explain(error)))
        return int(Exit.FAILED)
    except (ReaderGoneError, BrokenPipeError):
        _discard(sys.stdout)
        return int(Exit.DONE)
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        complain(_("boardctl: {what}").format(what=f"{place}{error.strerror or error}"))
        return int(Exit.FAILED)
    except Exception as error:
        if os.environ.get(LOG_LEVEL) == "debug":
            raise
        what = f"{type(error).__name__}: {error}"
        complain(
            _("boardctl: internal error: {what} ({variable}=debug shows more)").format(what=what, variable=LOG_LEVEL)
        )
        return int(Exit.FAILED)


def _prepare_streams() -> None:
    """A terminal that cannot show a character shows '?' instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _quiet_log() -> None:
    """Nothing but answers on the terminal, unless a log level is asked for."""
    if os.environ.get(LOG_LEVEL):
        logs.configure("boardctl")
        return
    structlog.configure(processors=[_drop])
    logging.getLogger().addHandler(logging.NullHandler())


def _drop(_logger: WrappedLogger, _level: str, _event: EventDict) -> EventDict:
    raise structlog.DropEvent


def _discard(stream: TextIO) -> None:
    """Send what is still buffered nowhere, so that the interpreter's own flush at the end cannot fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def main() -> None:
    """Entry point."""
    _prepare_streams()
    _quiet_log()
    code = invoke(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        _discard(sys.stdout)
    sys.exit(code)


if __name__ == "__main__":
    main()
