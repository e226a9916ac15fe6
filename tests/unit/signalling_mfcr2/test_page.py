"""What docs/signalling.md says of R2 is what the code has."""

import re
from pathlib import Path

from boardd.signalling.mfcr2.profile import R2Profile
from boardd.signalling.mfcr2.words import TROUBLES

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "signalling.md").read_text(encoding="utf-8")


def test_troubles():
    table = PAGE.split("### Troubles")[1].split("###")[0]
    assert tuple(re.findall(r"^\| `(\w+)`", table, re.M)) == TROUBLES


def test_rules_of_the_profile_that_the_page_names():
    rules = PAGE.split("### What it does")[1].split("### Troubles")[0]
    known = {field for section in ("line", "called", "caller", "groups", "registers", "alarms")
             for field in getattr(R2Profile(), section).__struct_fields__}  # fmt: skip
    for name in re.findall(r"`(?:called\.)?([a-z_]+(?:_ms|_digits|release|lengths))`", rules):
        assert name in known, name
