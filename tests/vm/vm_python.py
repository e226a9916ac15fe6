"""boardd and what it needs, for the guest: our packages as they lie here, and what is installed for this Python.

The guest has the same Python (3.11), so compiled modules fit.
"""

import sys
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]
OURS = ("boardd", "drivers")
SUFFIXES = (".py", ".so", ".h", ".mo", ".wav", ".md", ".yaml")


def fits():
    """Whether this Python's compiled modules can be used in the guest."""
    return sys.version_info[:2] == (3, 11)


def tree(folder="site", ours=OURS):
    """Files for `vm_machine.run`, to be found there with PYTHONPATH set to `folder`."""
    files = {}
    for package in ours:
        for path in (ROOT / package).rglob("*"):
            if path.is_file() and path.suffix in SUFFIXES and "__pycache__" not in path.parts:
                files[f"{folder}/{path.relative_to(ROOT)}"] = path
    for distribution in _needed():
        for file in distribution.files or ():
            path = Path(str(distribution.locate_file(file)))
            if ".." not in file.parts and path.suffix != ".pyc" and path.is_file():
                files[f"{folder}/{file}"] = path
    return files


def _needed():
    found, pending = {}, list(metadata.requires("boardd") or ())
    while pending:
        need = Requirement(pending.pop())
        if need.name in found or (need.marker is not None and not need.marker.evaluate({"extra": ""})):
            continue
        found[need.name] = metadata.distribution(need.name)
        pending += found[need.name].requires or ()
    return found.values()
