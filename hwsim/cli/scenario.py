"""`hwsim scenario`: check and list scenario files."""

from __future__ import annotations

from pathlib import Path

import click

from boardd.contract.text import _
from hwsim.cli.maker_config import find_config
from hwsim.cli.serve import SCENARIOS, site_file
from hwsim.scenario.file import Scenario
from hwsim.simulator import Options, Simulator


@click.group()
def scenario() -> None:
    """Scenario files."""


@scenario.command()
@click.argument("file")
def check(file: str) -> None:
    """Read FILE, build its world without starting it, and say what is wrong (file:line: key: what)."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        loaded = Scenario.load(site_file(file))
        cards = None if loaded.cards else find_config(None)
        simulator = Simulator(loaded, Options(Path(folder), maker_config=cards))
        try:
            simulator.world.check()
        finally:
            simulator.close()
    click.echo(_("{file}: good").format(file=file))


@scenario.command("list")
def list_() -> None:
    """List the scenarios that ship with the simulator."""
    for path in sorted(SCENARIOS.glob("*.yaml")):
        click.echo(path.stem)
