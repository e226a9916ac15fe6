"""scheduler.yaml: what is written survives, what is wrong is named with file, line, key and the nearest word."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scheduler_rig import DEMO

from boardd.config.site import ChannelSection, DomainSection, GroupSection, Site
from boardd.config.yamlfile import ConfigProblemsError
from boardd.scheduler.config import read_scheduler
from boardd.scheduler.config.nodes import MenuNode
from boardd.scheduler.contacts.dialled import Extension, Feature, IntoFlow, Nowhere, Outside, meaning
from boardd.scheduler.hours import HoursSection, parse_range
from boardd.scheduler.sounds import SoundLibrary

HERE = Path()


def problems(text, site=None):
    with pytest.raises(ConfigProblemsError) as caught:
        read_scheduler(text, HERE, site=site)
    return [str(problem) for problem in caught.value.problems]


def test_strings_survive():
    text = DEMO.replace('called: "*"', "called: 0571*") + "hours: {office: {sun: [9:00-12:00]}}\n"
    config = read_scheduler(text, HERE)
    assert config.sections.routes[0].called == "0571*"
    assert config.sections.hours["office"].sun == ["9:00-12:00"]
    menu = config.flows["main"].nodes["menu"]
    assert isinstance(menu, MenuNode)
    assert menu.choices == {"1": "sales", "2": "support", "0": "operator"}
    assert config.route("trunks", "05711234") == "main"
    assert config.route("trunks", "02112345") == ""


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("flow: main", "flow: mian", "scheduler.yaml:3: routes[0].flow: there is no flow mian (did you mean main?)"),
        ("start: welcome", "start: welcom", "scheduler.yaml:6: flows.main.start: no node welcom"),
        ("next: menu,", "next: menue,", "next: there is no node menue (did you mean menu?)"),
        ("queue: sales,", "queue: sale,", "there is no queue sale (did you mean sales?)"),
        ("kind: menu", "kind: menü", "flows.main.nodes.menu.kind: must be one of play, menu"),
        ("prompts: [welcome]", "prompts: [welcom]", "no sound file welcom (did you mean welcome?)"),
        ('agents: ["1001", "1002"]', 'agents: ["1001", "1003"]', "queues.sales.agents[1]: there is no agent 1003"),
        ("barge_in: yes", "barge_in: maybe", "must be yes or no, not maybe"),
        ("barge_in: yes", "bargein: yes", "bargein: unknown key (did you mean barge_in?)"),
        ("retries: 1", "retries: -1", "scheduler.yaml:14: flows.main.nodes.menu.retries: must be from 0 to 20"),
        ('"1": sales', '"11": sales', "a menu key must be one of 0-9 * # A-D, not 11"),
        ('extension: "803"', 'extension: "803", number: "1"', "needs either an extension or a number"),
        ("ring_s: 15, wrap_up_s: 10", "ring_s: soon, wrap_up_s: 10", "must be a number, not soon"),
        ("stations:\n", "timezone: Mars/Base\nstations:\n", "timezone: time zone Mars/Base is not known here"),
        ("routes:", "rutes:", "unknown key (did you mean routes?)"),
    ],
)
def test_every_wrong_word_is_named(old, new, expected):
    assert old in DEMO
    found = problems(DEMO.replace(old, new, 1))
    assert any(expected in line for line in found), found


def test_all_problems_in_one_go():
    text = (
        DEMO.replace("flow: main", "flow: x")
        .replace("queue: sales,", "queue: y,")
        .replace("start: welcome", "start: z")
    )
    assert len(problems(text)) == 3


def test_references_into_the_site():
    site = Site(
        domains={"d": DomainSection(driver="synway")},
        groups={"pstn": GroupSection(channels=["kind:fxo"])},
        channels={"b/1": ChannelSection(extension="801"), "b/2": ChannelSection(extension="802")},
    )
    found = problems(DEMO.replace("group: trunks}]", "group: pstm}]"), site)
    assert any("there is no channel group pstm (did you mean pstn?)" in line for line in found)
    assert any("there is no extension 803" in line for line in found)


def test_empty_and_strange_files():
    assert any("flows: is missing" in line for line in problems("routes: []"))
    assert any("must be a mapping" in line for line in problems("routes: []\nflows: [a]"))
    assert any("needs a kind" in line for line in problems("routes: []\nflows: {a: {start: b, nodes: {b: {x: y}}}}"))
    assert any("start must name" in line for line in problems("routes: []\nflows: {a: {start: [], nodes: {}}}"))


@given(st.text(max_size=300))
def test_any_text_gives_a_configuration_or_problems(text):
    try:
        read_scheduler(text, HERE)
    except ConfigProblemsError as error:
        assert error.problems


@given(st.data())
def test_any_cut_of_the_demo_gives_a_configuration_or_problems(data):
    lines = DEMO.splitlines()
    dropped = data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=6))
    text = "\n".join(line for i, line in enumerate(lines) if i not in dropped)
    try:
        read_scheduler(text, HERE)
    except ConfigProblemsError as error:
        assert all(p.file == "scheduler.yaml" for p in error.problems)


def at(text, section, zone="Asia/Shanghai"):
    moment = dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return section.is_open(round(moment.timestamp() * 1000), ZoneInfo(zone))


def test_business_hours():
    office = HoursSection(
        mon=["9:00-12:00", "13:30-18:00"],
        fri=["22:00-6:00"],
        thu=["8:00-24:00"],
        holidays=["2026-10-01..2026-10-07", "2026-11-23"],
        workdays={"2026-10-10": ["10:00-16:00"]},
    )
    assert at("2026-11-16T09:00", office)
    assert not at("2026-11-16T08:59", office)
    assert not at("2026-11-16T12:00", office)
    assert at("2026-11-16T17:59:59", office)
    assert not at("2026-11-23T10:00", office)
    assert at("2026-11-21T05:59", office)
    assert not at("2026-11-21T06:00", office)
    assert at("2026-11-19T23:59:59", office)
    assert not at("2026-10-05T10:00", office)
    assert at("2026-10-10T15:00", office)
    assert not at("2026-10-01T23:59", office)


def test_bad_hours_are_named():
    found = problems(DEMO + 'hours: {office: {mon: ["9-18"], holidays: ["1.10."], workdays: {"2026-13-01": []}}}\n')
    assert len([line for line in found if "hours.office" in line]) == 3


@given(st.integers(0, 23), st.integers(0, 59), st.integers(0, 23), st.integers(0, 59))
def test_ranges(h1, m1, h2, m2):
    first, last = parse_range(f"{h1}:{m1:02}-{h2}:{m2:02}")
    assert first == h1 * 60 + m1
    assert first < last <= first + 1440
    assert last % 1440 == h2 * 60 + m2


def test_what_stations_dial():
    config = read_scheduler(
        DEMO.replace("- {group: trunks", '- {group: stations, called: "8000", flow: main}\n  - {group: trunks'), HERE
    )
    known = {"801", "802"}

    def of(digits):
        return meaning(config, "stations", digits, known)

    assert of("*111002#") == Feature("login", "1002")
    assert of("*13") == Feature("ready", "")
    assert of("*142") == Feature("not_ready", "2")
    assert of("802") == Extension("802")
    assert of("8000") == IntoFlow("main")
    assert isinstance(of("9110"), Outside) and of("9110").number == "110"
    assert of("9") == Nowhere()
    assert of("555") == Nowhere()


def test_shipped_sounds_are_complete_and_small():
    names = {language: SoundLibrary(Path("/nonexistent"), language).names() for language in ("zh_CN", "en")}
    assert names["zh_CN"] == names["en"]
    assert {"welcome", "menu", "music", "hold", "digit_9"} <= names["en"]
    folder = Path(SoundLibrary(Path("/nonexistent"), "en").files(["music"])[0]).parent.parent
    assert sum(path.stat().st_size for path in folder.rglob("*.wav")) < 1_500_000


def test_site_sounds_come_before_shipped_ones(tmp_path):
    (tmp_path / "zh_CN").mkdir()
    (tmp_path / "zh_CN" / "welcome.wav").write_bytes(b"")
    sounds = SoundLibrary(tmp_path, "zh_CN")
    assert sounds.files(["welcome"]) == [str(tmp_path / "zh_CN" / "welcome.wav")]
    assert [Path(f).stem for f in sounds.files(["$n"], {"n": "10#8"})] == ["digit_1", "digit_0", "digit_8"]
