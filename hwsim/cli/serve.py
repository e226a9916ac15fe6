"""`hwsim serve` runs a simulated machine; `hwsim run -- PROGRAM` runs a program of yours on one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from boardd.contract.text import _
from boardd.terminal.helptext import option, verb
from hwsim.cli.lib import LIBRARIES, library_path
from hwsim.cli.maker_config import config_option, find_config
from hwsim.folder import default_folder
from hwsim.kernel.keeper import TokenStuckError
from hwsim.scenario.file import Scenario
from hwsim.simulator import Options, Simulator

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"


class Speed(click.ParamType[float | str]):
    """A number, or max."""

    name = "speed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | str:
        """1 is real time; max is as fast as it goes."""
        if value == "max" or isinstance(value, float):
            return "max" if value == "max" else float(value)
        try:
            speed = float(value)
        except ValueError:
            self.fail(_("{value} is neither a number nor max").format(value=value), param, ctx)
        if not 0 < speed <= 10_000:
            self.fail(_("speed must be more than 0 and at most 10000"), param, ctx)
        return speed


def speed_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--speed."""
    return option("--speed", type=Speed(), default="1", show_default=True, help="1 = real time, N, or max.")(command)


def site_file(site: str) -> Path:
    """A scenario by path, or by the name of one that ships with the simulator."""
    path = Path(site)
    shipped = SCENARIOS / f"{site}.yaml"
    if not path.exists() and shipped.exists():
        return shipped
    return path


def in_numbers(speed: float | str) -> float | None:
    """The drive's speed: None for max."""
    return None if speed == "max" else float(speed)


@verb()
@click.argument("site")
@option("--dir", "folder", type=click.Path(path_type=Path), help="Folder of the sockets.")
@option("--seed", type=int, default=1, show_default=True, help="Same seed, same world.")
@speed_option
@option("--truth", type=click.Path(path_type=Path), help="Folder for the truth log and everybody's sound.")
@option("--stop-at-end", is_flag=True, help="Leave when the scenario is over.")
@option("--ready-fd", type=int, help="Write a line to this descriptor when the sockets are open.")
@config_option
def serve(
    site: str,
    folder: Path | None,
    seed: int,
    speed: float | str,
    truth: Path | None,
    stop_at_end: bool,
    ready_fd: int | None,
    config: Path | None,
) -> None:
    """Run the simulated machine of SITE (a scenario file, or the name of a shipped one).

    A scenario without cards, such as one_pc, takes those of the maker's configuration file.
    """
    scenario = Scenario.load(site_file(site))
    cards = None if scenario.cards else find_config(config)
    options = Options(folder or default_folder(), seed, in_numbers(speed), truth, maker_config=cards)
    simulator = Simulator(scenario, options)
    simulator.connect()
    simulator.world.check()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_args: simulator.stop())
    if ready_fd is not None:
        with os.fdopen(ready_fd, "w") as ready:
            ready.write("ready\n")
    drive(simulator, stop_at_end)


def drive(simulator: Simulator, stop_at_end: bool) -> None:
    """Run and close; a process that keeps the token is named."""
    try:
        simulator.run(stop_at_end=stop_at_end)
    except TokenStuckError as error:
        # At once: closing takes its time, and who started us may end us meanwhile.
        click.echo(str(error), err=True)
        sys.exit(1)
    finally:
        simulator.close()


@verb(context_settings={"ignore_unknown_options": True})
@option("--site", default="one_pc", show_default=True, help="Scenario file, or the name of a shipped one.")
@option("--seed", type=int, default=1, show_default=True, help="Same seed, same world.")
@option("--truth", type=click.Path(path_type=Path), help="Folder for the truth log and everybody's sound.")
@option("--layout", type=click.Choice(["newest", "2007"]), default="newest", help="Memory layout of the ABI.")
@config_option
@click.argument("program", nargs=-1, required=True, type=click.UNPROCESSED)
def run(site: str, seed: int, truth: Path | None, layout: str, config: Path | None, program: tuple[str, ...]) -> None:
    """Run PROGRAM, written for a maker's API, on a simulated machine at real speed; leave with its exit status.

    The program finds the simulated libraries through LD_LIBRARY_PATH. A scenario without cards, such as one_pc, takes
    those of the configuration file that the program is given as an argument.
    """
    folder = default_folder()
    scenario = Scenario.load(site_file(site))
    cards = None if scenario.cards else find_config(config, program)
    simulator = Simulator(scenario, Options(folder, seed, 1.0, truth, maker_config=cards))
    folders = [str(library_path(maker, kind).parent) for maker, kind in LIBRARIES if kind == layout]
    path = ":".join([*folders, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])])
    environment = {**os.environ, **simulator.environment, "LD_LIBRARY_PATH": path}
    with subprocess.Popen(program, env=environment) as child:
        signal.signal(signal.SIGINT, lambda *_args: None)
        handle = os.pidfd_open(child.pid)
        simulator.loop.add_reader(handle, simulator.stop)
        try:
            drive(simulator, stop_at_end=False)
        finally:
            os.close(handle)
            if child.poll() is None:
                child.terminate()
        status = child.wait()
    raise click.exceptions.Exit(status if status >= 0 else 128 - status)
