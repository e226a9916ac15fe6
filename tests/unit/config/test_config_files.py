"""The strict loader: nothing is guessed, every problem has file, line, key and the nearest word."""

from enum import StrEnum
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardd.config.schema import Section, decode
from boardd.config.site import Site, load_site, matches
from boardd.config.yamlfile import ConfigProblemsError, parse_tree
from boardd.contract.capabilities import ChannelKind
from boardd.contract.driver import BoardNaming
from boardd.contract.objects import Channel
from boardd.contract.states import ChannelState

ROOT = Path(__file__).resolve().parents[3]


class Colour(StrEnum):
    RED = "red"
    GREEN = "green"


class Inner(Section):
    times: list[str] = []
    wait_ms: int = 5


class Outer(Section):
    code: str
    on: bool = False
    level: float = 0.0
    colour: Colour = Colour.RED
    inner: Inner = msgspec.field(default_factory=Inner)
    named: dict[str, Inner] = {}
    maybe: int | None = None


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigProblemsError) as caught:
        decode(parse_tree(text, "f.yaml"), Outer)
    return [str(p) for p in caught.value.problems]


def test_numbers_that_are_not_numbers_survive() -> None:
    read = decode(parse_tree("code: 0571\ninner: {times: [9:00, 08:30, 1e3, yes, null]}\n", "f"), Outer)
    assert read.code == "0571"
    assert read.inner.times == ["9:00", "08:30", "1e3", "yes", ""]


def test_types() -> None:
    text = "code: x\non: yes\nlevel: -3.5\ncolour: green\nmaybe: 7\nnamed: {a: {wait_ms: 9}}\n"
    read = decode(parse_tree(text, "f"), Outer)
    assert (read.on, read.level, read.colour, read.maybe, read.named["a"].wait_ms) == (True, -3.5, Colour.GREEN, 7, 9)


def test_every_problem_at_once_with_line_and_nearest_word() -> None:
    text = "codes: x\ninner:\n  wait_ms: 5s\n  tims: []\ncolour: gren\non: maybe\n"
    found = problems(text)
    assert "f.yaml:1: codes: unknown key (did you mean code?)" in found
    assert "f.yaml:3: inner.wait_ms: must be a whole number, not 5s" in found
    assert "f.yaml:4: inner.tims: unknown key (did you mean times?)" in found
    assert "f.yaml:5: colour: must be one of red, green, not gren (did you mean green?)" in found
    assert "f.yaml:6: on: must be yes or no, not maybe" in found
    assert "f.yaml:1: code: is missing" in found


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a: 1\nb: 2\na: 3\n", "f.yaml:3: a: given twice (first in line 1)"),
        ("- 1\n- 2\n", "must be a mapping"),
        ("a: [1, 2\n", "f.yaml:2: (syntax)"),
        ("a: &x {b: *x}\n", "an alias that contains itself"),
        ("? [a, b]\n: 1\n", "a key must be a plain word"),
        ("\ta: 1\n", "(syntax)"),
    ],
)
def test_bad_yaml(text: str, what: str) -> None:
    with pytest.raises(ConfigProblemsError) as caught:
        parse_tree(text, "f.yaml")
    assert what in str(caught.value)


@given(st.text(max_size=300))
def test_any_text_is_a_tree_or_a_problem(text: str) -> None:
    try:
        decode(parse_tree(text, "f"), Outer)
    except ConfigProblemsError as error:
        assert error.problems


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblemsError, match="No such file"):
        load_site(tmp_path / "absent.yaml")
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\xfe\n")
    with pytest.raises(ConfigProblemsError, match="not UTF-8 text: byte 3"):
        load_site(tmp_path / "latin.yaml")


def test_site_references_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "boardd.yaml"
    path.write_text(
        "domains: {synway: {driver: synway}}\n"
        "boards:\n  - {serial: 1, name: a}\n  - {serial: 1, name: 'b/c'}\n"
        "channels: {a/1: {extension: 8001}, a/2: {extension: 8001}}\n"
        "groups: {in: {channels: [a/*], unattended: fallback_station, fallback_station: 8011}}\n"
    )
    with pytest.raises(ConfigProblemsError) as caught:
        load_site(path)
    text = str(caught.value)
    assert "board name b/c is not valid" in text
    assert "two boards have the serial 1" in text
    assert "two channels have the extension 8001" in text
    assert "group in: no channel has the extension 8011 (did you mean 8001?)" in text


def channel(id_: str, kind: ChannelKind) -> Channel:
    return Channel(id=id_, domain="d", board="a", kind=kind, maker_channel=0, state=ChannelState.IDLE)


def test_groups_by_pattern_then_by_kind() -> None:
    site = Site(domains={})
    assert site.group_of(channel("a/1/5", ChannelKind.E1_BEARER)) == "trunks"
    assert site.group_of(channel("a/9", ChannelKind.FXS)) == "stations"
    assert matches("a/1/*", channel("a/1/5", ChannelKind.E1_BEARER))
    assert matches("kind:fxo", channel("a/1", ChannelKind.FXO))
    assert not matches("a/1/*", channel("a/2/5", ChannelKind.E1_BEARER))


@pytest.mark.parametrize("path", sorted((ROOT / "config").rglob("boardd*.yaml")), ids=str)
def test_shipped_configurations_are_good(path: Path) -> None:
    load_site(path)


BOARDS = """
domains:
  synway: {driver: synway}
  dahdi: {driver: dahdi}
boards:
  - {serial: "1", name: e1a}
  - {serial: "2", name: ana, domain: synway}
  - {serial: "3", name: dah, domain: %s}
"""


def test_boards_belong_to_the_domain_they_name_or_to_any(tmp_path):
    path = tmp_path / "boardd.yaml"
    path.write_text(BOARDS % "dahdi")
    site = load_site(path)
    assert site.board_names("synway") == {"1": "e1a", "2": "ana"} and site.boards_elsewhere("synway") == {"1"}
    assert site.board_names("dahdi") == {"1": "e1a", "3": "dah"}
    naming = BoardNaming(site.board_names("synway"), elsewhere=site.boards_elsewhere("synway"))
    assert naming.lost([]) == [("2", "ana")] and naming.lost(["2"]) == []
    del site.domains["dahdi"]
    assert site.boards_elsewhere("synway") == set()


def test_a_board_of_a_domain_that_is_not_there(tmp_path):
    path = tmp_path / "boardd.yaml"
    path.write_text(BOARDS % "dadhi")
    with pytest.raises(ConfigProblemsError, match=r"board dah: there is no domain dadhi \(did you mean dahdi"):
        load_site(path)
