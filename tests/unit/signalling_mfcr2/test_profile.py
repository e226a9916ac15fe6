"""Profiles: strict files, every problem with its line; the maps."""

import pytest

from boardd.config.yamlfile import ConfigProblemsError
from boardd.signalling.mfcr2.profile import CHINA_FILE, Groups, R2Profile, load_profile, parse_profile
from boardd.signalling.mfcr2.signals import Meaning


def test_the_file_of_china_is_the_default_and_complete():
    assert load_profile(CHINA_FILE) == R2Profile()
    text = CHINA_FILE.read_text(encoding="utf-8")
    assert parse_profile("", "empty.yaml") == R2Profile()
    for section in ("line", "called", "caller", "groups", "registers", "alarms"):
        for field in getattr(R2Profile(), section).__struct_fields__:
            assert f"\n  {field}:" in text, f"{section}.{field} is not in china.yaml"


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("line:\n  persistance_ms: 20", 2, "persistence_ms"),
        ("line:\n  release_ms: 0", 2, "greater than 0"),
        ('called:\n  lengths:\n    "13": 1', 3, "cannot have 1 digits"),
        ("called:\n  lengths: {a: 4}", 2, "begins with a"),
        ("caller:\n  ka: 9", 2, "1, 2, 3, 5, 8, 10"),
        ("groups:\n  kd: 7", 2, "1 to 6"),
        ("groups:\n  a:\n    1: next\n    16: group_b", 4, "1 to 15"),
        ("groups:\n  a:\n    1: free\n    3: group_b", 3, "no meaning of this group"),
        ("groups:\n  a:\n    3: group_b", 2, "no signal for next"),
        ("groups:\n  b_toll:\n    2: busy", 2, "no signal for free"),
        ("groups:\n  a:\n    1: nexxt", 3, "must be one of"),
        ("registers:\n  send_dbm0: 0", 2, "-30.0 to -3.0"),
        ("line:\n  pulses: maybe", 2, "none, ignore, count"),
        ("line:\n  forced_release: perhaps", 2, "yes or no"),
    ],
)
def test_problems_name_file_line_and_key(text, line, what):
    with pytest.raises(ConfigProblemsError) as found:
        parse_profile(text, "trunk.yaml")
    assert any(f"trunk.yaml:{line}: " in str(p) and what in str(p) for p in found.value.problems), str(found.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigProblemsError, match="profile of an MFC-R2 trunk"):
        load_profile(tmp_path / "no.yaml")


def test_what_is_sent_for_a_meaning():
    groups = Groups()
    assert [groups.b_number(3, m) for m in (Meaning.FREE, Meaning.BUSY, Meaning.CONGESTION, Meaning.UNALLOCATED)] == [
        1,
        4,
        4,
        5,
    ]
    assert [groups.b_number(2, m) for m in (Meaning.FREE, Meaning.BUSY, Meaning.CONGESTION, Meaning.UNALLOCATED)] == [
        1,
        2,
        4,
        5,
    ]
    assert groups.b_number(5, Meaning.BUSY) == 2, "KD 5 is a toll call"
    assert Groups(b_toll={"1": Meaning.FREE}).b_number(2, Meaning.BUSY) == 1


def test_what_is_understood():
    groups = Groups()
    assert groups.b_meaning(3, 4) is Meaning.BUSY and groups.b_meaning(2, 4) is Meaning.CONGESTION
    assert groups.b_meaning(2, 6) is Meaning.FREE, "B6 is free whatever the map says"
    assert groups.b_meaning(3, 2) is Meaning.BUSY and groups.b_meaning(3, 9) is None
    assert groups.a_meaning(2) is Meaning.FIRST and groups.a_meaning(9) is None


def test_length_of_a_number():
    profile = parse_profile('called: {lengths: {"": 4, "1": 5, "13": 11}}', "x")
    assert [profile.digits_of(n) for n in ("8", "1", "12", "13", "130")] == [4, 5, 5, 11, 11]
    assert R2Profile().digits_of("8001") == 0
