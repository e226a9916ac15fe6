"""One end of a span of the real kernel with the face of the simulator's (`hwsim.spanbus.end.SpanEnd`), in real time.

With it the peers of the simulator's edge, which know nothing of boardd, work on real DAHDI channels: `RealSim` has
their timers, `KernelChannel` is one timeslot. Sound is A-law in blocks of 160 octets, frames come without check
sequence.
"""

import heapq
import time
from collections import deque

from diokit import ELAST, POLLIN, POLLOUT, POLLPRI

from hwsim.kernel.sim import Timer
from hwsim.spanbus.channel import ChannelEvent, Ready, Use

CHECK_OCTETS, FRAME_OCTETS, BLOCK_OCTETS = 2, 1024, 160
AHEAD, SILENCE = 2, 0xD5
"""Blocks of A-law silence before the first sound: without, a peer that is late by a moment has a hole in its tones."""
ALAW = 2
EAGAIN = 11


class RealSim:
    """The simulator's timers on the machine's clock."""

    def __init__(self):
        self._base_ns = time.monotonic_ns()
        self._heap, self._count = [], 0

    @property
    def now_us(self):
        return (time.monotonic_ns() - self._base_ns) // 1000

    def at(self, when_us, callback, *args):
        timer = Timer(when_us, callback, args)
        self._count += 1
        heapq.heappush(self._heap, (when_us, self._count, timer))
        return timer

    def later(self, delay_ms, callback, *args):
        return self.at(self.now_us + round(delay_ms * 1000), callback, *args)

    def run_due(self):
        """Call what is due; milliseconds until the next timer, at most 20."""
        while self._heap and self._heap[0][0] <= self.now_us:
            timer = heapq.heappop(self._heap)[2]
            callback, args = timer.callback, timer.args
            timer.cancel()
            if callback is not None:
                callback(*args)
        return min(20, max(0, (self._heap[0][0] - self.now_us) // 1000 + 1)) if self._heap else 20


class KernelChannel:
    """A timeslot (hwsim.spanbus.channel.Channel). The file is open while it is used; one with line bits always."""

    def __init__(self, dio, number, slot, *, cas=False):
        self.dio, self.number, self.slot, self.cas = dio, number, slot, cas
        self.fd, self.use, self.hook, self.rx_bits = -1, Use.CLOSED, None, 0xF
        self._events = deque()
        if cas:
            self._open()
            dio.buffers(self.fd, 4, BLOCK_OCTETS)
            self.rx_bits = dio.ioctl(self.fd, dio.GETRXBITS) & 0xF
            self._events.append(ChannelEvent.BITS_CHANGED)

    def _open(self):
        if self.fd < 0:
            self.fd = self.dio.channel(self.number)

    def open_sound(self, blocks=4):
        self._open()
        if not self.cas:
            self.dio.ioctl(self.fd, self.dio.AUDIOMODE, 1)
        self.dio.ioctl(self.fd, self.dio.SETLAW, ALAW)
        self.dio.buffers(self.fd, blocks, BLOCK_OCTETS)
        self.dio.ioctl(self.fd, self.dio.FLUSH, 3)
        for _block in range(AHEAD):
            self.dio.write(self.fd, bytes([SILENCE]) * BLOCK_OCTETS)
        self.use = Use.SOUND

    def open_hdlc(self, frames=32):
        self._open()
        self.dio.buffers(self.fd, frames, FRAME_OCTETS)
        self.use = Use.HDLC

    def close(self):
        self.use = Use.CLOSED
        if self.cas and self.fd >= 0:
            self.dio.ioctl(self.fd, self.dio.FLUSH, 3)
        else:
            self.shut()

    def shut(self):
        """Give the file back, whatever the channel is."""
        self.use = Use.CLOSED
        if self.fd >= 0:
            self.dio.close(self.fd)
            self.fd = -1

    @property
    def mask(self):
        """What to poll for."""
        return POLLPRI | (POLLIN if self.use is not Use.CLOSED else 0)

    @property
    def ready(self):
        found = Ready.EVENT if self._events else Ready(0)
        true = self.dio.poll({self.fd: POLLIN | POLLOUT}).get(self.fd, 0) if self.fd >= 0 else 0
        return found | (Ready.READ if true & POLLIN else 0) | (Ready.WRITE if true & POLLOUT else 0)

    def look(self):
        """Take the kernel's events, then let the owner look."""
        while self.fd >= 0 and (event := self.dio.event(self.fd)):
            if event == ChannelEvent.BITS_CHANGED:
                self.rx_bits = self.dio.ioctl(self.fd, self.dio.GETRXBITS) & 0xF
            if event in tuple(ChannelEvent):
                self._events.append(ChannelEvent(event))
        if self.hook:
            self.hook(self)

    def take_event(self):
        return self._events.popleft() if self._events else ChannelEvent.NONE

    def read(self):
        if self.use is Use.CLOSED or self.fd < 0:
            return None
        try:
            octets = self.dio.read(self.fd)
        except OSError as error:
            if error.errno in (EAGAIN, ELAST):
                return None
            raise
        return octets[:-CHECK_OCTETS] if self.use is Use.HDLC else octets

    def write(self, octets):
        if self.fd < 0:  # the cable is pulled
            return 0
        more = bytes(CHECK_OCTETS) if self.use is Use.HDLC else b""
        try:
            self.dio.write(self.fd, octets + more)
        except OSError as error:
            if error.errno in (EAGAIN, ELAST):
                return 0
            raise
        return len(octets)

    def send_bits(self, abcd):
        if self.fd >= 0:
            self.dio.ioctl(self.fd, self.dio.SETTXBITS, abcd)


class KernelEnd:
    """A span's channels by timeslot; `first` is DAHDI's number of timeslot 1."""

    alarms = frozenset()

    def __init__(self, dio, name, first, *, cas=False):
        self.dio, self.name, self.first, self.cas = dio, name, first, cas
        self.channels = {}

    @property
    def card(self):
        """The peers ask a bus for its card's end."""
        return self

    def channel(self, slot):
        if slot not in self.channels:
            self.channels[slot] = KernelChannel(self.dio, self.first + slot - 1, slot, cas=self.cas)
        return self.channels[slot]

    def shut(self):
        """Close every file."""
        for channel in self.channels.values():
            channel.hook = None
            channel.shut()
