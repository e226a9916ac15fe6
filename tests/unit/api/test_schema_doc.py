"""The committed reference is what the tables say, and every link on it leads somewhere."""

import json
import re
from pathlib import Path

import pytest

from boardd.api import board_schema, schema_doc

DOCS = Path(__file__).resolve().parents[3] / "docs"
HINT = "run: python -m boardd.api.schema_doc docs"


@pytest.mark.parametrize(("name", "made"), [(schema_doc.PAGE, schema_doc.page), (schema_doc.SCHEMA, schema_doc.schema)])
def test_the_committed_reference_is_current(name, made):
    assert (DOCS / name).read_text(encoding="utf-8") == made(), HINT


def test_every_link_has_its_target_once():
    page = schema_doc.page()
    targets = re.findall(r'<a id="([^"]+)">', page)
    assert len(set(targets)) == len(targets)
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(targets)


def test_the_schema_names_every_method_and_has_every_definition():
    document = json.loads(schema_doc.schema())
    assert document["sockets"]["boardd.sock"].keys() == board_schema.METHODS.keys()
    wanted = set(re.findall(r'"#/\$defs/([^"]+)"', schema_doc.schema()))
    assert wanted <= document["$defs"].keys()
