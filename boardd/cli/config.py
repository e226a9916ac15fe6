"""`boardctl config`: check configuration files without touching the running system."""

from __future__ import annotations

from pathlib import Path

import click

from boardd.cli.exits import Exit
from boardd.cli.output import complain, emit_json
from boardd.cli.session import Session, pass_session
from boardd.config.site import DEFAULT_PATH, Site, load_site
from boardd.config.yamlfile import ConfigProblemsError, Problem
from boardd.contract.text import _, ngettext
from boardd.scheduler.config import load_scheduler
from boardd.terminal.helptext import verb_group


@verb_group()
def config() -> None:
    """Configuration files."""


@config.command()
@click.argument("file", type=click.Path(path_type=Path), default=DEFAULT_PATH)
@pass_session
def check(session: Session, file: Path) -> None:
    """Check FILE (boardd.yaml) and the scheduler's file it names; every problem as file:line: key: what."""
    problems = find_problems(file)
    if session.as_json:
        emit_json(
            [{"file": p.file, "line": p.line, "key": p.key, "what": p.what, "nearest": p.nearest} for p in problems]
        )
    else:
        for problem in problems:
            complain(str(problem))
        if problems:
            n = len(problems)
            complain(ngettext("{n} problem", "{n} problems", n).format(n=n))
        else:
            click.echo(_("{file}: good").format(file=file))
    if problems:
        raise SystemExit(int(Exit.FAILED))


def find_problems(file: Path) -> list[Problem]:
    """Everything that is wrong in boardd.yaml, and in the scheduler's file when boardd.yaml can be read."""
    site: Site | None = None
    problems: list[Problem] = []
    try:
        site = load_site(file)
    except ConfigProblemsError as error:
        problems.extend(error.problems)
    if site is not None and site.scheduler.enabled:
        try:
            load_scheduler(site.scheduler.config, site)
        except ConfigProblemsError as error:
            problems.extend(error.problems)
    return problems
