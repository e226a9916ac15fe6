"""sd_notify: tells the service manager (systemd, or `boardd run`) that we are ready, alive, or what we are doing.

Every message goes to the address anew, so that it reaches a supervisor that was restarted. Nothing is raised: a process
without a service manager, or with a dead one, goes on working.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping


class Notifier:
    """Messages to $NOTIFY_SOCKET; silent when it is not set."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket: socket.socket | None = None
        if self._address:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            self._socket.setblocking(False)
        self.watchdog_s = _watchdog_s(environ) if self._address else 0.0
        """How often at least `watchdog` must be called; 0 = the watchdog is off. Call it twice as often."""

    def ready(self) -> None:
        """We do our work from now on."""
        self._send("READY=1")

    def status(self, text: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={text.splitlines()[0] if text else ''}")

    def watchdog(self) -> None:
        """We are alive; call it only when that is proven."""
        self._send("WATCHDOG=1")

    def stopping(self) -> None:
        """We are about to end."""
        self._send("STOPPING=1")

    def close(self) -> None:
        """Send nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, text: str) -> None:
        if self._socket is None:
            return
        try:
            self._socket.sendto(text.encode(), self._address)
        except OSError:
            return


def _watchdog_s(environ: Mapping[str, str]) -> float:
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return int(environ.get("WATCHDOG_USEC", "0")) / 1e6
    except ValueError:
        return 0.0
