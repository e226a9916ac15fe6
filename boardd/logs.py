"""Log set-up: structlog events with fields, to the journal, a console, or as JSON, always on stderr.

    BOARDD_LOG=journal|console|json     default: journal when stderr is the journal, console on a terminal, else JSON
    BOARDD_LOG_LEVEL=debug|info|warning|error

Where the problem is comes first and always in the same order: board, span, channel, call. A warning that says the same
again within a minute is not written; the next one carries `repeated`. A log that nobody reads stops nobody.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import re
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from boardd import clock

PLACE = ("board", "span", "channel", "call")
REPEAT_WINDOW_MS = 60_000
REPEAT_KEYS = 256
_PRIORITY = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
_EVENT_NAME = re.compile(r"^[a-z][a-z0-9_.]*$")
_PLAIN_VALUE = re.compile(r"^[^\s\"=]+$")


class Writer:
    """Writes lines; a closed or full stderr loses lines, never the process."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, message: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(message + "\n")
            self._stream.flush()

    log = debug = info = warning = warn = error = critical = fatal = failure = exception = msg


class Repeats:
    """Counts warnings and errors that are identical within the window."""

    def __init__(self, now_ms: Callable[[], int] = clock.mono_ms) -> None:
        self._now_ms = now_ms
        self._seen: OrderedDict[tuple[Any, ...], tuple[int, int]] = OrderedDict()

    def __call__(self, _logger: WrappedLogger, level: str, event: EventDict) -> EventDict:
        """Structlog processor: drops what was just said."""
        if level != "warning":
            return event
        key = tuple(sorted((name, repr(value)) for name, value in event.items()))
        now_ms = self._now_ms()
        since_ms, count = self._seen.get(key, (None, 0))
        if since_ms is not None and now_ms - since_ms < REPEAT_WINDOW_MS:
            self._seen[key] = (since_ms, count + 1)
            raise structlog.DropEvent
        self._seen[key] = (now_ms, 0)
        self._seen.move_to_end(key)
        if len(self._seen) > REPEAT_KEYS:
            self._seen.popitem(last=False)
        if count:
            event["repeated"] = count
        return event


def ordered(_logger: WrappedLogger, _level: str, event: EventDict) -> EventDict:
    """Structlog processor: event, place fields in their order, then the rest as given."""
    name = event.pop("event", "")
    place = {key: event.pop(key) for key in PLACE if key in event}
    return {"event": name, **place, **event}


def _add_level(_logger: WrappedLogger, level: str, event: EventDict) -> EventDict:
    event["level"] = {"warn": "warning", "exception": "error"}.get(level, level)
    return event


def _stamp(_logger: WrappedLogger, _level: str, event: EventDict) -> EventDict:
    moment = datetime.fromtimestamp(clock.wall_ms() / 1000, UTC)
    event["at"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _value(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if _PLAIN_VALUE.match(text) else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def render_journal(_logger: WrappedLogger, _level: str, event: MutableMapping[str, Any]) -> str:
    """Structlog renderer: `<priority>event key=value …`, every line of a traceback with the priority in front."""
    level = event.pop("level", "info")
    trace = str(event.pop("exception", ""))
    name = event.pop("event", "")
    event.pop("at", None)
    fields = " ".join(f"{key}={_value(value)}" for key, value in event.items())
    prefix = f"<{_PRIORITY.get(level, 6)}>"
    first = f"{prefix}{name} {fields}".rstrip().replace("\n", "\\n")
    return "\n".join([first, *(prefix + line for line in trace.splitlines())])


def stderr_is_journal(environ: Mapping[str, str], fd: int = 2) -> bool:
    """Whether `fd` is the stream that $JOURNAL_STREAM names (device:inode)."""
    wanted = environ.get("JOURNAL_STREAM", "")
    try:
        found = os.fstat(fd)
    except OSError:
        return False
    return wanted == f"{found.st_dev}:{found.st_ino}"


def _style(environ: Mapping[str, str], stream: TextIO) -> str:
    asked = environ.get("BOARDD_LOG", "")
    if asked in ("journal", "console", "json"):
        return asked
    if stderr_is_journal(environ):
        return "journal"
    return "console" if stream.isatty() else "json"


class _FromStdlib(logging.Handler):
    """Brings what libraries log (asyncio above all) into the same stream."""

    def emit(self, record: logging.LogRecord) -> None:
        """See logging."""
        logger = structlog.get_logger()
        level = record.levelname.lower()
        tell = getattr(logger, level if level in _LEVELS else "info")
        tell("library_log", logger=record.name, text=record.getMessage(), exc_info=record.exc_info)


def configure(
    process: str,
    *,
    stream: TextIO | None = None,
    environ: Mapping[str, str] | None = None,
) -> None:
    """Set logging up for this process; `process` (daemon, host/NAME, scheduler) is in every line but the journal's.

    Fatal signals (a maker's library that crashes, a watchdog's SIGABRT) leave every thread's stack on stderr.
    """
    with contextlib.suppress(OSError, ValueError):  # a test's stderr may have no descriptor
        faulthandler.enable(sys.__stderr__ or sys.stderr)
    stream = sys.stderr if stream is None else stream
    environ = os.environ if environ is None else environ
    style = _style(environ, stream)
    renderers: dict[str, Processor] = {
        "journal": render_journal,
        "console": structlog.dev.ConsoleRenderer(
            colors=stream.isatty(),
            timestamp_key="at",
            sort_keys=False,
            pad_level=False,
            exception_formatter=structlog.dev.plain_traceback,
        ),
        "json": structlog.processors.JSONRenderer(ensure_ascii=False, default=repr),
    }

    def add_process(_logger: WrappedLogger, _level: str, event: EventDict) -> EventDict:
        if style != "journal":
            event["process"] = process
        return event

    level = _LEVELS.get(environ.get("BOARDD_LOG_LEVEL", "info").lower(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            Repeats(),
            ordered,
            add_process,
            _add_level,
            _stamp,
            *([] if style == "console" else [structlog.processors.format_exc_info]),
            renderers[style],
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_names: Writer(stream),
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_FromStdlib()]
    root.setLevel(max(level, logging.WARNING))


def check_call(_logger: WrappedLogger, _level: str, event: EventDict) -> EventDict:
    """Structlog processor for tests: fails prose, printf arguments, and two names for one place."""
    name = event.get("event", "")
    if not isinstance(name, str) or not _EVENT_NAME.match(name):
        raise AssertionError(f"log event {name!r} is not a name like 'call_released'")
    if "positional_args" in event:
        raise AssertionError(f"log event {name}: positional arguments {event['positional_args']!r}; use fields")
    wrong = sorted({"board_id", "span_id", "channel_id", "call_id"} & event.keys())
    if wrong:
        raise AssertionError(f"log event {name}: fields {wrong} are called {', '.join(PLACE)}")
    return event


@contextlib.contextmanager
def strict() -> Iterator[list[MutableMapping[str, Any]]]:
    """For tests: every log call is checked and collected, none is written."""
    saved = structlog.get_config()
    lines: list[MutableMapping[str, Any]] = []

    def keep(_logger: WrappedLogger, level: str, event: EventDict) -> EventDict:
        lines.append({"level": level, **event})
        raise structlog.DropEvent

    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, check_call, keep],
        wrapper_class=structlog.make_filtering_bound_logger(logging.DEBUG),
        cache_logger_on_first_use=False,
    )
    try:
        yield lines
    finally:
        structlog.configure(**saved)
