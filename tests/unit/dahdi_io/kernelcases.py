"""What a program sees of DAHDI, as cases that run on two E1s back to back: on the real kernel in a virtual machine, and
on the simulated one. A case gets a `Rig`, asserts what both must have, and returns what it measured.
"""

from diokit import POLLIN, POLLOUT, POLLPRI, refused

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


# -- files ----------------------------------------------------------------------------------------------------------
@case
def files(rig):
    dio = rig.dio
    found = {}
    ctl, timer, pseudo, unnamed = (rig.open(name) for name in ("ctl", "timer", "pseudo", "channel"))
    found["read ctl"] = refused(dio.read, ctl)
    found["write ctl"] = refused(dio.write, ctl, b"x")
    found["read timer"] = refused(dio.read, timer)
    found["read unnamed"] = refused(dio.read, unnamed)
    found["unnamed CHANNO"] = refused(dio.ioctl, unnamed, dio.CHANNO)
    found["SPECIFY 0"] = refused(dio.ioctl, unnamed, dio.SPECIFY, 0)
    found["SPECIFY 9999"] = refused(dio.ioctl, unnamed, dio.SPECIFY, 9999)
    found["ctl GETEVENT"] = refused(dio.ioctl, ctl, dio.GETEVENT)
    found["ctl unknown"] = refused(dio.ioctl, ctl, 0x4004DAF0)
    found["timer unknown"] = refused(dio.ioctl, timer, dio.CHANNO)
    found["pseudo unknown"] = refused(dio.ioctl, pseudo, 0x4004DAF0)
    assert dio.ioctl(pseudo, dio.CHANNO) > 0
    dio.configure(rig.near(1), dio.SIG_CLEAR)
    dio.ioctl(unnamed, dio.SPECIFY, rig.near(1))
    assert dio.ioctl(unnamed, dio.CHANNO) == rig.near(1)
    found["again"] = refused(rig.channel, rig.near(1))
    found["SPECIFY twice"] = refused(dio.ioctl, unnamed, dio.SPECIFY, rig.near(2))
    found["channel unknown"] = refused(dio.ioctl, unnamed, 0x4004DAF0)
    found["read nothing"] = refused(dio.read, unnamed, 0)
    found["write nothing"] = refused(dio.write, unnamed, b"")
    found["read early"] = refused(dio.read, unnamed)
    rig.close(unnamed)
    rig.close(rig.channel(rig.near(1)))
    dio.configure(rig.near(2), dio.SIG_NONE)
    found["not configured"] = refused(rig.channel, rig.near(2))
    return found


@case
def version_and_spans(rig):
    dio = rig.dio
    ctl = rig.open("ctl")
    version = dio.with_struct(ctl, dio.GETVERSION, "version")
    assert dio.text(version.version)
    dio.configure(rig.near(3), dio.SIG_CLEAR)
    near_span = dio.with_struct(rig.channel(rig.near(3)), dio.SPANSTAT, "span_status")
    span = dio.with_struct(ctl, dio.SPANSTAT, "span_status", span=near_span.span)
    assert (span.channels, span.span, span.alarms) == (31, near_span.span, 0)
    assert refused(dio.with_struct, ctl, dio.SPANSTAT, "span_status") == "EINVAL"
    found = {"no such span": None}
    try:
        dio.with_struct(ctl, dio.SPANSTAT, "span_status", span=99)
    except OSError as error:
        found["no such span"] = error.errno
    assert found["no such span"] == 22
    found.update(name=dio.text(span.name), type=dio.text(span.type), capable=span.capable, line=span.line)
    return found


# -- buffers and sound ----------------------------------------------------------------------------------------------
@case
def buffers(rig):
    dio = rig.dio
    fd, _far = rig.pair(4, dio.SIG_CLEAR)

    def now():
        cell = dio.with_struct(fd, dio.GET_BUFINFO, "buffers")
        return [cell.tx_policy, cell.rx_policy, cell.count, cell.size, cell.readable, cell.writable]

    found = {"at first": now()}
    dio.buffers(fd, 4, BLOCK, tx=1, rx=2)
    found["set"] = now()
    for count, size in ((1, 64), (99, 64), (4, 15), (4, 9000), (5, 8000), (0, 64)):
        error = refused(dio.buffers, fd, count, size)
        found[f"{count} of {size}"] = error or now()[2:4]
    found["block size"] = dio.ioctl(fd, dio.GET_BLOCKSIZE)
    found["block size 15"] = refused(dio.ioctl, fd, dio.SET_BLOCKSIZE, 15)
    dio.ioctl(fd, dio.SET_BLOCKSIZE, 80)
    found["then"] = now()[2:4]
    return found


