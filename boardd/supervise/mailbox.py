"""The sd_notify socket of one role: READY, STATUS, WATCHDOG messages of whatever child runs now.

The path belongs to the role and not to the supervisor's life, so that a child that outlives its supervisor speaks to
the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from boardd.contract.errors import ConfigurationError

MESSAGE_BYTES = 4096


class Mailbox:
    """Receives on `path` until `close`; `on_message(field, value)` for each line `FIELD=value`."""

    def __init__(self, path: Path, on_message: Callable[[str, str], None]) -> None:
        self.path = path
        self._on_message = on_message
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        try:
            path.unlink(missing_ok=True)
            self._socket.bind(str(path))
            path.chmod(0o600)
        except OSError as error:
            self._socket.close()
            raise ConfigurationError(f"{path}: {error.strerror or error}", path=str(path)) from error
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    def _read(self) -> None:
        while True:
            try:
                packet = self._socket.recv(MESSAGE_BYTES)
            except BlockingIOError:
                return
            for line in packet.decode("utf-8", "replace").splitlines():
                field, equals, value = line.partition("=")
                if equals:
                    self._on_message(field, value)

    def close(self) -> None:
        """Receive nothing more."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        with contextlib.suppress(OSError):
            self.path.unlink()
