"""What a case of the kernel gets: two E1s back to back, real or simulated, and how it is listed."""

from diokit import POLLPRI

CASES = {}
BLOCK = 160
MANY = 32
"""Blocks that a reader is given who comes later: a busy machine may stop between a request and the writing."""
SILENCE_A, SILENCE_MU = 0xD5, 0xFF


def case(function):
    CASES[function.__name__] = function
    return function


class Rig:
    """`dio`, the channels of both spans by position, and time. Positions 1 to 31; every case uses its own."""

    def __init__(self, dio, first_near=1, first_far=32):
        self.dio, self.first_near, self.first_far = dio, first_near, first_far
        self.opened = []

    def near(self, position):
        return self.first_near + position - 1

    def far(self, position):
        return self.first_far + position - 1

    def now_ms(self):
        raise NotImplementedError

    def sleep(self, ms):
        raise NotImplementedError

    def pair(self, position, near_sig, far_sig=None, idle_bits=0):
        """Both channels of a position configured and opened."""
        far_sig = near_sig if far_sig is None else far_sig
        for number, sig in ((self.near(position), near_sig), (self.far(position), far_sig)):
            self.dio.configure(number, sig, idle_bits)
        return self.channel(self.near(position)), self.channel(self.far(position))

    def channel(self, number, **how):
        fd = self.dio.channel(number, **how)
        self.opened.append(fd)
        return fd

    def open(self, name, **how):
        fd = self.dio.open(name, **how)
        self.opened.append(fd)
        return fd

    def close(self, fd):
        self.opened.remove(fd)
        self.dio.close(fd)

    def close_all(self):
        for fd in self.opened:
            self.dio.close(fd)
        self.opened.clear()

    def sound(self, position, count=4, size=BLOCK):
        """Two clear channels for A-law in blocks."""
        fds = self.pair(position, self.dio.SIG_CLEAR)
        for fd in fds:
            self.dio.ioctl(fd, self.dio.SETLAW, self.dio.LAW_ALAW)
            self.dio.buffers(fd, count, size)
            self.dio.ioctl(fd, self.dio.AUDIOMODE, 1)
        return fds

    def wait(self, wanted, limit_ms):
        """Until one of {fd: events} is true: what is true, {} when the time is over."""
        until = self.now_ms() + limit_ms
        while not (found := self.dio.poll(wanted)) and self.now_ms() < until:
            self.sleep(1)
        return found

    def next_event(self, fd, limit_ms):
        """The next event and when it came; None, time when there is none."""
        self.wait({fd: POLLPRI}, limit_ms)
        return self.dio.event(fd) or None, self.now_ms()

    def expect(self, fd, event, limit_ms):
        """The next event must be this one: when it came."""
        found, at_ms = self.next_event(fd, limit_ms)
        assert found == event, f"event {found} instead of {event}"
        return at_ms


def near(value, wanted, share=0.25, slack=30):
    """Whether a measured time is right; emulated machines are not punctual."""
    return abs(value - wanted) <= wanted * share + slack


def pattern(index, size=BLOCK):
    """A block that no other index makes and that is no silence."""
    return bytes((index * 37 + n * 11 + 1) % 200 + 3 for n in range(size))


def read_or_none(dio, fd):
    try:
        return dio.read(fd)
    except OSError:
        return None