@case
def sound(rig):
    """Blocks arrive in order, unaltered, without a gap, one at a read."""
    dio = rig.dio
    a, b = rig.sound(5)
    sent, heard, sizes = [], b"", set()
    until = rig.now_ms() + 1500
    while rig.now_ms() < until:
        ready = rig.wait({a: POLLOUT | POLLIN, b: POLLIN}, 100)
        if ready.get(a, 0) & POLLIN:
            dio.read(a)
        if ready.get(b, 0) & POLLIN:
            block = dio.read(b)
            sizes.add(len(block))
            heard += block
        if ready.get(a, 0) & POLLOUT and len(sent) < 40:
            sent.append(pattern(len(sent)))
            assert dio.write(a, sent[-1]) == BLOCK
        elif len(sent) == 40 and not ready.get(b, 0):
            rig.sleep(5)
    start = heard.find(sent[0])
    assert start >= 0 and heard[start : start + 40 * BLOCK] == b"".join(sent)
    assert sizes == {BLOCK}
    assert set(heard[start + 40 * BLOCK :]) == {SILENCE_A}
    return {"offset": start % 8, "before": sorted(set(heard[:start]))}


@case
def full_and_empty(rig):
    """As many blocks as were asked for can be written at once, and are kept unread; what comes later is lost."""
    dio = rig.dio
    a, b = rig.sound(6, count=3)
    dio.ioctl(a, dio.FLUSH, 7)
    written = 0
    while refused(dio.write, a, pattern(written)) is None:
        written += 1
    assert dio.poll({a: POLLOUT | POLLIN}).get(a, 0) & POLLOUT == 0
    assert written in (3, 4)
    assert rig.wait({a: POLLOUT}, 100), "a block is free after 20 ms"
    rig.sleep(300)
    blocks = []
    while refused(lambda: blocks.append(dio.read(b))) is None:
        assert len(blocks) < 10
    assert len(blocks) == 3
    assert refused(dio.read, b) == "EAGAIN"
    rig.sleep(60)
    assert len(dio.read(b, 16)) == 16
    rig.sleep(40)
    found = {"after a short read": len(dio.read(b))}
    assert found["after a short read"] == BLOCK
    assert dio.write(a, bytes(1000)) == BLOCK
    return found


@case
def flush(rig):
    dio = rig.dio
    a, b = rig.sound(7)
    rig.sleep(100)
    dio.ioctl(b, dio.FLUSH, dio.FLUSH_READ)
    assert refused(dio.read, b) == "EAGAIN"
    for index in range(4):
        dio.write(a, pattern(index))
    dio.ioctl(a, dio.FLUSH, dio.FLUSH_WRITE)
    for index in range(4):
        dio.write(a, pattern(index + 10))
    heard = b""
    until = rig.now_ms() + 250
    while rig.now_ms() < until:
        if rig.wait({b: POLLIN}, 50):
            heard += dio.read(b)
    assert pattern(10) in heard and pattern(2) not in heard and pattern(3) not in heard
    rig.sleep(200)
    dio.buffers(b, 4, 80)
    assert refused(dio.read, b) == "EAGAIN", "a new size empties the buffers"
    rig.wait({b: POLLIN}, 100)
    assert len(dio.read(b)) == 80
    return {}


@case
def policies(rig):
    """When full: nothing is sent until all blocks are written."""
    dio = rig.dio
    a, b = rig.sound(8)
    dio.buffers(a, 4, BLOCK, tx=dio.POLICY_WHEN_FULL)
    dio.buffers(b, MANY, BLOCK)
    for index in range(3):
        dio.write(a, pattern(index))
    rig.sleep(200)
    early = b""
    while refused(lambda: dio.read(b)) is None:
        pass
    dio.write(a, pattern(3))
    rig.sleep(200)
    heard = b""
    while (block := _read_or_none(dio, b)) is not None:
        heard += block
    assert b"".join(map(pattern, range(4))) in heard
    return {"early": len(early)}


def _read_or_none(dio, fd):
    try:
        return dio.read(fd)
    except OSError:
        return None


@case
def linear(rig):
    dio = rig.dio
    a, b = rig.sound(9)
    dio.buffers(b, MANY, BLOCK)
    for fd in (a, b):
        dio.ioctl(fd, dio.SETLINEAR, 1)
        dio.ioctl(fd, dio.FLUSH, 7)
    samples = b"".join(int(1000 + 10 * n).to_bytes(2, "little", signed=True) for n in range(BLOCK))
    assert dio.write(a, samples) == 2 * BLOCK
    assert dio.write(a, samples + samples) == 2 * BLOCK
    rig.sleep(150)
    heard = b""
    while (block := _read_or_none(dio, b)) is not None:
        assert len(block) == 2 * BLOCK
        heard += block
    values = [int.from_bytes(heard[n : n + 2], "little", signed=True) for n in range(0, len(heard), 2)]
    loud = [value for value in values if abs(value) > 100]
    assert len(loud) == 2 * BLOCK
    errors = [abs(value - (1000 + 10 * (n % BLOCK))) for n, value in enumerate(loud)]
    assert max(errors) <= 128, max(errors)
    return {"silence": sorted(set(values) - set(loud)), "error": max(errors)}


