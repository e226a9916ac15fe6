"""Reads boardd's events from outside while a scenario runs: one more client of boardd.sock, in a thread.

Every event gets `t_us`, the simulated time of its stamp, so that it can be held against the truth log. In lockstep
boardd's monotonic clock is the simulator's; at speed 1 it is the machine's, and the simulator knows when that began.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hwsim.kernel.drive import pause_s

RETRY_S = 0.02
CUT_OFF_US = 999


class Listener:
    """Collects events until it is stopped; connects again when the daemon was restarted, and misses nothing of a life.

    `base_us` asks what boardd's clock shows at simulated time zero when the clocks differ (speed 1); None in lockstep.
    """

    def __init__(self, path: Path, base_us: Callable[[], int] | None) -> None:
        self.path = path
        self.last_seq = 0
        self._base_us = base_us
        self._events: list[dict[str, Any]] = []
        self._offset_us: int | None = None
        self._stopping = False
        self._door: socket.socket | None = None
        self._thread = threading.Thread(target=self._run, name="event-listener", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End; may be called twice."""
        self._stopping = True
        if self._door is not None:
            with contextlib.suppress(OSError):
                self._door.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)

    def events(self) -> list[dict[str, Any]]:
        """All events so far, in the order of their coming."""
        return list(self._events)

    def _run(self) -> None:
        while not self._stopping:
            with contextlib.suppress(OSError, ValueError):
                self._listen()
            pause_s(RETRY_S)

    def _listen(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            door.connect(str(self.path))
            self._door = door
            with door.makefile("rb") as lines:
                _send(door, 1, "hello", {"client": "listener"})
                hello = json.loads(lines.readline())["result"]
                self.last_seq = 0
                _send(door, 2, "subscribe", {"epoch": hello["epoch"], "seq": 0})
                for line in lines:
                    self._take(json.loads(line))

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "event":
            event = message["params"].get("event", message["params"])
            at = event.get("at") or {}
            event["t_us"] = int(at.get("mono_ms", 0)) * 1000 + self._offset()
            self._events.append(event)
            self.last_seq = int(event.get("seq", 0))

    def _offset(self) -> int:
        """What must be added to boardd's monotonic clock to get simulated time.

        Stamps are whole milliseconds, cut off: at speed 1, where nothing happens at whole milliseconds, no event shall
        seem to be earlier than what caused it.
        """
        if self._offset_us is None:
            self._offset_us = CUT_OFF_US - self._base_us() if self._base_us else 0
        return self._offset_us


def _send(door: socket.socket, number: int, method: str, params: dict[str, Any]) -> None:
    request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    door.sendall(json.dumps(request).encode() + b"\n")
