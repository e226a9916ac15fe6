"""Log lines: place first, priorities for the journal, repeats counted, nobody stopped by a dead stderr."""

import io
import json
import logging
import os

import pytest
import structlog

from boardd import logs

log = structlog.get_logger()


@pytest.fixture(autouse=True)
def restore():
    saved = structlog.get_config()
    handlers, level = logging.getLogger().handlers[:], logging.getLogger().level
    yield
    structlog.configure(**saved)
    logging.getLogger().handlers[:] = handlers
    logging.getLogger().setLevel(level)


def lines(style, level="info"):
    stream = io.StringIO()
    logs.configure("daemon", stream=stream, environ={"BOARDD_LOG": style, "BOARDD_LOG_LEVEL": level})
    return stream


def test_json_has_the_place_first_and_in_order():
    stream = lines("json")
    log.info("call_released", cause=16, call="C1", channel="e1a/1/3", board="e1a", span="e1a/1")
    (line,) = stream.getvalue().splitlines()
    found = json.loads(line)
    assert list(found) == ["event", "board", "span", "channel", "call", "cause", "process", "level", "at"]
    assert found["at"].endswith("Z")


def test_the_journal_gets_priorities_and_quoted_values():
    stream = lines("journal")
    log.warning("host_died", domain="a", text='no "card"\nhere')
    try:
        raise KeyError("x")
    except KeyError:
        log.exception("bug")
    first, *trace = stream.getvalue().splitlines()
    assert first == r'<4>host_died domain=a text="no \"card\"\nhere"'
    assert trace[0] == "<3>bug"
    assert all(line.startswith("<3>") for line in trace)


def test_levels_are_filtered_and_libraries_speak_through_the_same_stream():
    stream = lines("json", "warning")
    log.info("quiet")
    logging.getLogger("asyncio").error("lost %s", "task")
    (found,) = map(json.loads, stream.getvalue().splitlines())
    assert (found["event"], found["text"], found["level"]) == ("library_log", "lost task", "error")


def test_a_repeated_warning_is_counted_instead_of_written():
    now_ms = 0
    repeats = logs.Repeats(lambda: now_ms)
    say = {"event": "slow_call", "function": "SsmGetChState"}
    assert "repeated" not in repeats(None, "warning", dict(say))
    for _ in range(3):
        with pytest.raises(structlog.DropEvent):
            repeats(None, "warning", dict(say))
    assert repeats(None, "warning", {**say, "function": "other"})
    assert repeats(None, "error", dict(say)) == say
    now_ms = logs.REPEAT_WINDOW_MS
    assert repeats(None, "warning", dict(say))["repeated"] == 3
    for number in range(2 * logs.REPEAT_KEYS):
        repeats(None, "warning", {"event": "x", "n": number})
    assert len(repeats._seen) == logs.REPEAT_KEYS


def test_a_dead_stderr_stops_nobody():
    class Dead(io.StringIO):
        def write(self, _text):
            raise BrokenPipeError

    logs.configure("daemon", stream=Dead(), environ={})
    log.error("still_here")


def test_the_journal_is_recognised_by_device_and_inode(tmp_path):
    with open(tmp_path / "f", "w") as file:
        found = os.fstat(file.fileno())
        named = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
        assert logs.stderr_is_journal(named, file.fileno())
        assert not logs.stderr_is_journal({"JOURNAL_STREAM": "1:2"}, file.fileno())
        assert not logs.stderr_is_journal({}, file.fileno())
    assert not logs.stderr_is_journal(named, 10_000)


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: log.info("Call released"), "not a name"),
        (lambda: log.info("released %s", "C1"), "not a name"),
        (lambda: log.info("released", call_id="C1"), "are called"),
    ],
)
def test_bad_calls_fail_in_tests(call, why):
    with logs.strict() as written, pytest.raises(AssertionError, match=why):
        call()
    assert written == []


def test_strict_collects_good_calls():
    with logs.strict() as written:
        log.warning("claim_lost", group="trunks")
    assert written == [{"level": "warning", "group": "trunks", "event": "claim_lost"}]