@case
def gains(rig):
    """A table for each direction, applied to the octets."""
    dio = rig.dio
    a, b = rig.sound(10)
    table = dio.with_struct(a, dio.GETGAINS, "gains")
    assert bytes(dio.ffi.buffer(table.rx)) == bytes(range(256)) == bytes(dio.ffi.buffer(table.tx))
    swap = bytes(255 - n for n in range(256))
    dio.with_struct(b, dio.SETGAINS, "gains", rx=list(swap), tx=list(range(256)))
    dio.buffers(b, MANY, BLOCK)
    for index in range(4):
        dio.write(a, pattern(index))
    rig.sleep(150)
    heard = b""
    while (block := _read_or_none(dio, b)) is not None:
        heard += block
    assert pattern(1).translate(swap) in heard
    return {}


@case
def modes(rig):
    """Requests that need another kind of channel are refused."""
    dio = rig.dio
    clear, cas = rig.pair(11, dio.SIG_CLEAR, dio.SIG_CAS)
    found = {}
    for name, fd, request, value in (
        ("clear HOOK", clear, dio.HOOK, dio.OFFHOOK),
        ("clear SETTXBITS", clear, dio.SETTXBITS, 1),
        ("clear SETLINEAR", clear, dio.SETLINEAR, 1),
        ("clear ECHOCANCEL", clear, dio.ECHOCANCEL, 128),
        ("clear CONFMUTE", clear, dio.CONFMUTE, 1),
        ("cas HOOK", cas, dio.HOOK, dio.OFFHOOK),
        ("cas AUDIOMODE", cas, dio.AUDIOMODE, 1),
        ("cas ECHOCANCEL", cas, dio.ECHOCANCEL, 128),
        ("cas ECHOTRAIN", cas, dio.ECHOTRAIN, 100),
        ("cas SETLAW 3", cas, dio.SETLAW, 3),
        ("cas SETPOLARITY", cas, dio.SETPOLARITY, 1),
        ("cas ONHOOKTRANSFER", cas, dio.ONHOOKTRANSFER, 1),
        ("cas TONEDETECT", cas, dio.TONEDETECT, 1),
        ("cas IOMUX 0", cas, dio.IOMUX, 0),
        ("cas SETTONEZONE 77", cas, dio.SETTONEZONE, 77),
    ):
        found[name] = refused(dio.ioctl, fd, request, value)
    params = dio.with_struct(cas, dio.GET_PARAMS, "params")
    assert (params.signalling, params.channel, params.position) == (dio.SIG_CAS, rig.far(11), 11)
    found["law"] = params.law
    found["times"] = [params.prewink_ms, params.preflash_ms, params.wink_ms, params.flash_ms, params.start_ms]
    found["rx times"] = [params.rxwink_ms, params.rxflash_ms, params.debounce_ms]
    found["pulses"] = [params.pulse_break_ms, params.pulse_make_ms, params.pulse_after_ms]
    clear_params = dio.with_struct(clear, dio.GET_PARAMS, "params")
    found["clear bits"] = [clear_params.rx_bits, clear_params.tx_bits, clear_params.rx_hook, clear_params.tx_hook]
    return found


@case
def mux(rig):
    dio = rig.dio
    a, b = rig.sound(12)
    nowait, found = dio.IOMUX_NOWAIT, {}
    dio.ioctl(b, dio.FLUSH, 7)
    found["nothing"] = dio.ioctl(b, dio.IOMUX, dio.IOMUX_READ | dio.IOMUX_SIGEVENT | nowait)
    assert dio.ioctl(b, dio.IOMUX, dio.IOMUX_WRITE | nowait) == dio.IOMUX_WRITE
    assert dio.ioctl(b, dio.IOMUX, dio.IOMUX_WRITE | dio.IOMUX_READ) & dio.IOMUX_WRITE
    rig.sleep(60)
    assert dio.ioctl(b, dio.IOMUX, dio.IOMUX_READ | nowait) == dio.IOMUX_READ
    assert dio.ioctl(a, dio.IOMUX, dio.IOMUX_WRITEEMPTY | nowait) == dio.IOMUX_WRITEEMPTY
    dio.write(a, pattern(0))
    dio.write(a, pattern(1))
    assert dio.ioctl(a, dio.IOMUX, dio.IOMUX_WRITEEMPTY | nowait) == 0
    rig.sleep(100)
    assert dio.ioctl(a, dio.IOMUX, dio.IOMUX_WRITEEMPTY | nowait) == dio.IOMUX_WRITEEMPTY
    return found


