from pathlib import Path

import pytest

from boardd.contract.errors import ConfigurationError
from boardd.contract.states import Direction
from boardd.signalling.q931.profile import RestartPolicy, Side
from drivers.dahdi import DESCRIPTOR
from drivers.dahdi.numbers import NumberTypes
from drivers.dahdi.profiles import directions, number_types, pri_profile, r2_profile
from drivers.dahdi.settings import Echo, Settings, SpanKind

SLOTS = (*range(1, 16), *range(17, 32))


def test_nothing_said_is_the_china_pstn() -> None:
    found = Settings.parse({})
    assert found.library.name == "libdahdiio.so" and found.library.is_absolute()
    assert found.span_kind("e1a/1") is None and found.fxo.guard_ms == 1000 and found.echo is Echo.AUTO


def test_spans_and_lines_by_pattern() -> None:
    found = Settings.parse(
        {
            "spans": "e1a/1=pri_cpe, e1b/*=r2, e1c/2=none",
            "fxo": "guard_ms=1500",
            "fxs": "flash_max_ms=1000",
            "lines": "an/1 guard_ms=2000 pulse=yes; an/* caller_id=no; e1a/1 T309=6000",
        }
    )
    kinds = [found.span_kind(span) for span in ("e1a/1", "e1b/3", "e1c/2", "e1a/2")]
    assert kinds == [SpanKind.PRI_CPE, SpanKind.R2, SpanKind.NONE, None]
    assert (found.fxo_of("an/1").guard_ms, found.fxo_of("an/1").pulse, found.fxo_of("an/1").caller_id) == (
        2000,
        True,
        False,
    )
    assert (found.fxo_of("an/2").guard_ms, found.fxo_of("an/2").caller_id) == (1500, False)
    assert found.fxs_of("bn/1").flash_max_ms == 1000


def test_pri_profiles() -> None:
    found = Settings.parse(
        {
            "pri": "overlap_receiving=yes, ddi=1000-1099/2000, T302=12000, restart=dirty",
            "lines": "e1a/1 T309=6000 overlap_receiving=no",
        }
    )
    ours = pri_profile(found, "e1a/1", SpanKind.PRI_CPE, SLOTS)
    assert (ours.side, ours.overlap_receiving, ours.restart) == (Side.USER, False, RestartPolicy.DIRTY)
    assert (ours.ms("T302"), ours.ms("T309"), len(ours.ddi.ranges)) == (12000, 6000, 2)
    pbx = pri_profile(found, "e1b/1", SpanKind.PRI_NET, SLOTS)
    assert (pbx.side, pbx.overlap_receiving, pbx.ms("T309")) == (Side.NETWORK, True, 90_000)


def test_what_is_done_about_types_of_number() -> None:
    found = Settings.parse({"pri": "number_types=both, T302=12000", "lines": "e1a/1 T309=6000 number_types=none"})
    types = [number_types(found, span) for span in ("e1a/1", "e1b/1")]
    assert types == [NumberTypes.NONE, NumberTypes.BOTH]
    assert number_types(Settings.parse({}), "e1a/1") is NumberTypes.RECEIVED
    assert pri_profile(found, "e1a/1", SpanKind.PRI_CPE, SLOTS).ms("T309") == 6000
    with pytest.raises(ConfigurationError, match=r"settings.pri: number_types must be one of received, both, none"):
        pri_profile(Settings.parse({"pri": "number_types=all"}), "e1a/1", SpanKind.PRI_CPE, SLOTS)


def test_r2_profiles_and_directions(tmp_path: Path) -> None:
    other = tmp_path / "branch.yaml"
    other.write_text("name: branch\nline: {seize_ack_ms: 1500}\n")
    found = Settings.parse({"r2": f"e1b/1={other}", "directions": "e1a/1/1-15=out, e1a/1/17=in"})
    assert r2_profile(found, "e1a/1").name == "china"
    assert r2_profile(found, "e1b/1").line.seize_ack_ms == 1500
    ways = directions(found, {slot: f"e1a/1/{slot}" for slot in SLOTS}, {})
    assert (ways[1], ways[15], ways[17], ways[18]) == (Direction.OUT, Direction.OUT, Direction.IN, Direction.BOTH)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"library": "libdahdiio.so"}, "absolute"),
        ({"library": "$BOARDD_TEST_UNSET/libdahdiio.so"}, "variable not set"),
        ({"spans": "e1a/1"}, "expected SPAN=KIND"),
        ({"spans": "e1a/1=pri"}, "pri_cpe, pri_net, r2, none"),
        ({"lines": "an/1"}, "expected LINE name=value"),
        ({"directions": "e1a/1/1=sideways"}, "in, out, both"),
        ({"echo": "loud"}, "auto, kernel, engine, off"),
        ({"bridging": "hardware"}, "known are engine, kernel"),
        ({"blocks": "1"}, "from 3 to 16"),
        ({"command_ms": "soon"}, "whole number"),
        ({"fxo": "no_such=1"}, "settings.fxo: no_such is unknown"),
    ],
)
def test_wrong_settings_are_one_clear_line(settings: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        Settings.parse(settings)
    assert words in error.value.message and "\n" not in error.value.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("no_such=1", "no_such is unknown"),
        ("T302=soon", "whole number"),
        ("restart=sometimes", "all, dirty, never"),
        ("overlap_receiving=perhaps", "yes or no"),
        ("ddi=1000-99", "same length"),
        ("T303=0", "T303"),
    ],
)
def test_wrong_pri_rules(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        pri_profile(Settings.parse({"pri": text}), "e1a/1", SpanKind.PRI_CPE, SLOTS)
    assert words in error.value.message


def test_every_setting_is_described() -> None:
    read = {"library", "spans", "pri", "r2", "directions", "fxo", "fxs", "lines", "echo", "echo_tail_ms", "bridging"}
    read |= {"blocks", "prefill", "priority", "max_channels", "reconcile_ms"}
    read |= {"start_stop_ms", "command_ms", "file_ms", "stuck_after_ms"}
    assert set(DESCRIPTOR.settings_schema) == read
