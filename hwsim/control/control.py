"""The simulator's side door: JSON lines over an AF_UNIX stream socket, served by the simulator's own event loop.

Request `{"id": 1, "command": "status", "args": {}}`, reply `{"id": 1, "ok": true, "result": ...}` or
`{"id": 1, "ok": false, "error": {"code": "bad_argument", "message": "..."}}`, in the order of the requests; `"lang"`
(zh_CN, en) in a request is the language of its message. A client asks, reads the answer, asks again: one that lets
answers pile up until the socket is full is disconnected.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from boardd.contract.text import _, speaking
from hwsim.control.commands import CommandError, Commands

MAX_REQUEST_BYTES = 1 << 20
READ_BYTES = 1 << 16
BACKLOG = 8


class ReaderLoop(Protocol):
    """The loop: calls back when a descriptor is readable."""

    def add_reader(self, fd: int, callback: Callable[[], None]) -> None:
        """Call `callback()` whenever `fd` is readable."""

    def remove_reader(self, fd: int) -> None:
        """Forget `fd`."""


class ControlServer:
    """Listens on `path`, replacing a socket that an earlier run left there."""

    def __init__(self, loop: ReaderLoop, commands: Commands, path: Path) -> None:
        self.loop = loop
        self.commands = commands
        self.path = path
        self._clients: set[_Client] = set()
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        self._socket.bind(os.fspath(path))
        self._socket.listen(BACKLOG)
        loop.add_reader(self._socket.fileno(), self._accept)

    @property
    def clients(self) -> int:
        """How many are connected."""
        return len(self._clients)

    def close(self) -> None:
        """Disconnect everybody and remove the socket."""
        for client in tuple(self._clients):
            client.close()
        self.loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def forget(self, client: _Client) -> None:
        """A client has gone."""
        self._clients.discard(client)

    def _accept(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return  # gone before we looked
        connection.setblocking(False)
        self._clients.add(_Client(self, connection))


class _Client:
    """One connection."""

    def __init__(self, server: ControlServer, connection: socket.socket) -> None:
        self.server = server
        self._connection = connection
        self._buffer = b""
        self._skipping = False
        server.loop.add_reader(connection.fileno(), self._readable)

    def close(self) -> None:
        """Disconnect."""
        if self._connection.fileno() >= 0:
            self.server.loop.remove_reader(self._connection.fileno())
            self._connection.close()
        self.server.forget(self)

    def _readable(self) -> None:
        try:
            data = self._connection.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if self._skipping:
                self._skipping = False
            elif line.strip():
                self._reply(self._answer(line))
        if len(self._buffer) > MAX_REQUEST_BYTES:
            self._buffer = b""
            if not self._skipping:
                self._skipping = True
                self._reply(_failure(None, CommandError("bad_request", _("the request is too long"))))

    def _answer(self, line: bytes) -> dict[str, Any]:
        request_id: Any = None
        try:
            request = _decode(line)
            request_id = request.get("id")
            command, args = request.get("command"), request.get("args", {})
            if not isinstance(command, str) or not isinstance(args, dict):
                raise CommandError("bad_request", _("command must be a text and args an object"))
            with speaking(str(request.get("lang", ""))):
                return {"id": request_id, "ok": True, "result": self.server.commands.run(command, args)}
        except CommandError as error:
            return _failure(request_id, error)
        except Exception as error:  # a mistake of ours must not end the simulation that somebody looks into
            return _failure(request_id, CommandError("internal", f"{type(error).__name__}: {error}"))

    def _reply(self, reply: dict[str, Any]) -> None:
        if self._connection.fileno() < 0:
            return
        data = json.dumps(reply, ensure_ascii=False).encode() + b"\n"
        try:
            if self._connection.send(data) == len(data):
                return
        except OSError:
            pass
        self.close()


def _decode(line: bytes) -> dict[str, Any]:
    try:
        request = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CommandError("bad_request", _("not a line of JSON: {error}").format(error=error)) from None
    if not isinstance(request, dict):
        raise CommandError("bad_request", _("a request is an object"))
    return request


def _failure(request_id: Any, error: CommandError) -> dict[str, Any]:
    return {"id": request_id, "ok": False, "error": {"code": error.code, "message": error.message}}
