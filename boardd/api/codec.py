"""JSON-RPC 2.0 messages to and from bytes: one envelope, typed parameters, errors that name the field.

Every failure of decoding is a `CallerError` of this module, so that a peer that sends nonsense gets a typed answer.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from boardd.contract.errors import ArgumentError, BoarddError, CallerError

T = TypeVar("T")
MessageId = int | str | None

NO_PARAMS = msgspec.Raw(b"{}")
_NULL = b"null"
_MISSING_FIELD = re.compile(r"required field `([^`]+)`")
_PATH = re.compile(r" - at `\$\.?([^`]*)`")


class ParseError(CallerError):
    """A line that is not JSON."""

    code = "parse"
    number = -32700


class InvalidRequestError(CallerError):
    """JSON, but not a JSON-RPC message; batches (arrays) are not offered. Also a line over the length limit."""

    code = "invalid_request"
    number = -32600


class UnknownMethodError(CallerError):
    """No method of that name on this socket; `data.method`."""

    code = "unknown_method"
    number = -32601


class Envelope(msgspec.Struct):
    """Any JSON-RPC message: a request has method and id, a notification only method, an answer result or error."""

    method: str | msgspec.UnsetType = msgspec.UNSET
    id: MessageId | msgspec.UnsetType = msgspec.UNSET
    params: msgspec.Raw = NO_PARAMS
    result: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    error: dict[str, Any] | msgspec.UnsetType | None = msgspec.UNSET


_ENVELOPE = msgspec.json.Decoder(Envelope)
_ENCODER = msgspec.json.Encoder()


def decode_envelope(line: bytes) -> Envelope:
    """One line as a message. Raises ParseError or InvalidRequestError."""
    try:
        return _ENVELOPE.decode(line)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(f"not a JSON-RPC 2.0 message: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ParseError(f"not JSON: {error}") from error
    except RecursionError as error:
        raise ParseError("nested too deeply") from error


def decode_params(raw: msgspec.Raw, kind: type[T]) -> T:
    """Parameters as `kind`. Raises ArgumentError; `data.argument` is the path of the bad field when it is known."""
    text = NO_PARAMS if bytes(raw) == _NULL else raw
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise _argument_error(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArgumentError(f"params: {error}", argument="params") from error
    except RecursionError as error:
        raise ArgumentError("params: nested too deeply", argument="params") from error


def _argument_error(text: str) -> ArgumentError:
    where = _PATH.search(text)
    path = where.group(1) if where else ""
    what = _PATH.sub("", text)
    missing = _MISSING_FIELD.search(text)
    if missing:
        path = f"{path}.{missing.group(1)}" if path else missing.group(1)
        what = "is missing"
    name = path or "params"
    return ArgumentError(f"{name}: {what}", argument=name)


def decode_result(raw: msgspec.Raw, kind: type[T]) -> T:
    """A result as `kind`; null is an empty object. Raises InvalidRequestError when the answer is something else."""
    if kind is msgspec.Raw:
        return raw  # type: ignore[return-value]
    if bytes(raw) == _NULL and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        raw = NO_PARAMS
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidRequestError(f"the answer is not understood: {error}") from error


def decode_error(wire: dict[str, Any]) -> BoarddError:
    """The exception for an error object, whatever is in it; unknown codes become the root class."""
    found = wire.get("data")
    data = dict(found) if isinstance(found, dict) else {}
    error = _kind_of(data.pop("error", None))(str(wire.get("message", "")))
    error.data = data
    return error


def _kind_of(code: object) -> type[BoarddError]:
    """The class nearest to the root that has this code and is made like the root."""
    level: list[type[BoarddError]] = [BoarddError]
    while level:
        for kind in level:
            if kind.code == code and kind.__init__ is BoarddError.__init__:
                return kind
        level = [child for kind in level for child in kind.__subclasses__()]
    return BoarddError


def request_line(number: int, method: str, params: Any) -> bytes:
    """A request."""
    return _line({"jsonrpc": "2.0", "id": number, "method": method, "params": params})


def notification_line(method: str, params: Any) -> bytes:
    """A notification."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


def result_line(message_id: MessageId, result: Any) -> bytes:
    """The answer to a request."""
    return _line({"jsonrpc": "2.0", "id": message_id, "result": result})


def error_line(message_id: MessageId, error: BoarddError) -> bytes:
    """The answer to a request that failed, or (id null) to something that was no request."""
    wire = error.to_wire()
    try:
        return _line({"jsonrpc": "2.0", "id": message_id, "error": wire})
    except (TypeError, ValueError):
        wire["data"] = {key: repr(value) for key, value in wire["data"].items()}
        wire["message"] = str(wire["message"]).encode("utf-8", "replace").decode()
        return _line({"jsonrpc": "2.0", "id": message_id, "error": wire})


def _line(message: dict[str, Any]) -> bytes:
    return _ENCODER.encode(message) + b"\n"
