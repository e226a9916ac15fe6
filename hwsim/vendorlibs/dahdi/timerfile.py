"""/dev/dahdi/timer: goes off every so many samples; until it is acknowledged an event waits."""

from __future__ import annotations

from errno import ENOTTY

from hwsim.kernel.sim import Sim, Timer
from hwsim.vendorlibs.dahdi.abi import INT, Event, Request
from hwsim.vendorlibs.dahdi.file import OpenFile

SAMPLE_US = 125


class TimerFile:
    """The timer behind one open file."""

    def __init__(self, sim: Sim, file: OpenFile) -> None:
        self.sim = sim
        self.file = file
        self.samples = 0
        self.tripped = 0
        self.ping = False
        self._timer: Timer | None = None

    def ioctl(self, request: int, octets: bytes) -> tuple[int, bytes]:
        """0 or -errno, and the octets that go back."""
        value = INT.unpack(octets)[0] if len(octets) == INT.size else 0
        match request:
            case Request.TIMERCONFIG:
                self._configure(max(0, value))
            case Request.TIMERACK:
                self.tripped -= value if 1 <= value <= self.tripped else self.tripped
            case Request.TIMERPING:
                self.ping = True
            case Request.TIMERPONG:
                self.ping = False
            case Request.GETEVENT:
                expired = Event.TIMER_EXPIRED if self.tripped else Event.NONE
                return 0, INT.pack(Event.TIMER_PING if self.ping else expired)
            case _:
                return -ENOTTY, b""
        self._show()
        return 0, b""

    def close(self) -> None:
        """End it."""
        if self._timer:
            self._timer.cancel()

    def _configure(self, samples: int) -> None:
        if samples == self.samples:
            return
        self.samples = samples
        self.close()
        if samples:
            self._timer = self.sim.at(self.sim.now_us + samples * SAMPLE_US, self._trip)

    def _trip(self) -> None:
        self.tripped += 1
        self._timer = self.sim.at(self.sim.now_us + self.samples * SAMPLE_US, self._trip)
        self._show()

    def _show(self) -> None:
        self.file.pending(int(self.tripped > 0 or self.ping))
