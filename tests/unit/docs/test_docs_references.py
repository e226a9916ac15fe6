"""What the pages refer to exists: files, functions, tests, packages, links, capabilities, cases, personalities."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest
from pages import DOCS, ROOT, codes, definitions, links, page, section, table, tables

from boardd.contract.capabilities import Capability
from boardd.host.alarms import SEVERITIES
from boardd.testing import cases_for
from drivers.dahdi import bearer as dahdi_bearer
from drivers.dahdi import fxo as dahdi_fxo
from drivers.dahdi import fxs as dahdi_fxs
from drivers.synway import digital, fxo, fxs, tap
from drivers.synway.quirks import Quirks
from hwsim.vendorlibs.synway.personality import PERSONALITIES, Personality

PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
OURS = [
    *("architecture.md", "adding-a-card.md", "boards.md", "media.md", "simulator.md", "testing.md", "truth.md"),
    "README.zh-CN.md",
    *(name for name in PAGES if name.startswith("decisions/")),
]
_FUNCTION = re.compile(r"([\w./-]+\.py):([\w.]+)$")
_TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)$")
_FILE = re.compile(r"(?:boardd|drivers|hwsim|tests|config|systemd|docs)/[\w./-]+$")
DECISION_LINES = 25


@pytest.mark.parametrize("name", OURS)
def test_functions_and_tests_that_a_page_names_exist(name):
    for code in codes(page(name)):
        found = _FUNCTION.match(code) or _TEST.match(code)
        if found:
            path = ROOT / found[1]
            assert path.is_file(), code
            assert found[2] in definitions(path), code


@pytest.mark.parametrize("name", OURS)
def test_files_that_a_page_names_exist(name):
    for code in codes(page(name)):
        if _FILE.match(code) and "FAMILY" not in code and "*" not in code:
            assert (ROOT / code).exists(), code


@pytest.mark.parametrize("name", OURS)
def test_links_lead_somewhere(name):
    for target in links(name):
        assert (DOCS / name).parent.joinpath(target).exists(), target


def test_every_package_has_its_line():
    documented = set(table("architecture.md", "Rooms of the tree").codes("package"))
    top = {"boardd": 1, "drivers": 1, "hwsim": 1}
    packages = {
        f"{root}/{path.parent.name}"
        for root in top
        for path in (ROOT / root).glob("*/__init__.py")
        if not path.parent.name.startswith("_")
    }
    assert documented == packages | {"boardd/locale", "hwsim/scenarios"}


def test_every_row_of_the_failure_table_names_a_test_or_admits_that_there_is_none():
    rows = table("architecture.md", "What happens when X is killed").column("proven by")
    assert rows
    for row in rows:
        assert row == "not yet" or (all(_TEST.match(code) for code in codes(row)) and codes(row)), row


def test_decisions_are_numbered_and_short():
    names = sorted(name for name in PAGES if name.startswith("decisions/"))
    numbers = [int(name.removeprefix("decisions/")[:4]) for name in names]
    assert numbers == sorted(set(numbers)) and numbers[0] == 1
    for name in names:
        assert len(page(name).splitlines()) <= DECISION_LINES, name


def test_capabilities_by_kind_of_channel():
    documented = table("boards.md", "Capabilities")
    kinds = {"fxo": fxo, "fxs": fxs, "tap": tap, "e1_bearer": digital}
    assert documented.columns == ("capability", *kinds)
    assert documented.codes("capability") == [str(c) for c in Capability]
    for kind, module in kinds.items():
        marked = [row[0].strip("`") for row in documented.rows if row[documented.columns.index(kind)] == "yes"]
        assert set(marked) == {str(c) for c in module.CAPABILITIES}


def test_capabilities_of_dahdi_channels():
    documented = table("boards.md", "What DAHDI channels can do")
    kinds = {"fxo": dahdi_fxo, "fxs": dahdi_fxs, "e1_bearer": dahdi_bearer}
    assert documented.columns == ("capability", *kinds)
    assert documented.codes("capability") == [str(c) for c in Capability]
    for kind, module in kinds.items():
        marked = [row[0].strip("`") for row in documented.rows if row[documented.columns.index(kind)] == "yes"]
        assert set(marked) == {str(c) for c in module.CAPABILITIES}


def test_cases_of_the_contract_suite():
    documented = table("adding-a-card.md", "4. The contract suite").codes("cases")
    assert sorted(documented) == sorted(case.name for case in cases_for())


def test_facts_that_await_a_real_card():
    found: dict[str, tuple[str, ...]] = {}
    for documented in tables("boards.md"):
        if documented.columns[:1] == ("fact",):
            found |= {row[0].strip("`"): row for row in documented.rows}
    names = [field.name for field in fields(Personality) if field.name != "name"]
    assert sorted(found) == sorted(names)
    newest = PERSONALITIES["newest"]
    for name in names:
        assert found[name][1] == f"`{getattr(newest, name)}`", name
        others = [
            f"{other.name}: `{getattr(other, name)}`"
            for other in PERSONALITIES.values()
            if getattr(other, name) != getattr(newest, name)
        ]
        assert found[name][2] == (", ".join(others) or "-"), name


def test_quirks_of_the_driver_are_named():
    assert set(codes(section("boards.md", "Quirks of the driver"))) >= {field.name for field in fields(Quirks)}


def test_the_chinese_index_has_a_paragraph_for_every_page():
    named = set(links("README.zh-CN.md"))
    for name in PAGES:
        if name != "README.zh-CN.md" and not name.startswith(("decisions/", "examples/")):
            assert name in named, name


def test_every_alarm_is_on_its_page():
    documented = table("alarms.md", "Alarms")
    severities = dict(zip(documented.codes("code"), documented.column("severity"), strict=True))
    assert {code: severities.get(code) for code in SEVERITIES} == {c: str(s) for c, s in SEVERITIES.items()}
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "drivers" / "synway").glob("*.py"))
    raised = set(re.findall(r'Trouble\([^)]*?, "(\w+)"', source))
    assert raised <= set(severities), "an alarm of the driver is not explained"
