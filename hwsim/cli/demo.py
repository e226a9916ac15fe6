"""`hwsim demo`: the whole way from a ring to an agent on a simulated machine, watched and judged."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.live import Live
from rich.table import Table

from boardd.contract.text import _
from boardd.terminal.helptext import option, verb
from hwsim.cli.control import facts
from hwsim.cli.serve import site_file, speed_option
from hwsim.demo.processes import Processes
from hwsim.demo.result import result, summary_lines
from hwsim.demo.view import Picture, render
from hwsim.demo.watch import Watch
from hwsim.demo.workspace import Workspace, demo_config
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner_config import write_config
from hwsim.scenario.runner_dahdi import dahdi_cards

ENDLESS = 100_000
SITES = {"synway": "demo", "dahdi": "demo_dahdi"}
"""The demo's scenario by family of cards."""


@verb()
@option("--calls", type=click.IntRange(1, ENDLESS), help="How many callers arrive (default: until Ctrl-C).")
@option("--seed", type=int, default=1, show_default=True, help="Same seed, same callers.")
@speed_option
@option(
    "--cards",
    type=click.Choice(list(SITES)),
    default="synway",
    show_default=True,
    help="Whose cards the demo's own machine has.",
)
@option("--site", help="Scenario file, or the name of a shipped one, instead of the demo's own.")
@option("--config", type=click.Path(path_type=Path, file_okay=False), help="Folder with boardd.yaml and friends.")
@option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this folder.")
@option("--json", "document", type=click.Path(path_type=Path, dir_okay=False), help="Write the result here.")
@option("--plain", is_flag=True, help="No live view.")
def demo(
    calls: int | None,
    seed: int,
    speed: float | str,
    cards: str,
    site: str | None,
    config: Path | None,
    folder: Path | None,
    document: Path | None,
    plain: bool,
) -> None:
    """Run a simulated call centre: cards, boardd, scheduler, agents, callers. Ctrl-C ends it with a summary.

    Exit status 1 when a channel is stuck, a record is missing or double, or digits were heard wrongly.
    """
    keep = folder is not None or document is not None
    place = folder or Path(tempfile.mkdtemp(prefix="boardd-demo-"))
    space = prepare(place, config, site, cards, calls or ENDLESS)
    word = "max" if speed == "max" else f"{float(speed):g}"
    signal.signal(signal.SIGTERM, _interrupt)
    processes = Processes.start(space, seed, word)
    try:
        with _screen(plain or not sys.stdout.isatty()) as show:
            watch = Watch(space, processes, calls or 0, word, show)
            interrupted = _watch(watch)
        settled = watch.settled() if not interrupted else False
        run = {"seed": seed, "speed": word, "wall_base_ms": watch.epoch_ms(), "interrupted": interrupted}
        found = result(
            watch.callers(),
            watch.records(),
            watch.channels(),
            space.folder / "recordings",
            run,
            list(facts(space.simulator, "digit_sent")),
        )
    finally:
        processes.stop()
    if document:
        document.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _summary(found, space.folder if keep else None)
    if not keep:
        shutil.rmtree(space.folder, ignore_errors=True)
    if not interrupted and (not settled or not good(found)):
        raise click.exceptions.Exit(1)


def prepare(place: Path, config: Path | None, site: str | None, cards: str, calls: int) -> Workspace:
    """The working folder. The demo's own configuration is for Synway's cards; for others it comes from the scenario."""
    scenario = site or SITES[cards]
    loaded = Scenario.load(site_file(scenario))
    if config is not None or not dahdi_cards(loaded):
        return Workspace.prepare(place, config or demo_config(), scenario, calls)
    with tempfile.TemporaryDirectory() as made:
        write_config(Path(made), loaded, loaded.header.changes)
        return Workspace.prepare(place, Path(made), scenario, calls)


def good(found: dict[str, Any]) -> bool:
    """Whether nothing is stuck and every caller who reached a line has exactly one record with the right digits."""
    return found["stuck_channels"] == 0 and all(
        c["records"] == 1 and c["digits_sent"] == c["digits_heard"] for c in found["contacts"] if c["line"]
    )


def _watch(watch: Watch) -> bool:
    """Whether the person ended it."""
    try:
        watch.until_over()
    except KeyboardInterrupt:
        return True
    return False


def _interrupt(*_args: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _screen(plain: bool) -> Iterator[Callable[[Picture], None]]:
    if plain:
        yield _plain_progress()
        return
    with Live(console=Console(), refresh_per_second=8, screen=True) as live:
        yield lambda picture: live.update(render(picture))


def _plain_progress() -> Callable[[Picture], None]:
    told = -1

    def show(picture: Picture) -> None:
        nonlocal told
        if picture.offered != told:
            told = picture.offered
            line = _("{t:.0f} s: {n} of {all} callers").format(t=picture.now_s, n=told, all=picture.wanted or "-")
            click.echo(line, err=True)

    return show


def _summary(found: dict[str, Any], folder: Path | None) -> None:
    names = {
        "offered": _("callers"),
        "answered": _("reached an agent"),
        "mean_wait": _("mean wait in the queue"),
        "digits_equal": _("digits heard as sent"),
        "records_wrong": _("callers without exactly one record"),
        "stuck_channels": _("stuck channels"),
        "causes": _("release causes"),
    }
    table = Table(show_header=False, title=_("Summary"), title_justify="left")
    for name, value in summary_lines(found):
        table.add_row(names[name], value)
    Console().print(table)
    if folder:
        click.echo(_("Recordings, truth log and logs are in {folder}").format(folder=folder))
