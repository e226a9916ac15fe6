"""One JSON-RPC 2.0 peer over a local stream socket; both sides may ask and notify.

What the peer sends never ends the connection: bad JSON, unknown methods, bad parameters and lines over the limit are
answered with a typed error. What the peer does not read does: 1 MiB behind, it gets `overload` (reason `too_slow`) and
is closed. Requests are started in the order in which they came; a handler that is not a coroutine has answered before
the next line is looked at, so answers and notifications keep their order.
"""

from __future__ import annotations

import asyncio
import inspect
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import structlog
from msgspec import UNSET, Raw

from boardd.api import codec
from boardd.api.board_schema import BACKLOG_LIMIT_BYTES, LINE_LIMIT_BYTES
from boardd.api.framing import LineReader, TooLong
from boardd.contract.errors import BoarddError, BugError, DeadlineError, OverloadError

T = TypeVar("T")
log = structlog.get_logger()

ABORT_AFTER_S = 1.0
PEER_ERROR_LIMIT_CHARS = 500


class DisconnectedError(BoarddError):
    """The other side of the connection is not there (any more); whether it carried out the request is not known."""

    code = "disconnected"
    number = -32044


@dataclass(frozen=True, slots=True)
class Limits:
    """What one peer may cost. A line longer than `line_bytes` is discarded."""

    line_bytes: int = LINE_LIMIT_BYTES
    backlog_bytes: int = BACKLOG_LIMIT_BYTES
    requests: int = 256


STRANGERS = Limits()
"""For any client."""
TRUSTED = Limits(line_bytes=16 * LINE_LIMIT_BYTES, requests=4096)
"""For what our own processes send: a full snapshot of a large site is longer than a client's line may be."""


class Handler(Protocol):
    """What a connection's owner does with what arrives. Everything is called on the loop."""

    def opened(self, connection: Connection) -> None:
        """The connection is up."""

    def request(self, connection: Connection, method: str, params: Raw) -> Any:
        """The result, or an awaitable of it. Raises BoarddError."""

    def notification(self, connection: Connection, method: str, params: Raw) -> None:
        """A notification arrived. Raises BoarddError, which the peer gets with id null."""

    def closed(self, connection: Connection) -> None:
        """The connection has ended."""


@dataclass(slots=True)
class _Pending:
    kind: Any
    future: asyncio.Future[Any]
    at_once: Callable[[Any], None] | None


