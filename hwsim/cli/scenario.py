"""`hwsim scenario`: check, list and run scenario files."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import click

from boardd.contract.text import _
from boardd.terminal.helptext import option, verb_group
from hwsim.cli.maker_config import find_config
from hwsim.cli.serve import SCENARIOS, site_file, speed_option
from hwsim.scenario.file import Scenario
from hwsim.scenario.runner import How, Report, Verdict, missing, numbered, run_scenario
from hwsim.scenario.runner_peer import peer_plan
from hwsim.simulator import Options, Simulator


@verb_group()
def scenario() -> None:
    """Scenario files."""


@scenario.command()
@click.argument("file")
def check(file: str) -> None:
    """Read FILE, build its world without starting it, and say what is wrong (file:line: key: what)."""
    with tempfile.TemporaryDirectory() as folder:
        loaded = Scenario.load(site_file(file))
        cards = None if loaded.cards else find_config(None)
        simulator = Simulator(loaded, Options(Path(folder), maker_config=cards))
        try:
            simulator.world.check(loaded.header.planned_faults)
            peer_plan(loaded.header.run.peer, loaded.header.run_node, simulator.machine.buses)
        finally:
            simulator.close()
    lacking = missing(loaded)
    if lacking:
        click.echo(_("{file}: good; not yet to be run: needs {needs}").format(file=file, needs=", ".join(lacking)))
    else:
        click.echo(_("{file}: good").format(file=file))


@scenario.command("list")
def list_() -> None:
    """List the scenarios that ship with the simulator: what each needs - (!) is not there - and whether it is due."""
    rows = []
    for path in sorted(SCENARIOS.glob("*.yaml")):
        loaded = Scenario.load(path)
        lacking = missing(loaded)
        state = _("not yet") if lacking else _("due") if loaded.header.expect else _("only a world, expects nothing")
        needs = " ".join(f"{need}(!)" if need in lacking else need for need in loaded.header.needs) or "-"
        rows.append((path.stem, needs, state))
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, needs, state in rows:
        click.echo(f"{name:{widths[0]}}  {needs:{widths[1]}}  {state}")


@scenario.command()
@click.argument("name")
@speed_option
@option("--seed", type=int, help="Another seed than the scenario's own.")
@option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), help="Keep everything in this folder.")
def run(name: str, speed: float | str, seed: int | None, folder: Path | None) -> None:
    """Run NAME (a file, a shipped scenario, or `all` numbered ones) with boardd and judge it by what it expects.

    Each is passed, failed, or not yet (something that it needs is not there). Exit status 1 when one has failed.
    """
    paths = numbered() if name == "all" else [_path(name)]
    place = folder or Path(tempfile.mkdtemp(prefix="scenario-"))
    word = "max" if speed == "max" else f"{float(speed):g}"
    failed = False
    for path in paths:
        report = run_scenario(path, How(place.resolve(), word, seed))
        failed |= report.verdict is Verdict.FAILED
        _show(report)
    if folder or failed:
        click.echo(_("Everything is in {folder}").format(folder=place))
    else:
        shutil.rmtree(place, ignore_errors=True)
    if failed:
        raise click.exceptions.Exit(1)


def _path(name: str) -> Path:
    """A file, or a shipped scenario by its name or number."""
    path = site_file(name)
    if path.exists():
        return path
    found = [p for p in numbered() if p.stem.split("_", 1)[0].lstrip("0") == name.lstrip("0")]
    return found[0] if found else path


def _show(report: Report) -> None:
    words = {Verdict.PASSED: _("passed"), Verdict.FAILED: _("FAILED"), Verdict.NOT_YET: _("not yet")}
    time = f"  {report.simulated_s:.0f} s" if report.simulated_s else ""
    click.echo(f"{words[report.verdict]:8} {report.name}{time}")
    for why in report.why:
        click.echo(f"         {why}")
