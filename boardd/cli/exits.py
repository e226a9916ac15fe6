"""Exit codes of boardctl, documented in docs/boardctl.md."""

from __future__ import annotations

from enum import IntEnum

from boardd.contract.errors import ArgumentError, BoarddError, BrokenError


class Exit(IntEnum):
    """What a script may rely on."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_DAEMON = 3
    BROKEN = 4


def exit_code(error: BoarddError) -> Exit:
    """The exit code that an error ends the command with."""
    if error.code in ("disconnected", "host_down"):
        return Exit.NO_DAEMON
    if isinstance(error, BrokenError):
        return Exit.BROKEN
    if isinstance(error, ArgumentError):
        return Exit.USAGE
    return Exit.FAILED
