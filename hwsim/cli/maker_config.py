"""Which cards a scenario without cards gets: those of the maker's own configuration file, ShConfig.ini."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.terminal.helptext import option
from hwsim.vendorlibs.synway.cards import model
from hwsim.vendorlibs.synway.inifile import IniFile

EXAMPLES = Path(__file__).resolve().parent.parent / "scenarios" / "one_pc"
"""The configuration files for those who have none: one E1 and sixteen analogue ports."""
NAME = "ShConfig.ini"
MAX_BYTES = 1 << 20


def config_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--config."""
    return option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Maker's configuration file (ShConfig.ini) with the cards of a scenario that names none.",
    )(command)


def find_config(given: Path | None, arguments: Sequence[str] = ()) -> bytes:
    """The file `given`, else the first of a program's `arguments` that is one, else ./ShConfig.ini, else the example.

    Raises ConfigurationError when `given` cannot be read, or when the file found names no card or an unknown model.
    """
    if given is not None:
        try:
            data = given.read_bytes()
        except OSError as error:
            text = _("{path}: {problem} (--config)").format(path=given, problem=error.strerror)
            raise ConfigurationError(text) from error
        return _checked(given, data)
    for path in (*map(Path, arguments), Path(NAME)):
        data = _read(path)
        if data and _boards(data):
            return _checked(path, data)
    return (EXAMPLES / NAME).read_bytes()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes() if path.is_file() and path.stat().st_size <= MAX_BYTES else b""
    except (OSError, ValueError):
        return b""


def _boards(data: bytes) -> int:
    return IniFile.parse(data).number("SystemConfig", "TotalBoards", 0)


def _checked(path: Path, data: bytes) -> bytes:
    if not _boards(data):
        text = _("{path}: [SystemConfig] TotalBoards is missing: not a configuration file of the maker")
        raise ConfigurationError(text.format(path=path))
    ini = IniFile.parse(data)
    for number in range(_boards(data)):
        name = ini.text(f"BoardId={number}", "BoardModel")
        if not model(name):
            text = _("{path}: [BoardId={number}] BoardModel={name}: the simulator does not know this card")
            raise ConfigurationError(text.format(path=path, number=number, name=name))
    return data
