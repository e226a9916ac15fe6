"""`hwsim lib`: where the simulated makers' libraries are."""

from __future__ import annotations

from pathlib import Path

import click

from boardd.contract.errors import ConfigurationError
from boardd.contract.text import _
from boardd.terminal.helptext import option, verb

LIBRARIES = {
    ("synway", "newest"): "vendorlibs/synway/libshpa3.so",
    ("dahdi", "newest"): "vendorlibs/dahdi/libdahdiio.so",
    ("synway", "2007"): "vendorlibs/synway/layout2007/libshpa3.so",
}


def library_path(maker: str, layout: str = "newest") -> Path:
    """The shared library that stands for the maker's. Raises ConfigurationError when it is unknown or not built."""
    name = LIBRARIES.get((maker, layout))
    if name is None:
        known = ", ".join(sorted({m for m, _layout in LIBRARIES}))
        raise ConfigurationError(
            _("no simulated library of {maker}; there are: {known}").format(maker=maker, known=known)
        )
    path = Path(__file__).resolve().parent.parent / name
    if not path.exists():
        what = _("{path} is not built; run: python setup.py build_ext --inplace")
        raise ConfigurationError(what.format(path=path))
    return path


@verb()
@click.argument("maker")
@option("--layout", type=click.Choice(["newest", "2007"]), default="newest", help="Memory layout of the ABI.")
@option("--folder", is_flag=True, help="Print the folder instead (for -L and LD_LIBRARY_PATH).")
def lib(maker: str, layout: str, folder: bool) -> None:
    """Print the path of MAKER's simulated library (synway, dahdi)."""
    path = library_path(maker, layout)
    click.echo(path.parent if folder else path)