class Connection(asyncio.Protocol):
    """See the module text. Made by a server, or by `open_connection`."""

    def __init__(self, handler: Handler, limits: Limits = STRANGERS) -> None:
        self._handler = handler
        self._limits = limits
        self._reader = LineReader(limits.line_bytes)
        self._transport: asyncio.Transport | None = None
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._pending: dict[int, _Pending] = {}
        self._last_number = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._complaint: BoarddError | None = None
        """What the peer said to no request in particular; when it then hangs up, that is why."""
        self._eof = False
        self._closing = False
        self.reason = ""
        """Why the connection ended, for the log; empty when the peer simply went."""

    # -- state --------------------------------------------------------------------------------------------------------
    @property
    def open(self) -> bool:
        """Whether something may still be sent."""
        return self._transport is not None and not self._closing and not self._transport.is_closing()

    @property
    def backlog_bytes(self) -> int:
        """What the peer has not read yet, beyond the kernel's buffer."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    @property
    def socket(self) -> socket.socket:
        """The socket, to ask who the peer is."""
        if self._transport is None:
            raise DisconnectedError("not connected")
        return cast(socket.socket, self._transport.get_extra_info("socket"))

    async def wait_closed(self) -> None:
        """Until the connection has ended."""
        await asyncio.shield(self._ended)

    # -- sending ------------------------------------------------------------------------------------------------------
    async def request(
        self,
        method: str,
        params: Any,
        kind: type[T],
        *,
        timeout_s: float | None = None,
        at_once: Callable[[T], None] | None = None,
    ) -> T:
        """Ask the peer and return its answer as `kind` (`msgspec.Raw` = as it came).

        `at_once(result)` is called before anything that the peer sent after its answer is looked at.
        Raises what the peer answered, DisconnectedError, or DeadlineError after `timeout_s`.
        """
        if not self.open:
            raise DisconnectedError("not connected", method=method)
        self._last_number += 1
        number = self._last_number
        future: asyncio.Future[T] = self._loop.create_future()
        self._pending[number] = _Pending(kind, future, at_once)
        try:
            self.send_line(codec.request_line(number, method, params))
            async with asyncio.timeout(timeout_s):
                return await future
        except TimeoutError:
            deadline_ms = round((timeout_s or 0) * 1000)
            text = f"{method}: no answer within {deadline_ms} ms"
            raise DeadlineError(text, method=method, deadline_ms=deadline_ms) from None
        finally:
            self._pending.pop(number, None)

    def notify(self, method: str, params: Any) -> None:
        """Send a notification; silently nothing when the peer is gone."""
        self.send_line(codec.notification_line(method, params))

    def send_line(self, line: bytes) -> None:
        """Send one encoded message with its newline. A peer that is too far behind is told so and closed."""
        if self._transport is None or not self.open:
            return
        if self._transport.get_write_buffer_size() > self._limits.backlog_bytes:
            behind = self._transport.get_write_buffer_size()
            error = OverloadError("the peer does not read what it is sent", reason="too_slow", behind_bytes=behind)
            self.close("too_slow", error)
            return
        self._transport.write(line)

    def close(self, reason: str = "", error: BoarddError | None = None) -> None:
        """End the connection, telling the peer why if it still reads; what it does not take within 1 s is dropped."""
        if self._transport is None or not self.open:
            return
        self._closing = True
        self.reason = reason
        if error is not None:
            # Only our direction ends: a peer that is writing just now would get EPIPE and never read why.
            self._transport.write(codec.error_line(None, error))
            self._transport.write_eof()
        else:
            self._transport.close()
        self._loop.call_later(ABORT_AFTER_S, self._transport.abort)

    def cancel_requests(self) -> None:
        """Give up what is being done for the peer."""
        for task in self._tasks:
            task.cancel()

    # -- asyncio.Protocol ---------------------------------------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio."""
        self._transport = cast(asyncio.Transport, transport)
        try:
            self._handler.opened(self)
        except BoarddError as error:
            self.close(error.code, error)

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        for line in self._reader.feed(data):
            if not self.open:
                return
            self._take(line)

    def eof_received(self) -> bool:
        """See asyncio. Answers that are still being worked on are delivered first."""
        self._eof = True
        return bool(self._tasks)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        pending, self._pending = self._pending, {}
        for entry in pending.values():
            if not entry.future.done():
                gone = DisconnectedError("the connection ended before the answer came")
                entry.future.set_exception(self._complaint or gone)
        if exc is not None and not self.reason:
            self.reason = str(exc)
        if not self._ended.done():
            self._ended.set_result(None)
        self._handler.closed(self)

    # -- receiving ----------------------------------------------------------------------------------------------------
    def _take(self, line: bytes | TooLong) -> None:
        try:
            if isinstance(line, TooLong):
                raise codec.InvalidRequestError(
                    f"line of {line.size} bytes; the limit is {self._limits.line_bytes}",
                    size_bytes=line.size,
                    limit_bytes=self._limits.line_bytes,
                )
            message = codec.decode_envelope(line)
        except BoarddError as error:
            self.send_line(codec.error_line(None, error))
            return
        if message.method is not UNSET:
            if message.id is UNSET:
                self._take_notification(message.method, message.params)
            else:
                self._take_request(message.id, message.method, message.params)
        elif message.result is not UNSET or message.error is not UNSET:
            self._take_answer(message)
        else:
            message_id = None if message.id is UNSET else message.id
            self.send_line(codec.error_line(message_id, codec.InvalidRequestError("neither method nor result")))

    def _take_notification(self, method: str, params: Raw) -> None:
        try:
            self._handler.notification(self, method, params)
        except Exception as error:
            self.send_line(codec.error_line(None, _as_wire_error(error, method)))

    def _take_request(self, message_id: codec.MessageId, method: str, params: Raw) -> None:
        if len(self._tasks) >= self._limits.requests:
            error = OverloadError("too many requests at once", reason="too_many_requests", limit=self._limits.requests)
            self.send_line(codec.error_line(message_id, error))
            return
        try:
            result = self._handler.request(self, method, params)
        except Exception as error:
            self.send_line(codec.error_line(message_id, _as_wire_error(error, method)))
            return
        if inspect.isawaitable(result):
            task = self._loop.create_task(self._finish(message_id, method, result), name=f"request {method}")
            self._tasks.add(task)
            task.add_done_callback(self._task_done)
        else:
            self._answer(message_id, method, result)

    async def _finish(self, message_id: codec.MessageId, method: str, result: Awaitable[Any]) -> None:
        try:
            value = await result
        except Exception as error:
            self.send_line(codec.error_line(message_id, _as_wire_error(error, method)))
        else:
            self._answer(message_id, method, value)

    def _answer(self, message_id: codec.MessageId, method: str, result: Any) -> None:
        try:
            line = codec.result_line(message_id, {} if result is None else result)
        except (TypeError, ValueError) as error:
            line = codec.error_line(message_id, _as_wire_error(error, method))
        self.send_line(line)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._eof and not self._tasks:
            self.close()

    def _take_answer(self, message: codec.Envelope) -> None:
        entry = self._pending.get(message.id) if isinstance(message.id, int) else None
        if message.error is not UNSET and message.error is not None:
            error = codec.decode_error(message.error)
            if entry is not None and not entry.future.done():
                entry.future.set_exception(error)
            elif message.id is None:
                self._complaint = error
                log.warning("peer_complained", code=error.code, text=error.message[:PEER_ERROR_LIMIT_CHARS])
            return
        if entry is None or entry.future.done() or message.result is UNSET:
            return
        try:
            value = codec.decode_result(message.result, entry.kind)
            if entry.at_once is not None:
                entry.at_once(value)
        except Exception as failed:
            entry.future.set_exception(failed)
        else:
            entry.future.set_result(value)


def _as_wire_error(error: Exception, method: str) -> BoarddError:
    """What the peer is told; anything that is not ours is a bug, logged with a reference."""
    if isinstance(error, BoarddError):
        return error
    ref = f"{id(error):x}"
    log.error("request_failed", method=method, ref=ref, exc_info=error)
    return BugError(f"internal error while handling {method}", ref=ref)


async def open_connection(path: str, handler: Handler, limits: Limits = TRUSTED) -> Connection:
    """Connect to a Unix socket. Raises DisconnectedError when nobody listens there."""
    loop = asyncio.get_running_loop()
    try:
        _transport, connection = await loop.create_unix_connection(lambda: Connection(handler, limits), path)
    except OSError as error:
        raise DisconnectedError(f"{path}: {error.strerror or error}", path=path) from error
    return connection
