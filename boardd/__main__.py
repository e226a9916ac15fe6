"""`boardd`: the long-running processes. Technicians use `boardctl`.

    boardd run        everything under one small supervisor (demo, tests)
    boardd daemon     the daemon
    boardd host NAME  the host of one domain
    boardd scheduler  the ACD/IVR scheduler

Exit codes: 0 ended as asked, 1 failed, 2 usage, 78 configuration (systemd does not restart that).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from boardd.config.site import DEFAULT_PATH
from boardd.contract.errors import BoarddError, ConfigurationError
from boardd.contract.text import _, language_of, set_language

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CONFIGURATION = 78
EXIT_INTERRUPTED = 130


def _config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=DEFAULT_PATH,
        show_default=True,
        help="Configuration file.",
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="boardd", prog_name="boardd")
def cli() -> None:
    """The long-running processes of boardd. Technicians use boardctl."""


@cli.command()
@_config_option
def run(config: Path) -> None:
    """Run daemon, hosts and scheduler under one supervisor."""
    from boardd.supervise.app import main as run_supervisor

    run_supervisor(config)


@cli.command()
@_config_option
def daemon(config: Path) -> None:
    """Run the daemon."""
    from boardd.daemon.app import main as run_daemon

    run_daemon(config)


@cli.command()
@click.argument("name")
@_config_option
def host(name: str, config: Path) -> None:
    """Run the host process of domain NAME."""
    from boardd.host.app import main as run_host

    raise click.exceptions.Exit(run_host(name, config))


@cli.command()
@_config_option
def scheduler(config: Path) -> None:
    """Run the ACD/IVR scheduler."""
    from boardd.scheduler.app import main as run_scheduler

    run_scheduler(config)


def invoke(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code. What went wrong is one message on stderr, never a traceback."""
    set_language(language_of())
    try:
        # Without its standalone mode click returns the status of Exit instead of raising it.
        status = cli.main(args=arguments, prog_name="boardd", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        return EXIT_INTERRUPTED
    except ConfigurationError as error:
        _complain(error.message)
        return EXIT_CONFIGURATION
    except BoarddError as error:
        _complain(error.message)
        return EXIT_FAILED
    except OSError as error:
        if not error.filename:
            raise
        _complain(f"{error.filename}: {error.strerror}")
        return EXIT_FAILED
    return status if isinstance(status, int) else 0


def _complain(message: str) -> None:
    for line in message.splitlines() or [_("failed")]:
        click.echo(f"boardd: {line}", err=True)


def main() -> None:
    """Entry point."""
    code = invoke()
    # A daemon whose stderr is gone must still end with its own code.
    try:
        sys.stderr.flush()
    except OSError:
        os._exit(code)
    sys.exit(code)


if __name__ == "__main__":
    main()
