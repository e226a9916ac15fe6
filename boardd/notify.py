"""sd_notify: tells the service manager (systemd, or `boardd run`) that we are ready, alive, or what we are doing.

Built on sdnotify. Its notifier connects once, when it is made; ours is made anew after a failure, so that messages
reach a supervisor that was restarted. Nothing is raised: a process without a service manager, or with a dead one,
goes on working, and a full queue never blocks it.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Mapping

import sdnotify


class Notifier:
    """Messages to $NOTIFY_SOCKET; silent when it is not set."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        environ = os.environ if environ is None else environ
        self._address = environ.get("NOTIFY_SOCKET", "")
        self._connected: sdnotify.SystemdNotifier | None = None
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
        self._address = ""
        self._forget()

    def _send(self, text: str) -> None:
        for _attempt in range(2):
            if not self._address:
                return
            try:
                self._notifier().notify(text)
                return
            except OSError:
                self._forget()

    def _notifier(self) -> sdnotify.SystemdNotifier:
        """The connected notifier. Raises OSError when nobody listens."""
        if self._connected is None:
            before = os.environ.get("NOTIFY_SOCKET")
            os.environ["NOTIFY_SOCKET"] = self._address  # the only way to tell sdnotify where
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ResourceWarning)  # it drops its socket when nobody listens
                    made = sdnotify.SystemdNotifier()
            finally:
                if before is None:
                    del os.environ["NOTIFY_SOCKET"]
                else:
                    os.environ["NOTIFY_SOCKET"] = before
            if made.socket is None:
                raise ConnectionRefusedError(self._address)
            made.socket.setblocking(False)
            made.debug = True  # let failures be seen here
            self._connected = made
        return self._connected

    def _forget(self) -> None:
        if self._connected is not None:
            with contextlib.suppress(OSError):
                self._connected.socket.close()
            self._connected = None


def _watchdog_s(environ: Mapping[str, str]) -> float:
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    try:
        return int(environ.get("WATCHDOG_USEC", "0")) / 1e6
    except ValueError:
        return 0.0
