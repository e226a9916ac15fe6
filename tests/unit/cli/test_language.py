"""Languages, terminals, help, and the promise that nobody ever sees a traceback."""

import io
import subprocess
import sys

import pytest
from rich.cells import cell_len

from boardd.cli import main as boardctl
from boardd.cli.explain import explain
from boardd.contract import errors
from boardd.contract.text import set_language
from boardd.terminal import language
from boardd.terminal.helptext import wrap


def test_help_follows_the_language(ctl):
    english, chinese = ctl("--lang", "en", "--help").out, ctl("--lang", "zh_CN", "--help").out
    assert "Usage: boardctl" in english and "List present calls" in english
    assert "用法: boardctl" in chinese and "列出当前的呼叫" in chinese
    assert "List" not in chinese and "Show" not in chinese


@pytest.mark.parametrize("verb", [command.name for command in boardctl.VERBS])
def test_every_help_fits_the_terminal_and_is_chinese(ctl, verb):
    answer = ctl("--lang", "zh_CN", verb, "--help")
    assert answer.code == 0
    assert max(cell_len(line) for line in answer.out.splitlines()) <= 80
    sentences = [line.strip() for line in answer.out.splitlines() if line.startswith("  ") and ". " in line]
    assert not sentences, "an untranslated help text"


def test_general_options_may_stand_after_the_verb(ctl, idle_plant):
    assert boardctl.globals_first(["calls", "--json", "--lang", "en"]) == ["--json", "--lang", "en", "calls"]
    assert boardctl.globals_first(["x", "--", "--json"]) == ["x", "--", "--json"]
    assert boardctl.globals_first(["calls", "--lang=en"]) == ["--lang=en", "calls"]
    assert "错误" in ctl("calls", "--bad", "--lang", "zh_CN").err


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"LANG": "zh_CN.UTF-8", "PYTHONIOENCODING": "utf-8"}, "守护进程无响应".encode()),
        ({"LANG": "zh_TW", "PYTHONIOENCODING": "gb18030"}, "守护进程无响应".encode("gb18030")),
        ({"LANG": "zh_CN", "PYTHONIOENCODING": "ascii"}, b"the daemon does not answer"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, b"the daemon does not answer"),
        ({"LANG": "xx_YY.bogus"}, b"the daemon does not answer"),
        ({"BOARDD_LANG": "zh_CN", "LC_ALL": "C.UTF-8"}, "守护进程无响应".encode()),
    ],
)
def test_terminals(process, environment, words):
    child = process("status", **environment)
    out, err = child.communicate(timeout=20)
    assert child.returncode == 3
    assert words in err and b"Traceback" not in err and out == b""


def test_chinese_that_was_asked_for_on_a_terminal_that_cannot_show_it(process, plant):
    child = process("--lang", "zh_CN", "status", PYTHONIOENCODING="ascii")
    out, err = child.communicate(timeout=20)
    assert (child.returncode, err) == (0, b"")
    assert b"synway" in out


def test_json_is_utf8_on_any_terminal(process, plant):
    child = process("agents", "--json", PYTHONIOENCODING="ascii")
    out, _err = child.communicate(timeout=20)
    assert "王芳".encode() in out


def test_language_of_the_terminal(monkeypatch):
    monkeypatch.setenv("LANG", "zh_CN.GBK")
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="gbk"))
    assert language.choose(None) == "zh_CN"
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))
    assert language.choose(None) == "en"
    assert language.choose("zh_CN") == "zh_CN"


def test_usage_errors(ctl):
    for arguments in (
        (),
        ("nonsense",),
        ("calls", "extra"),
        ("call", "dial"),
        ("call", "hangup", "x", "--cause", "200"),
    ):
        answer = ctl(*arguments)
        assert answer.code == 2, arguments
        assert answer.err


def test_no_daemon(ctl):
    for verb in (("status",), ("channels",), ("calls",), ("events",), ("reset", "x"), ("call", "answer", "x")):
        answer = ctl(*verb)
        assert answer.code == 3, verb
        assert "systemctl" in answer.err and "Traceback" not in answer.err


def test_a_file_where_the_socket_should_be(ctl, idle_plant):
    idle_plant.runtime_dir.mkdir()
    (idle_plant.runtime_dir / "boardd.sock").write_text("no socket")
    answer = ctl("status")
    assert answer.code == 3 and "boardd.sock" in answer.err


def test_an_error_of_the_program_is_one_line(ctl, monkeypatch):
    monkeypatch.setattr("boardd.cli.scan.find_devices", lambda: 1 / 0)
    answer = ctl("scan")
    assert answer.code == 1
    assert "internal error: ZeroDivisionError" in answer.err and "Traceback" not in answer.err


def test_an_error_of_the_system_is_one_line(ctl, monkeypatch):
    def fail():
        raise PermissionError(13, "Permission denied", "/dev/x")

    monkeypatch.setattr("boardd.cli.scan.find_devices", fail)
    answer = ctl("scan")
    assert (answer.code, "/dev/x: Permission denied" in answer.err) == (1, True)


@pytest.mark.parametrize("kind", [kind for kind in errors._tree(errors.BoarddError).values()])
def test_every_error_is_explained(kind):
    set_language("zh_CN")
    lines = explain(kind("the detail", groups=["ops"], nearest=["e1a"]))
    text = "\n".join(lines)
    assert "the detail" in text and "e1a" in text
    if kind not in (errors.BoarddError, errors.CallerError):
        assert text.split(":")[0] != "the detail", f"{kind.code} has no explanation"


def test_wrapping_by_cells():
    assert wrap("一二三四五六", 6) == ["一二三", "四五六"]
    assert wrap("一二三，四五", 6) == ["一二", "三，四", "五"], "punctuation does not begin a line"
    assert wrap("on e1a/1/17 通道", 12) == ["on e1a/1/17", "通道"]
    assert wrap("word", 2) == ["word"]
    assert wrap("", 10) == [""]


def test_the_installed_command_is_there():
    found = subprocess.run([sys.executable, "-m", "boardd.cli.main", "--version"], capture_output=True, text=True)
    assert found.returncode == 0 or "not installed" in found.stderr
    assert "Traceback" not in found.stderr
