"""Dialling by loop breaks on an exchange line. The kernel makes them, and stops at once when somebody writes sound: so
the engine leaves the channel alone until they are out, and the loop takes the channel's events meanwhile.

Order: when `EnginePort.run(False)` returns no tick writes any more (a tick has the engine's lock as long as it writes);
only then is DIAL ordered. Sound comes back behind DIALCOMPLETE. The kernel does not say why it has ended: when it skips
digits (the loop is not closed) or somebody cuts them, DIALCOMPLETE comes too, but sooner than the breaks can have been
made. It may also be lost. Either is a failure that is told, not a call that waits.
"""

from __future__ import annotations

from collections.abc import Callable

from boardd.contract.errors import BoarddError
from boardd.signalling.analog.clock import Timers
from drivers.dahdi._codes import Flush
from drivers.dahdi._errors import DahdiError
from drivers.dahdi._native import Native
from drivers.dahdi.port import DahdiPort
from drivers.dahdi.session import log
from drivers.dahdi.watcher import EVENT

BREAK_MS, MAKE_MS, AFTER_MS = 62, 38, 750
"""1.6 : 1, ten a second; from digit to digit (facts 1.8). The kernel's own 50 : 50 is too short for many exchanges."""
SOONEST, LATEST, LATE_MS = 0.8, 1.5, 2000
"""Of the time that the breaks take: sooner they were not all made, later (and LATE_MS more) nobody tells."""


def duration_ms(digits: str) -> int:
    """How long the kernel needs for digits; what has no pulses it leaves out."""
    counts = [int(digit) or 10 for digit in digits if digit.isdecimal()]
    return sum(count * (BREAK_MS + MAKE_MS) + AFTER_MS for count in counts)


class PulseDialler:
    """Of one exchange line. Each `send` that is not stopped ends in one `sent()` or one `failed(why)`."""

    def __init__(self, port: DahdiPort, sent: Callable[[], None], failed: Callable[[str], None]) -> None:
        self._port = port
        self._sent = sent
        self._failed = failed
        self._timers = Timers(port.session.clock)
        self._fd = -1
        self._needs_ms = 0
        self._began_s = 0.0

    @staticmethod
    def set_up(native: Native, fd: int) -> None:
        """On the door thread: times of the breaks."""
        native.set_pulses(fd, BREAK_MS, MAKE_MS, AFTER_MS)

    def send(self, digits: str) -> None:
        """Begin."""
        port = self._port
        self._fd, self._needs_ms = port.fd, duration_ms(digits)
        port.engine_port.run(False)
        port.session.watcher.watch(port.fd, EVENT, self._ready)
        port.session.order("FLUSH", port.native.flush, port.fd, Flush.WRITE)
        self._began_s = port.session.clock.time()
        self._timers.start("late", round(self._needs_ms * LATEST) + LATE_MS, self._late)
        port.session.order("DIAL", port.native.dial_pulses, port.fd, digits, failed=self._refused)

    def stop(self) -> None:
        """Send no more."""
        self._port.session.order("DIAL", self._port.native.stop_dialling, self._port.fd)
        self._over()

    def complete(self) -> None:
        """DIALCOMPLETE; that of a dialling which was stopped changes nothing."""
        if not self._under_way():
            return
        took_ms = round((self._port.session.clock.time() - self._began_s) * 1000)
        self._over()
        if took_ms < self._needs_ms * SOONEST:
            self._fail(f"cut short: over after {took_ms} ms, the pulses take {self._needs_ms} ms")
        else:
            self._sent()

    # -- inside -------------------------------------------------------------------------------------------------------
    def _under_way(self) -> bool:
        return self._fd >= 0 and self._fd == self._port.fd

    def _late(self) -> None:
        if self._under_way():
            self._fail(f"the card does not say that the pulses are out, which take {self._needs_ms} ms")

    def _refused(self, error: BoarddError) -> None:
        if not self._under_way():
            return
        if isinstance(error, DahdiError) and error.gone:
            self._port.on_removed()
        else:
            self._fail(error.message)

    def _fail(self, why: str) -> None:
        log.error("pulses_failed", channel=self._port.id, why=why)
        self._failed(why)
        self._over()

    def _over(self) -> None:
        """Nothing is being dialled any more: sound again. What has waited meanwhile is old."""
        self._timers.cancel_all()
        port, (fd, self._fd) = self._port, (self._fd, -1)
        if fd < 0 or fd != port.fd:
            return
        port.session.watcher.forget(fd)

        def sound(_how: BoarddError | None) -> None:
            # A channel that could not forget what is old is not to stay deaf.
            if self._fd < 0 and fd == port.fd:
                port.engine_port.run()

        port.session.order("FLUSH", port.native.flush, fd, Flush.READ | Flush.WRITE, done=sound, failed=sound)

    def _ready(self, _mask: int) -> None:
        port = self._port
        try:
            while self._under_way() and (number := port.native.event(self._fd)):
                port.line_event(number)
        except DahdiError as error:
            if not error.gone:
                raise
            port.on_removed()