# -- line bits ------------------------------------------------------------------------------------------------------
@case
def bits(rig):
    """Bits cross, raise an event; until it is taken nothing can be read or written."""
    dio = rig.dio
    a, b = rig.pair(13, dio.SIG_CAS, idle_bits=0b1101)
    rig.sleep(50)
    dio.events(a), dio.events(b)
    assert dio.ioctl(b, dio.GETRXBITS) & 0xF == 0b1101
    began = rig.now_ms()
    dio.ioctl(a, dio.SETTXBITS, 0b0011)
    at_ms = rig.expect(b, dio.EVENT_BITSCHANGED, 100)
    assert dio.ioctl(b, dio.GETRXBITS) & 0xF == 0b0011
    dio.ioctl(a, dio.SETTXBITS, 0b1011)
    assert rig.wait({b: POLLPRI}, 100)
    rig.sleep(300)
    assert refused(dio.read, b) == "ELAST" == refused(dio.write, b, bytes(BLOCK))
    assert dio.poll({b: POLLIN | POLLPRI | POLLOUT})[b] & POLLPRI
    assert dio.ioctl(b, dio.IOMUX, dio.IOMUX_SIGEVENT) == dio.IOMUX_SIGEVENT
    assert dio.events(b) == [dio.EVENT_BITSCHANGED]
    assert not dio.poll({b: POLLPRI})
    assert len(dio.read(b)) == 1024
    params = dio.with_struct(b, dio.GET_PARAMS, "params")
    assert params.rx_bits & 0xF == 0b1011 and params.tx_bits == 0b1101 == params.idle_bits
    dio.ioctl(a, dio.SETTXBITS, 0b0111)
    rig.sleep(50)
    dio.ioctl(b, dio.FLUSH, dio.FLUSH_EVENT)
    assert dio.event(b) == 0 and not dio.poll({b: POLLPRI})
    rig.close(a)
    rig.expect(b, dio.EVENT_BITSCHANGED, 100)
    assert dio.ioctl(b, dio.GETRXBITS) & 0xF == 0b1101, "a channel that is closed sends its idle bits"
    return {"delay": at_ms - began <= 40}


@case
def neighbours(rig):
    """Dynamic spans let the next channel's bits show in the high nibble, and raise an event when those change."""
    dio = rig.dio
    _a14, b14 = rig.pair(14, dio.SIG_CAS, idle_bits=0b1101)
    a15, _b15 = rig.pair(15, dio.SIG_CAS, idle_bits=0b1101)
    rig.sleep(50)
    dio.events(b14)
    dio.ioctl(a15, dio.SETTXBITS, 0b0110)
    rig.sleep(50)
    return {"events": dio.events(b14), "bits": dio.ioctl(b14, dio.GETRXBITS)}


@case
def many_events(rig):
    dio = rig.dio
    a, b = rig.pair(17, dio.SIG_CAS, idle_bits=0b1101)
    rig.sleep(20)
    dio.events(b)
    for index in range(80):
        dio.ioctl(a, dio.SETTXBITS, 0b0011 if index % 2 else 0b1011)
        rig.sleep(10)
    count = len(dio.events(b))
    assert count == 63, count
    return {}


# -- frames ---------------------------------------------------------------------------------------------------------
def fcs(octets):
    """The check sequence of ISO 3309: polynomial 0x8408 reflected, ones at both ends."""
    value = 0xFFFF
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return (value ^ 0xFFFF).to_bytes(2, "little")


def _settle(rig, *fds):
    """Receivers find the flags; what they took for frames before is thrown away."""
    rig.sleep(100)
    for fd in fds:
        rig.dio.ioctl(fd, rig.dio.FLUSH, 7)


@case
def first_frame(rig):
    """A frame sent before the far end has been ready for a while may be lost, without an event; not the next one."""
    dio = rig.dio
    a, b = rig.pair(3, dio.SIG_HDLCFCS)
    dio.write(a, bytes(20))
    rig.sleep(50)
    dio.write(a, bytes(30))
    rig.sleep(50)
    found = {"events": dio.events(b)}
    sizes = []
    while (frame := _read_or_none(dio, b)) is not None:
        sizes.append(len(frame))
    assert sizes in ([30], [20, 30])
    return found


@case
def frames(rig):
    """The last two octets are room for the check sequence when writing, and the check sequence when reading."""
    dio = rig.dio
    a, b = rig.pair(16, dio.SIG_HDLCFCS)
    for fd in (a, b):
        dio.buffers(fd, 32, 1024)
    _settle(rig, a, b)
    frames = [bytes([2, 1, 0x7F]), bytes(range(200)), b"\x7e\x7d\xff" * 80, bytes(260)]
    for frame in frames:
        assert dio.write(a, frame + b"??") == len(frame) + 2
    got = []
    for _frame in frames:
        assert rig.wait({b: POLLIN}, 500)
        got.append(dio.read(b))
    assert got == [frame + fcs(frame) for frame in frames]
    assert refused(dio.read, b) == "EAGAIN"
    assert dio.write(b, bytes(10)) == 10
    assert rig.wait({a: POLLIN}, 200)
    assert len(dio.read(a, 4)) == 4
    assert refused(dio.read, a) == "EAGAIN", "what was not read of a frame is lost"
    return {}


