"""One command's conversation with a daemon. Errors become messages and exit codes, never tracebacks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click

from boardd.api.client import Client
from boardd.cli.exits import exit_code
from boardd.cli.explain import explain
from boardd.cli.output import complain, emit_json_line_to_stderr
from boardd.contract.errors import BoarddError

T = TypeVar("T")

DEFAULT_RUNTIME_DIR = Path("/run/boardd")
WAIT_S = 5.0
TIMEOUT_S = 30.0
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Session:
    """What the options before the verb said."""

    runtime_dir: Path
    as_json: bool
    language: str

    def boards(self, *, follow: bool = False) -> Client:
        """A client of boardd that fails at once when the daemon is not there or goes away."""
        path = self.runtime_dir / "boardd.sock"
        return Client.connect(path, name="boardctl", follow=follow, reconnect=False, wait_s=WAIT_S, timeout_s=TIMEOUT_S)

    def ask(self, question: Callable[[Client], Awaitable[T]]) -> T:
        """One question to boardd."""

        async def conversation() -> T:
            async with self.boards() as client:
                return await question(client)

        return self.run(conversation)

    def run(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run `work()`; typed errors end the command with their exit code."""
        try:
            return asyncio.run(work())
        except BoarddError as error:
            self.fail(error)
        except KeyboardInterrupt:
            raise SystemExit(INTERRUPTED) from None

    def fail(self, error: BoarddError) -> NoReturn:
        """Say what went wrong (as JSON when that was asked for) and leave with the error's exit code."""
        if self.as_json:
            emit_json_line_to_stderr({"error": error.code, "message": error.message, "data": error.data})
        else:
            complain("boardctl: " + "\n".join(explain(error)))
        raise SystemExit(int(exit_code(error)))


pass_session: Callable[[Callable[..., Any]], Callable[..., Any]] = click.make_pass_decorator(Session)
