"""`hwsim scenario check` on wrong files: file:line, key, what, nearest word; in both languages, never a traceback."""

import pytest
from click.testing import CliRunner

from boardd.contract.text import set_language
from hwsim.cli import main

MACHINE = "machine: {cards: [{name: ana, model: SHT-16D-CT/PCIe, ports: OO}]}\n"

WRONG = [
    ("", ":1: (whole file): there is nothing in it"),
    ("just text\n", ":1: (whole file): must be a mapping (key: value)"),
    ("- a\n- b\n", ":1: (whole file): must be a mapping (key: value)"),
    (b"\xff\xfe\x00site", ": not UTF-8 text: byte 0"),
    ("site: x\n  exchange: [\n", ":2: (syntax): a key where none can be"),
    ("exchange:\n\tsite: x\n", ":2: (syntax): a tab: indent with spaces"),
    ('site: "x\n', "(syntax): a quotation mark that is not closed"),
    ("a: [1, 2\nb: 3\n", "(syntax): a bracket that is not closed"),
    ("exchange:\n  a: 1\n c: 2\n", ":3: (syntax): the indentation does not fit"),
    ("a: *b\n", ":1: (syntax): an alias (*name) of nothing"),
    ("site: x\nsite: y\n", ":2: site: given twice (first in line 1)"),
    ("exchange: {timers: {no_answer_s: 60s}}\n", ":1: exchange.timers.no_answer_s: must be a number, not 60s"),
    ("exchange: {timers: {busy_tone: 3}}\n", ":1: exchange.timers.busy_tone: unknown key (did you mean busy_tone_s?)"),
    ("exchange: {local_digits: eight}\n", "exchange.local_digits: must be a whole number, not eight"),
    (
        "exchange: {start: yesterday}\n",
        "exchange.start: must be a date and time, such as 2024-03-01 09:00, not yesterday",
    ),
    ("exchange: {tones: {bussy: {}}}\n", ":1: exchange.tones.bussy: unknown tone (did you mean busy?)"),
    ("scripts: {a: {steps: [{do: dail}]}}\n", "scripts.a.steps[0].do: must be one of"),
    ("scripts: {a: {steps: [{do: wait}]}}\n", "scripts.a.steps[0].do: wait needs s"),
    ("scripts: {a: {steps: [{do: play, file: no.wav}]}}\n", "scripts.a.steps[0].file: there is no file no.wav"),
    ("exchange: {subscribers: [{numbers: 139-1}]}\n", "exchange.subscribers[0].numbers: '139-1': both ends need"),
    ("machine: {cards: [{name: e, model: TE42}]}\n", "machine.cards[0].model: there is no card TE42 (Synway"),
    (
        MACHINE + "faults: [{what: nois, where: ana/1, at_s: 1}]\n",
        ":2: faults[0].what: there is no fault nois (did you",
    ),
    (MACHINE + "faults: [{what: noise, where: ana/9, at_s: 1}]\n", ":2: faults[0].where: there is no ana/9"),
    (MACHINE + "faults: [{what: noise, at_s: 1}]\n", "faults[0]: noise needs a place"),
    (MACHINE + "faults: [{what: noise, where: 'kind:fxx', per_hour: 1}]\n", "faults[0].where: there is no kind fxx"),
    (
        MACHINE + "faults: [{what: noise, where: ana/1, at_s: 1, args: {dbm0: x}}]\n",
        "args: dbm0 must be a number, not x",
    ),
    (
        MACHINE + "faults: [{what: noise, where: ana/1, at_s: 1, args: {hz: 4}}]\n",
        "args: noise has no argument hz; it takes",
    ),
    (
        MACHINE + "faults: [{what: cut_pair, where: ana/1, at_s: 1, args: {hz: 4}}]\n",
        "args: cut_pair takes no arguments",
    ),
]


@pytest.fixture
def told(monkeypatch, capsys):
    """What `hwsim …` writes to stderr, with its status."""

    def run(*words):
        monkeypatch.setattr("sys.argv", ["hwsim", *words])
        with pytest.raises(SystemExit) as ended:
            main.main()
        set_language("en")
        return capsys.readouterr().err, ended.value.code

    return run


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_a_wrong_file_is_told_with_its_line_and_key(tmp_path, told, text, message):
    path = tmp_path / "site.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    error, status = told("--lang", "en", "scenario", "check", str(path))
    assert f"{path}{message}" in error if message.startswith(":") else message in error, error
    assert error.startswith(str(path)) and status == 1


@pytest.mark.parametrize(("text", "message"), WRONG[::3])
def test_the_same_in_chinese(tmp_path, told, text, message):
    path = tmp_path / "site.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    error, status = told("--lang", "zh_CN", "scenario", "check", str(path))
    assert status == 1 and error.startswith(str(path))
    assert any("\u4e00" <= sign <= "\u9fff" for sign in error.replace(str(path), "")), error


def test_what_is_no_file(tmp_path, told):
    assert "Is a directory" in told("scenario", "check", str(tmp_path))[0]
    error, status = told("scenario", "check", str(tmp_path / "none.yaml"))
    assert "No such file" in error and "hwsim scenario list" in error and status == 1


@pytest.mark.parametrize(
    ("words", "english", "chinese"),
    [
        (["listen", "ana/1", "x.wav", "--seconds", "-1"], "not in the range", "不在范围"),
        (["listen", "ana/1", "x.wav", "--seconds", "nan"], "not in the range", "不在范围"),
        (["fault", "cut_pair", "ana/1", "--for", "0"], "not in the range", "不在范围"),
        (["fault", "noise", "ana/1", "dbm0"], "dbm0 is not key=value", "dbm0 不是 key=value"),
        (["truth", "--since", "abc"], "not a valid", "不是有效的"),
        (["fualt"], "No such command", "没有"),
        (["dial", "1"], "Missing argument", "缺少参数"),
    ],
)
def test_wrong_arguments_in_both_languages(told, words, english, chinese):
    for language, wanted in (("en", english), ("zh_CN", chinese)):
        error, status = told("--lang", language, *words)
        assert wanted in error and status == 2 and "Traceback" not in error, error


def test_help_is_there_without_a_simulator():
    assert CliRunner().invoke(main.cli, ["fault", "--help"]).exit_code == 0