@case
def frames_in_a_row(rig):
    """64 kbit/s: frames of 100 octets every 13 ms; 32 wait at most."""
    dio = rig.dio
    a, b = rig.pair(18, dio.SIG_HDLCFCS)
    for fd in (a, b):
        dio.buffers(fd, 32, 1024)
    _settle(rig, a, b)
    began = rig.now_ms()
    written = 0
    while refused(dio.write, a, bytes([written]) * 102) is None:
        written += 1
    assert 32 <= written <= 36
    got = []
    while len(got) < written:
        assert rig.wait({b: POLLIN}, 500)
        got.append(dio.read(b))
    took_ms = rig.now_ms() - began
    assert [frame[0] for frame in got] == list(range(written))
    assert near(took_ms, written * 103 / 8, 0.2, 60), took_ms
    return {}


@case
def long_frames(rig):
    """A frame that does not fit into the reader's block is an overrun."""
    dio = rig.dio
    a, b = rig.pair(19, dio.SIG_HDLCFCS)
    dio.buffers(a, 4, 1024)
    dio.buffers(b, 4, 128)
    _settle(rig, a, b)
    found = {}
    for size in (127, 128, 129, 300):
        dio.write(a, bytes([1]) * size)
        rig.sleep(100)
        found[str(size)] = dio.events(b) or [len(_read_or_none(dio, b) or b"")]
        dio.ioctl(b, dio.FLUSH, 7)
    found["too long to write"] = dio.write(b, bytes(500))
    return found


# -- hooks ----------------------------------------------------------------------------------------------------------
def _analog(rig, position):
    dio = rig.dio
    fxs, fxo = rig.pair(position, dio.SIG_FXOKS, dio.SIG_FXSKS)
    rig.sleep(2500)
    dio.events(fxs), dio.events(fxo)
    return fxs, fxo


@case
def ring_and_answer(rig):
    dio = rig.dio
    zone(rig)
    fxs, fxo = _analog(rig, 20)
    began = rig.now_ms()
    assert refused(dio.ioctl, fxs, dio.HOOK, dio.RING) == "EINPROGRESS"
    assert refused(dio.ioctl, fxs, dio.HOOK, dio.RING) == "EBUSY"
    ring_ms = rig.expect(fxo, dio.EVENT_RINGBEGIN, 300) - began
    on_ms = rig.expect(fxs, dio.EVENT_RINGEROFF, 2500) - began
    rang_ms = rig.expect(fxo, dio.EVENT_RINGOFFHOOK, 500) - began
    again_ms = rig.expect(fxs, dio.EVENT_RINGERON, 6000) - began
    rig.expect(fxo, dio.EVENT_RINGBEGIN, 300)
    assert near(on_ms, 1000) and near(again_ms, 5000) and near(rang_ms, on_ms + 50)
    began = rig.now_ms()
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    lifted_ms = rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300) - began
    dio.ioctl(fxs, dio.HOOK, dio.RINGOFF)
    dio.ioctl(fxs, dio.HOOK, dio.OFFHOOK)
    assert dio.with_struct(fxs, dio.GET_PARAMS, "params").rx_offhook
    rig.sleep(900)
    found = {"late": [dio.events(fxs), dio.events(fxo)]}
    began = rig.now_ms()
    dio.ioctl(fxo, dio.HOOK, dio.ONHOOK)
    onhook_ms = rig.expect(fxs, dio.EVENT_ONHOOK, 2500) - began
    assert near(onhook_ms, 1250)
    assert ring_ms < 100 and lifted_ms < 100
    return found


@case
def far_end_hangs_up(rig):
    """The office drops the feed for half a second."""
    dio = rig.dio
    fxs, fxo = _analog(rig, 21)
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300)
    dio.ioctl(fxs, dio.HOOK, dio.OFFHOOK)
    rig.sleep(900)
    dio.events(fxs), dio.events(fxo)
    began = rig.now_ms()
    dio.ioctl(fxs, dio.HOOK, dio.ONHOOK)
    found = {}
    dropped_ms = rig.expect(fxo, dio.EVENT_ONHOOK, 500) - began
    assert dropped_ms < 100
    found["busy"] = refused(dio.ioctl, fxs, dio.HOOK, dio.OFFHOOK)
    done_ms = rig.expect(fxs, dio.EVENT_HOOKCOMPLETE, 1000) - began
    assert near(done_ms, 500)
    dio.ioctl(fxo, dio.HOOK, dio.ONHOOK)
    rig.sleep(2000)
    found["later"] = [dio.events(fxs), dio.events(fxo)]
    return found


@case
def flash_and_pulses(rig):
    dio = rig.dio
    zone(rig)
    fxs, fxo = _analog(rig, 22)
    found = {"flash on-hook": refused(dio.ioctl, fxo, dio.HOOK, dio.FLASH)}
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300)
    rig.sleep(800)
    began = rig.now_ms()
    found["flash"] = refused(dio.ioctl, fxo, dio.HOOK, dio.FLASH)
    flash_ms = rig.expect(fxs, dio.EVENT_WINKFLASH, 2000) - began
    assert near(flash_ms, 800)
    rig.expect(fxo, dio.EVENT_HOOKCOMPLETE, 500)
    began = rig.now_ms()
    dio.with_struct(fxo, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"P31")
    got = []
    while (event := rig.next_event(fxs, 1500)[0]) is not None:
        got.append(event)
    assert got == [
        dio.EVENT_PULSE_START,
        dio.EVENT_PULSEDIGIT + ord("3"),
        dio.EVENT_PULSE_START,
        dio.EVENT_PULSEDIGIT + ord("1"),
    ]
    found["dialler"] = dio.events(fxo)
    assert found["dialler"] == [dio.EVENT_DIALCOMPLETE]
    return found


