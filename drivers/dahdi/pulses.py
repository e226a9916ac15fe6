"""Dialling by loop breaks on an exchange line. The kernel makes them, and stops at once when somebody writes sound: so
the engine leaves the channel alone until they are out, and the loop takes the channel's events meanwhile.
"""

from __future__ import annotations

from drivers.dahdi._codes import Flush
from drivers.dahdi._errors import DahdiError
from drivers.dahdi._native import Native
from drivers.dahdi.port import DahdiPort
from drivers.dahdi.watcher import EVENT

BREAK_MS, MAKE_MS, AFTER_MS = 62, 38, 750
"""1.6 : 1, ten a second; from digit to digit (facts 1.8). The kernel's own 50 : 50 is too short for many exchanges."""


class PulseDialler:
    """Of one exchange line."""

    def __init__(self, port: DahdiPort) -> None:
        self._port = port
        self._fd = -1

    @staticmethod
    def set_up(native: Native, fd: int) -> None:
        """On the door thread: times of the breaks."""
        native.set_pulses(fd, BREAK_MS, MAKE_MS, AFTER_MS)

    def send(self, digits: str) -> None:
        """Begin; DIALCOMPLETE tells the end, after which `over` is to be called."""
        port = self._port
        self._fd = port.fd
        port.engine_port.run(False)
        port.session.watcher.watch(port.fd, EVENT, self._ready)
        port.session.order("FLUSH", port.native.flush, port.fd, Flush.WRITE)
        port.session.order("DIAL", port.native.dial_pulses, port.fd, digits)

    def stop(self) -> None:
        """Send no more."""
        self._port.session.order("DIAL", self._port.native.stop_dialling, self._port.fd)
        self.over()

    def over(self) -> None:
        """Nothing is being dialled any more: sound again. What has waited meanwhile is old."""
        port, fd, self._fd = self._port, self._fd, -1
        if fd < 0 or fd != port.fd:
            return
        port.session.watcher.forget(fd)
        both = Flush.READ | Flush.WRITE
        port.session.order("FLUSH", port.native.flush, fd, both, done=lambda _none: self._sound(fd))

    def _sound(self, fd: int) -> None:
        if self._fd < 0 and fd == self._port.fd:
            self._port.engine_port.run()

    def _ready(self, _mask: int) -> None:
        port = self._port
        try:
            while self._fd >= 0 and self._fd == port.fd and (number := port.native.event(self._fd)):
                port.line_event(number)
        except DahdiError as error:
            if not error.gone:
                raise
            port.on_removed()
