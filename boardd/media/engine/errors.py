"""Answers of the C engine as errors of the contract."""

from __future__ import annotations

import os
from typing import Any

from boardd.contract.errors import (
    ArgumentError,
    BoarddError,
    DeviceError,
    OverloadError,
    UnsupportedError,
    WrongStateError,
)

E_HANDLE, E_ARGUMENT, E_FULL, E_MEMORY, E_BUSY, E_FILE, E_LIBRARY = -1, -2, -3, -4, -5, -6, -7


def checked(answer: int, what: str, **data: Any) -> int:
    """`answer` if it is no error code. `what` names the operation and its object for people."""
    if answer >= 0:
        return answer
    raise _error(answer, what, data)


def _error(answer: int, what: str, data: dict[str, Any]) -> BoarddError:
    match answer:
        case -1:
            return WrongStateError(f"{what}: there is no such port, task or recording any more", **data)
        case -2:
            return ArgumentError(f"{what}: a value is outside its range", **data)
        case -3 | -4:
            return OverloadError(f"{what}: the media engine is full", **data)
        case -5:
            return WrongStateError(f"{what}: something of the kind is running already", **data)
        case -7:
            return UnsupportedError(f"{what}: the library for it is not there", **data)
        case _:
            return DeviceError(f"{what}: the descriptor cannot be used", **data)


def file_error(error: OSError, what: str) -> DeviceError:
    """A file that cannot be opened, read or made."""
    reason = os.strerror(error.errno) if error.errno else str(error)
    return DeviceError(f"{what}: {reason}", errno=error.errno or 0)
