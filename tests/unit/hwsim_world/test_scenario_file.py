from pathlib import Path

import pytest

from boardd.config.yamlfile import ConfigProblemsError
from hwsim.people.draw import Draw
from hwsim.scenario.draws import parse_draw
from hwsim.scenario.file import Scenario
from hwsim.scenario.names import expand

DEMO = Path(__file__).with_name("demo_site.yaml")


def problems(text):
    with pytest.raises(ConfigProblemsError) as caught:
        Scenario.parse(text, "site.yaml")
    return [str(p) for p in caught.value.problems]


def test_demo_site_reads_and_keeps_texts():
    scenario = Scenario.load(DEMO)
    assert scenario.file.exchange.area_code == "0571"
    assert scenario.file.people[0].station == "801"
    assert scenario.file.callers[0].called == {"88001000": 3.0, "88001055": 1.0, "88002000": 2.0}
    assert [card.plain()["model"] for card in scenario.cards] == ["SHD-30C-CT/PCI", "SHT-16B-CT/PCI"]
    assert scenario.cards[1].line == 7


def test_times_that_yaml_reads_as_numbers_stay_text():
    scenario = Scenario.parse("site: 9:00\nexchange: {area_code: 0571}")
    assert scenario.file.site == "9:00" and scenario.file.exchange.area_code == "0571"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exchage: {}", "site.yaml:1: exchage: unknown key (did you mean exchange?)"),
        (
            "callers:\n  - name: a\n    called: {'1': 1}\n    scripts: {menu: 1}\n    at_s: [1]",
            "site.yaml:4: callers[0].scripts: there is no menu",
        ),
        (
            "scripts:\n  menu: {steps: [{do: dial}]}\npeople:\n  - {name: a, line: 1/0, script: menuu}",
            "site.yaml:4: people[0].script: there is no menuu (did you mean menu?)",
        ),
        (
            "scripts:\n  a:\n    steps:\n      - {do: wait, s: soon}",
            "site.yaml:4: scripts.a.steps[0].s: not a time or distribution: 'soon'"
            " (for example: 30, uniform 2..6, exponential 60 max 300, normal 30 5 min 10)",
        ),
        (
            "scripts:\n  a:\n    steps:\n      - do: wait\n        timeout_s: 3",
            "site.yaml:5: scripts.a.steps[0].timeout_s: not a key of wait",
        ),
        ("scripts:\n  a:\n    steps:\n      - do: wait", "site.yaml:4: scripts.a.steps[0].do: wait needs s"),
        (
            "exchange:\n  groups:\n    - {name: g, numbers: [88-8], lines: [1/0]}",
            "site.yaml:3: exchange.groups[0].numbers: '88-8': both ends need the same number of digits,"
            " the smaller one first",
        ),
        (
            "exchange:\n  groups:\n    - {name: g}",
            "site.yaml:3: exchange.groups[0]: a group has either lines or circuits",
        ),
        (
            "exchange:\n  tones:\n    bussy: {hz: 420}",
            "site.yaml:3: exchange.tones.bussy: unknown tone (did you mean busy?)",
        ),
        (
            "exchange: {start: noon}",
            "site.yaml:1: exchange.start: must be a date and time, such as 2024-03-01 09:00, not noon",
        ),
        (
            "scripts:\n  a:\n    steps:\n      - {do: play, file: no.wav}",
            "site.yaml:4: scripts.a.steps[0].file: there is no file no.wav",
        ),
        ("machine: {crads: []}", "site.yaml:1: machine.crads: unknown key (did you mean cards?)"),
        (
            "machine: {modems: [{name: gsm, model: EC20}]}",
            "site.yaml:1: machine.modems: nothing builds these yet: name modem in needs",
        ),
        (
            "needs: [serial]\nmachine: {boxes: [{name: relay, kind: modbus}]}",
            "site.yaml:2: machine.boxes[0].kind: must be one of modbus_relay, smdr, not modbus"
            " (did you mean modbus_relay?)",
        ),
        ("needs: [q931]", "site.yaml:1: needs: there is no capability q931 (did you mean q931_net?)"),
        (
            "run: {by: egde}",
            "site.yaml:1: run.by: must be one of site, edge, not egde (did you mean edge?)",
        ),
        (
            "run:\n  by: edge\n  peer:\n    calls:\n      - {at_s: 1, circut: e1a/1/1, called: '1'}",
            "site.yaml:5: run.peer.calls[0].circut: unknown key (did you mean circuit?)",
        ),
        ("run:\n  by: edge\n  peer: {refuse: 200}", "site.yaml:3: run.peer.refuse: must be a Q.850 cause, 1 to 127"),
        ("run:\n  peer: {digits: 4}", "site.yaml:2: run.peer: a peer goes with by: edge"),
        (
            "run: {by: edge}\nexpect:\n  - {in: truth, match: {what: call_end}}\n  - {in: contacts, count: 1}",
            "site.yaml:4: expect[1]: a run by edge leaves no contacts (there are: peer, truth)",
        ),
        (
            "expect:\n  - {in: truth, match: {what: x}, after: {in: peer, match: {what: y}}, within_s: 1..2}",
            "site.yaml:2: expect[0]: a run by site leaves no peer"
            " (there are: channels, contacts, events, records, truth)",
        ),
        (
            "exchange:\n  groups:\n    - {name: g, lines: [a/1], inband_failure: disconect}",
            "site.yaml:3: exchange.groups[0].inband_failure: must be one of progress, disconnect, not disconect"
            " (did you mean disconnect?)",
        ),
        (
            "agents:\n  desk: {ignore_ring: 3}",
            "site.yaml:2: agents.desk.ignore_ring: a probability is between 0 and 1",
        ),
        (
            "callers:\n  - {name: a, called: {'1': 1}, scripts: {}, per_hour: 3}",
            "site.yaml:2: callers[0].scripts: names nothing",
        ),
    ],
)
def test_mistakes_are_told_with_file_line_and_key(text, expected):
    assert expected in problems(text)


def test_draws():
    assert parse_draw("30") == Draw.fixed(30)
    assert parse_draw("uniform 2..6") == parse_draw("uniform 2 6") == Draw.uniform(2, 6)
    assert parse_draw("exponential 60 max 300") == Draw.exponential(60, most=300)
    drawn = parse_draw("normal 30 5 min 10 max 40")
    assert (drawn.a, drawn.b, drawn.least, drawn.most) == (30, 5, 10, 40)
    for wrong in ("", "uniform 3", "-1", "nan", "uniform 6..2", "normal 3 x", "30 min 5 max 2", "often"):
        with pytest.raises(ValueError):
            parse_draw(wrong)


def test_patterns_of_names():
    known = [f"0/1/{n}" for n in (*range(1, 16), *range(17, 32))] + [f"1/{n}" for n in range(16)]
    assert len(expand("0/1/*", known)) == 30
    assert expand("0/1/14-18", known) == ["0/1/14", "0/1/15", "0/1/17", "0/1/18"]
    assert expand("1/8-11", known) == ["1/8", "1/9", "1/10", "1/11"]
    for wrong in ("1/16", "0/1/16", "2/*", "1/9-2", "x"):
        with pytest.raises(ValueError):
            expand(wrong, known)
