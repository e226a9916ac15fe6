"""The error tree: one branch per party that must act, one stable code per kind, one wire form.

BoarddError
  ConfigurationError   the installer: a file or setting is wrong; names file, key, what to do
  CallerError          the program that asked: bad argument, wrong state, stale claim, unknown id
    ArgumentError WrongStateError UnknownIdError StaleClaimError ClaimConflictError ForbiddenError
  UnsupportedError     nobody: this card or domain cannot do it, and said so in its capabilities
  DeviceError          the card or its library refused or failed; carries the maker's function, code and text
  DeadlineError        the library did not answer in time
  BrokenError          a person must repair the board or reset the domain
  HostDownError        the host process of the domain is not there; calls on it have ended
  OverloadError        try again later: queue full, no free channel, client too slow
  BugError             us
"""

from __future__ import annotations

from typing import Any, ClassVar


class BoarddError(Exception):
    """Root. `code` is stable; `message` is for people; `data` holds JSON values (channel, board, vendor_code, …)."""

    code: ClassVar[str] = "error"
    number: ClassVar[int] = -32000

    def __init__(self, message: str, **data: Any) -> None:
        super().__init__(message)
        self.message = message
        self.data = data

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.message, self.data)

    def to_wire(self) -> dict[str, Any]:
        """The JSON-RPC error object."""
        return {"code": self.number, "message": self.message, "data": {"error": self.code, **self.data}}


def _rebuild(kind: type[BoarddError], message: str, data: dict[str, Any]) -> BoarddError:
    return kind(message, **data)


class ConfigurationError(BoarddError):
    """A file, key or installation is wrong; the message says file:line: key: what, and what to do."""

    code = "configuration"
    number = -32010


class CallerError(BoarddError):
    """The request cannot be done as asked."""

    code = "caller"
    number = -32020


class ArgumentError(CallerError):
    """An argument is missing, malformed or out of range; `data.argument` names it."""

    code = "argument"
    number = -32602


class WrongStateError(CallerError):
    """The operation is not allowed in this state; `data` has operation, state and the states that would do."""

    code = "wrong_state"
    number = -32021


class UnknownIdError(CallerError):
    """No board, span, channel, call, bridge or group of that name."""

    code = "unknown_id"
    number = -32022


class StaleClaimError(CallerError):
    """Somebody took the claim over (higher generation), or the claim was never taken."""

    code = "stale_claim"
    number = -32023


class ClaimConflictError(CallerError):
    """Another client holds the claim on these channels."""

    code = "claim_conflict"
    number = -32024


class ForbiddenError(CallerError):
    """The peer's Unix groups do not allow this operation."""

    code = "forbidden"
    number = -32025


class UnsupportedError(BoarddError):
    """The card or domain cannot do this; its capabilities say so."""

    code = "unsupported"
    number = -32030


class DeviceError(BoarddError):
    """The card or its library refused or failed; `data`: function, vendor_code, vendor_text, board, channel."""

    code = "device"
    number = -32040


class DeadlineError(BoarddError):
    """A library call did not come back within its class' deadline; `data`: function, deadline_ms, channel."""

    code = "deadline"
    number = -32041


class HostDownError(BoarddError):
    """The domain's host process is not connected; `data.domain`."""

    code = "host_down"
    number = -32042


class BrokenError(BoarddError):
    """Board or channel is broken and needs a person or `board.reset`; `data.reason`."""

    code = "broken"
    number = -32043


class OverloadError(BoarddError):
    """Not now: no free channel, queue full, or the client does not read (`too_slow`)."""

    code = "overload"
    number = -32050


class BugError(BoarddError):
    """An internal error; the log has the traceback under `data.ref`."""

    code = "bug"
    number = -32603


def _tree(root: type[BoarddError]) -> dict[str, type[BoarddError]]:
    """Kinds by code; a refinement that keeps its parent's code travels as the parent."""
    found = {root.code: root}
    for kind in root.__subclasses__():
        found = _tree(kind) | found
    return found


def from_wire(error: dict[str, Any]) -> BoarddError:
    """The exception for a JSON-RPC error object; unknown codes become the root class with the code kept."""
    data = dict(error.get("data") or {})
    kind = _tree(BoarddError).get(str(data.pop("error", "")), BoarddError)
    return kind(str(error.get("message", "")), **data)