@case
def early_ring(rig):
    """A port that has just gone on-hook takes no notice of a ring for two seconds."""
    dio = rig.dio
    zone(rig)
    fxs, fxo = rig.pair(23, dio.SIG_FXOKS, dio.SIG_FXSKS)
    rig.sleep(1200)
    dio.events(fxs), dio.events(fxo)
    refused(dio.ioctl, fxs, dio.HOOK, dio.RING)
    rig.sleep(600)
    return {"events": dio.events(fxo)}


@case
def closing(rig):
    """A port whose file is closed goes on-hook."""
    dio = rig.dio
    fxs, fxo = _analog(rig, 24)
    dio.ioctl(fxo, dio.HOOK, dio.OFFHOOK)
    rig.expect(fxs, dio.EVENT_RINGOFFHOOK, 300)
    rig.sleep(700)
    rig.close(fxo)
    rig.expect(fxs, dio.EVENT_ONHOOK, 2500)
    return {}


# -- tones ----------------------------------------------------------------------------------------------------------
def tone_def(dio, tone, next_, samples, f1, level1, f2=0.0, level2=0.0):
    """A definition as the kernel's header says how to compute it."""
    from math import cos, pi, sin

    def part(hz, dbm0):
        gain = 10 ** ((dbm0 - 3.14) / 20) * 32768 if hz else 0.0
        step = 2 * pi * hz / 8000
        return round(2 * cos(step) * 32768) if hz else 0, round(sin(-2 * step) * gain), round(sin(-step) * gain)

    factor_1, v2_1, v3_1 = part(f1, level1)
    factor_2, v2_2, v3_2 = part(f2, level2)
    return [tone, next_, samples, 0, factor_1, v2_1, v3_1, factor_2, v2_2, v3_2, 0]


ROWS, COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
KEYS = "123A456B789C*0#D"


ZONED = []


