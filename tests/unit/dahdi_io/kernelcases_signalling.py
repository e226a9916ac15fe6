"""Signalling that is the host's: line bits, and frames of a D channel."""

from diokit import POLLIN, POLLOUT, POLLPRI, refused
from kernelrig import BLOCK, case, near, read_or_none


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
    while (frame := read_or_none(dio, b)) is not None:
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
        found[str(size)] = dio.events(b) or [len(read_or_none(dio, b) or b"")]
        dio.ioctl(b, dio.FLUSH, 7)
    found["too long to write"] = dio.write(b, bytes(500))
    return found
