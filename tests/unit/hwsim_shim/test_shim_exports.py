"""The library exports every name of the fact sheet (sections 4 to 17), all that is declared, and nothing of its inside.

Left out: the Shg* gateway names and the v1.x names (StartTimer, HangUp ...), which clash with other libraries, and
names that the sheet does not spell out ("SsmSet2nd...").
"""

import re
import subprocess

import pytest
from shimkit import HERE, LAYOUTS, MORE, TOPICS, declarations

SHEET = (HERE / "sheet_names.txt").read_text().split()


@pytest.fixture(params=list(LAYOUTS))
def exported(request, built):
    text = subprocess.run(
        ["nm", "-D", "--defined-only", LAYOUTS[request.param] / "libshpa3.so"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {line.split()[2] for line in text.stdout.splitlines()}


def test_every_name_of_the_sheet_is_exported(exported):
    assert not set(SHEET) - exported


def test_every_declared_function_is_exported(exported):
    declared = set(re.findall(r"\b((?:Ssm|Spy|DTR)\w+)\(", declarations(*TOPICS, *MORE)))
    assert len(declared) > 350
    assert not declared - exported


def test_nothing_else_is_exported(exported):
    assert {name for name in exported if not re.match("Ssm|Spy|DTR", name)} == set()


def test_cffi_finds_every_declared_function(ffi, lib):
    for name in re.findall(r"\b((?:Ssm|Spy|DTR)\w+)\(", declarations(*TOPICS, *MORE)):
        assert getattr(lib, name)