def zone(rig):
    """Zone 86 with dial tone, busy, DTMF; a ring of one second in five."""
    dio = rig.dio
    if dio in ZONED:
        return
    ZONED.append(dio)
    defs = [tone_def(dio, 0, 0, 8000, 450, -10)]
    defs += [tone_def(dio, 1, 2, 2800, 450, -10), tone_def(dio, 1, 1, 2800, 0, 0)]
    for index, key in enumerate("0123456789*#ABCD"):
        place = KEYS.index(key)
        defs.append(tone_def(dio, 64 + index, 0, 800, ROWS[place // 4], -9, COLUMNS[place % 4], -7))
    size = dio.ffi.sizeof("struct dahdi_zone_header") + len(defs) * dio.ffi.sizeof("struct dahdi_tone_def")
    memory = dio.ffi.new("char[]", size)
    header = dio.ffi.cast("struct dahdi_zone_header *", memory)
    header.count, header.zone, header.name = len(defs), 86, b"test"
    header.ring_ms[0], header.ring_ms[1] = 1000, 4000
    places = dio.ffi.cast("struct dahdi_tone_def *", header + 1)
    names = ("tone", "next", "samples", "shift", "factor_1", "init_v2_1", "init_v3_1", "factor_2", "init_v2_2")
    for index, values in enumerate(defs):
        for name, value in zip((*names, "init_v3_2", "modulate"), values, strict=True):
            setattr(places[index], name, value)
    ctl = rig.open("ctl")
    dio.checked(dio.lib.dio_ioctl(ctl, dio.LOADZONE, memory))
    dio.ioctl(ctl, dio.DEFAULTZONE, 86)
    rig.close(ctl)


def alaw(octet):
    code = octet ^ 0x55
    segment, step = code >> 4 & 7, code & 15
    value = ((step << 4) + 264) << (segment - 1) if segment else (step << 4) + 8
    return value if code & 0x80 else -value


def power(samples, hz):
    """Level of one frequency, dBm0; a Goertzel filter."""
    from math import cos, log10, pi

    c = 2 * cos(2 * pi * hz / 8000)
    v1 = v2 = 0.0
    for sample in samples:
        v1, v2 = sample + c * v1 - v2, v1
    n = len(samples)
    energy = (v1 * v1 + v2 * v2 - c * v1 * v2) / (n * n / 4) if n else 0
    return 10 * log10(energy + 1e-9) - 20 * log10(22826)


def listen(rig, fd, ms):
    """Linear samples of so long a time."""
    dio, heard = rig.dio, []
    until = rig.now_ms() + ms
    while rig.now_ms() < until:
        ready = rig.wait({fd: POLLIN | POLLPRI}, 50)
        if ready.get(fd, 0) & POLLPRI:
            dio.event(fd)
        elif ready:
            heard += map(alaw, dio.read(fd))
    return heard


@case
def tones(rig):
    """The kernel's own tones; writing stops them."""
    dio = rig.dio
    zone(rig)
    a, b = rig.sound(25)
    rig.close(a)
    a = rig.channel(rig.near(25))
    dio.ioctl(a, dio.SETLAW, dio.LAW_ALAW)
    dio.ioctl(a, dio.AUDIOMODE, 1)
    found = {"no such tone": refused(dio.ioctl, a, dio.SENDTONE, 9), "absurd": refused(dio.ioctl, a, dio.SENDTONE, 999)}
    dio.ioctl(b, dio.FLUSH, 7)
    dio.ioctl(a, dio.SENDTONE, dio.TONE_DIALTONE)
    heard = listen(rig, b, 500)[1600:3200]
    assert abs(power(heard, 450) + 10) < 1, power(heard, 450)
    dio.buffers(a, 4, BLOCK)
    dio.ioctl(a, dio.SENDTONE, dio.TONE_DIALTONE)
    dio.write(a, bytes([SILENCE_A]) * BLOCK)
    rig.sleep(150)
    dio.ioctl(b, dio.FLUSH, 7)
    assert max(map(abs, listen(rig, b, 100)), default=0) < 50
    dio.ioctl(a, dio.SENDTONE, dio.TONE_BUSY)
    heard = listen(rig, b, 1500)
    on = [power(heard[n : n + 160], 450) > -20 for n in range(0, len(heard) - 160, 160)]
    assert 0.3 < sum(on) / len(on) < 0.75
    dio.ioctl(a, dio.SENDTONE, dio.TONE_STOP)
    rig.sleep(100)
    dio.ioctl(b, dio.FLUSH, 7)
    assert max(map(abs, listen(rig, b, 100)), default=0) < 50
    return found


@case
def dialling(rig):
    """DTMF by the kernel: 100 ms on, 100 ms off, an event at the end; the dialler hears nothing meanwhile."""
    dio = rig.dio
    zone(rig)
    a, b = rig.sound(26)
    dio.buffers(b, 32, BLOCK)
    dio.ioctl(b, dio.FLUSH, 7)
    assert dio.ioctl(a, dio.DIALING) == 0
    began = rig.now_ms()
    dio.with_struct(a, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"T13#")
    assert dio.ioctl(a, dio.DIALING) == 1
    dio.with_struct(a, dio.DIAL, "dial", operation=dio.DIAL_OP_APPEND, digits=b"9")
    heard = listen(rig, b, 1100)
    rig.expect(a, dio.EVENT_DIALCOMPLETE, 300)
    assert dio.ioctl(a, dio.DIALING) == 0
    digits = ""
    for start in range(0, len(heard) - 160, 160):
        window = heard[start : start + 160]
        row = max(ROWS, key=lambda hz: power(window, hz))
        column = max(COLUMNS, key=lambda hz: power(window, hz))
        loud = min(power(window, row), power(window, column)) > -15
        key = KEYS[4 * ROWS.index(row) + COLUMNS.index(column)] if loud else " "
        if key != (digits[-1:] or " "):
            digits += key
    assert digits.split() == ["1", "3", "#", "9"], digits
    found = {"took": rig.now_ms() - began < 2000}
    found["bad op"] = refused(lambda: dio.with_struct(a, dio.DIAL, "dial", operation=9, digits=b"1"))
    dio.with_struct(a, dio.DIAL, "dial", operation=dio.DIAL_OP_REPLACE, digits=b"123456")
    rig.sleep(250)
    dio.with_struct(a, dio.DIAL, "dial", operation=dio.DIAL_OP_CANCEL)
    rig.sleep(100)
    found["cancelled"] = [dio.ioctl(a, dio.DIALING), dio.events(a)]
    return found


# -- the rest -------------------------------------------------------------------------------------------------------
@case
def timer(rig):
    dio = rig.dio
    fd = rig.open("timer")
    found = {"idle": dio.ioctl(fd, dio.GETEVENT)}
    dio.ioctl(fd, dio.TIMERCONFIG, 800)
    rig.sleep(350)
    assert dio.poll({fd: POLLPRI}) == {fd: POLLPRI}
    assert dio.ioctl(fd, dio.GETEVENT) == dio.EVENT_TIMER_EXPIRED
    dio.ioctl(fd, dio.TIMERACK, 1)
    assert dio.poll({fd: POLLPRI}) == {fd: POLLPRI}, "it has gone off more than once"
    dio.ioctl(fd, dio.TIMERACK, -1)
    assert not dio.poll({fd: POLLPRI})
    began = rig.now_ms()
    rig.wait({fd: POLLPRI}, 300)
    assert rig.now_ms() - began < 160
    dio.ioctl(fd, dio.TIMERCONFIG, 0)
    dio.ioctl(fd, dio.TIMERACK, -1)
    dio.checked(dio.lib.dio_ioctl(fd, dio.TIMERPING, dio.ffi.NULL))
    assert dio.poll({fd: POLLPRI}) and dio.ioctl(fd, dio.GETEVENT) == dio.EVENT_TIMER_PING
    dio.checked(dio.lib.dio_ioctl(fd, dio.TIMERPONG, dio.ffi.NULL))
    assert not dio.poll({fd: POLLPRI})
    return found


@case
def echo_and_conference(rig):
    dio = rig.dio
    a, b = rig.sound(27)
    c, d = rig.sound(28)
    ctl = rig.open("ctl")
    found = {
        "taps 0": refused(dio.ioctl, a, dio.ECHOCANCEL, 0),
        "none attached": refused(dio.ioctl, a, dio.ECHOCANCEL, 128),
        "none runs": refused(dio.ioctl, a, dio.ECHOCANCEL_FAX_MODE, 0),
    }
    attach = {"channel": rig.near(27), "name": b"mg2"}
    dio.with_struct(ctl, dio.ATTACH_ECHOCAN, "echo_attach", **attach)
    dio.ioctl(a, dio.ECHOCANCEL, 128)
    found["train"] = refused(dio.ioctl, a, dio.ECHOTRAIN, 400)
    found["one runs"] = refused(dio.ioctl, a, dio.ECHOCANCEL_FAX_MODE, 0)
    dio.ioctl(a, dio.ECHOCANCEL, 0)
    attach["name"] = b"nobody"
    found["unknown"] = refused(lambda: dio.with_struct(ctl, dio.ATTACH_ECHOCAN, "echo_attach", **attach))
    # What comes from b is sent on to d, and the other way, without the program.
    for one, other in ((a, rig.near(28)), (c, rig.near(27))):
        dio.with_struct(one, dio.SETCONF, "conference", conference=other, mode=dio.CONF_DIGITALMON)
    conference = dio.with_struct(a, dio.GETCONF, "conference")
    assert (conference.channel, conference.conference, conference.mode) == (rig.near(27), rig.near(28), 9)
    dio.buffers(d, 32, BLOCK)
    dio.ioctl(d, dio.FLUSH, 7)
    for index in range(4):
        dio.write(b, pattern(index))
    rig.sleep(300)
    heard = b""
    while (block := _read_or_none(dio, d)) is not None:
        heard += block
    assert b"".join(map(pattern, range(4))) in heard
    dio.with_struct(a, dio.SETCONF, "conference")
    found["conf of nobody"] = refused(
        lambda: dio.with_struct(a, dio.SETCONF, "conference", conference=9999, mode=dio.CONF_DIGITALMON)
    )
    return found


@case
def maintenance(rig):
    dio = rig.dio
    ctl = rig.open("ctl")
    dio.configure(rig.near(29), dio.SIG_CLEAR)
    span = dio.with_struct(rig.channel(rig.near(29)), dio.SPANSTAT, "span_status").span
    found = {}
    for name, at, command in (("loop", span, 1), ("fas", span, 6), ("no span", 99, 1)):
        found[name] = refused(
            lambda at=at, command=command: dio.with_struct(ctl, dio.MAINT, "maintenance", span=at, command=command)
        )
    return found


@case
def cable(rig):
    """The far span is taken away: red alarm after a while; put back: no alarm. Runs last, its files are closed."""
    dio = rig.dio
    dio.configure(rig.far(30), dio.SIG_CLEAR)
    far = dio.with_struct(rig.channel(rig.far(30)), dio.SPANSTAT, "span_status").span
    rig.close_all()
    dio.configure(rig.near(30), dio.SIG_HDLCFCS)
    fd = rig.channel(rig.near(30))
    ctl = rig.open("ctl")
    span = {"driver": b"loc", "address": b"1:1", "channels": 31, "timing": 0, "span": far}
    again = refused(lambda: dio.with_struct(ctl, dio.DYNAMIC_CREATE, "dynamic_span", **span))
    busy = rig.channel(rig.far(30))
    in_use = refused(lambda: dio.with_struct(ctl, dio.DYNAMIC_DESTROY, "dynamic_span", **span))
    rig.close(busy)
    began = rig.now_ms()
    dio.with_struct(ctl, dio.DYNAMIC_DESTROY, "dynamic_span", **span)
    gone = refused(rig.channel, rig.far(30))
    red_ms = rig.expect(fd, dio.EVENT_ALARM, 4000) - began
    alarms = dio.with_struct(fd, dio.SPANSTAT, "span_status").alarms
    channel_alarms = dio.with_struct(fd, dio.GET_PARAMS, "params").alarms
    assert alarms == channel_alarms == 8
    assert 200 < red_ms < 3500, red_ms
    began = rig.now_ms()
    made = dio.with_struct(ctl, dio.DYNAMIC_CREATE, "dynamic_span", **span)
    assert made.span == far
    clear_ms = rig.expect(fd, dio.EVENT_NOALARM, 6000) - began
    assert dio.with_struct(fd, dio.SPANSTAT, "span_status").alarms == 0
    return {"again": again, "in use": in_use, "gone": gone, "quick": clear_ms < 5000}
